"""When updates that no repair explains are wrong all the same, and when nothing can be said.

A parameter is wrong beyond doubt where others follow the loss exactly, while its own update, though a
linear map of this pass's errors and of nothing else, points elsewhere. What has a penalty, a memory or
another loss in it is not such a map, and proves nothing.
"""

import numpy as np

from chainrule.checking.checking import Case
from chainrule.checking.fitting import CLEAR, Fit, norm
from chainrule.checking.predictions import Mix
from chainrule.checking.updates import Update, steps_taken

POINTS_ELSEWHERE = 1 - 1e-9  # a cosine below it; at 1 only the length is off, which a rate may explain


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


def used_mixes(case: Case) -> list[Mix]:
    anatomy = case.anatomy
    return [anatomy.mixes[n] for n in sorted({n for update in anatomy.updates for n in update.mixes})]


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
    anatomy, program = case.anatomy, case.program
    chain = anatomy.chains[update.chain]
    moving = set(chain.versions[chain.versions.index(update.before) + 1 :])
    fixed = anatomy.stops - moving
    outputs = {anatomy.mixes[number].output for number in update.mixes}
    reach = program.ancestors([update.after], fixed | outputs)
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    values = case.worlds[-1]
    doubled = {p: 2 * np.asarray(values[p], dtype=float) for p in outputs if values[p] is not None}
    new = program.rerun(values, {}, cone, fixed, doubled)
    (before,) = steps_taken([update], values)
    after = np.asarray(new.get(update.after, values[update.after]), dtype=float) - np.asarray(
        values[update.before], dtype=float
    )
    return norm(after - 2 * before) <= CLEAR * norm(before)

