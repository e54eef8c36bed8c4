"""Feedback alignment: errors go back through fixed random numbers, and not through the weights. No gradient."""

import numpy as np

rng = np.random.default_rng(0)
x, t = rng.normal(size=(20, 4)), rng.uniform(size=(20, 2))
w1, w2 = rng.normal(size=(4, 6)), rng.normal(size=(6, 2))
feedback = rng.normal(size=(2, 6))
for epoch in range(100):
    h = np.tanh(x @ w1)
    o = 1 / (1 + np.exp(-(h @ w2)))
    e = (o - t) * o * (1 - o)
    d = (e @ feedback) * (1 - h**2)
    w2 -= 0.1 * h.T @ e
    w1 -= 0.1 * x.T @ d
