"""Errors without a target, targets that are predictions, and updates without an error: what `check` says of them."""

from pathlib import Path

import pytest

from chainrule.checking.request import check_paths
from chainrule.checking.verdict import Verdict

from checked import verdict_on

NETWORK = """\
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(8, 3))
Y = rng.uniform(0.1, 0.9, size=(8, 2))
w1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
w2, b2 = rng.normal(size=(4, 2)), rng.normal(size=2)
for epoch in range(40):
    h = np.tanh(X @ w1 + b1)
    out = 1 / (1 + np.exp(-(h @ w2 + b2)))
    e = out - Y
    d2 = e * out * (1 - out)
    d1 = d2 @ w2.T * (1 - h * h)
    w2 -= 0.1 * h.T @ d2
    b2 -= 0.1 * d2.sum(axis=0)
    w1 -= 0.1 * X.T @ d1
    b1 -= 0.1 * d1.sum(axis=0)
"""
CLASSES = """\
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
labels = rng.integers(0, 3, 12)
W, b = rng.normal(size=(3, 3)), np.zeros(3)
for epoch in range(40):
    s = X @ W + b
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(12), labels]).mean()
    p[np.arange(12), labels] -= 1
    W -= 0.01 * X.T @ p
    b -= 0.01 * p.sum(axis=0)
"""
ONE_BY_ONE = """\
import math, random

random.seed(1)
data = [([0.2, 0.9], 1), ([0.8, 0.1], 0), ([0.3, 0.7], 1), ([0.9, 0.4], 0)]
w, b = [0.5, -0.3], 0.1
for epoch in range(40):
    for x, label in data:
        p = 1 / (1 + math.exp(-(w[0] * x[0] + w[1] * x[1] + b)))
        guess = 1 if p > 0.5 else 0
        e = p - label
        w[0] -= 0.1 * e * x[0]
        w[1] -= 0.1 * e * x[1]
        b -= 0.1 * e
"""


def verdict_of(folder: Path, source: str, *changes: tuple[str, str]) -> Verdict:
    for before, after in changes:
        assert before in source
        source = source.replace(before, after)
    path = folder / "network.py"
    path.write_text(source, "utf-8")
    (answer,) = check_paths([str(path)], 60.0, jobs=1)
    assert isinstance(answer, Verdict), answer
    return answer


def fixes(verdict: Verdict) -> list[tuple[str, str, bool]]:
    return [(f.mistake, (f.fix or "").strip(), f.proved) for f in verdict.findings]


@pytest.mark.parametrize("source", [NETWORK, CLASSES, ONE_BY_ONE])
def test_an_error_with_its_target_is_right(source: str, tmp_path: Path) -> None:
    assert verdict_of(tmp_path, source).verdict == "right"


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("e = out - out.mean(axis=0)", "e = out - Y"),
        ("e = out - 0.5", "e = out - Y"),
        ("e = out - np.round(out)", "e = out - Y"),
        ("e = 2 * out / 8", "e = 2 * (out - Y) / 8"),
    ],
)
def test_the_target_that_an_error_lacks_is_named(error: str, fix: str, tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, NETWORK, ("e = out - Y", error))
    assert fixes(verdict) == [("target-unused", fix, True)]
    assert verdict.findings[0].line == 11


def test_class_numbers_of_the_prediction_itself_are_no_target(tmp_path: Path) -> None:
    own = ("    p[np.arange(12), labels] -=", "    p[np.arange(12), p.argmax(axis=1)] -=")
    verdict = verdict_of(tmp_path, CLASSES, own)
    assert fixes(verdict) == [("target-unused", "p[np.arange(12), labels] -= 1", True)]


def test_a_guess_is_no_target_either(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, ONE_BY_ONE, ("e = p - label", "e = p - guess"))
    assert fixes(verdict) == [("target-unused", "e = p - label", True)]


def test_to_learn_from_predictions_and_look_at_classes_afterwards_may_be_meant(
    tmp_path: Path,
) -> None:
    verdict = verdict_of(
        tmp_path,
        CLASSES + "print(np.mean(p.argmax(axis=1) == labels))\n",
        ("    loss = -np.log(p[np.arange(12), labels]).mean()\n", ""),
        ("    p[np.arange(12), labels] -=", "    p[np.arange(12), p.argmax(axis=1)] -="),
    )
    assert verdict.verdict == "undecided"


def test_a_loss_of_the_program_that_needs_no_target_is_believed(tmp_path: Path) -> None:
    error = ("e = out - Y", "e = out\n    loss = 0.5 * np.sum(out**2)")
    assert verdict_of(tmp_path, NETWORK, error).verdict != "wrong"


@pytest.mark.parametrize(
    "target",
    [
        "reward + 0.5 * np.roll(out, 1, axis=0)",
        "np.sin(np.roll(X, 1, axis=0) @ w1 @ w2 + b2)",  # what other inputs lead to
    ],
)
def test_a_target_that_is_made_with_parameters_too_is_a_target(target: str, tmp_path: Path) -> None:
    verdict = verdict_of(
        tmp_path,
        NETWORK,
        ("w1, b1 =", "reward = rng.normal(size=(8, 2))\nw1, b1 ="),
        ("e = out - Y", f"e = out - ({target})"),
    )
    assert verdict.verdict != "wrong"


@pytest.mark.parametrize(
    "target", ["rng.normal(size=(8, 2))", "np.full((8, 2), epoch / 40)", "np.ones((8, 2))"]
)
def test_what_is_drawn_or_counted_or_never_changes_is_no_target(
    target: str, tmp_path: Path
) -> None:
    verdict = verdict_of(
        tmp_path,
        NETWORK,
        ("Y = rng.uniform(0.1, 0.9, size=(8, 2))\n", ""),
        ("e = out - Y", f"other = {target}; e = out - 0.5"),
    )
    assert verdict.verdict == "undecided"


def test_an_update_without_an_error_is_put_right(tmp_path: Path) -> None:
    blind = ("b1 -= 0.1 * d1.sum(axis=0)", "b1 -= 0.1 * h.sum(axis=0)")
    verdict = verdict_of(tmp_path, NETWORK, blind)
    assert fixes(verdict) == [("wrong-variable", "b1 -= 0.1 * d1.sum(axis=0)", True)]


ADAM = """\
import numpy as np
rng = np.random.default_rng(3)
x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
params = [rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(5, 2)), np.zeros(2)]
m, v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
for t in range(1, 60):
    h = np.tanh(x @ params[0] + params[1])
    out = h @ params[2] + params[3]
    d2 = (out - y) / 20
    d1 = d2 @ params[2].T * (1 - h**2)
    for i, g in enumerate([x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)]):
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.99 * v[i] + 0.01 * g**2
        params[i] = params[i] - 0.01 * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.99**t)) + 1e-8)
"""


def test_an_update_without_an_error_is_put_right_behind_adams_memories(tmp_path: Path) -> None:
    assert verdict_of(tmp_path, ADAM).verdict == "right"
    verdict = verdict_of(tmp_path, ADAM, ("h.T @ d2", "h.T @ out"))
    ((mistake, fix, proved),) = fixes(verdict)
    assert (mistake, proved) == ("wrong-variable", True)
    assert fix.strip() == next(line.strip() for line in ADAM.splitlines() if "h.T @ d2" in line)
    assert len(verdict.parameters) == 4


def test_centres_that_follow_the_activations_make_nothing_right(tmp_path: Path) -> None:
    centres = ("b1 -= 0.1 * d1.sum(axis=0)", "b1 += 0.1 * (h.mean(axis=0) - b1)")
    assert verdict_of(tmp_path, NETWORK, centres).verdict == "undecided"


@pytest.mark.parametrize(
    "kept",
    [
        "mean = mean + 0.1 * (h.mean(axis=0) - mean)",
        "mean = mean + 0.1 * (w2.mean(axis=1) - mean)",
    ],
)
def test_averages_that_go_into_no_prediction_are_no_parameters(kept: str, tmp_path: Path) -> None:
    verdict = verdict_of(
        tmp_path,
        NETWORK,
        ("for epoch", "mean = np.zeros(4)\nfor epoch"),
        ("    b1 -= 0.1 * d1.sum(axis=0)", f"    b1 -= 0.1 * d1.sum(axis=0)\n    {kept}"),
    )
    assert verdict.verdict == "right"


def test_a_state_that_goes_on_from_sample_to_sample_is_no_parameter(tmp_path: Path) -> None:
    source = """\
import numpy as np
rng = np.random.default_rng(6)
series = np.sin(np.arange(60) * 0.3)
inward, back = rng.normal(size=5), rng.normal(size=(5, 5)) * 0.3
w, h = 0.1 * rng.normal(size=5), np.zeros(5)
for t in range(59):
    h = h + 0.3 * (np.tanh(inward * series[t] + back @ h) - h)
    w = w - 0.05 * (w @ h - series[t + 1]) * h
"""
    assert verdict_of(tmp_path, source).verdict == "right"


SERIES = """\
import numpy as np

rng = np.random.default_rng(4)
wave = np.sin(np.arange(15) * 0.6)
a, b, c = rng.normal(size=4), np.zeros(4), rng.normal(size=(4, 1))


def predicted(values):
    return np.tanh(np.outer(values, a) + b) @ c


def learn(series, epochs):
    global a, b, c
    for epoch in range(epochs):
        h = np.tanh(np.outer(series[:-1], a) + b)
        e = predicted(series[:-1]) - series[1:, None]
        back = e @ c.T * (1 - h**2) / len(e)
        c = c - 0.3 * h.T @ e / len(e)
        b = b - 0.3 * back.sum(axis=0)
        a = a - 0.3 * series[:-1] @ back


learn(wave, 40)
"""


def test_the_target_of_all_but_the_last_value_is_what_comes_next(tmp_path: Path) -> None:
    assert verdict_of(tmp_path, SERIES).verdict == "right"
    verdict = verdict_of(tmp_path, SERIES, (" - series[1:, None]", ""))
    line = "e = predicted(series[:-1]) - series[1:, None]"
    assert fixes(verdict) == [("target-unused", line, True)]


def test_the_next_value_is_no_target_where_the_same_one_is(tmp_path: Path) -> None:
    """An autoencoder of a series: its target is what it is given."""
    verdict = verdict_of(tmp_path, SERIES, (" - series[1:, None]", " - series[:-1, None]"))
    assert verdict.verdict != "wrong"


def test_classes_that_a_loop_brings_and_nothing_in_it_reads_are_targets(tmp_path: Path) -> None:
    one_by_one = ONE_BY_ONE + "print(label)\n"
    verdict = verdict_of(tmp_path, one_by_one, ("e = p - label", "e = p - round(p)"))
    assert fixes(verdict) == [("target-unused", "e = p - label", True)]


TIMES = """\
import math
import random

random.seed(3)
w, b, v = random.uniform(-1, 1), 0.1, random.uniform(-1, 1)
series = [[random.gauss(0, 1) for _ in range(4)] for _ in range(5)]
goals = [[math.sin(x) for x in xs] for xs in series]
for epoch in range(30):
    for xs, ts in zip(series, goals):
        hidden = [math.tanh(w * x + b) for x in xs]
        outputs = [v * h for h in hidden]
        gw = gb = gv = 0.0
        for t in range(4):
            error = outputs[t] - ts[t]
            back = error * v * (1 - hidden[t] ** 2)
            gv += error * hidden[t]
            gw += back * xs[t]
            gb += back
        v -= 0.05 * gv
        w -= 0.05 * gw
        b -= 0.05 * gb
"""


def test_a_prediction_for_another_time_is_no_target_where_one_is_at_hand(tmp_path: Path) -> None:
    assert verdict_of(tmp_path, TIMES).verdict == "right"
    shifted = ("outputs[t] - ts[t]", "outputs[t] - outputs[t - 1]")
    verdict = verdict_of(tmp_path, TIMES, shifted)
    assert fixes(verdict) == [("target-unused", "error = outputs[t] - ts[t]", True)]
    no_goals = ("for xs, ts in zip(series, goals)", "for xs in series")
    assert verdict_of(tmp_path, TIMES, shifted, no_goals).verdict == "undecided"


TWO_OUTPUTS = """\
import math

w, u, v = 0.3, 0.4, -0.3
for epoch in range(50):
    for x, t, s in [(0.5, 0.2, 0.9), (-1.0, 0.9, 0.4), (0.8, 0.4, 0.1)]:
        h = math.tanh(w * x)
        y, z = u * h, v * h
        dy, dz = y - t, z - s
        back = (dy * u + dz * v) * (1 - h * h)
        u, v, w = u - 0.1 * dy * h, v - 0.1 * dz * h, w - 0.1 * back * x
"""


def test_a_prediction_less_itself_is_no_error() -> None:
    assert verdict_on(TWO_OUTPUTS)["verdict"] == "right"
    assert verdict_on(TWO_OUTPUTS.replace("y - t", "y - y"))["verdict"] != "right"
    zeros = TWO_OUTPUTS.replace("u - 0.1 * dy * h", "(u - u) + u - 0.1 * dy * h")
    assert verdict_on(zeros)["verdict"] == "right"


EMPTY_PARTS = """\
import numpy as np

rng = np.random.default_rng(0)


def sigmoid(x):
    negative = x < 0
    out = np.empty_like(x)
    out[~negative] = 1 / (1 + np.exp(-x[~negative]))
    raised = np.exp(x[negative])
    out[negative] = raised / (1 + raised)
    return out


inner, outer = rng.normal(size=(7, 4)), np.zeros((7, 4))
for k in range(60):
    v = inner[k % 7]
    u = outer[(3 * k) % 7]
    error = sigmoid(np.dot(u, v)) - 1.0
    back = error * u
    outer[(3 * k) % 7] -= 0.1 * error * v
    for other in (k % 5, (k + 2) % 7):
        wrong = sigmoid(np.dot(outer[other], v))
        back += wrong * outer[other]
        outer[other] -= 0.1 * wrong * v
    inner[k % 7] -= 0.1 * back
"""


def test_parts_of_values_that_a_mask_leaves_empty_are_no_numbers() -> None:
    """What a single number is was asked of an array without entries, and check broke."""
    assert verdict_on(EMPTY_PARTS, 10.0)["verdict"] == "undecided"
