"""Updates that no error reaches: b -= rate * z, where b goes into the predictions as a parameter does.

Without an error they are no updates to begin with. But a value that predictions are made with, and that is
changed in each turn by a step made of what that turn's prediction was made of, is meant to be a parameter.
A state is made of the next inputs; averages and targets of other networks go into no prediction.
"""

from bisect import bisect
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import Chain, Spot, spot
from chainrule.checking.anatomy.taking_apart import MEETINGS, take_apart
from chainrule.checking.finding.frozen import source_of
from chainrule.checking.fitting.case import Case, fit_anatomy
from chainrule.checking.targets.error_places import lasting_chains

REACHING = 0.8  # of a chain's versions: so many must go into predictions


def with_blind_updates(case: Case, finished: bool, right: bool) -> Case | None:
    """The case with such values among its parameters; None where there are none.

    Where all others are `right`, also what was drawn and is changed by itself alone, or by zeros.
    """
    program, known = case.program, case.anatomy.stops
    chains, masks, _ = lasting_chains(program)
    others = [chain for chain in chains if not known & set(chain.versions)]
    if not others:
        return None
    stops = known | {position for chain in chains for position in chain.versions}
    mixes = next((found for find in MEETINGS if (found := find(program, masks, stops))), [])
    targets: dict[int, set[int]] = {}
    for mix in mixes:
        targets.setdefault(mix.prediction, set()).add(mix.target)
    predicting = program.ancestors(targets, stops)
    every = [*chains, *case.anatomy.chains]
    memories = [chain for chain in every if predicting.isdisjoint(chain.versions)]
    stops -= {position for chain in memories for position in chain.versions}
    root_of = {position: chain.root for chain in chains for position in chain.versions}
    trained = {spot(program, step) for chain in case.anatomy.chains for step in chain.steps}
    blind = {
        c.root
        for c in others
        if is_blindly_updated(case, c, targets, stops, root_of, right)
        or (right and is_moved_by_nothing(case, c, trained))
    }
    if not blind:
        return None
    judged = fit_anatomy(take_apart(program, finished, kept=blind))
    return judged if judged.fits and judged.unknown_function is None else None


def is_moved_by_nothing(case: Case, chain: Chain, trained: Collection[Spot]) -> bool:
    """Whether the statements that train others add 0 to a value, every time: an error never came there."""
    values, steps = case.values, chain.steps
    pairs = zip(chain.versions, chain.versions[1:], strict=False)
    return all(spot(case.program, step) in trained for step in steps) and all(
        np.array_equal(values[before], values[after]) for before, after in pairs
    )


def is_blindly_updated(
    case: Case,
    chain: Chain,
    targets: Mapping[int, set[int]],
    stops: set[int],
    root_of: Mapping[int, int],
    right: bool,
) -> bool:
    """Whether nearly all versions go into predictions and are changed after these by what these are made of.

    Or by their targets, too: p + t for p - t. `root_of` has for each version the first one: memories, such as
    Adam's, are made of earlier ones, and of zeros.
    """
    program = case.program
    predictions = sorted(targets)
    sources = stops | set(program.given)
    drawn = right and source_of(program, chain.root) == "random"
    reached, told = 0, 0
    for version, step in zip(chain.versions, chain.steps, strict=False):
        between = predictions[bisect(predictions, version) : bisect(predictions, step.output)]
        if not between:
            continue
        told += 1
        behind = program.ancestors(between, stops)
        made_of = program.ancestors(step.inputs, stops) & sources - {version}
        others = {p for p in made_of if p in stops or is_data(case.values[p])}
        known = behind | program.ancestors(set().union(*(targets[p] for p in between)))
        made, allowed = ({root_of.get(p, p) for p in these} for these in (others, known))
        reached += bool(version in behind and (others or drawn) and made <= allowed)
    return told > 1 and reached >= REACHING * told


def is_data(value: Any) -> bool:
    """Whether a value is several numbers, not all 0: one number is a rate, zeros begin a sum."""
    return np.size(value) > 1 and bool(np.any(value))
