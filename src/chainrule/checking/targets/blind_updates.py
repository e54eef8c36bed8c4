"""Updates that no error reaches: b -= rate * z, where b goes into the predictions as a parameter does.

Without an error they are no updates to begin with. But a value that predictions are made with, and that is
changed in each turn by a step made of what that turn's prediction was made of, is meant to be a parameter.
A state is made of the next inputs; averages and targets of other networks go into no prediction.
"""

from bisect import bisect
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS, Chain, bits, moved_by_others
from chainrule.checking.anatomy.program import Instruction, Program, Spot
from chainrule.checking.anatomy.samples import MOVERS
from chainrule.checking.anatomy.taking_apart import MEETINGS, take_apart
from chainrule.checking.finding.frozen import STARTS
from chainrule.checking.finding.left_random import without_moves
from chainrule.checking.finding.starting_values import SUMS, source_of
from chainrule.checking.fitting.case import Case, fit_anatomy
from chainrule.checking.targets.error_places import lasting_chains

CHANGING = {"add", "subtract", "multiply", "divide"}
MEETING = SUMS | PRODUCTS
WRITTEN = {"literal", "ones"}
REACHING = 0.8  # of a chain's versions: so many must go into predictions


def with_blind_updates(case: Case, finished: bool, right: bool) -> Case | None:
    """The case with such values among its parameters; None where there are none. Looked for once.

    Where all others are `right`, also what was drawn and is changed by itself alone, or by zeros.
    """
    key = finished, right
    if key not in case.blind:
        case.blind[key] = look_for_blind_updates(case, finished, right)
    return case.blind[key]


def look_for_blind_updates(case: Case, finished: bool, right: bool) -> Case | None:
    program, known = case.program, case.anatomy.stops
    moved = moved_by_others(program, known, case.anatomy.masks)
    chains, masks, _ = lasting_chains(program, moved)
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
    trained = {program.spot(step) for chain in case.anatomy.chains for step in chain.steps}
    blind = {
        c.root
        for c in others
        if is_blindly_updated(case, c, targets, stops, root_of, right)
        or (right and is_moved_by_nothing(case, c, trained))
    }
    if not blind:
        return None
    judged = fit_anatomy(take_apart(program, finished, kept=blind, moved=moved))
    return judged if judged.fits and judged.unknown_function is None else None


def is_moved_by_nothing(case: Case, chain: Chain, trained: Collection[Spot]) -> bool:
    """Whether the statements that train others add 0 to a value, every time: an error never came there."""
    values, steps = case.values, chain.steps
    pairs = zip(chain.versions, chain.versions[1:], strict=False)
    return all(case.program.spot(step) in trained for step in steps) and all(
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
    told = [
        (version, step, between)
        for version, step in zip(chain.versions, chain.steps, strict=False)
        if (between := predictions[bisect(predictions, version) : bisect(predictions, step.output)])
    ]
    missed = 0
    for version, step, between in told:
        if len(told) - missed < REACHING * len(told):
            return False
        behind = program.ancestors(between, stops)
        made_of = program.ancestors(step.inputs, stops) & sources - {version}
        others = {p for p in made_of if p in stops or is_data(program, p)}
        if version not in behind or not (others or drawn):
            missed += 1
            continue
        known = behind | program.ancestors(set().union(*(targets[p] for p in between)))
        left = others - known
        if left:
            allowed = {identity(program, root_of, p) for p in known}
            read = entries_read(program, behind)
            missed += not all(
                identity(program, root_of, p) in allowed or is_made_of(program, p, read)
                for p in left
            )
    return len(told) > 1 and len(told) - missed >= REACHING * len(told)


def identity(program: Program, root_of: Mapping[int, int], position: int) -> int | bytes:
    """What two values have in common that are one: the first version, or the numbers of a list read twice."""
    given = program.given.get(position)
    if position in root_of or given is None:
        return root_of.get(position, position)
    return np.asarray(given, dtype=float).tobytes()


def entries_read(program: Program, behind: Collection[int]) -> set[int]:
    """The whole numbers by which entries are read on the way to predictions: U[:, words[t]] is made of words[t]."""
    found: set[int] = set()
    for position in behind:
        step = program.step_of.get(position)
        if step is not None and step.operation == "gather":
            indices = step.parameters["indices"]
            for part in indices if isinstance(indices, tuple) else (indices,):
                numbers = np.asarray(0.5 if isinstance(part, slice) else part)
                if numbers.dtype.kind in "iu":
                    found |= set(np.ravel(numbers).tolist())
    return found


def is_made_of(program: Program, position: int, numbers: Collection[int]) -> bool:
    given = program.given.get(position)
    return given is not None and set(np.ravel(np.asarray(given)).tolist()) <= set(numbers)


def is_data(program: Program, position: int) -> bool:
    """Whether a given value is several numbers: one is a rate, zeros begin a sum, ones may stand for an error."""
    value = program.given[position]
    constant = program.origin(position) == "ones"
    return np.size(value) > 1 and bool(np.any(value)) and not constant


def is_changed_alone(case: Case, idly: bool) -> bool:
    """Whether a value that predictions are made with, as with a parameter, goes on changed by no error.

    By a rate alone, by decay, by other random numbers: w -= rate. Or `idly`, by 0. What a parameter is applied to
    directly is data, and what changes with data or trained parameters is a state.
    """
    program, anatomy = case.program, case.anatomy
    predictions = (anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes)
    forward = program.ancestors(predictions, anatomy.stops)
    joined = {
        p
        for step in program.steps
        if step.operation in SUMS and step.output in forward and anatomy.masks[step.output]
        for p in step.inputs
    }
    seen: dict[int, int] = {}
    places = cache(partial(places_of, case, forward))
    for step in program.steps:
        if step.operation not in CHANGING or step.output not in forward or step.output in seen:
            continue
        for before in step.inputs:
            goes_on = before in forward and not {before, step.output} & anatomy.stops
            old, new = case.values[before], case.values[step.output]
            if not goes_on or np.shape(old) != np.shape(new) or np.array_equal(old, new) != idly:
                continue
            first, second = places(before), places(step.output)
            # Both meet, at one place, what is no parameter.
            serve_alike = bool(first & second) and None not in first | second
            if serve_alike and is_made_alone(case, step, step.output in joined):
                seen[step.output] = seen.get(before, 0) + 1
    return any(times > 1 for times in seen.values())


def is_drawn_alone(case: Case) -> bool:
    """Whether in some turns a parameter is changed by itself and numbers alone: w -= rate * 2 * strength * w.

    As of a loss that is flat for some samples, which this is no part of: what it is in others proves little.
    """
    program, anatomy = case.program, case.anatomy
    given = set(program.given)
    for before, step in changes_without_update(case):
        made_of = program.ancestors(step.inputs, anatomy.stops)
        drawn = program.ancestors((p for p in step.inputs if p != before), anatomy.stops)
        if before not in drawn and step.operation not in PRODUCTS:
            continue  # a gradient at the bound that it is clipped to
        others = (p for p in made_of if p != before)  # each set is large, and there are many steps
        if not any(
            p in anatomy.stops or (p in given and not is_written(program, p)) for p in others
        ):
            return True
    return False


def changed_without_error(case: Case) -> int | None:
    """The chain of a parameter that some turns change by what no error goes into, though others have errors for it.

    As where a value that is another parameter's stands in the error's place.
    """
    program, anatomy = case.program, case.anatomy
    number_of = {
        position: number
        for number, chain in enumerate(anatomy.chains)
        for position in chain.versions
    }
    for before, step in changes_without_update(case):
        sources = program.ancestors((p for p in step.inputs if p != before), anatomy.stops)
        errors = (anatomy.error_masks[p] for p in step.inputs if p not in anatomy.stops)
        if before not in sources and sources & anatomy.stops and not any(errors):
            return number_of[before]
    return None


def changes_without_update(case: Case) -> Iterator[tuple[int, Instruction]]:
    """Steps that change parameters between predictions and belong to no update, each with what it changes."""
    program, anatomy, values = case.program, case.anatomy, case.values
    moved = {update.after for update in anatomy.updates}
    spans: dict[int, list[list[Instruction]]] = {}
    for update in anatomy.updates:
        chain = anatomy.chains[update.chain]
        first, last = chain.versions.index(update.before), chain.versions.index(update.after)
        spans.setdefault(update.chain, []).append(chain.steps[first:last])
    for own in spans.values():
        # Of several steps one may be a decay of its own, if all updates go by the same ones.
        if len({tuple(program.spot(step) for step in steps) for steps in own}) == 1:
            moved |= {step.output for steps in own for step in steps}
    for chain in anatomy.chains:
        used = [k for k, version in enumerate(chain.versions) if anatomy.reached.get(version)]
        # Of the last pass it may not have been seen how it ends.
        for before, after in pairwise(chain.versions[: max(used, default=0) + 1]):
            if after not in moved and not np.array_equal(values[before], values[after]):
                yield before, program.step_of[after]


def places_of(case: Case, forward: Collection[int], position: int) -> set[Spot | None]:
    """Where a value, moved perhaps, meets others on the way to predictions; None where it meets a parameter."""
    program, found = case.program, set[Spot | None]()
    for step in program.consumers.get(position, ()):
        if step.output not in forward:
            continue
        if step.operation in MOVERS:
            found |= places_of(case, forward, step.output)
        elif step.operation in MEETING:
            others = {without_moves(program, p)[0] for p in step.inputs if p != position}
            found.add(None if others & case.anatomy.stops else program.spot(step))
    return found


def is_made_alone(case: Case, step: Instruction, joined: bool) -> bool:
    """Whether a value is made of random numbers or zeros, and of numbers of the source; arrays also of what a loop counts.

    What is `joined` to what parameters have made may begin with a 0 of the source, as a bias does.
    """
    program = case.program
    if case.anatomy.masks[step.output]:
        return False
    given = program.ancestors([step.output], case.anatomy.stops) & set(program.given)
    starts = {
        p for p in given if program.origin(p) in STARTS or (joined and is_nothing(program, p))
    }
    several = np.size(case.values[step.output]) > 1
    return bool(starts) and all(
        is_written(program, p) or (several and is_whole(program, p)) for p in given - starts
    )


def is_nothing(program: Program, position: int) -> bool:
    """Whether a given number is a 0 of the source."""
    value = program.given[position]
    return program.origin(position) == "literal" and np.size(value) == 1 and not np.any(value)


def is_whole(program: Program, position: int) -> bool:
    value = program.given[position]
    return np.size(value) == 1 and float(np.ravel(value)[0]).is_integer()


def is_written(program: Program, position: int) -> bool:
    """Whether a given number stands in the source, or is the same whenever its line is reached."""
    if program.origin(position) in WRITTEN:
        return True
    born = program.recording.birthplaces.get(position)
    return np.size(program.given[position]) == 1 and born in steady_births(program)


@lru_cache(maxsize=4)
def steady_births(program: Program) -> set[int | None]:
    """The places at which given numbers are the same whenever these are reached."""
    first: dict[int | None, Any] = {}
    changing = set()
    for position, value in program.given.items():
        born = program.recording.birthplaces.get(position)
        if not np.array_equal(first.setdefault(born, value), value):
            changing.add(born)
    return first.keys() - changing


def wastes_errors(case: Case) -> bool:
    """Whether most errors that go back through a parameter reach no update: of each batch the last sample's does."""
    program, anatomy = case.program, case.anatomy
    sent_back = 0
    for step in program.steps:
        if step.operation in PRODUCTS and anatomy.error_masks[step.output]:
            for position in step.inputs:
                others = {without_moves(program, p)[0] for p in step.inputs if p != position}
                if others & anatomy.stops and position not in anatomy.stops:
                    sent_back |= anatomy.error_masks[position]
    used = {number for update in anatomy.updates for number in update.mixes}
    own = 0  # other models of the program have errors of theirs
    for number in {update.chain for update in anatomy.updates}:
        for version in anatomy.chains[number].versions:
            own |= anatomy.reached.get(version, 0)
    wasted = set(bits(sent_back & own)) - used
    return len(wasted) > len(used)
