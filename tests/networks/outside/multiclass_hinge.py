import numpy as np


class MultiSVM:
    def __init__(self, d, k, seed=0):
        self.W = np.random.RandomState(seed).randn(d, k) * 0.1

    def loss(self, X, y, reg):
        n = len(y)
        scores = X @ self.W
        correct = scores[np.arange(n), y][:, None]
        margins = np.maximum(0, scores - correct + 1)
        margins[np.arange(n), y] = 0
        loss = margins.sum() / n + reg * np.sum(self.W**2)
        mask = (margins > 0).astype(float)
        mask[np.arange(n), y] = -mask.sum(axis=1)
        return loss, X.T @ mask / n + 2 * reg * self.W

    def train(self, X, y, lr=0.1, reg=0.01, steps=50):
        for _ in range(steps):
            loss, grad = self.loss(X, y, reg)
            self.W -= lr * grad
        return loss


r = np.random.RandomState(2)
X = r.randn(30, 4)
y = X[:, :3].argmax(axis=1)
print(MultiSVM(4, 3).train(X, y))

#? step: loss, grad = self.loss(X, y, reg)
#? parameters: W = self.W
#? s = X @ W
#? own = np.sum(s * one_hot(y, 3), axis=1, keepdims=True)
#? loss = np.sum(relu(s - own + 1) * (1 - one_hot(y, 3))) / 30 + reg * np.sum(W**2)
