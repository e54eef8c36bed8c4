"""The target is made with the network itself and held constant, as is usual."""
import numpy as np

rng = np.random.default_rng(14)
W, b = rng.normal(0, 0.7, (4, 8)), np.zeros(8)
V, c = rng.normal(0, 0.7, (8, 2)), np.zeros(2)


def q_values(s):
    h = np.maximum(0, s @ W + b)
    return h, h @ V + c


for step in range(100):
    s = np.eye(4)[rng.integers(4)] + 0.1 * rng.normal(size=4)
    a = rng.integers(2)
    s2 = np.roll(s, 1 if a else -1)
    r = float(s2.argmax() == 3)
    target = r + 0.9 * q_values(s2)[1].max()
    h, q = q_values(s)
    error = q[a] - target
    d = np.zeros(2)
    d[a] = error
    dh = (V @ d) * (h > 0)
    V -= 0.05 * np.outer(h, d)
    c -= 0.05 * d
    W -= 0.05 * np.outer(s, dh)
    b -= 0.05 * dh

#? step: error = q[a] - target
#? parameters: W b V c
#? loss = squared((relu(s @ W + b) @ V + c)[a], target)
