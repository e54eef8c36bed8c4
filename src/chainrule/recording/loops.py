"""The loops that a program is in, and some of them left after a few rounds, as if there were fewer samples."""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias, final

from chainrule.recording.rewriting import Sites

ROUNDS = 10  # of a loop that is left early
MANY = 2 * ROUNDS  # from where on leaving a loop early makes a program much shorter

Place: TypeAlias = tuple[int, int]  # file and line


@final
class Loops:
    """What a rewritten program calls for each of its for loops; `shortened` ones are left early."""

    def __init__(self, sites: Sites, iterate: Callable[[int, Any], Any]) -> None:
        self.table, self.iterate = sites, iterate
        self.shortened: Collection[Place] = ()
        self.running: dict[
            int, tuple[Place, int]
        ] = {}  # place and rounds, the outermost loop first
        self.entered = 0

    def __call__(self, site: int, values: Any, /) -> Iterator[Any]:
        return self.rounds(
            (self.table[site].file, self.table[site].line), self.iterate(site, values)
        )

    def rounds(self, place: Place, values: Iterable[Any]) -> Iterator[Any]:
        self.entered += 1
        own, most = self.entered, ROUNDS if place in self.shortened else None
        try:
            for count, value in enumerate(islice(values, most), 1):
                self.running[own] = place, count
                yield value
        finally:
            self.running.pop(own, None)

    def long_one(self) -> Place | None:
        """The outermost loop that has gone round many times."""
        return next((place for place, count in self.running.values() if count >= MANY), None)
