"""The story of one number: every path by which the loss comes back to it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import mul
from typing import Any

from chainrule.digits import decimals_for, show_number
from chainrule.document import Link, Path
from chainrule.errors import InputError, nearest
from chainrule.explanation.formulas import SAMPLE_LOSSES, Index, Use
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.work import Work, place_of, symbol_named
from chainrule.expression import Number, Partial, Symbol, as_expression

# More paths are not walked one by one: they are gathered where they meet.
MOST_PATHS = 2000
# What one link of a chain is: by the operand of an affine step, and by what else is passed.
AFFINE_LINKS = ("back along the weight", "what came in", "the bias counts as it is")
LOSS_LINK = "slope of the loss"
REDUCTION_LINKS = {"mean": "one sample of the mean", "sum": "one term of the sum"}
SLOPE_LINK = "slope of {activation}, {where}"
ARRIVING_LINK = "error that arrives"


def read_value(name: str, work: Work) -> Symbol:
    """The entry that a name such as "w1[2,1]" means.

    Raises: InputError for one that does not exist, with the nearest name or the valid range.
    """
    text = name.replace(" ", "").removeprefix("dL/d")
    head, bracket, tail = text.partition("[")
    names = [known for known, _ in work.graph.named()]
    if head not in names:
        meant = nearest_name(head, names)
        raise InputError(f"there is no value {name!r}{meant} (known: {', '.join(names)})")
    symbol = symbol_named(head)
    shape = work.formulas.shape(work.graph.value(head).position)
    if not shape:
        if bracket:
            raise InputError(f"{head} is one number, without an index; got {name!r}")
        return symbol
    first, last = (entry_name(head, place) for place in ([1] * len(shape), shape))
    entries = f"{head} has entries {first} to {last}"
    if first == last:
        entries = f"{head} has the one entry {first}"
    try:
        if not tail.endswith("]"):
            raise ValueError
        index = tuple(int(place) for place in tail[:-1].split(","))
    except ValueError:
        raise InputError(f"{name!r} names no entry: {entries}, counted from 1") from None
    if len(index) != len(shape):
        raise InputError(f"{name!r} names no entry: {entries}, counted from 1")
    near = tuple(min(max(place, 1), size) for place, size in zip(index, shape, strict=True))
    if near != index:
        raise InputError(
            f"there is no {name}: {entries}, counted from 1; the nearest is {entry_name(head, near)}"
        )
    return replace(symbol, index=index)


def nearest_name(head: str, names: list[str]) -> str:
    """The question whether another layer was meant, or another name."""
    letter, layer = head[:1], head[1:]
    numbered = [name for name in names if name[:1] == letter and name[1:].isdigit()]
    if layer.isdigit() and numbered:
        near = min(numbered, key=lambda name: abs(int(name[1:]) - int(layer)))
        return f"; did you mean {near!r}?"
    return nearest(head, names)


def entry_name(head: str, place: Sequence[int]) -> str:
    return f"{head}[{','.join(map(str, place))}]"


def count_paths(work: Work, position: int, index: Index) -> int:
    """How many ways lead from an entry to the loss: the entries of one layer have equally many."""
    if work.graph.values[position].name == "loss":
        return 1
    uses = work.formulas.uses(position, index)
    if not uses:
        return 0
    return len(uses) * count_paths(work, uses[0].position, uses[0].index)


def walk(work: Work, position: int, index: Index, stop: str) -> Iterator[list[Use]]:
    """Every way from an entry on, to the loss or to the value named `stop`."""
    if work.graph.values[position].name in ("loss", stop):
        yield []
        return
    for use in work.formulas.uses(position, index):
        for rest in walk(work, use.position, use.index, stop):
            yield [use, *rest]


def tell_paths(writer: LineWriter, entry: Symbol, stop: str = "loss") -> list[Path]:
    """Each path as a product of links, from the loss back to the entry.

    With a `stop` before the loss, the gradient that arrives there is the first link.
    """
    position = writer.work.graph.value(entry.name).position
    return [
        as_path(writer, entry, ways, stop)
        for ways in walk(writer.work, position, place_of(entry), stop)
    ]


def aligned(paths: Sequence[Path], writer: LineWriter) -> tuple[Path, ...]:
    """Paths that stand below each other, with the same decimals in each column."""

    def column(numbers: Sequence[Number]) -> list[Number]:
        values = [number.value for number in numbers]
        decimals = decimals_for(values, writer.decimals)
        return [
            replace(number, digits=str(show_number(number.value, decimals, fixed=True)))
            for number in numbers
        ]

    columns = [column(numbers) for numbers in zip(*(path.numbers for path in paths), strict=True)]
    values = column([path.value for path in paths])
    rows = zip(*columns, strict=True)
    return tuple(
        replace(path, numbers=row, value=value)
        for path, row, value in zip(paths, rows, values, strict=True)
    )


def as_path(writer: LineWriter, entry: Symbol, ways: list[Use], stop: str) -> Path:
    formulas = writer.formulas
    links: list[Link] = []
    values: list[Any] = []
    symbol = replace(entry, gradient=False)
    index = place_of(entry)
    for use in ways:
        local = as_expression(formulas.local(use, index))
        fed = formulas.symbol(use.position, use.index)
        partial = replace(symbol, gradient=True) if fed.letter == "loss" else Partial(fed, symbol)
        links.append(Link(words_of(writer.work, use), partial, local))
        values.append(writer.value_of(local))
        symbol, index = fed, use.index
    if stop != "loss":
        flowing = replace(symbol, gradient=True)
        links.append(Link(ARRIVING_LINK, flowing, flowing))
        values.append(writer.value_of(flowing))
    links.reverse()
    values.reverse()
    product = reduce(mul, values)
    numbers: list[Number] = [writer.shown(value) for value in values]
    result = replace(entry, gradient=True)
    return Path(result, tuple(links), tuple(numbers), writer.shown(product))


def words_of(work: Work, use: Use) -> str:
    """What one link of a chain is."""
    operation, operand = use.step.operation, use.operand
    fed = work.formulas.symbol(use.position, use.index)
    if operation == "affine":
        return AFFINE_LINKS[operand]
    if operation in SAMPLE_LOSSES:
        return LOSS_LINK
    if operation in REDUCTION_LINKS:
        return REDUCTION_LINKS[operation]
    name = "identity" if operation == "reshape" else operation
    where = "output" if fed.layer == len(work.task.network) else "hidden"
    return SLOPE_LINK.format(activation=name, where=where)
