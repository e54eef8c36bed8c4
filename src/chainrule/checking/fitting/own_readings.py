"""A recording read by the losses that a program computes itself, wherever and of whatever it makes them.

No prediction has to meet a target for that: a loss is one number, and what is not behind it but depends on
parameters is the way back. All that learns must follow it, at other numbers as well.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.parameters import Chain, begins_as_number, bits, find_chains
from chainrule.checking.anatomy.predictions import SUMS, Mix, find_mixes, is_negative
from chainrule.checking.anatomy.program import (
    Instruction,
    NoDerivativeError,
    Program,
    calls_of,
)
from chainrule.checking.anatomy.updates import Anatomy, find_updates
from chainrule.checking.fitting.case import Case, fit_in_worlds, is_evident, uses_data
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.judging import judge_plainly
from chainrule.recording.deadline import Deadline
from chainrule.recording.recorder import BACKWARD

MOST_ENDS = 4  # losses that a program may have
FEWEST = 2  # updates of each parameter
TRIES = (
    5  # of other starting weights: of many units that are cut off by an if one comes out otherwise
)
EPSILON = 1e-3  # what may be added to a probability so that its logarithm is finite
ALIKE = 0.3  # a cosine from which on updates and gradients have to do with each other


@final
@dataclass
class OwnReading:
    """Own losses that explain all: for each its case, with the parameters that follow it, and its line."""

    cases: list[Case]
    lines: list[int]


@final
@dataclass
class Parts:
    """A program's parameters, for each position those that it depends on, and those that learn."""

    program: Program
    chains: list[Chain]
    masks: list[int]
    finished: bool
    # The case of each loss that was tried, by its steps.
    cases: dict[tuple[int, ...], Case | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stops = {position for chain in self.chains for position in chain.versions}
        self.learning = {
            number for number in range(len(self.chains)) if learns(self.chains, number, self.masks)
        }


def parts_of(program: Program, finished: bool) -> Parts:
    return Parts(program, *find_parameters(program), finished)


def read_by_own_losses(parts: Parts, deadline: Deadline) -> OwnReading | None:
    """One loss for all parameters, or the sum of all losses; or one for each of two that play against each other."""
    ends, totals = find_ends(parts)
    if not parts.learning:
        return None
    return read_ends(parts, ends, deadline) or read_whole(parts, [totals], deadline)


def read_ends(
    parts: Parts, ends: Sequence[list[Instruction]], deadline: Deadline
) -> OwnReading | None:
    """The reading of losses that are no sums from sample to sample."""
    program = parts.program
    if not 0 < len(ends) <= MOST_ENDS:
        return None
    sites = program.recording.sites
    told: list[tuple[Case, list[Instruction]]] = []
    untold: set[int] = set()  # where losses are computed that too little is updated by
    for steps in ends:
        case = None if deadline.over else case_of(parts, steps)
        if case is None:
            untold.add(sites[steps[0].number])
        elif is_told(case):
            told.append((case, steps))
    if untold - {sites[steps[0].number] for _, steps in told}:  # else it is the same of other data
        return None
    for case, steps in told:
        fit, site = case.fits[OWN], sites[steps[0].number]
        # The same loss of other data tells how well it does, and what does not follow is another loss.
        others = [
            other.fits[OWN]
            for other, own in told
            if other is not case and sites[own[0].number] != site
        ]
        if explains_all(parts, case, fit) and all(other.is_right for other in others):
            return OwnReading([case], [program.site(steps[0]).line])
    whole = read_whole(parts, [own for _, own in told], deadline) if len(told) > 1 else None
    return whole or read_as_game(parts, told)


def moves_by_own_loss(program: Program, updates: int) -> bool:
    """Whether all that learns has gone through so many updates beside a number that looks like its loss."""
    parts = parts_of(program, finished=False)
    if not are_updated(parts, updates):
        return False
    ends, totals = find_ends(parts)
    arrays = {n for n in parts.learning if np.size(program.recorded[parts.chains[n].root]) > 1}
    return any(
        fit.good & arrays or all(abs(fit.cosine.get(n, 0.0)) >= ALIKE for n in parts.learning)
        for fit in plain_fits(parts, [*ends[:MOST_ENDS], totals])
    )


def has_own_loss(program: Program, updates: int, plainly: bool) -> bool:
    """Whether all that learns has gone through so many updates, and losses were computed around them.

    `plainly`: and all follow one by its gradient alone, so that more of them would show nothing else.
    """
    parts = parts_of(program, finished=False)
    if not are_updated(parts, updates):
        return False
    ends, totals = find_ends(parts)
    known = any(len(steps) > updates for steps in (*ends, totals))
    return known and (not plainly or follows_own_loss(parts))


def are_updated(parts: Parts, updates: int) -> bool:
    return bool(parts.learning) and all(
        count_updates(parts.program, parts.chains[n]) >= updates for n in parts.learning
    )


def count_updates(program: Program, chain: Chain) -> int:
    """Of a parameter that begins as a plain number its first value is one, too."""
    return len(chain.steps) + begins_as_number(program, chain)


def follows_own_loss(parts: Parts) -> bool:
    """Whether all that learns moves along the gradient of a loss that the program computes, at its own numbers."""
    ends, totals = find_ends(parts)
    if not parts.learning or len(ends) > MOST_ENDS:
        return False
    together = sorted((step for own in ends for step in own), key=lambda step: step.number)
    return any(
        fit.is_right and parts.learning <= fit.good | fit.silent
        for fit in plain_fits(parts, [*ends, totals, together])
    )


def adds_labels(parts: Parts, reading: OwnReading, subtracts: bool) -> bool:
    """Whether all that losses compare predictions with is added to them: (p + t)^2, as of a minus that adds.

    `subtracts`: what is written as a minus is one, and p + (-t) may be what it does.
    """
    program = parts.program
    behind = program.ancestors(
        (mix.output for case in reading.cases for mix in case.anatomy.mixes), parts.stops
    )
    mixes = [
        mix
        for mix in find_mixes(program, parts.masks, parts.stops, SUMS)
        if mix.output in behind
        and not is_number_added(program, mix)
        and not (subtracts and is_within_minus(program, mix))
    ]
    return bool(mixes) and all(
        mix.step.operation == "add" and not mix.negated and not is_negative(program, mix.prediction)
        for mix in mixes
    )


def is_within_minus(program: Program, mix: Mix) -> bool:
    calls = calls_of(program.call(mix.step))
    return any(program.sites[site].kind == "Sub" for site in calls)


def is_number_added(program: Program, mix: Mix) -> bool:
    """Whether it is a number of a formula: 1 + exp(-z), a margin's 1 - y s, log(p + 1e-9)."""
    written = any(any(program.sites[site].literal) for site in calls_of(program.call(mix.step)))
    return written or bool(np.all(np.abs(program.recorded[mix.target]) <= EPSILON))


def plain_fits(parts: Parts, losses: Sequence[Sequence[Instruction]]) -> Iterator[Fit]:
    """How well updates are multiples of the gradients of each loss, as recorded."""
    for steps in losses:
        anatomy = anatomy_of(parts, steps) if steps else None
        with suppress(NoDerivativeError):
            if anatomy is not None:
                yield judge_plainly(anatomy, [parts.program.recorded], OWN)[0]


def blamed_fit(case: Case) -> Fit:
    """The fit to the program's own loss, in which all are bad where none is and they climb it."""
    fit = case.fits[OWN]
    return fit if fit.bad else replace(fit, good=set(), bad=fit.good)


def is_told(case: Case) -> bool:
    """Whether a number says anything of parameters: an accuracy is one that no small change changes."""
    fit = case.fits[OWN]
    return bool(fit.good | fit.bad)


def read_whole(
    parts: Parts, ends: Sequence[Sequence[Instruction]], deadline: Deadline
) -> OwnReading | None:
    """The sum of all of some losses."""
    steps = sorted((step for own in ends for step in own), key=lambda step: step.number)
    whole = case_of(parts, steps) if steps and not deadline.over else None
    if whole is None or not explains_all(parts, whole, whole.fits[OWN]):
        return None
    return OwnReading([whole], [parts.program.site(step).line for step in steps])


def explains_all(parts: Parts, case: Case, fit: Fit) -> bool:
    return (
        fit.is_right
        and len(case.worlds) > 1
        and parts.learning <= fit.good | fit.silent
        and is_evident(case, fit)
        and uses_data(case)
    )


def read_as_game(
    parts: Parts, told: Sequence[tuple[Case, Sequence[Instruction]]]
) -> OwnReading | None:
    """Two losses that are made of all parameters, each followed by some and opposed by the others."""
    if len(told) != 2:
        return None
    fits = [case.fits[OWN] for case, _ in told]
    for fit, other in (fits, fits[::-1]):
        opposed = [fit.cosine[number] for number in fit.bad if number in fit.cosine]
        if (
            not fit.good
            or fit.bad != other.good
            or not opposed
            or np.mean(opposed) >= 0
            or not parts.learning <= fit.good | fit.bad
            or any(rate < 0 for rate in fit.rate.values())
        ):
            return None
    cases = []
    for (case, _), fit in zip(told, fits, strict=True):
        if len(case.worlds) < 2:
            return None
        followed = replace(fit, bad=set(), silent=set())
        cases.append(replace(case, fits={OWN: followed}))
    return OwnReading(cases, [parts.program.site(steps[0]).line for _, steps in told])


def find_parameters(program: Program) -> tuple[list[Chain], list[int]]:
    """The chains that are made of no other, and for each position those that it depends on: z - max(z) goes on, too.

    Nor what is changed once, before anything else is: X - mean(X).
    """
    banned: set[int] = set()
    while True:
        chains, masks = find_chains(program, banned)
        moved = [chain.steps[0].number for chain in chains if len(chain.steps) > 1]
        made = {
            chain.root
            for chain in chains
            if (maker := program.step_of.get(chain.root)) is not None
            and any(masks[position] for position in maker.inputs)
            and not begins_as_number(program, chain)
        }
        made |= {
            chain.root
            for chain in chains
            if len(chain.steps) == 1 and chain.steps[0].number < min(moved, default=0)
        }
        if not made - banned:
            return chains, masks
        banned |= made


def learns(chains: Sequence[Chain], number: int, masks: Sequence[int]) -> bool:
    """Whether what a value is changed by depends on the value itself."""
    versions = set(chains[number].versions)
    return any(
        masks[position] >> number & 1
        for step in chains[number].steps
        for position in step.inputs
        if position not in versions
    )


def find_ends(parts: Parts) -> tuple[list[list[Instruction]], list[Instruction]]:
    """Single numbers that parameters are behind and that go into no update and no other such number, by their place.

    Of sums that go on, from sample to sample or from pass to pass, the terms are ends, and the totals stand apart.
    """
    program, masks = parts.program, parts.masks
    into_updates = program.ancestors(
        (p for chain in parts.chains for step in chain.steps for p in step.inputs), parts.stops
    )

    def place_of(step: Instruction) -> tuple[int, ...]:
        """The site of a step and all calls around it: one function computes the loss of what is learnt and of what is not."""
        return program.spot(step)[0], *calls_of(program.call(step))

    found: dict[tuple[int, ...], list[Instruction]] = {}
    used: set[tuple[int, ...]] = (
        set()
    )  # what goes into some updates only is a gradient of data, or of a dead unit
    for step in program.steps:
        position = step.output
        if not masks[position] or np.size(program.recorded[position]) != 1:
            continue
        if goes_back(program, step) or is_copy(program, step):
            continue
        if position in into_updates or position in parts.stops:
            used.add(place_of(step))
        else:
            found.setdefault(place_of(step), []).append(step)
    found = {place: steps for place, steps in found.items() if place not in used}
    often = {place: steps for place, steps in found.items() if len(steps) >= FEWEST}
    found = often or found  # what is printed now and then is made of a loss
    own = {step.output: 1 << k for k, steps in enumerate(found.values()) for step in steps}
    leads = [0] * program.size  # the places that each value goes into
    for step in reversed(program.steps):
        mask = own.get(step.output, 0) | (0 if step.output in parts.stops else leads[step.output])
        if mask:
            for position in step.inputs:
                leads[position] |= mask
    sums = 0
    goes_into = []
    for k, steps in enumerate(found.values()):
        mask = 0
        for step in steps:
            mask |= leads[step.output]
        sums |= mask & 1 << k
        goes_into.append(mask)
    ends, totals = [], []
    for k, steps in enumerate(found.values()):
        if not (goes_into[k] | 1 << k) & ~sums and sums >> k & 1:
            totals += [s for s in steps if not leads[s.output]]
        elif not goes_into[k] & ~sums and len(steps) >= FEWEST:
            ends.append(steps)
    return ends, sorted(totals, key=lambda step: step.number)


def is_copy(program: Program, step: Instruction) -> bool:
    """Whether a number is one that was there before, as float(loss) is, or the first term of a sum that begins with 0."""
    if step.operation == "reshape":
        return np.size(program.recorded[step.inputs[0]]) == 1
    return step.operation == "add" and any(
        position in program.given and not np.any(program.given[position])
        for position in step.inputs
    )


def goes_back(program: Program, step: Instruction) -> bool:
    """Whether an engine computes it on its way back, as it does gradients of the numbers in a formula."""
    calls = calls_of(program.call(step)) if program.site(step).of_operators else ()
    return any(program.sites[call].kind == BACKWARD for call in calls)


def case_of(parts: Parts, steps: Sequence[Instruction]) -> Case | None:
    """The case in which some numbers are the loss; None where too little is updated by it."""
    key = key_of(steps)
    if not is_tried(parts, steps):
        anatomy = anatomy_of(parts, steps)
        case = None if anatomy is None else fit_in_worlds(anatomy, TRIES)
        parts.cases[key] = case if case is not None and OWN in case.fits else None
    return parts.cases[key]


def key_of(steps: Sequence[Instruction]) -> tuple[int, ...]:
    return tuple(step.number for step in steps)


def is_tried(parts: Parts, steps: Sequence[Instruction]) -> bool:
    return key_of(steps) in parts.cases


def anatomy_of(parts: Parts, steps: Sequence[Instruction]) -> Anatomy | None:
    program, chains, masks, stops = parts.program, parts.chains, parts.masks, parts.stops
    mixes = [Mix(step.output, step.output, step.output, step) for step in steps]
    kept = {chain.root for chain in chains}
    updates, _, _, reached = find_updates(program, chains, mixes, stops, parts.finished, kept)
    if not updates:
        return None
    behind = program.ancestors((step.output for step in steps), stops)
    forward = {p for p in behind if masks[p] or p in stops}
    used = [0] * len(chains)  # the losses that each parameter is behind
    for number, chain in enumerate(chains):
        for version in chain.versions:
            used[number] |= reached.get(version, 0)
    errors = [0] * program.size
    for position, mask in enumerate(masks):
        if mask and position not in forward and position not in stops:
            for number in bits(mask):
                errors[position] |= used[number]
    anatomy = Anatomy(program, chains, masks, mixes, updates, stops, errors, forward)
    anatomy.reached, anatomy.loss = reached, OWN
    anatomy.ways_back = {
        step.output
        for step in program.steps
        if errors[step.output] and not any(errors[position] for position in step.inputs)
    }
    return anatomy
