"""Taking a recording apart: chains, then predictions, then updates, until they fit together."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias

from chainrule.checking.parameters import Spot, find_chains, spot
from chainrule.checking.predictions import KINDS, Mix, find_mixes
from chainrule.checking.program import Program
from chainrule.checking.updates import Anatomy, find_updates

# The errors that a recording may have: from the program, its masks and stops, the likeliest first.
MixFinder: TypeAlias = Callable[[Program, Sequence[int], Collection[int]], Iterator[list[Mix]]]


def meetings(program: Program, masks: Sequence[int], stops: Collection[int]) -> Iterator[list[Mix]]:
    """Where predictions meet targets, by one kind of operation after another."""
    for kinds in KINDS:
        yield find_mixes(program, masks, stops, kinds)


def take_apart(
    program: Program,
    finished: bool = True,
    finder: MixFinder = meetings,
    banned: Collection[int] = (),
    kept: Collection[int] = (),
) -> Anatomy:
    """The anatomy of a recording; with no updates where nothing is trained by an error.

    A chain that no error goes into is no parameter: then everything is looked at again without it, as
    without the `banned` roots. Chains of the `kept` roots are parameters nevertheless.
    """
    banned = set(banned)
    no_links: set[Spot] = set()
    following: set[int] = set()
    while True:
        chains, masks = find_chains(program, banned, no_links)
        stops = {position for chain in chains for position in chain.versions}
        anatomy = Anatomy(program, chains, masks, [], [], stops, [0] * program.size)
        idle: set[int] = set()
        for mixes in finder(program, masks, stops):
            if not mixes:
                continue
            updates, fed, errors, reached = find_updates(
                program, chains, mixes, stops, finished, kept
            )
            idle = {chain.root for chain, mask in zip(chains, fed, strict=True) if not mask}
            if updates:
                anatomy = Anatomy(program, chains, masks, mixes, updates, stops, errors)
                anatomy.reached = reached
                break
        if not anatomy.updates and not idle:
            idle = {chain.root for chain in chains}  # something that is no parameter stands between
        # A false chain keeps errors from true ones; the short ones are the likeliest to be false.
        lengths = sorted({len(chain.versions) for chain in chains if chain.root in idle})
        limit = max(lengths[0], max(len(c.versions) for c in chains) // 2) if lengths else 0
        idle = {c.root for c in chains if c.root in idle and len(c.versions) <= limit}
        idle |= errors_themselves(anatomy)
        idle -= set(kept)
        idle_sites = sites_without_error(anatomy, idle, kept)
        if not idle and not idle_sites:
            break
        # What goes on from a banned root and is idle again is idle all along: not version by version.
        again = [c for c in chains if c.root in idle & following]
        following |= {c.versions[1] for c in chains if c.root in idle}
        banned |= idle | {position for chain in again for position in chain.versions}
        no_links |= idle_sites
    made_of = program.ancestors(
        anatomy.mixes[number].prediction for update in anatomy.updates for number in update.mixes
    )
    anatomy.forward = {p for p in made_of if anatomy.masks[p] or p in anatomy.stops}
    return anatomy


def sites_without_error(
    anatomy: Anatomy, idle: Collection[int], kept: Collection[int]
) -> set[Spot]:
    """Sites where something is added to a parameter that no error ever goes into: no update."""
    program = anatomy.program
    found: set[Spot] = set()
    fed: set[Spot] = set()
    for chain in anatomy.chains:
        if chain.root in idle or chain.root in kept or not anatomy.updates:
            continue
        for step in chain.steps:
            site = spot(program, step)
            tainted = any(
                anatomy.error_masks[position]
                for position in step.inputs
                if position not in anatomy.stops
            )
            (fed if tainted else found).add(site)
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
