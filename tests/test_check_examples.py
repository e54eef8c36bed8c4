"""The programs in examples/ do what they say, and the notebook is the script."""

import contextlib
import io
import json
import runpy
from pathlib import Path

import pytest

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
