"""What driving shows of a program, and what it does not: depths, activations, layers, what is handed on."""

import pytest

from checked import verdict_on

HEAD = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""


OF_ANY_DEPTH = """
class Network:
    def __init__(self, layer_sizes, activation="sigmoid", slope="sigmoid"):
        self.w = [np.random.randn(n, m) for n, m in zip(layer_sizes[:-1], layer_sizes[1:])]
        self.b = [np.zeros((1, m)) for m in layer_sizes[1:]]
        functions = {"sigmoid": sigmoid, "tanh": np.tanh}
        slopes = {"sigmoid": slope_of_sigmoid, "tanh": slope_of_tanh}
        self.f, self.df = functions[activation], slopes[slope]

    def train(self, X, y, epochs, learning_rate=0.1):
        for _ in range(epochs):
            a, z = [X], []
            for w, b in zip(self.w, self.b):
                z.append(a[-1] @ w + b)
                a.append(self.f(z[-1]))
            deltas = [(a[-1] - y) * self.df(z[-1])]
            for k in range(1, len(self.w)):
                deltas.append(deltas[-1] @ self.w[-k].T * self.df(z[-k - 1]))
            for k, delta in enumerate(reversed(deltas)):
                self.w[k] -= learning_rate * a[k].T @ delta
                self.b[k] -= learning_rate * delta.sum(axis=0, keepdims=True)

def slope_of_sigmoid(z):
    return sigmoid(z) * (1 - sigmoid(z))

def slope_of_tanh(z):
    return 1 - np.tanh(z) ** 2
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("", ""),
        ("* self.df(z[-k - 1])", "* self.df(z[k - 1])"),
        ("* self.df(z[-k - 1])", "* slope_of_sigmoid(z[-k - 1])"),
    ],
)
def test_what_is_right_for_one_hidden_layer_or_one_activation_alone_is_not_right(
    right: str, wrong: str
) -> None:
    code = OF_ANY_DEPTH.replace(right, wrong, 1) if right else OF_ANY_DEPTH
    verdict = verdict_on(HEAD + code)
    assert (verdict["verdict"] == "right") == (not right), verdict["reason"]


def test_what_stops_with_more_than_one_hidden_layer_is_told() -> None:
    code = OF_ANY_DEPTH.replace("self.w[-k].T", "self.w[-1].T")
    verdict = verdict_on(HEAD + code)
    assert verdict["verdict"] == "right"
    assert "with one hidden layer alone" in verdict["reason"]


UNUSED_LAYER = """
class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, grad):
        self.dW = self.x.T @ grad
        return grad @ self.W.T
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [("", "", "right"), ("grad @ self.W.T", "2 * grad @ self.W.T", "wrong"), ("n_in, n_out", "a, b, c", "undecided")],
)  # fmt: skip
def test_a_layer_that_a_right_network_is_not_made_of_is_driven_too(
    right: str, wrong: str, verdict: str
) -> None:
    layer = UNUSED_LAYER.replace(right, wrong, 1) if right else UNUSED_LAYER
    found = verdict_on(HEAD + OF_ANY_DEPTH + layer)
    assert found["verdict"] == verdict
    assert verdict != "undecided" or "Dense.backward" in found["reason"]


STEPPING = """
class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        return np.dot(self.input, self.weights) + self.bias

    def backward_propagation(self, output_error, learning_rate):
        weights_error = np.dot(self.input.T, output_error)
        input_error = np.dot(output_error, self.weights.T)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error
        return input_error
"""
LATE = STEPPING.replace("return input_error", "return np.dot(output_error, self.weights.T)")


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (STEPPING, "right"),
        (LATE, "wrong"),
        (LATE.replace("* output_error\n", "* output_error.sum(axis=0)\n"), "wrong"),
    ],
)
def test_what_a_layer_that_takes_steps_hands_on_is_judged_whatever_its_ways_are_called(
    code: str, verdict: str
) -> None:
    found = verdict_on(HEAD + code)
    assert (found["verdict"], found["driven"]) == (verdict, True)


@pytest.mark.parametrize("slope", ["(self.input > 0)", "self.input * (1 - self.input)"])
@pytest.mark.parametrize("steps", [True, False])
def test_a_derivative_of_what_a_layer_is_given_is_not_called_wrong(slope: str, steps: bool) -> None:
    """The activation may stand in the network."""
    code = STEPPING.replace("self.weights.T)", f"self.weights.T) * {slope}")
    if not steps:
        code = code.replace(", learning_rate", "")
        code = code.replace(
            "self.weights -= learning_rate * weights_error", "self.dw = weights_error"
        )
        code = code.replace("self.bias -= learning_rate * ", "self.db = ").replace("dw", "dweights")
    assert verdict_on(HEAD + code)["verdict"] == "undecided"


OPTIMIZER = """
class Squares:
    def __init__(self, rate):
        self.rate, self.m = rate, 0.0

    def update(self, w, g):
        self.m = 0.9 * self.m + g * g
        return w - self.rate * self.m * g
"""


def test_an_optimizer_that_nobody_called_is_told() -> None:
    verdict = verdict_on(HEAD + OF_ANY_DEPTH + OPTIMIZER)
    assert (verdict["verdict"], "Squares.update" in verdict["reason"]) == ("right", True)


def test_what_a_network_leaves_out_by_itself_is_left_out() -> None:
    """The name that it is compared with belongs to another loss."""
    asked = OF_ANY_DEPTH.replace('slope="sigmoid"', 'slope="sigmoid", output=None')
    asked = asked.replace("self.df(z[-1])]", '(1 if output == "softmax" else self.df(z[-1]))]')
    assert verdict_on(HEAD + asked.replace("output ==", "self.output ==").replace(
        "        self.f, self.df", "        self.output = output\n        self.f, self.df"
    ))["verdict"] == "right"  # fmt: skip


@pytest.mark.parametrize("raised", ["raise TypeError('no')", "self.scale = 1 / 0"])
def test_a_class_that_cannot_be_made_is_no_activation_to_be_told(raised: str) -> None:
    broken = f"""
class Broken:
    def __init__(self):
        {raised}

    def forward(self, x):
        return x

class Told:
    def __init__(self, n_in, n_out, activation):
        self.W, self.activation = np.random.randn(n_in, n_out), activation

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, grad):
        self.dW = self.x.T @ grad
        return grad @ self.W.T
"""
    assert verdict_on(HEAD + broken)["verdict"] == "right"
