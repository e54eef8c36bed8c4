"""Errors that are the gradient of a loss that is none of the family, or of a part of one on purpose, are not called wrong."""

import pytest

from checked import NEVER_RIGHT, verdict_on

NETWORK = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(24, 3))
t = np.sin(x[:, :2] * 2)
w1, b1 = 0.6 * rng.normal(size=(3, 5)), np.zeros(5)
w2, b2 = 0.6 * rng.normal(size=(5, 2)), np.zeros(2)
for epoch in range(40):
    h = np.tanh(x @ w1 + b1)
    y = h @ w2 + b2
    later = np.roll(y, 1, axis=0)
    e = {error}
    e -= {less}
    d = e @ w2.T * (1 - h * h)
    w2 -= 0.05 * h.T @ e / 24
    b2 -= 0.05 * e.sum(axis=0) / 24
    w1 -= 0.05 * x.T @ d / 24
    b1 -= 0.05 * d.sum(axis=0) / 24
"""


@pytest.mark.parametrize(
    ("error", "less"),
    [
        ("y - 0.5 * later - t", "0"),  # a value, less the next one, is moved alone
        ("y - t", "e.mean(axis=0)"),  # the variance of errors
        ("np.where(y > t, 2 * (y - t), y - t)", "0"),  # what is too large costs more
    ],
)
def test_another_loss_may_be_meant(error: str, less: str) -> None:
    assert verdict_on(NETWORK.format(error=error, less=less))["verdict"] != "wrong"


@pytest.mark.parametrize(
    "error",
    [
        "np.where(y - t > 0, 3.0, 1.0) * (y - t)",  # weighed by the sign
        "(y - t) / np.sqrt(1 + (y - t) ** 2)",  # a smooth absolute error
        "(y - t) ** 3",
        "y - t + (y - t).mean()",
        "y - t + 0.3 * y",  # predictions are drawn to 0
    ],
)
def test_nor_is_it_where_a_program_prints_the_mean_of_squares(error: str) -> None:
    program = NETWORK.format(error=error, less="0")
    program += "    print(np.mean((y - t) ** 2))\n"
    assert verdict_on(program, NEVER_RIGHT)["verdict"] != "wrong"


GRADIENTS = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(24, 3))
t = np.sin(x[:, :2] * 2)
w1, w2 = 0.6 * rng.normal(size=(3, 5)), 0.6 * rng.normal(size=(5, 2))
for epoch in range(40):
    h = np.tanh(x @ w1)
    y = h @ w2
    print(np.mean((y - t) ** 2))
    e = (y - t) / 24
    d = e @ w2.T * (1 - h * h)
    half = rng.random(24) < 0.5
    dw1, dw2 = {gradients}
    {more}
    w2 -= 0.05 * dw2
    w1 -= 0.05 * dw1
"""


@pytest.mark.parametrize(
    ("gradients", "more"),
    [
        ("x.T @ d, h.T @ e", "dw1 += 0.1 * w1 @ (w1.T @ w1 - np.eye(5))"),  # orthogonal weights
        ("x[half].T @ d[half] * 2, h[half].T @ e[half] * 2", "pass"),  # half of the samples go back
    ],
)
def test_nor_are_terms_of_parameters_alone_or_samples_that_are_left_out(
    gradients: str, more: str
) -> None:
    program = GRADIENTS.format(gradients=gradients, more=more)
    assert verdict_on(program, NEVER_RIGHT)["verdict"] != "wrong"


@pytest.mark.parametrize("error", ["np.where(t > 0, 3.0, 1.0) * (y - t)", "-(t - y) * (1 + t**2)"])
def test_weights_of_errors_are_seen_though_a_difference_is_computed_once_more(error: str) -> None:
    program = NETWORK.format(error=error, less="0")
    program += "    print(np.abs(y - t).mean())\n"
    verdict = verdict_on(program)
    assert verdict["verdict"] == "right"
    assert "half-squared-error" in verdict["loss"]
    assert verdict_on(program.replace("(1 - h * h)", "(1 - h)"))["verdict"] == "wrong"


def test_what_the_others_follow_is_still_told() -> None:
    program = NETWORK.format(error="y - t", less="0").replace("x.T @ d", "x.T @ (d * h)")
    assert verdict_on(program)["verdict"] == "wrong"


CLASSES = """\
import numpy as np

rng = np.random.default_rng(7)
x = rng.normal(size=(40, 4))
label = np.argmax(x[:, :3] + 0.3 * rng.normal(size=(40, 3)), axis=1)
t = np.eye(3)[label]
w1, w2 = 0.5 * rng.normal(size=(4, 6)), 0.5 * rng.normal(size=(6, 3))
for epoch in range(50):
    h = {h}
    z = h @ w2
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    print(-np.mean(np.sum(t * np.log(p), axis=1)))
    q = np.sum(p * t, axis=1, keepdims=True)
    d2 = {d2} / 40
    d1 = ({back}) * (1 - h**2)
    w2 -= 0.1 * h.T @ d2
    w1 -= 0.1 * x.T @ d1
"""
PLAIN = {"h": "np.tanh(x @ w1)", "d2": "(p - t)", "back": "d2 @ w2.T"}


@pytest.mark.parametrize(
    "parts",
    [
        {"d2": "(p - t) * ((1 - q) ** 2 - 2 * q * (1 - q) * np.log(q))"},  # focal
        {"d2": "(p - t) * q**0.7"},
        {"d2": "(p - t + 0.01 * z)"},  # large logits cost
        {"d2": "(p - t + 0.05 * p * (np.log(p) - np.sum(p * np.log(p), axis=1, keepdims=True)))"},
        {"d2": "(p - t) * (p.argmax(axis=1) != label)[:, None]"},  # mistaken samples alone
        {"back": "d2 @ w2.T + 0.01 * (h - np.array([h[label == c].mean(axis=0) for c in label]))"},
        {"h": "np.round(np.tanh(x @ w1) * 8) / 8"},  # its slope is that of tanh on purpose
    ],
    ids=lambda parts: " ".join(parts.values())[:40],
)
def test_nor_are_other_losses_of_classes_beside_a_printed_cross_entropy(
    parts: dict[str, str],
) -> None:
    assert verdict_on(CLASSES.format(**{**PLAIN, **parts}), NEVER_RIGHT)["verdict"] != "wrong"


def test_beside_the_same_cross_entropy_mistakes_are_found() -> None:
    assert verdict_on(CLASSES.format(**PLAIN))["verdict"] == "right"
    for part in ({"d2": "(p - t) * p"}, {"d2": "(p + t)"}, {"back": "d2 @ w2.T * h"}):
        verdict = verdict_on(CLASSES.format(**{**PLAIN, **part}))
        assert verdict["verdict"] == "wrong", (part, verdict["reason"])
