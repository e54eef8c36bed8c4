"""Every number of a forward and a backward pass as a line: symbol = formula = numbers = result.

A line's formula comes from the same rule that computed the number. Formulas of one entry are read from
the rule's text; sums and products of arrays come from running the rule itself on arrays of symbols.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.arithmetic import FLOAT64, Numbers
from chainrule.digits import DECIMALS, show_number
from chainrule.errors import InputError
from chainrule.expression import Expression, Number, Symbol, read_formula, substitute, write
from chainrule.gradients import Gradients
from chainrule.graph import Graph, Step
from chainrule.rules import RULES

# Operations whose lines are sums and products over several entries: written by running the rule.
OVER_ENTRIES = {
    "affine",
    "half-squared-error",
    "mean",
    "mean-squared-error",
    "reshape",
    "squared-error",
    "sum",
}


@final
@dataclass(frozen=True)
class Line:
    """One worked number: `result` = `formula` = `numbers` = `value`.

    >>> from chainrule import Dense, Network, named_loss
    >>> from chainrule.worked_step import work_forward_pass
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> graph = work_forward_pass(network, [1.0, 2.0], [1.0], named_loss("half-squared-error"))
    >>> for line in forward_lines(graph):
    ...     print(line)
    z1[1] = x[1] * w1[1,1] + x[2] * w1[1,2] + b1[1] = 1 * 0.4 + 2 * (-0.2) + 0.1 = 0.1
    a1[1] = 1 / (1 + exp(-z1[1])) = 1 / (1 + exp(-0.1)) = 0.52497919
    loss = (a1[1] - t[1]) ** 2 / 2 = (0.52497919 - 1) ** 2 / 2 = 0.11282239
    """

    result: Symbol
    formula: Expression
    numbers: Expression
    value: Any
    decimals: int = DECIMALS

    def __str__(self) -> str:
        value = show_number(self.value, self.decimals)
        return f"{self.result} = {write(self.formula)} = {write(self.numbers)} = {value}"


def forward_lines(graph: Graph, decimals: int = DECIMALS) -> Iterator[Line]:
    """A line for each entry that each step computed, in order.

    Raises: InputError for an operation whose formula is not written out yet.
    """
    for step in graph.steps:
        inputs = [symbols_of(graph, position) for position in step.inputs]
        output = symbols_of(graph, step.output)
        values = graph.values[step.output].numbers
        formulas = forward_formulas(step, inputs, output)
        for index in np.ndindex(output.shape):
            yield line(graph, None, output[index], formulas[index], values[index], decimals)


def backward_lines(graph: Graph, gradients: Gradients, decimals: int = DECIMALS) -> Iterator[Line]:
    """A line for each entry of each contribution, from the loss back, in the order of the sweep.

    Targets are given, so the contributions to them are left out. In a network each value has one
    contribution; where several meet in one, their sum is not written yet.
    Raises: InputError for an operation whose formula is not written out yet.
    """
    for edge in gradients.contributions:
        if graph.values[edge.target].name == "t":
            continue
        step = graph.steps[edge.step]
        inputs = [symbols_of(graph, position) for position in step.inputs]
        output = symbols_of(graph, step.output)
        flowing = symbols_of(graph, step.output, gradient=True)
        if step.output == graph.value("loss").position:
            flowing = np.full(output.shape, Number(1), dtype=object)  # dL/dL
        formulas = backward_formulas(step, flowing, output, inputs, edge.operand)
        target = symbols_of(graph, edge.target, gradient=True)
        for index in np.ndindex(target.shape):
            value = edge.gradient[index]
            yield line(graph, gradients, target[index], formulas[index], value, decimals)


# --- formulas -------------------------------------------------------------------------------------


def forward_formulas(step: Step, inputs: list[Numbers], output: Numbers) -> Numbers:
    rule = RULES[step.operation]
    if step.operation in OVER_ENTRIES:
        return np.asarray(rule.forward(FLOAT64, *inputs, **step.parameters), dtype=object)
    formulas = np.empty(output.shape, dtype=object)
    for index in np.ndindex(output.shape):
        parts = {str(k): array[index] for k, array in enumerate(inputs)}
        formulas[index] = read_formula(rule.symbols, parts | dict(step.parameters))
    return formulas


def backward_formulas(
    step: Step, flowing: Numbers, output: Numbers, inputs: list[Numbers], number: int
) -> Numbers:
    rule = RULES[step.operation]
    if rule.backward is None:
        raise InputError(f"no gradient passes through {step.operation!r}")
    if step.operation in OVER_ENTRIES:
        contributions = rule.backward(FLOAT64, flowing, output, *inputs, **step.parameters)
        return np.asarray(contributions[number], dtype=object)
    formulas = np.empty(output.shape, dtype=object)
    for index in np.ndindex(output.shape):
        parts = {str(k): array[index] for k, array in enumerate(inputs)} | {"y": output[index]}
        local = read_formula(rule.local[number], parts | dict(step.parameters))
        formulas[index] = flowing[index] * local
    return formulas


# --- symbols and numbers --------------------------------------------------------------------------


def symbols_of(graph: Graph, position: int, gradient: bool = False) -> Numbers:
    """An array of symbols in the shape of a value, with indices from 1 as on paper."""
    value = graph.values[position]
    name = re.fullmatch(r"([a-z]+)(\d*)", value.name or "")
    if name is None:
        raise InputError(
            f"value {position} has no name on paper, so its lines cannot be written yet"
        )
    letter, layer = name.groups()
    symbols = np.empty(np.shape(value.numbers), dtype=object)
    for index in np.ndindex(symbols.shape):
        place = tuple(number + 1 for number in index)
        symbols[index] = Symbol(letter, int(layer) if layer else None, place, gradient)
    return symbols


def line(
    graph: Graph,
    gradients: Gradients | None,
    result: Any,
    formula: Any,
    value: Any,
    decimals: int,
) -> Line:
    """The line of one entry, with the digits of every number that its formula uses."""

    def number(symbol: Symbol) -> Expression:
        position = graph.value(symbol.name).position
        numbers = graph.values[position].numbers
        if symbol.gradient:
            assert gradients is not None
            numbers = gradients.by_position[position]
        exact = numbers[tuple(place - 1 for place in symbol.index)]
        return Number(exact, str(show_number(exact, decimals)))

    return Line(result, formula, substitute(formula, number), value, decimals)
