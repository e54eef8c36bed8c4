"""A cross-entropy that a program computes of one class, while its errors make another one likelier.

    loss += -log(p[targets[t]])        dy[inputs[t]] -= 1

The errors are those of a cross-entropy, too: of another target than the one that the program speaks of.
"""

import numpy as np

from chainrule.checking.anatomy.program import Instruction, NoDerivativeError
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.own_losses import originals, own_losses

MOST_ASKED = 8  # predictions


def loss_of_other_class(case: Case) -> Instruction | None:
    """What first computes a loss that asks for other classes than the errors of the same predictions."""
    anatomy = case.anatomy
    used = sorted({number for update in anatomy.updates for number in update.mixes})[:MOST_ASKED]
    found = []
    try:
        for steps in own_losses(case, originals(case, used)).values():
            if any(asks_for_others(case, steps, number) for number in used):
                found.append(steps[0])
    except NoDerivativeError:
        return None
    return min(found, key=lambda step: step.output, default=None)


def asks_for_others(case: Case, steps: list[Instruction], number: int) -> bool:
    """Whether a sample's loss is one of entries alone that its target has a 0 in, and the less the larger they are."""
    program, values, mix = case.program, case.values, case.anatomy.mixes[number]
    (prediction,) = originals(case, {number})
    own = next((step.output for step in steps if step.output > prediction), None)
    if own is None or not mix.by_difference:
        return False
    behind = program.ancestors([own], {prediction})
    if prediction not in behind or not any(
        step.operation == "log" for step in program.steps if step.output in behind
    ):
        return False
    gradients = program.sweep(values, {own: np.ones(np.shape(values[own]))}, {prediction}, behind)
    target = np.round(mix.target_in(values), 9)
    gradient = np.reshape(gradients.get(prediction, np.zeros_like(target)), target.shape)
    if np.any(gradient > 0) or not np.all((target == 0) | (target == 1)):
        return False
    axis = next((k for k in range(target.ndim) if np.all(target.sum(axis=k) == 1)), None)
    if axis is None or target.shape[axis] == 1:
        return False
    asked, wanted = (np.any(part, axis=axis) for part in (gradient, gradient * target))
    return bool(np.any(asked & ~wanted))
