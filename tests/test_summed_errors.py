"""Errors of several samples that are added up first go back through one sample's values: none of the samples' gradient."""

import pytest

from checked import verdict_on

SCRIPT = """\
import numpy as np

rng = np.random.default_rng(0)
X = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
Y = np.array([0.0, 1.0, 1.0, 0.0])
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(1, 4))

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

for epoch in range(50):
    error = 0
    for x, y in zip(X, Y):
        h = sigmoid(w1 @ x)
        o = sigmoid(w2 @ h)
        error += (o - y) * o * (1 - o)
    back = w2.T @ error * h * (1 - h)
    w2 = w2 - 0.5 * np.outer(error, h)
    w1 = w1 - 0.5 * np.outer(back, x)
"""
CLASS = """\
import numpy as np

class Network:
    def __init__(self, sizes, rate, momentum):
        self.rate, self.momentum = rate, momentum
        self.weights = [np.random.rand(b, a + 1) - 0.5 for a, b in zip(sizes, sizes[1:])]
        self.steps = [np.zeros(w.shape) for w in self.weights]

    def forward(self, x):
        self.inputs = []
        for w in self.weights:
            x = np.append(x, 1)
            self.inputs.append(x)
            x = 1 / (1 + np.exp(-w @ x))
        return x

    def fit(self, X, Y, epochs, size):
        for _ in range(epochs):
            for i in range(0, len(X), size):
                total = 0
                for x, y in zip(X[i : i + size], Y[i : i + size]):
                    o = self.forward(x)
                    total = total + o * (1 - o) * (y - o)
                self.backward(total / size)

    def backward(self, delta):
        for k in reversed(range(len(self.weights))):
            x = self.inputs[k]
            back = (self.weights[k].T @ delta * x * (1 - x))[:-1]
            self.steps[k] = self.rate * np.outer(delta, x) + self.momentum * self.steps[k]
            self.weights[k] = self.weights[k] + self.steps[k]
            delta = back

np.random.seed(3)
X = np.random.rand(12, 2)
Y = (X[:, :1] > X[:, 1:]) * 1.0
Network([2, 5, 1], 0.3, 0.5).fit(X, Y, 30, 4)
"""


@pytest.mark.parametrize(
    ("program", "met"), [(SCRIPT, "back = w2.T"), (CLASS, "back = (self")], ids=["script", "class"]
)
def test_summed_errors_go_back_through_the_last_sample_alone(program: str, met: str) -> None:
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (line,) = (n for n, text in enumerate(program.splitlines(), 1) if met in text)
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("last-sample-only", line)
    assert finding["proved"]


def test_gradients_of_each_sample_may_be_summed() -> None:
    mended = SCRIPT.replace("    error = 0\n", "    d1, d2 = 0, 0\n").replace("error +=", "error =")
    first, _, _ = mended.partition("    back =")
    body = """\
        d2 = d2 + np.outer(error, h)
        d1 = d1 + np.outer(w2.T @ error * h * (1 - h), x)
    w2 = w2 - 0.5 * d2
    w1 = w1 - 0.5 * d1
"""
    assert verdict_on(first + body)["verdict"] == "right"
