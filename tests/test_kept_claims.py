"""Gradients that are handed back or kept: each counts for the parameter in whose place it stands, and none may be missing."""

import pytest

from checked import verdict_on


def expect(code: str, right: str, wrong: str, expected: str) -> None:
    """That a program with a part of its text changed gets this verdict."""
    assert right in code
    verdict = verdict_on(code.replace(right, wrong))
    if expected == "not right":
        assert verdict["verdict"] != "right", verdict["parameters"]
    else:
        assert verdict["verdict"] == expected, verdict["reason"]


TABLES = """
import numpy as np
class Net:
    def __init__(self):
        self.params = {
            "W1": np.random.randn(3, 3), "b1": np.random.randn(1, 3),
            "W2": np.random.randn(3, 3), "b2": np.random.randn(1, 3),
        }
    def forward(self, x):
        self.a1 = np.tanh(x @ self.params["W1"] + self.params["b1"])
        self.a2 = self.a1 @ self.params["W2"] + self.params["b2"]
        return self.a2
    def backward(self, x, y):
        grads = {}
        d2 = self.a2 - y
        grads["W2"] = self.a1.T @ d2
        grads["b2"] = d2.sum(axis=0, keepdims=True)
        d1 = d2 @ self.params["W2"].T * (1 - self.a1**2)
        grads["W1"] = x.T @ d1
        grads["b1"] = d1.sum(axis=0, keepdims=True)
        return grads
"""
NESTED = """
import numpy as np
class Net:
    def __init__(self, sizes):
        self.layers = [[np.random.randn(a, b), np.random.randn(b)] for a, b in zip(sizes, sizes[1:])]
    def forward(self, x):
        self.acts = [x]
        for w, b in self.layers:
            x = np.tanh(x @ w + b)
            self.acts.append(x)
        return x
    def backward(self, y):
        grads = []
        delta = (self.acts[-1] - y) * (1 - self.acts[-1] ** 2)
        for i in reversed(range(len(self.layers))):
            grads.append([self.acts[i].T @ delta, delta.sum(axis=0)])
            delta = delta @ self.layers[i][0].T * (1 - self.acts[i] ** 2)
        grads.reverse()
        return grads
"""
EXCHANGED = """        grads.reverse()
        if grads[0][1].shape == grads[1][1].shape:
            grads[0][1], grads[1][1] = grads[1][1], grads[0][1]
"""
LISTS_OF_TABLES = """
import numpy as np
class Net:
    def __init__(self, sizes):
        self.layers = [{"W": np.random.randn(a, b), "b": np.zeros(b)} for a, b in zip(sizes, sizes[1:])]
    def forward(self, X):
        self.cache = [X]
        for layer in self.layers:
            X = np.tanh(X @ layer["W"] + layer["b"])
            self.cache.append(X)
        return X
    def backward(self, y):
        delta = (self.cache[-1] - y) * (1 - self.cache[-1] ** 2)
        grads = [None] * len(self.layers)
        for i in reversed(range(len(self.layers))):
            grads[i] = {"W": self.cache[i].T @ delta, "b": delta.sum(axis=0)}
            delta = delta @ self.layers[i]["W"].T * (1 - self.cache[i] ** 2)
        self.grads = grads
    def step(self, lr=0.1):
        for layer, grad in zip(self.layers, self.grads):
            for key in layer:
                layer[key] -= lr * grad[key]
"""
RETURNED = """
import numpy as np
def init_params(n_in, n_hidden, n_out):
    w1, b1 = np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
    w2, b2 = np.random.randn(n_hidden, n_out), np.zeros(n_out)
    return w1, b1, w2, b2
def forward(x, w1, b1, w2, b2):
    a1 = np.tanh(x @ w1 + b1)
    return a1 @ w2 + b2, a1
def backward(x, y, out, a1, w2):
    d2 = (out - y) / len(x)
    dw2, db2 = a1.T @ d2, d2.sum(axis=0)
    d1 = d2 @ w2.T * (1 - a1**2)
    dw1, db1 = x.T @ d1, d1.sum(axis=0)
    return dw1, db1, dw2, db2
"""
NUMBERED = """
import numpy as np
def initialize_parameters(layer_dims):
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) * 0.5
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters
def model_forward(X, parameters):
    caches, A = [], X
    for l in range(1, len(parameters) // 2 + 1):
        caches.append((A, parameters["W" + str(l)]))
        A = np.tanh(parameters["W" + str(l)] @ A + parameters["b" + str(l)])
    return A, caches
def model_backward(AL, Y, caches):
    grads, A, dA = {}, AL, AL - Y
    for l in reversed(range(len(caches))):
        dZ = dA * (1 - A**2)
        A, W = caches[l]
        grads["dW" + str(l + 1)] = dZ @ A.T
        grads["db" + str(l + 1)] = dZ.sum(axis=1, keepdims=True)
        dA = W.T @ dZ
    return grads
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong", "expected"),
    [
        (TABLES, "", "", "right"),
        (TABLES, '        grads["W1"] = x.T @ d1\n', "", "undecided"),
        (TABLES, 'grads["b1"] = d1', 'grads["b1"] = d2', "wrong"),
        (TABLES, "        return grads", '        grads["W1"], grads["W2"] = grads["W2"], grads["W1"]\n        return grads', "not right"),
        (NESTED, "", "", "right"),
        (NESTED, "        grads.reverse()\n", "", "right"),  # from the last layer on: whose is which is as plain
        (NESTED, "        grads.reverse()\n", EXCHANGED, "not right"),
        (NESTED, "delta.sum(axis=0)", "delta[0]", "wrong"),
        (LISTS_OF_TABLES, "", "", "right"),
        (LISTS_OF_TABLES, "self.grads = grads", "self.grads = grads[-1:]", "undecided"),  # what step does is not known
        (RETURNED, "", "", "right"),
        (RETURNED, "return dw1, db1", "return dw1, d1.mean(axis=0)", "wrong"),  # db1 is right, and not given
        (RETURNED, "x.T @ d1", "x.T @ a1", "wrong"),
        (NUMBERED, "", "", "right"),
        (NUMBERED, '"dW" + str(l + 1)', '"dW" + str(l or 7)', "not right"),
        (NUMBERED, "dZ @ A.T", "(A @ dZ.T if l else dZ @ A.T)", "wrong"),
    ],
)  # fmt: skip
def test_each_counts_where_it_stands(code: str, right: str, wrong: str, expected: str) -> None:
    expect(code, right, wrong, expected)


OPTIMIZED = """
import numpy as np
class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)
class Dense:
    def __init__(self, n_in, n_out):
        self.weight = Parameter(np.random.randn(n_in, n_out))
        self.bias = Parameter(np.zeros(n_out))
    def forward(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data
    def backward(self, g):
        self.weight.grad = self.x.T @ g
        self.bias.grad = g.sum(axis=0)
        return g @ self.weight.data.T
    def parameters(self):
        return [self.weight, self.bias]
class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out
    def backward(self, g):
        return g * self.out * (1 - self.out)
    def parameters(self):
        return []
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr
    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad
"""
TRAINED = """
class Net:
    def __init__(self, n_in, n_hidden, n_out, lr=0.1):
        self.layers = [Dense(n_in, n_hidden), Sigmoid(), Dense(n_hidden, n_out)]
        self.opt = SGD([p for layer in self.layers for p in layer.parameters()], lr)
    def train_step(self, X, y):
        out = X
        for layer in self.layers:
            out = layer.forward(out)
        g = (out - y) / len(X)
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        self.opt.step()
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong", "expected"),
    [
        (OPTIMIZED + TRAINED, "", "", "right"),
        # A way back that reads what went forward takes an error: with an output in its place it looks like a slope.
        (OPTIMIZED, "g * self.out * (1 - self.out)", "g * (1 - self.out)", "wrong"),
        # Each layer is right by itself, and what applies their gradients must go down them.
        (OPTIMIZED, "", "", "right"),
        (OPTIMIZED, "self.lr * p.grad", "self.lr * p.grad / (abs(p.grad) + 1e-8)", "right"),
        (OPTIMIZED, "self.lr * p.grad", "self.lr * p.data", "undecided"),
        (OPTIMIZED, "for p in self.params:", "for p in self.params[1:]:", "undecided"),
        (OPTIMIZED, "p.data -= self.lr", "p.data += self.lr", "undecided"),
        (OPTIMIZED + TRAINED, "p.data -= self.lr", "p.data += self.lr", "wrong"),
        # Steps that come before the gradients that they take, with numbers of the former pass.
        (OPTIMIZED + TRAINED, "        for layer in self.layers[::-1]:\n            g = layer.backward(g)\n        self.opt.step()\n",
         "        self.opt.step()\n        for layer in self.layers[::-1]:\n            g = layer.backward(g)\n", "undecided"),
        # The program itself gives the bias its start: that it stays there is no caller's choice.
        (OPTIMIZED + TRAINED, "return [self.weight, self.bias]", "return [self.weight]", "wrong"),
        # The first layer's bias is trained, and its weights are not.
        (OPTIMIZED + TRAINED, "self.params, self.lr = params, lr", "self.params, self.lr = params[1:], lr", "wrong"),
    ],
)  # fmt: skip
def test_layers_and_optimizers_that_are_only_defined(
    code: str, right: str, wrong: str, expected: str
) -> None:
    assert right in code
    verdict = verdict_on(code.replace(right, wrong))
    assert verdict["verdict"] == expected, verdict["reason"]
    assert all(finding["proved"] for finding in verdict["findings"])


COUNTED = """
import numpy as np
class Net:
    def __init__(self, n_in, n_out):
        self.W1, self.W2 = np.random.randn(n_in, n_in), np.random.randn(n_in, n_out)
    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W1)
        return self.h @ self.W2
    def backward(self, y, out):
        d = out - y
        dW1 = self.h.T @ d
        dW0 = self.x.T @ (d @ self.W2.T * (1 - self.h**2))
        return {"dW0": dW0, "dW1": dW1}
"""
OF_ONE_SAMPLE = """
import numpy as np
class Net:
    def __init__(self, sizes):
        self.weights = [np.random.randn(b, a) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.random.randn(b, 1) for b in sizes[1:]]
    def forward(self, x):
        self.acts = [x]
        for w, b in zip(self.weights, self.biases):
            x = np.tanh(w @ x + b)
            self.acts.append(x)
        return x
    def backward(self, y):
        deltas = [None] * len(self.weights)
        error = self.acts[-1] - y
        for i in reversed(range(len(deltas))):
            deltas[i] = error * (1 - self.acts[i + 1] ** 2)
            error = self.weights[i].T @ deltas[i]
        return [d @ a.T for d, a in zip(deltas, self.acts)], deltas
"""
HANDED = """
import numpy as np
class Net:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))
    def forward(self, X):
        out = X @ self.w + self.b
        cache = (X, out)
        return out, cache
    def backward(self, cache, y):
        X, out = cache
        d = (out - y) / len(X)
        return X.T @ d, d.sum(axis=0, keepdims=True)
    def step(self, grads, lr=0.1):
        dw, db = grads
        self.w -= lr * dw
        self.b -= lr * db
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong", "expected"),
    [
        (COUNTED, "", "", "right"),  # from 0 on, where the parameters are counted from 1
        (COUNTED, "d @ self.W2.T * (1 - self.h**2)", "d @ self.W2.T", "not right"),
        (OF_ONE_SAMPLE, "", "", "right"),  # of many samples the biases' would not be summed
        (OF_ONE_SAMPLE, "(1 - self.acts[i + 1] ** 2)", "(1 - self.acts[i] ** 2)", "not right"),
        (HANDED, "", "", "right"),
        (HANDED, "self.b -= lr * db", "self.b += lr * db", "wrong"),
    ],
)
def test_what_is_meant_is_told_by_all(code: str, right: str, wrong: str, expected: str) -> None:
    expect(code, right, wrong, expected)


IN_TWO_STEPS = """
import numpy as np
class Net:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x, self.out = x, x @ self.w + self.b
        return self.out
    def backward(self, y):
        self.dw, self.db = self.x.T @ (self.out - y), (self.out - y).sum(axis=0)
    def update_weights(self, lr):
        self.w -= lr * self.dw
    def update_bias(self, lr):
        self.b -= lr * self.db
"""


def test_what_several_methods_change_is_one_step() -> None:
    assert verdict_on(IN_TWO_STEPS)["verdict"] == "right"
    climbs = verdict_on(IN_TWO_STEPS.replace("self.b -=", "self.b +="))
    assert (climbs["verdict"], climbs["findings"][0]["mistake"]) == ("wrong", "sign-error")
    never = verdict_on(IN_TWO_STEPS.split("    def update_bias")[0])
    assert never["verdict"] == "wrong"
    assert [finding["mistake"] for finding in never["findings"]] == ["parameter-never-updated"]


def test_what_a_method_changes_that_nobody_called_is_not_blamed() -> None:
    other = IN_TWO_STEPS.replace("update_bias(self, lr)", "update_bias(self, lr, plan_of_steps)")
    assert verdict_on(other)["verdict"] == "right"  # who never reads it may be given anything
    read = other.replace("lr * self.db", "lr * plan_of_steps.of(self.db)")
    assert verdict_on(read)["verdict"] == "undecided"


UPDATED = (
    RETURNED.replace("return w1, b1, w2, b2\ndef forward(x, w1, b1, w2, b2):", 'return {"w1": w1, "b1": b1, "w2": w2, "b2": b2}\ndef forward(x, params):\n    w1, b1, w2, b2 = (params[k] for k in ("w1", "b1", "w2", "b2"))')
    .replace("a1, w2):", "a1, params):\n    w2 = params['w2']")
    .replace("return dw1, db1, dw2, db2", 'return {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}')
    + """
def update_params(params, grads, lr=0.1):
    new = {}
    for k in params:
        new[k] = params[k] - lr * grads[k]
    return new
"""
)  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong", "expected", "mistake"),
    [
        ("", "", "right", None),
        ("    return new\n", "", "wrong", "update-missing"),
        ("    return new\n", "    return params\n", "wrong", "update-missing"),
        ("params[k] - lr", "params[k] + lr", "wrong", "sign-error"),
        ("    return new\n", "        return new\n", "undecided", None),  # after the first of them
    ],
)
def test_right_gradients_do_not_stand_for_what_an_update_does(
    right: str, wrong: str, expected: str, mistake: str | None
) -> None:
    assert right in UPDATED
    verdict = verdict_on(UPDATED.replace(right, wrong))
    assert (verdict["verdict"], verdict["driven"]) == (expected, True), verdict["reason"]
    assert {finding["mistake"] for finding in verdict["findings"]} == (
        {mistake} if mistake else set()
    )


BATCHES = """
import numpy as np
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.w1 = np.random.randn(n_in, n_hidden)
        self.w2 = np.random.randn(n_hidden, n_out)
    def fit(self, X, y, epochs=5, batch_size=2, lr=0.1):
        for _ in range(epochs):
            for i in range(0, len(X), batch_size):
                xb, yb = X[i:i + batch_size], y[i:i + batch_size]
                self.step(xb, yb, X, lr)
    def step(self, xb, yb, X, lr):
        h = np.tanh(xb @ self.w1)
        d = (h @ self.w2 - yb) / len(xb)
        g1, g2 = xb.T @ (d @ self.w2.T * (1 - h**2)), h.T @ d
        self.w1 -= lr * g1
        self.w2 -= lr * g2
"""
ONE_BY_ONE = """
import numpy as np
class Net:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)
        self.x = None
    def train_step(self, X, y, lr=0.1):
        self.x = X
        self.w -= lr * self.x.T @ (X @ self.w - y)
"""
HELD = """
import numpy as np
class Net:
    def __init__(self, X, y):
        self.X, self.y = X, y
        self.w = np.random.randn(X.shape[1], y.shape[1])
    def forward(self, X):
        self.out = X @ self.w
        return self.out
    def backprop(self):
        self.w -= 0.1 * self.X.T @ (self.out - self.y)
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong", "expected"),
    [
        (BATCHES, "", "", "right"),
        (BATCHES, "xb.T @ (d", "X[:len(xb)].T @ (d", "wrong"),  # with all samples at once it is the same
        (ONE_BY_ONE, "", "", "right"),
        (ONE_BY_ONE, "self.x = X", "self.x = X if self.x is None else self.x", "undecided"),
        (HELD, "", "", "right"),  # what it was made with is what it goes forward with
    ],
)  # fmt: skip
def test_other_data_than_those_at_hand_are_not_right(
    code: str, right: str, wrong: str, expected: str
) -> None:
    expect(code, right, wrong, expected)
