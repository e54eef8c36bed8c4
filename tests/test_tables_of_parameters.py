"""Functions that read a table of weights which they do not make are given one, as deep as they read it."""

from checked import verdict_on

THREE_LAYERS = """
import numpy as np

def forward_propagation(X, parameters):
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    A1 = np.maximum(0, W1 @ X + b1)
    A2 = np.tanh(W2 @ A1 + b2)
    A3 = 1 / (1 + np.exp(-(W3 @ A2 + b3)))
    return A3, (A1, A2, W2, W3, A3)

def backward_propagation(X, Y, cache):
    A1, A2, W2, W3, A3 = cache
    m = X.shape[1]
    dZ3 = (A3 - Y) / m
    dZ2 = (W3.T @ dZ3) * (1 - A2**2)
    dZ1 = (W2.T @ dZ2) * (A1 > 0)
    return {
        "dW3": dZ3 @ A2.T, "db3": dZ3.sum(axis=1, keepdims=True),
        "dW2": dZ2 @ A1.T, "db2": dZ2.sum(axis=1, keepdims=True),
        "dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True),
    }
"""


def test_functions_are_given_the_table_that_they_read() -> None:
    verdict = verdict_on(THREE_LAYERS)
    assert (verdict["verdict"], verdict["loss"]) == ("right", "binary-cross-entropy")
    assert len(verdict["parameters"]) == 6


def test_a_mistake_is_found_with_it() -> None:
    verdict = verdict_on(THREE_LAYERS.replace("* (1 - A2**2)", "* (1 - A2)"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
