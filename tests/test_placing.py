"""NumPy's functions that write at chosen places of an array are followed."""

import pytest

from checked import verdict_on

CLASSES = """\
import numpy as np

rng = np.random.default_rng(0)
x, y = rng.normal(size=(30, 3)), np.arange(30) % 4
w, b = rng.normal(size=(3, 4)), np.zeros(4)
for epoch in range(3):
    for one, label in zip(x, y):
        z = one @ w + b
        p = np.exp(z) / np.exp(z).sum()
        e = np.zeros(4)
        e[label] = -1 / p[label]
        slopes = np.outer(p, -p)
        np.fill_diagonal(slopes, p * (1 - p))
        d = e @ slopes
        w -= 0.1 * np.outer(one, d)
        b -= 0.1 * d
"""
LARGEST = """\
import numpy as np

rng = np.random.default_rng(0)
x, t = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
w, v = rng.normal(size=(4, 4)), rng.normal(size=(2, 2))
for step in range(60):
    z = x @ w
    a = np.where(z > 0, z, 0.1 * z)
    pairs = a.reshape(6, 2, 2)
    d = (pairs.max(axis=2) @ v - t) / 6
    back = np.zeros_like(pairs)
    largest = pairs.argmax(axis=2)[:, :, None]
    np.put_along_axis(back, largest, (d @ v.T)[:, :, None], axis=2)
    v -= 0.05 * pairs.max(axis=2).T @ d
    slope = np.ones_like(z)
    np.putmask(slope, z <= 0, 0.1)
    w -= 0.05 * x.T @ (back.reshape(6, 4) * slope)
"""


@pytest.mark.parametrize(
    ("program", "right", "wrong"),
    [
        (CLASSES, "p * (1 - p))", "p * (1 + p))"),
        (LARGEST, "(d @ v.T)[:, :, None]", "(d @ v)[:, :, None]"),
        (LARGEST, "z <= 0, 0.1", "z <= 0, 0.2"),
    ],
    ids=["diagonal", "axis", "mask"],
)
def test_what_is_written_at_chosen_places_is_followed(program: str, right: str, wrong: str) -> None:
    verdict = verdict_on(program)
    assert verdict["verdict"] == "right", verdict["reason"]
    verdict = verdict_on(program.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
