"""Values that a program holds fast, or draws and takes off, are no mistake."""

from checked import verdict_on

HELD = """
x, t = [8.5, 0.65, 1.2], 1
weights = [0.1, 0.2, -0.1]
for _ in range(9):
    error = sum(a * w for a, w in zip(x, weights)) - t
    steps = [error * a for a in x]
    {held}
    for k in range(3):
        weights[k] -= 0.01 * steps[k]
"""


def test_a_constant_that_the_source_holds_fast_is_not_called_wrong() -> None:
    verdict = verdict_on(HELD.format(held="steps[0] = 0"))
    assert (verdict["verdict"], verdict["findings"]) == ("undecided", [])
    rows = [row["verdict"] for row in verdict["parameters"]]
    assert (rows.count("right"), rows.count("never-updated")) == (1, 1)


def test_one_whose_step_is_multiplied_by_0_is_wrong() -> None:
    assert verdict_on(HELD.format(held="steps[0] *= 0"))["verdict"] == "wrong"


THRESHOLDS = """
import random, math
import numpy as np
random.seed(4)

def drawn(low, high):
    return (high - low) * random.random() + low

class Unit:
    def __init__(self, size):
        self.w = np.array([drawn(-1, 1) for _ in range(size)])
        self.theta = drawn(-1, 1)

    def out(self, x):
        return 1 / (1 + np.exp(-(sum(a * b for a, b in zip(x, self.w)) - self.theta)))

first, second, last = Unit(2), Unit(2), Unit(2)
for epoch in range(40):
    for x, t in zip([[1, 0], [0, 1], [1, 1], [0, 0]], [1, 1, 0, 0]):
        h = np.array([first.out(x), second.out(x)])
        y = last.out(h)
        d = y * (1 - y) * (t - y)
        e = h * (1 - h) * d * last.w
        last.w = last.w + 0.5 * d * h
        for unit, share in ((first, e[0]), (second, e[1])):
            unit.w = unit.w + 0.5 * share * np.array(x)
            unit.theta = unit.theta - 0.5 * share
        last.theta = last.theta - 0.5 * d
"""


def test_thresholds_that_are_drawn_and_taken_off_are_no_targets() -> None:
    assert verdict_on(THRESHOLDS)["verdict"] == "right"
    source = THRESHOLDS.replace("            unit.theta = unit.theta - 0.5 * share\n", "")
    verdict = verdict_on(source.replace("        last.theta = last.theta - 0.5 * d\n", ""))
    lines = source.splitlines()
    assert verdict["verdict"] == "wrong"
    for finding in verdict["findings"]:
        assert finding["mistake"] == "parameter-never-updated"
        assert "theta = drawn" in lines[finding["line"] - 1]
