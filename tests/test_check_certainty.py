"""Where no parameter is right, a mistake is told from a loss that is not known."""

from typing import Any

import pytest

from checked import verdict_on

NETWORK = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(a):
    return a * (1 - a)

rng = np.random.default_rng(5)
x = rng.normal(size=(30, 3))
t = rng.uniform(size=(30, 2)).round()
weights = rng.uniform(0.5, 2, size=(30, 1))
w1, b1 = rng.normal(size=(3, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 2)), np.zeros(2)
rate = 0.3
for epoch in range(40):
    a1 = sigmoid(x @ w1 + b1)
    a2 = sigmoid(a1 @ w2 + b2)
    error = a2 - t
    d2 = error * slope(a2)
    d1 = d2 @ w2.T * slope(a1)
    w2 -= rate * (a1.T @ d2)
    b2 -= rate * d2.sum(axis=0)
    w1 -= rate * (x.T @ d1)
    b1 -= rate * d1.sum(axis=0)
"""


def verdict_with(right: str, wrong: str) -> dict[str, Any]:
    assert NETWORK.count(right) == 1
    return verdict_on(NETWORK.replace(right, wrong))


def line_of(beginning: str) -> int:
    (line,) = (n for n, s in enumerate(NETWORK.splitlines(), 1) if s.strip().startswith(beginning))
    return line


@pytest.mark.parametrize(
    ("right", "wrong", "mistake", "line"),
    [
        ("return a * (1 - a)", "return a * (1 + a)", "wrong-operator", "return a *"),
        ("return a * (1 - a)", "return a * (2 - a)", "wrong-constant", "return a *"),
        ("a2 - t", "a2 + t", "wrong-operator", "error ="),
    ],
)
def test_what_no_loss_can_ask_for_is_wrong(right: str, wrong: str, mistake: str, line: str) -> None:
    verdict = verdict_with(right, wrong)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = [(f["mistake"], f["line"], f["proved"]) for f in verdict["findings"]]
    assert found == [(mistake, line_of(line), True)]


@pytest.mark.parametrize(
    "loss",
    [
        "error = weights * (a2 - t)",  # samples count differently
        "error = (a2 - t) * (1 + a2)",  # a loss of one's own
        "error = np.tanh(a2 - t)",
    ],
)
def test_another_loss_is_never_wrong(loss: str) -> None:
    assert verdict_with("error = a2 - t", loss)["verdict"] != "wrong"


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("w1 -= rate * (x.T @ d1)", "w1 = w1 - rate + (x.T @ d1)", "w1 -="),
        ("b1 -= rate * d1.sum(axis=0)", "b1 -= rate + d1.sum(axis=0)", "b1 -="),
    ],
)
def test_a_sum_in_place_of_a_product_is_found_though_the_run_diverges(
    right: str, wrong: str, line: str
) -> None:
    verdict = verdict_with(right, wrong)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-operator", line_of(line))


SKIP_GRAM = """\
import numpy as np

rng = np.random.default_rng(6)
words = rng.integers(0, 7, size=(40, 2))
inside, outside = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
labels = rng.integers(0, 2, size=40).astype(float)
for epoch in range(4):
    for (centre, other), label in zip(words, labels):
        v, u = inside[centre].copy(), outside[other].copy()
        error = 1 / (1 + np.exp(-v @ u)) - label
        inside[centre] -= 0.1 * error * u
        outside[other] -= 0.1 * error * v
"""


def test_rows_that_words_name_are_data() -> None:
    assert verdict_on(SKIP_GRAM)["verdict"] == "right"


def test_weights_that_climb_are_wrong_where_only_biases_descend() -> None:
    verdict = verdict_on(
        NETWORK.replace("w1 -= rate", "w1 += rate").replace("w2 -= rate", "w2 += rate")
    )
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert {f["mistake"] for f in verdict["findings"]} == {"sign-error"}
    assert {f["line"] for f in verdict["findings"]} == {line_of("w1 -="), line_of("w2 -=")}
