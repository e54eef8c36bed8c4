"""Units of a network of numbers that die in training: nothing is wrong with what no prediction reads any more."""

import pytest

from checked import verdict_on

NEURONS = """\
import random

random.seed({seed})
data = [([random.uniform(-1, 1) for _ in range(3)], [random.gauss(0, 1) for _ in range(2)]) for _ in range(8)]


class Neuron:
    def __init__(self, count, last=False):
        self.w = [random.uniform(-1, 1) for _ in range(count)]
        self.v = [0.0] * count
        self.b, self.vb, self.last = random.uniform(-0.5, 0.5), 0.0, last

    def fire(self, x):
        self.x = x
        z = sum(a * b for a, b in zip(self.w, x)) + self.b
        self.a = z if self.last else max(0.0, z)
        return self.a

    def slope(self):
        return 1.0 if self.last or self.a > 0 else 0.0

    def learn(self, rate):
        for j in range(len(self.w)):
            self.v[j] = 0.8 * self.v[j] + self.delta * self.x[j] + {decay} * self.w[j]
            self.w[j] -= rate * self.v[j]
        self.vb = 0.8 * self.vb + self.delta
        self.b -= rate * self.vb


hidden, outputs = [Neuron(3) for _ in range(3)], [Neuron(3, True) for _ in range(2)]
for epoch in range(20):
    for x, t in data:
        h = [n.fire(x) for n in hidden]
        o = [n.fire(h) for n in outputs]
        for n, wanted in zip(outputs, t):
            n.delta = n.a - wanted
        for i, n in enumerate(hidden):
            n.delta = sum(m.w[i] * m.delta for m in outputs) * n.slope()
        for n in hidden + outputs:
            n.learn(0.2)
"""


@pytest.mark.parametrize("seed", [60])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_dead_units_are_no_mistake(seed: int, decay: float) -> None:
    verdict = verdict_on(NEURONS.format(seed=seed, decay=decay), 30.0)
    assert verdict["verdict"] == "right", (verdict["reason"], verdict["findings"])


LISTS = """\
import random

random.seed(0)
data = [([random.uniform(-1, 1) for _ in range(3)], [random.gauss(0, 1) for _ in range(2)]) for _ in range(8)]
w = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(2)]
u = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(2)]
for epoch in range(12):
    for x, t in data:
        h = [max(0.0, sum(a * b for a, b in zip(row, x))) for row in w]
        d = [sum(a * b for a, b in zip(row, h)) - y for row, y in zip(u, t)]
        g = [sum(d[k] * u[k][i] for k in range(2)) for i in range(2)]
        for k in range(2):
            for i in range(2):
                u[k][i] -= 0.2 * d[k] * h[i]
        for i in range(2):
            for j in range(3):
                w[i][j] -= 0.2 * g[i] * x[j]
"""


def test_an_input_that_no_living_unit_reads_is_no_random_feedback() -> None:
    """Without the slope, dead units send errors back: to an input that no prediction is made with."""
    (finding,) = verdict_on(LISTS)["findings"]
    assert LISTS.splitlines()[finding["line"] - 1].strip().startswith("g =")
