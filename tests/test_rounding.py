"""Updates that are rounding errors prove nothing: those of a run that diverges until its units have no slope left."""

import pytest

from checked import verdict_on

DIVERGING = """\
import numpy as np

rng = np.random.default_rng(0)
x, y = rng.normal(size=(30, 4)), 5 * rng.normal(size=(30, 1))
w1, w2 = rng.normal(size=(4, 6)), rng.normal(size=(6, 1))
for epoch in range(50):
    h = np.tanh(x @ w1)
    error = h @ w2 - y
    g1, g2 = x.T @ (error @ w2.T * (1 - h**2)), h.T @ error
    size = np.sqrt((g1**2).sum() + (g2**2).sum())
    w1 -= 0.05 * size * g1
    w2 -= 0.05 * size * g2
"""


@pytest.mark.parametrize(
    ("slope", "verdict"), [("(1 - h**2)", "right"), ("(1 + h**2)", "wrong"), ("h**2", "wrong")]
)
def test_slopes_that_round_to_0_beside_large_errors_are_no_mistake(
    slope: str, verdict: str
) -> None:
    assert verdict_on(DIVERGING.replace("(1 - h**2)", slope))["verdict"] == verdict
