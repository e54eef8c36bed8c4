"""Errors of other targets than the loss is of that a program computes of the same predictions."""

import pytest

from certain_network import NETWORK, line_of

from checked import NEVER_RIGHT, verdict_on

ERROR = "    error = a2 - t\n"
SQUARES = "    loss = np.mean((a2 - t) ** 2)\n"
LOGARITHMS = "    loss = -np.mean(t * np.log(a2 + 1e-9) + (1 - t) * np.log(1 - a2 + 1e-9))\n"
TARGET = "weights = "


@pytest.mark.parametrize(
    ("right", "wrong", "fix"),
    [
        (ERROR, SQUARES + "    error = a2 - t / len(x)\n", "error = (a2 - t) / len(x)"),
        (ERROR, "    error = -(t / 30 - a2)\n" + SQUARES, None),
        (
            ERROR + "    d2 = error * slope(a2)\n",
            LOGARITHMS + "    d2 = a2 - t / 30\n",
            "d2 = (a2 - t) / 30",
        ),
    ],
)
def test_a_target_divided_by_the_number_of_samples_lacks_parentheses(
    right: str, wrong: str, fix: str | None
) -> None:
    verdict = verdict_on(NETWORK.replace(right, wrong))
    if fix is None:
        assert verdict["verdict"] != "right"
        return
    (finding,) = verdict["findings"]
    assert verdict["verdict"] == "wrong"
    assert (finding["mistake"], finding["proved"]) == ("wrong-operator", True)
    assert finding["line"] == line_of("error") + 1
    assert finding["fix"].strip() == fix


TWO_OUTPUTS = """\
import math

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

x1, x2, t1, t2 = 0.4, -0.3, 0.2, 0.7
a, b, c, d, e, f = 0.3, -0.2, 0.5, 0.4, -0.6, 0.1
for epoch in range(60):
    h1, h2 = sigmoid(a * x1 + b * x2), sigmoid(c * x1 + d * x2)
    o1, o2 = sigmoid(e * h1 + f * h2), sigmoid(f * h1 + e * h2)
    total = 0.5 * (t1 - o1) ** 2 + 0.5 * (t2 - o2) ** 2
    d1 = (o1 - t1) * o1 * (1 - o1)
    d2 = (o2 - t2) * o2 * (1 - o2)
    g1, g2 = (d1 * e + d2 * f) * h1 * (1 - h1), (d1 * f + d2 * e) * h2 * (1 - h2)
    e, f = e - 0.5 * (d1 * h1 + d2 * h2), f - 0.5 * (d1 * h2 + d2 * h1)
    a, b, c, d = a - 0.5 * g1 * x1, b - 0.5 * g1 * x2, c - 0.5 * g2 * x1, d - 0.5 * g2 * x2
"""


def test_the_target_of_another_output_is_a_wrong_name() -> None:
    assert verdict_on(TWO_OUTPUTS)["verdict"] == "right"
    verdict = verdict_on(TWO_OUTPUTS.replace("(o2 - t2)", "(o2 - t1)"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"], finding["proved"]) == ("wrong-variable", 13, True)
    assert finding["fix"].strip() == "d2 = (o2 - t2) * o2 * (1 - o2)"


def test_targets_in_another_order_than_those_of_the_loss_are_not_right() -> None:
    mixed = SQUARES + "    error = a2 - np.roll(t, 1, axis=0)\n"
    verdict = verdict_on(NETWORK.replace(ERROR, mixed), NEVER_RIGHT)
    assert verdict["verdict"] == "undecided"
    assert "other targets than the loss does that line 19 computes" in verdict["reason"]


@pytest.mark.parametrize(
    ("error", "data"),
    [
        ("    print(np.mean((a2 - clean) ** 2))\n" + ERROR, "clean = t\nt = t + rng.normal(size=t.shape)\n"),
        ("    print(np.mean((a2 > 0.5) == t), np.abs(np.round(a2) - t).mean())\n" + ERROR, ""),
        ("    print(np.mean((100 * a2 - raw) ** 2))\n" + ERROR, "raw = 100 * t\n"),
        ("    print(np.mean((a2 - t) ** 2), np.mean((a2 - t / 2) ** 2))\n    error = a2 - t / 2\n", ""),
        ("    print(np.mean((sigmoid(sigmoid(x[:9] @ w1 + b1) @ w2 + b2) - t[9:18]) ** 2))\n" + ERROR, ""),
        (LOGARITHMS + "    error = (a2 - (0.9 * t + 0.05)) / slope(a2)\n", ""),
    ],
    ids=["noise", "classes", "units", "both", "other samples", "softened"],
)  # fmt: skip
def test_what_else_is_computed_of_predictions_leaves_errors_right(error: str, data: str) -> None:
    verdict = verdict_on(NETWORK.replace(ERROR, error).replace(TARGET, data + TARGET))
    assert verdict["verdict"] == "right", verdict["reason"]


def test_half_softened_labels_beside_the_hard_ones_are_not_called_wrong() -> None:
    softened = LOGARITHMS + "    error = (a2 - t * 0.9) / slope(a2)\n"
    assert verdict_on(NETWORK.replace(ERROR, softened))["verdict"] != "wrong"


FOLLOWERS = """\
import numpy as np

rng = np.random.default_rng(4)
texts = rng.integers(5, size=(6, 7))
w, u = rng.normal(size=(5, 3)), rng.normal(size=(3, 5))


def forward(xs):
    h = np.tanh(w[xs])
    z = np.exp(h @ u)
    return h, z / z.sum(axis=1, keepdims=True)


def loss(xs, ys):
    return -np.log(forward(xs)[1][np.arange(len(ys)), ys]).sum()


def gradients(xs, ys):
    h, p = forward(xs)
    p[np.arange(len(ys)), ys] -= 1
    gw = np.zeros_like(w)
    np.add.at(gw, xs, p @ u.T * (1 - h**2))
    return gw, h.T @ p


for text in texts:
    xs, ys = text[:-1], text[1:]
    for k in range(8):
        gw, gu = gradients(xs, ys)
        w -= 0.1 * gw
        u -= 0.1 * gu
        print(loss(xs, ys))
"""
ONE_BY_ONE = """\
import numpy as np

rng = np.random.default_rng(2)
X, y = rng.normal(size=(6, 3)), rng.integers(3, size=6)
w = rng.normal(size=(3, 3))
for step in range(20):
    total, g = 0.0, np.zeros_like(w)
    for k in range(6):
        z = np.exp(X[k] @ w)
        p = z / z.sum()
        total -= np.log(p[y[k]])
        for c in range(3):
            g[:, c] += (p[c] - (c == y[k])) * X[k]
    w -= 0.1 * g
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [
        ("loss(xs, ys)", "loss(xs, ys)", "right"),
        ("gradients(xs, ys)", "gradients(xs, xs)", "wrong"),
        # Which of the two is meant, nobody knows.
        ("np.arange(len(ys)), ys]).sum", "np.arange(len(ys)), xs]).sum", "undecided"),
        # Of other texts other letters follow.
        ("loss(xs, ys)", "loss(texts[0][::2], texts[0][1::2])", "right"),
    ],
)
def test_classes_that_a_loss_of_the_same_data_asks_for_are_those_of_errors(
    right: str, wrong: str, verdict: str
) -> None:
    place = FOLLOWERS.rindex(right)
    said = verdict_on(FOLLOWERS[:place] + FOLLOWERS[place:].replace(right, wrong))
    assert said["verdict"] == verdict, said["reason"]
    for finding in said["findings"]:
        assert finding["fix"].strip() == "gw, gu = gradients(xs, ys)"
        assert (finding["line"], finding["proved"]) == (29, True)


def test_classes_that_are_taken_off_one_by_one_are_those_of_the_loss() -> None:
    assert verdict_on(ONE_BY_ONE)["verdict"] == "right"
    verdict = verdict_on(ONE_BY_ONE.replace("c == y[k]", "c == y[k - 1]"))
    assert (verdict["verdict"], "line 11" in verdict["reason"]) == ("undecided", True)


COPYING = """\
import numpy as np

rng = np.random.default_rng(4)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 3))
w, u = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))


def forward(x):
    h = np.tanh(x @ w)
    return h, h @ u


def gradients(x, t):
    h, p = forward(x)
    d = p - t
    return x.T @ (d @ u.T * (1 - h**2)), h.T @ d


for step in range(30):
    gw, gu = gradients(X, Y)
    w -= 0.05 * gw
    u -= 0.05 * gu
    print(np.mean((forward(X)[1] - Y) ** 2))
"""


def test_inputs_are_no_targets_where_a_later_prediction_of_theirs_has_others() -> None:
    assert verdict_on(COPYING)["verdict"] == "right"
    copied = COPYING.replace("gradients(X, Y)", "gradients(X, X)")
    assert verdict_on(copied)["verdict"] == "undecided"
    assert verdict_on(copied.replace("[1] - Y", "[1] - X"))["verdict"] == "right"
