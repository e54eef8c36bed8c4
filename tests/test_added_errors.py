"""An error that is added to what it should be multiplied by, where no repair of the recorded steps shows it."""

import pytest

from checked import verdict_on

CLIPPED = """\
import numpy as np

rng = np.random.default_rng(5)
X, T = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
w, v = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
for epoch in range(40):
    h = np.tanh(X @ w)
    e = 2 * (h @ v - T)
    gv = np.clip(h.T @ e, -4, 4)
    gw = np.clip(X.T @ (e @ v.T * (1 - h**2)), -4, 4)
    w -= 0.01 * gw
    v -= 0.01 * gv
"""
SATURATING = """\
import numpy as np

rng = np.random.default_rng(6)
X = rng.normal(size=(20, 3))
labels = (X[:, :1] > 0).astype(float)
w, b = rng.normal(size=(3, 1)), np.zeros(1)
for epoch in range(60):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    signal = (p - labels) / len(X)
    w = w - 0.4 * X.T @ signal
    b = b - 0.4 * signal.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("program", "line", "wrong"),
    [
        (CLIPPED, "v -= 0.01 * gv", "v -= 0.01 + gv"),
        (CLIPPED, "w -= 0.01 * gw", "w -= 0.01 + gw"),
        (SATURATING, "b = b - 0.4 * signal.sum(axis=0)", "b = b - 0.4 + signal.sum(axis=0)"),
    ],
)
def test_a_rate_that_is_added_to_a_gradient_is_wrong(program: str, line: str, wrong: str) -> None:
    assert verdict_on(program)["verdict"] == "right"
    verdict = verdict_on(program.replace(line, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("wrong-operator", True)
    assert finding["line"] == program[: program.index(line)].count("\n") + 1
    assert finding["fix"].strip() == line
    wrong_ones = [row["name"] for row in verdict["parameters"] if row["verdict"] == "wrong"]
    assert wrong_ones == [line[0]]


def test_what_is_added_to_a_gradient_on_purpose_is_not_put_right() -> None:
    """Noise on the gradient, a penalty of another kind: no product of them is a gradient."""
    for added in ("rng.normal(size=(5, 2))", "0.1 * np.sign(v)", "0.3"):
        program = CLIPPED.replace("v -= 0.01 * gv", f"v -= 0.01 * (gv + {added})")
        assert verdict_on(program)["verdict"] != "wrong", added
