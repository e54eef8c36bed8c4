"""Programs that descend a loss of their own making: right where every update follows it, never where one does not."""

from pathlib import Path

import pytest

from chainrule.checking.request import check_paths
from chainrule.checking.verdict import Verdict

from checked import NEVER_RIGHT, verdict_on

SEEN = 8.0  # seconds: what is right takes 4

HINGE = """\
import numpy as np

rng = np.random.default_rng(4)
x = rng.normal(size=(40, 3))
t = np.sign(x[:, 0] - x[:, 1])
w, b, penalty = np.zeros(3), 0.0, 0.01
for step in range(60):
    margin = t * (x @ w + b)
    loss = np.mean(np.maximum(0, 1 - margin)) + 0.5 * penalty * np.sum(w * w)
    inside = margin < 1
    dw = penalty * w - (inside * t) @ x / len(x)
    db = -np.sum(inside * t) / len(x)
    w -= 0.1 * dw
    b -= 0.1 * db
    print(step, loss)
"""

FOCAL_WITH_ADAM = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(40, 2))
t = (x.sum(1) > 0.5).astype(float)
parameters = [rng.normal(size=(2, 4)), rng.normal(size=4)]
first = [np.zeros_like(p) for p in parameters]
second = [np.zeros_like(p) for p in parameters]
for step in range(1, 40):
    w1, w2 = parameters
    a1 = np.tanh(x @ w1)
    p = 1 / (1 + np.exp(-a1 @ w2))
    chosen = np.where(t == 1, p, 1 - p)
    print(-np.mean((1 - chosen) ** 2 * np.log(chosen)))
    slope = 2 * (1 - chosen) * np.log(chosen) - (1 - chosen) ** 2 / chosen
    d2 = np.where(t == 1, slope, -slope) * p * (1 - p) / len(x)
    d1 = np.outer(d2, w2) * (1 - a1**2)
    for k, g in enumerate([x.T @ d1, a1.T @ d2]):
        first[k] = 0.9 * first[k] + 0.1 * g
        second[k] = 0.999 * second[k] + 0.001 * g**2
        m, v = first[k] / (1 - 0.9**step), second[k] / (1 - 0.999**step)
        parameters[k] = parameters[k] - 0.01 * m / (np.sqrt(v) + 1e-8)
"""

VARIATIONAL = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.uniform(size=(20, 6))
w1, wm, ws = 0.3 * rng.normal(size=(6, 5)), 0.3 * rng.normal(size=(5, 2)), 0.3 * rng.normal(size=(5, 2))
w2, w3 = 0.3 * rng.normal(size=(2, 5)), 0.3 * rng.normal(size=(5, 6))
for step in range(40):
    a1 = np.tanh(x @ w1)
    mean, log_variance = a1 @ wm, a1 @ ws
    noise = rng.normal(size=mean.shape)
    spread = np.exp(0.5 * log_variance)
    code = mean + spread * noise
    a2 = np.tanh(code @ w2)
    p = 1 / (1 + np.exp(-a2 @ w3))
    reconstruction = -np.sum(x * np.log(p) + (1 - x) * np.log(1 - p))
    divergence = -0.5 * np.sum(1 + log_variance - mean**2 - np.exp(log_variance))
    print(reconstruction, divergence)
    d3 = p - x
    d2 = d3 @ w3.T * (1 - a2**2)
    d_code = d2 @ w2.T
    d_mean = d_code + mean
    d_log = d_code * noise * 0.5 * spread + 0.5 * (np.exp(log_variance) - 1)
    d1 = (d_mean @ wm.T + d_log @ ws.T) * (1 - a1**2)
    gradients = x.T @ d1, a1.T @ d_mean, a1.T @ d_log, code.T @ d2, a2.T @ d3
    for w, g in zip((w1, wm, ws, w2, w3), gradients):
        w -= 0.01 * g
"""

TWO_HEADS = """\
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(30, 4))
label, t = rng.integers(0, 3, 30), rng.normal(size=(30, 1))
w, wc, wr = 0.4 * rng.normal(size=(4, 6)), 0.4 * rng.normal(size=(6, 3)), 0.4 * rng.normal(size=(6, 1))
weight = 0.3
for step in range(50):
    a = np.tanh(x @ w)
    z = a @ wc
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    y = a @ wr
    loss = -np.mean(np.log(p[np.arange(30), label])) + weight * np.mean((y - t) ** 2)
    dc = (p - np.eye(3)[label]) / 30
    dr = weight * 2 * (y - t) / 30
    d = (dc @ wc.T + dr @ wr.T) * (1 - a**2)
    w -= 0.2 * x.T @ d
    wc -= 0.2 * a.T @ dc
    wr -= 0.2 * a.T @ dr
    print(loss)
"""

ADVERSARIES = """\
import numpy as np

rng = np.random.default_rng(0)
w, b = 0.5 * rng.normal(size=(2, 2)), np.zeros(2)
v1, v2 = 0.5 * rng.normal(size=(2, 6)), 0.5 * rng.normal(size=6)


def judge(x):
    a = np.tanh(x @ v1)
    return a, 1 / (1 + np.exp(-a @ v2))


for step in range(40):
    real, noise = rng.normal(3, 1, (16, 2)), rng.normal(size=(16, 2))
    fake = noise @ w + b
    a, p = judge(real)
    a_fake, p_fake = judge(fake)
    loss = -np.mean(np.log(p)) - np.mean(np.log(1 - p_fake))
    d, d_fake = (p - 1) / 16, p_fake / 16
    dv2 = a.T @ d + a_fake.T @ d_fake
    dv1 = real.T @ (np.outer(d, v2) * (1 - a**2)) + fake.T @ (np.outer(d_fake, v2) * (1 - a_fake**2))
    v1 -= 0.1 * dv1
    v2 -= 0.1 * dv2
    noise = rng.normal(size=(16, 2))
    a, p = judge(noise @ w + b)
    maker_loss = -np.mean(np.log(p))
    d = (np.outer((p - 1) / 16, v2) * (1 - a**2)) @ v1.T
    w -= 0.1 * noise.T @ d
    b -= 0.1 * d.sum(0)
    print(loss, maker_loss)
"""

PROGRAMS = {
    "hinge": (
        HINGE,
        [
            ("dw = penalty", "dw = -penalty"),
            ("margin < 1", "margin < 0"),
            ("db = -", "db = "),
            ("/ len(x)\n    db", "\n    db"),
        ],
    ),
    "focal": (
        FOCAL_WITH_ADAM,
        [
            ("(1 - chosen) ** 2 / chosen", "(1 - chosen) ** 2"),
            ("* p * (1 - p)", "* p"),
            ("(1 - a1**2)", "(1 - a1)"),
            ("a1.T @ d2]", "x.T @ d2 @ np.ones((2, 4))]"),
        ],
    ),
    "variational": (
        VARIATIONAL,
        [
            ("d_code + mean", "d_code"),
            ("d_code + mean", "d_code - mean"),
            (" + 0.5 * (np.exp(log_variance) - 1)", ""),
            ("noise * 0.5 * spread", "noise * spread"),
            ("d_mean @ wm.T + d_log @ ws.T", "d_mean @ wm.T"),
        ],
    ),
    "two heads": (
        TWO_HEADS,
        [
            ("dc @ wc.T + dr @ wr.T", "dc @ wc.T"),
            ("dr = weight * 2", "dr = weight"),
            ("dr = weight * 2", "dr = 2"),
            ("(1 - a**2)", "(1 - a)"),
        ],
    ),
    "adversaries": (
        ADVERSARIES,
        [
            (
                "d, d_fake = (p - 1) / 16, p_fake / 16",
                "d, d_fake = (p - 1) / 16, (1 - p_fake) / 16",
            ),
            ("(p - 1) / 16, v2) * (1 - a**2)", "(p - 1) / 16, v2)"),
            (" + a_fake.T @ d_fake", ""),
            ("w -= 0.1", "w += 0.1"),
        ],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_follows_its_own_loss_is_right(name: str) -> None:
    verdict = verdict_on(PROGRAMS[name][0])
    assert verdict["verdict"] == "right", verdict
    assert {row["verdict"] for row in verdict["parameters"]} == {"right"}


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [(name, *edit) for name, (_, edits) in PROGRAMS.items() for edit in edits],
)
def test_one_that_does_not_is_never_right(name: str, right: str, wrong: str) -> None:
    source = PROGRAMS[name][0]
    assert right in source
    assert verdict_on(source.replace(right, wrong, 1), SEEN)["verdict"] != "right"


ENGINE = """\
import random


class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents, self.back = data, 0.0, parents, lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def back():
            self.grad += out.grad
            other.grad += out.grad

        out.back = back
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.back = back
        return out

    def relu(self):
        out = Value(max(0.0, self.data), (self,))

        def back():
            self.grad += (out.data > 0) * out.grad

        out.back = back
        return out

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.back()


random.seed(3)
hidden = [[Value(random.uniform(-1, 1)) for _ in range(3)] for _ in range(4)]
outer = [Value(random.uniform(-1, 1)) for _ in range(5)]
parameters = [p for row in hidden for p in row] + outer
points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(8)]
for step in range(10):
    losses = []
    for x, y in points:
        a = [(w[0] * x + w[1] * y + w[2]).relu() for w in hidden]
        score = sum((v * b for v, b in zip(outer, a)), outer[4])
        losses.append((1 + (-1 if x > 0 else 1) * score).relu())
    total = sum(losses, Value(0.0)) * (1 / 8) + 1e-3 * sum((p * p for p in parameters), Value(0.0))
    for p in parameters:
        p.grad = 0.0
    total.backward()
    for p in parameters:
        p.data -= 0.1 * p.grad
"""


def test_an_engine_of_ones_own_with_a_hinge_is_right() -> None:
    assert verdict_on(ENGINE)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("other.grad += out.grad", "other.grad = out.grad"),
        ("self.grad += (out.data > 0) * out.grad", "self.grad += out.grad"),
        ("other.grad += self.data * out.grad", "other.grad += other.data * out.grad"),
        ("        p.grad = 0.0\n", "        pass\n"),
    ],
)
def test_a_wrong_engine_is_never_right(right: str, wrong: str) -> None:
    assert verdict_on(ENGINE.replace(right, wrong, 1), NEVER_RIGHT)["verdict"] != "right"


PENALISED = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(30, 4))
t = (x[:, :2].sum(1, keepdims=True) > 0) * 1.0
w1, b1 = rng.normal(size=(4, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 1)), np.zeros(1)
for step in range(60):
    a1 = np.tanh(x @ w1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
    loss = -np.mean(t * np.log(a2) + (1 - t) * np.log(1 - a2))
    loss = loss + 0.05 * (np.sum(w1 * w1) + np.sum(w2 * w2))
    d2 = (a2 - t) / len(x)
    d1 = d2 @ w2.T * (1 - a1**2)
    w2 -= 0.5 * (a1.T @ d2 + 0.1 * w2)
    b2 -= 0.5 * d2.sum(0)
    w1 -= 0.5 * (x.T @ d1 + 0.1 * w1)
    b1 -= 0.5 * d1.sum(0)
    print(loss)
"""


def test_a_penalty_that_the_loss_has_and_the_updates_have_not_is_not_overlooked() -> None:
    assert verdict_on(PENALISED)["verdict"] == "right"
    for penalty in (" + 0.1 * w1", " + 0.1 * w2"):
        assert verdict_on(PENALISED.replace(penalty, ""))["verdict"] == "undecided"
    without = PENALISED.replace(" + 0.1 * w1", "").replace(" + 0.1 * w2", "")
    assert verdict_on(without)["verdict"] == "undecided"
    assert verdict_on(without.replace("+ 0.05 *", "+ 0 *"))["verdict"] == "right"


NORMALIZED = """\
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(20, 3))
t = (x.sum(axis=1, keepdims=True) > 0) * 1.0
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
scale, shift = np.ones(4), np.zeros(4)
for step in range(60):
    z = x @ w1
    spread = np.sqrt(z.var(axis=0) + 1e-5)
    normal = (z - z.mean(axis=0)) / spread
    a1 = np.tanh(scale * normal + shift)
    a2 = 1 / (1 + np.exp(-a1 @ w2))
    d2 = (a2 - t) / len(x)
    d1 = d2 @ w2.T * (1 - a1**2)
    d_normal = d1 * scale
    d_z = (d_normal - d_normal.mean(axis=0) - normal * (d_normal * normal).mean(axis=0)) / spread
    w2 -= 0.1 * a1.T @ d2
    scale -= 0.1 * (d1 * normal).sum(axis=0)
    shift -= 0.1 * d1.sum(axis=0)
    w1 -= 0.1 * x.T @ d_z
"""


def test_a_way_back_that_leaves_out_a_batchs_mean_or_variance_is_put_right() -> None:
    assert verdict_on(NORMALIZED)["verdict"] == "right"
    for left_out in (
        " - d_normal.mean(axis=0) - normal * (d_normal * normal).mean(axis=0)",
        " - normal * (d_normal * normal).mean(axis=0)",
    ):
        verdict = verdict_on(NORMALIZED.replace(left_out, ""))
        (finding,) = verdict["findings"]
        assert verdict["verdict"] == "wrong"
        assert finding["proved"]
        assert (finding["line"], finding["mistake"]) == (17, "missing-derivative")


HINGE_NETWORK = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(40, 2))
t = np.where(x.sum(1) > 0.5, 1.0, -1.0)
w1, b1, w2, b2 = rng.normal(size=(2, 4)), np.zeros(4), rng.normal(size=4), 0.0
for step in range(40):
    a1 = np.tanh(x @ w1 + b1)
    margin = t * (a1 @ w2 + b2)
    print(np.mean(np.maximum(0, 1 - margin)))
    d2 = -1.0 * (margin < 1) * t / 40
    d1 = np.outer(d2, w2) * (1 - a1**2)
    w1 -= 0.1 * x.T @ d1
    b1 -= 0.1 * d1.sum(0)
    w2 -= 0.1 * a1.T @ d2
    b2 -= 0.1 * d2.sum()
"""


@pytest.mark.parametrize("name", ["w1", "b1", "w2"])
def test_a_parameter_that_an_own_loss_depends_on_must_be_updated(name: str) -> None:
    assert verdict_on(HINGE_NETWORK)["verdict"] == "right"
    lines = [line for line in HINGE_NETWORK.splitlines() if f"{name} -=" not in line]
    assert verdict_on("\n".join(lines))["verdict"] != "right"


def test_a_small_number_in_the_logarithm_of_a_loss_that_is_printed_leaves_a_program_right() -> None:
    program = """
import numpy as np
rng = np.random.default_rng(1)
x = rng.normal(size=(40, 2)) * 3
t = (x[:, :1] * x[:, 1:] > 0).astype(float)
w, b = rng.normal(size=(2, 6)), np.zeros(6)
v, c = rng.normal(size=(6, 1)) * 4, np.zeros(1)
for epoch in range(60):
    z = x @ w + b
    h = np.maximum(z, 0)
    y = 1 / (1 + np.exp(-(h @ v + c)))
    print(-np.mean(t * np.log(y + 1e-8) + (1 - t) * np.log(1 - y + 1e-8)))
    d = (y - t) / len(x)
    e = d @ v.T * (z > 0)
    v -= 0.1 * h.T @ d
    c -= 0.1 * d.sum(axis=0)
    w -= 0.1 * x.T @ e
    b -= 0.1 * e.sum(axis=0)
"""
    assert verdict_on(program)["verdict"] == "right"


def test_a_loss_that_is_computed_but_not_descended_is_told(tmp_path: Path) -> None:
    source = """
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(20, 3))
y = (x @ [1.0, -2.0, 0.5] > 0).astype(float)
w = rng.normal(size=3)
for epoch in range(30):
    p = 1 / (1 + np.exp(-x @ w))
    print({loss})
    w -= 0.1 * x.T @ (p - y)
"""
    losses = {
        "half-squared-error": "np.mean((p - y) ** 2)",
        "binary-cross-entropy": "-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))",
    }
    for name, loss in losses.items():
        (tmp_path / f"{name}.py").write_text(source.format(loss=loss))
        (verdict,) = check_paths([str(tmp_path / f"{name}.py")])
        assert isinstance(verdict, Verdict)
        assert (verdict.verdict, verdict.loss) == ("right", "binary-cross-entropy")
        told = any(f"it computes {name}" in note for note in verdict.notes)
        assert told == (name != verdict.loss)


UNDER_A_MINUS = """\
import numpy as np

rng = np.random.default_rng(2)
x = rng.normal(size=(12, 3))
t = (x[:, :1] > 0).astype(float)
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for step in range(40):
    a1 = np.tanh(x @ w1)
    a2 = 1 / (1 + np.exp(-a1 @ w2))
    loss = -np.mean(t * np.log(a2) + (1 - t) * np.log(1 - a2))
    da2 = t / a2 - (1 - t) / (1 - a2)
    d2 = da2 * a2 * (1 - a2) / len(x)
    d1 = d2 @ w2.T * (1 - a1**2)
    w2 -= 0.1 * a1.T @ d2
    w1 -= 0.1 * x.T @ d1
"""


@pytest.mark.parametrize("loss", ["-np.mean(", "0.5 - np.mean(", "(-1 / len(x)) * np.sum("])
def test_what_is_turned_round_is_not_the_loss(loss: str) -> None:
    """The mean of log-probabilities is to grow: what makes it small climbs."""
    program = UNDER_A_MINUS.replace("-np.mean(", loss)
    descending = program.replace("t / a2 - (1 - t) / (1 - a2)", "(1 - t) / (1 - a2) - t / a2")
    assert verdict_on(descending)["verdict"] == "right"
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict
    assert verdict["findings"][0]["mistake"] == "sign-error"
