"""A program that makes a single step: its parameters change once, as much else does that is changed by itself."""

import pytest

from checked import verdict_on

PROGRAM = """\
import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


rng = np.random.default_rng(5)
x, t = rng.normal(size=(6, 3)), np.eye(2)[[0, 1, 1, 0, 1, 0]]
w1, b1 = rng.normal(size=(3, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 2)), np.zeros(2)
a1 = np.tanh(x @ w1 + b1)
p = softmax(a1 @ w2 + b2)
d2 = (p - t) / len(x)
dw2, db2 = a1.T @ d2, d2.sum(axis=0)
e1 = d2 @ w2.T
d1 = e1 * (1 - a1**2)
dw1, db1 = x.T @ d1, d1.sum(axis=0)
w2 -= 0.1 * dw2
b2 -= 0.1 * db2
w1 -= 0.1 * dw1
b1 -= 0.1 * db1
"""


def test_every_parameter_of_a_single_step_is_judged() -> None:
    """z - max(z) looks like an update of z, behind which no error comes to the first layer."""
    verdict = verdict_on(PROGRAM)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert {row["name"] for row in verdict["parameters"]} == {"w1", "b1", "w2", "b2"}


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [("db1 = x.T @ d1, d1.sum(axis=0)", "db1 = x.T @ d1, d1.sum()", 19), ("x.T @ d1", "x.T @ e1", 19)],
)  # fmt: skip
def test_a_mistake_in_a_single_step_is_found(right: str, wrong: str, line: int) -> None:
    verdict = verdict_on(PROGRAM.replace(right, wrong))
    found = [(one["line"], one["proved"]) for one in verdict["findings"]]
    assert found == [(line, True)], verdict["reason"]


def test_the_operand_of_einsum_is_put_right_and_not_its_letters() -> None:
    letters = 'np.einsum("si,sj->ij", {}, d2)'
    wrong = PROGRAM.replace("a1.T @ d2", letters.format("np.sin(a1)"))
    wrong = wrong.replace("p = soft", "s1 = np.sin(a1)\np = soft").replace(
        "np.sin(a1), d2", "s1, d2"
    )
    (found,) = verdict_on(wrong)["findings"]
    assert found["fix"].strip() == "dw2, db2 = " + letters.format("a1") + ", d2.sum(axis=0)"
