"""Networks that are given what they are made of: layers that are added, a loss and an optimizer; and ways to be trained."""

import pytest

from checked import verdict_on

LAYERS = """
import numpy as np

class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError

class Dense(Layer):
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, grad):
        self.dw = self.x.T @ grad
        self.db = grad.sum(axis=0, keepdims=True)
        return grad @ self.w.T

class Tanh(Layer):
    def forward(self, x):
        self.a = np.tanh(x)
        return self.a

    def backward(self, grad):
        return grad * (1 - self.a**2)
"""

SEQUENTIAL = f"""{LAYERS}
class MSELoss:
    def forward(self, pred, target):
        return np.mean((pred - target) ** 2)

    def backward(self, pred, target):
        return 2 * (pred - target) / pred.size

class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, layers):
        for layer in layers:
            if hasattr(layer, "w"):
                layer.w -= self.lr * layer.dw
                layer.b -= self.lr * layer.db

class Sequential:
    def __init__(self):
        self.layers, self.loss, self.optimizer = [], None, None

    def add(self, layer):
        self.layers.append(layer)

    def compile(self, loss, optimizer):
        self.loss, self.optimizer = loss, optimizer

    def fit(self, x, y, epochs):
        for _ in range(epochs):
            out = x
            for layer in self.layers:
                out = layer.forward(out)
            grad = self.loss.backward(out, y)
            for layer in reversed(self.layers):
                grad = layer.backward(grad)
            self.optimizer.step(self.layers)
"""

MODULES = f"""{LAYERS}
class Model:
    def __init__(self, modules):
        self.modules = modules

    def forward(self, x):
        for module in self.modules:
            x = module.forward(x)
        return x

    def backward(self, grad):
        for module in reversed(self.modules):
            grad = module.backward(grad)

    def update(self, lr):
        for module in self.modules:
            if hasattr(module, "w"):
                module.w -= lr * module.dw
                module.b -= lr * module.db
"""

SIZES = f"""{LAYERS}
class Net:
    def __init__(self, layers):
        self.rows = []
        for k in range(len(layers) - 1):
            self.rows += [Dense(layers[k], layers[k + 1]), Tanh()]

    def train(self, x, y, epochs, lr):
        for _ in range(epochs):
            out = x
            for row in self.rows:
                out = row.forward(out)
            grad = out - y
            for row in reversed(self.rows):
                grad = row.backward(grad)
            for row in self.rows[::2]:
                row.w -= lr * row.dw
                row.b -= lr * row.db
"""

CALLED = """
import numpy as np

class Model:
    def __init__(self, num_hidden_nodes, num_epochs, learning_rate, print_interval):
        self.v, self.w = np.random.randn(2, num_hidden_nodes), np.random.randn(num_hidden_nodes, 1)
        self.epochs, self.rate, self.interval = num_epochs, learning_rate, print_interval

    def __call__(self, X, y_true):
        for epoch in range(self.epochs):
            h = np.tanh(X @ self.v)
            d = h @ self.w - y_true
            e = d @ self.w.T * (1 - h**2)
            self.w -= self.rate * h.T @ d
            self.v -= self.rate * X.T @ e
            if (epoch + 1) % self.interval == 0:
                print(epoch, 0.5 * np.sum(d**2))
"""

ONE_AT_A_TIME = """
import numpy as np

class Net:
    def __init__(self, inputs_no, hidden_no, outputs_no):
        self.v, self.w = np.random.randn(hidden_no, inputs_no), np.random.randn(outputs_no, hidden_no)

    def train(self, input, target, learning_rate=0.1, batch_size=1, index=None):
        if batch_size > 1 and index % batch_size:
            raise RuntimeError
        x, t = np.array(input)[:, None], np.array(target)[:, None]
        h = np.tanh(self.v @ x)
        d = self.w @ h - t
        e = self.w.T @ d * (1 - h**2)
        self.w -= learning_rate * d @ h.T
        self.v -= learning_rate * e @ x.T
"""

RIGHT = {
    "layers are added": SEQUENTIAL, "modules are given": MODULES, "layers are sizes": SIZES, "it is called": CALLED,
    "one at a time": ONE_AT_A_TIME,
}  # fmt: skip


@pytest.mark.parametrize("way", RIGHT)
def test_a_network_is_right_by_what_it_is_given(way: str) -> None:
    verdict = verdict_on(RIGHT[way])
    assert verdict["verdict"] == "right", verdict
    assert verdict["driven"]


WRONG = {
    "2 * (pred - target) / pred.size": (SEQUENTIAL, "2 * (pred + target) / pred.size"),
    "layer.b -= self.lr * layer.db": (SEQUENTIAL, "layer.b += self.lr * layer.db"),
    "grad * (1 - self.a**2)": (SEQUENTIAL, "grad * (1 - self.a)"),
    "grad @ self.w.T": (MODULES, "grad @ self.w.T * 2"),
    "module.w -= lr * module.dw": (MODULES, "module.w += lr * module.dw"),
    "self.dw = self.x.T @ grad": (SIZES, "self.dw = self.x.T @ grad**2"),
    "row.b -= lr * row.db": (SIZES, "row.b += lr * row.db"),
    "d @ self.w.T * (1 - h**2)": (CALLED, "d @ self.w.T * (1 - h)"),
    "self.w.T @ d * (1 - h**2)": (ONE_AT_A_TIME, "self.w.T @ d"),
}  # fmt: skip


@pytest.mark.parametrize("place", WRONG)
def test_a_slip_in_what_it_is_given_is_never_right(place: str) -> None:
    program, slip = WRONG[place]
    assert place in program
    assert verdict_on(program.replace(place, slip, 1))["verdict"] != "right"


def test_a_network_that_makes_its_error_of_predictions_and_targets_is_no_layer() -> None:
    """What it is given first is then no error: right as a network is right."""
    network = MODULES.replace(
        "    def backward(self, grad):\n        for",
        "    def backward(self, y_hat, y):\n        grad = y_hat - y\n        for",
    )
    assert "y_hat - y" in network
    verdict = verdict_on(network)
    assert verdict["verdict"] == "right", verdict
