"""What a function is handed, and does with it: the call is wrong, or what stands in the function."""

from pathlib import Path

import pytest

from test_repair import findings_in, line_of

STEPS = """\
import numpy as np

rng = np.random.default_rng(14)
x, t = rng.normal(size=(4, 9)), np.eye(3)[rng.integers(0, 3, 9)].T
alpha, m = 0.1, 9

def backward(z1, a1, a2, w2):
    dz2 = a2 - t
    dw2 = 1 / m * dz2 @ a1.T
    db2 = 1 / m * np.sum(dz2, axis=1, keepdims=True)
    dz1 = w2.T @ dz2 * (z1 > 0)
    dw1 = 1 / m * dz1 @ x.T
    db1 = 1 / m * np.sum(dz1, axis=1, keepdims=True)
    return dw1, db1, dw2, db2

def update(w1, b1, w2, b2, dw1, db1, dw2, db2):
    w1 = w1 - alpha * dw1
    b1 = b1 - alpha * db1
    w2 = w2 - alpha * dw2
    b2 = b2 - alpha * db2
    return w1, b1, w2, b2

w1, b1 = rng.normal(size=(3, 4)), np.zeros((3, 1))
w2, b2 = rng.normal(size=(3, 3)), np.zeros((3, 1))
for epoch in range(40):
    z1 = w1 @ x + b1
    a1 = np.maximum(z1, 0)
    z2 = w2 @ a1 + b2
    a2 = np.exp(z2) / np.exp(z2).sum(axis=0)
    w1, b1, w2, b2 = update(w1, b1, w2, b2, *backward(z1, a1, a2, w2))
"""


@pytest.mark.parametrize(
    ("right", "wrong", "mistake", "line"),
    [
        ("b1 - alpha * db1", "b1 - alpha * db2", "wrong-variable", "b1 = b1"),
        ("b2 - alpha * db2", "b2 - db2", "parameter-mis-scaled", "b2 = b2"),
        ("b2 - alpha * db2", "b2 - alpha * db2 * db2", "wrong-operator", "b2 = b2"),
    ],
)  # fmt: skip
def test_a_function_that_uses_rightly_elsewhere_what_it_was_handed_is_wrong_itself(
    right: str, wrong: str, mistake: str, line: str, tmp_path: Path
) -> None:
    assert STEPS.count(right) == 1
    source = STEPS.replace(right, wrong)
    (finding,) = findings_in(source, tmp_path)
    assert (finding.mistake, finding.line) == (mistake, line_of(source, line))
    assert finding.proved


def test_a_wrong_sum_is_blamed_where_it_is_taken_though_it_goes_on_under_another_name(
    tmp_path: Path,
) -> None:
    source = STEPS.replace("b1 = b1 - alpha * db1", "step = db1\n    b1 = b1 - alpha * step")
    source = source.replace("np.sum(dz1, axis=1, keepdims=True)", "np.sum(dz1)")
    (finding,) = findings_in(source, tmp_path)
    assert (finding.mistake, finding.line) == ("bias-summed-over-all", line_of(source, "db1 ="))


LAST = "    w1, b1, w2, b2 = update(w1, b1, w2, b2, *backward(z1, a1, a2, w2))\n"
TUPLE = STEPS.replace(
    LAST,
    "    dw1, db1, dw2, db2 = backward(z1, a1, a2, w2)\n"
    "    w1, b1, w2, b2 = update(w1, b1, w2, b2, dw1, db1, dw2, db2)\n",
)
TABLE = STEPS.replace(
    "return dw1, db1, dw2, db2", 'return {"dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2}'
).replace(
    LAST,
    "    g = backward(z1, a1, a2, w2)\n"
    '    dw1, db1, dw2, db2 = g["dw1"], g["db1"], g["dw2"], g["db2"]\n'
    "    w1, b1, w2, b2 = update(w1, b1, w2, b2, dw1, db1, dw2, db2)\n",
)


@pytest.mark.parametrize(
    ("program", "right", "wrong"),
    [(TUPLE, "return dw1, db1,", "return dw1, db2,"), (TABLE, '"db1": db1', '"db1": db2')],
)
def test_what_is_read_by_the_name_of_what_belongs_there_is_wrong_where_it_got_that_name(
    program: str, right: str, wrong: str, tmp_path: Path
) -> None:
    assert not findings_in(program, tmp_path)
    (finding,) = findings_in(program.replace(right, wrong), tmp_path)
    assert (finding.mistake, finding.line) == ("wrong-variable", 14)
    assert finding.fix is not None
    assert right in finding.fix
