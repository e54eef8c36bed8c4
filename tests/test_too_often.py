"""Steps and terms too many: what a loop repeats, and what comes back twice beside states that are 0 at first."""

import pytest

from checked import verdict_on

# The path from the output of each moment is in dc, and added to it again wherever that is used.
MEMORY = """\
import numpy as np

rng = np.random.default_rng(6)
x, t = rng.normal(size=(5, 4, 3)), rng.normal(size=(5, 2))
w_in, w_keep = 0.6 * rng.normal(size=(3, 6)), 0.6 * rng.normal(size=(3, 6))
w_out, w_cell = 0.6 * rng.normal(size=(6, 2)), 0.6 * rng.normal(size=(6, 2))
for _ in range(40):
    start = np.zeros((5, 6))
    cells, gates, news = [start], [], []
    for k in range(4):
        gates.append(1 / (1 + np.exp(-x[:, k] @ w_keep)))
        news.append(np.tanh(x[:, k] @ w_in))
        cells.append(gates[k] * cells[k] + (1 - gates[k]) * news[k])
    hidden = [np.tanh(cell) for cell in cells[1:]]
    g_in, g_keep, g_out = np.zeros_like(w_in), np.zeros_like(w_keep), np.zeros_like(w_out)
    g_cell = np.zeros_like(w_cell)
    dc_next = np.zeros((5, 6))
    for k in reversed(range(4)):
        d2 = hidden[k] @ w_out + cells[k + 1] @ w_cell - t
        g_out += hidden[k].T @ d2
        g_cell += cells[k + 1].T @ d2
        dh = d2 @ w_out.T
        dc = (1 - hidden[k] ** 2) * dh + (d2 @ w_cell.T + dc_next)
        dg = (dc + (1 - hidden[k] ** 2) * dh) * (cells[k] - news[k]) * gates[k] * (1 - gates[k])
        dn = (dc + (1 - hidden[k] ** 2) * dh) * (1 - gates[k]) * (1 - news[k] ** 2)
        dc_next = dc * gates[k] + (1 - hidden[k] ** 2) * dh * gates[k]
        g_in += x[:, k].T @ dn
        g_keep += x[:, k].T @ dg
    w_in -= 0.01 * g_in
    w_keep -= 0.01 * g_keep
    w_out -= 0.01 * g_out
    w_cell -= 0.01 * g_cell
"""


@pytest.mark.parametrize(
    ("direct", "name", "fix"),
    [
        ("(d2 @ w_cell.T + dc_next)", "wrong-variable", "d2 @ w_cell.T + dc_next"),
        # Then all that comes back is twice as large, and nothing else is wrong: no mask of dropout.
        ("dc_next", "parameter-mis-scaled", "dc_next"),
    ],
)
def test_an_error_that_comes_back_twice_is_left_out_once(direct: str, name: str, fix: str) -> None:
    program = MEMORY.replace("(d2 @ w_cell.T + dc_next)", direct)
    if direct == "dc_next":
        program = program.replace(" + cells[k + 1] @ w_cell", "").replace(
            "    w_cell -= 0.01 * g_cell\n", ""
        )
    (found,) = verdict_on(program)["findings"]
    assert (found["line"], found["mistake"], found["proved"]) == (23, name, True)
    assert (found["fix"] or "").strip() == f"dc = {fix}"
    right = program.replace("(1 - hidden[k] ** 2) * dh + " + direct, direct, 1)
    assert verdict_on(right)["verdict"] == "right"


# A unit's bias takes its step as often as the unit has weights, and layers have not equally many.
LISTS = """\
import math, random
random.seed(1)
def make(n_in, n_hid, n_out):
    return [[{"w": [random.random() - 0.5 for _ in range(n_in + 1)]} for _ in range(n_hid)],
            [{"w": [random.random() - 0.5 for _ in range(n_hid + 1)]} for _ in range(n_out)]]
def forward(net, row):
    values = row
    for layer in net:
        new = []
        for unit in layer:
            z = unit["w"][-1]
            for i in range(len(unit["w"]) - 1):
                z += unit["w"][i] * values[i]
            unit["out"] = 1 / (1 + math.exp(-z))
            new.append(unit["out"])
        values = new
    return values
def backward(net, target):
    for i in reversed(range(len(net))):
        layer = net[i]
        for j, unit in enumerate(layer):
            if i == len(net) - 1:
                error = target[j] - unit["out"]
            else:
                error = 0.0
                for after in net[i + 1]:
                    error += after["w"][j] * after["delta"]
            unit["delta"] = error * unit["out"] * (1 - unit["out"])
def update(net, row, rate):
    for i in range(len(net)):
        values = row
        if i:
            values = [unit["out"] for unit in net[i - 1]]
        for unit in net[i]:
            for j in range(len(values)):
                unit["w"][j] += rate * unit["delta"] * values[j]
                unit["w"][-1] += rate * unit["delta"]
net = make(5, 3, 2)
data = [([random.gauss(0, 1) for _ in range(5)], [random.random(), random.random()]) for _ in range(12)]
for epoch in range(50):
    for row, target in data:
        forward(net, row)
        backward(net, target)
        update(net, row, 0.3)
"""
OBJECTS = """\
import math, random
random.seed(2)
class Neuron:
    def __init__(self, n):
        self.weights = [random.uniform(-1, 1) for _ in range(n)]
        self.bias = random.uniform(-1, 1)
    def fire(self, inputs):
        self.inputs = inputs
        self.out = math.tanh(sum(w * i for w, i in zip(self.weights, inputs)) + self.bias)
        return self.out
    def step(self, rate):
        for i, value in enumerate(self.inputs):
            self.weights[i] = self.weights[i] - rate * self.delta * value
            self.bias = self.bias - rate * self.delta
hidden = [Neuron(4) for _ in range(3)]
out = [Neuron(3) for _ in range(2)]
data = [([random.gauss(0, 1) for _ in range(4)], [random.uniform(-.8, .8), random.uniform(-.8, .8)]) for _ in range(8)]
for epoch in range(30):
    for x, t in data:
        h = [n.fire(x) for n in hidden]
        y = [n.fire(h) for n in out]
        for n, target in zip(out, t):
            n.delta = (n.out - target) * (1 - n.out ** 2)
        for j, n in enumerate(hidden):
            n.delta = sum(o.weights[j] * o.delta for o in out) * (1 - n.out ** 2)
        for n in hidden + out:
            n.step(0.1)
"""
BIAS = '                unit["w"][-1] += rate * unit["delta"]\n'
OWN_BIAS = "            self.bias = self.bias - rate * self.delta\n"


@pytest.mark.parametrize(("program", "bias", "line"), [(LISTS, BIAS, 37), (OBJECTS, OWN_BIAS, 14)])
def test_a_bias_in_the_loop_over_its_weights_takes_its_step_too_often(
    program: str, bias: str, line: int
) -> None:
    (found,) = verdict_on(program)["findings"]
    assert (found["line"], found["mistake"]) == (line, "parameter-mis-scaled")
    assert found["proved"]
    assert found["found"].endswith("several times in one pass")
    assert verdict_on(program.replace(bias, bias[4:]))["verdict"] == "right"


def test_steps_that_are_taken_twice_by_all_are_no_mistake() -> None:
    program = LISTS.replace(
        "        update(net, row, 0.3)",
        "        for _ in range(2):\n            update(net, row, 0.3)",
    )
    program = program.replace(BIAS, BIAS[4:])
    assert verdict_on(program)["verdict"] == "right"
