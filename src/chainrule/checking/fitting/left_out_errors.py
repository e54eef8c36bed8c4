"""Errors that no update hears of, though the loss that a program computes counts them: the last step of each sequence, say.

for t in range(T): loss += (y[t] - d[t]) ** 2        for t in range(T - 2, -1, -1): e = y[t] - d[t] ...
"""

from bisect import bisect_left

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.own_losses import own_losses

FEWEST_PASSES = 2


def loss_of_more_errors(case: Case) -> Instruction | None:
    """What first computes a loss of predictions of a pass of which some, the same in every pass, move nothing."""
    anatomy, program = case.anatomy, case.program
    used = {number for update in anatomy.updates for number in update.mixes}
    if len(used) == len(anatomy.mixes):
        return None
    ends = sorted({update.after for update in anatomy.updates})
    passes: dict[tuple[int, int], list[int]] = {}
    for number, mix in enumerate(anatomy.mixes):
        place = program.recording.sites[mix.step.number], bisect_left(ends, mix.output)
        passes.setdefault(place, []).append(number)
    told = [
        numbers
        for (_, end), numbers in passes.items()
        if end < len(ends) and not used.isdisjoint(numbers)
    ]
    left = {tuple(k for k, number in enumerate(one) if number not in used) for one in told}
    if len(told) < FEWEST_PASSES or len(left) > 1 or () in left:
        return None  # all are used, or not the same ones in every pass
    predictions = {anatomy.mixes[n].prediction for n in told[0]}
    for steps in own_losses(case, predictions).values():
        for step in steps:
            behind = program.ancestors([step.output], anatomy.stops)
            if predictions <= behind:
                return step
    return None
