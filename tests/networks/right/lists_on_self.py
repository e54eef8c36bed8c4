# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Backpropagation:
    def __init__(self, layers, eta=0.3, seed=0):
        self.eta = eta
        r = np.random.default_rng(seed)
        self.W = []
        for i in np.arange(0, len(layers) - 2):
            self.W.append(r.normal(size=(layers[i] + 1, layers[i + 1] + 1)) / np.sqrt(layers[i]))
        self.W.append(r.normal(size=(layers[-2] + 1, layers[-1])) / np.sqrt(layers[-2]))

    def fit(self, X, y, epochs=30):
        X = np.c_[X, np.ones(X.shape[0])]
        for _ in np.arange(0, epochs):
            for x, target in zip(X, y):
                self.fit_one(x, target)

    def fit_one(self, x, y):
        A = [np.atleast_2d(x)]
        for layer in np.arange(0, len(self.W)):
            A.append(1.0 / (1 + np.exp(-A[layer].dot(self.W[layer]))))
        error = A[-1] - y
        D = [error * A[-1] * (1 - A[-1])]
        for layer in np.arange(len(A) - 2, 0, -1):
            delta = D[-1].dot(self.W[layer].T)
            D.append(delta * A[layer] * (1 - A[layer]))
        D = D[::-1]
        for layer in np.arange(0, len(self.W)):
            self.W[layer] += -self.eta * A[layer].T.dot(D[layer])


rng = np.random.default_rng(2)
X = rng.uniform(-1, 1, (10, 2))
y = np.column_stack([X[:, 0] > X[:, 1], X[:, 0] < 0]).astype(float)
Backpropagation([2, 3, 3, 2]).fit(X, y)

#? step: A = [np.atleast_2d(x)]
#? parameters: W = self.W
#? loss = squared(sigmoid(sigmoid(sigmoid(x @ W[0]) @ W[1]) @ W[2]), y)
