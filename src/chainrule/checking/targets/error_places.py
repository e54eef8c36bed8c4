"""Where an error stands that is made of predictions alone: e = p - p.mean(), e = p, e = p - 0.5.

No data say what is a prediction here. So each place that may be one is tried: with a number in the target's
place, does everything behind it follow the gradient of a loss? Then the error is made there.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, final

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.checking.anatomy.parameters import PRODUCTS, Chain, Moved, find_chains
from chainrule.checking.anatomy.predictions import Mix, is_written_constant
from chainrule.checking.anatomy.program import Instruction, Program, calls_of
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.checking.anatomy.updates import Anatomy
from chainrule.checking.fitting.case import fit_anatomy, is_right
from chainrule.checking.fitting.fitting import update_line
from chainrule.checking.fitting.own_losses import fit_own_loss
from chainrule.recording.deadline import Deadline
from chainrule.rules import RULES

Place: TypeAlias = tuple[int, str, tuple[int, ...], int]  # site, operation, calls, operand
FAILURES = (ValueError, TypeError, IndexError)  # where a target's shape leads to no sense
FOLLOWING = PRODUCTS | {"divide", "negate", "transpose", "sum", "mean", "reshape"}
LASTING = 0.5  # of the recording, from the first update on: as long a parameter must live
COVERED = 0.6  # of them: so many must go into the predictions of a place
MOST_PLACES = 24
TURNS = 4  # that a place is tried on
MANY, SOME = 60, 8  # parameters, and of each line those that are looked at first


@final
@dataclass(frozen=True)
class ErrorPlace:
    """The steps of a place, and which operand is the prediction.

    The prediction goes on as if it were the error, `alone`; or the target belongs where `another` operand
    stands, or other class numbers where p[rows, classes] -= 1 has some. `shifted`: a prediction for another
    time stands there.
    """

    site: int
    steps: tuple[Instruction, ...]
    slot: int
    kind: Literal["alone", "another", "classes"]
    shifted: bool = False


def find_error_places(program: Program, deadline: Deadline) -> Iterator[ErrorPlace]:
    """Places where an error is made without data, which all updates follow: the earliest first."""
    chains, masks, banned = lasting_chains(program)
    ends = [chain.versions[TURNS] for chain in chains if len(chain.versions) > TURNS]
    first = program.until(max(ends) + 1) if ends else program
    stops = {position for chain in chains for position in chain.versions}
    for place in possible_places(first, masks, stops)[:MOST_PLACES]:
        if deadline.over:
            break
        shifted = place.kind == "another" and not holds_no_data(first, place, stops)
        if shifted and not holds_no_data(first, place, stops, at_any_time=True):
            continue
        if is_followed(first, place, banned):
            if has_own_loss(first, place, banned):
                return  # the program says itself what its error is the gradient of
            yield replace(place, steps=instances(program, place), shifted=shifted)


def lasting_chains(
    program: Program, moved: Collection[Moved] = ()
) -> tuple[list[Chain], list[int], set[int]]:
    """Chains that go on from turn to turn, the masks, and what begins no others: e = p - p.mean() is no update."""
    banned: set[int] = set()
    enough = 0.0
    while True:
        chains, masks = find_chains(program, banned, moved=moved)
        if not banned and chains:
            # What comes before the first update, such as making the data, may be most of a recording.
            enough = LASTING * (program.size - min(chain.versions[1] for chain in chains))
        short = [chain for chain in chains if chain.versions[-1] - chain.versions[0] < enough]
        if not short:
            return chains, masks, banned
        # What goes on from a later version is shorter still.
        banned.update(position for chain in short for position in chain.versions)


def place_of(program: Program, step: Instruction, slot: int) -> Place:
    calls = calls_of(program.call(step))
    return program.recording.sites[step.number], step.operation, calls, slot


def instances(program: Program, place: ErrorPlace) -> tuple[Instruction, ...]:
    key = place_of(program, place.steps[0], place.slot)
    return tuple(step for step in program.steps if place_of(program, step, place.slot) == key)


def possible_places(
    program: Program, masks: Sequence[int], stops: Collection[int]
) -> list[ErrorPlace]:
    """Places whose predictions depend on most parameters, in the order in which they first occur."""
    found: dict[Place, list[Instruction]] = {}
    reached: dict[Place, int] = {}
    for step in program.steps:
        if step.output in stops:
            continue
        for slot, position in enumerate(step.inputs):
            possible = may_be_error(program, step, slot, masks, stops)
            if masks[position] and position not in stops and possible:
                key = place_of(program, step, slot)
                found.setdefault(key, []).append(step)
                reached[key] = reached.get(key, 0) | masks[position]
    most = max((mask.bit_count() for mask in reached.values()), default=0)
    return [
        ErrorPlace(key[0], tuple(steps), key[3], "another" if key[1] == "subtract" else "alone")
        for key, steps in found.items()
        if reached[key].bit_count() >= COVERED * most
    ]


def may_be_error(
    program: Program,
    step: Instruction,
    slot: int,
    masks: Sequence[int],
    stops: Collection[int],
) -> bool:
    if step.operation != "subtract":
        return step.operation in FOLLOWING
    if np.shape(program.recorded[step.inputs[slot]]) != np.shape(program.recorded[step.output]):
        return False
    other = step.inputs[1 - slot]
    if not masks[other]:
        return other in program.given and is_written_constant(program, step, other)
    return True


def holds_no_data(
    program: Program, place: ErrorPlace, stops: set[int], at_any_time: bool = False
) -> bool:
    """Whether all that stands beside the prediction is made of what that is made of, and of constants.

    Or, `at_any_time`, of what any prediction of the place is made of.

    A single number is one where it is the same each time: a reward is not. And what parameters are used
    for once more is a target that was computed on purpose, from other inputs or for another time.
    """
    numbers: dict[int, set[float]] = {}
    own = program.ancestors((step.inputs[place.slot] for step in place.steps), stops)
    for step in place.steps:
        behind = program.ancestors([step.inputs[1 - place.slot]], stops)
        if any(
            stops.intersection(program.step_of[position].inputs)
            for position in (behind - own) & set(program.step_of)
        ):
            return False
        behind -= own if at_any_time else program.ancestors([step.inputs[place.slot]], stops)
        for position in behind & set(program.given):
            if np.size(program.given[position]) > 1:
                return False
            born = program.recording.birthplaces[position]
            numbers.setdefault(born, set()).update(
                float(number) for number in np.ravel(program.given[position])
            )
    return all(len(found) <= 1 for found in numbers.values())


def is_followed(program: Program, place: ErrorPlace, banned: Collection[int]) -> bool:
    """Whether all updates follow the gradient of a loss, were the error there the difference to some number."""
    try:
        tried, targets = with_target(program, place)
        if not all(np.all(np.isfinite(tried.recorded[s.output])) for s in place.steps):
            return False
    except FAILURES:
        return False

    def errors(program: Program, masks: Sequence[int], stops: Collection[int]) -> list[Mix]:
        return [
            Mix(step.inputs[place.slot], target, step.output, step)
            for step, target in targets
            if masks[step.inputs[place.slot]]
        ]

    anatomy = take_apart(tried, finished=False, finders=[errors], banned=banned)
    few = some_parameters(anatomy)
    return (few is None or may_be_right(few)) and is_right(fit_anatomy(anatomy))


def some_parameters(anatomy: Anatomy) -> Anatomy | None:
    """The same with the updates of some of very many parameters, of each line that updates any; else None.

    All follow a loss only if these do.
    """
    lines: dict[Any, list[int]] = {}
    for number in sorted({update.chain for update in anatomy.updates}):
        lines.setdefault(update_line(anatomy, number), []).append(number)
    if sum(map(len, lines.values())) <= MANY:
        return None
    chosen = {n for own in lines.values() for n in own[:: max(len(own) // SOME, 1)]}
    return replace(anatomy, updates=[one for one in anatomy.updates if one.chain in chosen])


def may_be_right(anatomy: Anatomy) -> bool:
    """Whether updates follow some loss, as far as they tell."""
    return any(fit.is_right or not fit.bad for fit in fit_anatomy(anatomy).fits.values())


def has_own_loss(program: Program, place: ErrorPlace, banned: Collection[int]) -> bool:
    """Whether all updates follow the gradient of a loss that the program computes."""

    def errors(program: Program, masks: Sequence[int], stops: Collection[int]) -> list[Mix]:
        found = ((step.inputs[place.slot], step) for step in place.steps)
        return [Mix(p, p, step.output, step) for p, step in found if masks[p]]

    case = fit_anatomy(take_apart(program, finished=False, finders=[errors], banned=banned))
    return bool(case.anatomy.updates) and fit_own_loss(case) is not None


def with_target(
    program: Program, place: ErrorPlace
) -> tuple[Program, list[tuple[Instruction, int]]]:
    """The program with a number in the target's place; each changed step with its target's position."""
    values = program.recorded
    tried = Program(
        program.recording, program.sites, list(program.steps), dict(program.step_of),
        dict(program.given), dict(program.consumers), len(program.recording.graph.values),
    )  # fmt: skip
    targets, numbers = [], {step.number: k for k, step in enumerate(tried.steps)}
    for step in place.steps:
        prediction = np.asarray(values[step.inputs[place.slot]], dtype=float)
        target, tried.size = tried.size, tried.size + 1
        tried.given[target] = some_target(prediction)
        changed = replace(step, compute=Difference(step, place, target))
        tried.steps[numbers[step.number]] = changed
        tried.step_of[step.output] = changed
        targets.append((changed, target))
    return tried, targets


def some_target(prediction: Any) -> Any:
    """Numbers that may be a target: of probabilities such as add up to 1 as well."""
    for axis in range(prediction.ndim):
        if prediction.shape[axis] > 1 and np.allclose(prediction.sum(axis=axis), 1, atol=1e-6):
            return np.full(prediction.shape, 1 / prediction.shape[axis])
    return np.full(prediction.shape, 0.3)


@final
@dataclass(frozen=True)
class Difference:
    """A step with the difference to a target in it."""

    step: Instruction
    place: ErrorPlace
    target: int

    def __call__(self, values: Any) -> Any:
        inputs = [values[position] for position in self.step.inputs]
        slot = self.place.slot
        if self.place.kind == "alone":
            inputs[slot] = inputs[slot] - values[self.target]
        else:
            inputs[1 - slot] = values[self.target]
        forward: Any = RULES[self.step.operation].forward
        return forward(FLOAT64, *inputs, **self.step.parameters)
