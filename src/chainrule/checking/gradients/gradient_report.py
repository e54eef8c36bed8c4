"""What a check of gradients found: plain data that prints itself."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from chainrule.checking.gradients.slopes import Index

Verdict: TypeAlias = Literal["right", "wrong", "undecided"]
Kind: TypeAlias = Literal["mistake", "kink", "precision"]

SHOWN = 3
VERDICTS: list[Verdict] = ["right", "undecided", "wrong"]


@final
@dataclass(frozen=True)
class Entry:
    """One entry that is not as it should be, or of which that cannot be told; `index` is NumPy's.

    `true` is None at a kink, where there are the slopes `below` and `above`, and where nothing is known.
    """

    index: Index
    kind: Kind
    found: float
    true: float | None
    error: float
    below: float | None = None
    above: float | None = None
    words: str = ""

    @property
    def off(self) -> float:
        """How far it is from the true one; what isn't a number is farthest."""
        off = math.inf if self.true is None else abs(self.found - self.true)
        return off if math.isfinite(off) else math.inf


@final
@dataclass(frozen=True)
class Argument:
    """The verdict on one argument's gradient, the reason, and the entries that it rests on."""

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    reason: str
    entries: tuple[Entry, ...] = ()

    def lines(self) -> Iterator[str]:
        yield f"{self.name}: {self.verdict}, {self.reason}"
        for entry in self.entries[:SHOWN]:
            place = f"[{', '.join(map(str, entry.index))}]" if entry.index else ""
            yield f"    {self.name}{place}: {entry.words}"
        if len(self.entries) > SHOWN:
            yield f"    and {len(self.entries) - SHOWN} more"


@final
@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found, as data; printed, it says so argument by argument.

    Shapes: `arguments` has one entry for each argument that was checked, in order.

    >>> import numpy as np
    >>> import chainrule
    >>> report = chainrule.check_gradients(lambda x: np.sum(x**2), lambda x: 2 * x, [1.0, 2.0])
    >>> report.verdict, report.arguments[0].name, report.arguments[0].shape
    ('right', 'x', (2,))
    """

    verdict: Verdict
    arguments: tuple[Argument, ...]

    def __str__(self) -> str:
        return "\n".join(line for argument in self.arguments for line in argument.lines())


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=VERDICTS.index)
