"""A sum that lacks its parentheses beside a product is found, and the line is written with them."""

import pytest

from checked import verdict_on

ARRAYS = """\
import numpy as np

rng = np.random.default_rng(1)
x, y = rng.normal(size=(24, 4)), rng.random(size=(24, 3))
w, b = 0.5 * rng.normal(size=(4, 6)), np.zeros(6)
u, c = 0.5 * rng.normal(size=(6, 3)), np.zeros(3)
for epoch in range(20):
    h = {activation}
    s = h @ u + c
    d = (s - y) / len(x)
    dz = {delta}
    w -= 0.1 * x.T @ dz
    b -= 0.1 * dz.sum(axis=0)
    u -= 0.1 * h.T @ d
    c -= 0.1 * d.sum(axis=0)
"""
LISTS = """\
import math
import random

random.seed(3)
data = [([random.uniform(-1, 1) for _ in range(3)], random.gauss(0, 1)) for _ in range(8)]
w = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(2)]
u = [random.uniform(-1, 1) for _ in range(2)]
for epoch in range(20):
    for x, t in data:
        h = [math.tanh(sum(a * b for a, b in zip(row, x))) for row in w]
        d = sum(a * b for a, b in zip(u, h)) - t
        g = [{delta} for k in range(2)]
        for k in range(2):
            u[k] -= 0.2 * d * h[k]
            for j in range(3):
                w[k][j] -= 0.2 * g[k] * x[j]
"""
TANH, SIGMOID = "np.tanh(x @ w + b)", "1 / (1 + np.exp(-(x @ w + b)))"


@pytest.mark.parametrize(
    ("source", "wrong", "right"),
    [
        (ARRAYS.replace("{activation}", TANH), "d @ u.T * 1 - h**2", "d @ u.T * (1 - h**2)"),
        (ARRAYS.replace("{activation}", SIGMOID), "d @ u.T * h * 1 - h", "d @ u.T * h * (1 - h)"),
        (ARRAYS.replace("{activation}", TANH), "1 - h**2 * (d @ u.T)", "(1 - h**2) * (d @ u.T)"),
        (LISTS, "d * u[k] * 1 - h[k] ** 2", "d * u[k] * (1 - h[k] ** 2)"),
    ],
    ids=["tanh", "sigmoid", "before", "lists"],
)
def test_missing_parentheses_are_put_in(source: str, wrong: str, right: str) -> None:
    assert verdict_on(source.replace("{delta}", right))["verdict"] == "right"
    verdict = verdict_on(source.replace("{delta}", wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (one,) = verdict["findings"]
    assert one["mistake"] == "wrong-operator"
    assert one["proved"]
    assert right in one["fix"]
