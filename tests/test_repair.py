"""A mistake is put right in the recorded computation, and said in words: line, name, and how it should read."""

import contextlib
import io
import multiprocessing
import os
import re
from pathlib import Path

import pytest

from chainrule.checking.anatomy.program import build_program
from chainrule.checking.finding.findings import findings_of
from chainrule.checking.finding.mistake_words import WORDS
from chainrule.checking.fitting.case import open_case
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.repairing.edit_search import ORDER
from chainrule.checking.repairing.repair import repair_case
from chainrule.checking.verdict import Finding
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import run_recorded

from checked import verdict_on

NETWORK = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))

rng = np.random.default_rng(0)
x = rng.normal(size=(6, 4))
t = rng.uniform(size=(6, 2))
w1, b1 = rng.normal(size=(4, 3)), np.zeros(3)
w2, b2 = rng.normal(size=(3, 2)), np.zeros(2)
rate = 0.3
for epoch in range(30):
    z1 = x @ w1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ w2 + b2
    a2 = sigmoid(z2)
    error = a2 - t
    d2 = error * slope(z2)
    d1 = (d2 @ w2.T) * slope(z1)
    w2 -= rate * (a1.T @ d2)
    b2 -= rate * d2.sum(axis=0)
    w1 -= rate * (x.T @ d1)
    b1 -= rate * d1.sum(axis=0)
"""
SEED = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def sigmoid_derivative(z):
    return sigmoid(z) * (1 - sigmoid(z))

x, t = np.array([0.9, 0.8]), np.array([1.0])
w1, b1 = np.array([[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]]), np.array([0.1, 0.2, 0.3])
w2, b2 = np.array([[0.4, 0.5, 0.6]]), np.array([0.4])
for epoch in range(30):
    z1 = np.dot(w1, x) + b1
    a1 = sigmoid(z1)
    z2 = np.dot(w2, a1) + b2
    a2 = sigmoid(z2)
    delta2 = (a2 - t) * sigmoid_derivative(a2)
    delta1 = np.dot(w2.T, delta2) * sigmoid_derivative(a1)
    w2 = w2 - 0.1 * np.outer(delta2, a1)
    b2 = b2 - 0.1 * delta2
    w1 = w1 - 0.1 * np.outer(delta1, x)
    b1 = b1 - 0.1 * delta1
"""


def look_for_mistakes(path: Path) -> list[Finding]:
    os.chdir(path.parent)
    with contextlib.redirect_stdout(io.StringIO()):
        end = Deadline.after(20)
        run = run_recorded(path, watch_until_enough(end), end)
    case = open_case(build_program(run.recording, run.sites), run.finished)
    return findings_of(case, repair_case(case, Deadline.after(30)), run.sources)


def findings_in(source: str, folder: Path) -> list[Finding]:
    """What is found in a program; it runs in a process of its own."""
    path = folder / "network.py"
    path.write_text(source, "utf-8")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(look_for_mistakes, (path,))


def line_of(source: str, beginning: str) -> int:
    (line,) = (
        n for n, text in enumerate(source.splitlines(), 1) if text.strip().startswith(beginning)
    )
    return line


def one_mistake(right: str, wrong: str, folder: Path) -> Finding:
    """The only finding where one piece of the network is replaced."""
    assert NETWORK.count(right) == 1
    (finding,) = findings_in(NETWORK.replace(right, wrong), folder)
    return finding


@pytest.mark.parametrize(
    ("right", "wrong", "mistake", "line", "fix"),
    [
        (
            "slope(z1)",
            "slope(a1)",
            "derivative-at-activation",
            "d1 =",
            "    d1 = (d2 @ w2.T) * slope(z1)",
        ),
        ("(d2 @ w2.T) * slope(z1)", "d2 @ w2.T", "missing-derivative", "d1 =", None),
        (
            "d2 @ w2.T",
            "error @ w2.T",
            "raw-error-backpropagated",
            "d1 =",
            "    d1 = (d2 @ w2.T) * slope(z1)",
        ),
        ("a1.T @ d2", "z1.T @ d2", "wrong-layer-input", "w2 -=", "    w2 -= rate * (a1.T @ d2)"),
        ("w1 -= rate", "w1 += rate", "sign-error", "w1 +=", "    w1 -= rate * (x.T @ d1)"),
        (
            "b1 -= rate * d1.sum(axis=0)",
            "b1 -= rate * d1.sum()",
            "bias-summed-over-all",
            "b1 -=",
            None,
        ),
        (
            "(d2 @ w2.T) * slope",
            "(d2 @ w2.T) + slope",
            "wrong-operator",
            "d1 =",
            "    d1 = (d2 @ w2.T) * slope(z1)",
        ),
        ("b2 -= rate * d2", "b2 -= rate * rate * d2", "learning-rate-twice", "b2 -=", None),
        ("b2 -= rate * d2", "b2 += -rate * rate * d2", "learning-rate-twice", "b2 +=", None),
        ("x.T @ d1", "x[::-1].T @ d1", "wrong-index", "w1 -=", None),
    ],
)
def test_one_mistake_is_named_at_its_line_and_proved(
    right: str, wrong: str, mistake: str, line: str, fix: str | None, tmp_path: Path
) -> None:
    finding = one_mistake(right, wrong, tmp_path)
    source = (tmp_path / "network.py").read_text("utf-8")
    assert (finding.mistake, finding.line) == (mistake, line_of(source, line))
    assert finding.proved
    if fix is not None:
        assert finding.fix == fix


def test_weights_that_are_updated_too_early_are_blamed_on_the_early_update(tmp_path: Path) -> None:
    early = NETWORK.replace("    w2 -= rate * (a1.T @ d2)\n", "")
    early = early.replace("    d1 =", "    w2 -= rate * (a1.T @ d2)\n    d1 =")
    (finding,) = findings_in(early, tmp_path)
    assert (finding.mistake, finding.line) == ("updated-weights", line_of(early, "w2 -="))
    assert finding.proved


TABLE = """\
import numpy as np
rng = np.random.default_rng(5)
vectors, w = 0.5 * rng.normal(size=(7, 4)), 0.5 * rng.normal(size=(3, 8))
pairs = [([0, 3], 1), ([2, 5], 0), ([6, 1], 2), ([4, 0], 1), ([3, 2], 2)]
for epoch in range(20):
    for words, k in pairs:
        x = np.concatenate([vectors[word] for word in words])
        scores = w @ x
        p = np.exp(scores) / np.exp(scores).sum()
        p[k] -= 1
        back = w.T @ p
        w -= 0.1 * (np.outer(p, x) + 0.02 * w)
        for n, word in enumerate(words):
            vectors[word] -= 0.1 * (back[4 * n : 4 * n + 4] + 0.02 * vectors[word])
"""


def test_of_a_table_only_the_rows_that_are_looked_up_decay(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(TABLE, "utf-8")
    assert verdict_on(tmp_path / "right.py")["verdict"] == "right"
    late = TABLE.replace("        back = w.T @ p\n", "")
    late = late.replace("        for n,", "        back = w.T @ p\n        for n,")
    (tmp_path / "late.py").write_text(late, "utf-8")
    verdict = verdict_on(tmp_path / "late.py")
    found = [(finding["mistake"], finding["line"]) for finding in verdict["findings"]]
    assert found == [("updated-weights", line_of(late, "w -="))]


HANDED_OVER = """\
import numpy as np
rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
w1, b1 = rng.normal(size=(3, 4)), np.zeros((1, 4))
w2, b2 = rng.normal(size=(4, 2)), np.zeros((1, 2))
for epoch in range(30):
    h = np.tanh(x @ w1 + b1)
    d2 = h @ w2 + b2 - t
    dw2 = h.T @ d2 / 8
    db2 = d2.sum(axis=0, keepdims=True) / 8
    d1 = d2 @ w2.T * (1 - h**2)
    dw1 = x.T @ d1 / 8
    db1 = d1.sum(axis=0, keepdims=True) / 8
    w1 -= 0.1 * dw1
    b1 -= 0.1 * db1
    w2 -= 0.1 * dw2
    b2 -= 0.1 * db2
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("d2.sum(axis=0, keepdims=True) / 8", "d2.sum(axis=0, keepdims=True)", "db2 ="),
        ("w2 -= 0.1 * dw2", "w2 -= 0.1 * (dw2 + dw2)", "w2 -="),
        # All but one are multiplied by a number that is no rate: that is no rate twice.
        ("db2 = 0.125 * d2", "db2 = d2", "db2 ="),
    ],
)
def test_a_wrong_scale_is_blamed_on_the_gradient_or_on_its_update(
    right: str, wrong: str, line: str, tmp_path: Path
) -> None:
    source = HANDED_OVER
    if "0.125" in right:
        source = re.sub(r"= (.*) / 8", r"= 0.125 * \1", source)
    source = source.replace(right, wrong)
    (finding,) = findings_in(source, tmp_path)
    assert finding.line == line_of(source, line)
    assert finding.proved


def test_two_mistakes_in_one_file_are_both_found(tmp_path: Path) -> None:
    findings = findings_in(SEED, tmp_path)
    lines = {line_of(SEED, "delta2 = ("), line_of(SEED, "delta1 =")}
    assert {finding.line for finding in findings} == lines
    assert {finding.mistake for finding in findings} == {"derivative-at-activation"}
    assert all(finding.proved for finding in findings)


def test_derivatives_at_activations_and_an_early_update_are_told_apart() -> None:
    """The hidden layer is wrong twice over: no edit alone puts anything right there."""
    early = NETWORK.replace("    w2 -= rate * (a1.T @ d2)\n", "")
    early = early.replace("    d1 =", "    w2 -= rate * (a1.T @ d2)\n    d1 =")
    early = early.replace("* slope(z2)", "* slope(a2)").replace("* slope(z1)", "* slope(a1)")
    verdict = verdict_on(early)
    found = {(f["mistake"], f["line"], f["proved"]) for f in verdict["findings"]}
    assert found == {
        ("derivative-at-activation", line_of(early, "d2 = error"), True),
        ("derivative-at-activation", line_of(early, "d1 = "), True),
        ("updated-weights", line_of(early, "w2 -="), True),
    }


def test_a_finding_shows_one_entry_as_found_and_as_it_should_be(tmp_path: Path) -> None:
    finding = one_mistake("w1 -= rate", "w1 += rate", tmp_path)
    assert finding.numbers is not None
    name, found, expected = finding.numbers
    assert name.startswith("the gradient of w1[")
    assert found == pytest.approx(-expected)


def test_a_finding_underlines_the_operand_that_is_wrong(tmp_path: Path) -> None:
    finding = one_mistake("slope(z1)", "slope(a1)", tmp_path)
    assert finding.columns is not None
    start, end = finding.columns
    assert finding.source[start:end] == "a1"


def test_every_mistake_that_an_edit_mends_has_words() -> None:
    assert set(ORDER) <= set(WORDS)


TWO_AT_ONCE = """
import numpy as np
rng = np.random.default_rng(6)
x, t = rng.normal(size=(12, 3, 1)), rng.uniform(0.2, 0.8, size=(12, 1, 1))
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(1, 4))
for _ in range(3):
    for k in range(12):
        h = 1 / (1 + np.exp(-w1 @ x[k]))
        y = 1 / (1 + np.exp(-w2 @ h))
        error = t[k] - y
        delta = error * y * (1 - y)
        w2 += 0.5 * delta @ h.T
        hidden = w2.T @ error
        w1 += 0.5 * hidden * h * (1 - h) @ x[k].T
"""


def test_a_raw_error_that_goes_back_through_updated_weights_is_two_mistakes() -> None:
    answer = verdict_on(TWO_AT_ONCE)
    found = {finding["mistake"]: finding["line"] for finding in answer["findings"]}
    assert found == {"updated-weights": 12, "raw-error-backpropagated": 13}
    assert all(finding["proved"] for finding in answer["findings"])


SOFTMAX = """
import numpy as np
rng = np.random.default_rng(8)
x = rng.normal(size=(30, 3))
t = np.eye(3)[rng.integers(3, size=30)]
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
for _ in range(40):
    h = np.tanh(x @ w1)
    e = np.exp(h @ w2)
    p = e / e.sum(axis=1, keepdims=True)
    {loss}
    delta = {delta}
    back = delta @ w2.T * (1 - h**2)
    w2 -= 0.05 * h.T @ delta
    w1 -= 0.05 * x.T @ back
"""


@pytest.mark.parametrize("loss", ["", "print(((p - t) ** 2).mean())"])
@pytest.mark.parametrize("delta", ["(p - t) * p * (1 - p)", "(p - t) * (p * (1 - p))"])
def test_a_derivative_as_of_a_sigmoid_is_too_much_for_softmax(loss: str, delta: str) -> None:
    """Softmax has other derivatives, and with cross-entropy none is left."""
    answer = verdict_on(SOFTMAX.format(loss=loss, delta=delta))
    (finding,) = answer["findings"]
    assert (finding["line"], finding["mistake"]) == (12, "derivative-at-activation")
    assert finding["proved"]
    assert finding["fix"].strip() == "delta = p - t"


def test_softmax_with_its_own_derivatives_is_right() -> None:
    delta = "p * (p - t - ((p - t) * p).sum(axis=1, keepdims=True))"
    assert verdict_on(SOFTMAX.format(loss="", delta=delta))["verdict"] == "right"
    assert verdict_on(SOFTMAX.format(loss="", delta="p - t"))["verdict"] == "right"


WINDOW = """\
import math
import random

random.seed(2)

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

def slope(z):
    s = sigmoid(z)
    return s * (1 - s)

samples = [(0.1 * k, 1 if 6 < k < 14 else 0) for k in range(20)]
w1, b1, w2, b2 = (random.uniform(-1, 1) for _ in range(4))
for epoch in range(30):
    for x, t in samples:
        z1, z2 = w1 * x + b1, w2 * x + b2
        a1, a2 = sigmoid(z1), sigmoid(2 - z2)
        error = a1 * a2 - t
        d1 = error * a2 * slope(z1)
        d2 = -error * a1 * slope(2 - z2)
        w1 -= 0.1 * d1 * x
        b1 -= 0.1 * d1
        w2 -= 0.1 * d2 * x
        b2 -= 0.1 * d2
"""


def test_a_helper_that_is_right_for_others_is_not_blamed() -> None:
    assert verdict_on(WINDOW)["verdict"] == "right"
    verdict = verdict_on(WINDOW.replace("-error * a1 * slope(2 - z2)", "error * a1 * slope(z2)"))
    assert [(one["line"], one["proved"]) for one in verdict["findings"]] == [(21, True)]


ONE_ERROR = """
import numpy as np

rng = np.random.default_rng(4)
u, w, v = (rng.normal(size=shape) * 0.4 for shape in ((5, 3), (5, 5), (2, 5)))
sequences = [rng.normal(size=(n, 3)) for n in (1, 1, 2, 3, 2, 3, 1, 3)]
for k in range(60):
    x, label = sequences[k % 8], k % 2
    h = [np.zeros(5)]
    for one in x:
        h.append(np.tanh(u @ one + w @ h[-1]))
    p = np.exp(v @ h[-1])
    p = p / p.sum()
    p[label] -= 1
    back = v.T @ p
    du, dw, dv = np.zeros_like(u), np.zeros_like(w), np.outer(p, h[-1])
    for t in reversed(range(len(x))):
        delta = (1 - h[t + 1] ** 2) * back
        dw += np.outer(delta, h[t])
        du += np.outer(delta, x[t])
        back = w.T @ delta
    for d in (du, dw, dv):
        np.clip(d, -1, 1, out=d)
    u, w, v = u - 0.1 * du, w - 0.1 * dw, v - 0.1 * dv
"""


def test_one_error_for_all_time_steps_does_not_flow_through_time() -> None:
    """The first sequences have a single step: their states have no earlier ones, and w no gradient."""
    assert verdict_on(ONE_ERROR)["verdict"] == "right"
    wrong = ONE_ERROR.replace("        back = w.T @ delta\n", "")
    found = [(f["mistake"], f["line"], f["proved"]) for f in verdict_on(wrong)["findings"]]
    assert found == [("no-flow-through-time", line_of(wrong, "delta ="), True)]


EMPTY_AT_FIRST = """\
import numpy as np

rng = np.random.default_rng(3)
w, u, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 1))
data = [(rng.normal(size=(n, 2)), float(n % 2)) for n in (0, 3, 4, 3, 0, 4, 3)]
for x, t in data:
    h = [np.full(3, 0.5)]
    for k in range(len(x)):
        h.append(np.tanh(x[k] @ w + h[-1] @ u))
    d = h[-1] @ v - t
    dw, du, dv = np.zeros_like(w), np.zeros_like(u), np.outer(h[-1], d)
    back = d @ v.T
    for k in reversed(range(len(x))):
        dz = back * (1 - h[k + 1] ** 2)
        dw += np.outer(x[k], dz)
        du += np.outer(h[k], dz)
        back = dz @ u.T
    w, u, v = w - 0.1 * dw, u - 0.1 * du, v - 0.1 * dv
"""


def test_a_first_sequence_may_be_empty() -> None:
    """It has no state whose error could flow through time: the later ones have."""
    assert verdict_on(EMPTY_AT_FIRST)["verdict"] == "right"
    wrong = EMPTY_AT_FIRST.replace("back = dz @ u.T", "back = 0 * back")
    found = [(f["mistake"], f["line"], f["proved"]) for f in verdict_on(wrong)["findings"]]
    assert found == [("no-flow-through-time", line_of(wrong, "back = 0"), True)]


ONE_OUTPUT = """\
import numpy as np

rng = np.random.default_rng(3)
w, v = rng.normal(size=(4, 2)), rng.normal(size=(1, 4))
x, t = rng.uniform(size=(3, 2, 1)), [0.9, 0.3, 0.8]
for step in range(12):
    h = 1 / (1 + np.exp(-(w @ x[step % 3])))
    y = 1 / (1 + np.exp(-(v @ h)))
    error = y - t[step % 3]
    back = v.T @ error
    v = v - 0.5 * (error * y * (1 - y)) @ h.T
    w = w - 0.5 * (back * h * (1 - h)) @ x[step % 3].T
"""


def test_a_raw_error_of_one_output_is_wrong() -> None:
    """Sample by sample it is off by a number in each pass, with which the larger array agrees, too."""
    verdict = verdict_on(ONE_OUTPUT)
    found = [(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]]
    assert found == [("raw-error-backpropagated", 10, True)], verdict["reason"]
    right = ONE_OUTPUT.replace("v.T @ error", "v.T @ (error * y * (1 - y))")
    assert verdict_on(right)["verdict"] == "right"


BIASES_BACK = """
import numpy as np
rng = np.random.default_rng(6)
x, t = rng.normal(size=(12, 3)), rng.uniform(0.2, 0.8, size=(12, 2))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
b1, b2 = np.zeros((1, 4)), np.zeros((1, 2))
for _ in range(30):
    h = 1 / (1 + np.exp(-x @ w1 - b1))
    y = 1 / (1 + np.exp(-h @ w2 - b2))
    d2 = (y - t) * y * (1 - y)
    db2 = d2.sum(axis=0, keepdims=True) / len(x)
    w2 -= 0.5 * h.T @ d2 / len(x)
    d1 = db2 @ w2.T * h * (1 - h)
    w1 -= 0.5 * x.T @ d1 / len(x)
    b1 -= 0.5 * d1.sum(axis=0, keepdims=True) / len(x)
    b2 -= 0.5 * db2
"""


def test_a_bias_gradient_that_goes_back_for_the_errors_of_all_samples_is_found() -> None:
    answer = verdict_on(BIASES_BACK)
    found = {finding["mistake"]: finding["line"] for finding in answer["findings"]}
    assert found == {"updated-weights": 12, "wrong-variable": 13}
    assert all(finding["proved"] for finding in answer["findings"])
