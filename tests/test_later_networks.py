"""A network that a program trains after another of its class is judged as well."""

from pathlib import Path

import pytest

from chainrule.recording.rewriting import Sites, rewrite
from chainrule.recording.source import read_source
from chainrule.recording.unreached import unreached_branches

from checked import NEVER_RIGHT, verdict_on

TWO_KINDS = """
import numpy as np

class Net:
    def __init__(self, activation):
        rng = np.random.default_rng(1)
        self.w, self.v = rng.normal(size=(3, 5)), rng.normal(size=(5, 1))
        self.activation = activation

    def activate(self, z):
        if self.activation == "sigmoid":
            return 1 / (1 + np.exp(-z))
        return np.tanh(z)

    def slope(self, h):
        if self.activation == "sigmoid":
            return h * (1 - h)
        return 1 - h**2

    def train(self, x, t):
        for epoch in range(400):
            h = self.activate(x @ self.w)
            error = h @ self.v - t
            back = error @ self.v.T * self.slope(h)
            self.v -= 0.01 * h.T @ error
            self.w -= 0.01 * x.T @ back


rng = np.random.default_rng(2)
x = rng.normal(size=(20, 3))
t = x[:, :1] - x[:, 1:2]
"""
ONE_AFTER_THE_OTHER = 'Net("sigmoid").train(x, t)\nNet("tanh").train(x, t)\n'
IN_A_LOOP = 'for kind in ("sigmoid", "tanh"):\n    net = Net(kind)\n    net.train(x, t)\n'


@pytest.mark.parametrize("trained", [ONE_AFTER_THE_OTHER, IN_A_LOOP])
def test_a_second_network_of_a_class_is_judged_where_it_takes_other_branches(trained: str) -> None:
    assert verdict_on(TWO_KINDS + trained)["verdict"] == "right"
    wrong = verdict_on(TWO_KINDS.replace("1 - h**2", "1 - h") + trained)
    assert wrong["verdict"] == "wrong", wrong["reason"]
    assert [finding["line"] for finding in wrong["findings"]] == [18]


WITH_MEMORY = """
    def train_with_memory(self, x, t):
        speed = np.zeros_like(self.w)
        for epoch in range(400):
            h = self.activate(x @ self.w)
            error = h @ self.v - t
            back = np.tanh(error @ self.v.T) * np.exp(h)
            speed = 0.9 * speed + 0.1 * x.T @ back
            self.v -= 0.01 * h.T @ error
            self.w -= 0.01 * speed


rng"""


def test_that_an_earlier_network_is_right_proves_no_correction_of_a_later_one() -> None:
    program = TWO_KINDS.replace("\n\nrng", WITH_MEMORY, 1)
    both = 'Net("tanh").train(x, t)\nNet("sigmoid").train_with_memory(x, t)\n'
    verdict = verdict_on(program + both, seconds=NEVER_RIGHT)
    assert not any(finding["proved"] for finding in verdict["findings"]), verdict["findings"]


FOLDS = """
def train(rows):
    weights = [0.1, 0.2]
    for row in rows:
        total = 0.0
        for k, x in enumerate(row):
            total += weights[k] * x
        weights = [w - 0.1 * total * x for w, x in zip(weights, row)]
    return weights

for rows in folds:
    train(rows)
train(others)
"""


def test_a_program_is_not_kept_waiting_for_lines_that_have_run(tmp_path: Path) -> None:
    (tmp_path / "folds.py").write_text(FOLDS, encoding="utf-8")
    source, sites = read_source(tmp_path / "folds.py"), Sites()
    rewrite(source.parse(), sites, 0)
    last = FOLDS.count("\n")
    computed = {
        site.number
        for site in sites.sites
        if site.kind not in ("assign", "iterate") and site.line < last
    }
    frames = [(0, 5, "train"), (0, 12, "<module>")]
    assert not unreached_branches([source], sites, computed, frames)
    sums = {site.number for site in sites.sites if site.kind == "Sub"}
    assert unreached_branches([source], sites, computed - sums, frames) == sums


OPTIMIZERS = """
import numpy as np
rng = np.random.default_rng(3)
x = rng.normal(size=(24, 3))
t = (x[:, :1] > 0).astype(float)

def plain(p, g, memory, count):
    for k in p:
        p[k] = p[k] - 0.1 * g[k]

def momentum(p, g, memory, count):
    for k in p:
        memory[k] = 0.9 * memory[k] + 0.1 * g[k]
        p[k] = p[k] - 0.5 * memory[k]

def adam(p, g, memory, count):
    for k in p:
        m, v = memory[k, 1] = 0.9 * memory[k, 1][0] + 0.1 * g[k], 0.999 * memory[k, 1][1] + 0.001 * g[k] ** 2
        p[k] = p[k] - 0.01 * (m / (1 - 0.9 ** count)) / (np.sqrt(v / (1 - 0.999 ** count)) + 1e-8)

def train(update):
    rng = np.random.default_rng(1)
    p = {"w": rng.normal(size=(3, 4)), "v": rng.normal(size=(4, 1)), "b": np.zeros((1, 4))}
    memory = {k: np.zeros_like(p[k]) for k in p} | {(k, 1): (0.0, 0.0) for k in p}
    count = 0
    for epoch in range(300):
        for k in range(0, 24, 8):
            count += 1
            h = np.tanh(x[k:k + 8] @ p["w"] + p["b"])
            y = 1 / (1 + np.exp(-h @ p["v"]))
            d2 = (y - t[k:k + 8]) / 8
            d1 = d2 @ p["v"].T * (1 - h ** 2)
            g = {"v": h.T @ d2, "w": x[k:k + 8].T @ d1, "b": d1.sum(axis=0, keepdims=True)}
            update(p, g, memory, count)

for update in (plain, momentum, adam):
    train(update)
"""


def line_in(program: str, part: str) -> int:
    return next(n for n, line in enumerate(program.splitlines(), 1) if part in line)


def test_optimizers_that_come_later_are_judged() -> None:
    """A pass that is seen from its middle on begins with a memory of a gradient that nobody saw."""
    verdict = verdict_on(OPTIMIZERS)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 9), verdict["reason"]


@pytest.mark.parametrize(
    ("right", "wrong", "part"),
    [
        ("- 0.5 * memory[k]", "+ 0.5 * memory[k]", "0.5 * memory"),
        ("p[k] - 0.01 * (m", "p[k] + 0.01 * (m", "0.01 * (m"),
    ],
)
def test_a_later_optimizer_that_climbs_is_found(right: str, wrong: str, part: str) -> None:
    program = OPTIMIZERS.replace(right, wrong)
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = [(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]]
    assert found == [("sign-error", line_in(program, part), True)]


LOOPS = """
import numpy as np
rng = np.random.default_rng(5)
x = rng.normal(size=(30, 3))
t = np.sin(x[:, :1])
w = rng.normal(size=(3, 1))
for _ in range(900):
    w = w - 0.05 * x.T @ (x @ w - t) / 30
w, v = rng.normal(size=(3, 1)), np.zeros((3, 1))
for _ in range(900):
    v = 0.9 * v + x.T @ (x @ w - t) / 30
    w = w - 0.05 * v
w, s = rng.normal(size=(3, 1)), np.zeros((3, 1))
for _ in range(900):
    g = x.T @ (x @ w - t) / 30
    s = 0.9 * s + 0.1 * g ** 2
    w = w - 0.01 * g / np.sqrt(s + 1e-8)
"""


def test_loops_with_other_optimizers_one_below_the_other_are_judged() -> None:
    verdict = verdict_on(LOOPS)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 3), verdict["reason"]
    wrong = LOOPS.replace("0.01 * g /", "0.01 * x[:1].T /")
    assert verdict_on(wrong)["verdict"] != "right"


LATE = """\
import time
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(20, 3))
t = x[:, :1] - x[:, 1:2]
w, v = rng.normal(size=(3, 1)), rng.normal(size=(3, 1))
for epoch in range(50):
    w = w - 0.01 * x.T @ (x @ w - t)
start = time.process_time()
while time.process_time() - start < WAIT:
    pass
for epoch in range(50):
    v = v - 0.01 * x.T @ (x @ v - t)
"""


def test_what_a_program_did_not_come_to_in_its_time_is_said() -> None:
    words = "nothing is known of what line 14 updates"
    verdict = verdict_on(LATE.replace("WAIT", "8"))
    assert (verdict["verdict"], words in verdict["reason"]) == ("right", True)
    verdict = verdict_on(LATE.replace("WAIT", "0"))
    assert (verdict["verdict"], words in verdict["reason"]) == ("right", False)
