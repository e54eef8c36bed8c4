"""The reverse sweep: the gradient of one value with respect to every value before it.

    dL/dv = sum over the steps y = f(..., v, ...) of  dL/dy dy/dv

Each term of that sum is kept as a `Contribution`, so that a gradient can be told path by path. The
sweep runs through the steps backwards, in a loop: a computation may be of any length.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from chainrule.arithmetic import FLOAT64, Arithmetic, Numbers
from chainrule.errors import InputError, ShapeError
from chainrule.graph import Graph
from chainrule.rules import RULES
from chainrule.rules.linear import sum_to


@final
@dataclass(frozen=True)
class Contribution:
    """What flows back along one edge: through step number `step`, from its output to one operand."""

    step: int
    operand: int
    source: int
    target: int
    gradient: Numbers


@final
@dataclass(frozen=True)
class Gradients:
    """The gradients of a loss, by position of the value, and every contribution in sweep order.

    A value that the loss does not depend on has none.
    """

    by_position: dict[int, Numbers]
    contributions: list[Contribution]

    def to(self, position: int) -> list[Contribution]:
        """The contributions that add up to the gradient of one value."""
        return [edge for edge in self.contributions if edge.target == position]


# What a mistaken backward pass hands to a step in place of the right numbers, by position of the value,
# given the number of the step and the gradients so far.
Handed = Callable[[int, Mapping[int, Numbers]], Mapping[int, Numbers]]


def differentiate(
    graph: Graph, loss: str, m: Arithmetic = FLOAT64, handed: Handed = lambda number, gradients: {}
) -> Gradients:
    """The gradients of the value named `loss`, one number, with respect to every value before it.

    Shapes: each gradient as its value. `m` is the arithmetic that the graph was computed in. With
    `handed` they are those of a mistake.
    Raises: ShapeError when the loss is not one number; InputError for an operation without a rule.
    Source: S. Linnainmaa, BIT 16 (1976); Griewank and Walther, Evaluating Derivatives (2008), 3.2.

    >>> graph = Graph()
    >>> x = graph.add_value(np.array(3.0), "x")
    >>> square = graph.add_step("multiply", [x, x], np.array(9.0), "L")
    >>> gradients = differentiate(graph, "L")
    >>> print(gradients.by_position[x], [float(edge.gradient) for edge in gradients.to(x)])
    6.0 [3.0, 3.0]
    """
    start = graph.value(loss)
    if np.size(start.numbers) != 1:
        raise ShapeError(
            f"{loss} has shape {np.shape(start.numbers)}; a gradient is that of one number"
        )
    gradients = {start.position: np.broadcast_to(m.number(1), np.shape(start.numbers))}
    contributions = []
    for number in range(len(graph.steps) - 1, -1, -1):
        step = graph.steps[number]
        if step.output not in gradients:
            continue
        rule = RULES.get(step.operation)
        if rule is None:
            raise InputError(f"there is no rule for the operation {step.operation!r}")
        if rule.backward is None:
            continue
        wrong = handed(number, gradients)
        y, *inputs = (
            wrong.get(position, graph.values[position].numbers)
            for position in (step.output, *step.inputs)
        )
        flowing = rule.backward(m, gradients[step.output], y, *inputs, **step.parameters)
        edges = zip(step.inputs, inputs, flowing, strict=True)
        for operand, (position, value, gradient) in enumerate(edges):
            if gradient is None:
                continue
            gradient = sum_to(np.asarray(gradient), np.shape(value))
            contributions.append(Contribution(number, operand, step.output, position, gradient))
            if position in gradients:
                gradients[position] = np.asarray(gradients[position] + gradient)
            else:
                gradients[position] = gradient
    return Gradients(gradients, contributions)
