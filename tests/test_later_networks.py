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
