"""What stands in a slope's place, or beside errors, that no loss asks for: z * (1 - z), f'(b), a * (1 + a), e + f'(z)."""

import numpy as np

from chainrule.checking.anatomy.predictions import Mix
from chainrule.checking.fitting.case import Case
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.operation_edits import SWAPS
from chainrule.checking.repairing.repair import Repair

LIFTS = 0.01, 0.5  # what a slope may be lifted by


def used_mixes(case: Case) -> list[Mix]:
    anatomy = case.anatomy
    return [
        anatomy.mixes[n] for n in sorted({n for update in anatomy.updates for n in update.mixes})
    ]


def turns_errors(case: Case, edit: Edit) -> bool:
    """Whether what errors are multiplied by, and should not be, is made of predictions and has both signs: z * (1 - z).

    No loss that is least where predictions meet their targets sends some of them away from these.
    """
    anatomy, values, signs = case.anatomy, case.values, set[float]()
    changes = edit.make(edit.steps) or {}
    for step in edit.steps:
        factors = [p for p in step.inputs if not anatomy.error_masks[p]]
        new = changes.get(step.number)
        if edit.how != "remove" or step.operation != "multiply" or len(factors) != 1 or new is None:
            return False
        if not anatomy.masks[factors[0]] or factors[0] in anatomy.stops:
            return False
        kept = values[new.inputs[0]] if new.compute is None else new.compute(values)
        if np.shape(kept) == np.shape(values[step.output]):
            signs |= set(np.unique(np.sign(kept * values[step.output])))
    return {-1.0, 1.0} <= signs


def takes_slope_of_weights(case: Case, edit: Edit) -> bool:
    """Whether a slope belongs in the place of what is made of parameters alone, with which predictions are made: f'(b).

    Errors that are weighted by parameters have these in their loss alone.
    """
    anatomy, program = case.anatomy, case.program
    if edit.how != "slope" or edit.slot is None:
        return False
    position = edit.step.inputs[edit.slot]
    predictions = (mix.prediction for mix in used_mixes(case))
    serving = program.ancestors(predictions, anatomy.stops) & anatomy.stops
    behind = program.ancestors([position], anatomy.stops)
    numbers = behind & set(program.given) - anatomy.stops
    return (
        position not in anatomy.stops
        and bool(behind & anatomy.stops)
        and behind & anatomy.stops <= serving
        and all(np.size(program.given[p]) == 1 for p in numbers)
    )


def scales_error(case: Case, edit: Edit) -> bool:
    """Whether what an edit changes meets errors entry by entry alone, as a derivative does, and no Hessian."""
    anatomy = case.anatomy
    waiting, seen = [edit.step], set[int]()
    while waiting:
        step = waiting.pop()
        if step.output in seen:
            continue
        seen.add(step.output)
        if step.operation in ("matmul", "outer", "einsum"):
            return False
        if not anatomy.error_masks[step.output]:
            waiting += anatomy.program.consumers.get(step.output, ())
        elif step.operation not in ("multiply", "divide"):
            return False
    return True


def makes_slopes(case: Case, repair: Repair) -> bool:
    """Whether one operation or constant makes derivatives of what is none, and of predictions alone: a * (1 + a)."""
    anatomy = case.anatomy
    return all(
        (edit.mistake == "wrong-constant" or edit.how in SWAPS)
        and not anatomy.error_masks[edit.step.output]
        and bool(anatomy.masks[edit.step.output])
        and not set(edit.step.inputs) & anatomy.stops
        for edit in repair.edits
    )


def lifts_slope(case: Case) -> bool:
    """Whether slopes that errors are multiplied by are lifted by a small number of the source: f'(z) + 0.1.

    So units that are saturated go on to learn. It is no gradient, and meant (S. E. Fahlman, An Empirical Study of
    Learning Speed in Back-Propagation Networks, CMU-CS-88-162, 1988).
    """
    program, anatomy = case.program, case.anatomy
    for step in program.steps:
        if step.operation != "add" or step.output in anatomy.forward:
            continue
        numbers = [p for p in step.inputs if p in program.given and np.size(program.given[p]) == 1]
        slopes = [p for p in step.inputs if anatomy.masks[p] and not anatomy.error_masks[p]]
        if len(numbers) != 1 or len(slopes) != 1 or slopes[0] in anatomy.stops:
            continue
        lifted = LIFTS[0] <= float(np.reshape(program.given[numbers[0]], -1)[0]) <= LIFTS[1]
        maker = program.step_of.get(slopes[0])
        if (
            lifted
            and maker is not None
            and maker.operation == "multiply"
            and any(
                user.operation == "multiply" and anatomy.error_masks[user.output]
                for user in program.consumers.get(step.output, ())
            )
        ):
            return True
    return False


def adds_slope(case: Case, edit: Edit) -> bool:
    """Whether an error is added to what it must be multiplied by, which is made of predictions.

    It would be a penalty if its product with the error were not the true gradient as well.
    """
    anatomy, inputs = case.anatomy, edit.step.inputs
    if edit.how != "multiply" or edit.step.operation not in ("add", "subtract") or len(inputs) != 2:
        return False
    other = [p for p in inputs if not anatomy.error_masks[p]]
    return len(other) == 1 and bool(anatomy.masks[other[0]]) and other[0] not in anatomy.stops
