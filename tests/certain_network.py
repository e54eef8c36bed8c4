"""A small network that is right, and what `check` says of it with one thing changed."""

from typing import Any

from checked import verdict_on

NETWORK = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(a):
    return a * (1 - a)

rng = np.random.default_rng(5)
x = rng.normal(size=(30, 3))
t = rng.uniform(size=(30, 2)).round()
weights = rng.uniform(0.5, 2, size=(30, 1))
w1, b1 = rng.normal(size=(3, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 2)), np.zeros(2)
rate = 0.3
for epoch in range(40):
    a1 = sigmoid(x @ w1 + b1)
    a2 = sigmoid(a1 @ w2 + b2)
    error = a2 - t
    d2 = error * slope(a2)
    d1 = d2 @ w2.T * slope(a1)
    w2 -= rate * (a1.T @ d2)
    b2 -= rate * d2.sum(axis=0)
    w1 -= rate * (x.T @ d1)
    b1 -= rate * d1.sum(axis=0)
"""


def verdict_with(right: str, wrong: str) -> dict[str, Any]:
    assert NETWORK.count(right) == 1
    return verdict_on(NETWORK.replace(right, wrong))


def line_of(beginning: str) -> int:
    (line,) = (n for n, s in enumerate(NETWORK.splitlines(), 1) if s.strip().startswith(beginning))
    return line
