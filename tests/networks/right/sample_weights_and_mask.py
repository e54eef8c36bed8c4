# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(30, 4))
y = rng.normal(size=(30, 3))
known = rng.random((30, 3)) > 0.4
weight = rng.random((30, 1))
w1 = 0.4 * rng.normal(size=(4, 6))
w2 = 0.4 * rng.normal(size=(6, 3))

for epoch in range(50):
    hidden = np.maximum(x @ w1, 0)
    p = hidden @ w2
    error = (p - y) * known * weight / known.sum()
    dw2 = hidden.T @ error
    dw1 = x.T @ ((error @ w2.T) * (hidden > 0))
    w2 -= 0.5 * dw2
    w1 -= 0.5 * dw1

#? step: hidden = np.maximum(
#? parameters: w1 w2
#? loss = squared(relu(x @ w1) @ w2, y, known * weight)
