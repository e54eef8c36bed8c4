"""Whether what a repair changes comes after right gradients: how a step is taken from these is a choice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.answers import (
    Question,
    find_slope,
    has_several_slopes,
    is_elementwise,
)
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import CLEAR, NOISY, RATE, Fit, Trace, join
from chainrule.checking.fitting.hand_gradients import EVENTS, find_gradients, passes_all
from chainrule.checking.fitting.judging import judge_plainly
from chainrule.checking.repairing.repair import Repair

# What may be a way to make a step of a gradient. None goes up, or makes one number of many.
CHOICES = {"wrong-operator", "wrong-variable", "wrong-constant", "derivative-at-activation", "missing-derivative"}  # fmt: skip

Moved: TypeAlias = Callable[[Update, Mapping[int, Any]], Any]


def is_way_to_step(case: Case, repair: Repair, moved: Moved) -> bool:
    """Whether all parameters go down their gradients, of which the repair changes nothing but the steps.

    `moved` tells what an update does with some steps changed: as the repair does it, it goes down.

    A gradient over its own norm, or as long as its parameter, is no multiple of it, and no mistake either.
    """
    fit, anatomy = repair.before, case.anatomy
    if fit is None or not {edit.mistake for edit in repair.edits} <= CHOICES:
        return False
    _, traces = judge_plainly(anatomy, case.worlds, repair.loss)
    for number in fit.bad:
        trace = traces[number]
        for update in trace.updates[:EVENTS]:
            step, repaired = moved(update, {}), moved(update, repair.changes)
            if np.any(repaired) and not np.sum(step * repaired) > 0:
                return False
        places = find_gradients(anatomy, case.worlds, {number: trace})
        if not any(
            passes_all(anatomy, trace, place.found[number], place.everywhere)
            and not changes_before(case, repair, place.found[number].positions[:EVENTS])
            for place in places
        ):
            return False
    return True


def is_other_step(case: Case, fit: Fit, repair: Repair | None = None) -> bool:
    """Whether wrong parameters go by right gradients, but by steps of another kind, as somebody may want.

    With others of their own entries taken off, as their mean is; each entry bent, as g / (1 + |g|) bends it; or each
    by a rate of its own, as g / np.arange(1, n + 1) has it.
    A repair must change nothing but that.
    """
    if repair is not None and not {edit.mistake for edit in repair.edits} <= CHOICES:
        return False
    _, traces = judge_plainly(case.anatomy, case.worlds, fit.loss)
    return bool(fit.bad) and all(
        is_other_step_of(case, number, traces[number], repair) for number in fit.bad
    )


def is_other_step_of(case: Case, number: int, trace: Trace, repair: Repair | None) -> bool:
    for place in find_gradients(case.anatomy, case.worlds, {number: trace}):
        one = place.found[number]
        if (
            passes_all(case.anatomy, trace, one, place.everywhere)
            and not (repair and changes_before(case, repair, one.positions[:EVENTS]))
            and (
                keeps_entries(case, trace.updates[0], one.positions[:1])
                or bends_entries(case, trace.updates[0], one.positions[0], one.factors[0])
                or (has_rates_by_entry(trace) and scales_by_constants(case, trace, one.positions))
            )
        ):
            return True
    return False


def bends_entries(case: Case, update: Update, position: int, factor: float) -> bool:
    """Whether each entry goes down its own gradient, and by that alone, though not in proportion to it.

    At `position` stands `factor` times the gradient. Rates of entries' own are no bending.
    """
    question = Question(case.anatomy, case.values, update, (position,))
    gradient = np.asarray(case.values[position], dtype=float)
    step = question.respond({})
    if (
        gradient.size < 2
        or gradient.shape != step.shape
        or np.any(question.respond(question.nothing))
    ):
        return False

    def longer(times: float) -> Any:
        return question.respond({position: times * gradient})

    return (
        np.array_equal(np.sign(step), -np.sign(factor * gradient))
        and is_elementwise(question.respond, position, gradient, step)
        and find_slope(longer, gradient) is None
        and not has_several_slopes(longer, gradient)
    )


def has_rates_by_entry(trace: Trace) -> bool:
    """Whether each entry goes down its gradient by a rate that stays the same, and that others have not."""
    size = np.size(trace.first[0][1])
    steps, gradients = (np.reshape(join(one), (-1, size)) for one in (trace.steps, trace.gradients))
    told = np.abs(gradients) > NOISY * np.abs(gradients).max(initial=0.0)
    if steps.shape != gradients.shape or not np.all(np.any(told, axis=0)):
        return False
    rates = -np.divide(steps, gradients, out=np.full(steps.shape, np.nan), where=told)
    least, most = np.nanmin(rates, axis=0), np.nanmax(rates, axis=0)
    return bool(np.all(least > 0) and np.all(most - least <= RATE * most) and np.ptp(most) > RATE)


def scales_by_constants(case: Case, trace: Trace, gradients: Sequence[int]) -> bool:
    """Whether updates are made of their gradients and of numbers that no prediction is made with: of an input it is no rate."""
    anatomy, program = case.anatomy, case.program
    predictions = (anatomy.mixes[n].prediction for u in anatomy.updates for n in u.mixes)
    predicting = program.ancestors(predictions, anatomy.stops)
    afters = {update.after for update in trace.updates[: len(gradients)]}
    stops = (anatomy.stops - afters) | set(gradients)
    return predicting.isdisjoint(program.ancestors(afters, stops) - stops - afters)


def keeps_entries(case: Case, update: Update, positions: tuple[int, ...]) -> bool:
    """Whether an entry of a gradient moves others too, but these less or only as far as itself."""
    question = Question(case.anatomy, case.values, update, positions)
    gradient = np.asarray(case.values[positions[0]], dtype=float)
    rest = question.respond({})
    for flat in (0, gradient.size - 1):
        more = gradient.copy()
        more.flat[flat] += float(np.max(np.abs(gradient)))
        moved = np.abs(question.respond({positions[0]: more}) - rest)
        own = float(moved.max(initial=0.0))
        others = float(moved.sum()) - own
        if not CLEAR * own < others <= own * (1 + CLEAR):
            return False
    return True


def changes_before(case: Case, repair: Repair, gradients: tuple[int, ...]) -> bool:
    """Whether a step that is changed goes into these gradients, within their passes."""
    made = case.program.ancestors(gradients, case.anatomy.stops) | set(gradients)
    return any(step.output in made for edit in repair.edits for step in edit.steps)
