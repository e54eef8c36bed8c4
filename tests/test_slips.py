"""One name or sign in another's place, where what belongs there is in no recording."""

import pytest

from checked import verdict_on

HANDED_ON = """\
import numpy as np

rng = np.random.default_rng(5)
data = [(rng.normal(size=3), rng.normal(size=2)) for _ in range(6)]
w1, b1 = rng.normal(size=(3, 3)), rng.normal(size=3)
w2, b2 = rng.normal(size=(2, 3)), rng.normal(size=2)


def stepped(w, b, pair):
    return w - 0.1 * np.outer(pair[0], pair[1]), b - 0.1 * pair[0]


for epoch in range(30):
    for x, t in data:
        h1 = np.tanh(w1 @ x + b1)
        e = w2 @ h1 + b2 - t
        g2 = e, h1
        g1 = w2.T @ e * (1 - h1**2), x
        w2, b2 = stepped(w2, b2, g2)
        w1, b1 = stepped(w1, b1, g1)
"""
PASSING = """\
import numpy as np

rng = np.random.default_rng(6)
X, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
w1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
w2, b2 = rng.normal(size=(4, 2)), rng.normal(size=2)
for epoch in range(30):
    for x, t in zip(X, T):
        z1 = x @ w1 + b1
        a1 = np.tanh(z1)
        z2 = a1 @ w2 + b2
        e = z2 - t
        back = w2 @ e * (1 - a1**2)
        w2 -= 0.1 * np.outer(a1, e)
        b2 -= 0.1 * e
        w1 -= 0.1 * np.outer(x, back)
        b1 -= 0.1 * back
"""


@pytest.mark.parametrize(
    ("program", "line", "wrong", "mistake"),
    [
        (HANDED_ON, "w1, b1 = stepped(w1, b1, g1)", "w1, b1 = stepped(w1, b1, h1)", "wrong-variable"),
    ],
)  # fmt: skip
def test_a_slip_is_put_right(program: str, line: str, wrong: str, mistake: str) -> None:
    assert program.count(line) == 1
    verdict = verdict_on(program.replace(line, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert finding["line"] == program[: program.index(line)].count("\n") + 1
    assert finding["fix"].strip() == line


@pytest.mark.parametrize("program", [HANDED_ON, PASSING])
def test_what_has_no_slip_is_right(program: str) -> None:
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize(("own", "other"), [("b2 -=", "z2 -="), ("b1 -=", "z1 -=")])
def test_a_bias_is_never_updated_where_a_passing_value_is(own: str, other: str) -> None:
    verdict = verdict_on(PASSING.replace(own, other))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["mistake"] == "parameter-never-updated"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        # Errors that come back by a matrix of their own, which nothing else reads.
        ("back = w2 @ e", "back = f2 @ e"),
        # Hidden layers that learn without errors.
        ("b1 -= 0.1 * back", "b1 += 0.01 * (a1 - b1)"),
        # What is turned round on its way back.
        ("w1 -= 0.1 * np.outer(x, back)", "w1 -= 0.1 * np.outer(x, 0.3 * back - 0.1 * np.sign(a1))"),
    ],
)  # fmt: skip
def test_what_is_meant_is_not_put_right(line: str, meant: str) -> None:
    assert line in PASSING
    program = PASSING.replace(line, meant).replace(
        "for epoch", "f2 = rng.normal(size=(4, 2))\nfor epoch"
    )
    assert not any(finding["proved"] for finding in verdict_on(program, seconds=15)["findings"])
