"""A recorded computation that can be run again in float64: forward, with changes, and backward.

Everything that `check` says rests on these two sweeps. Derivatives come from `rules`; a recorded function
without a rule is differentiated numerically where it is small enough.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Any, Final, TypeAlias, final

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.checking.anatomy.computing import Overlay, Seen, as_numbers, function_of
from chainrule.recording.recording import Call, Guard, Recording
from chainrule.recording.rewriting import Site, Sites
from chainrule.rules import RULES
from chainrule.rules.linear import sum_to

Values: TypeAlias = list[Any]
Spot: TypeAlias = tuple[int, int]
Gradients: TypeAlias = dict[int, Any]

CHOOSING = {"greater", "greater-equal", "less", "less-equal", "equal", "not-equal"}
MOST_ENTRIES = 10_000  # of an array whose entries are told apart
FINITE: Final = sys.float_info.max
LARGEST_JACOBIAN = 600  # entries of an unknown function's input or result


class NoDerivativeError(Exception):
    """A recorded function has no rule, and is too large to be differentiated numerically."""


def calls_of(call: Call | None) -> tuple[int, ...]:
    found = []
    while call is not None:
        found.append(call.site)
        call = call.outer
    return tuple(found)


@final
@dataclass(frozen=True)
class Instruction:
    """One step as it is run: `output` <- `operation`(`inputs`)."""

    operation: str
    inputs: tuple[int, ...]
    output: int
    parameters: Mapping[str, Any]
    number: int = -1
    compute: Callable[[Any], Any] | None = None  # in a changed step, instead of the operation
    # In a changed step: positions that it sees otherwise, and how, given the value there and all values.
    seen: tuple[tuple[int, Callable[[Any, Any], Any]], ...] = ()


@final
@dataclass(eq=False)
class Program:
    """A recording, ready to be run. `step_of` has the step that made a value, where one did.

    Spots are told apart by the call around them, or by `all_calls`.
    """

    recording: Recording
    sites: Sites
    steps: list[Instruction] = field(default_factory=list)
    step_of: dict[int, Instruction] = field(default_factory=dict)
    given: dict[int, Any] = field(default_factory=dict)
    consumers: dict[int, list[Instruction]] = field(default_factory=dict)
    size: int = 0
    read_through: dict[int, list[int]] = field(default_factory=dict, repr=False)
    all_calls: bool = False

    def site(self, step: Instruction) -> Site:
        return self.sites[self.recording.sites[step.number]]

    def call(self, step: Instruction) -> Call | None:
        return self.recording.calls[step.number]

    def spot(self, step: Instruction) -> Spot:
        """The site of a step and of the call around it: an operator of one's own serves many purposes."""
        return self.spots[step.number]

    @cached_property
    def spots(self) -> list[Spot]:
        places = zip(self.recording.sites, self.recording.calls, strict=True)
        if not self.all_calls:
            return [(site, -1 if call is None else call.site) for site, call in places]
        ways: dict[tuple[int, ...], int] = {}
        return [(site, ways.setdefault(calls_of(call), len(ways))) for site, call in places]

    @cached_property
    def made_at(self) -> dict[Spot, list[int]]:
        """The positions that the steps of each spot make."""
        found: dict[Spot, list[int]] = {}
        for step in self.steps:
            found.setdefault(self.spot(step), []).append(step.output)
        return found

    def source_through(
        self, position: int, operations: Collection[str], stops: Collection[int] = ()
    ) -> int:
        """What a value comes from that such operations only hand on, a stop at the farthest."""
        while position not in stops:
            step = self.step_of.get(position)
            if step is None or step.operation not in operations:
                break
            position = step.inputs[0]
        return position

    def name(self, position: int) -> str | None:
        return self.recording.names.get(position)

    def origin(self, position: int) -> str | None:
        return self.recording.origins.get(position)

    @cached_property
    def origins(self) -> list[frozenset[str]]:
        """For each position the origins of all given numbers that it is made of."""
        found: list[frozenset[str]] = [frozenset()] * self.size
        for position, numbers in self.given.items():
            if np.size(numbers):
                found[position] = frozenset([self.recording.origins[position]])
        for step in self.steps:
            found[step.output] |= frozenset().union(*(found[position] for position in step.inputs))
        return found

    @cached_property
    def recorded(self) -> Values:
        """The values that the program had, in float64."""
        return self.run()

    # --- forward ----------------------------------------------------------------------------------

    def run(self, given: Mapping[int, Any] | None = None) -> Values:
        """All values from the given ones; `given` stands for some of them, made ones included."""
        values: Values = [None] * self.size
        for position, numbers in self.given.items():
            values[position] = numbers
        replaced = given or {}
        for position, numbers in replaced.items():
            values[position] = numbers
        computed_by = self.computed_by
        with np.errstate(all="ignore"):
            for step in self.steps:
                if step.output in replaced:
                    continue
                if step.compute is not None or step.seen:
                    values[step.output] = self.apply(step, values)
                    continue
                result = computed_by[step.output](*[values[p] for p in step.inputs])
                values[step.output] = result if type(result) is np.ndarray else np.asarray(result)
        return values

    def apply(self, step: Instruction, values: Any) -> Any:
        if step.seen:
            values = Seen(values, step.seen)
        if step.compute is not None:
            return np.asarray(step.compute(values))
        # What an edit makes of a value may be a plain number.
        return self.compute(step, [np.asarray(values[position]) for position in step.inputs])

    def compute(self, step: Instruction, inputs: Sequence[Any]) -> Any:
        """What a step's operation makes of some inputs."""
        functions = self.recording.functions
        return np.asarray(function_of(step.operation, step.parameters, functions)(*inputs))

    @cached_property
    def computed_by(self) -> list[Callable[..., Any]]:
        """For each position that a step makes what this computes of its inputs: looked up once, as most are run often."""
        functions = self.recording.functions
        found: list[Any] = [None] * self.size
        for step in self.steps:
            found[step.output] = function_of(step.operation, step.parameters, functions)
        return found

    def rerun(
        self,
        values: Values,
        changed: Mapping[int, Instruction],
        cone: Sequence[Instruction],
        fixed: Collection[int],
        replaced: Mapping[int, Any] | None = None,
    ) -> dict[int, Any]:
        """What becomes of the steps of a cone when some are changed: new values by position.

        `cone` is in order. Whoever reads a value at a `fixed` position still reads the old one;
        `replaced` values are as given. Raises what a changed step raises.
        """
        new: dict[int, Any] = dict(replaced or {})
        overlay, new_positions, computed_by = Overlay(values, new), new.keys(), self.computed_by
        ended: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for step in cone:
                output = step.output
                if step.number in changed:
                    step = changed[step.number]
                    output = step.output
                    if output in new:
                        continue
                    result = self.apply(step, overlay)
                elif output in new or new_positions.isdisjoint(step.inputs):
                    continue
                elif step.compute is not None or step.seen:
                    result = self.apply(step, overlay)
                else:
                    inputs = [new[p] if p in new else values[p] for p in step.inputs]
                    result = computed_by[output](*inputs)
                    if type(result) is not np.ndarray:
                        result = np.asarray(result)
                if output in fixed:
                    ended[output] = result
                else:
                    new[output] = result
        return new | ended

    def first_disagreement(self, values: Values) -> int | None:
        """The first position whose value is not the one that the program had, as far as its precision goes."""
        single = self.recording.single_precision
        tolerance = 2e-3 if single else 1e-7
        counts = self.counts() if single else set()
        for position, (first, last) in self.recording.samples.items():
            value = values[position] if position < self.size else None
            if value is None or not np.size(value) or position in counts:
                continue
            flat = np.asarray(value).reshape(-1)
            for expected, found in ((first, flat[0]), (last, flat[-1])):
                near = abs(float(found) - expected) <= tolerance * max(1.0, abs(expected))
                if np.isfinite(expected) and not near:
                    return position
        return None

    def first_beyond(self, largest: float) -> int | None:
        """The first position that holds no finite number, or one beyond all bounds.

        A large exp(z) is none: sigmoids and softmax bring it back.
        """
        steps = self.step_of
        powers = {p for p, step in steps.items() if step.operation == "exp"}
        powers |= {
            p for p, step in steps.items()
            if step.operation in ("add", "sum") and powers.intersection(step.inputs)
        }  # fmt: skip
        return next(
            (
                position
                for position, ends in self.recording.samples.items()
                if not all(
                    abs(number) <= (FINITE if position in powers else largest) for number in ends
                )
            ),
            None,
        )

    def counts(self) -> set[int]:
        """Values made from comparisons and choices alone, as an accuracy is: in single precision ties differ."""
        found: set[int] = set()
        for step in self.steps:
            chooses = step.operation in CHOOSING or step.operation.startswith("call:arg")
            made = [p for p in step.inputs if p in self.step_of]
            if chooses or (made and all(p in found for p in made)):
                found.add(step.output)
        return found

    def keeps_its_way(self, values: Values, guards: Iterable[Guard] | None = None) -> bool:
        """Whether every comparison that chose the program's way comes out as it did."""
        for guard in self.recording.guards if guards is None else guards:
            if max(guard.left, guard.right) >= self.size:
                continue  # after the part that this program is
            left, right = values[guard.left], values[guard.right]
            if left is None or right is None:
                continue
            outcome = RULES[guard.comparison].forward(FLOAT64, left, right)
            if bool(np.all(outcome)) != guard.outcome:
                return False
        return True

    def keeps_its_choices(self, values: Values) -> bool:
        """Whether the largest entries, where the program looked for them, are where they were."""
        return all(
            np.array_equal(choice.find(values[choice.position]), choice.found)
            for choice in self.recording.choices
            if choice.position < self.size and values[choice.position] is not None
        )

    # --- backward ---------------------------------------------------------------------------------

    def sweep(
        self,
        values: Values,
        seeds: Mapping[int, Any],
        stops: Collection[int],
        needed: Set[int] | None = None,
        without: Collection[tuple[int, int]] = (),
        least: int = 0,
    ) -> Gradients:
        """Gradients of a sum of losses from its gradients at some values, back to the stops.

        A gradient that reaches a stop goes no further. With `needed`, only through these positions; `without` the
        ways from some steps, by number, to some of what they take; and not to what was made before the `least` position.
        Raises: NoDerivativeError.
        """
        gradients: Gradients = {
            position: np.asarray(seed, dtype=float) for position, seed in seeds.items()
        }
        waiting = [
            -position for position in gradients
        ]  # the latest first: its gradient is complete
        heapify(waiting)
        with np.errstate(all="ignore"):
            while waiting:
                step = self.step_of.get(-heappop(waiting))
                if step is None or step.output in stops:
                    continue
                if needed is not None and needed.isdisjoint(step.inputs):
                    continue
                if least and max(step.inputs, default=0) < least:
                    continue
                inputs = [np.asarray(values[position]) for position in step.inputs]
                y = values[step.output]
                flowing = self.backward(step, gradients[step.output], y, inputs, needed)
                for position, value, gradient in zip(step.inputs, inputs, flowing, strict=True):
                    if gradient is None or position < least:
                        continue
                    if needed is not None and position not in needed:
                        continue
                    if without and (step.number, position) in without:
                        continue
                    gradient = np.asarray(gradient, dtype=float)
                    if gradient.shape != value.shape:
                        gradient = sum_to(gradient, value.shape)
                    before = gradients.get(position)
                    if before is None:
                        heappush(waiting, -position)
                    gradients[position] = gradient if before is None else before + gradient
        return gradients

    def backward(
        self,
        step: Instruction,
        dL_dy: Any,
        y: Any,
        inputs: Sequence[Any],
        needed: Collection[int] | None = None,
    ) -> Sequence[Any]:
        if step.operation in self.recording.functions:
            if np.asarray(y).dtype.kind == "b":
                return [None] * len(inputs)
            return self.numerical_backward(step, dL_dy, y, inputs, needed)
        rule = RULES[step.operation]
        if rule.backward is None:
            return [None] * len(inputs)
        if step.operation in ("maximum", "minimum") and step.inputs[0] in self.given:
            # Of equals the rule prefers the second: let that be the constant, as in max(z, 0).
            swapped = map(np.asarray, inputs[::-1])
            return rule.backward(FLOAT64, np.asarray(dL_dy), np.asarray(y), *swapped)[::-1]
        inputs = [value.astype(float) if value.dtype.kind in "iu" else value for value in inputs]
        return rule.backward(FLOAT64, np.asarray(dL_dy), np.asarray(y), *inputs, **step.parameters)

    def numerical_backward(
        self,
        step: Instruction,
        dL_dy: Any,
        y: Any,
        inputs: Sequence[Any],
        needed: Collection[int] | None,
    ) -> Sequence[Any]:
        """The gradient through a function that nobody knows, by central differences."""
        function = self.recording.functions[step.operation]
        flowing: list[Any] = []
        for number, value in enumerate(inputs):
            value = np.asarray(value, dtype=float)
            if needed is not None and step.inputs[number] not in needed:
                flowing.append(None)
                continue
            if value.size > LARGEST_JACOBIAN or np.size(y) > 100 * LARGEST_JACOBIAN:
                raise NoDerivativeError(step.operation.split(":")[1])
            gradient = np.zeros(value.shape)
            for index in np.ndindex(value.shape):
                step_size = 1e-5 * max(1.0, abs(float(value[index])))
                slopes = []
                for h in (step_size, step_size / 2):
                    ends = []
                    for sign in (1, -1):
                        moved = value.copy()
                        moved[index] += sign * h
                        at = [moved if k == number else other for k, other in enumerate(inputs)]
                        try:  # it may not be made for other numbers
                            ends.append(np.asarray(function(FLOAT64, *at), dtype=float))
                        except Exception as error:
                            raise NoDerivativeError(step.operation.split(":")[1]) from error
                    slopes.append((ends[0] - ends[1]) / (2 * h))
                gradient[index] = float(np.sum((4 * slopes[1] - slopes[0]) / 3 * dL_dy))
            flowing.append(gradient)
        return flowing

    # --- structure --------------------------------------------------------------------------------

    def until(self, size: int) -> "Program":
        """The first values alone, and the steps that made them."""
        if self.size <= size:
            return self
        first = Program(self.recording, self.sites, size=size, all_calls=self.all_calls)
        first.steps = [step for step in self.steps if step.output < size]
        first.step_of = {step.output: step for step in first.steps}
        first.given = {
            position: numbers for position, numbers in self.given.items() if position < size
        }
        first.consumers = {
            position: [step for step in found if step.output < size]
            for position, found in self.consumers.items()
            if position < size
        }
        return first

    def ancestors(
        self,
        positions: Iterable[int],
        stops: Collection[int] = (),
        by_entry: bool = False,
        begun: Collection[int] = (),
    ) -> set[int]:
        """Everything that some values are made from, stops included and not passed, but for those `begun` with.

        `by_entry`: what is read out of an array is not made from what was written to its other entries.
        """
        found: set[int] = set()
        waiting = list(positions)
        step_of = self.step_of
        while waiting:
            position = waiting.pop()
            if position in found:
                continue
            found.add(position)
            if position in stops and position not in begun:
                continue
            step = step_of.get(position)
            if step is not None:
                waiting += self.sources_of(step, stops) if by_entry else step.inputs
        return found

    def sources_of(self, step: Instruction, stops: Collection[int]) -> tuple[int, ...]:
        """What a step takes; of an array that was written to the one before, where other entries are read."""
        if step.operation != "gather" or len(step.inputs) != 1:
            return step.inputs
        if step.output not in self.read_through:
            self.read_through[step.output] = list(self.versions_before(step))
        earlier = self.read_through[step.output]
        return (next((source for source in earlier if source in stops), earlier[-1]),)

    def versions_before(self, read: Instruction) -> Iterator[int]:
        """The array that entries are read from, and its versions before, until one in which these were written."""
        (source,) = read.inputs
        yield source
        shape = np.shape(self.recorded[source])
        size = int(np.prod(shape))
        if size > MOST_ENTRIES:
            return
        places = np.arange(size).reshape(shape)
        is_read = np.zeros(size, bool)
        try:
            is_read[np.ravel(places[read.parameters["indices"]])] = True
            while (maker := self.step_of.get(source)) and maker.operation == "scatter":
                if is_read[np.ravel(places[maker.parameters["indices"]])].any():
                    return
                source = maker.inputs[0]
                yield source
        except (IndexError, TypeError):
            return


def build_program(recording: Recording, sites: Sites) -> Program:
    """A program from a recording: the given values in float64, the steps in order."""
    program = Program(recording, sites, size=len(recording.graph.values))
    for number, step in enumerate(recording.graph.steps):
        instruction = Instruction(step.operation, step.inputs, step.output, step.parameters, number)
        program.steps.append(instruction)
        program.step_of[step.output] = instruction
        for position in step.inputs:
            program.consumers.setdefault(position, []).append(instruction)
    for position in recording.origins:
        program.given[position] = as_numbers(recording.graph.values[position].numbers)
    return program


def with_steps(program: Program, changed: dict[int, Instruction]) -> Program:
    """The program with some of its steps, by number, replaced by others."""
    steps = [changed.get(step.number, step) for step in program.steps]
    consumers: dict[int, list[Instruction]] = {}
    for step in steps:
        for position in step.inputs:
            consumers.setdefault(position, []).append(step)
    return replace(program, steps=steps, step_of={s.output: s for s in steps}, consumers=consumers)


Watch: TypeAlias = Callable[[Any], None]
