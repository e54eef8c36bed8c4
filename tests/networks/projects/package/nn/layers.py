import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.b = np.random.randn(n_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        #~ parameter-mis-scaled: self.dW = self.x.T @ grad / len(grad)
        self.db = grad.sum(axis=0)
        #~ bias-summed-over-all: self.db = grad.sum()
        #~ bias-not-summed: self.db = grad
        return grad @ self.W.T


class ReLU:
    def forward(self, x):
        self.x = x
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, grad):
        return grad * (self.x > 0)
        #~ relu-derivative-at-output: return grad * (self.y >= 0)
        #~ missing-derivative: return grad
