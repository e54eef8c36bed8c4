"""Mistakes beside penalties: these are part of every update, remembered by momentum, and hide nothing."""

import pytest

from certain_network import NETWORK, line_of

from checked import NEVER_RIGHT, verdict_on

# Weights have a penalty, biases none.
PENALIZED = NETWORK.replace("(a1.T @ d2)", "(a1.T @ d2 + 0.01 * w2)").replace(
    "(x.T @ d1)", "(x.T @ d1 + 0.01 * w1)"
)
MOMENTUM = """\
    dw2, db2 = a1.T @ d2 / 30 + 0.3 * w2, d2.sum(axis=0) / 30
    dw1, db1 = x.T @ d1 / 30 + 0.3 * w1, d1.sum(axis=0) / 30
    m2, n2, m1, n1 = (0.9 * m + 0.1 * g for m, g in zip((m2, n2, m1, n1), (dw2, db2, dw1, db1)))
    w2, b2, w1, b1 = w2 - rate * m2, b2 - rate * n2, w1 - rate * m1, b1 - rate * n1
"""
REMEMBERED = (
    NETWORK[: NETWORK.index("    w2 -=")].replace("rate = 0.3\n", "rate = 0.3\nm2 = n2 = m1 = n1 = 0.0\n")
    + MOMENTUM
)  # fmt: skip
# A rate that falls from pass to pass, within what momentum remembers.
FALLING = (
    REMEMBERED.replace("0.9 * m + 0.1 * g", "0.9 * m + rate * g").replace("rate * m", "m").replace("rate * n", "n")
    + "    rate *= 0.98\n"
)  # fmt: skip


@pytest.mark.parametrize("program", [PENALIZED, REMEMBERED, FALLING])
def test_penalties_leave_right_programs_right(program: str) -> None:
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize(
    ("program", "right", "wrong", "mistake", "line"),
    [
        (REMEMBERED, "d2 @ w2.T", "d2 @ np.abs(w2).T", "wrong-operator", "d1"),
        (REMEMBERED, "* slope(a1)", "* (1 - a1)", None, "d1"),
        (PENALIZED, "d2.sum(axis=0)", "0.5 * d2.sum(axis=0)", "parameter-mis-scaled", "b2"),
        (PENALIZED, "error = a2 - t", "error = (a2 - t) ** 2", "wrong-operator", "error"),
    ],
)
def test_mistakes_beside_penalties_are_found(
    program: str, right: str, wrong: str, mistake: str | None, line: str
) -> None:
    assert program.count(right) == 1
    verdict = verdict_on(program.replace(right, wrong))
    (finding,) = verdict["findings"]
    assert verdict["verdict"] == "wrong"
    assert finding["proved"]
    assert mistake is None or finding["mistake"] == mistake
    assert finding["line"] == line_of(line) + (program is REMEMBERED)


def test_biases_with_a_named_rate_beside_penalties_are_right() -> None:
    own = PENALIZED.replace("b2 -= rate", "b2 -= bias_rate").replace(
        "b1 -= rate", "b1 -= bias_rate"
    )
    assert (
        verdict_on(own.replace("rate = 0.3", "rate, bias_rate = 0.3, 0.15"), NEVER_RIGHT)["verdict"]
        == "right"
    )


def test_halved_gradients_of_biases_beside_penalties_and_a_falling_rate_are_found() -> None:
    halved = FALLING.replace("d2.sum(axis=0) / 30", "d2.sum(axis=0) / 60").replace(
        "d1.sum(axis=0) / 30", "d1.sum(axis=0) / 60"
    )
    verdict = verdict_on(halved)
    assert verdict["verdict"] == "wrong", verdict["reason"]
