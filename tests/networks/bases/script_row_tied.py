# loss: half-squared-error|squared-error|mean-squared-error
"""The decoder is the encoder's transpose, so W has two gradients."""
import numpy as np

rng = np.random.default_rng(17)
W = rng.normal(0, 0.4, (5, 3))
b, c = np.zeros(3), np.zeros(5)
X = np.tanh(rng.normal(size=(20, 3)) @ rng.normal(size=(3, 5)))
for t in range(100):
    H = np.tanh(X @ W + b)
    R = H @ W.T + c
    dR = (R - X) / len(X)
    dH = dR @ W * (1 - H**2)
    #~ missing-derivative: dH = dR @ W
    dW = X.T @ dH + dR.T @ H
    db, dc = dH.sum(axis=0), dR.sum(axis=0)
    #~ bias-summed-over-all: db, dc = dH.sum(axis=0), dR.sum()
    W, b, c = W - 0.1 * dW, b - 0.1 * db, c - 0.1 * dc
print(np.sum((R - X) ** 2))

#? step: H = np.tanh(X @ W + b)
#? parameters: W b c
#? loss = squared(np.tanh(X @ W + b) @ W.T + c, X)
