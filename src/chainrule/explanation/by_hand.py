"""A step as people compute it on paper: every line's result is rounded, half up, before it is used.

Each line is evaluated as it is displayed, from rounded numbers, and then rounded itself: so every
result follows from the digits that stand on its left, and small errors add up as they do by hand.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, final

import numpy as np

from chainrule.digits import as_fraction, round_half_up
from chainrule.document import Line
from chainrule.errors import InputError
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.work import EXACT_PARAMETERS, Ledger, Work, as_number, symbol_named
from chainrule.expression import Expression, Symbol, evaluate

# Enough to show every rounded number, and what was given, to its last digit.
ALL_DECIMALS = 20


@final
@dataclass(frozen=True)
class Rounding:
    """Decimals kept in the forward pass, and in errors, gradients and updates."""

    forward: int
    backward: int

    def __str__(self) -> str:
        if self.forward == self.backward:
            return f"{self.forward} decimals"
        return f"{self.forward} decimals forward and {self.backward} for errors and updates"


def work_by_hand(work: Work, rounding: Rounding, given: bool) -> Ledger:
    """The ledger of the same step with every line rounded.

    `given` tells that the parameters are those of the problem file, which stand as they were typed;
    those of a later epoch come from rounded updates, and are rounded like them.
    Raises: InputError for a large network, and where rounding leaves a line without a value.
    """
    task = work.task
    if not work.exact:
        raise InputError(
            f"rounding at each step is worked for networks of up to {EXACT_PARAMETERS:,} parameters, "
            f"this one has {task.parameters:,}; --digits rounds what is displayed"
        )
    ledger = dict(work.ledger)
    writer = LineWriter(work, ledger, ALL_DECIMALS)
    if not given:
        for name in task.network.parameters:
            symbol = symbol_named(name)
            ledger[symbol] = rounded_entries(ledger[symbol], rounding.backward)

    def work_out(whole: Symbol, line_of: Callable[[Symbol], Line | None], decimals: int) -> None:
        numbers = np.array(ledger[whole], dtype=object)
        for index in itertools.product(*map(range, numbers.shape)):
            line = line_of(replace(whole, index=tuple(k + 1 for k in index)))
            assert line is not None
            numbers[index] = rounded_value(line.result, line.numbers, work, decimals)
        ledger[whole] = numbers

    graph = work.graph
    for step in graph.steps:
        result = graph.values[step.output].name
        if result is not None:
            work_out(symbol_named(result), writer.value_line, rounding.forward)
    for name in backward_order(work):
        gradient = replace(symbol_named(name), gradient=True)
        work_out(gradient, writer.gradient_line, rounding.backward)
    if task.optimizer is not None:
        for name in task.network.trained_parameters:
            whole = symbol_named(name)
            for number, (letter, _) in enumerate(task.optimizer.formulas):
                own = whole if letter == "w" else Symbol(f"{letter}_{whole.letter}", whole.layer)
                new = replace(own, mark="new")

                def line_of(symbol: Symbol, whole: Symbol = whole, number: int = number) -> Line:
                    return writer.update_lines(replace(whole, index=symbol.index))[number]

                work_out(new, line_of, rounding.backward)
    return ledger


def backward_order(work: Work) -> Iterable[str]:
    """The names of the values that have a gradient, from the loss back."""
    names = [name for name, _ in work.graph.named()]
    return [
        name
        for name in reversed(names)
        if name not in ("loss", "t") and replace(symbol_named(name), gradient=True) in work.ledger
    ]


def rounded_value(result: Symbol, numbers: Expression, work: Work, decimals: int) -> Fraction:
    try:
        value = as_number(evaluate(numbers, work.m)).value
        return Fraction(round_half_up(as_fraction(value), decimals))
    except (ZeroDivisionError, ValueError) as error:
        if isinstance(error, InputError) and "has no digits" not in str(error):
            raise
        raise InputError(
            f"{result} has no value once its operands are rounded; keep more decimals"
        ) from None


def rounded_entries(numbers: Any, decimals: int) -> Any:
    rounded = np.empty(np.shape(numbers), dtype=object)
    for index in itertools.product(*map(range, rounded.shape)):
        rounded[index] = Fraction(round_half_up(as_fraction(numbers[index]), decimals))
    return rounded
