"""Rates of parameters' own, which have names and stand in velocities or follow a plan: w by rate, b by bias_rate."""

import numpy as np

from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.rates import numerators

CLOSE = 1e-6
MOST_ASKED = 8  # updates of a parameter


def has_rate_of_its_own(case: Case, fit: Fit, number: int) -> bool:
    """Whether a parameter's updates are as long as a named number asks, which stands where others have another one.

    A divisor is none: of a mean that others lack nobody would say that it is a rate.
    """
    wanted = fit.ratio.get(number)
    others = [update for update in case.anatomy.updates if update.chain in fit.good]
    own = [update for update in case.anatomy.updates if update.chain == number][:MOST_ASKED]
    if not wanted or not others:
        return False
    for update in own:
        beside = min(others, key=lambda one: abs(one.after - update.after))
        here, there = (named_factors_of(case, one) for one in (update, beside))
        if any(
            abs(here[a] / there[b] - wanted) <= CLOSE * abs(wanted)
            for a in here.keys() - there.keys()
            for b in there.keys() - here.keys()
            if there[b]
        ):
            return True
    return False


def named_factors_of(case: Case, update: Update) -> dict[str, float]:
    """Single numbers with a name that errors are multiplied by on the way to an update, not in its forward pass."""
    anatomy, program = case.anatomy, case.program
    behind = program.ancestors([update.after], anatomy.stops - {update.after})
    found: dict[str, float] = {}
    for step in program.steps:
        if step.output not in behind or step.operation != "multiply":
            continue
        for position, other in (step.inputs, step.inputs[::-1]):
            given = {position, *numerators(program, position)}
            for factor in given if anatomy.error_masks[other] else ():
                name, value = program.name(factor), case.values[factor]
                if name and np.size(value) == 1 and not anatomy.masks[factor]:
                    found[name] = float(np.reshape(value, -1)[0])
    return found
