"""Parameters that are made anew for every pass: what updates them is lost with the old ones.

    for epoch in range(epochs):
        b1 = np.zeros(10)      # belongs before the loop
        ...
        b1 -= rate * db1       # is read by nothing

A program may do so on purpose with all of its parameters, to compare what one step does; not with some of
them while others go on.
"""

from collections.abc import Sequence

import numpy as np

from chainrule.checking.anatomy.parameters import Chain, spread
from chainrule.checking.finding.frozen import (
    STARTS,
    TURNS,
    Frozen,
    birthplace,
    name_of,
    slope_in_turns,
)
from chainrule.checking.finding.starting_values import source_of
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.recording.execution import Run
from chainrule.recording.rewriting import Site


def find_made_anew(case: Case, fit: Fit, run: Run) -> list[Frozen]:
    """Where some parameters last, those that start again in every pass, with their gradients in the first."""
    program, anatomy = case.program, case.anatomy
    groups: dict[Site, list[Chain]] = {}
    lasting = 0  # the predictions of parameters that go on
    for chain in anatomy.chains:
        used = [p for p in chain.versions if anatomy.reached.get(p)]
        born = birthplace(program, chain.root, run)
        if len(used) > TURNS:
            for position in used:
                lasting |= anatomy.reached[position]
        if used == [chain.root] and born is not None and source_of(program, chain.root) in STARTS:
            groups.setdefault(born, []).append(chain)
    # One for each of several passes, beside those that go on: the layers of one model serve one pass together.
    groups = {
        born: chains
        for born, chains in groups.items()
        if len({anatomy.reached[chain.root] for chain in chains}) >= TURNS
        and all(anatomy.reached[chain.root] & lasting for chain in chains)
    }
    if not groups or is_read_again(case, [chain for chains in groups.values() for chain in chains]):
        return []
    found = []
    for born, chains in groups.items():
        turns: dict[int, set[int]] = {}
        for update in anatomy.updates:
            numbers = {n for n in update.mixes if anatomy.reached[chains[0].root] >> n & 1}
            if numbers:
                turns.setdefault(update.turn, set()).update(numbers)
        gradient = slope_in_turns(case, fit, chains[0].root, turns) if turns else None
        if gradient is None:
            continue
        name = name_of(program, chains[0].root, run)
        for chain in chains:
            start = case.values[chain.root]
            found.append(
                Frozen(
                    chain.root, name, False, np.shape(start), gradient, born, None, start, anew=True
                )
            )  # fmt: skip
    return found


def is_read_again(case: Case, chains: Sequence[Chain]) -> bool:
    """Whether a prediction or another parameter is made with what an update left."""
    program, anatomy = case.program, case.anatomy
    marked = [0] * program.size
    for chain in chains:
        for position in chain.versions[1:]:
            marked[position] = 1
    reached = spread(program, marked, {p for chain in chains for p in chain.versions})
    own = {p for chain in chains for p in chain.versions[1:]}
    if own & program.ancestors((chain.root for chain in chains), own):
        return True  # as one that shrinks on its way into the next pass
    return any(reached[mix.prediction] for mix in anatomy.mixes) or any(
        reached[position] for position in anatomy.stops - own
    )
