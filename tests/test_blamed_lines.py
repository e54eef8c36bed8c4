"""Mistakes that several lines could be blamed for are told at the line that somebody has to change."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.repairing.alternatives import turned_instance
from chainrule.recording.recording import Recording
from chainrule.recording.rewriting import Sites
from test_repair import findings_in, line_of

from checked import verdict_on

SUMS = """\
import math, random
random.seed(4)
data = [([0.1, 0.9], [0.3, 0.6]), ([0.7, 0.2], [0.8, 0.1]), ([0.4, 0.5], [0.1, 0.9])]
w = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
v = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(2)]
for epoch in range(12):
    for x, t in data:
        h = [math.tanh(sum(p * q for p, q in zip(row, x))) for row in w]
        d = [sum(p * q for p, q in zip(v[k], h)) - t[k] for k in range(2)]
        for j in range(3):
            total = 0
            for k in range(2):
                total += d[k] * v[k][j]
            for i in range(2):
                w[j][i] -= 0.1 * total * (1 - h[j] ** 2) * x[i]
        for k in range(2):
            for j in range(3):
                v[k][j] -= 0.1 * d[k] * h[j]
"""


def test_a_sum_of_errors_that_does_not_begin_at_0_is_found_where_it_begins(tmp_path: Path) -> None:
    assert not findings_in(SUMS, tmp_path)
    (finding,) = findings_in(SUMS.replace("total = 0", "total = 1"), tmp_path)
    assert (finding.mistake, finding.line) == ("wrong-constant", line_of(SUMS, "total = 0"))
    assert finding.fix == "            total = 0"


def test_a_bias_that_climbs_beside_weights_that_descend_is_wrong_at_its_update(
    tmp_path: Path,
) -> None:
    program = """\
import numpy as np
rng = np.random.default_rng(3)
x = rng.normal(size=(20, 3))
y = (x[:, 0] > x[:, 1]) * 1.0
w, b = np.zeros(3), 0
for epoch in range(30):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    dw = x.T @ (p - y) / 20
    db = np.sum(p - y) / 20
    w -= 0.1 * dw
    b += 0.1 * db
"""
    (finding,) = findings_in(program, tmp_path)
    assert (finding.mistake, finding.line) == ("sign-error", line_of(program, "b +="))


LOGISTIC = """\
import numpy as np
rng = np.random.default_rng(3)
x = rng.normal(size=(20, 3))
y = (x[:, 0] > x[:, 1]) * 1.0
w, b = np.zeros(3), 0
for epoch in range(30):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    dw = x.T @ (p - y) / 20
    db = np.sum(p - y) / 20
    w -= 0.1 * dw
    b -= 0.1 * db
"""


def test_weights_that_move_by_the_gradient_of_a_bias_follow_no_loss() -> None:
    assert verdict_on(LOGISTIC)["verdict"] == "right"
    (finding,) = verdict_on(LOGISTIC.replace("0.1 * dw", "0.1 * db"))["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-variable", line_of(LOGISTIC, "w -="))


PARTS = """\
import numpy as np
rng = np.random.default_rng(8)
x, t = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
w, v = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))

def predict(x):
    global h
    h = np.tanh(x @ w)
    return np.tanh(h @ v)

for epoch in range(20):
    print(SHOWN)
    for part in (slice(0, 10), slice(10, 20)):
        p = predict(x[part])
        d = (p + t[part]) * (1 - p**2)
        g, e = h.T @ d, x[part].T @ (d @ v.T * (1 - h**2))
        v -= 0.02 * g
        w -= 0.02 * e
"""


def test_targets_that_errors_add_and_scores_take_off_are_added_by_mistake() -> None:
    scored = PARTS.replace("SHOWN", "np.mean((predict(x) - t) ** 2)")
    (finding,) = verdict_on(scored)["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-operator", line_of(PARTS, "d = "))
    # Of -t it would be right. The loss of all samples is one of other weights than the second part's errors.
    assert verdict_on(scored.replace("- t)", "+ t)"))["verdict"] != "wrong"


def test_what_an_object_keeps_is_wrong_where_it_is_used(tmp_path: Path) -> None:
    source = """\
import numpy as np

rng = np.random.default_rng(5)


class Layer:
    def __init__(self, n, m):
        self.w, self.b = rng.normal(size=(n, m)), np.zeros(m)

    def forward(self, x):
        self.x = x
        self.z = x @ self.w + self.b
        self.a = 1 / (1 + np.exp(-self.z))
        return self.a

    def slope(self):
        return self.z * (1 - self.z)

    def backward(self, error):
        d = error * self.slope()
        back = d @ self.w.T
        self.w -= 0.3 * self.x.T @ d
        self.b -= 0.3 * d.sum(axis=0)
        return back


x, t = rng.normal(size=(9, 3)), rng.uniform(size=(9, 2))
first, last = Layer(3, 4), Layer(4, 2)
for step in range(40):
    a = last.forward(first.forward(x))
    first.backward(last.backward(a - t))
"""
    findings = findings_in(source, tmp_path)
    assert findings
    assert {(one.line, one.proved) for one in findings} == {
        (line_of(source, "return self.z"), True)
    }


def test_what_a_function_keeps_twice_is_wrong_where_it_keeps_it() -> None:
    source = """\
import numpy as np

rng = np.random.default_rng(5)
w1, w2, w3 = (rng.normal(size=(3, 3)) for _ in range(3))


def gradients(x, t):
    h1 = np.tanh(x @ w1)
    h2 = np.tanh(h1 @ w2)
    e = h2 @ w3 - t
    kept = h1, h1, e
    before, after, d3 = kept
    d2 = d3 @ w3.T * (1 - after**2)
    d1 = d2 @ w2.T * (1 - before**2)
    return x.T @ d1, before.T @ d2, after.T @ d3


x, t = rng.normal(size=(9, 3)), rng.normal(size=(9, 3))
for step in range(40):
    for w, g in zip((w1, w2, w3), gradients(x, t)):
        w -= 0.02 * g
"""
    (finding,) = verdict_on(source)["findings"]
    assert (finding["fix"].strip(), finding["proved"]) == ("kept = h1, h2, e", True)


def test_a_place_outside_of_all_turns_has_no_other_row_and_column() -> None:
    steps = {k: Instruction("multiply", (), k, {}) for k in (1, 2, 3, 4, 9)}
    scene: Any = SimpleNamespace(
        place_of=lambda step: (),
        instances_near=lambda place, position: [1, 2, 3, 4],
        program=SimpleNamespace(step_of=steps),
    )
    assert turned_instance(scene, steps[2], 2) is steps[3]
    assert turned_instance(scene, steps[9], 2) is None


def test_what_an_edit_makes_of_a_value_may_be_a_plain_number() -> None:
    program = Program(Recording(), Sites())
    step = Instruction("transpose", (0,), 1, {"axes": None}, seen=((0, lambda value, _: 2.0),))
    assert program.apply(step, [np.array(3.0), None]) == 2.0


ROWS = """\
import numpy as np
rng = np.random.default_rng(1)
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
data = [(rng.normal(size=3), rng.normal(size=2)) for _ in range(8)]
for epoch in range(10):
    for x, t in data:
        z = w1 @ x
        values = [x, np.tanh(z), z]
        delta = w2 @ values[1] - t
        inputs = values[1]
        before = w2.T @ delta * (1 - values[1] ** 2)
        delta = np.array([delta])
        inputs = np.array([inputs])
        w2 -= 0.1 * delta.T @ inputs
        w1 -= 0.1 * np.outer(before, x)
"""


def test_a_row_that_is_made_of_a_wrong_entry_is_blamed_where_that_is_chosen(tmp_path: Path) -> None:
    assert not findings_in(ROWS, tmp_path)
    (finding,) = findings_in(ROWS.replace("inputs = values[1]", "inputs = values[2]"), tmp_path)
    assert (finding.mistake, finding.line) == ("wrong-layer-input", line_of(ROWS, "inputs = val"))
    assert finding.proved


CALLED_IN_LINES = """\
import numpy as np

rng = np.random.default_rng(1)
w, v = rng.normal(size=(3, 3)), rng.normal(size=(1, 3))


def learn(x, t):
    global w, v
    x = np.array(x, ndmin=2).T
    h = 1 / (1 + np.exp(-(w @ x)))
    y = 1 / (1 + np.exp(-(v @ h)))
    error = t - y
    back = v.T @ error
    v += 0.3 * (error * y * (1 - y)) @ h.T
    w += 0.3 * (back * h * (1 - h)) @ x.T


learn([0.3, 0.4, 0.2], 0.55)
learn([0.4, 0.6, 0.4], 0.75)
learn([0.1, 0.9, 0.5], 0.35)
learn([0.8, 0.7, 0.1], 0.65)
"""


def test_what_is_called_in_several_lines_has_one_mistake(tmp_path: Path) -> None:
    """Each call takes a step of its own: what it does at a line is one place, whoever calls it."""
    (finding,) = findings_in(CALLED_IN_LINES, tmp_path)
    assert finding.mistake == "raw-error-backpropagated"
    assert finding.line == line_of(CALLED_IN_LINES, "back =")
    right = CALLED_IN_LINES.replace("v.T @ error", "v.T @ (error * y * (1 - y))")
    assert verdict_on(right)["verdict"] == "right"
