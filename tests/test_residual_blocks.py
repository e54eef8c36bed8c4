"""What looks like a parameter's next version and is none: x + f(x) of a residual block, and a sum with a parameter."""

import pytest

from checked import verdict_on

BLOCK = """\
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=(14, 3))
t = np.sin(x[:, :1]) + x[:, 1:2]
w0, w1, w2, w3 = (rng.normal(size=s) / 2 for s in ((3, 4), (4, 5), (5, 4), (4, 1)))
for step in range(20):
    h = x @ w0
    a = np.tanh(h @ w1)
    r = h + a @ w2
    d = (r @ w3 - t) / len(x)
    dr = d @ w3.T
    dz = dr @ w2.T * (1 - a**2)
    dh = dr + dz @ w1.T
    for w, g in ((w0, x.T @ dh), (w1, h.T @ dz), (w2, a.T @ dr), (w3, r.T @ d)):
        w -= 0.003 * w
        w -= 0.2 * g
"""


@pytest.mark.parametrize(
    "source",
    [
        BLOCK,
        BLOCK.replace("        w -= 0.003 * w\n", ""),
        BLOCK.replace("        w -= 0.003 * w\n", "") + "        w -= 0.003 * w\n",
    ],
)
def test_a_residual_block_is_right_in_all_passes_and_may_decay_in_a_step_of_its_own(
    source: str,
) -> None:
    verdict = verdict_on(source)
    assert verdict["verdict"] == "right"
    assert {row["name"] for row in verdict["parameters"]} == {"w"}
    assert len(verdict["parameters"]) == 4


def test_a_decay_of_its_own_that_grows_parameters_is_found_behind_a_residual_block() -> None:
    (finding,) = verdict_on(BLOCK.replace("w -= 0.003", "w += 0.003"))["findings"]
    assert finding["line"] == 16
    assert finding["proved"]


SLOPES = """\
from random import Random

r = Random(10)
w1 = [[r.uniform(-0.8, 0.8) for _ in range(3)] for _ in range(4)]
slope = [0.25] * 4
w2 = [r.uniform(-0.8, 0.8) for _ in range(4)]
points = [[r.gauss(0, 1) for _ in range(3)] for _ in range(9)]
for epoch in range(5):
    for x in points:
        z = [sum(w * v for w, v in zip(row, x)) for row in w1]
        a = [z[j] if z[j] > 0 else slope[j] * z[j] for j in range(4)]
        d = sum(w * v for w, v in zip(w2, a)) - (x[0] - x[1])
        da = [d * w for w in w2]
        for j in range(4):
            w2[j] -= 0.1 * d * a[j]
            if z[j] > 0:
                dz = da[j]
            else:
                dz = da[j] * slope[j]
                slope[j] -= 0.1 * da[j] * z[j]
            for i in range(3):
                w1[j][i] -= 0.1 * dz * x[i]
"""


def test_a_slope_that_is_learnt_is_no_error_where_it_is_added_to_one() -> None:
    """The sum was taken for the slope's next version, and all that was moved by it for not moved by errors."""
    assert verdict_on(SLOPES)["verdict"] == "right"
    (finding,) = verdict_on(SLOPES.replace("da[j] * slope[j]", "da[j] + slope[j]"))["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-operator", 19)
