"""What stands where an activation's derivative or an error belongs, and is neither: found at the line to change."""

import pytest

from checked import verdict_on

NETWORK = """
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slope(x):
    return sigmoid(x) * (1 - sigmoid(x))


rng = np.random.default_rng(1)
X = rng.normal(size=(40, 3))
Y = rng.integers(0, 2, size=(40, 1))
W1, b1 = rng.normal(size=(3, 5)), np.zeros((1, 5))
W2, b2 = rng.normal(size=(5, 1)), np.zeros((1, 1))
rate = 0.05
for epoch in range(100):
    z1 = X @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)
    error = Y - a2
    d2 = error * slope(z2)
    d1 = d2 @ W2.T * slope(z1)
    W2 += rate * a1.T @ d2
    b2 += rate * d2.sum(axis=0, keepdims=True)
    W1 += rate * X.T @ d1
    b1 += rate * d1.sum(axis=0, keepdims=True)
    print(np.mean((a2 - Y) ** 2))
"""


def found_in(right: str, wrong: str) -> tuple[list[int], list[str]]:
    """The lines and names of what is found, all of it proved, where a right network has something else."""
    assert NETWORK.count(right) == 1
    verdict = verdict_on(NETWORK.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert all(one["proved"] for one in verdict["findings"])
    return [one["line"] for one in verdict["findings"]], [
        one["mistake"] for one in verdict["findings"]
    ]


def line_with(text: str) -> int:
    return next(n for n, line in enumerate(NETWORK.split("\n"), 1) if text in line)


@pytest.mark.parametrize(
    "wrong", ["1 - sigmoid(x) ** 2", "sigmoid(x)", "np.exp(-x) / (1 + np.exp(-x))"]
)
def test_a_wrong_slope_that_all_layers_ask_for_is_one_line(wrong: str) -> None:
    lines, _ = found_in("sigmoid(x) * (1 - sigmoid(x))", wrong)
    assert lines == [line_with("* (1 - sigmoid(x))")]


def test_an_activation_asked_for_in_a_slopes_place_is_the_callers_mistake() -> None:
    lines, _ = found_in("error * slope(z2)", "error * sigmoid(z2)")
    assert lines == [line_with("error * slope(z2)")]


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        ("@ W2.T * slope(z1)", "@ W2.T * a1", "wrong-variable"),
        ("@ W2.T * slope(z1)", "@ W2.T * slope(z2)", "derivative-at-activation"),
        ("error * slope(z2)", "error * a2", "wrong-variable"),
    ],
)
def test_what_stands_beside_an_error_and_is_no_slope_of_its_layer_is_found(
    right: str, wrong: str, mistake: str
) -> None:
    assert found_in(right, wrong) == ([line_with(right)], [mistake])


@pytest.mark.parametrize("wrong", ["-np.mean((Y - a2) ** 2)", "np.sum((Y - a2) ** 2) / 40"])
def test_a_loss_that_is_sent_back_itself_is_found(wrong: str) -> None:
    lines, _ = found_in("Y - a2", wrong)
    assert lines == [line_with("Y - a2")]


def test_that_every_update_is_0_is_said() -> None:
    verdict = verdict_on(NETWORK.replace("* (1 - sigmoid(x))", "* 1 - sigmoid(x)"))
    assert verdict["verdict"] == "undecided"
    assert verdict["reason"].startswith("every update is 0")


def test_a_derivative_that_is_lifted_so_that_saturated_units_learn_is_meant() -> None:
    lifted = NETWORK.replace("sigmoid(x) * (1 - sigmoid(x))", "sigmoid(x) * (1 - sigmoid(x)) + 0.1")
    assert lifted != NETWORK
    verdict = verdict_on(lifted)
    assert (verdict["verdict"], "saturated" in verdict["reason"]) == ("undecided", True)
