"""Where a pass is long by a loop over many samples, that loop is left early and what it does is judged by fewer."""

import ast
import textwrap
from pathlib import Path

import pytest

from chainrule.recording.loops import MANY, ROUNDS, Loops
from chainrule.recording.rewriting import Sites

from checked import verdict_on

ROWS = """
import math
import random

random.seed(4)
ROWS, UNITS = 400, 12
rows = [[random.gauss(0, 1) for _ in range(3)] for _ in range(ROWS)]
targets = [math.sin(row[0]) + row[1] for row in rows]
w = [[random.uniform(-0.5, 0.5) for _ in range(3)] for _ in range(UNITS)]
v = [random.uniform(-0.5, 0.5) for _ in range(UNITS)]

for epoch in range(30):
    dw = [[0.0] * 3 for _ in range(UNITS)]
    dv = [0.0] * UNITS
    for x, t in zip(rows, targets):
        h = [math.tanh(sum(w[j][k] * x[k] for k in range(3))) for j in range(UNITS)]
        error = sum(v[j] * h[j] for j in range(UNITS)) - t
        for j in range(UNITS):
            dv[j] += error * h[j]
            delta = error * v[j] * (1 - h[j] ** 2)
            for k in range(3):
                dw[j][k] += delta * x[k]
    for j in range(UNITS):
        v[j] -= 0.1 * dv[j] / ROWS
        for k in range(3):
            w[j][k] -= 0.1 * dw[j][k] / ROWS
"""


def test_a_long_pass_is_judged_by_a_short_one() -> None:
    verdict = verdict_on(ROWS)
    assert verdict["verdict"] == "right", verdict["reason"]


def test_a_mistake_in_a_long_pass_is_found_in_a_short_one() -> None:
    verdict = verdict_on(ROWS.replace("(1 - h[j] ** 2)", "(1 - h[j])"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert [finding["line"] for finding in verdict["findings"]] == [20]


def loops_of(*names: str) -> tuple[Loops, list[int]]:
    sites, places = Sites(), ast.parse("\n".join(names)).body
    numbers = [sites.add(place, 0, "iterate") for place in places]
    return Loops(sites, lambda _, values: values, lambda: False, lambda: None), numbers


def test_a_loop_is_left_early_only_where_that_is_asked_for() -> None:
    loop, (rows,) = loops_of("rows")
    assert list(loop(rows, range(50))) == list(range(50))
    loop.shortened = [(0, 1)]
    rest = iter(range(50))
    assert list(loop(rows, rest)) == list(range(ROUNDS))
    assert next(rest) == ROUNDS  # nothing is taken that is not used


def test_the_outermost_loop_of_many_rounds_is_the_long_one() -> None:
    loop, (epochs, rows, units) = loops_of("epochs", "rows", "units")
    found = []
    for _ in loop(epochs, range(1)):
        for _ in loop(rows, range(MANY)):
            for _ in loop(units, range(MANY)):
                found.append(loop.long_one())
    assert found[:MANY] == [None] * (MANY - 1) + [(0, 3)]
    assert found[-1] == (0, 2)
    assert loop.long_one() is None


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        ("", "import network"),
        ("parts", "from parts import network"),
        ("own/deep", "from own.deep import network"),
    ],
)
def test_a_long_loop_may_stand_in_another_file(folder: str, line: str, tmp_path: Path) -> None:
    """A program is run again with that loop left early, and so are its modules, in whatever folder."""
    start = ROWS.index("for epoch")
    rounds = textwrap.indent(ROWS[start:], "    ")
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    if "/" in folder:
        (tmp_path / "own" / "__init__.py").touch()
    (tmp_path / folder / "network.py").write_text(f"{ROWS[:start]}def train():\n{rounds}")
    (tmp_path / "main.py").write_text(f"{line}\n\nnetwork.train()\n")
    verdict = verdict_on(tmp_path / "main.py")
    assert verdict["verdict"] == "right", verdict["reason"]
