"""Updates with another parameter in the place of their own: what `check` says of them."""

import pytest

from checked import verdict_on

NUMBERS = """\
import math

a, b, c, d = 0.3, -0.4, 0.7, 0.1
points = [(0.5, 0.2), (-1.0, 0.9), (0.8, 0.4), (0.1, 0.6)]
for epoch in range(60):
    for x, t in points:
        h = math.tanh(a * x + b)
        y = c * h + d
        e = y - t
        back = e * c * (1 - h * h)
        c = c - 0.2 * e * h
        d = d - 0.2 * e
        a = a - 0.2 * back * x
        b = b - 0.2 * back
"""
ARRAYS = """\
import numpy as np

rng = np.random.default_rng(3)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))


class Net:
    def __init__(self):
        self.v, self.p = rng.normal(size=(3, 4)), np.zeros(4)
        self.w, self.q = rng.normal(size=(4, 2)), np.zeros(2)


def moved(weights, bias, inputs, delta):
    return weights - 0.1 * inputs.T @ delta, bias - 0.1 * delta.sum(axis=0)


net = Net()
for epoch in range(30):
    h = np.tanh(X @ net.v + net.p)
    e = (h @ net.w + net.q - T) / len(X)
    back = e @ net.w.T * (1 - h**2)
    net.w -= 0.1 * h.T @ e
    net.q -= 0.1 * e.sum(axis=0)
    net.v, net.p = moved(net.v, net.p, X, back)
"""


def assert_corrected(program: str, line: str, wrong: str) -> None:
    assert program.count(line) == 1
    assert verdict_on(program)["verdict"] == "right"
    verdict = verdict_on(program.replace(line, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["mistake"] == "wrong-variable"
    assert finding["proved"]
    assert finding["line"] == program[: program.index(line)].count("\n") + 1
    assert finding["fix"].strip() == line


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("d = d - 0.2 * e", "d = c - 0.2 * e"),
        ("a = a - 0.2 * back * x", "a = b - 0.2 * back * x"),
        ("c = c - 0.2 * e * h", "c = h - 0.2 * e * h"),
    ],
)
def test_a_number_that_goes_on_from_another_is_wrong(line: str, wrong: str) -> None:
    assert_corrected(NUMBERS, line, wrong)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("net.q -= 0.1 * e.sum(axis=0)", "net.w -= 0.1 * e.sum(axis=0)"),
        (
            "net.v, net.p = moved(net.v, net.p, X, back)",
            "net.v, net.p = moved(net.v, net.q, X, back)",
        ),
    ],
)
def test_an_array_that_is_updated_in_the_place_of_another_is_wrong(line: str, wrong: str) -> None:
    if "moved" in line:  # a bias of four units goes on from one of two: shapes must agree
        arrays = ARRAYS.replace("size=(9, 2)", "size=(9, 4)").replace("(4, 2)", "(4, 4)")
        assert_corrected(arrays.replace("np.zeros(2)", "np.zeros(4)"), line, wrong)
    else:
        assert_corrected(ARRAYS, line, wrong)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (3, 2, 1, 0)])
def test_an_update_that_is_lost_in_another_number_is_wrong(order: tuple[int, ...]) -> None:
    """What moves b is thrown away in every pass, and each update by itself follows its gradient."""
    before, updates = NUMBERS.split("        c = c")
    lines = f"        c = c{updates}".splitlines(keepends=True)
    program = before + "".join(lines[k] for k in order)
    assert_corrected(program, "d = d - 0.2 * e", "b = d - 0.2 * e")


@pytest.mark.parametrize(
    "line",
    [
        "net.w = net.w - 0.1 * h.T @ e",  # no statement that changes one value twice
        "old = net.w; net.w = old - 0.1 * h.T @ e",
    ],
)
def test_updates_written_otherwise_are_right(line: str) -> None:
    assert verdict_on(ARRAYS.replace("net.w -= 0.1 * h.T @ e", line))["verdict"] == "right"


def test_a_decay_after_the_update_is_no_mistake() -> None:
    line = "net.w -= 0.1 * h.T @ e"
    decaying = ARRAYS.replace(line, f"{line}; net.w -= 0.001 * net.w")
    assert verdict_on(decaying)["verdict"] != "wrong"


def test_another_loss_is_not_put_right_by_another_name() -> None:
    """Quartic errors descend no loss that is known; one weight stays as it was drawn, perhaps on purpose."""
    program = ARRAYS.replace("(h @ net.w + net.q - T)", "(h @ net.w + net.q - T) ** 3")
    program = program.replace("net.q -= 0.1 * e.sum(axis=0)", "net.w -= 0.001 * net.w")
    assert verdict_on(program)["verdict"] == "undecided"
