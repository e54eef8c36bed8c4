"""The loops and comprehensions that a program is in, and some of them left after a few rounds, as if there were fewer samples.

While a recorder waits for what has not run yet, the first round of a loop that may come to it is written down from its
beginning: of a pass that is seen from its middle on, what its updates are made of would be given, and so would be what
an optimizer remembers of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias, final

from chainrule.recording.rewriting import Sites

ROUNDS = 10  # of a loop that is left early
MANY = 2 * ROUNDS  # from where on leaving a loop early makes a program much shorter

Place: TypeAlias = tuple[int, int]  # file and line


@final
class Loops:
    """What a rewritten program calls for each of its for loops and longer comprehensions; `shortened` ones are left early."""

    def __init__(
        self,
        sites: Sites,
        iterate: Callable[[int, Any], Any],
        begin: Callable[[], bool],
        give_up: Callable[[], None],
    ) -> None:
        self.table, self.iterate = sites, iterate
        self.begin, self.give_up = begin, give_up  # a round that may come to what is awaited
        self.shortened: Collection[Place] = ()
        # Whether a loop must go round to its end, as an engine's way back does.
        self.is_whole: Callable[[Place], bool] = lambda _: False
        self.running: dict[
            int, tuple[Place, int]
        ] = {}  # place and rounds, the outermost loop first
        self.entered = 0
        self.known: set[Place] = set()
        self.training: set[Place] = set()  # loops that some training went on in
        self.written: int | None = None  # whose first round is written down

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
                if count <= 2:
                    self.turn(own, place, count)
                yield value
        finally:
            self.running.pop(own, None)
            if own == self.written:
                self.turn(own, place, 0)

    def turn(self, own: int, place: Place, count: int) -> None:
        """A loop's first or second round begins, or 0: it ends."""
        trains = place in self.training
        if count == 1 and (trains or place not in self.known):
            self.known.add(place)
            if self.begin():
                self.written = own
        elif count != 1 and self.written is not None and (trains or own == self.written):
            self.written = None
            self.give_up()

    def part_ends(self) -> None:
        """Enough is known of a training: its loops may come to another one when they begin again."""
        self.training |= {place for place, _ in self.running.values()}
        self.written = None

    def long_one(self) -> Place | None:
        """The outermost loop that has gone round many times."""
        return next(
            (
                place
                for place, count in self.running.values()
                if count >= MANY and not self.is_whole(place)
            ),
            None,
        )
