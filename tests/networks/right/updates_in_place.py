# loss: half-squared-error|squared-error|mean-squared-error
"""Buffers that are allocated once: every operation writes where it is told to."""
import numpy as np

rng = np.random.default_rng(53)
X, T = rng.normal(size=(10, 3)), rng.uniform(size=(10, 2))
W, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
H, Y, D, E = np.empty((10, 4)), np.empty((10, 2)), np.empty((10, 4)), np.empty((10, 2))
gW, gV = np.empty_like(W), np.empty_like(V)

for k in range(60):
    np.dot(X, W, out=H)
    np.tanh(H, out=H)
    np.matmul(H, V, out=Y)
    np.subtract(Y, T, out=E)
    np.matmul(H.T, E, out=gV)
    np.matmul(E, V.T, out=D)
    np.multiply(H, H, out=H)
    np.subtract(1, H, out=H)
    D *= H
    np.matmul(X.T, D, out=gW)
    gW *= 0.02
    gV *= 0.02
    np.subtract(W, gW, out=W)
    np.subtract(V, gV, out=V)
print(np.sum(E**2))

#? step: np.dot(X, W, out=H)
#? parameters: W V
#? loss = squared(np.tanh(X @ W) @ V, T)
