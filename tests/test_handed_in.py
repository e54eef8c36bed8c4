"""What a function is handed, and does with it: the call is wrong, or what stands in the function."""

from pathlib import Path

import pytest

from test_repair import findings_in, line_of

from checked import verdict_on

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


GRID = """\
import math, random

random.seed(5)

class Grid:
    def __init__(self, height, width):
        self.height, self.width = height, width
        self.cells = [[random.gauss(0, 1) for _ in range(width)] for _ in range(height)]

    @staticmethod
    def product(one, two):
        made = Grid(one.height, two.width)
        for i in range(one.height):
            for j in range(two.width):
                total = 0
                for k in range(one.width):
                    total += one.cells[i][k] * two.cells[k][j]
                made.cells[i][j] = total
        return made

    @staticmethod
    def column(numbers):
        made = Grid(len(numbers), 1)
        for i in range(len(numbers)):
            made.cells[i][0] = numbers[i]
        return made

    def plus(self, other, factor=1):
        if isinstance(other, Grid):
            if other.height != self.height:
                raise ValueError(other.height)
            for i in range(self.height):
                for j in range(self.width):
                    self.cells[i][j] = self.cells[i][j] + factor * other.cells[i][j]
        else:
            for i in range(self.height):
                for j in range(self.width):
                    self.cells[i][j] = self.cells[i][j] + other

    def times(self, other):
        made = Grid(self.height, self.width)
        for i in range(self.height):
            for j in range(self.width):
                made.cells[i][j] = self.cells[i][j] * other.cells[i][j]
        return made

    def turned(self):
        made = Grid(self.width, self.height)
        for i in range(self.height):
            for j in range(self.width):
                made.cells[j][i] = self.cells[i][j]
        return made

    def each(self, function):
        made = Grid(self.height, self.width)
        for i in range(self.height):
            for j in range(self.width):
                made.cells[i][j] = function(self.cells[i][j])
        return made

w1, b1, w2, b2 = Grid(2, 2), Grid(2, 1), Grid(3, 2), Grid(3, 1)
samples = [([0.2, 0.7], [0.9, 0.1, 0.4]), ([0.6, -0.3], [0.3, 0.8, 0.7])]
for epoch in range(9):
    for x, t in samples:
        x, t = Grid.column(x), Grid.column(t)
        h = Grid.product(w1, x)
        h.plus(b1)
        h = h.each(lambda v: 1 / (1 + math.exp(-v)))
        y = Grid.product(w2, h)
        y.plus(b2)
        y = y.each(lambda v: 1 / (1 + math.exp(-v)))
        error = t.each(lambda v: v)
        error.plus(y, -1)
        delta = error.times(y.each(lambda v: v * (1 - v)))
        back = Grid.product(w2.turned(), delta)
        hidden = back.times(h.each(lambda v: v * (1 - v)))
        w2.plus(Grid.product(delta, h.turned()), 0.5)
        b2.plus(delta, 0.5)
        w1.plus(Grid.product(hidden, x.turned()), 0.5)
        b1.plus(hidden, 0.5)
"""
BACK = "        back = Grid.product(w2.turned(), delta)\n"
HIDDEN = "        hidden = back.times(h.each(lambda v: v * (1 - v)))\n"
STEP = "        w2.plus(Grid.product(delta, h.turned()), 0.5)\n"


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (BACK, BACK.replace("delta", "error"), {("raw-error-backpropagated", "back =")}),
        (BACK + HIDDEN + STEP, STEP + BACK + HIDDEN, {("updated-weights", "w2.plus")}),
        (
            BACK + HIDDEN + STEP,
            STEP + BACK.replace("delta", "error") + HIDDEN,
            {("raw-error-backpropagated", "back ="), ("updated-weights", "w2.plus")},
        ),
    ],
    ids=["raw error", "updated weights", "both"],
)  # fmt: skip
def test_arithmetic_of_ones_own_is_not_blamed_for_what_it_is_handed(
    right: str, wrong: str, expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    assert GRID.count(right) == 1
    source = GRID.replace(right, wrong)
    found = findings_in(source, tmp_path)
    lines = {(name, line_of(source, line)) for name, line in expected}
    assert {(one.mistake, one.line) for one in found} == lines
    assert all(one.proved and one.fix is None for one in found)


MASKED = """\
import numpy as np
rng = np.random.default_rng(7)
x, t = rng.normal(size=(9, 2)), rng.uniform(size=(9, 2))

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(s):
    return s * (1 - s)

w1, w2 = rng.normal(size=(2, 4)), rng.normal(size=(4, 2))
for epoch in range(40):
    h = sigmoid(x @ w1)
    mask = (rng.random(h.shape) > 0.5).astype(float)
    h *= mask
    h /= 0.5
    y = sigmoid(h @ w2)
    d2 = (y - t) * slope(y)
    d1 = d2 @ w2.T * mask
    d1 = d1 * slope(h)
    w2 -= 0.5 * h.T @ d2
    w1 -= 0.5 * x.T @ d1
"""


def test_a_helper_that_is_right_elsewhere_is_handed_the_wrong_value(tmp_path: Path) -> None:
    (finding,) = findings_in(MASKED, tmp_path)
    assert (finding.line, finding.proved) == (line_of(MASKED, "d1 = d1 * slope"), True)


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


# One number for all units where each has a slope of its own, by a helper that is right elsewhere.
ONE_FOR_ALL = """\
import math, random
random.seed(4)

def dot(a, b):
    return sum([i * j for (i, j) in zip(a, b)])

def scaled(m, s):
    if type(m) == list:
        if type(m[0]) == list:
            made = []
            for row in m:
                made.append([s * el for el in row])
        else:
            made = [s * el for el in m]
    else:
        made = m * s
    return made

def less(a, b):
    if type(a[0]) == list:
        return [[i - j for i, j in zip(one, two)] for one, two in zip(a, b)]
    return [i - j for i, j in zip(a, b)]

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

w1 = [[random.gauss(0, 1) for _ in range(3)] for _ in range(4)]
b1 = [random.gauss(0, 1) for _ in range(4)]
w2, b2 = [random.gauss(0, 1) for _ in range(4)], random.gauss(0, 1)
data = [([random.gauss(0, 1) for _ in range(3)], random.choice([0, 1])) for _ in range(20)]
for epoch in range(30):
    for x, y in data:
        a1 = [sigmoid(dot(x, w) + b) for w, b in zip(w1, b1)]
        a2 = sigmoid(dot(a1, w2) + b2)
        error = (a2 - y) * a2 * (1 - a2)
        dw2 = scaled(a1, error)
        slope = dot(a1, [1 - a for a in a1])
        back = scaled(w2, error)
        delta = scaled(back, slope)
        dw1 = []
        for d in delta:
            dw1.append([d * value for value in x])
        w1 = less(w1, scaled(dw1, 0.1))
        b1 = less(b1, scaled(delta, 0.1))
        w2 = less(w2, scaled(dw2, 0.1))
        b2 = b2 - 0.1 * error
"""


def test_a_large_helper_that_serves_other_calls_is_not_to_blame() -> None:
    (found,) = verdict_on(ONE_FOR_ALL)["findings"]
    line = ONE_FOR_ALL[: ONE_FOR_ALL.index("delta = scaled(back, slope)")].count("\n") + 1
    assert (found["line"], found["mistake"], found["proved"]) == (line, "wrong-variable", True)
    right = ONE_FOR_ALL.replace("dot(a1, [1 - a for a in a1])", "[a * (1 - a) for a in a1]")
    right = right.replace("scaled(back, slope)", "[d * s for d, s in zip(back, slope)]")
    assert verdict_on(right)["verdict"] == "right"
