"""Updates beside gradients: what a program did to each parameter, and what the loss says it should.

For a chain V0, V1 ... those versions count that predictions were made with. Between two of them lies one
update u = V' - V, made with the help of some errors, and the gradient g is that of the losses of exactly
these errors with respect to V.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, takewhile
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.logits import lost_logit
from chainrule.checking.anatomy.losses import OWN, SEEDS
from chainrule.checking.anatomy.parameters import Chain, bits, origins, spread
from chainrule.checking.anatomy.predictions import Mix
from chainrule.checking.anatomy.program import Gradients, Program, Spot, Values, calls_of
from chainrule.rules.linear import sum_to

MOST_KEPT = 60_000_000  # bytes of gradients that may be asked for again


@final
@dataclass
class Update:
    """One update of one chain: from `before` to `after`, with the numbers of its errors (mixes).

    `turn` is the first of its errors: updates of one turn belong to one pass.
    """

    chain: int
    number: int
    before: int
    after: int
    mixes: tuple[int, ...]
    turn: int


@final
@dataclass
class Sweeps:
    """Gradients that were asked for once: several losses begin alike, and several questions ask for the same.

    Values and stops are known by what they are, not by what is in them: nobody changes them.
    """

    found: dict[tuple[Any, ...], Gradients] = field(default_factory=dict)
    known: dict[int, Any] = field(default_factory=dict)
    bytes: int = 0

    def gradients(
        self, anatomy: "Anatomy", values: Values, seeds: Gradients, least: int
    ) -> Gradients:
        """What of a sweep comes to the stops, from the `least` position on. Raises: NoDerivativeError."""
        program, stops, forward = anatomy.program, anatomy.stops, anatomy.forward
        if program.recording.bytes > MOST_KEPT:
            return program.sweep(values, seeds, stops, forward, least=least)
        parts = [(p, np.shape(seed), np.asarray(seed).tobytes()) for p, seed in seeds.items()]
        key = (id(values), id(stops), id(forward), least, *sorted(parts))
        found = self.found.get(key)
        if found is None:
            swept = program.sweep(values, seeds, stops, forward, least=least)
            found = {p: gradient for p, gradient in swept.items() if p in stops}
            self.bytes += sum(gradient.nbytes for gradient in found.values())
            if self.bytes <= MOST_KEPT:
                self.found[key] = found
                self.known |= {id(one): one for one in (values, stops, forward)}
        return found


@final
@dataclass
class Anatomy:
    """A recording taken apart: chains, mixes, updates, and what lies where.

    `masks` has for each position the chains (as bits) that it depends on, `error_masks` the mixes that
    it is tainted by; `forward` are the positions that predictions are made from and that depend on
    parameters, and `stops` all versions of all parameters.
    """

    program: Program
    chains: list[Chain]
    masks: list[int]
    mixes: list[Mix]
    updates: list[Update]
    stops: set[int]
    error_masks: list[int]
    forward: set[int] = field(default_factory=set)
    reached: dict[int, int] = field(default_factory=dict)
    claimed: bool = False  # updates that are gradients as computed, by no optimizer
    loss: str | None = None  # where it is known
    ways_back: set[int] = field(default_factory=set)  # where they begin, if not at mixes
    drawn: dict[int, Any] | None = (
        None  # of some chains the entries that decay draws, once asked for
    )
    sweeps: Sweeps = field(default_factory=Sweeps)
    # Of updates the values that they are made of, place by place, once asked for.
    behind: dict[tuple[int, int, frozenset[int]], dict[Spot, int]] = field(
        default_factory=dict, init=False, repr=False
    )
    # Of these updates the rates that are computed anew as time goes on, once asked for.
    schedules: list[dict[tuple[int, int], float]] | None = field(default=None, init=False)

    @cached_property
    def origins(self) -> dict[int, int]:
        """What parameters began as, where that is used on, with the numbers of their chains."""
        return origins(self.program, self.chains)

    @cached_property
    def listed(self) -> dict[int, list[int]]:
        """For each parameter those that the same line updates, in order, as it does the numbers of a list."""
        groups: dict[Any, list[int]] = {}
        firsts = [chain.versions[0] for chain in self.chains]
        for number in sorted(range(len(firsts)), key=firsts.__getitem__):
            site = self.program.recording.sites[self.chains[number].steps[0].number]
            shape = np.shape(self.program.recorded[firsts[number]])
            groups.setdefault((site, shape), []).append(number)
        return {number: group for group in groups.values() for number in group}

    def is_blind(self, number: int) -> bool:
        """Whether no error goes into a parameter's updates as they stand."""
        sources = {p for step in self.chains[number].steps for p in step.inputs} - self.stops
        return not any(self.error_masks[position] for position in sources)


def find_updates(
    program: Program,
    chains: Sequence[Chain],
    mixes: Sequence[Mix],
    stops: Collection[int],
    finished: bool,
    kept: Collection[int] = (),
) -> tuple[list[Update], list[int], list[int], dict[int, int]]:
    """All updates; for each chain the mixes that reach its updates; the errors; what versions reach.

    An update of a chain with a root in `kept` should use the errors of all predictions made with it.
    """
    errors = [0] * program.size
    for number, mix in enumerate(mixes):
        errors[mix.output] |= 1 << number
    error_masks = spread(program, errors, stops)
    reached = reach(program, mixes, stops, chains)
    made = sorted((computed_at(program, mix.prediction), n) for n, mix in enumerate(mixes))
    places = [place for place, _ in made]
    updates, fed = [], []
    for number, chain in enumerate(chains):
        feeding = [0] * len(chain.versions)
        for k, step in enumerate(chain.steps, start=1):
            for position in step.inputs:
                if position not in stops:
                    feeding[k] |= error_masks[position]
        total = 0
        for mask in feeding:
            total |= mask
        fed.append(total)
        used = [k for k, position in enumerate(chain.versions) if reached.get(position)]
        found: list[Update] = []
        strange: list[Update] = []
        for count, k in enumerate(used):
            last = count + 1 == len(used)
            end = len(chain.versions) - 1 if last else used[count + 1]
            if end == k:
                continue
            # Of a unit that is dead in the next pass too, later updates are not this one.
            following = bisect_right(places, chain.versions[k + 1])
            if following < len(places):
                end = min(end, bisect_right(chain.versions, places[following]) - 1)
            elif not finished:
                continue
            mask = 0
            for step_mask in feeding[k + 1 : end + 1]:
                mask |= step_mask
            if chain.root in kept:
                mask = reached[chain.versions[k]]
            before, after = chain.versions[k], chain.versions[end]
            own = tuple(bits(mask & reached[before]))
            due = own or tuple(bits(reached[before]))
            (found if own else strange if mask else []).append(
                Update(number, count, before, after, due, due[0])
            )
        # Moved by errors, but never by those of its own predictions: it should have been by these.
        updates += found or strange
        if found:
            updates += idle_updates(number, chain, feeding, reached, made, len(found))
    join_mixes(updates, mixes, reached)
    return updates, fed, error_masks, reached


def idle_updates(
    number: int,
    chain: Chain,
    feeding: Sequence[int],
    reached: Mapping[int, int],
    made: Sequence[tuple[int, int]],
    count: int,
) -> Iterator[Update]:
    """Updates by errors of a pass whose predictions were made without the parameter, as of a dead unit: none is due."""
    places = [place for place, _ in made]
    used = 0  # predictions made with any version: with an old one they may be meant to be
    for version in chain.versions:
        used |= reached.get(version, 0)
    for k, (before, after) in enumerate(pairwise(chain.versions)):
        own = 0
        for _, mix in made[bisect_right(places, before) : bisect_right(places, after)]:
            own |= 1 << mix
        mixes = tuple(bits(feeding[k + 1] & own & ~used))
        if mixes and not reached.get(before):
            yield Update(number, count, before, after, mixes, mixes[0])
            count += 1


def computed_at(program: Program, position: int) -> int:
    """Where a value was computed, however often it was read out of an array since."""
    return program.source_through(position, {"gather", "reshape"})


def join_mixes(updates: Sequence[Update], mixes: Sequence[Mix], reached: Mapping[int, int]) -> None:
    """Errors that any update uses together belong to one loss: each update's gradient is of all of it.

    So do errors of one prediction and target, written down once for each parameter.

    An output's bias is moved by its own error alone, but a softmax lets every output's loss depend on it;
    and an update that should have used an error and does not is wrong.
    """
    leads = list(range(len(mixes)))  # each to one that it belongs with, the last ones to themselves

    def last(number: int) -> int:
        while leads[number] != number:
            leads[number] = leads[leads[number]]
            number = leads[number]
        return number

    same: dict[tuple[int, int], list[int]] = {}
    for number, mix in enumerate(mixes):
        same.setdefault(mix.meeting, []).append(number)
    for numbers in (*same.values(), *(update.mixes for update in updates)):
        for number in numbers[1:]:
            leads[last(number)] = last(numbers[0])
    groups: dict[int, int] = {}
    for number in range(len(mixes)):
        groups[last(number)] = groups.get(last(number), 0) | 1 << number
    for update in updates:
        whole = groups[last(update.mixes[0])]
        update.mixes = tuple(bits(whole & reached.get(update.before, whole)))
        update.turn = update.mixes[0]


def reach(
    program: Program, mixes: Sequence[Mix], stops: Collection[int], chains: Sequence[Chain]
) -> dict[int, int]:
    """For each version of a parameter the mixes (as bits) whose predictions were made with it."""
    leads = [0] * program.size
    for number, mix in enumerate(mixes):
        leads[mix.prediction] |= 1 << number
    for step in reversed(program.steps):
        mask = leads[step.output]
        if mask and step.output not in stops:
            for position in step.inputs:
                leads[position] |= mask
    return {p: leads[p] for chain in chains for p in chain.versions if leads[p]}


def seeds_of(
    mixes: Sequence[Mix],
    numbers: Sequence[int],
    loss: str,
    values: Values,
    program: Program | None = None,
) -> dict[int, Any]:
    """The gradient of the losses of some mixes with respect to their predictions.

    A prediction that is compared with its target more than once counts once. With the program, cross-entropy
    of predictions that are rounded to 0 or 1 begins at what these are the sigmoid of.
    """
    seeds: dict[int, Any] = {}
    counted = set()
    for number in numbers:
        mix = mixes[number]
        p = np.asarray(values[mix.prediction], dtype=float)
        t = mix.target_in(values)
        if loss == OWN:
            seeds[mix.prediction] = np.ones(p.shape)
            continue
        if mix.of_class:
            seeds[mix.prediction] = seeds.get(mix.prediction, 0.0) - 1 / p
            continue
        if mix.meeting in counted:
            continue
        counted.add(mix.meeting)
        with np.errstate(all="ignore"):
            seed = np.asarray(SEEDS[loss](p, t), dtype=float)
            place = mix.prediction
            if program is not None and loss == "binary-cross-entropy":
                z = lost_logit(program, place, values)
                place, seed = (place, seed) if z is None else (z, p - t)
            for weight in mix.weights:
                scale = np.asarray(values[weight.position], dtype=float)
                seed = seed / scale if weight.divides else seed * scale
            seed = sum_to(seed, p.shape)
        before = seeds.get(place)
        seeds[place] = seed if before is None else before + seed
    return seeds


def true_gradients(
    anatomy: Anatomy, values: Values, loss: str, updates: Sequence[Update] | None = None
) -> list[Any]:
    """For each update the gradient of its own errors' losses. Raises: NoDerivativeError."""
    updates = anatomy.updates if updates is None else updates
    found: list[Any] = [None] * len(updates)
    places_of: dict[tuple[int, ...], list[int]] = {}
    for place, update in enumerate(updates):
        places_of.setdefault(update.mixes, []).append(place)
    for numbers, places in places_of.items():
        seeds = seeds_of(anatomy.mixes, numbers, loss, values, anatomy.program)
        # What is further back, where few parameters stop the way, is not asked for.
        least = min(updates[place].before for place in places)
        if all(updates[place].before in anatomy.stops for place in places):
            gradients = anatomy.sweeps.gradients(anatomy, values, seeds, least)
        else:
            program = anatomy.program
            gradients = program.sweep(values, seeds, anatomy.stops, anatomy.forward, least=least)
        for place in places:
            position = updates[place].before
            found[place] = gradients.get(position, np.zeros(np.shape(values[position])))
    return found


def calls_around_turns(anatomy: Anatomy, begin: Callable[[int], int]) -> dict[int, tuple[int, ...]]:
    """For each turn, by where it begins, the calls that error and updates have in common: all of it lies within these."""
    program = anatomy.program
    found: dict[int, tuple[int, ...]] = {}
    for update in anatomy.updates:
        start = begin(update.after)
        for step in (anatomy.mixes[update.turn].step, program.step_of[update.after]):
            calls = calls_of(program.call(step))
            pairs = zip(reversed(calls), reversed(found.get(start, calls)), strict=False)
            same = list(takewhile(lambda pair: pair[0] == pair[1], pairs))
            found[start] = calls[len(calls) - len(same) :]
    return found


def steps_taken(updates: Sequence[Update], values: Mapping[int, Any] | Values) -> list[Any]:
    """u = V' - V for each update."""
    with np.errstate(all="ignore"):
        return [
            np.asarray(values[update.after], dtype=float)
            - np.asarray(values[update.before], dtype=float)
            for update in updates
        ]
