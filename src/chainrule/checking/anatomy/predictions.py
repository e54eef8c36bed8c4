"""Where predictions meet targets: the first steps that mix what depends on parameters with what does not.

    e = p - t         also t - p, and p[rows, y] -= 1 for class numbers
    t / p, t * p      where nothing is subtracted

What follows from such an error, up to the next version of a parameter, is *tainted*: backward.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.parameters import equal_indices
from chainrule.checking.anatomy.program import Instruction, Program, Spot, Values, calls_of
from chainrule.checking.anatomy.unchanged_entries import MOVES, is_unchanged, leaves_as_it_is

SHARE = (
    0.6  # of the most parameters that a mix of the same model depends on; below it is no prediction
)
# Tried in this order, each with those before it.
KINDS: tuple[frozenset[str], ...] = (
    frozenset({"subtract"}),
    frozenset({"subtract", "divide"}),
    frozenset({"subtract", "divide", "add"}),
    frozenset({"subtract", "divide", "add", "multiply"}),
)
SUMS = {"subtract", "add"}
MOST_BESIDE, MOST_STEPS = 3, 200  # errors that are looked back at, and steps behind a prediction
TAKEN_OFF = (1, 2)  # of the right class's probability: what is meant is 1
OPERATOR_SITES = {
    "Add",
    "Sub",
    "Mult",
    "Div",
    "subtract",
    "add",
    "divide",
    "multiply",
    "true_divide",
}


@final
@dataclass(frozen=True)
class Weight:
    """Numbers in front of a loss's terms, or below them, as a position."""

    position: int
    divides: bool


@final
@dataclass(frozen=True)
class Mix:
    """A prediction p and its target t, as positions, and the step that mixes them.

    Of class numbers the target is p less the result, over what was taken off: `target` is then the
    result's position, and `taken_off` that number.
    """

    prediction: int
    target: int
    output: int
    step: Instruction
    taken_off: float = 0.0
    of_class: bool = False
    negated: bool = False
    turned: bool = False  # the prediction is added with its sign turned: t + (-p)
    weights: tuple[Weight, ...] = ()
    first: tuple[int, int] | None = None  # where the same prediction met the same target before

    @property
    def meeting(self) -> tuple[int, int]:
        """Prediction and target; of those that are computed anew for another error the first ones."""
        return self.first or (self.prediction, self.target)

    @property
    def is_sum(self) -> bool:
        """Whether prediction and target are added, where nothing says that their difference is meant."""
        return self.step.operation == "add" and not (self.negated or self.turned)

    @property
    def by_difference(self) -> bool:
        return self.taken_off != 0

    def target_in(self, values: Values) -> Any:
        """The target's numbers."""
        t = np.asarray(values[self.target], dtype=float)
        if self.by_difference:
            return (np.asarray(values[self.prediction], dtype=float) - t) / self.taken_off
        return -t if self.negated else t


def find_mixes(
    program: Program,
    masks: Sequence[int],
    stops: Collection[int],
    kinds: Collection[str],
    beyond_drawn: bool = False,
) -> list[Mix]:
    """The mixes of a recording, in order: none of them tainted by another.

    `beyond_drawn`: numbers that were drawn are no targets where what they meet goes on to meet others.
    """
    candidates: dict[int, Mix] = {}
    adding: set[Spot] = set()
    writing = Writing(program)
    for step in program.steps:
        possible = step.operation in kinds or step.operation == "scatter"
        mix = mix_of(program, step, masks, stops, kinds) if possible else None
        if step.operation == "scatter" and masks[step.inputs[0]]:
            mix = writing.joined(step, mix, candidates)
        if mix is not None:
            candidates[step.output] = mix
            if np.any(program.recorded[mix.target]):
                adding.add(program.spot(step))
    # What only ever adds to 0 begins a sum, and compares nothing.
    candidates = {
        position: mix
        for position, mix in candidates.items()
        if mix.step.operation != "add" or program.spot(mix.step) in adding
    }
    for position in thresholds(program, candidates, stops) if beyond_drawn else ():
        del candidates[position]
    if not candidates:
        return []
    # A place where predictions are made is one even where a unit is dead and few parameters reach it.
    largest: dict[int, int] = {}
    model: dict[int, int] = {}  # the parameters of all predictions there, as bits
    for mix in candidates.values():
        site, mask = program.recording.sites[mix.step.number], masks[mix.prediction]
        largest[site] = max(largest.get(site, 0), mask.bit_count())
        model[site] = model.get(site, 0) | mask
    most = {
        site: max(largest[other] for other in model if model[other] & model[site]) for site in model
    }
    tainted: set[int] = set()
    found = []
    for step in program.steps:
        if step.output in stops:
            continue
        if not tainted.isdisjoint(step.inputs):
            tainted.add(step.output)
            continue
        if step.output not in candidates:
            continue
        mix, site = candidates[step.output], program.recording.sites[step.number]
        if largest[site] >= SHARE * most[site]:
            found.append(mix)
            tainted.add(step.output)
    return join_halves(program, with_one_target(program, found))


def thresholds(
    program: Program, candidates: dict[int, Mix], stops: Collection[int]
) -> Collection[int]:
    """Mixes with numbers that were drawn, of which predictions are made that meet others: z - theta is none."""
    drawn = {at for at, mix in candidates.items() if is_drawn(program, mix.target)}
    behind = set(drawn)
    for step in program.steps if drawn and len(drawn) < len(candidates) else ():
        if step.output not in stops and not behind.isdisjoint(step.inputs):
            behind.add(step.output)
    later = (mix.prediction in behind for at, mix in candidates.items() if at not in drawn)
    return drawn if any(later) else ()


def is_drawn(program: Program, position: int) -> bool:
    return "random" in program.origins[position]


def with_one_target(program: Program, mixes: Sequence[Mix]) -> list[Mix]:
    """Mixes whose equal numbers are one target: a whole number is given anew wherever it is read."""
    first: dict[tuple[int, float], int] = {}
    found = []
    for mix in mixes:
        number = program.given.get(mix.target)
        if number is not None and np.ndim(number) == 0:
            target = first.setdefault((mix.prediction, float(number)), mix.target)
            mix = replace(mix, target=target)
        found.append(mix)
    return found


def join_halves(program: Program, mixes: Sequence[Mix]) -> list[Mix]:
    """t / p and (1 - t) / (1 - p) are two halves of one error, of p and t: their sum."""
    at = {mix.prediction: mix for mix in mixes if mix.step.operation == "divide"}
    whole: dict[int, Mix | None] = {}
    for mix in at.values():
        first = at.get(complement_of(program, mix.prediction))
        if first is None or not are_complements(program, first, mix):
            continue
        total = sum_of(program, first.output, mix.output)
        if total is not None:
            whole[first.output], whole[mix.output] = replace(first, output=total), None
    joined = [whole.get(mix.output, mix) for mix in mixes]
    return [mix for mix in joined if mix is not None]


def complement_of(program: Program, position: int) -> int:
    """p, where the value is 1 - p; else -1."""
    step = program.step_of.get(position)
    if step is None or step.operation != "subtract":
        return -1
    one, rest = step.inputs
    return int(rest) if np.all(program.recorded[one] == 1) else -1


def are_complements(program: Program, left: Mix, right: Mix) -> bool:
    """Whether the targets of two mixes add up to 1, whatever signs they stand with: -t / p + (1 - t) / (1 - p)."""
    s, t = (mix.target_in(program.recorded) for mix in (left, right))
    return bool(s.shape == t.shape and np.allclose(s + t, 1))


def sum_of(program: Program, left: int, right: int) -> int | None:
    """Where two values are added or subtracted, their signs turned before or not."""
    ends = []
    for position in (left, right):
        turned = [s.output for s in program.consumers.get(position, ()) if s.operation == "negate"]
        ends.append({position, *turned})
    for position in ends[0]:
        for step in program.consumers.get(position, ()):
            if step.operation in ("add", "subtract") and set(step.inputs) & ends[1]:
                return step.output
    return None


def is_parameter_itself(program: Program, position: int, stops: Collection[int]) -> bool:
    """Whether nothing was computed from a parameter: x - w in a map, or r - q in a table."""
    while position not in stops:
        step = program.step_of.get(position)
        if step is None or step.operation not in ("gather", "reshape", "transpose"):
            return False
        position = step.inputs[0]
    return True


def mix_of(
    program: Program,
    step: Instruction,
    masks: Sequence[int],
    stops: Collection[int],
    kinds: Collection[str],
) -> Mix | None:
    if step.operation == "scatter":
        return class_mix(program, step, masks, kinds)
    if step.operation not in kinds or len(step.inputs) != 2:
        return None
    left, right = step.inputs
    if bool(masks[left]) == bool(masks[right]):
        return None
    prediction, target = (left, right) if masks[left] else (right, left)
    if step.operation == "divide" and is_entry(program, prediction) and prediction == right:
        return Mix(prediction, target, step.output, step, of_class=True)
    if is_written_constant(program, step, target) or is_parameter_itself(
        program, prediction, stops
    ):
        return None
    if step.operation == "divide" and prediction == left:
        return None  # by how many samples, say: no loss divides by its target
    if step.operation == "subtract" and is_slope(program, step, prediction, target):
        return None
    if step.operation == "multiply" and not looks_like_labels(program, target):
        return None
    negated = step.operation in ("add", "divide") and is_negative(program, target)
    before = None if negated or step.operation != "add" else turned_round(program, prediction)
    if before is not None:
        return Mix(before, target, step.output, step, turned=True)
    return Mix(prediction, target, step.output, step, negated=negated)


def is_slope(program: Program, step: Instruction, value: int, ones: int) -> bool:
    """Whether a difference is part of an activation's slope, whose 1 is an array: (1 - a) a, or 1 - a a."""
    if program.origin(before_moves(program, ones)) != "ones" or np.any(program.recorded[ones] != 1):
        return False
    made = program.step_of.get(before_moves(program, value))
    if made is not None and (
        made.operation == "square" or (made.operation == "multiply" and len(set(made.inputs)) == 1)
    ):
        return True
    moved, start = [step.output], before_moves(program, value)
    for position in moved:
        for user in program.consumers.get(position, ()):
            if user.operation in MOVES:
                moved.append(user.output)
            elif user.operation == "multiply" and start in (
                before_moves(program, p) for p in user.inputs
            ):
                return True
    return False


def before_moves(program: Program, position: int) -> int:
    """What a value was before its shape was changed, or it was copied."""
    while (step := program.step_of.get(position)) and step.operation in MOVES:
        position = step.inputs[0]
    return position


def is_negative(program: Program, position: int) -> bool:
    """Whether the source takes a value with the other sign: p + (-t)."""
    step = program.step_of.get(position)
    while step is not None and step.operation in ("gather", "reshape", "transpose"):
        step = program.step_of.get(step.inputs[0])
    if step is None or step.operation != "multiply":
        return step is not None and step.operation == "negate"
    factors = (program.given.get(p) for p in step.inputs)
    return any(
        factor is not None and np.size(factor) == 1 and np.all(factor < 0) for factor in factors
    )


def turned_round(program: Program, position: int) -> int | None:
    """What a value was before its sign was turned: p of -p, or of -1 * p."""
    step = program.step_of.get(position)
    if step is None or step.operation not in ("negate", "multiply"):
        return None
    if step.operation == "negate":
        return step.inputs[0]
    for minus, other in (step.inputs, step.inputs[::-1]):
        number = program.given.get(minus)
        if number is not None and np.size(number) == 1 and np.all(number == -1):
            return other
    return None


def are_taken_off(program: Program, mixes: Sequence[Mix]) -> bool:
    """Whether targets are added with their signs turned beforehand, by whole numbers, which nobody writes down.

    An object's p - t may be p + (-t): then the source has a minus there, and labels of 0 and 1 come as 0 and -1.
    """
    given = [program.given.get(mix.target) for mix in mixes]
    if not all(t is not None and np.all(t <= 0) and np.all(t == np.round(t)) for t in given):
        return False
    minus = all(
        any(program.sites[site].kind == "Sub" for site in calls_of(program.call(mix.step)))
        for mix in mixes
    )
    return minus and any(np.any(t < 0) for t in given if t is not None)


def is_entry(program: Program, position: int) -> bool:
    """Whether a value is read out of another by an index: -1 / p[label]."""
    step = program.step_of.get(position)
    return step is not None and step.operation == "gather"


def looks_like_labels(program: Program, position: int) -> bool:
    """Given numbers that are 0 and 1, or -1 and 1: what a product of prediction and target has."""
    numbers = program.given.get(position)
    return (
        numbers is not None and np.size(numbers) > 0 and bool(np.all(np.isin(numbers, (-1, 0, 1))))
    )


def class_mix(
    program: Program, step: Instruction, masks: Sequence[int], kinds: Collection[str]
) -> Mix | None:
    """p[rows, y] -= 1, or by mistake another whole number."""
    before = step.inputs[0]
    if not masks[before]:
        return None
    number = taken_off(program, step, masks, kinds)
    if number is None or abs(number) not in TAKEN_OFF:
        return None
    return Mix(before, step.output, step.output, step, taken_off=number)


@final
class Writing:
    """Arrays that a loop takes 1 off one sample's right class after the other: together that is one error."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.begun: dict[int, Mix] = {}  # for what was written last the mix of all that was before

    def joined(self, step: Instruction, mix: Mix | None, candidates: dict[int, Mix]) -> Mix | None:
        """The mix that a step completes: with it that of the steps before is none by itself."""
        before = step.inputs[0]
        earlier = self.begun.get(before)
        if earlier is None or not self.is_read_here(before, step):
            if mix is not None:
                self.begun[step.output] = mix
            return mix
        if mix is not None and mix.taken_off == earlier.taken_off:
            candidates.pop(earlier.output, None)
            mix = replace(mix, prediction=earlier.prediction)
            self.begun[step.output] = mix
        elif mix is None and leaves_as_it_is(self.program, step):
            self.begun[step.output] = earlier
        return mix

    def is_read_here(self, position: int, step: Instruction) -> bool:
        """Whether nothing reads an array but what writes its next entry."""
        readers = self.program.consumers.get(position, ())
        return all(one is step or one.operation == "gather" for one in readers)


def taken_off(
    program: Program, write: Instruction, masks: Sequence[int], kinds: Collection[str]
) -> float | None:
    """What is taken off entries that are written back: 1 of p[rows, y] - 1, or of -(1 - p[rows, y])."""
    before, position = write.inputs
    sign, number, is_sum = 1, 0.0, False
    while (step := program.step_of.get(position)) is not None and step.operation != "gather":
        if step.operation == "negate":
            sign, position = -sign, step.inputs[0]
            continue
        constants = [p for p in step.inputs if not masks[p]]
        if (
            step.operation not in {*SUMS, "multiply"}
            or len(step.inputs) != 2
            or len(constants) != 1
        ):
            return None
        given = program.given.get(constants[0])
        if given is None or np.size(given) != 1:
            return None
        constant, is_second = float(np.reshape(given, -1)[0]), step.inputs[1] == constants[0]
        position = step.inputs[0 if is_second else 1]
        if step.operation == "multiply":
            if constant != -1:
                return None
            sign = -sign
            continue
        is_sum = is_sum or step.operation in kinds
        number += sign * constant * (-1 if step.operation == "subtract" and is_second else 1)
        sign *= -1 if step.operation == "subtract" and not is_second else 1
    if step is None or not is_sum or sign < 0:
        return None
    own = same_value(program, step.inputs[0], before)
    return -number if own or is_unchanged(program, step, write) else None


def same_value(program: Program, left: int, right: int) -> bool:
    """Whether two positions are one, or two readings of the same entries."""
    if left == right:
        return True
    one, other = program.step_of.get(left), program.step_of.get(right)
    if one is None or other is None or {one.operation, other.operation} != {"gather"}:
        return False
    return one.inputs == other.inputs and equal_indices(
        one.parameters.get("indices"), other.parameters.get("indices")
    )


def is_written_constant(program: Program, step: Instruction, position: int) -> bool:
    """Whether the source has a number here: 1 - a mixes nothing."""
    site = program.site(step)
    if len(site.literal) == 2 and site.kind in OPERATOR_SITES:
        return site.literal[step.inputs.index(position)]
    # A step that stands for part of a function, such as the bounds of a clip.
    return site.kind not in OPERATOR_SITES


def unified(program: Program, mixes: Sequence[Mix], stops: Collection[int]) -> list[Mix]:
    """The mixes, told which are of one prediction and target, computed or read anew for each of its errors."""
    found: list[Mix] = []
    for mix in mixes:
        same = (
            one
            for one in found[-MOST_BESIDE:]
            if (one.prediction, one.target) != (mix.prediction, mix.target)
            and is_same(program, one.target, mix.target, stops)
            and is_same(program, one.prediction, mix.prediction, stops)
        )
        first = next(same, None)
        found.append(mix if first is None else replace(mix, first=first.meeting))
    return found


def have_equal_parameters(one: Instruction, other: Instruction) -> bool:
    return one.parameters.keys() == other.parameters.keys() and all(
        equal_indices(value, other.parameters[key]) for key, value in one.parameters.items()
    )


def is_same(program: Program, one: int, other: int, stops: Collection[int]) -> bool:
    """Whether two values are computed from the same numbers by the same steps."""
    waiting, seen = [(one, other)], 0
    while waiting:
        pair, seen = waiting.pop(), seen + 1
        if pair[0] == pair[1]:
            continue
        steps = [program.step_of.get(position) for position in pair]
        first, second = steps
        if (
            first is None or second is None or seen > MOST_STEPS or any(p in stops for p in pair)
            or first.operation != second.operation or len(first.inputs) != len(second.inputs)
            or not have_equal_parameters(first, second)
        ):  # fmt: skip
            return False
        waiting += zip(first.inputs, second.inputs, strict=True)
    return True
