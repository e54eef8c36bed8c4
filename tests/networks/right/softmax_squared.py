# loss: half-squared-error|squared-error|mean-squared-error
"""Squared error of a softmax: its derivative has two terms."""
import numpy as np

rng = np.random.default_rng(84)
x = rng.normal(size=(18, 4))
t = np.eye(3)[rng.integers(0, 3, 18)]
w, b = rng.normal(size=(4, 3)), np.zeros(3)
for i in range(60):
    e = np.exp(x @ w + b)
    p = e / e.sum(axis=1, keepdims=True)
    dp = (p - t) / 18
    ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True))
    w -= 1.0 * x.T @ ds
    b -= 1.0 * ds.sum(axis=0)
    if i % 20 == 0:
        print("cross entropy, for information:", -np.mean(np.log(p[t == 1])))

#? step: e = np.exp(x @ w + b)
#? parameters: w b
#? loss = squared(softmax(x @ w + b), t)
