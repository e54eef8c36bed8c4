"""Typed access to one TOML table: every fault becomes a line that names the file, the place and the mend."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, final

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, ProblemError, nearest


@final
@dataclass(frozen=True)
class Table:
    """A TOML table with the file and the place it stands at, such as "[training]" or "layer 2"."""

    file: str
    place: str
    values: Mapping[str, object]

    def fail(self, key: str, message: str) -> NoReturn:
        where = " ".join(filter(None, (self.place, key)))
        raise ProblemError(
            f"{self.file}: {where}: {message}" if where else f"{self.file}: {message}"
        )

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Give an error about values of this table the file and the place that they came from."""
        try:
            yield
        except ProblemError:
            raise
        except InputError as error:
            self.fail("", str(error))

    def require_known(self, known: Iterable[str]) -> None:
        known = list(known)
        for key in self.values:
            if key not in known:
                hint = nearest(key, known) or f"; known are {', '.join(known)}"
                self.fail("", f"unknown key {key!r}{hint}")

    def require(self, key: str, example: str) -> object:
        if key not in self.values:
            self.fail("", f"key {key!r} is missing, for example {example}")
        return self.values[key]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def table(self, key: str) -> "Table | None":
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(key, f"must be a table, written [{key}], got {words(value)}")
        return Table(self.file, f"[{key}]", value)

    def tables(self, key: str, item: str) -> list["Table"]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.fail(key, f"must be tables, each written [[{key}]], got {words(value)}")
        return [
            Table(self.file, f"{item} {number}", entry) for number, entry in enumerate(value, 1)
        ]

    def text(self, key: str, default: str) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            self.fail(key, f"must be text in quotes, got {words(value)}")
        return value

    def choice(self, key: str, options: Iterable[str], default: str) -> str:
        value = self.values.get(key, default)
        options = list(options)
        if value not in options:
            hint = nearest(value, options)
            self.fail(key, f"{words(value)} is unknown{hint} (known: {', '.join(options)})")
        return str(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, got {words(value)}")
        return value

    def count(self, key: str, default: int, least: int = 1) -> int:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
            self.fail(key, f"must be a whole number, {least} or more, got {words(value)}")
        return value

    def number(self, key: str, default: float) -> float:
        value = finite(self.values.get(key, default))
        if value is None:
            self.fail(key, f"must be a finite number, got {words(self.values[key])}")
        return value

    def numbers(self, key: str, dimensions: tuple[int, ...]) -> NDArray[np.float64]:
        """Nested lists of finite numbers as an array with one of the given numbers of dimensions."""
        value = self.values[key]
        shape = {0: "a number", 1: "a list of numbers", 2: "a list of rows of numbers"}
        expected = " or ".join(shape[dimension] for dimension in dimensions)
        depth, inner = 0, value
        while isinstance(inner, list):
            depth, inner = depth + 1, inner[0] if inner else None
        if isinstance(value, list) and (not value or value == [[]]):
            self.fail(key, f"is empty; it must be {expected}")
        if depth not in dimensions:
            self.fail(key, f"must be {expected}, got {words(value)}")
        if depth == 0:
            return np.array(self.number(key, 0.0))
        if depth == 1:
            assert isinstance(value, list)
            return np.array([self._entry(key, f"entry {n}", v) for n, v in enumerate(value, 1)])
        assert isinstance(value, list)
        rows = [self._row(key, number, row) for number, row in enumerate(value, 1)]
        for number, row in enumerate(rows, 1):
            if len(row) != len(rows[0]):
                self.fail(key, f"row {number} has {len(row)} numbers, but row 1 has {len(rows[0])}")
        return np.array(rows)

    def _row(self, key: str, number: int, row: object) -> list[float]:
        if not isinstance(row, list):
            self.fail(key, f"row {number} must be a list of numbers, got {words(row)}")
        return [self._entry(key, f"row {number}, column {c}", v) for c, v in enumerate(row, 1)]

    def _entry(self, key: str, position: str, value: object) -> float:
        number = finite(value)
        if number is None:
            self.fail(key, f"{position} must be a finite number, got {words(value)}")
        return number


def finite(value: object) -> float | None:
    """The value as a float, or None where it is no number or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def words(value: object) -> str:
    """A value as a message quotes it: on one line, and short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, int) and abs(value) >= 10**40:
        return "a whole number of more than 40 digits"
    if isinstance(value, int | float):
        return repr(value)
    kinds: dict[type, str] = {list: "a list", dict: "a table"}
    return kinds.get(type(value), f"a {type(value).__name__}")
