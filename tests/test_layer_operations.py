"""Layer classes that nothing makes a network of are judged one by one: forward, and the way that their error goes back."""

import pytest

from checked import verdict_on

NUMPY = "import numpy as np\n"
KEPT = """
class Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.1 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)

class ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0

class Softmax:
    def forward(self, inputs):
        powers = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = powers / powers.sum(axis=1, keepdims=True)

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for row, (out, flowing) in enumerate(zip(self.output, dvalues)):
            out = out.reshape(-1, 1)
            self.dinputs[row] = np.dot(np.diagflat(out) - np.dot(out, out.T), flowing)
"""
GIVEN_ARRAYS = """
class Affine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, b = self.params
        dx = np.dot(dout, W.T)
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0)
        return dx
"""
STEPPING = """
class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad, lr):
        pass

class FullyConnected(Layer):
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward(self, x):
        self.x = x
        return np.dot(x, self.weights) + self.bias

    def backward(self, grad, lr):
        back = np.dot(grad, self.weights.T)
        self.weights -= lr * np.dot(self.x.T, grad)
        self.bias -= lr * grad.sum(axis=0, keepdims=True)
        return back
"""
OF_PARAMETERS = """
class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)

class Normalization:
    def __init__(self, num_features, momentum=0.9):
        self.gamma, self.beta = Parameter(np.ones(num_features)), Parameter(np.zeros(num_features))
        self.running_mean, self.momentum = np.zeros(num_features), momentum

    def __call__(self, x, training=True):
        mean, self.deviation = x.mean(axis=0), np.sqrt(x.var(axis=0) + 1e-5)
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
        self.normed = (x - mean) / self.deviation
        return self.gamma.data * self.normed + self.beta.data

    def backward(self, dout):
        self.beta.grad += dout.sum(axis=0)
        self.gamma.grad += (dout * self.normed).sum(axis=0)
        d = dout * self.gamma.data
        return (d - d.mean(axis=0) - self.normed * (d * self.normed).mean(axis=0)) / self.deviation
"""
WITH_ITS_LOSS = """
class Softmax:
    def forward(self, x):
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        self.out = powers / powers.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, dout):
        return dout
"""


SHORT_NAMES = KEPT.replace("self.dweights", "self.dW").replace("self.dbiases", "self.db")


@pytest.mark.parametrize("code", [KEPT, SHORT_NAMES, GIVEN_ARRAYS, STEPPING, OF_PARAMETERS])
def test_a_right_layer_is_right(code: str) -> None:
    verdict = verdict_on(NUMPY + code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (KEPT, "self.inputs.T, dvalues)", "self.inputs.T, dvalues) * 3"),
        (SHORT_NAMES, "self.inputs.T, dvalues)", "self.inputs.T, dvalues) * 3"),
        (KEPT, "np.sum(dvalues,", "np.sum(dvalues * self.output,"),
        (KEPT, "np.diagflat(out) - ", "np.diagflat(out) + "),
        (GIVEN_ARRAYS, "np.sum(dout, axis=0)", "np.sum(dout)"),
        (OF_PARAMETERS, "(dout * self.normed).sum(axis=0)", "(dout * self.normed).sum()"),
    ],
)  # fmt: skip
def test_a_mistake_of_a_layer_is_named_and_proved(code: str, right: str, wrong: str) -> None:
    assert right in code
    verdict = verdict_on(NUMPY + code.replace(right, wrong, 1))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert all(finding["proved"] for finding in verdict["findings"])


def test_weights_that_change_before_the_error_has_passed_them_are_not_right() -> None:
    first, then = "        back = np.dot(grad, self.weights.T)\n", "        return back"
    code = STEPPING.replace(first, "").replace(then, first + then)
    assert verdict_on(NUMPY + code)["verdict"] != "right"


def test_a_layer_that_leaves_its_derivative_to_the_loss_is_not_called_wrong() -> None:
    assert verdict_on(NUMPY + WITH_ITS_LOSS)["verdict"] == "undecided"
    assert verdict_on(NUMPY + KEPT + WITH_ITS_LOSS)["verdict"] == "undecided"


def test_a_layer_without_a_gradient_for_its_bias_is_not_called_right() -> None:
    line = "        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)\n"
    assert line in KEPT
    assert verdict_on(NUMPY + KEPT.replace(line, ""))["verdict"] == "undecided"


@pytest.mark.parametrize("path", ["d.mean(axis=0)", "self.normed * (d * self.normed).mean(axis=0)"])
def test_a_normalization_without_the_path_by_its_statistics_is_not_right(path: str) -> None:
    assert f" - {path}" in OF_PARAMETERS
    code = NUMPY + OF_PARAMETERS.replace(f" - {path}", "", 1)
    assert verdict_on(code)["verdict"] != "right"


TRAINED_ELSEWHERE = """\
import numpy as np


class Layer:
    def __init__(self, n_in, n_out):
        self.w = np.random.default_rng(1).normal(size=(n_in, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, error):
        self.dw = self.x.T @ error
        return error @ self.w.T


layer = Layer(3, 2)
x = np.random.default_rng(2).normal(size=(6, 3))
for epoch in range(30):
    out = layer.forward(x)
    layer.backward(out)  # of no target
    layer.w -= 0.1 * layer.dw
"""


def test_a_layer_that_is_right_does_not_make_right_what_a_program_trains() -> None:
    assert verdict_on(TRAINED_ELSEWHERE)["verdict"] != "right"
    defined = TRAINED_ELSEWHERE[: TRAINED_ELSEWHERE.index("layer = ")]
    assert verdict_on(defined)["verdict"] == "right"


def test_nor_one_that_stops_by_a_mistake() -> None:
    defined = TRAINED_ELSEWHERE[: TRAINED_ELSEWHERE.index("layer = ")]
    verdict = verdict_on(defined + "Layer(3, 2).forward(np.ones((4, 5)))\n")
    assert verdict["verdict"] == "undecided"
    assert "ValueError" in verdict["reason"]


ROW = """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad
"""
RETURNED = """
class Linear:
    def __init__(self, n_in, n_out, rng, weight_regularizer):
        self.W, self.b, self.reg = rng.normal(size=(n_in, n_out)), np.zeros(n_out), weight_regularizer

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW, self.db = self.x.T @ grad, grad.sum(axis=0)
        if self.reg[0] > 0:
            self.dW += self.reg[0] * self.W
        return grad @ self.W.T

class Dropout:
    def __init__(self, rate):
        self.rate = 1 - rate

    def forward(self, x):
        self.mask = np.random.binomial(1, self.rate, size=x.shape) / self.rate
        return x * self.mask

    def backward(self, d):
        return d * self.mask

class Identity:
    def forward(self, x):
        return x

    def backward(self, grad):
        return grad.copy()
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("            grad = layer.backward(grad)", "            layer.backward(grad)"),
        ("        return d * self.mask", "        return d"),
        ("        return grad.copy()", "        return -grad"),
        ("        return grad.copy()", "        return 2 * grad"),
        ("grad.sum(axis=0)", "grad.sum(axis=1)"),
    ],
)
def test_layers_with_settings_and_rows_of_them_are_driven(right: str, wrong: str) -> None:
    code = NUMPY + RETURNED + ROW
    assert right in code
    verdict = verdict_on(code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]
    assert any("Sequential" in row["name"] for row in verdict["parameters"])
    assert verdict_on(code.replace(right, wrong, 1))["verdict"] != "right"


@pytest.mark.parametrize(
    "shortcut", ["", "    def __call__(self, x):\n        return self.forward(x)\n"]
)
def test_a_row_without_layers_says_nothing(shortcut: str) -> None:
    alone = ROW.replace("*layers", "size=3").replace("list(layers)", "[]")
    assert verdict_on(NUMPY + alone + shortcut)["verdict"] == "undecided"


HANDED = """
class Activation:
    def __init__(self, activation, activation_prime):
        self.activation, self.activation_prime = activation, activation_prime

    def forward(self, input):
        self.input = input
        return self.activation(self.input)

    def backward(self, output_gradient, learning_rate):
        return np.multiply(output_gradient, self.activation_prime(self.input))

class Relu:
    def forward(self, input):
        output = input.copy()
        output[output < 0] = 0
        self.grad = output.copy()
        self.grad[self.grad > 0] = 1
        return output

    def backward(self, mul_grad):
        return self.grad * mul_grad

class Flatten:
    def forward(self, input):
        self.shape = input.shape
        return input.flatten()

    def backward(self, output_gradient):
        return output_gradient.reshape(self.shape)

class Broken:
    def forward():
        return 0

    def backward():
        return 0
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("activation_prime(self.input)", "activation_prime(self.activation(self.input))"),
        ("self.grad * mul_grad", "self.grad + mul_grad"),
        ("output_gradient.reshape", "-output_gradient.reshape"),
    ],
)
def test_layers_that_are_handed_functions_or_keep_a_slope_are_driven(
    right: str, wrong: str
) -> None:
    assert right in HANDED
    verdict = verdict_on(NUMPY + HANDED)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 3), verdict["reason"]
    assert verdict_on(NUMPY + HANDED.replace(right, wrong, 1))["verdict"] != "right"


def test_a_bias_that_moves_by_itself_is_not_right_in_a_row_of_layers() -> None:
    code = """
class Dense:
    def __init__(self, input_size, output_size):
        self.weights, self.bias = np.random.randn(output_size, input_size), np.zeros(output_size)

    def forward(self, input):
        self.input = input
        return np.dot(self.weights, input) + self.bias

    def backward(self, grad_output, learning_rate):
        grad_input = np.dot(self.weights.T, grad_output)
        self.weights -= learning_rate * np.outer(grad_output, self.input)
        self.bias -= learning_rate * grad_output
        return grad_input
"""
    assert verdict_on(NUMPY + code)["verdict"] == "right"
    wrong = code.replace(
        "self.bias -= learning_rate * grad_output", "self.bias -= learning_rate * 1.0"
    )
    assert wrong != code
    assert verdict_on(NUMPY + wrong)["verdict"] != "right"


OF_STEPS = """
class Step:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        self.cache = x, h_prev, np.tanh(np.dot(h_prev, Wh) + np.dot(x, Wx) + b)
        return self.cache[2]

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next * (1 - h_next**2)
        self.grads[0][...] = np.dot(x.T, dt)
        self.grads[1][...] = np.dot(h_prev.T, dt)
        self.grads[2][...] = np.sum(dt, axis=0)
        return np.dot(dt, Wx.T), np.dot(dt, Wh.T)

class Sequence:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, xs):
        self.layers, h = [], np.zeros((len(xs), len(self.params[2])))
        hs = np.empty((*xs.shape[:2], h.shape[1]))
        for t in range(xs.shape[1]):
            self.layers.append(Step(*self.params))
            h = self.layers[t].forward(xs[:, t, :], h)
            hs[:, t, :] = h
        return hs

    def backward(self, dhs):
        dxs, dh, grads = np.empty((*dhs.shape[:2], len(self.params[0]))), 0, [0, 0, 0]
        for t in reversed(range(dhs.shape[1])):
            dxs[:, t, :], dh = self.layers[t].backward(dhs[:, t, :] + dh)
            for i, grad in enumerate(self.layers[t].grads):
                grads[i] += grad
        for i, grad in enumerate(grads):
            self.grads[i][...] = grad
        return dxs
"""


def test_gradients_that_parts_of_a_layer_keep_are_not_taken_for_its_own() -> None:
    """Each step keeps its own share of the gradient of the very same weights."""
    verdict = verdict_on(NUMPY + OF_STEPS)
    assert verdict["verdict"] != "wrong", verdict["findings"]
    assert {row["name"] for row in verdict["parameters"]} >= {"Sequence(xs)", "Sequence(params 2)"}
    wrong = OF_STEPS.replace("dhs[:, t, :] + dh", "dhs[:, t, :]")
    assert verdict_on(NUMPY + wrong)["verdict"] != "right"


TWO = """
class Block:
    def __init__(self, n_in, n_out):
        self.first, self.second = Dense(n_in, n_out), Dense(n_out, n_out)

    def forward(self, x):
        return self.second.forward(self.first.forward(x))

    def backward(self, grad):
        return self.first.backward(self.second.backward(grad))

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


def test_parts_of_one_kind_keep_their_own_gradients() -> None:
    verdict = verdict_on(NUMPY + TWO)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 5), verdict["reason"]
    wrong = TWO.replace("self.second.backward(grad))", "self.second.backward(grad) * 2)")
    assert verdict_on(NUMPY + wrong)["verdict"] != "right"


def test_what_was_not_reached_of_the_way_back_is_said() -> None:
    source = """import numpy as np
class Dense:
    def __init__(self, n_inputs, n_neurons, weight_l2=0):
        self.weights, self.weight_l2 = np.random.randn(n_inputs, n_neurons), weight_l2
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        if self.weight_l2 > 0:
            self.dweights += 2 * self.weight_l2 * self.weights
        self.dinputs = dvalues @ self.weights.T
"""
    verdict = verdict_on(source)
    assert (verdict["verdict"], "line 11" in verdict["reason"]) == ("right", True)
