"""All numbers of one training step, by the symbols that stand for them.

A ledger maps each value to its numbers: w1, z1, dL/dw1, the updated w1 (`mark="new"`), v_w1 of an
optimizer, eta. A step has one ledger; a mistake, and rounding at each step, have their own beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, final

import numpy as np

from chainrule.arithmetic import DIGITS, FLOAT64, Arithmetic, exact_numbers, fifty_digits
from chainrule.arrays import Array
from chainrule.digits import as_fraction
from chainrule.errors import DomainError, InputError
from chainrule.explanation.formulas import Formulas, Index
from chainrule.expression import Number, Symbol
from chainrule.gradients import Gradients, differentiate
from chainrule.graph import Graph
from chainrule.losses import Loss
from chainrule.mistakes import Mistake
from chainrule.network import Network
from chainrule.optimizers import Optimizer, State
from chainrule.worked_step import remembered, settings, work_forward_pass, work_update

# Up to so many parameters every number is exact; beyond, 50 digits take too long.
EXACT_PARAMETERS = 2000
# Numbers of 50 and of 100 digits that agree no better than so have cancelled.
UNCONFIRMED = Fraction(1, 10**30)

Ledger = dict[Symbol, Any]


@final
@dataclass(frozen=True)
class Task:
    """What is to be explained: one training step, as it is given.

    `optimizer` is None where there is no training: then there is no update. `states` are what it
    remembers of each parameter. Shapes: x (N, I) or (I,), targets (N, O) or (O,).
    """

    network: Network
    x: Array
    targets: Array | None
    loss: Loss
    reduction: str
    optimizer: Optimizer | None
    states: Mapping[str, State]
    mistake: Mistake | None

    @property
    def batch(self) -> bool:
        return self.x.ndim == 2

    @property
    def parameters(self) -> int:
        return sum(array.size for array in self.network.parameters.values())


@final
@dataclass(frozen=True)
class Work:
    """A task with all its numbers."""

    task: Task
    m: Arithmetic
    formulas: Formulas
    ledger: Ledger
    mistaken: Ledger | None

    @property
    def graph(self) -> Graph:
        return self.formulas.graph

    @property
    def exact(self) -> bool:
        return self.m is not FLOAT64


def work_step(task: Task) -> Work:
    """Work every number of a step: exactly up to 2,000 parameters, in float64 beyond.

    Raises: DomainError where a number is not finite.
    """
    if task.parameters > EXACT_PARAMETERS:
        m = FLOAT64
        formulas, *ledgers = work_in(task, m)
    else:
        m = fifty_digits()
        formulas, *ledgers = work_in(task, m)
        _, *again = work_in(task, exact_numbers(2 * DIGITS))
        for ledger, confirmed in zip(ledgers, again, strict=True):
            settle(ledger, confirmed)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        for ledger in ledgers:
            work_updates(task, ledger, m)
    if m is FLOAT64:
        for ledger in ledgers:
            require_finite(ledger)
    return Work(task, m, formulas, ledgers[0], ledgers[1] if len(ledgers) > 1 else None)


def work_in(task: Task, m: Arithmetic) -> tuple[Any, ...]:
    """The formulas, the ledger of values and gradients and, where there is a mistake, its ledger."""
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            graph = work_forward_pass(
                task.network, task.x, task.targets, task.loss, task.reduction, m
            )
            ledgers = [keep_books(graph, differentiate(graph, "loss", m))]
            if task.mistake is not None:
                handed = task.mistake.hand(
                    task.network, graph, task.loss, task.optimizer, task.states, m
                )
                ledgers.append(keep_books(graph, differentiate(graph, "loss", m, handed)))
    except (ZeroDivisionError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        reason = str(error) or "a division by 0"
        raise DomainError(f"this step has no finite numbers to show: {reason}") from None
    return Formulas(graph), *ledgers


def settle(ledger: Ledger, again: Ledger) -> None:
    """Put right what cancelled: a number of 50 digits that 100 digits do not confirm.

    Gradients that are 0 by symmetry, such as those before a softmax whose outputs are summed, are left
    with the rounding error of their terms. It shrinks with the digits, where a true number stays.
    """
    for symbol, numbers in ledger.items():
        first: Any = np.asarray(numbers, dtype=object)
        second: Any = np.asarray(again[symbol], dtype=object)
        off = [
            index
            for index in np.ndindex(first.shape)
            if abs(first[index] - second[index]) > abs(first[index]) * UNCONFIRMED
        ]
        if off:
            settled = first.copy()
            for index in off:
                vanished = abs(second[index]) <= abs(first[index]) * UNCONFIRMED
                settled[index] = Fraction(0) if vanished else as_fraction(second[index])
            ledger[symbol] = settled


def require_finite(ledger: Ledger) -> None:
    for symbol, numbers in ledger.items():
        if not np.isfinite(np.asarray(numbers, dtype=float)).all():
            raise DomainError(f"{symbol} is not finite in float64, so this step cannot be shown")


def keep_books(graph: Graph, gradients: Gradients) -> Ledger:
    """The ledger of a graph with its gradients."""
    ledger: Ledger = {}
    for name, value in graph.named():
        symbol = symbol_named(name)
        ledger[symbol] = value.numbers
        if value.position in gradients.by_position:
            ledger[replace(symbol, gradient=True)] = gradients.by_position[value.position]
    return ledger


def work_updates(task: Task, ledger: Ledger, m: Arithmetic) -> None:
    """Add to a ledger what follows from its gradients: the optimizer's numbers and its updates."""
    if task.optimizer is None:
        return
    ledger |= {Symbol(letter): n for letter, n in settings(task.optimizer, m).items()}
    for name in task.network.trained_parameters:
        symbol = symbol_named(name)
        state = state_of(task, name)
        for letter, numbers in remembered(task.optimizer, state, m).items():
            ledger[state_symbol(letter, symbol)] = numbers
        updated = work_update(
            task.optimizer, ledger[symbol], ledger[replace(symbol, gradient=True)], state, m
        )
        for letter, _ in task.optimizer.formulas:
            new = symbol if letter == "w" else state_symbol(letter, symbol)
            ledger[replace(new, mark="new")] = updated[letter]


def state_of(task: Task, name: str) -> State:
    assert task.optimizer is not None
    return task.states.get(name, task.optimizer.initial_state(task.network.parameters[name]))


def symbol_named(name: str) -> Symbol:
    """w1 as a symbol.

    >>> symbol_named("w12"), symbol_named("loss").layer
    (Symbol(letter='w', layer=12, index=(), gradient=False, mark=''), None)
    """
    letter = name.rstrip("0123456789")
    return Symbol(letter, int(name[len(letter) :]) if len(name) > len(letter) else None)


def state_symbol(letter: str, parameter: Symbol) -> Symbol:
    """What an optimizer remembers of a parameter: v_w1; the count k is the same for all."""
    if letter == "k":
        return Symbol("k")
    return Symbol(f"{letter}_{parameter.letter}", parameter.layer, parameter.index)


def entry(ledger: Ledger, symbol: Symbol) -> Any:
    """The number that a symbol stands for."""
    numbers = ledger[symbol.whole]
    if isinstance(numbers, int):
        return numbers
    return np.asarray(numbers)[tuple(place - 1 for place in symbol.index)]


def place_of(symbol: Symbol) -> Index:
    return tuple(place - 1 for place in symbol.index)


def as_number(value: Any) -> Number:
    """A number of any kind as a plain one: arrays of one entry lose their shape."""
    return Number(value.item() if isinstance(value, np.ndarray) else value)


def as_floats(numbers: Any) -> Any:
    """Exact numbers as the nearest floats."""
    array = np.asarray(numbers)
    return array if array.dtype == np.float64 else np.vectorize(float, otypes=[float])(array)
