"""What docs/check-gradients.md shows is what a reader gets."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parent.parent / "docs" / "check-gradients.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n((?:.|\n)*?)```", PAGE)
SHOWN = re.findall(r"```text\n((?:.|\n)*?)```", PAGE)


def run(program: str) -> tuple[dict[str, Any], str]:
    """A program's names, and what it prints."""
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "check-gradients.md", "exec"), names)
    return names, printed.getvalue()


def test_the_report_is_the_one_that_is_shown() -> None:
    assert run(PROGRAMS[0])[1] == SHOWN[0]


def test_with_its_mistake_put_right_all_agrees() -> None:
    line = "(a - t) * sigmoid(a) * (1 - sigmoid(a))"
    assert line in PROGRAMS[0]
    _, printed = run(PROGRAMS[0].replace(line, "(a - t) * a * (1 - a)"))
    assert printed == "w: right, 2 entries agree\nb: right, 1 entry agrees\n"


def test_the_test_that_is_shown_passes() -> None:
    names, _ = run(PROGRAMS[1])
    for seed in range(3):
        names["test_cross_entropy"](seed)
    assert len(PROGRAMS) == 2
