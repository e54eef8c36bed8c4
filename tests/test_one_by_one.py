"""A loop takes 1 off the right class of one sample after the other: p[j, y[j]] -= 1."""

import pytest

from test_repair import line_of

from checked import verdict_on

SOURCE = """\
import numpy as np
rng = np.random.default_rng(6)
x, y = rng.normal(size=(12, 3)), rng.integers(0, 3, size=12)
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
for _ in range(30):
    h = np.tanh(x @ w1)
    z = h @ w2
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    d = p.copy()
    for j in range(12):
        d[j, y[j]] -= 1
    back = d @ w2.T * (1 - h * h)
    w2 -= 0.05 * h.T @ d
    w1 -= 0.05 * x.T @ back
"""
TAKEN = "        d[j, y[j]] -= 1\n"
BRANCHES = """\
        if y[j] == 0:
            d[j, 0] = p[j, 0] - 1
            d[j, 1] = p[j, 1]
        elif y[j] == 1:
            d[j, 1] = p[j, 1] - 1
        else:
            d[j, 2] = p[j, 2] - 1
"""


@pytest.mark.parametrize("copied", ["p.copy()", "p"])
@pytest.mark.parametrize("taken", [TAKEN, "        d[j, y[j]] = p[j, y[j]] - 1\n", BRANCHES])
def test_what_a_loop_takes_off_is_one_error(copied: str, taken: str) -> None:
    source = SOURCE.replace("p.copy()", copied).replace(TAKEN, taken)
    verdict = verdict_on(source)
    assert (verdict["verdict"], verdict["loss"]) == ("right", "cross-entropy")
    assert verdict["loss"] == "cross-entropy"


@pytest.mark.parametrize("taken", [TAKEN, BRANCHES])
def test_a_mistake_behind_such_an_error_is_found(taken: str) -> None:
    source = SOURCE.replace(TAKEN, taken).replace(" * (1 - h * h)", "")
    (finding,) = verdict_on(source)["findings"]
    assert (finding["mistake"], finding["proved"]) == ("missing-derivative", True)
    assert finding["line"] == line_of(source, "back =")


@pytest.mark.parametrize("taken", [
    TAKEN.replace("y[j]]", "(y[j] + 1) % 3]"),
    TAKEN.replace("- 1", "- 2").replace("-= 1", "-= 3"),
    "        d[j, y[j]] = p[j, (y[j] + 1) % 3] - 1\n",
])  # fmt: skip
def test_another_error_is_not_called_right_for_these_classes(taken: str) -> None:
    loss = "    print(-np.log(p[np.arange(12), y]).mean())\n"
    source = SOURCE.replace(TAKEN, taken).replace("    d = p.copy()\n", loss + "    d = p.copy()\n")
    assert verdict_on(source)["verdict"] != "right"
