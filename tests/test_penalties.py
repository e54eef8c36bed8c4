"""Penalties and decays beside rates that change and activations that are written where a mask says so."""

import pytest

from checked import NEVER_RIGHT, verdict_on

NETWORK = """\
import numpy as np

rng = np.random.default_rng(2)
x, y = rng.normal(size=(9, 4)), rng.integers(0, 3, 9)
w, b = 0.5 * rng.normal(size=(4, 6)), np.zeros(6)
v, c = 0.5 * rng.normal(size=(6, 3)), np.zeros(3)
rate, penalty = 0.1, 0.02
for epoch in range(30):
    z = x @ w + b
    h = np.zeros(z.shape)
    h[z > 0] = z[z > 0]
    s = h @ v + c
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    p[np.arange(9), y] -= 1
    p /= 9
    dv = h.T @ p + penalty * v
    dh = p @ v.T
    dh[h <= 0] = 0
    dw = x.T @ dh + penalty * w
    w -= rate * dw
    v -= rate * dv
    b -= rate * dh.sum(axis=0)
    c -= rate * p.sum(axis=0)
    rate *= 0.95
"""
MASKED = "h = np.zeros(z.shape)\n    h[z > 0] = z[z > 0]"
LEAKY = "h = z.copy()\n    h[z < 0] *= 0.1"
SCALED = "h = z.copy()\n    h[z <= 0] = 0.1 * z[z <= 0]"


@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        (MASKED, "dh[h <= 0] = 0"),
        (LEAKY, "dh[z < 0] *= 0.1"),
        (SCALED, "dh[h <= 0] = 0.1 * dh[h <= 0]"),
        ("h = np.maximum(z, 0)", "dh[h <= 0] = 0"),
    ],
)
@pytest.mark.parametrize("plan", ["rate *= 0.95", "rate = 0.1 / (1 + 0.2 * epoch)", "pass"])
def test_a_right_network_with_a_penalty_is_right(activation: str, slope: str, plan: str) -> None:
    program = NETWORK.replace(MASKED, activation).replace("dh[h <= 0] = 0", slope)
    verdict = verdict_on(program.replace("rate *= 0.95", plan))
    assert (verdict["verdict"], verdict["loss"]) == ("right", "cross-entropy"), verdict["reason"]


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("dh[h <= 0] = 0", "dh[h > 0] = 0", 18),
        ("dh = p @ v.T", "dh = p @ (v * v).T", 17),
        ("dv = h.T @ p", "dv = z.T @ p", 16),
    ],
)
def test_its_mistakes_are_found(right: str, wrong: str, line: int) -> None:
    verdict = verdict_on(NETWORK.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert line in [finding["line"] for finding in verdict["findings"]]


def test_nobody_knows_by_what_plan_a_decay_changes() -> None:
    verdict = verdict_on(NETWORK.replace("penalty * ", "penalty * (1.5 + np.cos(epoch)) * "))
    assert verdict["verdict"] != "wrong"
    grows = verdict_on(NETWORK.replace("+ penalty * w", "- penalty * w"))
    assert (grows["verdict"], grows["findings"][0]["mistake"]) == ("wrong", "decay-sign")


SPARING = """\
import numpy as np

rng = np.random.default_rng(4)
x = np.hstack([np.ones((30, 1)), rng.normal(size=(30, 3))])
t = rng.integers(0, 2, 30)
w = {start}
for epoch in range(40):
    d = 1 / (1 + np.exp(-x @ w)) - t
{update}
"""
WHOLE = """\
    g = x.T @ d / 30 + PENALTY * w
    g[0] -= PENALTY * w[0]
    w = w - 0.1 * g"""
PART = """\
    g = x.T @ d / 30
    g[1:] += PENALTY * w[1:]
    w -= 0.1 * g"""
ENTRIES = """\
    for j in range(4):
        g = np.mean(d * x[:, j])
        w[j] -= 0.1 * (g if j == 0 else g + PENALTY * w[j])"""


@pytest.mark.parametrize("start", ["np.zeros(4)", "rng.normal(size=4)"])
@pytest.mark.parametrize("update", [WHOLE, PART, ENTRIES])
def test_a_penalty_that_spares_the_bias_is_right_wherever_the_weights_begin(
    update: str, start: str
) -> None:
    """From weights of 0, nothing showed at first which of them decay; entry after entry, nothing ever."""
    program = SPARING.format(start=start, update=update.replace("PENALTY", "0.07"))
    assert verdict_on(program)["verdict"] == "right"
    climbing = SPARING.format(start=start, update=update.replace("PENALTY", "-0.07"))
    assert verdict_on(climbing, NEVER_RIGHT)["verdict"] != "right"
    assert verdict_on(program.replace("- t", "- 0.9 * t"))["verdict"] == "right"
    wrong = program.replace("@ d", "@ d**2").replace("(d *", "(d**2 *")
    assert verdict_on(wrong, NEVER_RIGHT)["verdict"] != "right"


SIGNS = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(60, 5))
t = (x[:, 0] > 0).astype(float)
w, b = {start}, 0.0
for epoch in range(50):
    d = 1 / (1 + np.exp(-(x @ w + b))) - t
    g = x.T @ d / 60
    g += {penalty} * np.sign(w)
    w -= 0.2 * g
    b -= 0.2 * np.mean(d)
"""


@pytest.mark.parametrize(
    ("start", "penalty"), [("np.zeros(5)", 0.3), ("rng.normal(size=5)", 0.002)]
)
def test_a_penalty_by_signs_is_right_where_weights_pass_0(start: str, penalty: float) -> None:
    """A step past 0 turns the penalty round in the next pass: that was taken for a memory that climbs."""
    program = SIGNS.format(start=start, penalty=penalty)
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace("g +=", "g -="), NEVER_RIGHT)["verdict"] != "right"
    assert verdict_on(program.replace("@ d /", "@ d**2 /"), NEVER_RIGHT)["verdict"] != "right"
    remembered = program.replace("g += ", "k = g.copy(); g -= 0.5 * old; old = k\n    g += ")
    remembered = remembered.replace("for epoch", "old = np.zeros(5)\nfor epoch")
    assert verdict_on(remembered, NEVER_RIGHT)["verdict"] != "right"


def test_weights_that_a_target_of_another_shape_spreads_do_not_break_check() -> None:
    """p - t of a column and a row is a table, and so is the first update: entries before it have no others after it."""
    program = """\
import numpy as np

rng = np.random.default_rng(0)
x, t, w = rng.normal(size=(10, 5)), np.zeros(10), np.zeros((5, 1))
for epoch in range(40):
    p = 1 / (1 + np.exp(-x @ w))
    w = w - 0.05 * (x.T @ (p - t) + 0.01 * w) / 10
"""
    assert verdict_on(program)["verdict"] in ("right", "undecided")


SHRUNK = """\
    g = x.T @ d / 30
    w[0] = w[0] - 0.1 * g[0]
    w[1:] = w[1:] * (1 - 0.1 * 0.07) - 0.1 * g[1:]"""
AFTERWARDS = """\
    g = x.T @ d / 30
    w = w - 0.1 * g
    w[1:] = w[1:] - 0.007 * w[1:]"""
EACH = """\
    for j in range(4):
        g = np.mean(d * x[:, j])
        if j == 0:
            w[j] = w[j] - 0.1 * g
        else:
            w[j] = w[j] * (1 - 0.1 * 0.07) - 0.1 * g"""


@pytest.mark.parametrize(
    ("update", "right", "wrong"),
    [
        (SHRUNK, "g[1:]", "g[1:] * 2"),
        (AFTERWARDS, "0.1 * g", "0.1 * g * [1, 2, 1, 1]"),
        (EACH, "w[j] - 0.1 * g", "w[j] - 0.2 * g"),
    ],
)
def test_entries_that_shrink_before_their_step_are_right(
    update: str, right: str, wrong: str
) -> None:
    program = SPARING.format(start="rng.normal(size=4)", update=update)
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace(right, wrong), NEVER_RIGHT)["verdict"] != "right"
