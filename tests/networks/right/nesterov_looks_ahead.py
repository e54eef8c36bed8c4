# loss: half-squared-error|squared-error|mean-squared-error
"""Nesterov's method in its first form: the gradient is taken where the velocity leads."""
import numpy as np

rng = np.random.default_rng(41)
X = rng.normal(size=(2, 20))
Y = np.vstack((X[0] * X[1], X[0] + X[1])) / 2
W1, W2 = rng.normal(size=(5, 2)), rng.normal(size=(2, 5))
c1, c2 = rng.normal(size=(5, 1)), rng.normal(size=(2, 1))
V1, V2, u1, u2 = 0 * W1, 0 * W2, 0 * c1, 0 * c2

for n in range(80):
    L1, L2 = W1 + 0.7 * V1, W2 + 0.7 * V2
    m1, m2 = c1 + 0.7 * u1, c2 + 0.7 * u2
    H = np.tanh(L1 @ X + m1)
    E = L2 @ H + m2 - Y
    D = (L2.T @ E) * (1 - H**2)
    V1, u1 = 0.7 * V1 - 0.005 * D @ X.T, 0.7 * u1 - 0.005 * D.sum(axis=1, keepdims=True)
    V2, u2 = 0.7 * V2 - 0.005 * E @ H.T, 0.7 * u2 - 0.005 * E.sum(axis=1, keepdims=True)
    W1, W2 = W1 + V1, W2 + V2
    c1, c2 = c1 + u1, c2 + u2
print(np.mean(E**2))

#? step: H = np.tanh(L1 @ X + m1)
#? parameters: L1 L2 m1 m2
#? update: nesterov(0.005, 0.7)
#? loss = squared(L2 @ np.tanh(L1 @ X + m1) + m2, Y)
