"""When updates that no repair explains are wrong all the same, and when nothing can be said.

A parameter is wrong beyond doubt where others follow the loss exactly, while its own update, though a
linear map of this pass's errors and of nothing else, points elsewhere. What has a penalty, a memory or
another loss in it is not such a map, and proves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.updates import Update, true_gradients
from chainrule.checking.fitting.case import Case, is_constant
from chainrule.checking.fitting.fitting import CLEAR, RATE, Fit, norm
from chainrule.checking.fitting.general_form import decays_its_own_way
from chainrule.checking.fitting.judging import judge_plainly
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.repairing.any_loss import drifts, follows_no_loss
from chainrule.checking.repairing.edits import Edit, merged
from chainrule.checking.repairing.goals import find_goals
from chainrule.checking.repairing.grouping_edits import GROUPED
from chainrule.checking.repairing.impossible_slopes import (
    adds_slope,
    makes_slopes,
    scales_error,
    takes_slope_of_weights,
    turns_errors,
    used_mixes,
)
from chainrule.checking.repairing.named_rates import goes_by_plan, has_rate_of_its_own
from chainrule.checking.repairing.operation_edits import SWAPS
from chainrule.checking.repairing.other_errors import (
    doubles,
    ignores_sign,
    is_linear,
    scaled_update,
    update_with,
)
from chainrule.checking.repairing.other_losses import (
    OF_SIGNS,
    changes_term,
    is_of_another_loss,
    predicts_differences,
    unbends,
)
from chainrule.checking.repairing.own_steps import (
    is_other_step,
    is_way_to_step,
    remembers_otherwise,
)
from chainrule.checking.repairing.repair import Repair

POINTS_ELSEWHERE = (
    1 - 1e-9
)  # a cosine below it; at 1 only the length is off, which a rate may explain
MOST_COUNTED, COUNTED = 64, 1e-5  # a ratio's denominator, and how near to it
NOTHING = 1e-13  # beside the largest gradient
MEETINGS = 20  # predictions, before their signs tell what they can be
UNCLIPPED = 1e-3  # by which errors are made small enough for the loss of Huber to be quadratic
MOST_TURNS = 6  # of a parameter that decays, to be looked into
STEADY = 8  # turns with one rate, before numbers alone are evidence


def is_clearly_wrong(case: Case, fit: Fit, goals: Mapping[int, int]) -> bool:
    """Whether parameters are certainly wrong under this loss, though the mistake was not found.

    `goals` are the hand-made gradients inside an optimizer's updates: they are looked at in the updates' place.
    """
    if count_losses(case) > 1 or not is_evident_loss(case, fit) or decays_oddly(case, fit):
        return False
    if predicts_differences(case):
        return False
    bad = fit.bad - without_gradient(case, fit)
    plain = {number for number in bad if is_linear_in_errors(case, number, goals)}
    if any(fit.cosine.get(number, 1.0) < POINTS_ELSEWHERE for number in plain):
        elsewhere = True
    else:
        gradients = true_gradients(case.anatomy, case.worlds[-1], fit.loss)
        elsewhere = any(decays_elsewhere(case, number, gradients) for number in bad - plain)
    clear = elsewhere and all(adds_to_decay(case, number) for number in bad - plain)
    return clear and not is_other_step(case, fit)


def without_gradient(case: Case, fit: Fit) -> set[int]:
    """Parameters whose gradients are 0 but for rounding, as those of a bias are before a batch's mean is taken off."""
    _, traces = judge_plainly(case.anatomy, case.worlds, fit.loss)
    sizes = {n: max(map(norm, trace.gradients)) for n, trace in traces.items()}
    return {number for number in fit.bad if sizes[number] <= NOTHING * max(sizes.values())}


def decays_oddly(case: Case, fit: Fit) -> bool:
    """Whether all that is wrong with some parameters is a decay that is another in each pass: nobody knows by what plan."""
    if not fit.good or fit.form != Fit.form:
        return False
    _, traces = judge_plainly(case.anatomy, case.worlds, fit.loss)
    return all(decays_its_own_way(traces[number], fit.rate) for number in fit.bad)


def count_losses(case: Case) -> int:
    """How many losses a program may have: errors of one prediction and target are one, wherever they stand.

    What one update uses together may still be two, as with a head for numbers and one for classes.
    """
    sites = case.program.recording.sites
    losses: list[tuple[set[int], set[tuple[int, int]]]] = []  # sites, and what meets there
    for mix in used_mixes(case):
        here, pairs = {sites[mix.step.number]}, {mix.meeting}
        apart = []
        for one in losses:
            if one[0] & here or one[1] & pairs:
                here, pairs = here | one[0], pairs | one[1]
            else:
                apart.append(one)
        losses = [*apart, (here, pairs)]
    return len(losses)


def is_evident_loss(case: Case, fit: Fit) -> bool:
    """Whether those that follow a loss show that it is the one: arrays, or numbers by one rate all along."""
    roots = [case.anatomy.chains[number].root for number in fit.good]
    if any(np.size(case.values[root]) > 1 for root in roots) or len(roots) > 3:
        return True
    rates = list(fit.rate.values())
    steady = len(rates) >= STEADY and np.ptp(rates) <= RATE * abs(rates[0])
    return bool(roots) and steady and len(case.worlds) > 1


def is_seen_as_recorded(case: Case, fit: Fit) -> bool:
    """Whether any parameter is wrong at the program's own numbers, too.

    What shows only at other numbers may come of a value that depends on parameters and was not followed.
    """
    own, _ = judge_plainly(case.anatomy, case.worlds[:1], fit.loss)
    climbing = own.good if any(rate < 0 for rate in own.rate.values()) else set()
    # Of one output a raw error is off by a number alone, in each pass: the wrong ones may then set the rate there.
    apart = own.bad & fit.good if fit.form == own.form == Fit.form else set()
    # Who is right may be seen from the last layer, and there from most entries.
    turned = own.good & fit.bad and own.bad & fit.good
    return bool((own.bad | climbing) & fit.bad or apart or turned)


def is_linear_in_errors(case: Case, number: int, goals: Mapping[int, int]) -> bool:
    """Whether a parameter's updates, or the gradients in them, double with the errors of their own pass."""
    updates = [(k, u) for k, u in enumerate(case.anatomy.updates) if u.chain == number][:3]
    return bool(updates) and all(
        uses_own_errors_alone(case, update, goals.get(k)) and doubles(case, update, goals.get(k))
        for k, update in updates
    )


def adds_to_decay(case: Case, number: int) -> bool:
    """Whether a parameter's own errors are added, linearly, to a decay."""
    updates = [update for update in case.anatomy.updates if update.chain == number][:MOST_TURNS]
    own = all(uses_own_errors_alone(case, update) for update in updates)
    return bool(updates) and own and is_linear(case, number, {})


def decays_elsewhere(case: Case, number: int, gradients: Sequence[Any]) -> bool:
    """Whether what errors add to a decay is no multiple of the gradients."""
    updates = [(k, u) for k, u in enumerate(case.anatomy.updates) if u.chain == number][:MOST_TURNS]
    parts = (scaled_update(case, u, 1.0) - scaled_update(case, u, 0.0) for _, u in updates)
    made = np.concatenate([np.ravel(part) for part in parts])
    true = np.concatenate([np.ravel(gradients[k]) for k, _ in updates])
    if made.shape != true.shape or not np.all(np.isfinite(made)):
        return False
    size = norm(made) * norm(true)
    return size > 0 and -float(np.sum(made * true)) < (1 - CLEAR) * size


def uses_own_errors_alone(case: Case, update: Update, goal: int | None = None) -> bool:
    anatomy = case.anatomy
    own = sum(1 << mix for mix in update.mixes)
    if goal is not None:
        return not anatomy.error_masks[goal] & ~own
    chain = anatomy.chains[update.chain]
    first, last = chain.versions.index(update.before), chain.versions.index(update.after)
    mask = 0
    for step in chain.steps[first:last]:
        for position in step.inputs:
            if position not in anatomy.stops:
                mask |= anatomy.error_masks[position]
    return not mask & ~own


def is_believable(
    case: Case, repair: Repair, is_compared: Callable[[], bool] = lambda: False
) -> bool:
    """Whether a proved repair says that the program is wrong, and not that its loss is another one.

    `is_compared` tells whether the source takes elsewhere the difference of what an error adds up.

    Wrong parameters must be made linearly of errors, with a decay at the most. Where no parameter was
    right, the loss is in doubt: then the program must compute it itself, or do what no loss asks for, such as
    evaluating f' at f(z), climbing, or moving parameters in a way that is no gradient of its predictions.
    """
    fit = repair.before
    assert fit is not None
    names = {edit.mistake for edit in repair.edits}
    goals = find_goals(repair.scenes[0]) if repair.scenes else {}
    # With + for * an update is not linear in errors, and is once that is put right; so with 1 for 0,
    # with another value where an error belongs, or with an error where a layer's input does.
    changes: dict[int, Any] = {}
    for edit in repair.edits:
        if is_swapped(case, edit):
            changes = merged(case.program, changes, edit.make(edit.steps) or {})
    if (
        not fit.good
        and not any(is_linear(case, number, {}) for number in fit.bad)
        and is_way_to_step(
            case, repair, lambda update, changes: update_with(case, update, {}, changes=changes)
        )
    ):
        return False
    if decays_oddly(case, fit) or is_other_step(case, fit, repair):
        return False
    if any(one.good and explains_by_steps(case, one, fit) for one in case.fits.values()):
        return False
    if not fit.good and all(is_of_data(case, edit) for edit in repair.edits):
        return False
    if names == {"parameter-mis-scaled"} and all(
        has_rate_of_its_own(case, fit, number) or is_odd(fit.ratio.get(number, 1.0))
        for number in fit.bad
    ):
        return False
    if fit.bad and all(goes_by_plan(case, fit, number) for number in fit.bad):
        return False
    bare = all(
        edit.how in ("remove", "**1", "loss") or unbends(case, edit) for edit in repair.edits
    )
    if not fit.good and bare and ignores_sign(case):
        return True
    if not fit.good and is_of_another_loss(case, repair.edits, repair.loss):
        return False
    if changes_term(case, repair.edits):
        return False
    if names != {"decay-sign"} and not all(
        case.anatomy.is_blind(number)
        or is_linear(case, number, goals, changes, UNCLIPPED if repair.loss == "huber" else 1.0)
        or is_nothing(case, repair, number, goals)
        for number in fit.bad
    ):
        return False
    if fit.good or case.anatomy.loss is not None:
        return True
    if names == {"sign-error"} and meets_nothing(case):
        return False
    unusual = repair.loss in OF_SIGNS
    # A factor too many may be a loss's own; f' at another value than z is nobody's.
    slopes = [edit for edit in repair.edits if edit.mistake != "raw-error-backpropagated"]
    moved = all(e.mistake == "derivative-at-activation" and e.how != "remove" for e in slopes)
    moved = moved and bool(slopes)
    # No loss asks for gradients of earlier passes, for weights that grow, or for one sample's slopes for another's error.
    entries = sum(np.size(case.values[case.anatomy.chains[n].root]) for n in fit.bad)
    alone = moved and all(scales_error(case, edit) for edit in slopes)
    several = len(fit.bad) > 1 or (alone and entries > 1 and len(case.worlds) > 1)
    unasked = moved or names in ({"decay-sign"}, {"gradient-not-reset"})
    unasked = unasked or all(edit.how == "each sample" for edit in repair.edits)
    if unasked and several and not unusual:
        return True
    if names == {"sign-error"} and all_climb(case, fit) and not unusual:
        return True
    if not unusual and several and all(turns_errors(case, edit) for edit in repair.edits):
        return True
    if not unusual and several and all(takes_slope_of_weights(case, edit) for edit in repair.edits):
        return True
    if names == {"wrong-operator"} and (
        all(adds_slope(case, edit) for edit in repair.edits)
        or (makes_errors(case, repair) and (cannot_meet(case) or is_compared()))
    ):
        return True
    stated = stated_losses(case)
    if repair.loss in stated:
        return True
    if len(fit.bad) > 1 and not unusual and not stated and makes_slopes(case, repair):
        return True
    if drifts(case, lambda k, update, errors: update_with(case, update, errors)):
        return True
    return not unusual and follows_no_loss(
        case, lambda k, update, errors: update_with(case, update, errors, goals.get(k))
    )


def is_of_data(case: Case, edit: Edit) -> bool:
    """Whether an edit changes what no parameter and no error is behind: a reward that errors are weighted by, say."""
    masks, errors = case.anatomy.masks, case.anatomy.error_masks
    return not any(masks[step.output] or errors[step.output] for step in edit.steps)


def is_odd(ratio: float) -> bool:
    """Whether no count of samples or units makes a gradient so much longer, nor a 2, as 1 / sqrt(3) does, a rate that was thought out."""
    if not ratio or not np.isfinite(ratio):
        return False
    return all(
        abs(Fraction(one).limit_denominator(MOST_COUNTED) / Fraction(one) - 1) > COUNTED
        for one in (ratio, 1 / ratio)
    )


def explains_by_steps(case: Case, other: Fit, fit: Fit) -> bool:
    """Whether beside another loss that some parameters follow nothing is wrong with the rest but the kind of its steps."""
    if not fit.good:
        return is_other_step(case, other)
    return other is not fit and remembers_otherwise(
        case, other, judge_plainly(case.anatomy, case.worlds, other.loss)[1]
    )


def is_swapped(case: Case, edit: Edit) -> bool:
    """Whether an edit puts another operation, constant or kind of value in the place of one."""
    return (
        edit.mistake == "wrong-constant"
        or (edit.mistake == "wrong-operator" and edit.how in {*SWAPS, *GROUPED})
        or is_error_misplaced(case, edit)
        or multiplies_errors(case, edit)
    )


def multiplies_errors(case: Case, edit: Edit) -> bool:
    """Whether an edit removes an error that another is multiplied by."""
    masks = case.anatomy.error_masks
    return edit.how == "remove" and all(
        len(step.inputs) == 2 and all(masks[p] for p in step.inputs) for step in edit.steps
    )


def is_error_misplaced(case: Case, edit: Edit) -> bool:
    """Whether an edit replaces what is no error by one, or an error that another is multiplied by.

    No penalty stands where an error alone belongs.
    """
    if edit.slot is None or edit.instead is None:
        return False
    masks = case.anatomy.error_masks
    return bool(masks[edit.instead]) != bool(masks[edit.step.inputs[edit.slot]])


def makes_errors(case: Case, repair: Repair) -> bool:
    """Whether what a repair changes are the errors that add prediction and target."""
    sites = case.program.recording.sites
    adding = {sites[mix.step.number] for mix in used_mixes(case) if mix.step.operation == "add"}
    return adding == {sites[edit.step.number] for edit in repair.edits}


def cannot_meet(case: Case) -> bool:
    """Whether all errors add prediction and target though both are positive: then nothing makes them 0."""
    mixes = used_mixes(case)
    if not all(mix.is_sum for mix in mixes):
        return False
    predictions, targets = (
        np.concatenate(
            [np.ravel(values[position]) for values in case.worlds for position in positions]
        )
        for positions in ([mix.prediction for mix in mixes], [mix.target for mix in mixes])
    )
    enough = predictions.size >= MEETINGS and np.any(targets > 0)
    return bool(enough and np.all(predictions > 0) and np.all(targets >= 0))


def meets_nothing(case: Case) -> bool:
    """Whether predictions are taken off zeros alone: then nobody knows whether they are meant to grow."""
    return all(case.program.origin(mix.target) == "zeros" for mix in used_mixes(case))


def all_climb(case: Case, fit: Fit) -> bool:
    """Whether several arrays follow a loss the wrong way, all of them: nobody wants errors to grow.

    One array that climbs may be an input that somebody looks for, to which a network answers wrongly. Beside a
    decay, what climbs may be another loss.
    """
    sizes = [np.size(case.values[case.anatomy.chains[number].root]) for number in fit.bad]
    upwards = all(abs(fit.ratio.get(number, 0.0) + 1) <= RATE for number in fit.bad)
    arrays = sum(size > 1 for size in sizes)
    return (
        upwards
        and not fit.decays
        and (arrays > 1 or (sum(sizes) > 1 and learns_from_several(case)))
    )


def learns_from_several(case: Case) -> bool:
    """Whether parameters multiply data, and passes have targets of their own: of an input that is looked for all have one."""
    anatomy, program = case.anatomy, case.program
    targets = {
        np.asarray(mix.target_in(case.values)).tobytes()
        for mix in (anatomy.mixes[update.turn] for update in anatomy.updates)
    }
    multiplied = any(
        step.operation in PRODUCTS
        and any(p in anatomy.stops for p in step.inputs)
        and any(not anatomy.masks[p] and not is_constant(program, step, p) for p in step.inputs)
        for step in program.steps
        if step.output in anatomy.forward
    )
    return len(targets) > 1 and multiplied


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
