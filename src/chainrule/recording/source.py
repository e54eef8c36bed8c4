"""The source of a script or notebook: its text, and where each line of it stands.

Lines count from 1. In a notebook they count through its code cells joined by one newline, magics kept,
and `cell` and `cell_line` count beside them.
"""

import ast
import io
import json
import re
import tokenize
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, final

# Jupyter takes `pip install` for a magic, too, though nothing marks it as one.
MAGIC = re.compile(r"^\s*[%!?]|^\s*[\w.*]+\?{1,2}\s*$|^(?:pip|conda|mamba)\s+(?:un)?install\s")
FUTURE = re.compile(r"from\s+__future__\s+import\b[^(\\]*$")
EARLY = re.compile(rf"\s*(#.*)?$|{FUTURE.pattern}")  # what such an import may follow
# What only Python 2 writes: print and exec statements, backticks, <>, 0777, `except E, e`.
PYTHON_2 = re.compile(
    r"^\s*print\s+[^=\s(\[]|^\s*print\s*$|^\s*print\s*>>|^\s*print\s+\(.*\)\s*[,%]"
    r"|^\s*exec\s+[\"']|\bexcept\s+[\w.]+\s*,\s*\w+\s*:|<>|\bxrange\b|\braw_input\b|^\s*print\s*[\"']",
    re.MULTILINE,
)


class UnreadableError(Exception):
    """A file that is no program of Python 3, with the reason in one line."""


@final
@dataclass(frozen=True)
class Source:
    """One file of code: `text` is what runs, `shown` what the author wrote, line by line alike.

    `cells` has the number of lines of every code cell of a notebook; for a script it is empty.
    """

    path: Path
    text: str
    shown: list[str]
    cells: list[int] = field(default_factory=list)

    def cell_of(self, line: int) -> tuple[int | None, int | None]:
        """The cell of a line, and the line's number in it; nothing in a script."""
        for number, count in enumerate(self.cells, start=1):
            if line <= count:
                return number, line
            line -= count
        return None, None

    def parse(self) -> ast.Module:
        """The syntax tree. Raises: UnreadableError with a reason in one line."""
        try:
            return ast.parse(self.text, str(self.path))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UnreadableError(self.explain(error)) from None

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of its syntax tree, those further out first. Raises: as `parse`."""
        return tuple(ast.walk(self.parse()))

    @cached_property
    def operator_lines(self) -> frozenset[int]:
        """The lines of classes that say what + and * are, as an engine does: a sum there updates no parameter."""
        return frozenset(
            line
            for node in self.nodes
            if isinstance(node, ast.ClassDef) and has_operators(node)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        )

    def explain(self, error: BaseException) -> str:
        line = getattr(error, "lineno", None)
        place = f"line {line}: " if line else ""
        if isinstance(error, SyntaxError) and PYTHON_2.search(self.text):
            return (
                f"{place}it is written for Python 2, and runs on no Python 3; "
                "convert it, for example with 2to3, and check the result"
            )
        what = error.msg if isinstance(error, SyntaxError) else f"{error}"
        return f"{place}it is no valid Python: {what}"


def has_operators(node: ast.ClassDef) -> bool:
    """Whether a class says what + and * are."""
    return {"__add__", "__mul__"} <= {getattr(one, "name", "") for one in node.body}


def read_source(path: Path) -> Source:
    """A script, or a notebook's code cells in order. Raises: UnreadableError, OSError."""
    content = path.read_bytes()
    return read_notebook(path, content) if path.suffix == ".ipynb" else read_script(path, content)


def read_script(path: Path, content: bytes) -> Source:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = content.decode("latin-1")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    try:
        ast.parse(text)
    except SyntaxError:
        # Exported notebooks keep their magics.
        text = "\n".join(without_late_futures(without_magics(lines)))
    except (ValueError, RecursionError, MemoryError):
        pass
    return Source(path, text, lines)


def read_notebook(path: Path, content: bytes) -> Source:
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        code = [text_of(cell) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"it is no notebook: {type(error).__name__}: {error}") from None
    code = [cell.replace("\r\n", "\n") for cell in code]
    shown = "\n".join(code).split("\n") if code else []
    running = [line for cell in code for line in runnable(cell)]
    text = "\n".join(without_late_futures(running))
    return Source(path, text, shown, [cell.count("\n") + 1 for cell in code])


def text_of(cell: Any) -> str:
    source = cell["source"] if "source" in cell else cell["input"]
    return source if isinstance(source, str) else "".join(source)


def runnable(cell: str) -> list[str]:
    """A cell's lines as Python runs them: of the same number, magics gone."""
    lines = cell.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not re.match(r"%%(time|timeit|capture|prun)\b", first):
        return [""] * len(lines)  # a cell of another language
    return lines if is_plain(cell) else without_magics(lines)


def is_plain(cell: str) -> bool:
    """Whether a cell is Python as it stands: a line that begins with % may go on with the one before."""
    try:
        ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def without_late_futures(lines: list[str]) -> list[str]:
    """Without imports from __future__ that come late: each cell may begin with some, a program only once."""
    first = next((k for k, line in enumerate(lines) if not EARLY.match(line)), len(lines))
    return ["pass" if k > first and FUTURE.match(line) else line for k, line in enumerate(lines)]


def without_magics(lines: list[str]) -> list[str]:
    return [
        re.match(r"\s*", line).group() + "pass" if MAGIC.search(line) else line  # type: ignore[union-attr]
        for line in lines
    ]
