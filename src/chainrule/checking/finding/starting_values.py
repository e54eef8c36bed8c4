"""Values that a program starts with, and where its forward pass uses them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.anatomy.samples import MOVERS, sample_sizes
from chainrule.checking.fitting.case import Case

SUMS = {"add", "subtract"}


@final
@dataclass
class Use:
    """A step of the forward pass in which a value, perhaps moved, meets another."""

    step: Instruction
    slot: int
    moves: list[Instruction] = field(default_factory=list)

    @property
    def partner(self) -> int:
        return self.step.inputs[1 - self.slot]


def starting_values(program: Program, stops: Collection[int]) -> set[int]:
    """Values made of nothing but random numbers, zeros, literals and single numbers, none of them a parameter that is moved."""
    pure = {
        position
        for position, numbers in program.given.items()
        if position not in stops
        and (program.origin(position) in ("random", "zeros", "literal") or np.size(numbers) == 1)
    }
    for step in program.steps:
        if step.output not in stops and all(position in pure for position in step.inputs):
            pure.add(step.output)
    return pure


def uses_of(
    program: Program, forward: Collection[int], pure: Collection[int]
) -> dict[int, list[Use]]:
    """For each starting value, before it is moved, the steps where it meets what is none."""
    uses: dict[int, list[Use]] = {}
    for step in program.steps:
        if step.output not in forward or step.output in pure:
            continue
        for slot, position in enumerate(step.inputs):
            if position not in pure:
                continue
            moves = []
            made = program.step_of.get(position)
            while made is not None and (source := moved_from(program, made)) is not None:
                moves.append(made)
                position = source
                made = program.step_of.get(position)
            uses.setdefault(position, []).append(Use(step, slot, moves))
    return uses


def moved_from(program: Program, step: Instruction) -> int | None:
    """What a step leaves as it is: it moves it about, takes off gradients that stay 0, or adds it to a 0."""
    if step.operation not in SUMS:
        return step.inputs[0] if step.operation in MOVERS else None
    left, right = step.inputs[0], step.inputs[-1]
    empty, zero = (not np.any(program.recorded[position]) for position in (left, right))
    begins = empty and (not zero or program.origins[left] == {"literal"} != program.origins[right])
    shapes = (np.shape(program.recorded[position]) for position in (right, step.output))
    if step.operation == "add" and begins and len(set(shapes)) == 1:
        return right
    return left if zero else None


def source_of(program: Program, position: int) -> str | None:
    """Whether a starting value is random, all zero, or constants of the source; None for neither."""
    origins = program.origins[position]
    if "random" in origins:
        return "random"
    if "zeros" in origins:
        return "zeros" if not np.any(program.recorded[position]) else None
    return "literal" if "literal" in origins else None


def is_a_state(program: Program, position: int) -> bool:
    """Whether a value goes on under its name with something else in it, as a running average does."""
    name = program.name(position)
    return name is not None and any(
        step.operation in SUMS
        and step.inputs[0] == position
        and program.name(step.output) == name
        and not np.array_equal(program.recorded[step.output], program.recorded[position])
        for step in program.consumers.get(position, ())
    )


def has_sample_axis(case: Case, position: int, others: Collection[int] = ()) -> bool:
    """Whether an axis of a value is that of the samples, as data's is: as long as the prediction's, at its place, and none of `others`.

    An output layer has an axis of the prediction's too, of as many entries as there are outputs; products of data and
    parameters tell the two apart.
    """
    anatomy, values = case.anatomy, case.values
    prediction = np.shape(values[anatomy.mixes[anatomy.updates[0].turn].prediction])
    pairs = zip(np.shape(values[position]), prediction, strict=False)
    alike = {size for size, other in pairs if size > 1 and size == other} - set(others)
    if not alike:
        return False
    samples = sample_sizes(anatomy, values)
    return samples is None or bool(alike & samples)
