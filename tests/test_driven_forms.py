"""The forms in which programs ask to be trained: rows, outputs, options, one neuron, layers with activations."""

import pytest

from checked import verdict_on

HEAD = """import math
import random
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""

LISTS = """
def initialize_network(n_inputs, n_hidden, n_outputs):
    hidden = [{"w": [random.uniform(-1, 1) for _ in range(n_inputs + 1)]} for _ in range(n_hidden)]
    output = [{"w": [random.uniform(-1, 1) for _ in range(n_hidden + 1)]} for _ in range(n_outputs)]
    network = [hidden, output]
    return network

def forward(network, row):
    inputs = row
    for layer in network:
        out = []
        for neuron in layer:
            z = neuron["w"][-1] + sum(w * x for w, x in zip(neuron["w"][:-1], inputs))
            neuron["out"] = 1 / (1 + math.exp(-z))
            out.append(neuron["out"])
        inputs = out
    return inputs

def train_network(network, train, l_rate, n_epoch, n_outputs):
    for _ in range(n_epoch):
        for row in train:
            forward(network, row)
            expected = [0.0] * n_outputs
            expected[row[-1]] = 1.0
            for j, neuron in enumerate(network[1]):
                out = neuron["out"]
                neuron["delta"] = (expected[j] - out) * out * (1 - out)
            for j, neuron in enumerate(network[0]):
                error = sum(other["w"][j] * other["delta"] for other in network[1])
                neuron["delta"] = error * neuron["out"] * (1 - neuron["out"])
            for i, layer in enumerate(network):
                inputs = row[:-1] if i == 0 else [neuron["out"] for neuron in network[i - 1]]
                for neuron in layer:
                    for j in range(len(inputs)):
                        neuron["w"][j] += l_rate * neuron["delta"] * inputs[j]
                    neuron["w"][-1] += l_rate * neuron["delta"]
"""

OUTPUTS = """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.w, self.v = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)

    def fit(self, inputs, outputs, epochs):
        for _ in range(epochs):
            h = sigmoid(inputs @ self.w)
            p = sigmoid(h @ self.v)
            d = (p - outputs) * p * (1 - p)
            e = d @ self.v.T * h * (1 - h)
            self.v -= 0.1 * h.T @ d
            self.w -= 0.1 * inputs.T @ e
"""

OPTION = """
def train(X, y, n_in, n_hidden, n_out, kind, epochs):
    w, v = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)
    for _ in range(epochs):
        z = X @ w
        if kind == "tanh":
            h, slope = np.tanh(z), 1 - np.tanh(z) ** 2
        p = sigmoid(h @ v)
        d = (p - y) * p * (1 - p)
        e = d @ v.T * slope
        v = v - 0.1 * h.T @ d
        w = w - 0.1 * X.T @ e
    return w, v
"""

NEURON = """
class Neuron:
    def __init__(self, learning_rate):
        self.weights, self.bias = np.random.randn(2), np.random.randn()
        self.rate = learning_rate

    def train(self, input_vectors, targets, iterations):
        for k in range(iterations):
            x, t = input_vectors[k % len(input_vectors)], targets[k % len(input_vectors)]
            p = sigmoid(x @ self.weights + self.bias)
            d = 2 * (p - t) * p * (1 - p)
            self.weights = self.weights - self.rate * d * x
            self.bias = self.bias - self.rate * d
"""

DESCENT = """
def run_gradient_descent(data, output, initial_theta, alpha, iterations):
    for _ in range(iterations):
        loss = data.dot(initial_theta) - output
        initial_theta = initial_theta - alpha * data.T.dot(loss) / len(output)
    return initial_theta
"""

ONE_HOT = """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.w, self.v = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)

    def forward(self, x):
        self.x, self.h = x, sigmoid(x @ self.w)
        z = np.exp(self.h @ self.v)
        self.p = z / z.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, labels_one_hot):
        d = (self.p - labels_one_hot) / len(self.x)
        self.dv = self.h.T @ d
        self.dw = self.x.T @ (d @ self.v.T * self.h * (1 - self.h))
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (ONE_HOT, "d @ self.v.T * self.h * (1 - self.h)", "d @ self.v.T"),
        (LISTS, 'error * neuron["out"] * (1 - neuron["out"])', "error"),
        (OUTPUTS, "d @ self.v.T * h * (1 - h)", "d @ self.v.T"),
        (OPTION, "d @ v.T * slope", "d @ v.T"),
        (NEURON, "self.weights - self.rate * d * x", "self.weights - 0.5 * self.rate * d * x"),
        (DESCENT, "data.T.dot(loss)", "data.T.dot(np.abs(loss))"),
    ],
)
def test_networks_are_driven_however_they_ask_for_their_data(
    code: str, right: str, wrong: str
) -> None:
    assert verdict_on(HEAD + code)["verdict"] == "right"
    assert verdict_on(HEAD + code.replace(right, wrong))["verdict"] != "right"


DENSE = """
class Sigmoid:
    def forward(self, z):
        return sigmoid(z)

    def backward(self, z, top_diff):
        return top_diff * sigmoid(z) * (1 - sigmoid(z))

class Dense:
    def __init__(self, n_dimension: int, n_inputs: int, activation):
        self.W, self.b = np.random.randn(n_inputs, n_dimension), np.zeros((1, n_dimension))
        self.activation = activation

    def forward(self, x):
        self.x, self.z = x, x @ self.W + self.b
        return self.activation.forward(self.z)

    def backward(self, grad):
        delta = self.activation.backward(self.z, grad)
        self.dW = self.x.T @ delta
        self.db = delta.sum(axis=0, keepdims=True)
        return delta @ self.W.T
"""
BY_NAME = DENSE.replace(
    "self.activation = activation", 'self.activation = {"sigmoid": Sigmoid}[activation.lower()]()'
)


@pytest.mark.parametrize("code", [DENSE, BY_NAME])
def test_a_layer_that_asks_for_its_activation_is_told_one(code: str) -> None:
    right = verdict_on(HEAD + code)
    assert (right["verdict"], right["driven"]) == ("right", True), right["reason"]
    assert "Dense(x)" in {row["name"] for row in right["parameters"]}
    late = code.replace("self.activation.backward(self.z, grad)", "grad")
    assert verdict_on(HEAD + late)["verdict"] != "right"
    above = code.replace("return delta @ self.W.T", "return grad @ self.W.T")
    assert verdict_on(HEAD + above)["verdict"] != "right"


LINE = """
class Line:
    def __init__(self, rate=0.01, rounds=500):
        self.rate, self.rounds = rate, rounds
        self.weights, self.bias = None, None

    def fit(self, X, y):
        samples, features = X.shape
        self.weights = np.zeros(features)
        self.bias = 0
        for _ in range(self.rounds):
            predicted = np.dot(X, self.weights) + self.bias
            self.weights -= self.rate * np.dot(X.T, predicted - y) / samples
            self.bias -= self.rate * np.sum(predicted - y) / samples
"""


def test_one_number_that_follows_a_gradient_says_nothing_of_weights_without_an_error() -> None:
    assert verdict_on(HEAD + LINE)["verdict"] == "right"
    verdict = verdict_on(
        HEAD + LINE.replace("np.dot(X.T, predicted - y)", "np.dot(X.T, predicted)")
    )
    assert verdict["verdict"] != "right"


NAMED = """\
import numpy as np

class Network:
    def __init__(self, nb_neurons_per_layer, learning_rate, loss_threshold, max_iteration):
        sizes = nb_neurons_per_layer
        self.rate, self.least, self.most = learning_rate, loss_threshold, max_iteration
        self.w = [np.random.randn(m, n) for n, m in zip(sizes, sizes[1:])]
        self.b = [np.random.randn(m, 1) for m in sizes[1:]]

    def forward(self, x):
        self.a = [x]
        for w, b in zip(self.w, self.b):
            self.a.append(1 / (1 + np.exp(-(w @ self.a[-1] + b))))
        return self.a[-1]

    def backward(self, x, y):
        d = (self.forward(x) - y) * self.a[-1] * (1 - self.a[-1])
        dw, db = [], []
        for k in reversed(range(len(self.w))):
            dw.insert(0, d @ self.a[k].T)
            db.insert(0, d)
            d = self.w[k].T @ d * self.a[k] * (1 - self.a[k])
        return dw, db

    def descend(self, batch, train_size, lamb):
        sums = [(np.zeros(w.shape), np.zeros(b.shape)) for w, b in zip(self.w, self.b)]
        for x, y in batch:
            dw, db = self.backward(x, y)
            sums = [(a + c, b + d) for (a, b), c, d in zip(sums, dw, db)]
        for k, (dw, db) in enumerate(sums):
            self.w[k] = self.w[k] * (1 - self.rate * lamb / train_size) - self.rate * dw / len(batch)
            self.b[k] = self.b[k] - self.rate * db / len(batch)
"""


def test_pairs_of_a_batch_and_longer_names_of_sizes_are_known() -> None:
    verdict = verdict_on(NAMED)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]
    wrong = verdict_on(NAMED.replace("rate * db / len(batch)", "rate * db"))
    assert [one["mistake"] for one in wrong["findings"]] == ["parameter-mis-scaled"]


OPAQUE = """\
import numpy as np

class Line:
    def __init__(self, n_inputs, n_outputs):
        self.w = np.random.randn(n_inputs, n_outputs)
        self.dw = np.zeros((n_inputs, n_outputs))

    def train(self, x, y, lr=0.1):
        p = x @ self.w
        self.dw = x.T @ (p - y)
        self.w[:] = np.sort(np.sin(self.w), axis=0)
"""


def test_a_gradient_that_is_kept_makes_no_steps_right_that_are_not_understood() -> None:
    assert verdict_on(OPAQUE)["verdict"] == "undecided"
    step = OPAQUE.replace("self.w[:] = np.sort(np.sin(self.w), axis=0)", "self.w -= lr * self.dw")
    assert verdict_on(step)["verdict"] == "right"


# Each entry of what y has is an array of one entry, and so is what is written into the weights.
ENTRIES = """\
import numpy as np

class Net:
    def __init__(self, n_inputs, n_outputs):
        self.ni, self.no = n_inputs, n_outputs
        self.w, self.last = np.random.randn(n_inputs, n_outputs), np.zeros((n_inputs, n_outputs))

    def train(self, x, y, lr=0.05):
        for n in range(x.shape[0]):
            target = np.array([y[n]])
            for k in range(len(target)):
                p = sum(x[n][j] * self.w[j][k] for j in range(self.ni))
                for j in range(self.ni):
                    change = (target[k] - p) * x[n][j]
                    self.w[j][k] = self.w[j][k] + lr * change
                    self.last[j][k] = change
"""


def test_what_is_written_by_an_array_of_one_entry_is_a_step_of_its_parameter() -> None:
    stale = ENTRIES.replace("+ lr * change", "- lr * change + 0.5 * self.last[j][k]")
    assert stale != ENTRIES
    assert verdict_on(stale)["verdict"] != "right"
    climbing = ENTRIES.replace("+ lr * change", "- lr * change")
    assert verdict_on(climbing)["verdict"] != "right"
    assert verdict_on(ENTRIES)["verdict"] == "right"


ONE_WAY = """
import numpy as np
class Dense:
    def __init__(self, n_in, n_out):
        self.weight = np.random.uniform(-1, 1, size=(n_out, n_in))
        self.bias = np.random.uniform(-1, 1, size=n_out)
        self.grad_weight, self.grad_bias = np.zeros_like(self.weight), np.zeros_like(self.bias)
    def forward(self, x):
        self.output = x @ self.weight.T + self.bias
        return self.output
    def update_grad_input(self, x, grad_output):
        self.grad_input = grad_output @ self.weight
        return self.grad_input
    def get_grad_parameters(self):
        return [self.grad_weight, self.grad_bias]
"""


def test_what_goes_back_to_data_is_no_gradient_of_weights_and_an_error_none_of_a_bias() -> None:
    """With one output weights have the shape of a row of data; and an error alone that of a bias."""
    assert verdict_on(ONE_WAY)["verdict"] == "undecided"


DECAYING = """
import numpy as np
class Net:
    def __init__(self, sizes):
        self.w = [np.random.randn(m, n) for m, n in zip(sizes, sizes[1:])]
        self.b = [np.zeros((1, n)) for n in sizes[1:]]
    def forward(self, x):
        self.a, self.z = [x], []
        for w, b in zip(self.w, self.b):
            self.z.append(self.a[-1] @ w + b)
            self.a.append(np.tanh(self.z[-1]))
        return self.a[-1]
    def fit(self, x, y, epochs=50, rate=0.1, decay=0.0):
        for epoch in range(epochs):
            d = (self.forward(x) - y) * (1 - self.a[-1] ** 2)
            dw, db = [None] * len(self.w), [None] * len(self.w)
            for k in reversed(range(len(self.w))):
                dw[k], db[k] = self.a[k].T @ d, d.sum(axis=0, keepdims=True)
                if k:
                    d = d @ self.w[k].T * (1 - self.a[k] ** 2)
            for k in range(len(self.w)):
                if decay:
                    dw[k] = dw[k] + decay * self.w[k]
            for k in range(len(self.w)):
                self.w[k] -= rate * dw[k]
                self.b[k] -= rate * db[k]
"""


def test_a_loop_whose_rounds_update_nothing_unless_asked_goes_round() -> None:
    verdict = verdict_on(DECAYING)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True)


BIT_BY_BIT = """
import numpy as np

class Network:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.w1, self.b1 = np.random.randn(n_hidden, n_inputs), np.zeros((n_hidden, 1))
        self.w2, self.b2 = np.random.randn(n_outputs, n_hidden), np.zeros((n_outputs, 1))

    def fit(self, x, y, epochs=100, rate=0.1):
        for epoch in range(epochs):
            a = np.tanh(self.w1 @ x + self.b1)
            p = self.w2 @ a + self.b2
            d2 = (p - y) / x.shape[1]
            d1 = self.w2.T @ d2 * (1 - a ** 2)
            self.w2 -= rate * d2 @ a.T
            self.b2 -= rate * d2.sum(axis=1, keepdims=True)
            self.w1 -= rate * d1 @ x.T
            self.b1 -= rate * d1.sum(axis=1, keepdims=True)
            yield epoch, np.mean((p - y) ** 2)
"""


def test_a_method_that_hands_out_results_trains_while_they_are_asked_for() -> None:
    verdict = verdict_on(BIT_BY_BIT)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True)
    wrong = BIT_BY_BIT.replace("* (1 - a ** 2)", "* (1 - a)")
    assert verdict_on(wrong)["verdict"] == "wrong"
