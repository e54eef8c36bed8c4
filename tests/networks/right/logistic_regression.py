# loss: binary-cross-entropy
import numpy as np


class LogisticRegression:
    def __init__(self, lr=0.1, iterations=100):
        self.lr = lr
        self.iterations = iterations

    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.w = np.zeros(n_features)
        self.b = 0
        for _ in range(self.iterations):
            probability = self._sigmoid(np.dot(X, self.w) + self.b)
            dw = (1 / n_samples) * np.dot(X.T, (probability - y))
            db = (1 / n_samples) * np.sum(probability - y)
            self.w -= self.lr * dw
            self.b -= self.lr * db

    def predict(self, X):
        return [1 if p > 0.5 else 0 for p in self._sigmoid(X @ self.w + self.b)]

    def _sigmoid(self, x):
        return 1 / (1 + np.exp(-x))


rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = (X @ [1.5, -2.0, 0.5] + 0.4 + 0.5 * rng.normal(size=60) > 0).astype(int)
model = LogisticRegression()
model.fit(X, y)
print("accuracy:", np.mean(np.array(model.predict(X)) == y))

#? step: probability = self._sigmoid(
#? parameters: w = self.w; b = self.b
#? loss = bce(sigmoid(X @ w + b), y) / n_samples
