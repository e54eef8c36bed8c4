"""First layers that stay random: found where the program means to train them, and let be otherwise."""

import pytest

from subtle_programs import LISTS, changed, line_of

from checked import verdict_on

DEEP = """\
import numpy as np

rng = np.random.default_rng(2)
sizes = [4, 6, 5, 3]
weights = [rng.normal(0, 0.5, (a, b)) for a, b in zip(sizes[:-1], sizes[1:])]
x, y = rng.normal(size=(25, 4)), rng.normal(size=(25, 3))

def train(rate):
    a = [x]
    for w in weights:
        a.append(np.tanh(a[-1] @ w))
    delta = [None] * len(weights)
    delta[-1] = (a[-1] - y) * (1 - a[-1] ** 2) / 25
    for i in range(len(weights) - 2, -1, -1):
        delta[i] = delta[i + 1] @ weights[i + 1].T * (1 - a[i + 1] ** 2)
    for i in range(len(weights)):
        weights[i] -= rate * a[i].T @ delta[i]

for epoch in range(100):
    train(0.1)
"""
FEATURES = """\
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(60, 3))
y = np.sin(x).sum(axis=1, keepdims=True)
w1, b1 = rng.normal(size=(3, 30)), rng.normal(size=30)
w2, b2 = rng.normal(size=(30, 1)), np.zeros(1)
for step in range(200):
    h = np.tanh(x @ w1 + b1)
    p = h @ w2 + b2
    d = 2 * (p - y) / len(x)
    w2 -= 0.05 * h.T @ d
    b2 -= 0.05 * d.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("source", "right", "wrong", "lines"),
    [
        (DEEP, "in range(len(weights)):", "in range(1, len(weights)):", "for i in range(1"),
        (DEEP, "for i in range(len(weights) - 2, -1, -1):", "for i in range(len(weights) - 2, -1):",
         "for i in range(len(weights) - 2"),
        (LISTS, "for k in range(2):", "for k in range(1):", "for k in"),
        (LISTS, "for k in range(2):", "for k in range(2, 0):", "for k in"),
        (LISTS, "        for j in range(3):", "        for j in range(2):", "for j in"),
    ],
)  # fmt: skip
def test_layers_that_a_loop_leaves_out_are_found(
    source: str, right: str, wrong: str, lines: str
) -> None:
    if wrong == "for i in range(len(weights) - 2, -1):":  # what it leaves empty is not used either
        source = changed(source, ("in range(len(weights)):", "in [len(weights) - 1]:"))
    verdict = verdict_on(source := changed(source, (right, wrong)))
    assert {one["mistake"] for one in verdict["findings"]} == {"parameter-never-updated"}
    assert any(abs(one["line"] - line_of(source, lines)) <= 1 for one in verdict["findings"])


def test_a_layer_whose_gradient_is_computed_and_not_applied_is_found() -> None:
    source = changed(FEATURES, ("    w2 -=", "    dw1 = x.T @ (d @ w2.T * (1 - h**2))\n    w2 -="))
    assert {one["mistake"] for one in verdict_on(source)["findings"]} == {"parameter-never-updated"}


def test_random_features_are_right_and_said_to_be_untrained() -> None:
    verdict = verdict_on(FEATURES)
    assert (verdict["verdict"], verdict["findings"]) == ("right", [])
    assert {row["name"]: row["verdict"] for row in verdict["parameters"]} == {
        "w1": "never-updated", "w2": "right", "b2": "right",
    }  # fmt: skip


def test_a_random_layer_with_an_update_that_is_not_reached_is_undecided() -> None:
    update = "    if step < 0:\n        w1 -= 0.05 * x.T @ (d @ w2.T * (1 - h**2))\n    w2 -="
    assert verdict_on(changed(FEATURES, ("    w2 -=", update)))["verdict"] == "undecided"


INNOCENT_LAYERS = {
    "a trained correction of a random layer": (
        ("w2, b2 = rng", "u, v = np.zeros((3, 2)), rng.normal(size=(2, 30))\nw2, b2 = rng"),
        ("x @ w1 + b1", "x @ w1 + x @ u @ v"),
        ("    w2 -=", "    dz = d @ w2.T * (1 - h**2)\n    du, dv = x.T @ dz @ v.T, (x @ u).T @ dz\n    w2 -="),
        ("    b2 -=", "    u -= 0.05 * du\n    v -= 0.05 * dv\n    b2 -="),
    ),
    "two trained layers on random features": (
        ("w2, b2 = rng", "u = rng.normal(size=(30, 30)) * 0.1\nw2, b2 = rng"),
        ("    p = h @ w2", "    g = np.tanh(h @ u)\n    p = g @ w2"),
        ("    w2 -= 0.05 * h.T @ d", "    dz = d @ w2.T * (1 - g**2)\n    dh = dz @ u.T\n    w2 -= 0.05 * g.T @ d\n    u -= 0.05 * h.T @ dz"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", INNOCENT_LAYERS)
def test_layers_that_are_meant_to_stay_are_no_mistake(what: str) -> None:
    verdict = verdict_on(changed(FEATURES, *INNOCENT_LAYERS[what]))
    assert (verdict["verdict"], verdict["findings"]) == ("right", [])


def test_a_neuron_that_its_loop_leaves_out_is_not_called_right() -> None:
    program = """
import math, random
random.seed(4)
data = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(30)]
w = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(4)]
v = [random.uniform(-1, 1) for _ in range(4)]
for epoch in range(5):
    for x in data:
        h = [math.tanh(sum(w[j][i] * x[i] for i in range(3))) for j in range(4)]
        error = sum(v[j] * h[j] for j in range(4)) - (x[0] - x[1])
        delta = [error * v[j] * (1 - h[j] ** 2) for j in range(4)]
        for j in range(4):
            v[j] -= 0.1 * error * h[j]
        for j in range(4):
            for i in range(3):
                w[j][i] -= 0.1 * delta[j] * x[i]
"""
    assert verdict_on(program)["verdict"] == "right"
    left_out = program.replace("range(4):\n            for i", "range(1, 4):\n            for i")
    assert left_out != program
    assert verdict_on(left_out)["verdict"] != "right"


TWO_OUTPUTS = """\
import math, random
random.seed(3)
DATA = [([random.random() for _ in range(3)], [random.random() for _ in range(2)]) for _ in range(9)]


class Neuron:
    def __init__(self, inputs, bends):
        self.weights = [random.uniform(-1, 1) for _ in range(inputs)]
        self.bends = bends

    def forward(self, values):
        total = sum(w * v for w, v in zip(self.weights, values))
        self.out = math.tanh(total) if self.bends else total
        return self.out


shapes = [(3, 4, True), (4, 4, True), (4, 2, False)]
layers = [[Neuron(size, bends) for _ in range(count)] for size, count, bends in shapes]
for epoch in range(30):
    for x, y in DATA:
        values = [x]
        for layer in layers:
            values.append([neuron.forward(values[-1]) for neuron in layer])
        deltas = [[p - t for p, t in zip(values[-1], y)]]
        for n in range(len(layers) - 2, FIRST, -1):
            deltas.insert(0, [
                sum(d * after.weights[j] for d, after in zip(deltas[0], layers[n + 1])) * (1 - one.out**2)
                for j, one in enumerate(layers[n])
            ])
        for layer, before, errors in zip(layers[FIRST + 1 :], values[FIRST + 1 :], deltas):
            for neuron, d in zip(layer, errors):
                for k in range(len(neuron.weights)):
                    neuron.weights[k] -= 0.05 * d * before[k]
"""


def test_of_several_outputs_each_may_be_a_turn_of_one_pass() -> None:
    """Two outputs' errors are two turns, and products once a pass looked as if made once for all: it was right."""
    first_stays = verdict_on(TWO_OUTPUTS.replace("FIRST", "0"))
    assert (first_stays["verdict"], "never updated" in first_stays["reason"]) == ("undecided", True)
    assert verdict_on(TWO_OUTPUTS.replace("FIRST", "-1"))["verdict"] == "right"
