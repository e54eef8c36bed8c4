"""Slopes at what is no value before an activation: a parameter, which no loss asks for."""

import pytest

from checked import verdict_on

TANH = """\
import numpy as np

rng = np.random.default_rng(9)
x, t = rng.normal(size=(3, 8)), rng.uniform(-0.7, 0.7, size=(2, 8))
w1, b1 = 0.6 * rng.normal(size=(4, 3)), 0.3 * rng.normal(size=(4, 1))
w2, b2 = 0.6 * rng.normal(size=(2, 4)), 0.3 * rng.normal(size=(2, 1))


def slope(z):
    return 1 - np.tanh(z) ** 2


for step in range(40):
    z1 = w1 @ x + b1
    a1 = np.tanh(z1)
    z2 = w2 @ a1 + b2
    d2 = (np.tanh(z2) - t) * slope(z2)
    d1 = w2.T @ d2 * slope(z1)
    w2 = w2 - 0.1 * d2 @ a1.T
    b2 = b2 - 0.1 * d2.sum(axis=1, keepdims=True)
    w1 = w1 - 0.1 * d1 @ x.T
    b1 = b1 - 0.1 * d1.sum(axis=1, keepdims=True)
"""


def test_a_slope_at_a_bias_is_wrong() -> None:
    assert verdict_on(TANH)["verdict"] == "right"
    verdict = verdict_on(TANH.replace("slope(z2)", "slope(b2)"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["proved"]) == (17, True)


@pytest.mark.parametrize("factor", ["np.exp(-s)", "slope(s)"])
def test_errors_may_be_weighted_by_what_is_learned_beside(factor: str) -> None:
    """Of outputs that each have a width of their own, which no prediction is made with."""
    program = TANH.replace("slope(z2)", factor).replace(
        "for step", "s = np.zeros((2, 1))\nfor step"
    )
    program += "    s = s - 0.1 * (1 - d2 * (np.tanh(z2) - t)).mean(axis=1, keepdims=True)\n"
    assert verdict_on(program)["verdict"] != "wrong"
