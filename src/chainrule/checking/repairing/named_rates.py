"""Rates of parameters' own, which stand in velocities or follow a plan: w by rate, b by bias_rate."""

from collections.abc import Iterable, Iterator

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.rates import numerators, rate_of

CLOSE = 1e-6
MOST_ASKED = 8  # updates of a parameter
STRAIGHT = 1 - 1e-9  # a cosine above it
LAST = {
    "add",
    "multiply",
    "negate",
    "reshape",
    "subtract",
}  # what a step may be made of a gradient by


def has_rate_of_its_own(case: Case, fit: Fit, number: int) -> bool:
    """Whether a parameter's updates are as long as a number beside errors asks, where others have another one.

    A divisor is none: of a mean that others lack nobody would say that it is a rate.
    """
    for update, beside in updates_beside(case, fit, number):
        here, there = (rates_of(case, one) for one in (update, beside))
        pairs = [(mine, theirs) for _, mine in here - there for _, theirs in there - here]
        if has_ratio(pairs, fit.ratio.get(number)):
            return True
    return goes_by_plan(case, fit, number)


def goes_by_plan(case: Case, fit: Fit, number: int) -> bool:
    """Whether the line that moves a parameter down its gradient moves others, too, by numbers that explain how far each goes."""
    if fit.cosine.get(number, 0.0) < STRAIGHT:
        return False
    for update, beside in updates_beside(case, fit, number):
        here, there = (dict(factors_by_line(case, one)) for one in (update, beside))
        if has_ratio(
            [(here[k], there[k]) for k in here.keys() & there.keys()], fit.ratio.get(number)
        ):
            return True
    return False


def find_rate_of_nothing(case: Case) -> str | None:
    """The name of a learning rate of 0 by which a parameter is held fast, maybe on purpose, if that is all that no loss explains."""
    fit = max(case.fits.values(), key=lambda one: len(one.good), default=None)
    if fit is None or not fit.good or not fit.bad:
        return None
    names = [
        name for n in sorted(fit.bad) if never_moves(case, n) if (name := name_of_nothing(case, n))
    ]
    return names[0] if len(names) == len(fit.bad) else None


def never_moves(case: Case, number: int) -> bool:
    values = case.values
    own = [update for update in case.anatomy.updates if update.chain == number]
    return all(np.array_equal(values[update.before], values[update.after]) for update in own)


def name_of_nothing(case: Case, number: int) -> str | None:
    """What a parameter is multiplied by in all of its updates and is 0, and has a name: data may be 0 in some."""
    own = [update for update in case.anatomy.updates if update.chain == number]
    names = {
        next((name for name, rate in rates_of(case, update) if name and rate == 0), None)
        for update in own[:: max(1, len(own) // MOST_ASKED)]
    }
    return names.pop() if len(names) == 1 else None


def updates_beside(case: Case, fit: Fit, number: int) -> Iterator[tuple[Update, Update]]:
    """Updates of a parameter, each with those right ones of others that are nearest."""
    others = [update for update in case.anatomy.updates if update.chain in fit.good]
    own = [update for update in case.anatomy.updates if update.chain == number][:MOST_ASKED]
    for update in own:
        for chain in sorted(fit.good):
            of_it = [one for one in others if one.chain == chain]
            if of_it:
                yield update, min(of_it, key=lambda one: abs(one.after - update.after))


def has_ratio(pairs: Iterable[tuple[float, float]], wanted: float | None) -> bool:
    return wanted is not None and any(
        other and abs(one / other - wanted) <= CLOSE * abs(wanted) for one, other in pairs
    )


def rates_of(case: Case, update: Update) -> set[tuple[str, float]]:
    """Single numbers that errors are multiplied by on the way to an update, not in its forward pass, with their names.

    One that the source has there itself, as 0.1, has none.
    """
    anatomy, program = case.anatomy, case.program
    found: set[tuple[str, float]] = set()
    for step, slot in products_with_numbers(case, update):
        rate = rate_of(anatomy, step, slot, written=True)
        found |= {rate} if rate else set()
        position = step.inputs[slot]
        for factor in {position, *numerators(program, position)}:
            name = program.name(factor)
            if name and np.size(case.values[factor]) == 1 and not anatomy.masks[factor]:
                found.add((name, number_at(case, factor)))
    return found


def factors_by_line(case: Case, update: Update) -> Iterator[tuple[int, float]]:
    """The numbers that a gradient is multiplied by last, with the places that multiply: what one line does to all is a plan.

    One over a whole number may be a mean's, and a mean over what it should not be.
    """
    anatomy, program = case.anatomy, case.program
    waiting = [update.after]
    while waiting:
        step = program.step_of.get(waiting.pop())
        if step is None or step.operation not in LAST:
            continue
        waiting += [p for p in step.inputs if anatomy.error_masks[p] and p not in anatomy.stops]
        for position in step.inputs if step.operation == "multiply" else ():
            if anatomy.error_masks[position] or anatomy.masks[position]:
                continue
            if np.size(case.values[position]) == 1 and not is_share(case, position):
                yield program.recording.sites[step.number], number_at(case, position)


def is_share(case: Case, position: int) -> bool:
    """Whether a number is 1 over another one."""
    step = case.program.step_of.get(position)
    return step is not None and step.operation == "divide" and number_at(case, step.inputs[0]) == 1


def products_with_numbers(case: Case, update: Update) -> Iterator[tuple[Instruction, int]]:
    """The multiplications of errors by what no parameter goes into, on the way to an update, with that one's slot."""
    anatomy, program = case.anatomy, case.program
    behind = program.ancestors([update.after], anatomy.stops - {update.after})
    for step in program.steps:
        if step.output not in behind or step.operation != "multiply":
            continue
        for slot, (position, other) in enumerate((step.inputs, step.inputs[::-1])):
            if anatomy.error_masks[other] and not anatomy.masks[position]:
                yield step, slot


def number_at(case: Case, position: int) -> float:
    return float(np.reshape(case.values[position], -1)[0])
