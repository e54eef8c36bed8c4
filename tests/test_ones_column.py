"""`check` on biases that are a column of the weights: ones beside the inputs, and no decay of that column."""

import pytest

from checked import verdict_on

PROGRAM = """\
import numpy as np

def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_gradient(z):
    return sigmoid(z) * (1 - sigmoid(z))

def cost(parameters, X, y, decay):
    first = parameters[:15].reshape(3, 5)
    second = parameters[15:].reshape(2, 4)
    m = X.shape[0]
    X = np.hstack((np.ones((m, 1)), X))
    a1 = np.hstack((np.ones((m, 1)), sigmoid(X @ first.T)))
    a2 = sigmoid(a1 @ second.T)
    J = np.sum(-y * np.log(a2) - (1 - y) * np.log(1 - a2)) / m
    grad1, grad2 = np.zeros(first.shape), np.zeros(second.shape)
    for i in range(m):
        d2 = a2[i] - y[i]
        d1 = second.T @ d2 * sigmoid_gradient(np.hstack((1, first @ X[i])))
        grad1 = grad1 + d1[1:][:, np.newaxis] @ X[i][np.newaxis]
        grad2 = grad2 + d2[:, np.newaxis] @ a1[i][np.newaxis]
    grad1 = 1 / m * grad1 + (decay / m) * np.hstack((np.zeros((3, 1)), first[:, 1:]))
    grad2 = 1 / m * grad2 + (decay / m) * np.hstack((np.zeros((2, 1)), second[:, 1:]))
    return J, grad1, grad2

rng = np.random.default_rng(5)
X, y = rng.normal(size=(6, 4)), rng.integers(0, 2, (6, 2))
first, second = rng.normal(size=(3, 5)), rng.normal(size=(2, 4))
for step in range(20):
    J, grad1, grad2 = cost(np.append(first.flatten(), second.flatten()), X, y, 0.3)
    first = first - 0.8 * grad1
    second = second - 0.8 * grad2
"""
SLOPE = "sigmoid_gradient(np.hstack((1, first @ X[i])))"


def test_biases_that_do_not_decay_are_right() -> None:
    verdict = verdict_on(PROGRAM)
    assert (verdict["verdict"], verdict["loss"]) == ("right", "binary-cross-entropy")
    assert verdict_on(PROGRAM.replace(SLOPE, "(a1[i] * (1 - a1[i]))"))["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        (f" * {SLOPE}", "", "missing-derivative"),
        (SLOPE, "sigmoid_gradient(a1[i])", "derivative-at-activation"),
        ("grad1 + (decay / m)", "grad1 - (decay / m)", "decay-sign"),
        ("@ a1[i][np", "@ a1[i][::-1][np", "wrong-index"),
    ],
)
def test_one_mistake_beside_such_biases_is_named_at_its_line(
    right: str, wrong: str, mistake: str
) -> None:
    assert PROGRAM.count(right) == 1
    line = PROGRAM[: PROGRAM.index(right)].count("\n") + 1
    verdict = verdict_on(PROGRAM.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = [(f["mistake"], f["line"], f["proved"]) for f in verdict["findings"]]
    assert found == [(mistake, line, True)]
