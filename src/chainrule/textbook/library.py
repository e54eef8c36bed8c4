"""The textbook library: published examples as problem files, with what was printed and what is true."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, final

from chainrule.errors import ProblemError, unknown
from chainrule.problem import Problem, load_problem, parse_problem

BARE_NAME = re.compile(r"[A-Za-z0-9_-]+")


@final
@dataclass(frozen=True)
class Figure:
    """One published figure: a value after so many updates, as printed and as it is.

    `value` is a name such as "w2[1,1]", "loss" or "-dL/dz1[2]", of the training sample numbered
    `sample`. Digits are kept as text: `printed` as the source has them, `step_rounded` those of a
    calculation rounded at each step, `exact` the true ones to 17 digits. Where `printed` is wrong,
    `mistake` or `shown_updates` (the updates that it really is the value after) reproduces it.
    """

    value: str
    updates: int
    printed: str
    exact: str
    sample: int = 1
    step_rounded: str | None = None
    mistake: str | None = None
    shown_updates: int | None = None

    @property
    def verdict(self) -> str:
        """Whether the printed digits are right: as the exact value rounds, or why they differ."""
        if rounds_to(self.exact, self.printed):
            return "right"
        if self.step_rounded is not None and rounds_to(self.step_rounded, self.printed):
            return "right when each step is rounded"
        if self.mistake is not None:
            return f"wrong: {self.mistake}"
        if self.shown_updates is not None:
            return f"wrong: the value after {self.shown_updates} updates"
        return "wrong"


@final
@dataclass(frozen=True)
class Example:
    """A published example: its problem, its source, its figures and what is wrong with them."""

    name: str
    problem: Problem
    source: str
    erratum: str
    figures: tuple[Figure, ...]


def rounds_to(value: str, printed: str) -> bool:
    """Whether a value, rounded to as many decimals as were printed, gives what was printed."""
    target = Decimal(printed)
    return any(
        Decimal(value).quantize(target, rounding=way) == target
        for way in (ROUND_HALF_UP, ROUND_HALF_EVEN)
    )


def example_names() -> list[str]:
    """The names of all published examples, the one that a bare `chainrule train` runs first."""
    files = resources.files(__package__).iterdir()
    names = [entry.name.removesuffix(".toml") for entry in files if entry.name.endswith(".toml")]
    return sorted(names, key=lambda name: (name != "numeric-example", name))


def read_example(name: str) -> Example:
    """A published example by name. Raises: ProblemError for a name that does not exist.

    >>> read_example("han-kamber").figures[3].verdict
    'right when each step is rounded'
    """
    names = example_names()
    if name not in names:
        raise ProblemError(unknown("textbook example", name, names))
    text = (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    problem = parse_problem(text, f"{name}.toml", Path())
    published: Mapping[str, Any] = problem.published
    return Example(
        name=name,
        problem=problem,
        source=published["source"],
        erratum=published["erratum"],
        figures=tuple(Figure(**figure) for figure in published["figures"]),
    )


def read_problem(source: str | PathLike[str]) -> Problem:
    """Read a problem: a problem file (TOML) by its path, or a textbook example by its name.

    Shapes: `problem.network` as the file's layers; `problem.data.inputs` (N, I) and `.targets` (N, O).
    Numbers are float64; with `dtype = "float32"` the network's are float32.
    Raises: ProblemError, one line that names the file, the place, what is wrong and what would be right.
    Source: of a textbook example, in the [published] section of its file.

    >>> problem = read_problem("mazur")
    >>> problem.network.parameters["w1"]
    array([[0.15, 0.2 ],
           [0.25, 0.3 ]])
    """
    name = str(source)
    if BARE_NAME.fullmatch(name) and not os.path.isfile(name):  # noqa: PTH113  # never raises
        names = example_names()
        if name not in names:
            raise ProblemError(
                f"{unknown('textbook example', name, names)}; a problem file is given by its path, "
                f"such as .{os.sep}{name}.toml"
            )
        return read_example(name).problem
    return load_problem(source)
