"""An explanation as data: phases, sections and worked lines, with every number's digits decided.

Renderers turn a `Document` into text and know nothing else; whoever makes one knows no medium.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from chainrule.digits import as_fraction, show_number
from chainrule.expression import Expression, Matrix, Number, Partial, Symbol


@final
@dataclass(frozen=True)
class Line:
    """One worked number: result = rule = formula = numbers = shares = value.

    `rule` is the chain rule in partial derivatives, or a function by its name; `shares` what each
    sample adds to a sum. Both may be missing. `relation` is "<-" where a parameter is updated.
    `exact` is the value without rounding at each step, where a step was rounded; `mistaken` the same
    number as a mistake computes it, and `first_difference` marks the first that comes out different.
    """

    result: Symbol
    formula: Expression
    numbers: Expression
    value: Number
    rule: Expression | None = None
    shares: Expression | None = None
    relation: str = "="
    exact: Number | None = None
    mistaken: "Line | None" = None
    first_difference: bool = False

    @property
    def departure(self) -> Number | None:
        """How far rounding at each step has led from the exact value; None where it has not.

        Less than 1e-40 of the value is the rounding of its 50 digits.
        """
        if self.exact is None:
            return None
        exact = as_fraction(self.exact.value)
        off = as_fraction(self.value.value) - exact
        if abs(off) <= abs(exact) / 10**40:
            return None
        return Number(off, str(show_number(off)))

    def steps(self) -> Iterator[Expression]:
        """What stands after each sign of equality, without repeating itself."""
        before: Expression | None = None
        for step in (self.rule, self.formula, self.numbers, self.shares, self.value):
            if step is None or step == before:
                continue
            if same_number(step, before):
                continue
            before = step
            yield step


def same_number(step: Expression, before: Expression | None) -> bool:
    """Whether two steps show the same digits."""
    if not isinstance(step, Number) or not isinstance(before, Number):
        return False
    return (step.digits or str(step.value)) == (before.digits or str(before.value))


@final
@dataclass(frozen=True)
class MatrixLine:
    """A whole value at once: result = formula = numbers = value."""

    result: Symbol
    formula: Expression
    numbers: Expression | None
    value: Matrix
    relation: str = "="


@final
@dataclass(frozen=True)
class Link:
    """One factor of a chain: what it is in words, as a partial derivative, and as a formula."""

    words: str
    partial: Symbol | Partial
    formula: Expression


@final
@dataclass(frozen=True)
class Path:
    """One way by which the loss comes back to a number: its links, their numbers, their product."""

    result: Symbol
    links: tuple[Link, ...]
    numbers: tuple[Number, ...]
    value: Number


@final
@dataclass(frozen=True)
class Section:
    """One value or one gradient: a sentence on why, the whole of it, then entry by entry.

    `key` is its name, such as "dL/dw1"; `used_in` are the numbers of the sections that take its
    numbers. The paths of one section have the same links, so that they can stand in one table.
    `left_out` says what is not shown.
    """

    number: str
    key: str
    title: str
    why: str
    used_in: tuple[str, ...] = ()
    whole: MatrixLine | None = None
    lines_title: str = ""
    lines: tuple[Line, ...] = ()
    paths_title: str = ""
    paths: tuple[Path, ...] = ()
    left_out: str = ""


@final
@dataclass(frozen=True)
class Phase:
    title: str
    lead: str
    sections: tuple[Section, ...]


@final
@dataclass(frozen=True)
class Neuron:
    """A neuron as drawn: its numbers, and its own curve as points (z, f(z)) with the slope at z."""

    symbol: Symbol
    value: Number
    z: Number | None = None
    bias: Number | None = None
    curve: tuple[tuple[float, float], ...] = ()
    slope: float = 0.0


@final
@dataclass(frozen=True)
class Drawing:
    """The network as drawn: columns of neurons, inputs first, and the weights between them."""

    columns: tuple[tuple[Neuron, ...], ...]
    weights: tuple[Matrix, ...]
    targets: tuple[Number, ...]
    loss: Number
    caption: str


@final
@dataclass(frozen=True)
class Document:
    """An explanation: title, lead, the phases of a training step, and notes on its numbers."""

    title: str
    lead: str
    phases: tuple[Phase, ...]
    notes: tuple[str, ...]
    drawing: Drawing | None = None

    def sections(self) -> Iterator[Section]:
        return (section for phase in self.phases for section in phase.sections)

    def lines(self) -> Iterator[Line]:
        return (line for section in self.sections() for line in section.lines)
