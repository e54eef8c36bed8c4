"""Entries of an array that are read, and written back as they were or with something taken off them."""

from dataclasses import replace

import numpy as np

from chainrule.checking.anatomy.parameters import equal_indices
from chainrule.checking.anatomy.program import Instruction, Program

MOVES = {"reshape", "transpose"}


def leaves_as_it_is(program: Program, step: Instruction) -> bool:
    """Whether a write changes nothing: d[j, 1] = p[j, 1], where d is p or a copy of it."""
    read = program.step_of.get(step.inputs[1])
    return read is not None and read.operation == "gather" and is_unchanged(program, read, step)


def is_unchanged(program: Program, read: Instruction, step: Instruction) -> bool:
    """Whether what is read is what stands where a step will write, in that array or in the one that it is a copy of."""
    before = step.inputs[0]
    ends = []
    for position in (read.inputs[0], before):
        while (made := program.step_of.get(position)) and made.operation in {"scatter", *MOVES}:
            position = made.inputs[0]
        ends.append(position)
    if ends[0] != ends[1] or not equal_indices(
        read.parameters.get("indices"), step.parameters.get("indices")
    ):
        return False
    there, shape = program.recorded, np.shape(program.recorded[before])
    if shape != np.shape(there[read.inputs[0]]):
        return False
    again = program.compute(replace(read, inputs=(before,)), [there[before]])
    return bool(np.array_equal(again, there[read.output]))
