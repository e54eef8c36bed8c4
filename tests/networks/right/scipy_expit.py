# loss: binary-cross-entropy
import numpy as np
from scipy.special import expit

rng = np.random.default_rng(4)
X = rng.normal(size=(50, 3))
Y = (np.abs(X).max(axis=1, keepdims=True) > 1.2).astype(float)
w0, w1, w2 = (rng.normal(0, 0.6, s) for s in ((3, 6), (6, 4), (4, 1)))
c0, c1, c2 = np.zeros(6), np.zeros(4), np.zeros(1)

for epoch in range(80):
    h0 = expit(X @ w0 + c0)
    h1 = expit(h0 @ w1 + c1)
    out = expit(h1 @ w2 + c2)
    g2 = (out - Y) / len(X)
    g1 = g2 @ w2.T * h1 * (1 - h1)
    g0 = g1 @ w1.T * h0 * (1 - h0)
    for w, a, g in ((w0, X, g0), (w1, h0, g1), (w2, h1, g2)):
        w -= 1.0 * (a.T @ g)
    for c, g in ((c0, g0), (c1, g1), (c2, g2)):
        c -= 1.0 * g.sum(0)
print("mean output", out.mean())

#? step: h0 = expit(
#? parameters: w0 w1 w2 c0 c1 c2
#? loss = bce(sigmoid(sigmoid(sigmoid(X @ w0 + c0) @ w1 + c1) @ w2 + c2), Y) / 50
