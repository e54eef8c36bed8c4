"""A generator and a discriminator of one dimension, each with its own loss."""
import numpy as np

rng = np.random.default_rng(17)
a, b = 0.5, 0.0
u, v, c = rng.normal(size=4), rng.normal(size=4) * 0.3, 0.0
w = rng.normal(size=4)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def discriminate(x):
    h = np.tanh(np.outer(x, u) + w)
    return h, sigmoid(h @ v + c)


for step in range(80):
    real = rng.normal(2.0, 0.5, 16)
    z = rng.normal(size=16)
    fake = a * z + b
    for x, label in ((real, 1.0), (fake, 0.0)):
        h, p = discriminate(x)
        d = (p - label) / 16
        dz = np.outer(d, v) * (1 - h**2)
        v = v - 0.1 * h.T @ d
        c = c - 0.1 * d.sum()
        u = u - 0.1 * x @ dz
        w = w - 0.1 * dz.sum(axis=0)
    z = rng.normal(size=16)
    fake = a * z + b
    h, p = discriminate(fake)
    d = (p - 1.0) / 16
    dx = (np.outer(d, v) * (1 - h**2)) @ u
    a = a - 0.1 * np.sum(dx * z)
    b = b - 0.1 * np.sum(dx)
print(a, b)
