"""An error that is added to what it should be multiplied by, where no repair of the recorded steps shows it."""

import pytest

from checked import verdict_on

CLIPPED = """\
import numpy as np

rng = np.random.default_rng(5)
X, T = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
w, v = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
for epoch in range(40):
    h = np.tanh(X @ w)
    e = 2 * (h @ v - T)
    gv = np.clip(h.T @ e, -4, 4)
    gw = np.clip(X.T @ (e @ v.T * (1 - h**2)), -4, 4)
    w -= 0.01 * gw
    v -= 0.01 * gv
"""
SATURATING = """\
import numpy as np

rng = np.random.default_rng(6)
X = rng.normal(size=(20, 3))
labels = (X[:, :1] > 0).astype(float)
w, b = rng.normal(size=(3, 1)), np.zeros(1)
for epoch in range(60):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    signal = (p - labels) / len(X)
    w = w - 0.4 * X.T @ signal
    b = b - 0.4 * signal.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("program", "line", "wrong"),
    [
        (CLIPPED, "v -= 0.01 * gv", "v -= 0.01 + gv"),
        (CLIPPED, "w -= 0.01 * gw", "w -= 0.01 + gw"),
        (SATURATING, "b = b - 0.4 * signal.sum(axis=0)", "b = b - 0.4 + signal.sum(axis=0)"),
    ],
)
def test_a_rate_that_is_added_to_a_gradient_is_wrong(program: str, line: str, wrong: str) -> None:
    assert verdict_on(program)["verdict"] == "right"
    verdict = verdict_on(program.replace(line, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("wrong-operator", True)
    assert finding["line"] == program[: program.index(line)].count("\n") + 1
    assert finding["fix"].strip() == line
    wrong_ones = [row["name"] for row in verdict["parameters"] if row["verdict"] == "wrong"]
    assert wrong_ones == [line[0]]


def test_what_is_added_to_a_gradient_on_purpose_is_not_put_right() -> None:
    """Noise on the gradient, a penalty of another kind: no product of them is a gradient."""
    for added in ("rng.normal(size=(5, 2))", "0.1 * np.sign(v)", "0.3"):
        program = CLIPPED.replace("v -= 0.01 * gv", f"v -= 0.01 * (gv + {added})")
        assert verdict_on(program)["verdict"] != "wrong", added


def test_what_keeps_a_divisor_from_0_is_no_error_that_is_added() -> None:
    """Adam forgets here what it remembers; its mistake is that the error goes back through new weights."""
    verdict = verdict_on("""
import numpy as np
rng = np.random.default_rng(1)
x, t = rng.normal(size=(20, 3)), rng.uniform(size=(20, 2))
w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for k in range(1, 40):
    h = np.tanh(x @ w)
    d = (h @ v - t) / 20
    g = h.T @ d
    m, s = 0.2 * g / (1 - 0.8**k), 0.1 * g**2 / (1 - 0.9**k)
    v = v - (m * 0.01) / (np.sqrt(s) + 1e-8)
    e = d @ v.T * (1 - h**2)
    g = x.T @ e
    m, s = 0.2 * g / (1 - 0.8**k), 0.1 * g**2 / (1 - 0.9**k)
    w = w - (m * 0.01) / (np.sqrt(s) + 1e-8)
""")
    assert all(
        finding["line"] not in (11, 15) or finding["mistake"] != "wrong-operator"
        for finding in verdict["findings"]
    )


OBJECTS = """\
import math
import random


class Number:
    def __init__(self, value, behind=()):
        self.value, self.slope, self.behind = value, 0, behind

    def __add__(self, other):
        return Number(self.value + other.value, [(self, 1), (other, 1)])

    def __mul__(self, other):
        return Number(self.value * other.value, [(self, other.value), (other, self.value)])

    def __neg__(self):
        return self * Number(-1)

    def __sub__(self, other):
        return self + (-other)

    def tanh(self):
        t = math.tanh(self.value)
        return Number(t, [(self, 1 - t * t)])

    def back(self, slope):
        self.slope += slope
        for one, factor in self.behind:
            one.back(slope * factor)


random.seed(4)
w, u, b, v, c = (Number(random.uniform(-1, 1)) for _ in range(5))
for step in range(30):
    x, y, t = [(0.5, 0.2, 1), (-1.0, 0.7, 0), (0.3, -0.8, 1)][step % 3]
    h = (w * Number(x) + u * Number(y) + b).tanh()
    e = (h * v + c).tanh() - Number(t)
    for one in (w, u, b, v, c):
        one.slope = 0
    (e * e).back(1)
    for one in (w, u, b, v, c):
        one.value -= 0.1 * one.slope
"""


def test_objects_take_whole_targets_off_by_adding_them_with_the_other_sign() -> None:
    verdict = verdict_on(OBJECTS)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert verdict_on(OBJECTS.replace("self + (-other)", "self + other"))["verdict"] != "right"


GATED = """\
import numpy as np

rng = np.random.default_rng(7)
X, T = rng.normal(size=(5, 4, 3)), rng.normal(size=(5, 4, 2))
u, w, v = rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
for epoch in range(20):
    c, tape, errors = np.zeros((4, 5)), [], []
    for x, t in zip(X, T):
        f = 1 / (1 + np.exp(-x @ u))
        g = np.tanh(x @ w)
        tape.append((x, c, f, g))
        c = f * c + g
        tape[-1] += (c,)
        errors.append(c @ v - t)
    du, dw, dv, dc = np.zeros_like(u), np.zeros_like(w), np.zeros_like(v), np.zeros((4, 5))
    for e, (x, before, f, g, after) in zip(errors[::-1], tape[::-1]):
        dv += after.T @ e
        total = e @ v.T + dc
        du += x.T @ (total * before * f * (1 - f))
        dw += x.T @ (total * (1 - g**2))
        dc = total * f
    u -= 0.01 * du
    w -= 0.01 * dw
    v -= 0.01 * dv
"""


def test_a_gate_that_an_error_is_added_to_is_no_parameter_of_its_own() -> None:
    assert verdict_on(GATED)["verdict"] == "right"
    verdict = verdict_on(GATED.replace("dc = total * f", "dc = total + f"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("wrong-operator", True)
    assert finding["fix"].strip() == "dc = total * f"


def test_a_name_that_is_handed_on_twice_is_found_where_it_is() -> None:
    verdict = verdict_on(GATED.replace("append((x, c, f, g))", "append((x, c, g, g))"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("wrong-variable", True)
    assert finding["fix"].strip() == "tape.append((x, c, f, g))"
