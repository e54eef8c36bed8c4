"""Programs that only define: layers of two operands, sizes and activations in lists, parts told a size of batches."""

import pytest

from checked import verdict_on

NUMPY = "import numpy as np\n"

DOCUMENTED = """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.w, self.v = np.random.randn(n_in, n_hidden), np.random.randn(n_hidden, n_out)

    def loss(self, X, y):
        \"\"\"
  The loss, and its gradients.
        \"\"\"
        h = np.tanh(X @ self.w)
        d = h @ self.v - y
        grads = {"v": h.T @ d, "w": X.T @ (d @ self.v.T * (1 - h**2))}
        return 0.5 * np.sum(d**2), grads
"""

PARTS_OF_ERRORS = """
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-x))

    def backward(self, delta):
        a = self.forward(self.x)
        return delta[:, 1:] * (a * (1 - a))  # without that of the bias

class Tanh:
    def forward(self, x):
        self.a = np.tanh(x)
        return self.a

    def backward(self, delta):
        return delta * (1 - self.a**2)
"""

WITH_LOSS = """
def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)

def cross_entropy_error(y, t):
    return -np.sum(t * np.log(y + 1e-7)) / len(y)

class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t, self.y = t, softmax(x)
        self.loss = cross_entropy_error(self.y, self.t)
        return self.loss

    def backward(self, dout=1):
        return dout * (self.y - self.t) / len(self.t)
"""

JOINING = """
class MulLayer:
    def __init__(self):
        self.x = self.y = None

    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        dx = dout * self.y
        dy = dout * self.x
        return dx, dy

class AddLayer:
    def forward(self, x, y):
        return x + y

    def backward(self, dout):
        dx, dy = dout * 1, dout * 1
        return dx, dy
"""

LEAKY = """
class LeakyReLU:
    def forward(self, x):
        self.z = x
        return np.where(x > 0, x, 0.1 * x)

    def backward(self, dA):
        dZ = dA.copy()
        dZ[self.z < 0] *= 0.1
        return dZ
"""

ENGINE = """
import math

class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = data, 0.0
        self.prev, self.backward = set(children), lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))
        def backward():
            self.grad += out.grad
            other.grad += out.grad
        out.backward = backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.backward = backward
        return out

    def tanh(self):
        out = Value(math.tanh(self.data), (self,))
        def backward():
            self.grad += (1 - out.data**2) * out.grad
        out.backward = backward
        return out

    def backward_full(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v.prev:
                    visit(child)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v.backward()
"""

PRINTED = """
class Net:
    def __init__(self, sizes):
        self.w = [np.random.randn(n, m) for m, n in zip(sizes[:-1], sizes[1:])]
        self.b = [np.random.randn(n, 1) for n in sizes[1:]]

    def step(self, x, y, eta):
        acts = [x]
        for w, b in zip(self.w, self.b):
            acts.append(np.tanh(w @ acts[-1] + b))
        d = (acts[-1] - y) * (1 - acts[-1] ** 2)
        for k in reversed(range(len(self.w))):
            back = self.w[k].T @ d * (1 - acts[k] ** 2)
            self.w[k] = self.w[k] - eta * d @ acts[k].T
            self.b[k] = self.b[k] - eta * d
            d = back

    def SGD(self, training_data, epochs, eta):
        seen, n = 0, len(training_data)
        for _ in range(epochs):
            for x, y in training_data:
                self.step(x, y, eta)
                seen += 1
            print(f"{100 * seen / n:.2f} %")
"""

FLAT_GRADIENTS = """
class FullyConnected:
    def __init__(self, ins, outs):
        self.weights = np.random.normal(0, 1 / ins**0.5, (ins, outs))
        self.bias = np.random.normal(0, 1, (1, outs))

    def forward(self, input):
        self.input = input
        self.output = np.tanh(input @ self.weights + self.bias)
        return self.output

    def backward(self, dl, batch_size):
        dl = dl * (1 - self.output**2)
        dx = dl @ self.weights.T
        self.dw = self.input.T @ dl / batch_size
        self.db = dl.mean(axis=0)
        return dx

class Net:
    def __init__(self, neurons):
        self.layers = [FullyConnected(neurons[n], neurons[n + 1]) for n in range(len(neurons) - 1)]

    def __call__(self, input):
        return self.forward(input)

    def forward(self, input):
        for layer in self.layers:
            input = layer.forward(input)
        return input

    def backward(self, dl, batch_size):
        for layer in reversed(self.layers):
            dl = layer.backward(dl, batch_size)
"""

LISTED = """
class Net:
    def __init__(self, layer_sizes, activations, learning_rate=0.1):
        self.rate = learning_rate
        self.acts = [self.named(name) for name in activations]
        self.slopes = [self.slope_named(name) for name in activations]
        self.w = [np.random.randn(n, m) for m, n in zip(layer_sizes[:-1], layer_sizes[1:])]
        self.b = [np.random.randn(n, 1) for n in layer_sizes[1:]]

    def named(self, name):
        return {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh}[name]

    def slope_named(self, name):
        return {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2}[name]

    def train(self, X, Y, epochs=100):
        for _ in range(epochs):
            for x, y in zip(X, Y):
                outs = [x.reshape(-1, 1)]
                for w, b, act in zip(self.w, self.b, self.acts):
                    outs.append(act(w @ outs[-1] + b))
                d = (outs[-1] - y.reshape(-1, 1)) * self.slopes[-1](outs[-1])
                for k in reversed(range(len(self.w))):
                    e = self.w[k].T @ d * self.slopes[k - 1](outs[k])
                    self.w[k] -= self.rate * d @ outs[k].T
                    self.b[k] -= self.rate * d
                    d = e
"""

PARTS_FIRST = """
def initialize_params(layers):
    return {
        key + str(k): np.random.randn(layers[k], layers[k - 1] if key == "W" else 1)
        for k in range(1, len(layers))
        for key in ("W", "b")
    }

def forward_linear(A, W, b):
    return W @ A + b, (A, W, b)

def forward_activation(A_prev, W, b):
    Z, linear = forward_linear(A_prev, W, b)
    return 1 / (1 + np.exp(-Z)), (linear, Z)

def forward_propagation(X, parameters):
    caches, A = [], X
    for k in range(1, len(parameters) // 2 + 1):
        A, cache = forward_activation(A, parameters["W" + str(k)], parameters["b" + str(k)])
        caches.append(cache)
    return A, caches

def backward_linear(dZ, cache):
    A_prev, W, b = cache
    return W.T @ dZ, dZ @ A_prev.T / A_prev.shape[1], dZ.sum(axis=1, keepdims=True) / A_prev.shape[1]

def backward_propagation(AL, Y, caches):
    grads = {}
    dA = -Y / AL + (1 - Y) / (1 - AL)
    for k in reversed(range(len(caches))):
        linear, Z = caches[k]
        A = 1 / (1 + np.exp(-Z))
        dA, grads["dW" + str(k + 1)], grads["db" + str(k + 1)] = backward_linear(dA * A * (1 - A), linear)
    return grads

def update_parameters(params, grads, learning_rate):
    for key in params:
        params[key] = params[key] - learning_rate * grads["d" + key]
    return params
"""

OF_THE_CLASS = """
class Net:
    weights = []

    def __init__(self, layer_sizes):
        for m, n in zip(layer_sizes[:-1], layer_sizes[1:]):
            self.weights.append(np.random.randn(m, n))

    def train(self, x, y, rate):
        h = np.tanh(x @ self.weights[0])
        d = h @ self.weights[-1] - y
        e = d @ self.weights[-1].T * (1 - h**2)
        self.weights[-1] -= rate * h.T @ d
        self.weights[0] -= rate * x.T @ e
"""

SPANISH = """
class Red:
    def __init__(self, n_entradas, n_ocultas, n_salidas, tasa_aprendizaje, epocas):
        self.w, self.v = np.random.randn(n_entradas, n_ocultas), np.random.randn(n_ocultas, n_salidas)
        self.tasa, self.epocas = tasa_aprendizaje, epocas

    def fit(self, entradas, salidas):
        for _ in range(self.epocas):
            h = np.tanh(entradas @ self.w)
            d = h @ self.v - salidas
            e = d @ self.v.T * (1 - h**2)
            self.v -= self.tasa * h.T @ d
            self.w -= self.tasa * entradas.T @ e
"""

RIGHT = {
    "a docstring left of its method": DOCUMENTED, "softmax with its loss, and an epsilon": WITH_LOSS, "layers of two operands": JOINING,
    "entries of a copy made smaller": LEAKY, "an engine's whole way back": ENGINE, "products that are printed alone": PRINTED,
    "flat gradients of rows": FLAT_GRADIENTS, "activations in a list": LISTED, "parts of a network before the whole": PARTS_FIRST,
    "weights of the class": OF_THE_CLASS, "Spanish names": SPANISH,
}  # fmt: skip


@pytest.mark.parametrize("form", RIGHT)
def test_right_where_each_form_is_driven(form: str) -> None:
    verdict = verdict_on(NUMPY + RIGHT[form])
    assert verdict["verdict"] == "right", verdict
    assert verdict["driven"]


WRONG = {
    "h.T @ d, ": (DOCUMENTED, "2 * h.T @ d, "),
    "(1 - h**2))}": (DOCUMENTED, "(1 - h))}"),
    "(self.y - self.t) / len": (WITH_LOSS, "(self.y + self.t) / len"),
    "/ len(self.t)\n": (WITH_LOSS, "* self.y\n"),
    "dx = dout * self.y": (JOINING, "dx = dout * self.x"),
    "dx, dy = dout * 1, dout * 1": (JOINING, "dx, dy = dout * 1, -dout"),
    "*= 0.1": (LEAKY, "*= 0.2"),
    "self.z < 0": (LEAKY, "self.z > 0"),
    "self.grad += (1 -": (ENGINE, "self.grad = (1 -"),
    "(1 - out.data**2)": (ENGINE, "(1 - out.data)"),
    "- eta * d\n": (PRINTED, "+ eta * d\n"),
    "d = (acts[-1] - y) * (1 - acts[-1] ** 2)\n": (PRINTED, "d = (acts[-1] - y) * (1 - acts[0] ** 2).mean()\n"),
    "dl = dl * (1 - self.output**2)": (FLAT_GRADIENTS, "dl = dl * (1 - self.output)"),
    "dl.mean(axis=0)": (FLAT_GRADIENTS, "dl.sum(axis=0)"),
    "lambda a: a * (1 - a)": (LISTED, "lambda a: a * (1 + a)"),
    "lambda a: 1 - a**2": (LISTED, "lambda a: 1 - np.tanh(a) ** 2"),
    "dA * A * (1 - A)": (PARTS_FIRST, "dA * A * (1 + A)"),
    "dZ @ A_prev.T / A_prev.shape[1]": (PARTS_FIRST, "2 * dZ @ A_prev.T / A_prev.shape[1]"),
    "e = d @ self.weights[-1].T * (1 - h**2)": (OF_THE_CLASS, "e = d @ self.weights[-1].T * h"),
    "d @ self.v.T * (1 - h**2)": (SPANISH, "d @ self.v.T"),
}  # fmt: skip


@pytest.mark.parametrize("place", WRONG)
def test_a_slip_in_it_is_never_right(place: str) -> None:
    program, slip = WRONG[place]
    assert place in program
    assert verdict_on(NUMPY + program.replace(place, slip, 1))["verdict"] != "right"


def test_an_error_of_more_entries_than_come_out_is_not_made_to_fit_by_broadcasting() -> None:
    """An activation that leaves out the error of a bias belongs to a layer that adds one."""
    verdict = verdict_on(NUMPY + PARTS_OF_ERRORS)
    assert verdict["verdict"] == "undecided", verdict
    assert "Sigmoid.backward" in verdict["reason"]


def test_flat_gradients_are_each_layers_own() -> None:
    """Of layers that call them alike, that of the right size is meant, whatever its shape."""
    for verdict in (verdict_on(NUMPY + FLAT_GRADIENTS.split("class Net")[0]),):
        assert verdict["verdict"] != "wrong", verdict


def test_two_halves_of_an_array_by_a_mask_and_its_opposite_are_right() -> None:
    stable = """
class Sigmoid:
    def forward(self, x):
        out, pos = np.empty_like(x), x >= 0
        out[pos] = 1 / (1 + np.exp(-x[pos]))
        powers = np.exp(x[~pos])
        out[~pos] = powers / (1 + powers)
        self.out = out
        return out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)
"""
    assert verdict_on(NUMPY + stable)["verdict"] == "right"


JOINING = """\
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        dx, dy = dout * self.y, dout * self.x
        return dx, dy
"""


def test_what_a_layer_of_two_operands_returns_is_taken_by_place() -> None:
    assert verdict_on(JOINING)["verdict"] == "right"
    assert verdict_on(JOINING.replace("return dx, dy", "return dy, dx"))["verdict"] == "wrong"


def test_a_sign_that_is_forgotten_is_put_before_the_whole() -> None:
    divide = JOINING.replace("x * y", "x / y").replace(
        "dx, dy = dout * self.y, dout * self.x\n        return dx, dy",
        "return dout / self.y, dout * self.x / self.y**2",
    )
    (finding,) = verdict_on(divide)["findings"]
    assert finding["fix"].strip() == "return dout / self.y, -(dout * self.x / self.y**2)"


@pytest.mark.parametrize(
    "kind",
    ["class Kind(dict):", "class Kind(type):", "class Kind(Exception):", "class Kind(tuple):"],
)
def test_classes_that_python_says_little_of_are_passed_over(kind: str) -> None:
    """No class breaks the check of the others."""
    ways = "\n    def forward(self, x):\n        return x\n\n    def backward(self, dout):\n        return dout\n"
    optimizer = (
        "\n\nclass Optimizer(Kind):\n    def step(self, w, g):\n        return w - 0.1 * g\n"
    )
    assert verdict_on(JOINING + "\n\n" + kind + ways + optimizer)["verdict"] != "wrong"


HIDDEN = """\
import numpy as np

class Net:
    def __init__(self, n_in, hidden, n_out):
        self.w, self.v = np.random.randn(n_in, hidden), np.random.randn(hidden, n_out)

    def forward(self, x):
        hidden = np.tanh(x @ self.w)
        self.largest = max(h for row in hidden for h in row)
        return hidden, hidden @ self.v

    def train(self, x, y, rate):
        hidden, out = self.forward(x)
        d = out - y
        back = d @ self.v.T * (1 - hidden**2)
        self.v -= rate * hidden.T @ d
        self.w -= rate * x.T @ back
"""


def test_a_number_of_units_is_no_list_for_a_local_name() -> None:
    assert verdict_on(HIDDEN)["verdict"] == "right"
    assert verdict_on(HIDDEN.replace(" * (1 - hidden**2)", ""))["verdict"] == "wrong"
