"""One hidden layer, a number and a class above it, and the sum of both losses."""
import numpy as np

rng = np.random.default_rng(11)
X = rng.normal(size=(24, 3))
number = X[:, :1] * X[:, 1:2]
kind = np.eye(2)[(X[:, 2] > 0).astype(int)]
W, b = rng.normal(size=(3, 5)), np.zeros(5)
V, c = rng.normal(size=(5, 1)), np.zeros(1)
U, d = rng.normal(size=(5, 2)), np.zeros(2)
for i in range(60):
    H = np.tanh(X @ W + b)
    n = H @ V + c
    e = np.exp(H @ U + d)
    k = e / e.sum(axis=1, keepdims=True)
    gn, gk = (n - number) / 24, (k - kind) / 24
    gH = (gn @ V.T + gk @ U.T) * (1 - H**2)
    V, c = V - 0.2 * H.T @ gn, c - 0.2 * gn.sum(0)
    U, d = U - 0.2 * H.T @ gk, d - 0.2 * gk.sum(0)
    W, b = W - 0.2 * X.T @ gH, b - 0.2 * gH.sum(0)
print(np.mean((n - number) ** 2), (k.argmax(1) == kind.argmax(1)).mean())

#? step: H = np.tanh(X @ W + b)
#? parameters: W b V c U d
#? h = np.tanh(X @ W + b)
#? loss = squared(h @ V + c, number) / 24 + cross_entropy(softmax(h @ U + d), kind) / 24
