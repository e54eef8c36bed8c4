"""All numbers of one training step, by the symbols that stand for them.

A ledger maps each value to its numbers: w1, z1, dL/dw1, the updated w1 (`mark="new"`), v_w1 of an
optimizer, eta. A step has one ledger; a mistake, and rounding at each step, have their own beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.arithmetic import FLOAT64, Arithmetic, fifty_digits
from chainrule.arrays import Array
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
    m = fifty_digits() if task.parameters <= EXACT_PARAMETERS else FLOAT64
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            graph = work_forward_pass(
                task.network, task.x, task.targets, task.loss, task.reduction, m
            )
            formulas = Formulas(graph)
            ledger = keep_books(task, graph, differentiate(graph, "loss", m), m)
            mistaken = None
            if task.mistake is not None:
                handed = task.mistake.hand(
                    task.network, graph, task.loss, task.optimizer, task.states, m
                )
                mistaken = keep_books(task, graph, differentiate(graph, "loss", m, handed), m)
    except (ZeroDivisionError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise DomainError(f"this step has no finite numbers to show: {error}") from None
    if not exact_numbers(m):
        require_finite(ledger)
    return Work(task, m, formulas, ledger, mistaken)


def exact_numbers(m: Arithmetic) -> bool:
    return m is not FLOAT64


def require_finite(ledger: Ledger) -> None:
    for symbol, numbers in ledger.items():
        if not np.isfinite(np.asarray(numbers, dtype=float)).all():
            raise DomainError(f"{symbol} is not finite in float64, so this step cannot be shown")


def keep_books(task: Task, graph: Graph, gradients: Gradients, m: Arithmetic) -> Ledger:
    """The ledger of a graph with its gradients, and of the update that follows from them."""
    ledger: Ledger = {}
    for name, value in graph.named():
        symbol = symbol_named(name)
        ledger[symbol] = value.numbers
        if value.position in gradients.by_position:
            ledger[replace(symbol, gradient=True)] = gradients.by_position[value.position]
    if task.optimizer is not None:
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
    return ledger


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
