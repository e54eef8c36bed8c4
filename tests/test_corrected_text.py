"""A program that is run again with another text is recorded about as long as before."""

import multiprocessing
from pathlib import Path

from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.targets.corrected_text import watch_as_long
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import run_recorded

LONG = """
import math, random

random.seed(5)
rate = 5

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

w0, w1, w2, w3 = (random.random() for _ in range(4))
for k in range(20000):
    x, t = k % 2, 1 - k % 2
    h = sigmoid(w0 * x + w1)
    y = sigmoid(w2 * h + w3)
    e = (t - y) * y * (1 - y) * rate
    back = h * (1 - h) * e * w2 * rate
    w0 = w0 + back * x
    w1 = w1 + back
    w2 = w2 + e * h
    w3 = w3 + e
"""


def values_recorded(path: Path) -> tuple[int, int]:
    """How many values the program has, and how many where w3 goes on from another weight and is none any more."""
    end = Deadline.after(60)
    run = run_recorded(path, watch_until_enough(end), end)
    path.write_text(LONG.replace("w3 = w3", "w3 = w2"), encoding="utf-8")
    again = run_recorded(path, watch_as_long(run, end), end)
    return len(run.recording.graph.values), len(again.recording.graph.values)


def test_a_text_with_a_parameter_that_never_moves_is_not_recorded_to_its_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "network.py"
    path.write_text(LONG, encoding="utf-8")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        before, after = pool.apply(values_recorded, (path,))
    assert 1000 < before < after < 3 * before
