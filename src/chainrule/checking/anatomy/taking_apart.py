"""Taking a recording apart: chains, then predictions, then updates, until they fit together."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import replace
from functools import cache, partial
from typing import TypeAlias

import numpy as np

from chainrule.checking.anatomy.parameters import LINKS, Chain, Links, Moved, find_chains
from chainrule.checking.anatomy.predictions import KINDS, Mix, find_mixes, unified
from chainrule.checking.anatomy.program import Program, Spot, calls_of
from chainrule.checking.anatomy.updates import Anatomy, find_updates, reach
from chainrule.recording.deadline import Deadline

# The errors that a recording may have: from the program, its masks and stops.
MixFinder: TypeAlias = Callable[[Program, Sequence[int], Collection[int]], list[Mix]]
ChainsAndMasks: TypeAlias = tuple[list[Chain], list[int]]
FEW = 3  # versions
MOST_ROUNDS = 12  # what fits together does so after a few
# Where predictions meet targets. Wider readings come last: lr + gradient mixes two things as well.
MEETINGS: tuple[MixFinder, ...] = tuple(partial(find_mixes, kinds=kinds) for kinds in KINDS)
BEYOND_DRAWN: tuple[MixFinder, ...] = tuple(
    partial(find_mixes, kinds=kinds, beyond_drawn=True) for kinds in KINDS
)


def take_apart(
    program: Program,
    finished: bool = True,
    finders: Sequence[MixFinder] = MEETINGS,
    banned: Collection[int] = (),
    kept: Collection[int] = (),
    deadline: Deadline | None = None,
    moved: Collection[Moved] = (),
) -> Anatomy:
    """The anatomy of a recording; with no updates where nothing is trained by an error, or not to be seen in time.

    `banned` roots are those of no parameters, `kept` ones of parameters even where no error goes into them; what is
    `moved` is changed by nothing that depends on it.
    """

    @cache  # each finder goes the same way at first
    def chains_without(banned: frozenset[int], no_links: frozenset[Spot]) -> ChainsAndMasks:
        return find_chains(program, banned, no_links, moved)

    # A false chain can hide all mixes, but seldom does: that is looked into last.
    for finder, patient in ((finder, patient) for patient in (False, True) for finder in finders):
        anatomy = settle(program, finished, chains_without, finder, banned, kept, patient, deadline)
        if anatomy.updates or (deadline is not None and deadline.over):
            break
    if not anatomy.updates and is_shared(program):
        told = by_all_calls(program)
        return take_apart(told, finished, finders, banned, kept, deadline, moved)
    made_of = program.ancestors(
        anatomy.mixes[number].prediction for update in anatomy.updates for number in update.mixes
    )
    anatomy.forward = {p for p in made_of if anatomy.masks[p] or p in anatomy.stops}
    return anatomy


def is_shared(program: Program) -> bool:
    """Whether helpers of helpers add for several callers: a class of matrices may sum by the lines that it updates by.

    Then neither can be told from the other where only the nearest call is looked at.
    """
    if program.all_calls:
        return False
    callers: dict[Spot, tuple[int, ...]] = {}
    return any(
        callers.setdefault(program.spot(step), calls) != calls
        for step in program.steps
        if step.operation in LINKS
        for calls in (calls_of(program.call(step)),)
    )


def by_all_calls(program: Program) -> Program:
    """The same program, with spots that are told apart by all calls around them."""
    told = copy(program)
    told.all_calls = True
    for known in ("spots", "made_at"):
        told.__dict__.pop(known, None)
    return told


def settle(
    program: Program,
    finished: bool,
    chains_without: Callable[[frozenset[int], frozenset[Spot]], ChainsAndMasks],
    finder: MixFinder,
    banned: Collection[int],
    kept: Collection[int],
    patient: bool,
    deadline: Deadline | None,
) -> Anatomy:
    """Chains, mixes and updates that fit together; `patient` where there are no mixes at first.

    A chain that no error goes into is no parameter: then everything is looked at again without it.
    """
    banned = set(banned)
    no_links: set[Spot] = set()
    following: set[int] = set()
    unfed: set[int] = set()  # roots that were banned as no error was seen to go into them
    found_again: set[int] = set()
    for _ in range(MOST_ROUNDS):
        chains, masks = chains_without(frozenset(banned), frozenset(no_links))
        ready = prepared(program, chains) - set(kept)
        if ready:
            banned |= ready
            chains, masks = chains_without(frozenset(banned), frozenset(no_links))
        stops = {position for chain in chains for position in chain.versions}
        anatomy = Anatomy(program, chains, masks, [], [], stops, [0] * program.size)
        idle: set[int] = set()
        begun: set[int] = set()
        mixes = unified(program, finder(program, masks, stops), stops)
        if mixes:
            updates, fed, errors, reached = find_updates(
                program, chains, mixes, stops, finished, kept
            )
            idle = {chain.root for chain, mask in zip(chains, fed, strict=True) if not mask}
            if updates:
                anatomy = Anatomy(program, chains, masks, mixes, updates, stops, errors)
                anatomy.reached = reached
            else:  # they may take errors up that belong to others: look again without them
                begun = begun_with_errors(program, chains, errors)
        elif not patient:
            return anatomy
        if not anatomy.updates and not idle:
            idle = {chain.root for chain in chains}  # something that is no parameter stands between
        # A false chain keeps errors from true ones; the short ones are the likeliest to be false.
        lengths = sorted({len(chain.versions) for chain in chains if chain.root in idle})
        limit = max(lengths[0], max(len(c.versions) for c in chains) // 2) if lengths else 0
        begun |= errors_themselves(anatomy)
        idle = {c.root for c in chains if c.root in idle and len(c.versions) <= limit}
        # x + f(x) with parameters in f keeps errors from these: they may be idle by that alone.
        idle = begun or made_of_parameters(anatomy, idle) or idle
        unfed |= idle
        idle |= memories(anatomy) | passing_values(anatomy)
        idle -= set(kept) | found_again
        # Between false chains errors are false, too: they tell nothing about sites.
        idle_sites = (
            set() if idle else sites_without_error(anatomy, idle, kept) | side_branches(anatomy)
        )
        if not idle and not idle_sites:
            hidden = fed_after_all(anatomy, unfed & banned - found_again)
            if not hidden:
                return anatomy
            found_again |= hidden
            banned -= hidden
            continue
        if deadline is not None and deadline.over:
            break
        # What goes on from a banned root and is idle again is idle all along: not version by version.
        again = [c for c in chains if c.root in idle & following]
        following |= {c.versions[1] for c in chains if c.root in idle}
        banned |= idle | {position for chain in again for position in chain.versions}
        no_links |= idle_sites
    return replace(anatomy, updates=[])


def prepared(program: Program, chains: Sequence[Chain]) -> set[int]:
    """Roots of data that was centred, t = t - mean(t): changed once, by itself alone, before anything is trained.

    Taken for a parameter, a target would hide the errors that are made with it.
    """
    starts = [chain.versions[1] for chain in chains if len(chain.versions) > FEW]
    found = set()
    for chain in chains:
        if len(chain.versions) != 2 or not starts or chain.versions[1] > min(starts):
            continue
        own = program.ancestors([chain.root])
        beside = program.ancestors(chain.steps[0].inputs) - own
        if beside.isdisjoint(program.given):
            found.add(chain.root)
    return found


def made_of_parameters(anatomy: Anatomy, idle: Collection[int]) -> set[int]:
    """Idle roots that a pass makes of parameters, and those that the same statements begin with in other passes."""
    program = anatomy.program
    made = {
        chain.root: program.spot(chain.steps[0])
        for chain in anatomy.chains
        if (maker := program.step_of.get(chain.root)) is not None
        and any(anatomy.masks[position] for position in maker.inputs)
    }
    spots = {spot for root, spot in made.items() if root in idle}
    return {root for root, spot in made.items() if spot in spots}


def fed_after_all(anatomy: Anatomy, roots: Collection[int]) -> set[int]:
    """Of banned roots those of parameters: predictions are made with them, and errors of these go into their updates.

    In a single pass true chains are as short as false ones, such as x - mean(x), which kept errors from them.
    """
    program, errors = anatomy.program, anatomy.error_masks
    found: set[int] = set()
    candidates = [
        Chain(root, [root]) for root in roots if not anatomy.masks[root] and not errors[root]
    ]
    if not candidates or not anatomy.updates:
        return found
    made_with = reach(program, anatomy.mixes, anatomy.stops, candidates)
    links = Links.of(program)
    for step in links.steps:
        for parent, others in links.parents[step.output]:
            if any(errors[other] & made_with.get(parent, 0) for other in others):
                found.add(parent)
    return found


def begun_with_errors(program: Program, chains: Sequence[Chain], errors: Sequence[int]) -> set[int]:
    """Roots that are made from an error: a gradient that flows on from layer to layer."""
    return {
        chain.root
        for chain in chains
        if (maker := program.step_of.get(chain.root)) is not None
        and (errors[chain.root] or any(errors[position] for position in maker.inputs))
    }


def sites_without_error(
    anatomy: Anatomy, idle: Collection[int], kept: Collection[int]
) -> set[Spot]:
    """Sites where something is added to a parameter that no error ever goes into: no update.

    Unless updates go on from there: w - rate * dw - decay * w.
    """
    program = anatomy.program
    found: set[Spot] = set()
    fed: set[Spot] = set()
    for chain in anatomy.chains:
        if chain.root in idle or chain.root in kept or not anatomy.updates:
            continue
        tainted = {
            step.output: step.inputs
            for step in chain.steps
            if any(anatomy.error_masks[p] for p in step.inputs if p not in anatomy.stops)
        }
        gone_on_from = {position for inputs in tainted.values() for position in inputs}
        for step in chain.steps:
            follows = step.output in tainted or step.output in gone_on_from
            (fed if follows else found).add(program.spot(step))
    return found - fed


def side_branches(anatomy: Anatomy) -> set[Spot]:
    """Sites that make something of parameters beside their next versions, which no prediction uses: d = da + slope.

    Taken for a version it would keep errors from all that is made of it. What nothing is made of is a lost update.
    """
    program, reached = anatomy.program, anatomy.reached
    read = {position for step in program.steps for position in step.inputs}
    aside: set[Spot] = set()
    ahead: set[Spot] = set()
    for chain in anatomy.chains if anatomy.updates else ():
        versions, parents = set(chain.versions), {}
        for step in chain.steps:
            made_of = (p for p, _ in Links.of(program).parents[step.output])
            parents[step.output] = next((p for p in made_of if p in versions), chain.root)
        children = Counter(parents.values())
        for step in chain.steps:
            alone = children[step.output] == 0 and children[parents[step.output]] > 1
            used = reached.get(step.output) or not alone or step.output not in read
            (ahead if used else aside).add(program.spot(step))
    return aside - ahead


def errors_themselves(anatomy: Anatomy) -> set[int]:
    """Roots of chains that begin with an error and take up no other, or serve no prediction: a gradient that is added up."""
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
        used = any(anatomy.reached.get(version) for version in chain.versions)
        # The first error of all, which such a chain begins with, is seen as none: it is made of parameters.
        made = any(anatomy.masks[position] for position in maker.inputs)
        if (begun and not fed & ~begun) or (not used and (begun or made)):
            found.add(chain.root)
    return found


def passing_values(anatomy: Anatomy) -> set[int]:
    """Roots that a pass makes of parameters, and not of errors, where no prediction uses what one statement makes of them.

    z = h @ w + b, and at the end of each pass z -= rate * d for b -= rate * d; or dc_next = dc + f for dc * f. A
    parameter in z's place would hide those that it is made of.
    """
    program, masks, errors = anatomy.program, anatomy.masks, anatomy.error_masks
    found: dict[Spot, list[int]] = {}
    lasting: set[Spot] = set()
    for chain in anatomy.chains if anatomy.updates else ():
        spot, maker = program.spot(chain.steps[0]), program.step_of.get(chain.root)
        passing = (
            maker is not None
            and any(masks[p] for p in maker.inputs)
            and not any(errors[p] for p in maker.inputs if p not in anatomy.stops)
            and not any(anatomy.reached.get(version) for version in chain.versions[1:])
        )
        if passing:
            found.setdefault(spot, []).append(chain.root)
        else:
            lasting.add(spot)
    return {
        root
        for spot, roots in found.items()
        for root in roots
        if spot not in lasting and len(roots) >= FEW
    }


def memories(anatomy: Anatomy) -> set[int]:
    """Roots of chains that an optimizer keeps, m += (1 - beta) (g - m): what adds them up is the parameter.

    Predictions are made with one version of a parameter, unless a state hands on what earlier ones made; and
    that has not the parameter's shape.
    """
    program, stops, found = anatomy.program, anatomy.stops, set()
    last: dict[int, int] = {}
    for update in anatomy.updates:
        last[update.chain] = max(last.get(update.chain, 0), *update.mixes)
    for number, mix in last.items():
        chain, prediction = anatomy.chains[number], anatomy.mixes[mix].prediction
        earlier = {position for position in chain.versions[1:] if position < prediction}
        if len(earlier) < FEW:
            continue
        behind = program.ancestors([prediction], stops)
        sums = sums_of(program, chain, behind - stops, stops) if earlier <= behind else set()
        # What serves predictions by itself, too, is a parameter that a running average is made of.
        if sums and earlier.isdisjoint(program.ancestors([prediction], stops | sums)):
            found.add(chain.root)
    return found


def sums_of(
    program: Program, chain: Chain, behind: Collection[int], stops: Collection[int]
) -> set[int]:
    """What a statement makes that adds what is made of a chain's versions to a value of their shape, again and again."""
    shape, versions = np.shape(program.recorded[chain.root]), set(chain.versions)
    added: dict[Spot, set[int]] = {}
    for position in behind:
        step = program.step_of.get(position)
        if (
            step is not None
            and step.operation in LINKS
            and np.shape(program.recorded[position]) == shape
        ):
            added.setdefault(program.spot(step), set()).add(position)
    # A number may have hundreds of such sums, as in a network of lists: each is not to be looked behind by itself.
    made = (
        made_of(program, versions, behind, stops)
        if max(map(len, added.values()), default=0) >= FEW
        else set()
    )
    return {
        position
        for sums in added.values()
        if sum(is_step_on(program, position, sums, made) for position in sums) >= FEW
        for position in sums
    }


def made_of(
    program: Program, versions: Collection[int], behind: Collection[int], stops: Collection[int]
) -> set[int]:
    """Of some values those that are made of any of a chain's versions, and of no other chain's in between."""
    made = set(versions)
    for position in sorted(behind):
        step = program.step_of.get(position)
        if position not in stops and step is not None and not made.isdisjoint(step.inputs):
            made.add(position)
    return made


def is_step_on(
    program: Program, position: int, sums: Collection[int], made: Collection[int]
) -> bool:
    """Whether a sum goes on from one at the same place by something that is `made` of some versions."""
    inputs = program.step_of[position].inputs
    others = [p for p in inputs if p not in sums]
    return len(others) < len(inputs) and any(p in made for p in others)
