# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Adaline:
    """A linear unit trained on its own output, not on the class it decides for."""

    def __init__(self, eta=0.01, n_iter=40, random_state=1):
        self.eta, self.n_iter, self.random_state = eta, n_iter, random_state

    def fit(self, X, y):
        self.w_ = np.random.RandomState(self.random_state).normal(0.0, 0.1, 1 + X.shape[1])
        self.cost_ = []
        for i in range(self.n_iter):
            output = X.dot(self.w_[1:]) + self.w_[0]
            errors = y - output
            self.w_[1:] += self.eta * X.T.dot(errors)
            self.w_[0] += self.eta * errors.sum()
            self.cost_.append((errors**2).sum() / 2.0)
        return self

    def predict(self, X):
        return np.where(X.dot(self.w_[1:]) + self.w_[0] >= 0.0, 1, -1)


R = np.random.RandomState(2)
X = np.vstack([R.randn(15, 2) + 1.5, R.randn(15, 2) - 1.5])
y = np.array([1] * 15 + [-1] * 15)
a = Adaline().fit(X, y)
print("wrong:", (a.predict(X) != y).sum(), "cost:", a.cost_[-1])

#? step: output = X.dot(
#? parameters: w = self.w_
#? loss = squared(X @ w[1:] + w[0], y)
