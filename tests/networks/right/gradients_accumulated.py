# loss: half-squared-error|squared-error|mean-squared-error
"""Micro-batches: gradients of four are summed before one step."""
import numpy as np


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


rng = np.random.default_rng(70)
W, c, V = Param(rng.normal(size=(3, 4))), Param(rng.normal(size=4)), Param(rng.normal(size=(4, 1)))
X = rng.normal(size=(24, 3))
Y = np.sin(X[:, :1]) * X[:, 1:2]

for epoch in range(15):
    for start in range(0, 24, 12):
        rows = slice(start, start + 12)
        for micro in range(start, start + 12, 3):
            x, y = X[micro : micro + 3], Y[micro : micro + 3]
            a = np.tanh(x @ W.value + c.value)
            e = a @ V.value - y
            V.grad += a.T @ e / 12
            d = e @ V.value.T * (1 - a * a)
            W.grad += x.T @ d / 12
            c.grad += d.sum(axis=0) / 12
        for p in (W, c, V):
            p.value -= 0.2 * p.grad
            p.grad[...] = 0

#? step: rows = slice(start, start + 12)
#? parameters: w = W.value; b = c.value; v = V.value
#? k = slice(start, start + 12)
#? loss = squared(np.tanh(X[k] @ w + b) @ v, Y[k]) / 12
