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
OVER_TIME = """\
import numpy as np

rng = np.random.default_rng(1)
sequences = rng.normal(size=(6, 4, 2))
answers = rng.normal(size=(6, 4, 2))
w, u = 0.5 * rng.normal(size=(2, 3)), 0.5 * rng.normal(size=(3, 3))
v, b = 0.5 * rng.normal(size=(3, 2)), np.zeros(2)
parameters = [w, u, v, b]
squares = [np.zeros_like(p) for p in parameters]
for x, t in zip(sequences, answers):
    states, errors, loss = [np.zeros(3)], [], 0.0
    for k in range(4):
        states.append(np.tanh(x[k] @ w + states[k] @ u))
        errors.append(states[k + 1] @ v + b - t[k])
        loss += 0.5 * np.sum(errors[k] ** 2)
    gw, gu, gv = np.zeros_like(w), np.zeros_like(u), np.zeros_like(v)
    total = np.zeros_like(b)
    back = np.zeros(3)
    for k in reversed(range(4)):
        e = errors[k].copy()
        gv += np.outer(states[k + 1], e)
        total += e
        d = (v @ e + u @ back) * (1 - states[k + 1] ** 2)
        gw += np.outer(x[k], d)
        gu += np.outer(states[k], d)
        back = d
    for p, g, s in zip(parameters, [gw, gu, gv, total], squares):
        s += g * g
        p -= 0.1 * g / np.sqrt(s + 1e-8)
"""
TWO_OUTPUTS = """\
from math import exp

x1, x2, t1, t2 = 0.4, -0.7, 0.3, 0.8
u1, u2, u3, u4 = 0.2, -0.3, 0.4, 0.6
v1, v2, v3, v4 = 0.5, -0.4, 0.3, 0.2
for step in range(40):
    h1 = 1 / (1 + exp(-(u1 * x1 + u2 * x2)))
    h2 = 1 / (1 + exp(-(u3 * x1 + u4 * x2)))
    p1 = 1 / (1 + exp(-(v1 * h1 + v2 * h2)))
    p2 = 1 / (1 + exp(-(v3 * h1 + v4 * h2)))
    total = 0.5 * (t1 - p1) ** 2 + 0.5 * (t2 - p2) ** 2
    e1 = (p1 - t1) * p1 * (1 - p1)
    e2 = (p2 - t2) * p2 * (1 - p2)
    d1 = (e1 * v1 + e2 * v3) * h1 * (1 - h1)
    d2 = (e1 * v2 + e2 * v4) * h2 * (1 - h2)
    v1, v2, v3, v4 = v1 - 0.5 * e1 * h1, v2 - 0.5 * e1 * h2, v3 - 0.5 * e2 * h1, v4 - 0.5 * e2 * h2
    u1, u2, u3, u4 = u1 - 0.5 * d1 * x1, u2 - 0.5 * d1 * x2, u3 - 0.5 * d2 * x1, u4 - 0.5 * d2 * x2
"""
EPSILON = """\
import numpy as np

rng = np.random.default_rng(8)
x = rng.normal(size=(20, 2))
t = (x[:, :1] > x[:, 1:]).astype(float)
w1, b1 = rng.normal(size=(2, 1)), np.zeros(1)
w2, b2 = rng.normal(size=(1, 1)), np.zeros(1)
tiny = 1e-8
for step in range(40):
    a1 = np.tanh(x @ w1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
    d2 = ((1 - t) / (1 - a2 + tiny) - t / (a2 + tiny)) * a2 * (1 - a2) / len(x)
    d1 = d2 @ w2.T * (1 - a1**2)
    dw2, db2 = a1.T @ d2, d2.sum(axis=0)
    dw1 = x.T @ d1
    db1 = d1.sum(axis=0)
    w1, b1, w2, b2 = w1 - 0.3 * dw1, b1 - 0.3 * db1, w2 - 0.3 * dw2, b2 - 0.3 * db2
"""
HANDED_BACK = """\
import numpy as np

rng = np.random.default_rng(4)
w1, b1 = rng.normal(size=(4, 4)), rng.normal(size=(4, 1))
w2, b2 = rng.normal(size=(4, 4)), rng.normal(size=(4, 1))
samples = [(rng.normal(size=(4, 1)), rng.uniform(size=(4, 1))) for _ in range(5)]


def gradients(x, t, w1, b1, w2, b2):
    x1 = np.tanh(w1 @ x + b1)
    a2 = 1 / (1 + np.exp(-(w2 @ x1 + b2)))
    d2 = (a2 - t) * a2 * (1 - a2)
    d1 = w2.T @ d2 * (1 - x1**2)
    g1, g2 = (d1 @ x.T, d1), (d2 @ x1.T, d2)
    return g1, g2


def stepped(w, b, pair):
    return w - 0.5 * pair[0], b - 0.5 * pair[1]


for epoch in range(20):
    for x, t in samples:
        g1, g2 = gradients(x, t, w1, b1, w2, b2)
        w2, b2 = stepped(w2, b2, g2)
        w1, b1 = stepped(w1, b1, g1)
"""
ROWS = """\
import numpy as np

rng = np.random.default_rng(7)
x, t = rng.normal(size=(10, 2)), rng.normal(size=(10, 1))
v, w = rng.normal(size=(3, 4)), rng.normal(size=(5, 1))
ones = np.ones((10, 1))
for step in range(30):
    h = np.tanh(np.hstack([x, ones]) @ v)
    d = (np.hstack([h, ones]) @ w - t) / len(x)
    back = d @ w[:-1].T
    back = back * (1 - h**2)
    w -= 0.1 * np.hstack([h, ones]).T @ d
    v -= 0.1 * np.hstack([x, ones]).T @ back
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
BY_NUMBER = """\
import numpy as np

rng = np.random.default_rng(9)
phrases = [([0, 3, 1], rng.normal(size=(3, 2))), ([2, 2, 4], rng.normal(size=(3, 2)))]
u, w = rng.normal(size=(3, 5)), 0.5 * rng.normal(size=(3, 3))
v = rng.normal(size=(2, 3))
for epoch in range(20):
    for ks, ts in phrases:
        s, loss = np.zeros((4, 3)), 0.0
        errors = []
        for k in range(3):
            s[k + 1] = np.tanh(u[:, ks[k]] + w @ s[k])
            errors.append(v @ s[k + 1] - ts[k])
            loss += np.sum(errors[k] ** 2) / 2
        gu, gw, gv = np.zeros_like(u), np.zeros_like(w), np.zeros_like(v)
        dn = np.zeros(3)
        for k in range(2, -1, -1):
            gv += np.outer(errors[k], s[k + 1])
            ds = v.T @ errors[k] + dn
            dz = ds * (1 - s[k + 1] ** 2)
            gw += np.outer(dz, s[k])
            gu[:, ks[k]] += dz
            dn = w.T @ dz
        u -= 0.1 * gu
        w -= 0.1 * gw
        v -= 0.1 * gv
"""
EVERY_LAYER = """\
import numpy as np


class Dense:
    def __init__(self, n, m):
        self.w = rng.normal(size=(n, m))

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, d):
        back = d @ self.w.T
        self.w -= 0.02 * self.x.T @ d
        return back


class Tanh:
    def forward(self, x):
        self.a = np.tanh(x)
        return self.a

    def backward(self, d):
        return d * (1 - self.a**2)


rng = np.random.default_rng(3)
x, t = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
layers = [Dense(3, 4), Tanh(), Dense(4, 4), Tanh(), Dense(4, 2)]
for step in range(20):
    a = x
    for layer in layers:
        a = layer.forward(a)
    d = a - t
    for layer in layers[::-1]:
        d = layer.backward(d)
"""
LETTERS = """\
import numpy as np

rng = np.random.default_rng(7)
text = rng.integers(5, size=7)
wx, wy = rng.normal(size=(4, 5)), rng.normal(size=(5, 4))
bh, by = np.zeros(4), np.zeros(5)
for step in range(30):
    gx, gy, gh, gb = (np.zeros_like(p) for p in (wx, wy, bh, by))
    passed = []
    for k in text[:-1]:
        h = np.tanh(wx[:, k] + bh)
        py = np.exp(wy @ h + by)
        passed.append((k, h, py / py.sum()))
    for (k, h, py), follows in zip(passed, text[1:]):
        dy = np.copy(py)
        dy[follows] -= 1
        gy += np.outer(dy, h)
        gb += dy
        dh = wy.T @ dy * (1 - h**2)
        gx[:, k] += dh
        gh += dh
    for p, g in zip([wx, wy, bh, by], [gx, gy, gh, gb]):
        p += -0.1 * g
"""
NEURONS = """\
import math, random

random.seed(2)
hidden = [[random.gauss(0, 1) for _ in range(2)] for _ in range(3)]
output = [[random.gauss(0, 1) for _ in range(3)] for _ in range(2)]
pairs = [([0.2, -0.7], [0.4, 0.1]), ([0.9, 0.3], [-0.2, 0.8]), ([-0.5, 0.6], [0.7, -0.3])]
for epoch in range(15):
    for x, t in pairs:
        h = [math.tanh(sum(a * b for a, b in zip(row, x))) for row in hidden]
        e = [sum(a * b for a, b in zip(row, h)) - y for row, y in zip(output, t)]
        for j, row in enumerate(hidden):
            back = sum(one[j] * error for one, error in zip(output, e))
            for i in range(2):
                row[i] -= 0.05 * back * (1 - h[j] ** 2) * x[i]
        for row, error in zip(output, e):
            for j in range(3):
                row[j] -= 0.05 * error * h[j]
"""


@pytest.mark.parametrize(
    ("program", "line", "wrong", "mistake"),
    [
        (HANDED_ON, "w1, b1 = stepped(w1, b1, g1)", "w1, b1 = stepped(w1, b1, h1)", "wrong-variable"),
        (OVER_TIME, "total += e", "total = e", "wrong-operator"),
        (TWO_OUTPUTS, "e1 = (p1 - t1) * p1 * (1 - p1)", "e1 = (p1 + t1) * p1 * (1 - p1)", "wrong-operator"),
        (TWO_OUTPUTS, "e1 = (p1 - t1) * p1 * (1 - p1)", "e1 = (p1 - p1) * p1 * (1 - p1)", "wrong-variable"),
        (TWO_OUTPUTS, "e1 = (p1 - t1) * p1 * (1 - p1)", "e1 = (t1 - t1) * p1 * (1 - p1)", "wrong-variable"),
        (HANDED_BACK, "return g1, g2", "return x1, g2", "wrong-variable"),
        (HANDED_BACK, "d2 = (a2 - t) * a2 * (1 - a2)", "d2 = (b2 - t) * a2 * (1 - a2)", "wrong-variable"),
        (ROWS, "back = d @ w[:-1].T", "back = d @ w[:1].T", "wrong-index"),
        (EPSILON, "db1 = d1.sum(axis=0)", "db1 = d2.sum(axis=0)", "wrong-variable"),
        # The numbers that predictions read entries by are what these are made of: no error.
        (BY_NUMBER, "dz = ds * (1 - s[k + 1] ** 2)", "dz = ks * (1 - s[k + 1] ** 2)", "wrong-variable"),
        (BY_NUMBER, "dn = w.T @ dz", "dz = w.T @ dz", "wrong-variable"),
        (EVERY_LAYER, "for layer in layers[::-1]:", "for layer in layers[::-2]:", "wrong-index"),
        (NEURONS, "back = sum(one[j] * error for one, error in zip(output, e))", "back = sum(one[0] * error for one, error in zip(output, e))", "wrong-index"),
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


@pytest.mark.parametrize(
    "program",
    [
        HANDED_ON,
        OVER_TIME,
        TWO_OUTPUTS,
        HANDED_BACK,
        ROWS,
        EPSILON,
        BY_NUMBER,
        EVERY_LAYER,
        LETTERS,
        NEURONS,
        PASSING,
    ],
)
def test_what_has_no_slip_is_right(program: str) -> None:
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize(
    ("own", "other"),
    [("b2 -= 0.1 * e", "z2 -= 0.1 * e"), ("b1 -= 0.1 * back", "z1 = z1 - 0.1 * back")],
)
def test_an_update_of_a_passing_value_is_lost(own: str, other: str) -> None:
    verdict = verdict_on(PASSING.replace(own, other))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("wrong-variable", True)
    assert finding["fix"].replace(" ", "") in {own.replace(" ", ""), "b1=b1-0.1*back"}


def test_a_step_of_a_passing_value_that_no_parameter_lacks_is_not_right() -> None:
    program = PASSING + "        a1 = a1 - 0.1 * back\n"
    assert verdict_on(program)["verdict"] == "undecided"


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


def test_errors_that_a_loss_counts_and_no_update_hears_of_are_not_right() -> None:
    shorter = BY_NUMBER.replace("range(2, -1, -1)", "range(1, -1, -1)")
    assert verdict_on(shorter)["verdict"] == "undecided"
    uncounted = shorter.replace("loss += np.sum(errors[k] ** 2) / 2", "loss += 1")
    assert verdict_on(uncounted)["verdict"] == "right"


def test_an_error_that_is_left_out_puts_nothing_right() -> None:
    """Errors go back two of three steps; of the first two of them that is all the way."""
    back = BY_NUMBER[
        BY_NUMBER.index("        dn = np.zeros(3)") : BY_NUMBER.index("        u -= 0.1")
    ]
    program = BY_NUMBER.replace(back, """\
        for t in range(3):
            gv += np.outer(errors[t], s[t + 1])
            dz = v.T @ errors[t] * (1 - s[t + 1] ** 2)
            for k in range(t, max(t - 2, -1), -1):
                gw += np.outer(dz, s[k])
                gu[:, ks[k]] += dz
                dz = w.T @ dz * (1 - s[k] ** 2)
""")  # fmt: skip
    assert not any(finding["proved"] for finding in verdict_on(program, seconds=15)["findings"])


def test_what_is_left_of_two_outputs_is_not_right() -> None:
    """The second output meets no target, and its weights are dropped after the first pass."""
    program = """\
import random

random.seed(3)
w = [[random.gauss(0, 1) for _ in range(3)] for _ in range(2)]
points = [([0.2, 0.7, 1.0], [0.3, 0.5]), ([-0.4, 0.1, 1.0], [0.9, 0.2])]
for epoch in range(20):
    for x, t in points:
        y = [sum(a * b for a, b in zip(row, x)) for row in w]
        d = [a - b for a, b in zip(y, t)]
        w = [[a - 0.1 * e * b for a, b in zip(row, x)] for row, e in zip(w, d)]
"""
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace("zip(y, t)", "zip(y, t[:1])"))["verdict"] == "undecided"
    shown = program.replace(
        "for epoch", "print(sum(a * random.gauss(0, 1) for a in w[0]))\nfor epoch"
    )
    assert verdict_on(shown)["verdict"] == "right"
