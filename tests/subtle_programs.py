"""Small right programs for tests that change one of their lines."""

from typing import Any

LISTS = """\
import math
import random

random.seed(3)
data = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
w1 = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
b1 = [random.uniform(-1, 1) for _ in range(3)]
w2 = [random.uniform(-1, 1) for _ in range(3)]
b2 = random.uniform(-1, 1)
rate = 0.5

def sigmoid(z):
    return 1.0 / (1.0 + math.exp(-z))

for epoch in range(100):
    for x, t in data:
        h = [sigmoid(sum(w * v for w, v in zip(w1[j], x)) + b1[j]) for j in range(3)]
        o = sigmoid(sum(w * v for w, v in zip(w2, h)) + b2)
        delta = (o - t) * o * (1 - o)
        back = [delta * w2[j] * h[j] * (1 - h[j]) for j in range(3)]
        for j in range(3):
            w2[j] -= rate * delta * h[j]
            for k in range(2):
                w1[j][k] -= rate * back[j] * x[k]
            b1[j] -= rate * back[j]
        b2 -= rate * delta
"""

ADAM = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(30, 4))
y = np.eye(3)[rng.integers(0, 3, 30)]
w1, b1 = 0.5 * rng.normal(size=(4, 6)), np.zeros(6)
w2, b2 = 0.5 * rng.normal(size=(6, 3)), np.zeros(3)
mw1, vw1, mb1, vb1, mw2, vw2, mb2, vb2 = 8 * [0.0]
rate, beta1, beta2, eps = 0.01, 0.9, 0.999, 1e-8
for t in range(1, 100):
    h = np.tanh(x @ w1 + b1)
    z = h @ w2 + b2
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    d2 = (p - y) / len(x)
    d1 = d2 @ w2.T * (1 - h**2)
    dw1, db1, dw2, db2 = x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)
    mw1, vw1 = beta1 * mw1 + (1 - beta1) * dw1, beta2 * vw1 + (1 - beta2) * dw1**2
    mb1, vb1 = beta1 * mb1 + (1 - beta1) * db1, beta2 * vb1 + (1 - beta2) * db1**2
    mw2, vw2 = beta1 * mw2 + (1 - beta1) * dw2, beta2 * vw2 + (1 - beta2) * dw2**2
    mb2, vb2 = beta1 * mb2 + (1 - beta1) * db2, beta2 * vb2 + (1 - beta2) * db2**2
    c1, c2 = 1 - beta1**t, 1 - beta2**t
    w1 = w1 - rate * (mw1 / c1) / (np.sqrt(vw1 / c2) + eps)
    b1 = b1 - rate * (mb1 / c1) / (np.sqrt(vb1 / c2) + eps)
    w2 = w2 - rate * (mw2 / c1) / (np.sqrt(vw2 / c2) + eps)
    b2 = b2 - rate * (mb2 / c1) / (np.sqrt(vb2 / c2) + eps)
"""

LAYERS = """\
import numpy as np

rng = np.random.default_rng(4)
X, Y = rng.normal(size=(16, 3)), rng.normal(size=(16, 2))

class Linear:
    def __init__(self, inputs, outputs):
        self.w = 0.5 * rng.normal(size=(inputs, outputs))
        self.b = np.zeros(outputs)
        self.dw, self.db = np.zeros((inputs, outputs)), np.zeros(outputs)

    def zero(self):
        self.dw = np.zeros_like(self.w)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.dw += self.x.T @ d
        self.db += d.sum(axis=0)
        return d @ self.w.T

    def step(self, rate):
        self.w -= rate * self.dw
        self.b -= rate * self.db

first, second = Linear(3, 5), Linear(5, 2)
for epoch in range(40):
    for s in range(0, 16, 4):
        first.zero()
        second.zero()
        h = np.tanh(first.forward(X[s:s + 4]))
        d = 2 * (second.forward(h) - Y[s:s + 4]) / 4
        first.backward(second.backward(d) * (1 - h**2))
        first.step(0.05)
        second.step(0.05)
"""


def changed(source: str, *edits: tuple[str, str]) -> str:
    for right, wrong in edits:
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    return source


def mistakes(verdict: dict[str, Any]) -> set[tuple[int, str]]:
    return {(one["line"], one["mistake"]) for one in verdict["findings"]}


def line_of(source: str, beginning: str) -> int:
    (line,) = (n for n, s in enumerate(source.splitlines(), 1) if s.strip().startswith(beginning))
    return line
