"""Ways back that leave out the error, or a term of the loss: never right, and found where running it proves it."""

import pytest

from checked import NEVER_RIGHT, verdict_on

NETWORK = """
import numpy as np


def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ


def relu_backward(dA, Z):
    dZ = dA * (Z > 0)
    return dZ


def backward(dA, cache, activation):
    A, W, Z = cache
    dZ = sigmoid_backward(dA, Z) if activation == "sigmoid" else relu_backward(dA, Z)
    return W.T @ dZ, dZ @ A.T / A.shape[1], dZ.mean(axis=1, keepdims=True)


def cost_of(P, Y):
    m = Y.shape[1]
    return np.squeeze((-np.dot(Y, np.log(P).T) - np.dot(1 - Y, np.log(1 - P).T)) / m)


rng = np.random.default_rng(1)
X = rng.normal(size=(4, 40))
Y = (X[:1] * X[1:2] > 0).astype(int)
sizes = [4, 7, 5, 1]
W = [rng.normal(size=(n, m)) / np.sqrt(m) for m, n in zip(sizes, sizes[1:])]
b = [np.zeros((n, 1)) for n in sizes[1:]]
for epoch in range(60):
    A, caches = X, []
    for layer in range(3):
        Z = W[layer] @ A + b[layer]
        caches.append((A, W[layer], Z))
        A = np.maximum(0, Z) if layer < 2 else 1 / (1 + np.exp(-Z))
    dA = -(Y / A - (1 - Y) / (1 - A))
    cost = cost_of(A, Y)
    grads = []
    for layer in (2, 1, 0):
        if layer == 2:
            dA, dW, db = backward(dA, caches[layer], "sigmoid")
        else:
            dA, dW, db = backward(dA, caches[layer], "relu")
        grads.append((layer, dW, db))
    for layer, dW, db in grads:
        W[layer] = W[layer] - 0.1 * dW
        b[layer] = b[layer] - 0.1 * db
"""


def line_with(text: str) -> int:
    return next(n for n, line in enumerate(NETWORK.split("\n"), 1) if text in line)


def test_the_network_is_right_as_it_is() -> None:
    verdict = verdict_on(NETWORK)
    assert (verdict["verdict"], verdict["loss"]) == ("right", "binary-cross-entropy")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("dA * s * (1 - s)", "s * (1 - s)"), ("dA * (Z > 0)", "(Z > 0) * 1.0")],
    ids=["at the output", "in hidden layers"],
)
def test_an_error_that_a_function_is_given_and_leaves_out_is_found(right: str, wrong: str) -> None:
    verdict = verdict_on(NETWORK.replace(right, wrong))
    assert verdict["verdict"] == "wrong"
    (finding,) = verdict["findings"]
    assert finding["proved"]
    assert finding["mistake"] == "target-unused"
    assert finding["line"] == line_with(right)
    assert finding["fix"].strip().startswith("dZ = dA * (")


def test_ones_in_an_errors_place_are_not_right() -> None:
    verdict = verdict_on(NETWORK.replace("dA * (Z > 0)", "np.ones_like(dA) * (Z > 0)"))
    assert verdict["verdict"] != "right"


def test_a_term_of_a_loss_is_not_the_loss() -> None:
    verdict = verdict_on(
        NETWORK.replace("-(Y / A - (1 - Y) / (1 - A))", "-Y / A"), seconds=NEVER_RIGHT
    )
    assert verdict["verdict"] != "right"


def test_a_helper_that_is_right_for_another_layer_is_not_blamed_for_its_call() -> None:
    wrong = NETWORK.replace('"relu")', '"sigmoid")')
    found = verdict_on(wrong)["findings"]
    assert {finding["line"] for finding in found} == {line_with('"relu")')}
