"""The programs in examples/ do what they say, and the notebook is the script."""

import contextlib
import io
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from chainrule import check, explain_problem, read_problem
from test_cli import PUBLISHED

EXAMPLES = Path(__file__).parent.parent / "examples"


def output_of(name: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    return printed.getvalue()


def test_the_numeric_example_prints_the_published_figures() -> None:
    assert output_of("numeric_example.py") == PUBLISHED


def test_the_notebook_has_the_script_in_its_cells() -> None:
    notebook = json.loads((EXAMPLES / "numeric_example.ipynb").read_text("utf-8"))
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    script = (EXAMPLES / "numeric_example.py").read_text("utf-8")
    _, body = script.split('"""\n\n', 1)
    lines = [line for cell in code for line in cell.split("\n") if line]
    assert lines == [line for line in body.split("\n") if line]


@pytest.mark.parametrize("name", ["two_layers.py", "updated_weights.py"])
def test_each_of_the_others_learns(name: str) -> None:
    losses = [float(line.rsplit(" ", 1)[1]) for line in output_of(name).splitlines()]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 100


def test_the_numbers_that_a_report_shows_are_those_of_exact_arithmetic() -> None:
    explanation = explain_problem(read_problem("numeric-example"))
    exact = {row["name"]: row for row in explanation.record["updates"]}
    verdict = check(EXAMPLES / "numeric_example.py")
    assert [finding.line for finding in verdict.findings] == [35, 36]
    for finding in verdict.findings:
        assert finding.numbers is not None
        words, found, expected = finding.numbers
        match = re.fullmatch(r"the gradient of (\w+)\[(\d+),(\d+)\]", words)
        assert match is not None
        name, place = match[1], (int(match[2]), int(match[3]))
        assert found == pytest.approx(np.array(exact[name]["mistaken_gradient"])[place], rel=1e-9)
        assert expected == pytest.approx(np.array(exact[name]["gradient"])[place], rel=1e-9)
    assert verdict.agreement is not None
    assert verdict.agreement < 1e-11
