"""The formula of one entry: of a value from its step, and of each derivative between two entries.

Everything is in symbols, one entry at a time, so that a network of any size can be asked for any entry.
Sums over entries are known here; the rest is read from the rules' own text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from chainrule.errors import InputError
from chainrule.expression import Expression, Function, Number, Product, Quotient, Sum, Symbol
from chainrule.formula_text import Part, read_formula
from chainrule.graph import Graph, Step
from chainrule.rules import RULES

Index = tuple[int, ...]

SAMPLE_LOSSES = (
    "binary-cross-entropy",
    "cross-entropy",
    "half-squared-error",
    "huber",
    "mean-squared-error",
    "squared-error",
)


@final
@dataclass(frozen=True)
class Use:
    """One entry's use in another: the step, which operand it is there, and the entry that it feeds."""

    step: Step
    operand: int
    position: int
    index: Index


@final
@dataclass(frozen=True)
class Formulas:
    """The formulas of a network's graph, as `work_forward_pass` makes it.

    >>> from chainrule import Dense, Network, named_loss
    >>> from chainrule.worked_step import work_forward_pass
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> graph = work_forward_pass(network, [1.0, 2.0], [1.0], named_loss("half-squared-error"))
    >>> from chainrule.formula_text import write
    >>> formulas = Formulas(graph)
    >>> write(formulas.forward(graph.steps[0], (0,)))
    'w1[1,1] * x[1] + w1[1,2] * x[2] + b1[1]'
    >>> (use,) = formulas.uses(graph.value("w1").position, (0, 1))
    >>> write(formulas.local(use, (0, 1)))
    'x[2]'
    """

    graph: Graph

    @cached_property
    def step_of(self) -> dict[int, Step]:
        return {step.output: step for step in self.graph.steps}

    @cached_property
    def consumers(self) -> dict[int, list[tuple[Step, int]]]:
        """The steps that take each value; a bias that a whole layer shares is taken at once."""
        found: dict[int, list[tuple[Step, int]]] = {}
        for step in self.graph.steps:
            for operand, position in enumerate(step.inputs):
                if step.operation != "share":
                    found.setdefault(self.source(position), []).append((step, operand))
        return found

    def source(self, position: int) -> int:
        step = self.step_of.get(position)
        return step.inputs[0] if step is not None and step.operation == "share" else position

    def shape(self, position: int) -> Index:
        return np.shape(self.graph.values[position].numbers)

    def symbol(self, position: int, index: Index, gradient: bool = False) -> Symbol:
        """The symbol of an entry, with indices from 1 as on paper."""
        position = self.source(position)
        name = re.fullmatch(r"([a-z]+)(\d*)", self.graph.values[position].name or "")
        if name is None:
            raise InputError(f"value {position} has no name on paper")
        letter, layer = name.groups()
        place = tuple(number + 1 for number in index)
        return Symbol(letter, int(layer) if layer else None, place, gradient)

    def row(self, position: int, before: Index) -> list[Symbol]:
        """The entries along the last axis."""
        return [self.symbol(position, (*before, i)) for i in range(self.shape(position)[-1])]

    # --- forward ----------------------------------------------------------------------------------

    def forward(self, step: Step, index: Index) -> Expression:
        """The formula of one entry of a step's result."""
        first = step.inputs[0]
        if step.operation == "affine":
            x, w, b = step.inputs
            *sample, unit = index
            inputs, weights = self.row(x, tuple(sample)), self.row(w, (unit,))
            products = [Product((w, x)) for w, x in zip(weights, inputs, strict=True)]
            return Sum(tuple(products)) + step.parameters["sign"] * self.bias(b, unit)
        if step.operation == "reshape":
            return self.symbol(first, index)
        if step.operation in ("mean", "sum"):  # of the samples' losses, or of the outputs
            terms = [self.symbol(first, (*index, k)) for k in range(self.shape(first)[-1])]
            total = Sum(tuple(terms)) if len(terms) > 1 else terms[0]
            return Quotient(total, Number(len(terms))) if step.operation == "mean" else total
        parts, entry = self.parts(step, index)
        return read_formula(RULES[step.operation].symbols, parts, entry)

    def name_of_function(self, step: Step, index: Index) -> Expression | None:
        """a = f(z), for an activation that has a longer formula too."""
        if step.operation in (*SAMPLE_LOSSES, "affine", "reshape", "mean", "sum", "softmax"):
            return None
        function = Function(step.operation, self.symbol(step.inputs[0], index))
        return None if function == self.forward(step, index) else function

    def parts(self, step: Step, index: Index) -> tuple[dict[str, Part], int]:
        """What stands for {0}, {1} ... in a rule's text, and the entry of a row that is meant."""
        parts: dict[str, Part] = dict(step.parameters)
        if step.operation in SAMPLE_LOSSES:
            rows = [self.row(position, index) for position in step.inputs]
            parts |= {str(k): row for k, row in enumerate(rows)} | {"O": len(rows[0])}
            return parts, 0
        if step.operation == "softmax":
            return parts | {"0": self.row(step.inputs[0], index[:-1])}, index[-1]
        parts["0"] = self.symbol(step.inputs[0], index)
        parts["y"] = self.symbol(step.output, index)
        return parts, 0

    def bias(self, position: int, unit: int) -> Symbol:
        return self.symbol(position, (min(unit, self.shape(self.source(position))[0] - 1),))

    # --- backward ---------------------------------------------------------------------------------

    def uses(self, position: int, index: Index) -> list[Use]:
        """The entries that one entry feeds."""
        return [
            Use(step, operand, step.output, output)
            for step, operand in self.consumers.get(position, [])
            for output in self.outputs(step, operand, position, index)
        ]

    def outputs(self, step: Step, operand: int, position: int, index: Index) -> Iterator[Index]:
        shape = self.shape(step.output)
        if step.operation == "affine" and operand == 0:
            yield from ((*index[:-1], unit) for unit in range(shape[-1]))
        elif step.operation == "affine":
            shared = operand == 2 and self.source(step.inputs[2]) != step.inputs[2]
            units = range(shape[-1]) if shared else [index[0]]
            for sample in np.ndindex(shape[:-1]):
                yield from ((*sample, unit) for unit in units)
        elif step.operation == "softmax":
            yield from ((*index[:-1], unit) for unit in range(shape[-1]))
        elif step.operation in (*SAMPLE_LOSSES, "mean", "sum"):
            yield index[:-1]
        else:
            yield index

    def local(self, use: Use, index: Index) -> Any:
        """The derivative of the entry that is fed with respect to the entry that feeds it."""
        step, operand, output = use.step, use.operand, use.index
        if step.operation == "affine":
            x, w, _ = step.inputs
            if operand == 2:
                return step.parameters["sign"]
            if operand == 1:
                return self.symbol(x, (*output[:-1], index[1]))
            return self.symbol(w, (output[-1], index[-1]))
        if step.operation in ("reshape", "sum"):
            return 1
        if step.operation == "mean":
            return Quotient(Number(1), Number(self.shape(step.inputs[0])[-1]))
        if step.operation == "softmax":
            y, own = self.symbol(step.output, output), self.symbol(step.output, index)
            return y * (1 - own) if output == index else -(y * own)
        parts, _ = self.parts(step, output if step.operation in SAMPLE_LOSSES else index)
        entry = index[-1] if step.operation in SAMPLE_LOSSES else 0
        return read_formula(RULES[step.operation].local[operand], parts, entry)
