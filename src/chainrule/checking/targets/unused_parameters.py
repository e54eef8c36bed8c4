"""Parameters that errors update and that no prediction is made with: z = x @ w, and b -= rate * db all the same.

Their gradients are 0, so these updates follow none; but a program may have such a sum for a purpose of its own.
"""

from bisect import bisect
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chainrule.checking.anatomy.parameters import LINKS, PRODUCTS, Chain
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.finding.frozen import STARTS
from chainrule.checking.finding.starting_values import source_of
from chainrule.checking.fitting.case import Case

FEWEST = 3  # updates
SCALING = {"multiply", "divide", "reshape"}
COMMON = {0.0, 1.0, -1.0, 2.0}  # numbers that any formula may have


def find_unused(case: Case) -> str | None:
    """The name of the first value that begins as parameters do, goes by their rate down an error, and serves nothing."""
    program, anatomy = case.program, case.anatomy
    rates = numbers_behind(case, [update.after for update in anatomy.updates]) - COMMON
    ends = [u.after for u in anatomy.updates]
    ends += [mix.output for mix in anatomy.mixes]
    serving = program.ancestors(ends)
    updated = sorted(update.after for update in anatomy.updates)
    for root in program.given:
        if root in anatomy.stops or not np.shape(program.given[root]):
            continue
        chain = chain_from(case, root)
        if (
            len(chain.steps) >= FEWEST
            and source_of(program, root) in STARTS
            and not anatomy.masks[chain.root]
            and serving.isdisjoint(chain.versions)
            and goes_on(chain.steps, updated)
            and all(goes_by_rate(case, chain, k, rates) for k in range(len(chain.steps)))
        ):
            return chain.name(program) or "a parameter"
    return None


def find_unfollowed(case: Case) -> tuple[str, Instruction] | None:
    """The first such value that multiplies others in each pass, and that step: how predictions come of it was not followed."""
    program, anatomy = case.program, case.anatomy
    errors = anatomy.error_masks
    serving = program.ancestors(
        [*(update.after for update in anatomy.updates), *(mix.output for mix in anatomy.mixes)]
    )
    updated = sorted(update.after for update in anatomy.updates)
    for root in program.given:
        if root in anatomy.stops or source_of(program, root) not in STARTS:
            continue
        chain = chain_from(case, root, alone=False)
        steps = chain.steps[:-1]  # of the last pass not all updates need be known
        if len(steps) < FEWEST or anatomy.masks[chain.root] or not goes_on(steps, updated):
            continue
        uses = [
            step
            for version in chain.versions
            for step in program.consumers.get(version, ())
            if step.operation in PRODUCTS
            and not any(errors[p] for p in step.inputs if p != version)
        ]
        if len(uses) >= FEWEST and serving.isdisjoint(chain.versions):
            return chain.name(program) or "a parameter", uses[0]
    return None


def goes_on(steps: Sequence[Instruction], updated: Sequence[int]) -> bool:
    """Whether other parameters are updated between all of a sum's steps: else it is a sum within one pass, perhaps the last."""
    return all(
        bisect(updated, after) > bisect(updated, before)
        for before, after in pairwise(step.output for step in steps)
    )


def chain_from(case: Case, root: int, alone: bool = True) -> Chain:
    """What becomes of a value by the sums that go on from it; `alone`, where nothing else reads it."""
    errors = case.anatomy.error_masks
    chain = Chain(root, [root])
    while True:  # drawn numbers may be made smaller first
        users = case.program.consumers.get(chain.root, ())
        if len(users) != 1 or users[0].operation not in SCALING:
            break
        chain = Chain(users[0].output, [users[0].output])
    while True:
        users = case.program.consumers.get(chain.versions[-1], ())
        moving = [s for s in users if s.operation in LINKS and (alone or errors[s.output])]
        if len(moving) != 1 or (alone and len(users) != 1):
            return chain
        chain.steps.append(moving[0])
        chain.versions.append(moving[0].output)


def goes_by_rate(case: Case, chain: Chain, number: int, rates: set[float]) -> bool:
    """Whether a step adds an error times one of the rates."""
    anatomy = case.anatomy
    step, before = chain.steps[number], chain.versions[number]
    others = [p for p in step.inputs if p != before]
    if not any(anatomy.error_masks[p] for p in others):
        return False
    return not rates.isdisjoint(numbers_behind(case, others))


def numbers_behind(case: Case, positions: Sequence[int]) -> set[float]:
    """The single numbers of the source that something is multiplied by on the way to some values, within their pass."""
    program = case.program
    behind = program.ancestors(positions, case.anatomy.stops - set(positions))
    products = (program.step_of[p] for p in behind if p in program.step_of)
    factors = (p for step in products if step.operation == "multiply" for p in step.inputs)
    given = (program.given[p] for p in factors if p in program.given)
    return {float(np.ravel(number)[0]) for number in given if np.size(number) == 1}
