"""Taking a recording apart: chains, then predictions, then updates, until they fit together."""

from collections.abc import Collection

from chainrule.checking.parameters import Spot, find_chains, spot
from chainrule.checking.predictions import KINDS, find_mixes
from chainrule.checking.program import Program
from chainrule.checking.updates import Anatomy, find_updates


def take_apart(program: Program, finished: bool = True) -> Anatomy:
    """The anatomy of a recording; with no updates where nothing is trained by an error.

    Wider readings of what a prediction and its target are come last: lr + gradient mixes two things as well.
    """
    # A false chain can hide all mixes, but seldom does: that is looked into last.
    for kinds, patient in ((kinds, patient) for patient in (False, True) for kinds in KINDS):
        anatomy = settle(program, finished, kinds, patient)
        if anatomy.updates:
            break
    made_of = program.ancestors(
        anatomy.mixes[number].prediction for update in anatomy.updates for number in update.mixes
    )
    anatomy.forward = {p for p in made_of if anatomy.masks[p] or p in anatomy.stops}
    return anatomy


def settle(program: Program, finished: bool, kinds: Collection[str], patient: bool) -> Anatomy:
    """Chains, mixes of some kinds and updates that fit together; `patient` where there are no mixes at first.

    A chain that no error goes into is no parameter: then everything is looked at again without it.
    """
    banned: set[int] = set()
    no_links: set[Spot] = set()
    while True:
        chains, masks = find_chains(program, banned, no_links)
        stops = {position for chain in chains for position in chain.versions}
        anatomy = Anatomy(program, chains, masks, [], [], stops, [0] * program.size)
        idle: set[int] = set()
        mixes = find_mixes(program, masks, stops, kinds)
        if mixes:
            updates, fed, errors, reached = find_updates(program, chains, mixes, stops, finished)
            idle = {chain.root for chain, mask in zip(chains, fed, strict=True) if not mask}
            if updates:
                anatomy = Anatomy(program, chains, masks, mixes, updates, stops, errors)
                anatomy.reached = reached
        elif not patient:
            return anatomy
        if not anatomy.updates and not idle:
            idle = {chain.root for chain in chains}  # something that is no parameter stands between
        # A false chain keeps errors from true ones; the short ones are the likeliest to be false.
        lengths = sorted({len(chain.versions) for chain in chains if chain.root in idle})
        limit = max(lengths[0], max(len(c.versions) for c in chains) // 2) if lengths else 0
        idle = {c.root for c in chains if c.root in idle and len(c.versions) <= limit}
        idle |= errors_themselves(anatomy)
        idle_sites = sites_without_error(anatomy, idle)
        if not idle and not idle_sites:
            return anatomy
        banned |= idle
        no_links |= idle_sites


def sites_without_error(anatomy: Anatomy, idle: Collection[int]) -> set[Spot]:
    """Sites where something is added to a parameter that no error ever goes into: no update.

    Unless updates go on from there: w - rate * dw - decay * w.
    """
    program = anatomy.program
    found: set[Spot] = set()
    fed: set[Spot] = set()
    for chain in anatomy.chains:
        if chain.root in idle or not anatomy.updates:
            continue
        tainted = [
            step
            for step in chain.steps
            if any(anatomy.error_masks[p] for p in step.inputs if p not in anatomy.stops)
        ]
        gone_on_from = {position for step in tainted for position in step.inputs}
        for step in chain.steps:
            follows = step in tainted or step.output in gone_on_from
            (fed if follows else found).add(spot(program, step))
    return found - fed


def errors_themselves(anatomy: Anatomy) -> set[int]:
    """Roots of chains that begin with an error and take up no other: a gradient that is added up."""
    found = set()
    program, masks = anatomy.program, anatomy.error_masks
    for chain in anatomy.chains if anatomy.updates else ():
        maker = program.step_of.get(chain.root)
        if maker is None:
            continue
        begun, fed = 0, 0
        for position in maker.inputs:
            begun |= masks[position]
        for step in chain.steps:
            for position in step.inputs:
                fed |= 0 if position in anatomy.stops else masks[position]
        if begun and not fed & ~begun:
            found.add(chain.root)
    return found
