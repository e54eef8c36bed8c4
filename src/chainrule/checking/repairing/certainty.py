"""When updates that no repair explains are wrong all the same, and when nothing can be said.

A parameter is wrong beyond doubt where others follow the loss exactly, while its own update, though a
linear map of this pass's errors and of nothing else, points elsewhere. What has a penalty, a memory or
another loss in it is not such a map, and proves nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.checking.anatomy.predictions import Mix
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import CLEAR, RATE, Fit, norm
from chainrule.checking.fitting.judging import judge_plainly
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.repairing.any_loss import follows_no_loss
from chainrule.checking.repairing.edits import SWAPS
from chainrule.checking.repairing.goals import find_goals
from chainrule.checking.repairing.repair import Repair

POINTS_ELSEWHERE = (
    1 - 1e-9
)  # a cosine below it; at 1 only the length is off, which a rate may explain
MEETINGS = 20  # predictions, before their signs tell what they can be
ROUNDING = 32 * np.finfo(float).eps  # of a parameter: an update this small may be rounding alone


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
    values = case.worlds[-1]
    outputs = {mix.output for mix in used_mixes(case)}
    scaled = {p: factor * np.asarray(values[p], dtype=float) for p in outputs}
    return update_with(case, update, scaled, target, changes)


def update_with(
    case: Case,
    update: Update,
    errors: Mapping[int, Any],
    target: int | None = None,
    changes: Mapping[int, Any] | None = None,
) -> Any:
    """The same with other errors."""
    anatomy, program = case.anatomy, case.program
    chain = anatomy.chains[update.chain]
    moving = set(chain.versions[chain.versions.index(update.before) + 1 :])
    fixed = anatomy.stops - moving
    end = update.after if target is None else target
    reach = program.ancestors([end], fixed | set(errors))
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    values = case.worlds[-1]
    new = program.rerun(values, changes or {}, cone, fixed, errors)
    result = np.asarray(new.get(end, values[end]), dtype=float)
    return result if target is not None else result - np.asarray(values[update.before], dtype=float)


def is_believable(case: Case, repair: Repair) -> bool:
    """Whether a proved repair says that the program is wrong, and not that its loss is another one.

    Wrong parameters must be made linearly of errors, with a decay at the most. Where no parameter was
    right, the loss is in doubt: then the program must compute it itself, or do what no loss asks for, such as
    evaluating f' at f(z), climbing, or moving parameters in a way that is no gradient of its predictions.
    """
    fit = repair.before
    assert fit is not None
    names = {edit.mistake for edit in repair.edits}
    goals = find_goals(repair.scenes[0]) if repair.scenes else {}
    # With + for * an update is not linear in errors, and is once that is put right; so with 1 for 0.
    swapped = names == {"wrong-constant"} or (
        names == {"wrong-operator"} and all(edit.how in SWAPS for edit in repair.edits)
    )
    changes = repair.changes if swapped else {}
    if names != {"decay-sign"} and not all(
        is_blind(case, number)
        or is_linear(case, number, goals, changes)
        or is_nothing(case, repair, number, goals)
        for number in fit.bad
    ):
        return False
    if fit.good:
        return True
    unusual = repair.loss in ("huber", "absolute-error")
    # A factor too many may be a loss's own; f' at another value than z is nobody's.
    moved = names == {"derivative-at-activation"} and all(e.how != "remove" for e in repair.edits)
    # No loss asks for gradients of earlier passes, or for weights that grow.
    if (
        (moved or names in ({"decay-sign"}, {"gradient-not-reset"}))
        and len(fit.bad) > 1
        and not unusual
    ):
        return True
    if names == {"sign-error"} and all_climb(case, fit) and not unusual:
        return True
    if names == {"wrong-operator"} and cannot_meet(case, repair):
        return True
    if repair.loss in stated_losses(case):
        return True
    return not unusual and follows_no_loss(
        case, lambda k, update, errors: update_with(case, update, errors, goals.get(k))
    )


def cannot_meet(case: Case, repair: Repair) -> bool:
    """Whether an error adds prediction and target though both are positive: then nothing makes it 0."""
    mixes = [mix for mix in used_mixes(case) if mix.step.operation == "add"]
    sites = {case.program.recording.sites[mix.step.number] for mix in mixes}
    mended = {case.program.recording.sites[edit.step.number] for edit in repair.edits}
    if not mixes or sites != mended:
        return False
    predictions, targets = (
        np.concatenate(
            [np.ravel(values[position]) for values in case.worlds for position in positions]
        )
        for positions in ([mix.prediction for mix in mixes], [mix.target for mix in mixes])
    )
    enough = predictions.size >= MEETINGS and np.any(targets > 0)
    return bool(enough and np.all(predictions > 0) and np.all(targets >= 0))


def all_climb(case: Case, fit: Fit) -> bool:
    """Whether several arrays follow a loss the wrong way, all of them: nobody wants errors to grow.

    One array that climbs may be an input that somebody looks for, to which a network answers wrongly.
    """
    sizes = [np.size(case.values[case.anatomy.chains[number].root]) for number in fit.bad]
    upwards = all(abs(fit.ratio.get(number, 0.0) + 1) <= RATE for number in fit.bad)
    return upwards and sum(size > 1 for size in sizes) > 1


def is_nothing(case: Case, repair: Repair, number: int, goals: Mapping[int, int]) -> bool:
    """Whether a parameter's updates are rounding errors beside its gradients: a sum that cancels."""
    anatomy, (values, gradients) = case.anatomy, repair.scenes[0].worlds[-1]
    updates = [(k, u) for k, u in enumerate(anatomy.updates) if u.chain == number][:3]
    for k, update in updates:
        rate = repair.scenes[0].fit.rate.get(update.turn)
        before, after = (np.asarray(values[p], dtype=float) for p in (update.before, update.after))
        expected = norm(gradients[k]) * abs(rate or 0.0)
        if k in goals or norm(after - before) > 1e-12 * expected + 4e-16 * norm(before):
            return False
    return bool(updates)


def is_blind(case: Case, number: int) -> bool:
    """Whether no error goes into a parameter's updates as they stand."""
    anatomy = case.anatomy
    sources = {p for step in anatomy.chains[number].steps for p in step.inputs} - anatomy.stops
    return not any(anatomy.error_masks[position] for position in sources)


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
        before = np.asarray(case.worlds[-1][update.before], dtype=float)
        rounding = ROUNDING * norm(before)
        if norm(twice - 2 * once + at_rest) > CLEAR * (norm(once) + norm(at_rest)) + rounding:
            return False
        if np.any(at_rest) and np.shape(at_rest) == np.shape(before):
            before = before * (at_rest != 0)
            decay = float(np.sum(at_rest * before) / np.sum(before**2)) if np.any(before) else 0.0
            if norm(at_rest - decay * before) > CLEAR * norm(at_rest) + rounding:
                return False
    return True
