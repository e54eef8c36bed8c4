"""Whether what a repair changes comes after right gradients: how a step is taken from these is a choice."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.answers import (
    Question,
    find_slope,
    has_several_slopes,
    is_elementwise,
)
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import CLEAR, Fit, Trace, norm
from chainrule.checking.fitting.hand_gradients import EVENTS, Found, find_gradients, passes_all
from chainrule.checking.fitting.judging import judge_plainly
from chainrule.checking.repairing.repair import Repair

# What may be a way to make a step of a gradient. None goes up, or makes one number of many.
CHOICES = {"wrong-operator", "wrong-variable", "wrong-constant", "derivative-at-activation", "missing-derivative"}  # fmt: skip

# What is wrong by one number in all entries.
NO_CHOICES = {
    "decay-sign",
    "gradient-not-reset",
    "learning-rate-twice",
    "parameter-mis-scaled",
    "sign-error",
}
# Of NumPy and SciPy. A step that one of them is behind is that of Newton, Gauss and Newton, or Levenberg and Marquardt.
SOLVERS = {
    "cg", "cho_solve", "inv", "lstsq", "lu_solve", "pinv", "solve", "solve_triangular", "spsolve", "tensorinv", "tensorsolve",
}  # fmt: skip

SCALES = {"learning-rate-twice", "parameter-mis-scaled"}
REDUCTIONS = {"max", "mean", "min", "sum"}
NOTHING = 1e-9  # of a gradient beside its largest entry

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


def find_solved_step(case: Case) -> Instruction | None:
    """Where a system of equations is solved for an update: such a step is no multiple of a gradient."""
    anatomy, program = case.anatomy, case.program
    used = {number for update in anatomy.updates for number in update.mixes}
    predicting = program.ancestors((anatomy.mixes[n].prediction for n in used), anatomy.stops)
    solvers = {
        step.output: step
        for step in program.steps
        if step.operation.startswith("call:")
        and step.operation.split(":")[1] in SOLVERS
        and step.output not in predicting  # as where data are whitened
    }
    for update in anatomy.updates if solvers else ():
        behind = program.ancestors([update.after], anatomy.stops - {update.after})
        found = solvers.keys() & behind
        if found:
            return solvers[min(found)]
    return None


def is_other_step(case: Case, fit: Fit, repair: Repair | None = None) -> bool:
    """Whether wrong parameters go by right gradients, but by steps of another kind, as somebody may want.

    With others of their own entries taken off, as their mean is; each entry bent, as g / (1 + |g|) bends it; all made as
    long as they are not, as g / |g| is; or at a rate of its own. A repair must change nothing but that.
    """
    _, traces = judge_plainly(case.anatomy, case.worlds, fit.loss)
    names = set[str]() if repair is None else {edit.mistake for edit in repair.edits}
    # A scale says nothing of how a gradient is made. What adds up all earlier gradients, whole, forgets none: no memory does.
    whole = names == {"gradient-not-reset"}
    if not whole and remembers_otherwise(case, fit, traces, None if names <= SCALES else repair):
        return True
    kinds = {n: kind_of_step(case, n, traces[n], repair) for n in fit.bad}
    for number, kind in kinds.items():
        own, rights = traces[number], [traces[n] for n in fit.good]  # of which some may decay
        if kind == "a rate" and rights and all(goes_by_time(case, own, one) for one in rights):
            kinds[number] = "a plan"
    if names & NO_CHOICES:
        return bool(kinds) and set(kinds.values()) == {"a plan"}
    # One rate for all entries may be a mistake, but beside others that differ it is none.
    return all(kinds.values()) and any(kind != "a rate" for kind in kinds.values())


def goes_by_time(case: Case, trace: Trace, right: Trace) -> bool:
    """Whether a parameter's rate is another multiple of a right one's in each pass, as a plan of its own makes it.

    A batch's own size makes none: a mean that the others lack is off by as much.
    """
    own, others = rates_by_turn(trace), rates_by_turn(right)
    found = {turn: rate / others[turn] for turn, rate in own.items() if others.get(turn)}
    multiples = list(found.values())
    if len(found) < 2 or np.ptp(multiples) <= CLEAR * np.max(np.abs(multiples)):
        return False
    sizes: dict[int, set[int]] = {}
    for update in trace.updates:
        shapes = (np.shape(case.values[case.anatomy.mixes[n].prediction]) for n in update.mixes)
        sizes.setdefault(update.turn, {len(update.mixes)}).update(*shapes)
    return not all(
        any(
            abs(one * multiple - 1) <= CLEAR or abs(multiple / one - 1) <= CLEAR
            for one in sizes[turn]
            if one
        )
        for turn, multiple in found.items()
    )


def rates_by_turn(trace: Trace) -> dict[int, float]:
    return {
        update.turn: -float(np.sum(step * gradient)) / norm(gradient) ** 2
        for update, step, gradient in zip(trace.updates, trace.steps, trace.gradients, strict=True)
        if step is not None and norm(gradient) > 0
    }


def remembers_otherwise(
    case: Case, fit: Fit, traces: Mapping[int, Trace], repair: Repair | None = None
) -> bool:
    """Whether wrong parameters go down right gradients and remember earlier ones, as a momentum does, and right ones do not; or the reverse.

    No rates of such steps can be compared.
    """

    def memories(numbers: Collection[int]) -> set[bool | None]:
        return {remembers(case, number, traces[number], repair) for number in sorted(numbers)}

    of_wrong = memories(fit.bad)
    return (
        len(of_wrong) == 1 and None not in of_wrong and memories(fit.good) == {not of_wrong.pop()}
    )


def remembers(case: Case, number: int, trace: Trace, repair: Repair | None) -> bool | None:
    """Whether a parameter's updates are made of right gradients of earlier passes, too; None where they are made otherwise, or climb."""
    anatomy = case.anatomy
    for place in find_gradients(anatomy, case.worlds, {number: trace}):
        one = place.found[number]
        if not passes_all(anatomy, trace, one, place.everywhere) or (
            repair and changes_before(case, repair, one.positions[:EVENTS])
        ):
            continue
        moving = [k for k, gradient in enumerate(trace.gradients) if norm(gradient) > 0]
        steps = ((trace.steps[k], trace.gradients[k]) for k in moving[:1])
        climbs = any(step is None or np.sum(step * gradient) > 0 for step, gradient in steps)
        inner = set(anatomy.chains[number].versions) - {u.before for u in trace.updates}
        afters = [trace.updates[k].after for k in moving[: len(one.positions)]]
        found = [
            not set(one.positions[:k]).isdisjoint(
                case.program.ancestors([after], anatomy.stops - inner - {after})
            )
            for k, after in enumerate(afters)
        ]
        return None if climbs or len(found) < 2 else any(found)
    return None


def kind_of_step(case: Case, number: int, trace: Trace, repair: Repair | None) -> str | None:
    """What a parameter's steps are, made of right gradients: "other steps", "rates" of its entries, or "a rate"; else None."""
    chosen = repair is None or {edit.mistake for edit in repair.edits} <= CHOICES
    for place in find_gradients(case.anatomy, case.worlds, {number: trace}):
        one = place.found[number]
        if not passes_all(case.anatomy, trace, one, place.everywhere) or (
            repair and changes_before(case, repair, one.positions[:EVENTS])
        ):
            continue
        if chosen and (
            keeps_entries(case, trace.updates[0], one.positions[:1])
            or bends_entries(case, trace.updates[0], one.positions[0], one.factors[0])
            or has_own_length(case, trace.updates[0], one.positions[0], one.factors[0])
        ):
            return "other steps"
        spread = spread_of_rates(case, trace, one)
        if spread is not None:
            return "rates" if spread > CLEAR else "a rate"
    return None


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


def has_own_length(case: Case, update: Update, position: int, factor: float) -> bool:
    """Whether a parameter goes straight down its gradient, though not in proportion to it, as over its own norm."""
    question = Question(case.anatomy, case.values, update, (position,))
    gradient = np.asarray(case.values[position], dtype=float)
    step, longer = question.respond({}), question.respond({position: 2 * gradient})
    if gradient.shape != step.shape or not np.all(np.isfinite(longer)):
        return False
    down = -factor * gradient
    size = norm(down) * norm(step), norm(down) * norm(longer)
    straight = all(
        whole > 0 and float(np.sum(down * one)) >= (1 - CLEAR) * whole
        for one, whole in zip((step, longer), size, strict=True)
    )
    return straight and norm(longer - 2 * step) > CLEAR * norm(step)


def spread_of_rates(case: Case, trace: Trace, found: Found) -> float | None:
    """How far the rates are apart by which each entry goes down its own gradient, some perhaps not at all: 0.1 * g * kept.

    None of the network's own values may be among these rates, nor what it computes with: those are no choice.
    """
    moving = (u for u, g in zip(trace.updates, trace.gradients, strict=True) if norm(g) > 0)
    spread = 0.0
    for k, update in enumerate(list(moving)[: len(found.positions)]):
        position, earlier = found.positions[k], found.positions[: k + 1]
        question = Question(case.anatomy, case.values, update, (*found.earlier, *earlier))
        gradient = np.asarray(case.values[position], dtype=float)
        step = question.respond({})
        if (
            gradient.shape != step.shape
            or np.any(step * found.factors[k] * gradient > 0)
            or np.any(question.respond({position: np.zeros(gradient.shape)}))
            or not is_elementwise(question.respond, position, gradient, step)
            or not all(is_outside(case, question, operand) for operand in operands_beside(question))
        ):
            return None
        told = np.abs(gradient) > NOTHING * np.max(np.abs(gradient))
        if not np.any(told):
            return None  # in this pass nothing came back
        rates = step[told] / gradient[told]
        spread = max(spread, float(np.ptp(rates)) / float(np.max(np.abs(rates)) or 1.0))
    return spread


def operands_beside(question: Question) -> set[int]:
    """What meets gradients on their way to an update, and is not made of them."""
    made = set(question.positions)
    beside: set[int] = set()
    for step in question.cone:
        if not made.isdisjoint(step.inputs):
            made.add(step.output)
            beside |= set(step.inputs)
    return beside - made


def is_outside(case: Case, question: Question, position: int) -> bool:
    """Whether a value is neither made with parameters nor one that predictions are made with, as a mask may be.

    A sum or a mean of the latter is another value.
    """
    anatomy, program = case.anatomy, case.program
    if position == question.root:
        return True  # the parameter itself, which moves
    if anatomy.masks[position]:
        return False
    waiting, seen = [position], set[int]()
    while waiting:
        here = waiting.pop()
        if any(
            step.output in anatomy.forward - anatomy.stops and not anatomy.error_masks[step.output]
            for step in program.consumers.get(here, ())
        ):
            return False
        step = program.step_of.get(here)
        if step is not None and step.operation not in REDUCTIONS:
            waiting += [p for p in step.inputs if p not in seen]
            seen.update(step.inputs)
    return True


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
