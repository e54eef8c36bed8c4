"""Parameters that are copied to be updated, long preparations, layers of several sizes in one loop."""

import pytest

from checked import verdict_on

MAKE = """
rng = np.random.default_rng(5)
x = rng.normal(size=(9, 3))
t = np.sin(x[:, :2])
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
"""

COPIED = """
def update(parameters, gradients):
    w1 = copy.deepcopy(parameters["w1"])
    w2 = parameters["w2"].copy()
    return {"w1": w1 - 0.1 * gradients["w1"], "w2": w2 - 0.1 * gradients["w2"]}
parameters = {"w1": w1, "w2": w2}
for _ in range(40):
    w1, w2 = parameters["w1"], parameters["w2"]
    h = 1 / (1 + np.exp(-x @ w1))
    y = h @ w2
    d2 = (y - t) / len(x)
    d1 = d2 @ w2.T * h * (1 - h)
    parameters = update(parameters, {"w1": x.T @ d1, "w2": h.T @ d2})
"""


@pytest.mark.parametrize(
    ("network", "lines"), [(COPIED, []), (COPIED.replace("1 - h)", "1 + h)"), [18])]
)
def test_what_is_copied_to_be_updated_is_the_same_parameter(network: str, lines: list[int]) -> None:
    answer = verdict_on("import copy\nimport numpy as np" + MAKE + network)
    assert answer["verdict"] == ("wrong" if lines else "right")
    assert [finding["line"] for finding in answer["findings"]] == lines
    assert len(answer["parameters"]) == 2


PREPARED = """
xs, ts = [], []
for k in range(1200):
    xs.append([random.uniform(0, 6), random.uniform(0, 6)])
    ts.append(math.sin(xs[k][0] + xs[k][1]))
x = np.array(xs)
x = (x - np.min(x)) / (np.max(x) - np.min(x))
t = np.array(ts)
w1, b1 = np.random.rand(4, 2), np.zeros(4)
w2, b2 = np.random.rand(1, 4), np.zeros(1)
for _ in range(20):
    total = 0
    for k in range(len(x)):
        h = np.tanh(w1 @ x[k] + b1)
        y = w2 @ h + b2
        d2 = 2 * (y - t[k])
        d1 = (w2.T @ d2) * (1 - h * h)
        w2 -= 0.01 * np.outer(d2, h)
        b2 -= 0.01 * d2
        w1 -= 0.01 * np.outer(d1, x[k])
        b1 -= 0.01 * d1
        total += np.power(y - t[k], 2)
"""


def test_a_long_preparation_does_not_take_the_time_of_judging() -> None:
    wrong = PREPARED.replace("(1 - h * h)", "(1 - h)").replace(
        "np.outer(d1, x[k])", "np.outer(d1, x[k]) * h[0]"
    )
    answer = verdict_on("import math, random\nimport numpy as np\n" + wrong, seconds=15)
    assert answer["verdict"] == "wrong"


SEVERAL_SIZES = """
import numpy as np
class Net:
    def __init__(self, input_size, hidden_sizes, output_size, learning_rate=0.001, rate=0.2):
        self.learning_rate = learning_rate
        self.rate = rate
        sizes = [input_size] + hidden_sizes + [output_size]
        self.weights = [np.random.randn(m, n) for m, n in zip(sizes, sizes[1:])]
        self.biases = [np.zeros((1, n)) for n in sizes[1:]]
    def dropout(self, x):
        return x * np.random.binomial(1, 1 - self.rate, size=x.shape) / (1 - self.rate)
    def forward(self, X):
        self.z, self.a = [], [X]
        for i in range(len(self.weights)):
            z = np.dot(self.a[-1], self.weights[i]) + self.biases[i]
            self.z.append(z)
            self.a.append(z if i == len(self.weights) - 1 else self.dropout(np.where(z > 0, z, z * 0.01)))
        return self.a[-1]
    def backward(self, X, y):
        m = y.shape[0]
        dz = self.a[-1] - y
        self.weights[-1] -= self.learning_rate * np.clip(np.dot(self.a[-2].T, dz) / m, -1, 1)
        self.biases[-1] -= self.learning_rate * np.clip(np.sum(dz, axis=0, keepdims=True) / m, -1, 1)
        for i in range(len(self.weights) - 2, -1, -1):
            dz = np.dot(dz, self.weights[i + 1].T) * np.where(self.z[i] > 0, 1, 0.01)
            self.weights[i] -= self.learning_rate * np.clip(np.dot(self.a[i].T, dz) / m, -1, 1)
            self.biases[i] -= self.learning_rate * np.clip(np.sum(dz, axis=0, keepdims=True) / m, -1, 1)
    def train(self, X, y, epochs, batch_size):
        for epoch in range(epochs):
            for start in range(0, X.shape[0], batch_size):
                self.forward(X[start:start + batch_size])
                self.backward(X[start:start + batch_size], y[start:start + batch_size])
"""


def test_errors_of_layers_of_other_sizes_are_no_errors_of_a_state() -> None:
    verdict = verdict_on(SEVERAL_SIZES)
    assert verdict["verdict"] == "wrong"
    found = {finding["mistake"]: finding["line"] for finding in verdict["findings"]}
    assert found == {"updated-weights": 22, "dropout-mask": 25}


AS_DRAWN = """
import numpy as np
rng = np.random.default_rng(3)
x = rng.normal(size=(12, 3))
t = (x[:, :1] * x[:, 1:2] > 0).astype(float)
sizes, layers, memory = [3, 5, 4, 1], {}, {}
for k in range(1, 4):
    layers[k] = {"drawn": rng.normal(size=(sizes[k - 1], sizes[k]))}
for k in layers:
    layers[k]["weights"] = layers[k]["drawn"]
def adam(k, g, n):
    m, v = (0, 0) if n == 1 else memory[k]
    memory[k] = m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g ** 2
    return m / (1 - 0.9 ** n) / (np.sqrt(v / (1 - 0.99 ** n)) + 1e-8)
for epoch in range(40):
    a, kept = {0: x}, {k: layers[k]["weights"] for k in layers}
    for k in range(1, 4):
        a[k] = 1 / (1 + np.exp(-a[k - 1] @ layers[k]["weights"]))
    delta = (a[3] - t) * a[3] * (1 - a[3])
    for k in range(3, 0, -1):
        grad = a[k - 1].T @ delta
        layers[k]["weights"] = layers[k]["weights"] - 0.05 * adam(k, grad, epoch + 1)
        if k > 1:
            delta = delta @ layers[k]["drawn"].T * a[k - 1] * (1 - a[k - 1])
"""


@pytest.mark.parametrize("step", ["grad", "adam(k, grad, epoch + 1)"])
def test_errors_that_go_back_through_weights_as_they_were_drawn_are_wrong(step: str) -> None:
    program = AS_DRAWN.replace("adam(k, grad, epoch + 1)", step)
    (finding,) = verdict_on(program)["findings"]
    assert (finding["line"], finding["mistake"], finding["proved"]) == (24, "wrong-variable", True)
    assert finding["fix"] is None  # which entry of layers belongs there is not known as text


@pytest.mark.parametrize(
    ("instead", "verdict", "lines"),
    [("kept[k].T", "right", []), ('layers[k]["weights"].T', "wrong", [22])],
)
def test_errors_that_go_back_through_the_weights_of_their_pass_are_right(
    instead: str, verdict: str, lines: list[int]
) -> None:
    answer = verdict_on(AS_DRAWN.replace('layers[k]["drawn"].T', instead))
    assert answer["verdict"] == verdict
    assert [finding["line"] for finding in answer["findings"]] == lines
