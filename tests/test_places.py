"""Where a mistake is said to be, and what it is called: programs in which several places could be blamed."""

from pathlib import Path

import pytest

from test_repair import findings_in, line_of

SAMPLES_AND_LAYERS = """\
import numpy as np

def squash(z):
    return np.tanh(z)

def squash_slope(z):
    return 1 - np.tanh(z) ** 2

rng = np.random.default_rng(3)
sizes = [3, 4, 4, 4]
weights = [rng.normal(size=(n, k)) for k, n in zip(sizes, sizes[1:])]
biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
data = [(rng.normal(size=(3, 1)), rng.uniform(-0.5, 0.5, size=(4, 1))) for _ in range(6)]
for epoch in range(12):
    sums = [np.zeros(w.shape) for w in weights], [np.zeros(b.shape) for b in biases]
    for x, t in data:
        values, nets = [x], []
        for w, b in zip(weights, biases):
            nets.append(w @ values[-1] + b)
            values.append(squash(nets[-1]))
        delta = (values[-1] - t) * squash_slope(nets[-1])
        for layer in (2, 1, 0):
            sums[0][layer] = sums[0][layer] + delta @ values[layer].T
            sums[1][layer] = sums[1][layer] + delta
            if layer:
                back = weights[layer].T @ delta
                delta = back * squash_slope(nets[layer - 1])
    weights = [w - 0.1 * s for w, s in zip(weights, sums[0])]
    biases = [b - 0.1 * s for b, s in zip(biases, sums[1])]
"""
NUMBERS = """\
import math
import random

random.seed(4)
first = [[random.gauss(0, 1) for _ in range(3)] for _ in range(3)]
second = [[random.gauss(0, 1) for _ in range(3)] for _ in range(2)]
rate = 0.2
samples = [([0.3, -0.8, 0.5], [0.2, -0.4]), ([1.1, 0.4, -0.6], [-0.3, 0.5]), ([-0.2, 0.9, 0.7], [0.4, 0.1])]
for epoch in range(12):
    for x, t in samples:
        nets = [sum(w * v for w, v in zip(row, x)) for row in first]
        hidden = [math.tanh(z) for z in nets]
        out = [sum(w * v for w, v in zip(row, hidden)) for row in second]
        errors = [o - target for o, target in zip(out, t)]
        backs = [sum(second[k][j] * errors[k] for k in range(2)) for j in range(3)]
        deltas = [back * (1 - math.tanh(z) ** 2) for back, z in zip(backs, nets)]
        for k in range(2):
            for j in range(3):
                second[k][j] -= rate * errors[k] * hidden[j]
        for j in range(3):
            for i in range(3):
                first[j][i] -= rate * deltas[j] * x[i]
"""
SUMS = """\
import random

random.seed(5)
w = [[random.gauss(0, 1) for _ in range(3)] for _ in range(2)]
b = [0.1, -0.2]
samples = [([random.gauss(0, 1) for _ in range(3)], [random.gauss(0, 1) for _ in range(2)]) for _ in range(4)]
for epoch in range(12):
    dw, db = [[0.0] * 3 for _ in range(2)], [0.0] * 2
    for x, t in samples:
        out = [sum(w[k][j] * x[j] for j in range(3)) + b[k] for k in range(2)]
        errors = [out[k] - t[k] for k in range(2)]
        for k in range(2):
            db[k] += errors[k]
            for j in range(3):
                dw[k][j] += errors[k] * x[j]
    for k in range(2):
        b[k] -= 0.05 * db[k]
        for j in range(3):
            w[k][j] -= 0.05 * dw[k][j]
"""
NEURONS = """\
import math
import random

class Neuron:
    def __init__(self, inputs):
        self.weights = [random.gauss(0, 0.8) for _ in range(inputs)]

    def fire(self, inputs):
        self.inputs, self.net = inputs, 0.0
        for weight, value in zip(self.weights, inputs):
            self.net += weight * value
        return math.tanh(self.net)

    def slope(self):
        return 1 - math.tanh(self.net) ** 2

random.seed(7)
layers = [[Neuron(n) for _ in range(3)] for n in (2, 3, 3)]
samples = [([random.gauss(0, 1) for _ in range(2)], [random.random() for _ in range(3)]) for _ in range(3)]
for epoch in range(12):
    for x, t in samples:
        values = x
        for layer in layers:
            values = [neuron.fire(values) for neuron in layer]
        for neuron, value, goal in zip(layers[-1], values, t):
            neuron.delta = (value - goal) * neuron.slope()
        for layer, above in zip(layers[-2::-1], layers[:0:-1]):
            for j, neuron in enumerate(layer):
                back = sum(n.weights[j] * n.delta for n in above)
                neuron.delta = back * neuron.slope()
        for layer in layers:
            for neuron in layer:
                for k, value in enumerate(neuron.inputs):
                    neuron.weights[k] -= 0.1 * neuron.delta * value
"""
ENTRIES = """\
import numpy as np

rng = np.random.default_rng(9)
x, t = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
w, b = rng.normal(size=(2, 3)), np.zeros(2)
for epoch in range(20):
    e = x @ w.T + b - t
    dw = np.zeros((2, 3))
    for k in range(2):
        for n in range(5):
            dw[k] += e[n, k] * x[n]
    w -= 0.05 * dw
    b -= 0.05 * e.sum(axis=0)
"""
CLASSES = """\
import numpy as np

rng = np.random.default_rng(5)
x, labels = rng.normal(size=(10, 4)), rng.integers(0, 3, 10)
w1, b1 = rng.normal(size=(4, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 3)), np.zeros(3)
for epoch in range(12):
    z1 = x @ w1 + b1
    a1 = np.maximum(z1, 0)
    scores = np.exp(a1 @ w2 + b2)
    d2 = scores / scores.sum(axis=1, keepdims=True)
    d2[np.arange(10), labels] -= 1
    d1 = (d2 @ w2.T) * (z1 > 0)
    w2 = w2 - 0.02 * a1.T @ d2
    b2 = b2 - 0.02 * d2.sum(axis=0)
    w1 = w1 - 0.02 * x.T @ d1
    b1 = b1 - 0.02 * d1.sum(axis=0)
"""
CELLS = """\
import numpy as np

class Cell:
    def forward(self, x, before):
        self.x, self.before = x, before
        self.h = np.tanh(u @ x + w @ before)
        return self.h

    def backward(self, dh):
        dz = dh * (1 - self.h ** 2)
        gradients[0] += np.outer(dz, self.x)
        gradients[1] += np.outer(dz, self.before)
        return w.T @ dz

rng = np.random.default_rng(6)
u, w, v = rng.normal(size=(4, 2)), rng.normal(size=(4, 4)), rng.normal(size=4)
cells = [Cell() for _ in range(4)]
memory = np.zeros(4)
for step in range(12):
    inputs, target = rng.normal(size=(4, 2)), rng.normal()
    h = memory
    for cell, x in zip(cells, inputs):
        h = cell.forward(x, h)
    memory = h
    error = v @ h - target
    gradients = [np.zeros((4, 2)), np.zeros((4, 4))]
    dh = v * error
    for cell in reversed(cells):
        dh = cell.backward(dh)
    v = v - 0.05 * error * h
    u = u - 0.05 * gradients[0]
    w = w - 0.05 * gradients[1]
"""
LETTERS = """\
import numpy as np

rng = np.random.default_rng(8)
u, w, v = rng.normal(size=(4, 3)), rng.normal(size=(4, 4)), rng.normal(size=(2, 5))
for step in range(12):
    letters, targets = rng.integers(0, 3, 5), rng.normal(size=(5, 2))
    xs, hs, errors = {}, {-1: np.zeros(4)}, {}
    for t in range(5):
        xs[t] = np.zeros(3)
        xs[t][letters[t]] = 1
        hs[t] = np.tanh(u @ xs[t] + w @ hs[t - 1])
        errors[t] = v @ np.concatenate([hs[t], [1.0]]) - targets[t]
    du, dw, dv, back = np.zeros((4, 3)), np.zeros((4, 4)), np.zeros((2, 5)), np.zeros(4)
    for t in reversed(range(5)):
        dv += np.outer(errors[t], np.concatenate([hs[t], [1.0]]))
        dz = (v[:, :4].T @ errors[t] + back) * (1 - hs[t] ** 2)
        du += np.outer(dz, xs[t])
        dw += np.outer(dz, hs[t - 1])
        back = w.T @ dz
    u, w, v = u - 0.05 * du, w - 0.05 * dw, v - 0.05 * dv
"""
LAYERS = """\
import numpy as np

class Layer:
    def __init__(self, inputs, units):
        self.w, self.b = rng.normal(size=(inputs, units)), np.zeros(units)

    def forward(self, x):
        self.x, self.z = x, x @ self.w + self.b
        return np.tanh(self.z)

    def backward(self, error):
        delta = error * (1 - np.tanh(self.z) ** 2)
        before = delta @ self.w.T
        self.step({"w": self.x.T @ delta, "b": delta.sum(axis=0)})
        return before

    def step(self, gradients):
        for name in gradients:
            setattr(self, name, getattr(self, name) - 0.05 * gradients[name])

rng = np.random.default_rng(7)
layers = [Layer(3, 5), Layer(5, 4), Layer(4, 2)]
x, t = rng.normal(size=(8, 3)), rng.uniform(-0.6, 0.6, size=(8, 2))
for epoch in range(12):
    value = x
    for layer in layers:
        value = layer.forward(value)
    error = value - t
    for layer in layers[::-1]:
        error = layer.backward(error)
"""

LOGISTIC = """\
import numpy as np

def logistic(z):
    return 1 / (1 + np.exp(-z))

rng = np.random.default_rng(8)
x, t = rng.normal(size=(9, 3)), rng.uniform(size=(9, 2))
w1, w2, w3 = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
b1, b2, b3 = rng.normal(size=4), rng.normal(size=4), rng.normal(size=2)
for epoch in range(12):
    a1 = logistic(x @ w1 + b1)
    a2 = logistic(a1 @ w2 + b2)
    a3 = logistic(a2 @ w3 + b3)
    error = a3 - t
    d3 = error * a3 * (1 - a3)
    d2 = (d3 @ w3.T) * a2 * (1 - a2)
    d1 = (d2 @ w2.T) * a1 * (1 - a1)
    w1, b1 = w1 - 0.3 * x.T @ d1, b1 - 0.3 * d1.sum(axis=0)
    w2, b2 = w2 - 0.3 * a1.T @ d2, b2 - 0.3 * d2.sum(axis=0)
    w3, b3 = w3 - 0.3 * a2.T @ d3, b3 - 0.3 * d3.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("program", "right", "wrong", "mistake", "line"),
    [
        pytest.param(
            SAMPLES_AND_LAYERS, "delta = back * squash_slope(nets[layer - 1])", "delta = back",
            "missing-derivative", "delta = back",
            id="an error of every sample and layer belongs to the activation behind its weights",
        ),
        pytest.param(
            SAMPLES_AND_LAYERS, "delta @ values[layer].T", "delta @ values[min(layer, 1)].T",
            "wrong-layer-input", "sums[0]",
            id="a list of layers at a wrong index has another layer's activation",
        ),
        pytest.param(
            NUMBERS, "rate * errors[k] * hidden[j]", "rate * errors[k] * hidden[k]",
            "wrong-index", "second[k][j] -=", id="a number of the right list at a wrong index",
        ),
        pytest.param(
            NUMBERS, "rate * errors[k] * hidden[j]", "rate * nets[j] * errors[k]",
            "wrong-layer-input", "second[k][j] -=", id="a pre-activation times the rate is an input",
        ),
        pytest.param(
            NUMBERS, "rate * deltas[j] * x[i]", "rate * deltas[j] * x[0]",
            "wrong-index", "first[j][i] -=", id="a number of the data at a wrong index",
        ),
        pytest.param(
            CLASSES, "d2.sum(axis=0)", "d2.sum()",
            "bias-summed-over-all", "b2 = b2", id="a sum that cancels is no update at all",
        ),
        pytest.param(
            CLASSES, "(z1 > 0)", "(a1 >= 0)",
            "relu-derivative-at-output", "d1 =", id="a test that is always true is what is wrong",
        ),
        pytest.param(
            CELLS, "        dh = cell.backward(dh)", "        cell.backward(dh * (cell is cells[-1]))",
            "no-flow-through-time", "cell.backward(", id="the caller hands a cell its error",
        ),
        pytest.param(
            CELLS, "dz = dh * (1 - self.h ** 2)", "dz = dh",
            "missing-derivative", "dz = dh", id="errors from several places meet under a new name",
        ),
        pytest.param(
            SAMPLES_AND_LAYERS, "sums[1][layer] + delta", "delta",
            "last-sample-only", "sums[1][layer] =", id="a loop over samples keeps the last one's",
        ),
        pytest.param(
            SAMPLES_AND_LAYERS, "back = weights[layer].T", "back = weights[3 - layer].T",
            "wrong-index", "back =", id="weights of one list at a wrong index",
        ),
        pytest.param(
            LOGISTIC, "(d3 @ w3.T)", "(error @ w3.T)",
            "raw-error-backpropagated", "d2 =",
            id="four parameters that another loss explains count less than the last layer's",
        ),
        pytest.param(
            CELLS, "np.outer(dz, self.before)", "np.outer(dz, self.h)",
            "wrong-layer-input", "gradients[1] +=", id="a state by another name has no index",
        ),
        pytest.param(
            LETTERS, "np.outer(dz, xs[t])", "np.outer(dz, xs[0])",
            "wrong-index", "du +=", id="inputs of several times are made in one place",
        ),
        pytest.param(
            LETTERS, "np.outer(errors[t], np.concatenate([hs[t]", "np.outer(errors[t], np.concatenate([hs[t - 1]",
            "wrong-index", "dv +=", id="a state of another time is joined with the same 1",
        ),
        pytest.param(
            SAMPLES_AND_LAYERS.replace("[3, 4", "[4, 4").replace("size=(3, 1)", "size=(4, 1)"),
            "delta @ values[layer].T", "delta @ delta.T",
            "wrong-variable", "sums[0][layer] =", id="an error times itself is no gradient",
        ),
        pytest.param(
            NEURONS, "back * neuron.slope()", "back * above[j].slope()",
            "derivative-at-activation", "neuron.delta = back", id="the slope of the neuron above is asked for",
        ),
        pytest.param(
            ENTRIES, "e[n, k]", "e[n, 0]", "wrong-index", "dw[k] +=", id="an index is counted by a loop",
        ),
        pytest.param(
            SUMS, "db[k] += errors[k]", "db[k] = errors[k]",
            "last-sample-only", "db[k] =", id="the entry of a sum is overwritten by each sample",
        ),
        pytest.param(
            LAYERS, "before = delta @ self.w.T", "before = error @ self.w.T",
            "raw-error-backpropagated", "before =",
            id="what belongs there is made in the method, so its caller is not to blame",
        ),
        pytest.param(
            LAYERS.replace("(3, 5), Layer(5, 4), Layer(4, 2)", "(3, 2), Layer(2, 2), Layer(2, 2)"),
            "np.tanh(self.z) ** 2", "np.tanh(error) ** 2",
            "derivative-at-activation", "delta = error", id="a derivative at an error is at no pre-activation",
        ),
        pytest.param(
            LAYERS, "self.x.T @ delta,", "np.outer(self.x[-1], delta.sum(axis=0)),",
            "last-sample-only", "self.step", id="layers of several sizes share one line",
        ),
        pytest.param(
            LAYERS, '"b": delta.sum(axis=0)', '"b": delta',
            "bias-not-summed", "self.step", id="a dictionary hands the error on as a gradient",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_the_line_to_change(
    program: str, right: str, wrong: str, mistake: str, line: str, tmp_path: Path
) -> None:
    assert program.count(right) == 1
    source = program.replace(right, wrong)
    (finding,) = findings_in(source, tmp_path)
    assert (finding.mistake, finding.line) == (mistake, line_of(source, line))
    assert finding.proved


def test_one_parameter_that_climbs_is_not_the_fault_of_the_line_that_moves_all(
    tmp_path: Path,
) -> None:
    source = LAYERS.replace("self.x.T @ delta,", "-(self.x.T @ delta),")
    (finding,) = findings_in(source, tmp_path)
    assert (finding.mistake, finding.line) == ("sign-error", line_of(source, "self.step"))
    assert finding.fix is not None
    assert '"w": (self.x.T @ delta),' in finding.fix


def test_an_error_that_is_computed_and_not_used_is_what_belongs_there(tmp_path: Path) -> None:
    source = CLASSES.replace("size=(5, 3)", "size=(5, 5)").replace("np.zeros(3)", "np.zeros(5)")
    source = source.replace("d1 = (d2 @ w2.T)", "back = d2 @ w2.T\n    d1 = d2")
    (finding,) = findings_in(source, tmp_path)
    assert (finding.mistake, finding.line) == ("wrong-variable", line_of(source, "d1 ="))
    assert finding.fix == "    d1 = back * (z1 > 0)"


RAW_ERROR = """\
import numpy as np

rng = np.random.default_rng(8)
into, out = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
squash = lambda z: 1 / (1 + np.exp(-z))
for turn in range(80):
    x, t = rng.normal(size=(3, 1)), rng.uniform(size=(2, 1))
    h = squash(into @ x)
    p = squash(out @ h)
    miss = t - p
    back = out.T @ miss
    out += 0.3 * (miss * p * (1 - p)) @ h.T
    into += 0.3 * (back * h * (1 - h)) @ x.T
"""


def test_a_raw_error_is_blamed_where_it_is_sent_back_though_its_delta_is_made_later(
    tmp_path: Path,
) -> None:
    (finding,) = findings_in(RAW_ERROR, tmp_path)
    assert (finding.mistake, finding.line) == (
        "raw-error-backpropagated",
        line_of(RAW_ERROR, "back"),
    )
    assert finding.proved


CELLS = """\
import math
import random

random.seed(2)
layers = [[{"w": [random.gauss(0, 1) for _ in range(3)]} for _ in range(n)] for n in (3, 2)]
rows = [([random.gauss(0, 1), random.gauss(0, 1), 1.0], [k % 2, (k + 1) % 2]) for k in range(9)]
for epoch in range(9):
    for x, t in rows:
        taken = x
        for layer in layers:
            for cell in layer:
                z = sum(w * v for w, v in zip(cell["w"], taken))
                cell["a"] = 1 / (1 + math.exp(-z))
            taken = [cell["a"] for cell in layer]
        for number in (1, 0):
            misses = []
            for k, cell in enumerate(layers[number]):
                if number:
                    misses.append(cell["a"] - t[k])
                else:
                    total = 0.0
                    for above in layers[1]:
                        total += above["w"][k] * above["d"]
                    misses.append(total)
            for k, cell in enumerate(layers[number]):
                cell["d"] = misses[k]
        for number, layer in enumerate(layers):
            given = [cell["a"] for cell in layers[0]] if number else x
            for cell in layer:
                for k in range(3):
                    cell["w"][k] -= 0.2 * cell["d"] * given[k]
"""


def test_a_missing_derivative_is_blamed_where_a_sum_goes_on_as_a_delta(tmp_path: Path) -> None:
    (finding,) = findings_in(CELLS, tmp_path)
    assert (finding.mistake, finding.line) == ("missing-derivative", line_of(CELLS, 'cell["d"] ='))
    assert finding.proved


CONVERTING = """\
import numpy as np

def squash(z):
    z = np.asarray(z, dtype=float) + 0.0
    return 1 / (1 + np.exp(-z))

def slope(z):
    z = np.float64(z)
    return squash(z) * (1 - squash(z))

rng = np.random.default_rng(3)
x, t = rng.normal(size=(9, 3)), rng.uniform(size=(9, 2))
w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for epoch in range(40):
    net = x @ w
    h = squash(net)
    out = h @ v
    back = (squash(out) - t) * slope(out)
    first = back @ v.T * slope(net)
    v = v - 0.1 * h.T @ back
    w = w - 0.1 * x.T @ first
"""


def test_a_helper_that_converts_its_argument_is_not_blamed_for_what_it_is_given(
    tmp_path: Path,
) -> None:
    (finding,) = findings_in(CONVERTING.replace("slope(net)", "slope(h)"), tmp_path)
    assert (finding.mistake, finding.line) == ("derivative-at-activation", 19)
