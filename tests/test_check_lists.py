"""`check` on networks of plain numbers in lists: which numbers belong together, and which entry belongs where."""

import pytest

from subtle_programs import LISTS

from checked import verdict_on

ONLINE = """\
import math
import random

random.seed(3)
N = 3
w1 = [[random.uniform(-1, 1) for _ in range(N)] for _ in range(N)]
w2 = [[random.uniform(-1, 1) for _ in range(N)] for _ in range(N)]
b2 = [random.uniform(-1, 1) for _ in range(N)]
samples = [([random.gauss(0, 1) for _ in range(N)], [random.random() for _ in range(N)]) for _ in range(4)]

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

for epoch in range(40):
    for x, t in samples:
        h = [sigmoid(sum(x[i] * w1[i][j] for i in range(N))) for j in range(N)]
        y = [sigmoid(sum(h[j] * w2[j][k] for j in range(N)) + b2[k]) for k in range(N)]
        d2 = [(y[k] - t[k]) * y[k] * (1 - y[k]) for k in range(N)]
        d1 = []
        for j in range(N):
            back = sum(w2[j][k] * d2[k] for k in range(N))
            back *= h[j] * (1 - h[j])
            d1.append(back)
        for j in range(N):
            for k in range(N):
                w2[j][k] -= 0.5 * h[j] * d2[k]
        for k in range(N):
            b2[k] -= 0.5 * d2[k]
        for i in range(N):
            for j in range(N):
                w1[i][j] -= 0.5 * x[i] * d1[j]
"""
RECURRENT = """\
import math
import random

random.seed(13)
N = 3
w_in = [random.uniform(-1, 1) for _ in range(N)]
w_back = [[random.uniform(-1, 1) for _ in range(N)] for _ in range(N)]
w_out = [random.uniform(-1, 1) for _ in range(N)]
series = [([0.5, -0.3, 0.9, 0.1], [0.2, 0.1, 0.6, 0.4]), ([-0.7, 0.2, 0.4, -0.6], [-0.4, -0.1, 0.2, -0.3])]
for epoch in range(40):
    for xs, ts in series:
        states = [[0.0] * N]
        for x in xs:
            nets = [x * w_in[j] + sum(states[-1][i] * w_back[i][j] for i in range(N)) for j in range(N)]
            states.append([math.tanh(net) for net in nets])
        outputs = [sum(state[j] * w_out[j] for j in range(N)) for state in states[1:]]
        g_in, g_out = [0.0] * N, [0.0] * N
        g_back = [[0.0] * N for _ in range(N)]
        carried = [0.0] * N
        for n in range(len(xs) - 1, -1, -1):
            error = outputs[n] - ts[n]
            deltas = []
            for j in range(N):
                g_out[j] += error * states[n + 1][j]
                total = error * w_out[j] + carried[j]
                deltas.append(total * (1 - states[n + 1][j] ** 2))
            for j in range(N):
                g_in[j] += deltas[j] * xs[n]
                for i in range(N):
                    g_back[i][j] += deltas[j] * states[n][i]
            carried = [sum(deltas[j] * w_back[i][j] for j in range(N)) for i in range(N)]
        for j in range(N):
            w_in[j] -= 0.1 * g_in[j]
            w_out[j] -= 0.1 * g_out[j]
            for i in range(N):
                w_back[i][j] -= 0.1 * g_back[i][j]
"""
CLIPPED = """\
import math
import random

random.seed(8)
A = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(4)]
B = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(2)]
data = [([random.gauss(0, 1) for _ in range(3)], [random.gauss(0, 2) for _ in range(2)]) for _ in range(3)]

def times(m, v):
    return [sum(a * b for a, b in zip(row, v)) for row in m]

for epoch in range(30):
    for x, t in data:
        h = [math.tanh(z) for z in times(A, x)]
        dy = [o - g for o, g in zip(times(B, h), t)]
        dh = [sum(dy[k] * B[k][j] for k in range(2)) * (1 - h[j] ** 2) for j in range(4)]
        grads = [[[d * v for v in x] for d in dh], [[d * v for v in h] for d in dy]]
        norm = math.sqrt(sum(g * g for m in grads for row in m for g in row))
        scale = min(1.0, 1.0 / norm)
        for m, g in zip((A, B), grads):
            for i, row in enumerate(g):
                for j, value in enumerate(row):
                    m[i][j] -= 0.1 * scale * value
"""
TWO_OUTPUTS = """\
import math
import random

random.seed(4)
hidden = [{"w": [random.gauss(0, 1) for _ in range(3)]} for _ in range(3)]
outputs = [{"w": [random.gauss(0, 1) for _ in range(3)]} for _ in range(2)]
samples = [([0.3, -0.8, 0.5], [0.2, 0.8]), ([1.1, 0.4, -0.6], [0.7, 0.5]), ([-0.2, 0.9, 0.7], [0.4, 0.1])]
for epoch in range(12):
    for x, t in samples:
        before = x
        for layer in (hidden, outputs):
            for neuron in layer:
                neuron["a"] = 1 / (1 + math.exp(-sum(w * v for w, v in zip(neuron["w"], before))))
            before = [neuron["a"] for neuron in layer]
        for k, neuron in enumerate(outputs):
            neuron["delta"] = (neuron["a"] - t[k]) * neuron["a"] * (1 - neuron["a"])
        for j, neuron in enumerate(hidden):
            error = 0.0
            for above in outputs:
                error += above["w"][j] * above["delta"]
            neuron["delta"] = error * neuron["a"] * (1 - neuron["a"])
        for layer, inputs in ((hidden, x), (outputs, [neuron["a"] for neuron in hidden])):
            for neuron in layer:
                for i, value in enumerate(inputs):
                    neuron["w"][i] -= 0.5 * neuron["delta"] * value
"""


@pytest.mark.parametrize("program", [ONLINE, RECURRENT, TWO_OUTPUTS])
def test_a_network_of_lists_is_right(program: str) -> None:
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize(
    ("program", "right", "wrong", "mistake"),
    [
        # Each output's error then goes to hidden units of its own: still one network, with one loss.
        (ONLINE, "w2[j][k] * d2[k] for", "w2[j][k] * d2[j] for", "wrong-index"),
        (ONLINE, "w2[j][k] * d2[k] for", "w2[k][j] * d2[k] for", "wrong-transpose"),
        # Errors of one output alone move fewer numbers than all errors move here.
        (ONLINE, "w1[i][j] -= ", "w1[i][j] -= 0.25 * ", "parameter-mis-scaled"),
        (CLIPPED, "(1 - h[j] ** 2)", "(1 + h[j] ** 2)", "wrong-operator"),
        (CLIPPED, "m[i][j] -=", "m[i][j] +=", "sign-error"),
        (ONLINE, "0.5 * d2[k]\n", "0.5 * b2[k]\n", "wrong-variable"),  # what no error goes into
        # Then a weight is moved by errors that it has no part in.
        (ONLINE, "w2[j][k] -=", "w2[k][j] -=", "wrong-transpose"),
        # Both are right of the one output whose errors go back, and no gradient of both.
        (TWO_OUTPUTS, "error += ", "error = ", "wrong-operator"),
        (RECURRENT, "total * (1 - states[n + 1][j] ** 2)", "total", "missing-derivative"),
    ],
)
def test_one_mistake_in_lists_is_named_at_its_line(
    program: str, right: str, wrong: str, mistake: str
) -> None:
    assert program.count(right) == 1
    line = program[: program.index(right)].count("\n") + 1
    verdict = verdict_on(program.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = [(f["mistake"], f["line"], f["proved"]) for f in verdict["findings"]]
    assert found == [(mistake, line, True)]


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        ("b2 -= rate * delta", "b2 -= 0.5 * rate * delta", "parameter-mis-scaled"),
        ("w2[j] -= rate * delta", "w2[j] -= 0.5 * rate * delta", "parameter-mis-scaled"),
        ("back = [delta", "back = [0.5 * delta", "parameter-mis-scaled"),
        ("back = [delta", "back = [rate * delta", "learning-rate-twice"),
        # As far off as if all others had the rate twice.
        ("b2 -= rate * delta", "b2 -= 2 * rate * delta", "parameter-mis-scaled"),
    ],
)
def test_a_number_that_happens_to_be_the_rate_is_not_the_rate(
    right: str, wrong: str, mistake: str
) -> None:
    assert "rate = 0.5" in LISTS
    source = LISTS.replace(right, wrong)
    (finding,) = verdict_on(source)["findings"]
    fixed = next(line for line in LISTS.splitlines() if right in line)
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert finding["fix"] in (None, fixed)


RECTIFIED = """\
import random

random.seed(5)
rate = 0.1
samples = [([random.gauss(0, 1) for _ in range(3)], [random.gauss(0, 1) for _ in range(2)]) for _ in range(6)]
w1 = [[random.gauss(0, 1) for _ in range(3)] for _ in range(4)]
b1 = [random.gauss(0, 0.1) for _ in range(4)]
w2 = [[random.gauss(0, 1) for _ in range(4)] for _ in range(2)]
for epoch in range(30):
    for x, t in samples:
        z = [sum(w * v for w, v in zip(row, x)) + b for row, b in zip(w1, b1)]
        h = [max(0.0, n) for n in z]
        e = [sum(w * v for w, v in zip(row, h)) - goal for row, goal in zip(w2, t)]
        deltas = []
        for j in range(4):
            back = sum(e[k] * w2[k][j] for k in range(2))
            if z[j] < 0:
                back = 0.0
            deltas.append(back)
        for j in range(4):
            for k in range(2):
                w2[k][j] -= rate * e[k] * h[j]
            b1[j] -= rate * deltas[j]
            for i in range(3):
                w1[j][i] -= rate * deltas[j] * x[i]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "mistake", "line"),
    [
        ("if z[j] < 0", "if h[j] < 0", "relu-derivative-at-output", "if h[j] < 0:"),
        (
            "            if z[j] < 0:\n                back = 0.0\n",
            "",
            "missing-derivative",
            "deltas.append(back)",
        ),
    ],
)
def test_a_unit_that_a_test_switches_off_has_no_error(
    right: str, wrong: str, mistake: str, line: str
) -> None:
    assert verdict_on(RECTIFIED)["verdict"] == "right"
    source = RECTIFIED.replace(right, wrong)
    (finding,) = verdict_on(source)["findings"]
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert source.splitlines()[finding["line"] - 1].strip() == line


BY_ENTRIES = """
import math
import numpy as np

rng = np.random.default_rng(0)

def activation(z):
    out = np.zeros(z.shape)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            out[i][j] = 1 / (1 + math.exp(-z[i][j]))
    return out

x = np.array([[0, 0, 1, 1], [0, 1, 0, 1.0]])
t = np.array([[0, 1, 1, 0.0]])
w, v = rng.normal(size=(3, 2)), rng.normal(size=(1, 3))
for step in range(20):
    k = step % 4
    h = activation(w @ x[:, [k]])
    p = activation(v @ h)
    e = p - t[:, [k]]
    d = e * p * (1 - p)
    c = v.T @ d
    b = c * h * (1 - h)
    v -= 0.5 * d @ h.T
    w -= 0.5 * b @ x[:, [k]].T
"""


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        ("c = v.T @ d", "c = v.T @ e", "raw-error-backpropagated"),
        ("b = c * h * (1 - h)", "s = activation(h); b = c * s * (1 - s)", "derivative-at-activation"),
    ],
)  # fmt: skip
def test_activations_may_be_written_entry_by_entry(right: str, wrong: str, mistake: str) -> None:
    assert verdict_on(BY_ENTRIES)["verdict"] == "right"
    source = BY_ENTRIES.replace(right, wrong)
    (finding,) = verdict_on(source)["findings"]
    (line,) = (n for n, text in enumerate(source.splitlines(), 1) if text.strip() == wrong)
    assert (finding["mistake"], finding["line"], finding["proved"]) == (mistake, line, True)


GRIDS = """\
import math, random
random.seed(2)
class Grid:
    def __init__(self, rows):
        self.rows = rows
    def each(self, f):
        for i in range(len(self.rows)):
            for j in range(len(self.rows[0])):
                self.rows[i][j] = f(self.rows[i][j], i, j)
        return self
    def copy(self):
        return Grid([list(row) for row in self.rows])
    def turned(self):
        return Grid([list(column) for column in zip(*self.rows)])
    def plus(self, other):
        return self.each(lambda value, i, j: value + other.rows[i][j])
    def minus(self, other):
        return self.each(lambda value, i, j: value - other.rows[i][j])
    def times(self, other):
        return self.each(lambda value, i, j: value * other.rows[i][j])
    def by(self, number):
        return self.each(lambda value, i, j: value * number)
    def apply(self, f):
        return self.each(lambda value, i, j: f(value))
    def product(self, other):
        made = []
        for row in self.rows:
            made.append([])
            for column in zip(*other.rows):
                total = 0
                for a, b in zip(row, column):
                    total += a * b
                made[-1].append(total)
        return Grid(made)
def drawn(rows, columns):
    return Grid([[random.uniform(-1, 1) for _ in range(columns)] for _ in range(rows)])
w1, b1, w2, b2 = drawn(3, 2), drawn(3, 1), drawn(1, 3), drawn(1, 1)
squash = lambda z: 1 / (1 + math.exp(-z))
slope = lambda a: a * (1 - a)
for _ in range(4000):
    x, t = random.choice([([0, 0], [0]), ([0, 1], [1]), ([1, 0], [1]), ([1, 1], [0])])
    x = Grid([[v] for v in x])
    h = w1.product(x).plus(b1).apply(squash)
    y = w2.product(h).plus(b2).apply(squash)
    error = Grid([[v] for v in t]).minus(y)
    d2 = y.copy().apply(slope).times(error).by(0.1)
    back = w2.turned().product(d2)
    w2.plus(d2.product(h.turned()))
    b2.plus(d2)
    d1 = h.copy().apply(slope).times(back)
    w1.plus(d1.product(x.turned()))
    b1.plus(d1)
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "mistake"),
    [
        ("", "", 0, ""),
        ("product(d2)\n", "product(error).by(0.1)\n", 47, "raw-error-backpropagated"),
        ("    b2.plus(d2)\n", "    b2.plus(d2)\n    back = w2.turned().product(d2)\n", 48, "updated-weights"),
    ],
)  # fmt: skip
def test_grids_that_sum_and_are_updated_by_the_same_helpers_are_followed(
    old: str, new: str, line: int, mistake: str
) -> None:
    answer = verdict_on(GRIDS.replace(old, new) if old else GRIDS)
    found = [(one["line"], one["mistake"], one["proved"]) for one in answer["findings"]]
    assert answer["verdict"] == ("wrong" if mistake else "right")
    assert found == ([(line, mistake, True)] if mistake else [])


def test_all_numbers_of_a_grid_that_go_without_the_rate_are_one_mistake() -> None:
    apart = GRIDS.replace(".by(0.1)", "").replace("turned()))", "turned()).by(0.1))")
    apart = apart.replace("plus(d2)", "plus(d2.copy().by(0.1))")
    assert verdict_on(apart.replace("plus(d1)", "plus(d1.by(0.1))"))["verdict"] == "right"
    (finding,) = verdict_on(apart)["findings"]
    line = 1 + GRIDS.splitlines().index("    b1.plus(d1)")
    assert (finding["line"], finding["mistake"]) == (line, "parameter-mis-scaled")
    assert finding["proved"]


# One line updates all layers, and remembers the steps before.
LINKS = """\
import math
import random

random.seed(3)

class Link:
    def __init__(self, source):
        self.source, self.weight, self.step = source, random.uniform(-1, 1), 0.0

class Unit:
    def __init__(self, sources, out=0.0):
        self.links = [Link(source) for source in sources]
        self.error, self.out = 0.0, out

    def fire(self):
        self.out = 1 / (1 + math.exp(-sum(k.source.out * k.weight for k in self.links)))

    def learn(self):
        delta = self.error * self.out * (1 - self.out)
        for k in self.links:
            k.step = 0.3 * delta * k.source.out + 0.2 * k.step
            k.weight += k.step
            k.source.error += k.weight * delta
        self.error = 0.0

inputs = [Unit([]), Unit([]), Unit([], 1.0)]
hidden = [Unit(inputs) for _ in range(3)] + [Unit([], 1.0)]
output = Unit(hidden)
for epoch in range(60):
    for x, t in [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]:
        inputs[0].out, inputs[1].out = x
        for unit in [*hidden[:3], output]:
            unit.fire()
        output.error = t - output.out
        for unit in [output, *hidden[:3]]:
            unit.learn()
"""


def test_a_wrong_layer_hides_no_right_one_where_a_line_updates_both_with_momentum() -> None:
    verdict = verdict_on(LINKS)
    found = [(f["line"], f["mistake"], f["proved"]) for f in verdict["findings"]]
    assert found == [(22, "updated-weights", True)]
    early, late = (
        "            k.weight += k.step\n",
        "            k.source.error += k.weight * delta\n",
    )
    assert verdict_on(LINKS.replace(early + late, late + early))["verdict"] == "right"
