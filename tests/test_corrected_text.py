"""A program that is run again with another text is recorded about as long as before, and no further than it may be right."""

import multiprocessing
from pathlib import Path

import pytest

from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.targets.first_turns import FirstTurns
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


def values_recorded(path: Path, old: str, new: str) -> tuple[int, int]:
    """How many values the program has, and how many with another text."""
    end = Deadline.after(60)
    run = run_recorded(path, watch_until_enough(end), end)
    path.write_text(LONG.replace(old, new), encoding="utf-8")
    before = len(run.recording.graph.values)
    again = run_recorded(path, FirstTurns(watch_until_enough(end), before), end)
    return before, len(again.recording.graph.values)


@pytest.mark.parametrize(
    ("old", "new", "least", "most"),
    [
        ("w3 = w3", "w3 = w2", 0.0, 3.0),  # w3 goes on from another weight, and is none any more
        ("e * w2 * rate", "e * w2", 0.5, 1.5),  # right
        ("1 - h", "1 + h", 0.0, 0.25),  # wrong
    ],
)
def test_a_changed_text_is_recorded_as_far_as_it_may_be_right(
    tmp_path: Path, old: str, new: str, least: float, most: float
) -> None:
    path = tmp_path / "network.py"
    path.write_text(LONG, encoding="utf-8")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        before, after = pool.apply(values_recorded, (path, old, new))
    assert before > 1000
    assert least * before <= after < most * before
