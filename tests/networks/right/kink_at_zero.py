# loss: half-squared-error|squared-error|mean-squared-error
"""Biases start at 0 and an input is all 0, so z is exactly 0, where relu has no derivative: 1 here."""
import numpy as np

rng = np.random.default_rng(68)
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.2], [0.9], [0.8], [0.1]])
W, b = rng.normal(size=(2, 5)), np.zeros(5)
V, c = rng.normal(size=(5, 1)), np.zeros(1)
for epoch in range(80):
    Z = X @ W + b
    A = np.maximum(Z, 0)
    D = (A @ V + c - Y) / 4
    E = D @ V.T
    E[Z < 0] = 0
    V -= 0.2 * A.T @ D
    c -= 0.2 * D.sum(axis=0)
    W -= 0.2 * X.T @ E
    b -= 0.2 * E.sum(axis=0)
print(np.abs(D).max() * 4)

#? step: Z = X @ W + b
#? parameters: W b V c
#? Z = X @ W + b
#? loss = squared(np.where(Z >= 0, Z, 0 * Z) @ V + c, Y)
