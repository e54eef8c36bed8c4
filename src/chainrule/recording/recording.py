"""A recording as data: a program's computation as a graph, and what lies beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, final

import numpy as np

from chainrule.graph import Graph

Arguments: TypeAlias = tuple[Any, ...]
Keywords: TypeAlias = dict[str, Any]
NUMBERS = (float, np.ndarray, np.floating)
# Of all values together: whoever computes them again has them in memory several times.
MOST_BYTES = 400_000_000


class EnoughError(BaseException):
    """Enough was seen: the program is left where it stands."""


@final
@dataclass(frozen=True)
class Call:
    """The chain of calls that leads to a step: its innermost site, and the call around that."""

    site: int
    outer: "Call | None" = None


@final
@dataclass(frozen=True)
class Guard:
    """A comparison of numbers that chose the program's way: other numbers may choose another."""

    left: int
    right: int
    comparison: str
    outcome: bool
    time: int
    site: int | None = None


@final
@dataclass(frozen=True)
class Choice:
    """Where the largest or smallest entries of a value were found: with other numbers it may be elsewhere."""

    position: int
    find: Callable[[Any], Any]
    found: Any


@final
@dataclass
class Recording:
    """A program's computation: its graph, and what lies beside it, by position of a value or step.

    `origins` says of a given value where it comes from: "literal", "random", "zeros", "ones" or "data",
    `birthplaces` at which site it was made or first used.
    `sites` and `calls` tell for each step where it stands in the source; `names` what a value was
    called first, `last_names` last; `namings` where an assignment gave it a name. `samples` holds of each
    value its first and last entry, for comparing a computation of the graph with what the program had.
    `masks` tells of entries that are read or written where an array of booleans is true where that stands.
    """

    graph: Graph = field(default_factory=Graph)
    origins: dict[int, str] = field(default_factory=dict)
    birthplaces: dict[int, int] = field(default_factory=dict)
    sites: list[int] = field(default_factory=list)
    calls: list[Call | None] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    last_names: dict[int, str] = field(default_factory=dict)
    namings: dict[tuple[str, int], int] = field(default_factory=dict)
    samples: dict[int, tuple[float, float]] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    masks: dict[int, int] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    single_precision: bool = False
    bytes: int = 0


def is_number(value: Any) -> bool:
    """A real number, or an array of real numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return isinstance(value, float | int | np.floating | np.integer | np.bool_)


@final
@dataclass
class Operation:
    """An operation by its rule's name, the positions that it takes, and its parameters."""

    name: str
    inputs: list[int]
    parameters: dict[str, Any] = field(default_factory=dict)


class Writer(Protocol):
    """Who writes a recording down, as those see it who tell what is to be written."""

    recording: Recording
    current_site: int

    @property
    def memory(self) -> Any: ...
    @property
    def loop(self) -> Callable[[int, Any], Iterator[Any]]: ...

    def position(self, value: Any) -> int: ...
    def add(self, operation: Operation, value: Any) -> int: ...
    def add_given(self, value: Any, origin: str) -> int: ...
    def record(self, operation: Operation, value: Any) -> Any: ...
    def record_call(
        self,
        function: Any,
        name: str,
        args: Arguments,
        kwargs: Keywords,
        value: Any,
        literal: tuple[bool, ...] = (),
    ) -> Any: ...
    def item(self, site: int, owner: Any, index: Any, /) -> Any: ...
    def augment(self, site: int, current: Any, value: Any, /) -> Any: ...
    def iterate(self, site: int, values: Any, /) -> Any: ...
    def call(self, site: int, function: Any, /, *args: Any, **kwargs: Any) -> Any: ...
