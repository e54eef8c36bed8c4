"""Errors with weights: of samples, of classes, or a mask of what counts.

    e = (p - t) * m / m.sum()

The numbers of m depend on no parameter: the loss has them in front of its terms. A scale that all entries
share is no weight, but part of the learning rate.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from chainrule.checking.anatomy.predictions import Mix, Weight
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.anatomy.updates import Anatomy


def with_weights(anatomy: Anatomy) -> Anatomy | None:
    """The anatomy with the weights of its errors; None where none has any."""
    into_updates = anatomy.program.ancestors([update.after for update in anatomy.updates])
    mixes = [replace(mix, weights=weights_of(anatomy, mix, into_updates)) for mix in anatomy.mixes]
    if not any(mix.weights for mix in mixes):
        return None
    # The same difference that is computed once more, to be printed, has none of its own.
    used = {mix.meeting: mix.weights for mix in reversed(mixes) if mix.output in into_updates}
    for number, mix in enumerate(mixes):
        if mix.output not in into_updates:
            mixes[number] = replace(mix, weights=used.get(mix.meeting, ()))
    return replace(anatomy, mixes=mixes)


def weights_of(anatomy: Anatomy, mix: Mix, into_updates: Collection[int]) -> tuple[Weight, ...]:
    """What an error is multiplied by, and divided by, before anything else is done with it."""
    program, shape = anatomy.program, np.shape(anatomy.program.recorded[mix.prediction])
    position, weights = mix.output, []
    while True:
        users = [s for s in program.consumers.get(position, ()) if s.output in into_updates]
        if len(users) != 1:
            break
        (step,) = users
        if step.operation == "negate":
            position = step.output
            continue
        factor = factor_of(anatomy, step, position)
        if factor is None or np.shape(program.recorded[step.output]) != shape:
            break
        if np.size(program.recorded[factor]) > 1:
            if not is_weight(anatomy, mix, factor):
                break
            weights.append(Weight(factor, step.operation == "divide"))
        position = step.output
    return tuple(weights)


def factor_of(anatomy: Anatomy, step: Instruction, position: int) -> int | None:
    """The other operand of a product or quotient, where it depends on no parameter and no error."""
    if step.operation not in ("multiply", "divide") or step.inputs.count(position) != 1:
        return None
    slot = step.inputs.index(position)
    other = step.inputs[1 - slot]
    if (step.operation == "divide" and slot == 1) or other in anatomy.stops:
        return None
    return None if anatomy.masks[other] or anatomy.error_masks[other] else int(other)


def is_weight(anatomy: Anatomy, mix: Mix, position: int) -> bool:
    """Whether numbers can be a loss's weights: none below 0; nor are they the inputs, or the targets."""
    numbers = np.asarray(anatomy.program.recorded[position], dtype=float)
    target = np.asarray(anatomy.program.recorded[mix.target], dtype=float)
    made_of = anatomy.program.ancestors([mix.prediction], anatomy.stops)
    return (
        bool(np.all(np.isfinite(numbers)) and np.all(numbers >= 0) and np.any(numbers))
        and position not in made_of
        and not np.array_equal(numbers, target)
    )
