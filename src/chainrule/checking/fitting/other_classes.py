"""A cross-entropy that a program computes of one class, while its errors make another one likelier.

    loss += -log(p[targets[t]])        dy[inputs[t]] -= 1
    loss += -log(p[y[k]])              d = p[c] - (c == y[k - 1])

The errors are those of a cross-entropy, too: of another target than the one that the program speaks of. The loss may
be one of the same predictions, or of those of a later state of the parameters for the same data.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, NoDerivativeError
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.computed_again import same_predictions
from chainrule.checking.fitting.own_losses import originals, own_losses

MOST_ASKED = 8  # predictions
FEWEST_SAMPLES = 3  # that are predicted together
MOST_ENTRIES = 128  # that predictions are compared one by one in


def loss_of_other_class(case: Case) -> Instruction | None:
    """What first computes a loss that asks for other classes than the errors of the same predictions."""
    found = [step for step, others in losses_of_classes(case) if others]
    return min(found, key=lambda step: step.output, default=None)


def asks_for_the_same(case: Case) -> bool:
    """Whether a loss that is computed asks for classes, and all that do for those of the errors."""
    found = [others for _, others in losses_of_classes(case)]
    return bool(found) and not any(found)


def losses_of_classes(case: Case) -> list[tuple[Instruction, bool]]:
    """What first computes each loss that asks for classes of predictions that updates have errors of; whether for others."""
    targets = dict(classes_of(case))
    found = []
    try:
        again = same_predictions(case.anatomy, targets)
        again = {p: first for p, first in again.items() if is_told(targets[first])}
        for steps in own_losses(case, [*targets, *again]).values():
            told = [asks_for_others(case, steps, *one) for one in targets.items()]
            # Of the same data there may be other samples, whose classes are others.
            later = [asks_for_others(case, steps, p, targets[first]) for p, first in again.items()]
            others = any(told) or (any(later) and False not in later)
            if any(one is not None for one in told + later):
                found.append((steps[0], others))
    except NoDerivativeError:
        return []
    return found


def classes_of(case: Case) -> Iterator[tuple[int, Any]]:
    """The first predictions, whole, whose errors take one class of each sample off, with these as ones."""
    program, anatomy = case.program, case.anatomy
    used = sorted({number for update in anatomy.updates for number in update.mixes})
    told = 0
    parts: dict[int, dict[int, Any]] = {}
    for number in used[:MOST_ENTRIES]:
        mix = anatomy.mixes[number]
        if told == MOST_ASKED or mix.weights or not (
            mix.by_difference or mix.step.operation == "subtract"
        ):  # fmt: skip
            continue
        (prediction,) = originals(case, {number})
        target = np.round(mix.target_in(case.values), 9)
        step = program.step_of.get(prediction)
        entry = (
            step.parameters["indices"] if step is not None and step.operation == "gather" else None
        )
        if step is None or np.size(target) > 1 or not isinstance(entry, int | np.integer):
            told += 1
            yield prediction, target
            continue
        (whole,) = step.inputs
        entries = parts.setdefault(whole, {})
        entries[int(entry)] = float(np.reshape(target, -1)[0])
        size = np.size(case.values[whole])
        if len(entries) == size and set(entries) == set(range(size)):
            told += 1
            yield whole, np.array([entries[k] for k in range(size)])


def is_told(target: Any) -> bool:
    """Whether there are so many samples that no others of the same data have other classes by chance."""
    return bool(np.count_nonzero(target) >= FEWEST_SAMPLES)


def asks_for_others(
    case: Case, steps: Sequence[Instruction], prediction: int, target: Any
) -> bool | None:
    """Whether a sample's loss is one of entries alone that its target has a 0 in, and the less the larger they are.

    None where it is no loss of that prediction's classes.
    """
    program, values = case.program, case.values
    own = next((step.output for step in steps if step.output > prediction), None)
    if own is None:
        return None
    behind = program.ancestors([own], {prediction})
    if prediction not in behind or not any(
        step.operation == "log" for step in program.steps if step.output in behind
    ):
        return None
    gradients = program.sweep(values, {own: np.ones(np.shape(values[own]))}, {prediction}, behind)
    gradient = gradients.get(prediction, np.zeros_like(target))
    if np.size(gradient) != np.size(target):
        return None
    gradient = np.reshape(gradient, target.shape)
    if np.any(gradient > 0) or not np.all((target == 0) | (target == 1)):
        return None
    axis = next((k for k in range(target.ndim) if np.all(target.sum(axis=k) == 1)), None)
    if axis is None or target.shape[axis] == 1:
        return None
    asked, wanted = (np.any(part, axis=axis) for part in (gradient, gradient * target))
    return bool(np.any(asked & ~wanted))
