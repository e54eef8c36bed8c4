# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


def affine(n_in, n_out, rng):
    w, b = rng.normal(0, 0.6, (n_out, n_in)), np.zeros((n_out, 1))
    kept = {}

    def forward(x):
        kept["x"] = x
        return w @ x + b

    def backward(g, rate):
        nonlocal w, b
        down = w.T @ g
        w = w - rate * g @ kept["x"].T
        b = b - rate * g.sum(axis=1, keepdims=True)
        return down

    def weights():
        return w, b

    return forward, backward, weights


def sine():
    kept = {}

    def forward(x):
        kept["x"] = x
        return np.sin(x)

    def backward(g, rate):
        return g * np.cos(kept["x"])

    return forward, backward, None


rng = np.random.default_rng(36)
stages = [affine(2, 6, rng), sine(), affine(6, 2, rng)]
X = rng.uniform(-1, 1, (2, 15))
Y = np.vstack([X[0] ** 2, X[0] * X[1]])
for i in range(100):
    signal = X
    for forward, _, _ in stages:
        signal = forward(signal)
    g = (signal - Y) / 15
    for _, backward, _ in reversed(stages):
        g = backward(g, 0.2)
print(np.mean((signal - Y) ** 2))

#? step: signal = X
#? parameters: w = stages[0][2]()[0]; b = stages[0][2]()[1]; v = stages[2][2]()[0]; c = stages[2][2]()[1]
#? loss = squared(v @ np.sin(w @ X + b) + c, Y)
