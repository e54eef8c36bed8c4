"""Entries that are written where a mask is true, of what was read with the same mask: h[z > 0] = z[z > 0].

Recorded are the entries that were chosen then. With other weights others are positive: so the whole array is
computed instead, and the mask chooses as often as it is computed, where(z > 0, z, h).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program, with_steps

BY_ENTRY = {"multiply", "divide", "add", "subtract", "negate", "exp", "tanh", "square", "power"}
MOST = 12  # operations between reading and writing


def with_whole_arrays(program: Program) -> Program:
    """The program with such entries computed of whole arrays."""
    changed: dict[int, Instruction] = {}
    whole: set[int] = set()
    for step in program.steps:
        mask = program.recording.masks.get(step.output)
        if mask is None or step.operation != "scatter":
            continue
        chosen = step.parameters["indices"]
        between = made_of_chosen(program, step, chosen)
        if between is None:
            continue
        for one in between:
            whole.add(one.output)
            if one.operation == "gather":
                changed[one.number] = replace(
                    one, operation="reshape", parameters={"shape": np.shape(chosen)}
                )
        before, value = step.inputs
        changed[step.number] = replace(
            step, operation="where", inputs=(mask, value, before), parameters={}
        )
    if not changed:
        return program
    samples = {p: ends for p, ends in program.recording.samples.items() if p not in whole}
    return replace(
        with_steps(program, changed), recording=replace(program.recording, samples=samples)
    )


def made_of_chosen(
    program: Program, write: Instruction, chosen: Any
) -> Iterable[Instruction] | None:
    """The steps that make what is written of chosen entries and of single numbers alone, and serve nothing else."""
    waiting, found = [write.inputs[1]], dict[int, Instruction]()
    while waiting:
        position = waiting.pop()
        step = program.step_of.get(position)
        if step is None:
            if np.size(program.given[position]) != 1:
                return None
            continue
        if position in found:
            continue
        found[position] = step
        if len(found) > MOST:
            return None
        if step.operation == "gather":
            indices = step.parameters["indices"]
            same = isinstance(indices, np.ndarray) and indices.dtype == bool
            if not same or not np.array_equal(indices, chosen):
                return None
        elif step.operation in BY_ENTRY:
            waiting += step.inputs
        else:
            return None
    served = {write.number, *(step.number for step in found.values())}
    apart = any(user.number not in served for p in found for user in program.consumers.get(p, ()))
    reads = any(step.operation == "gather" for step in found.values())
    return None if apart or not reads else found.values()
