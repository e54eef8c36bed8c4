# loss: cross-entropy
"""Parameters are an immutable tuple; a step returns new ones."""
from collections import namedtuple
from functools import partial

import numpy as np

Params = namedtuple("Params", "W1 b1 W2 b2")


def forward(p, x):
    h = np.tanh(x @ p.W1 + p.b1)
    s = h @ p.W2 + p.b2
    return h, np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)


def gradient(p, x, t):
    h, y = forward(p, x)
    ds = (y - t) / len(x)
    dz = (ds @ p.W2.T) * (1 - h**2)
    return Params(x.T @ dz, dz.sum(0), h.T @ ds, ds.sum(0))


def step(rate, p, x, t):
    return Params(*(value - rate * g for value, g in zip(p, gradient(p, x, t))))


rng = np.random.default_rng(58)
x = rng.normal(size=(30, 2))
t = np.eye(3)[np.digitize(x[:, 0] + x[:, 1], [-0.5, 0.5])]
p = Params(rng.normal(size=(2, 6)), np.zeros(6), rng.normal(size=(6, 3)), np.zeros(3))
slow_step = partial(step, 0.3)
for _ in range(60):
    p = slow_step(p, x, t)
print("accuracy", (forward(p, x)[1].argmax(1) == t.argmax(1)).mean())

#? step: p = slow_step(p, x, t)
#? parameters: q = list(p)
#? loss = cross_entropy(softmax(np.tanh(x @ q[0] + q[1]) @ q[2] + q[3]), t) / 30
