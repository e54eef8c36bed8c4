"""What a class asks for in words of its own: sizes, settings, layers that it is told of one by one, what it never reads."""

import pytest

from checked import verdict_on

HEAD = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""

PASS = """
    def fit(self, x, y, epochs):
        for _ in range(epochs):
            h = sigmoid(x @ self.w)
            p = sigmoid(h @ self.v)
            d = (p - y) * p * (1 - p)
            e = d @ self.v.T * h * (1 - h)
            self.v -= self.rate * h.T @ d
            self.w -= self.rate * x.T @ e
"""

WORDS = (
    """
class Net:
    def __init__(self, layer_input_count, neuron_amount1, amount_of_classes, some_rate):
        self.w = np.random.randn(layer_input_count, neuron_amount1)
        self.v = np.random.randn(neuron_amount1, amount_of_classes)
        self.rate = some_rate
"""
    + PASS
)

SETTINGS = (
    """
class Net:
    def __init__(self, settings):
        self.w = np.random.randn(settings["n_inputs"], settings["hidden_size"])
        self.v = np.random.randn(settings["hidden_size"], settings["n_outputs"])
        self.rate = settings["learning_rate"]
"""
    + PASS
)

NEVER_READ = (
    """
class Net:
    def __init__(self, n_inputs, hidden_size, n_outputs, journal):
        self.w = np.random.randn(n_inputs, hidden_size)
        self.v = np.random.randn(hidden_size, n_outputs)
        self.rate, self.journal = 0.1, journal

    def report(self):
        self.journal.write(str(self.w))
"""
    + PASS
)

TOLD_SIZES = """
class Layer:
    def __init__(self, fan_in, fan_out):
        self.w, self.b = np.empty((fan_in, fan_out)), np.empty(fan_out)

class Net:
    def __init__(self):
        self.layers = []

    def add_layer(self, input_amount, neuron_amount):
        self.layers.append(Layer(input_amount, neuron_amount))

    def setup(self):
        for layer in self.layers:
            layer.w = np.random.randn(*layer.w.shape)
            layer.b = np.random.randn(*layer.b.shape)

    def forward(self, x):
        self.outs = [x]
        for layer in self.layers:
            self.outs.append(sigmoid(self.outs[-1] @ layer.w + layer.b))
        return self.outs[-1]

    def backward(self, y, learning_rate):
        d = (self.outs[-1] - y) * self.outs[-1] * (1 - self.outs[-1])
        for k in reversed(range(len(self.layers))):
            layer, before = self.layers[k], self.outs[k]
            e = d @ layer.w.T * before * (1 - before)
            layer.w -= learning_rate * before.T @ d
            layer.b -= learning_rate * d.sum(axis=0)
            d = e
"""

PARTS = """
class Dense:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dout, lr):
        dx = dout @ self.w.T
        self.w -= lr * self.x.T @ dout
        self.b -= lr * dout.sum(axis=0, keepdims=True)
        return dx

class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout, lr):
        return dout * (1 - self.out ** 2)
"""

PUSHED = (
    PARTS
    + """
class Net:
    def __init__(self):
        self.parts = []

    def push(self, part):
        self.parts.append(part)

    def fit(self, x, y, epochs, lr):
        for _ in range(epochs):
            out = x
            for part in self.parts:
                out = part.forward(out)
            error = out - y
            for part in reversed(self.parts):
                error = part.backward(error, lr)
"""
)

ROWS = """
class Net:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.w = np.random.randn(n_hidden, n_inputs)
        self.v = np.random.randn(n_outputs, n_hidden)

    def train(self, dataset, epochs):
        for _ in range(epochs):
            for row in dataset:
                x, t = np.array(row[:-1]), np.zeros(len(self.v))
                t[int(row[-1])] = 1.0
                h = sigmoid(self.w @ x)
                p = sigmoid(self.v @ h)
                d = (p - t) * p * (1 - p)
                e = d @ self.v * h * (1 - h)
                self.v -= 0.1 * np.outer(d, h)
                self.w -= 0.1 * np.outer(e, x)
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (WORDS, "d @ self.v.T * h * (1 - h)", "d @ self.v.T"),
        (SETTINGS, "d @ self.v.T * h * (1 - h)", "d @ self.v.T"),
        (NEVER_READ, "d @ self.v.T * h * (1 - h)", "d @ self.v.T"),
        (TOLD_SIZES, "d @ layer.w.T * before * (1 - before)", "d @ layer.w.T"),
        (PUSHED, "error = out - y", "error = (out - y) * y"),
        (PUSHED, "error = out - y", "error = out + y"),
        (ROWS, "d @ self.v * h * (1 - h)", "d @ self.v"),
    ],
)
def test_a_network_is_given_what_it_asks_for(code: str, right: str, wrong: str) -> None:
    verdict = verdict_on(HEAD + code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]
    assert not any("(" in row["name"] for row in verdict["parameters"])  # it was the network
    assert verdict_on(HEAD + code.replace(right, wrong))["verdict"] != "right"


def test_what_was_given_nothing_is_said() -> None:
    assert "nothing was given for journal" in verdict_on(HEAD + NEVER_READ)["reason"]


def test_what_chooses_by_an_argument_is_not_given_nothing() -> None:
    code = NEVER_READ.replace(
        "self.rate, self.journal = 0.1, journal",
        "self.rate, self.journal = (0.1, journal) if journal is not None else (-0.1, None)",
    )
    assert verdict_on(HEAD + code)["verdict"] == "undecided"


MOMENTUM = """
class Dense:
    def __init__(self, number_neurons, neuron_input, learning_rate):
        self.weights, self.biases = np.random.randn(neuron_input, number_neurons), np.zeros(number_neurons)
        self.prev_grad_w, self.prev_grad_b = np.zeros_like(self.weights), np.zeros_like(self.biases)
        self.learning_rate = learning_rate

    def forward(self, inputs):
        self.kept = inputs
        return inputs @ self.weights + self.biases

    def backward(self, delta):
        data = delta @ self.weights.T
        self.prev_grad_w = 0.9 * self.prev_grad_w + self.kept.T @ delta
        self.prev_grad_b = 0.9 * self.prev_grad_b + delta.sum(axis=0)
        self.weights -= self.learning_rate * self.prev_grad_w
        self.biases -= self.learning_rate * self.prev_grad_b
        return data
"""

STEPPING = """
class Dense:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_in, n_out), np.random.randn(n_out)

    def forward(self, x):
        self.x, self.out = x, np.tanh(x @ self.w + self.b)
        return self.out

    def backward(self, deriv_output):
        self.delta = deriv_output * (1 - self.out ** 2)
        return self.delta @ self.w.T

    def update(self, rate):
        self.w -= rate * self.x.T @ self.delta
        self.b -= rate * self.delta.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (MOMENTUM, "self.kept.T @ delta", "np.abs(self.kept).T @ delta"),
        (STEPPING, "self.x.T @ self.delta", "np.abs(self.x).T @ self.delta"),
        (STEPPING, "self.delta.sum(axis=0)", "np.abs(self.delta).sum(axis=0)"),
        (STEPPING, "return self.delta @ self.w.T", "return deriv_output @ self.w.T"),
    ],
)
def test_a_layer_that_steps_by_gradients_of_its_own_is_judged(
    code: str, right: str, wrong: str
) -> None:
    verdict = verdict_on(HEAD + code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]
    assert verdict_on(HEAD + code.replace(right, wrong))["verdict"] != "right"


TRAINER = (
    PARTS
    + """
class Net:
    def __init__(self, graph):
        self.graph = graph

    def fit(self, x, y, epochs, lr):
        for _ in range(epochs):
            out = self.graph.run_forward(x)
            self.graph.run_backward(ERROR, lr)
"""
)


def test_a_trainer_that_nobody_could_call_is_named_or_leaves_the_file_open() -> None:
    calls = verdict_on(HEAD + TRAINER.replace("ERROR", "self.graph.error_of(out, y)"))
    assert calls["verdict"] == "right"
    assert "nothing is known of Net.fit" in calls["reason"]
    assert "nothing is known" not in verdict_on(HEAD + PUSHED)["reason"]
    computes = verdict_on(HEAD + TRAINER.replace("ERROR", "out + y"))
    assert computes["verdict"] == "undecided"
    assert "Net.fit" in computes["reason"]


EITHER = """
class Net:
    def __init__(self, n_in, n_hidden, n_out, activation="sigmoid"):
        self.w, self.v = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)
        self.act = self.sigmoid if activation == "sigmoid" else self.tanh
        self.slope = self.sigmoid_slope if activation == "sigmoid" else self.tanh_derivative

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def sigmoid_slope(self, a):
        return a * (1 - a)

    def tanh(self, z):
        return np.tanh(z)

    def tanh_derivative(self, a):
        return 1 - a ** 2

    def fit(self, x, y, epochs):
        for _ in range(epochs):
            h = self.act(x @ self.w)
            p = self.act(h @ self.v)
            d = (p - y) * self.slope(p)
            e = d @ self.v.T * self.slope(h)
            self.v -= 0.1 * h.T @ d
            self.w -= 0.1 * x.T @ e
"""


def test_what_an_option_chooses_if_it_has_another_name_is_driven_too() -> None:
    assert verdict_on(HEAD + EITHER)["verdict"] == "right"
    of_scores = HEAD + EITHER.replace("return 1 - a ** 2", "return 1 - np.tanh(a) ** 2")
    assert verdict_on(of_scores)["verdict"] != "right"
