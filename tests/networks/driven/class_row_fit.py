# loss: cross-entropy
import numpy as np


class SoftmaxClassifier:
    """fit and predict, as scikit-learn has them."""

    def __init__(self, hidden=5, lr=0.1, epochs=20, random_state=0):
        self.hidden, self.lr, self.epochs, self.random_state = hidden, lr, epochs, random_state

    def fit(self, X, y):
        rng = np.random.RandomState(self.random_state)
        n, d = X.shape
        k = int(y.max()) + 1
        self.coefs_ = [rng.randn(d, self.hidden) * 0.5, rng.randn(self.hidden, k) * 0.5]
        self.intercepts_ = [np.zeros(self.hidden), np.zeros(k)]
        T = np.eye(k)[y]
        for _ in range(self.epochs):
            H = np.tanh(X @ self.coefs_[0] + self.intercepts_[0])
            P = self._softmax(H @ self.coefs_[1] + self.intercepts_[1])
            G = (P - T) / n
            D = G @ self.coefs_[1].T * (1 - H**2)
            #~ wrong-operator: D = G @ self.coefs_[1].T + (1 - H**2)
            #~ derivative-at-activation: D = G @ self.coefs_[1].T * (1 - np.tanh(H) ** 2)
            self.coefs_[1] -= self.lr * H.T @ G
            #~ learning-rate-twice: self.coefs_[1] -= self.lr * self.lr * H.T @ G
            self.intercepts_[1] -= self.lr * G.sum(axis=0)
            self.coefs_[0] -= self.lr * X.T @ D
            self.intercepts_[0] -= self.lr * D.sum(axis=0)
            #~ bias-summed-over-all: self.intercepts_[0] -= self.lr * D.sum()
        return self

    def predict(self, X):
        H = np.tanh(X @ self.coefs_[0] + self.intercepts_[0])
        return (H @ self.coefs_[1] + self.intercepts_[1]).argmax(axis=1)

    @staticmethod
    def _softmax(s):
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

#> rng = np.random.RandomState(4)
#> SoftmaxClassifier().fit(rng.randn(15, 3), rng.randint(0, 3, 15))
#? step: H = np.tanh(X @ self.coefs_[0]
#? parameters: W = self.coefs_; b = self.intercepts_
#? loss = cross_entropy(softmax(np.tanh(X @ W[0] + b[0]) @ W[1] + b[1]), T)
