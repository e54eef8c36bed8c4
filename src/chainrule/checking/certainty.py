"""When updates that no repair explains are wrong all the same, and when nothing can be said.

A parameter is wrong beyond doubt where others follow the loss exactly, while its own update, though a
linear map of this pass's errors and of nothing else, points elsewhere. What has a penalty, a memory or
another loss in it is not such a map, and proves nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.checking.checking import Case
from chainrule.checking.edits import SWAPS
from chainrule.checking.fitting import CLEAR, Fit, norm
from chainrule.checking.goals import find_goals
from chainrule.checking.judging import judge_plainly
from chainrule.checking.own_losses import stated_losses
from chainrule.checking.predictions import Mix
from chainrule.checking.repair import Repair
from chainrule.checking.updates import Update

POINTS_ELSEWHERE = (
    1 - 1e-9
)  # a cosine below it; at 1 only the length is off, which a rate may explain


def is_clearly_wrong(case: Case, fit: Fit) -> bool:
    """Whether parameters are certainly wrong under this loss, though the mistake was not found."""
    anatomy = case.anatomy
    sites = {anatomy.program.recording.sites[mix.step.number] for mix in used_mixes(case)}
    evident = any(np.size(case.values[anatomy.chains[number].root]) > 1 for number in fit.good)
    if fit.form != "gradient-descent" or len(sites) > 1 or not (evident or len(fit.good) > 3):
        return False
    if any(fit.cosine.get(number, 1.0) >= POINTS_ELSEWHERE for number in fit.bad):
        return False
    return all(is_linear_in_errors(case, number) for number in fit.bad)


def is_seen_as_recorded(case: Case, fit: Fit) -> bool:
    """Whether any parameter is wrong at the program's own numbers, too.

    What shows only at other numbers may come of a value that depends on parameters and was not followed.
    """
    own, _ = judge_plainly(case.anatomy, case.worlds[:1], fit.loss)
    return fit.form != "gradient-descent" or bool(own.bad & fit.bad)


def used_mixes(case: Case) -> list[Mix]:
    anatomy = case.anatomy
    return [
        anatomy.mixes[n] for n in sorted({n for update in anatomy.updates for n in update.mixes})
    ]


def is_linear_in_errors(case: Case, number: int) -> bool:
    """Whether a parameter's updates double with the errors of their own pass."""
    updates = [update for update in case.anatomy.updates if update.chain == number][:3]
    return bool(updates) and all(
        uses_own_errors_alone(case, update) and doubles(case, update) for update in updates
    )


def uses_own_errors_alone(case: Case, update: Update) -> bool:
    anatomy = case.anatomy
    chain = anatomy.chains[update.chain]
    first, last = chain.versions.index(update.before), chain.versions.index(update.after)
    mask = 0
    for step in chain.steps[first:last]:
        for position in step.inputs:
            if position not in anatomy.stops:
                mask |= anatomy.error_masks[position]
    own = sum(1 << mix for mix in update.mixes)
    return not mask & ~own


def doubles(case: Case, update: Update) -> bool:
    at_rest, once, twice = (scaled_update(case, update, factor) for factor in (0.0, 1.0, 2.0))
    return not np.any(at_rest) and norm(twice - 2 * once) <= CLEAR * norm(once)


def scaled_update(
    case: Case,
    update: Update,
    factor: float,
    target: int | None = None,
    changes: Mapping[int, Any] | None = None,
) -> Any:
    """What becomes of an update, or of a value on its way, when all errors are so many times as large."""
    anatomy, program = case.anatomy, case.program
    chain = anatomy.chains[update.chain]
    moving = set(chain.versions[chain.versions.index(update.before) + 1 :])
    fixed = anatomy.stops - moving
    outputs = {mix.output for mix in used_mixes(case)}
    end = update.after if target is None else target
    reach = program.ancestors([end], fixed | outputs)
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    values = case.worlds[-1]
    scaled = {p: factor * np.asarray(values[p], dtype=float) for p in outputs}
    new = program.rerun(values, changes or {}, cone, fixed, scaled)
    result = np.asarray(new.get(end, values[end]), dtype=float)
    return result if target is not None else result - np.asarray(values[update.before], dtype=float)


def is_believable(case: Case, repair: Repair) -> bool:
    """Whether a proved repair says that the program is wrong, and not that its loss is another one.

    Wrong parameters must be made linearly of errors, with a decay at the most. Where no parameter was
    right, the loss is in doubt: then the program must compute it itself, or evaluate f' at f(z), which no
    loss asks for.
    """
    fit = repair.before
    assert fit is not None
    names = {edit.mistake for edit in repair.edits}
    goals = find_goals(repair.scenes[0]) if repair.scenes else {}
    # With + for * an update is not linear in errors, and is once that is put right.
    swapped = names == {"wrong-operator"} and all(edit.how in SWAPS for edit in repair.edits)
    changes = repair.changes if swapped else {}
    if names != {"decay-sign"} and not all(
        is_linear(case, number, goals, changes) for number in fit.bad
    ):
        return False
    if fit.good:
        return True
    unusual = repair.loss in ("huber", "absolute-error")
    if names == {"derivative-at-activation"} and len(fit.bad) > 1 and not unusual:
        return True
    return repair.loss in stated_losses(case)


def is_linear(
    case: Case, number: int, goals: Mapping[int, int], changes: Mapping[int, Any] | None = None
) -> bool:
    """Whether a parameter's updates, or the gradients in them, are linear in all errors, but for a decay."""
    anatomy = case.anatomy
    updates = [(k, u) for k, u in enumerate(anatomy.updates) if u.chain == number][:3]
    for k, update in updates:
        target = goals.get(k)
        at_rest, once, twice = (
            scaled_update(case, update, factor, target, changes) for factor in (0.0, 1.0, 2.0)
        )
        if norm(twice - 2 * once + at_rest) > CLEAR * (norm(once) + norm(at_rest)):
            return False
        before = np.asarray(case.worlds[-1][update.before], dtype=float)
        if np.any(at_rest) and np.shape(at_rest) == np.shape(before):
            decay = float(np.sum(at_rest * before) / np.sum(before**2)) if np.any(before) else 0.0
            if norm(at_rest - decay * before) > CLEAR * norm(at_rest):
                return False
    return True
