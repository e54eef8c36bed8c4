# loss: half-squared-error|squared-error|mean-squared-error
"""Five small networks of one shape, trained side by side in three-dimensional arrays."""
import numpy as np

rng = np.random.default_rng(67)
X = rng.uniform(-1, 1, (5, 12, 2))
Y = np.prod(X, axis=2, keepdims=True) * np.arange(1, 6).reshape(5, 1, 1) / 3
W, b = rng.normal(size=(5, 2, 4)), np.zeros((5, 1, 4))
V, c = rng.normal(size=(5, 4, 1)), np.zeros((5, 1, 1))
for k in range(100):
    H = np.tanh(np.matmul(X, W) + b)
    E = np.matmul(H, V) + c - Y
    D = np.matmul(E, V.transpose(0, 2, 1)) * (1 - H**2)
    V -= 0.05 * np.matmul(H.swapaxes(1, 2), E)
    c -= 0.05 * E.sum(axis=1, keepdims=True)
    W -= 0.05 * np.matmul(X.swapaxes(1, 2), D)
    b -= 0.05 * D.sum(axis=1, keepdims=True)
print((E**2).mean(axis=(1, 2)))

#? step: H = np.tanh(
#? parameters: W b V c
#? loss = squared(np.matmul(np.tanh(np.matmul(X, W) + b), V) + c, Y)
