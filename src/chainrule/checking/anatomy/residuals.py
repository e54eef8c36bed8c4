"""Predictions that are put together only where they meet their targets: y - x w - b.

Python takes off one term after the other, so that the target meets the first of them alone. Such a sum is
recorded anew with its terms in another order, y - (x w + b): the same numbers but for rounding.
"""

from dataclasses import replace

from chainrule.checking.anatomy.predictions import SUMS, Mix
from chainrule.checking.anatomy.program import Instruction, Program, with_steps
from chainrule.checking.anatomy.updates import Anatomy


def with_whole_predictions(anatomy: Anatomy) -> Program | None:
    """The program with each target taken off last; None where there is nothing to be put together."""
    program = anatomy.program
    changed: dict[int, Instruction] = {}
    for mix in anatomy.mixes:
        following = program.consumers.get(mix.output, [])
        if len(following) == 1 and mix.step.number not in changed:
            changed |= put_together(anatomy, mix, following[0])
    return with_steps(program, changed) if changed else None


def put_together(anatomy: Anatomy, mix: Mix, last: Instruction) -> dict[int, Instruction]:
    """e = (t - p) - q as s = p + q, e = t - s, or as s = t - q, e = s - p where q depends on no parameter."""
    first = mix.step
    if first.operation not in SUMS or last.operation not in SUMS or len(set(last.inputs)) < 2:
        return {}
    (term,) = (position for position in last.inputs if position != mix.output)
    predicts = bool(anatomy.masks[term]) or term in anatomy.stops
    other = mix.target if predicts else mix.prediction
    if other not in first.inputs or len(set(first.inputs)) < 2:
        return {}
    if term > first.output or anatomy.error_masks[term]:
        return {}
    inner, outer = signs(first), signs(last)
    total = {position: sign * outer[mix.output] for position, sign in inner.items()}
    total[term] = outer[term]
    sign = total.pop(other)
    # What is put together, with the signs that it has where the other is taken off it, or it off the other.
    parts = {position: -sign * one for position, one in total.items()}
    if len(parts) < 2 or all(one < 0 for one in parts.values()):
        return {}
    ordered = tuple(sorted(parts, key=lambda position: -parts[position]))
    operation = "add" if all(one > 0 for one in parts.values()) else "subtract"
    ends = (other, mix.output) if sign > 0 else (mix.output, other)
    return {
        first.number: replace(first, operation=operation, inputs=ordered),
        last.number: replace(last, operation="subtract", inputs=ends),
    }


def signs(step: Instruction) -> dict[int, int]:
    """The sign of each term of a sum or difference of two."""
    left, right = step.inputs
    return {left: 1, right: 1 if step.operation == "add" else -1}
