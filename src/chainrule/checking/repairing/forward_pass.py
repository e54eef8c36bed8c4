"""What the forward pass is made of: activations with their pre-activations, and dropout.

An activation is a value made entry by entry from one other, z, by more than a scale and a shift; and it goes
on into sums over entries, or under a mask.
"""

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program, Values

ELEMENTWISE = {
    "negate", "exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sqrt", "square", "power", "absolute",
    "maximum", "minimum", "where", "sin", "cos", "sinh", "cosh", "sign", "relu", "divide", "multiply", "add",
    "subtract", "greater", "greater-equal", "less", "less-equal", "reshape",
}  # fmt: skip
SHAPES = {"gather", "reshape", "transpose", "concatenate", "stack"}
BY_ENTRIES = {*ELEMENTWISE, "gather", "scatter"}
MOST_ENTRY_STEPS = 2000
MOST_KEPT = 60_000_000  # bytes of slopes that may be asked for again
STRAIGHT = {"multiply", "divide", "negate", "reshape", "add", "subtract"}


@final
@dataclass
class ForwardPass:
    """The values that predictions are made from. `masks` tell which parameters each value depends on."""

    program: Program
    values: Values
    masks: Sequence[int]
    forward: Collection[int]
    versions: Collection[int]
    predictions: Collection[int]
    # What was asked for once, with the values that it was asked of: they are known by what they are.
    slopes: dict[tuple[int, int, int], tuple[Values, Any]] = field(default_factory=dict)
    bytes: int = 0

    def pre_activation(self, position: int) -> int | None:
        """z of a = f(z): the value behind elementwise steps that all come from it alone."""
        program, masks = self.program, self.masks
        frontier, found = {position}, None
        shape = np.shape(self.values[position])
        for _ in range(40):
            latest = max(frontier)
            step = program.step_of.get(latest)
            if step is None or step.operation not in ELEMENTWISE or latest in self.versions:
                break
            inputs = {p for p in step.inputs if masks[p]}
            scaled = step.operation in ("multiply", "divide") and any(
                not masks[p] and np.size(self.values[p]) > 1 for p in step.inputs
            )
            if scaled:  # a mask of dropout is not part of an activation
                break
            if not inputs or any(np.shape(self.values[p]) != shape for p in inputs):
                break
            frontier = (frontier - {latest}) | inputs
            if any(p in self.versions for p in frontier):
                break
            if len(frontier) == 1:
                (found,) = frontier
        return found

    def pre_activation_of_entries(self, position: int) -> int | None:
        """The same of an array that is written entry by entry, each of them made of that entry of z."""
        program, masks = self.program, self.masks
        shape = np.shape(self.values[position])
        waiting, seen = [-position], {position}
        for _ in range(MOST_ENTRY_STEPS):
            latest = -heapq.heappop(waiting)
            step = program.step_of.get(latest)
            if not waiting and latest != position and np.shape(self.values[latest]) == shape:
                if latest in self.versions or not self.is_by_entries(position, latest):
                    return None
                further = self.pre_activation(latest)
                return latest if further is None else further
            if step is None or latest in self.versions or step.operation not in BY_ENTRIES:
                return None
            for one in step.inputs:
                if masks[one] and one not in seen:
                    seen.add(one)
                    heapq.heappush(waiting, -one)
            if not waiting:
                return None
        return None

    def is_by_entries(self, a: int, z: int) -> bool:
        """Whether each entry of a value is made of that entry of another: then its slopes stand on a diagonal."""
        region = self.program.ancestors([a], {z})
        shape = np.shape(self.values[a])
        seeds = np.ones(shape), np.random.default_rng(0).uniform(1, 2, shape)
        ones, drawn = (
            self.program.sweep(self.values, {a: seed}, {z}, region).get(z) for seed in seeds
        )
        if ones is None or drawn is None:
            return False
        return np.allclose(ones * seeds[1], drawn, rtol=1e-9, atol=0)

    @cached_property
    def activations(self) -> dict[int, int]:
        """For each activation of the forward pass its pre-activation."""
        pairs = {}
        for position in sorted(self.forward):
            if self.masks[position] and position not in self.versions:
                z = self.pre_activation(position)
                if z is None and self.is_written(position):
                    z = self.pre_activation_of_entries(position)
                if (
                    z is not None
                    and z != position
                    and self.is_weighed(position)
                    and self.bends(position, z)
                ):
                    pairs[position] = z
        return pairs

    def is_written(self, position: int) -> bool:
        """Whether a value is an array of which the last entry was just written."""
        step = self.program.step_of.get(position)
        return (
            step is not None
            and step.operation == "scatter"
            and np.size(self.values[position]) > 0
            and not any(
                one.operation == "scatter" and one.inputs[0] == position
                for one in self.program.consumers.get(position, ())
            )
        )

    def bends(self, a: int, z: int) -> bool:
        """Whether a function is more than a scale and a shift."""
        region = self.program.ancestors([a], {z}) - {z}
        steps = (self.program.step_of.get(p) for p in region if self.masks[p])
        return any(step is not None and step.operation not in STRAIGHT for step in steps) or any(
            step.operation in ("multiply", "divide")
            and sum(bool(self.masks[p]) for p in step.inputs) > 1
            for p in region
            if (step := self.program.step_of.get(p))
        )

    def is_weighed(self, position: int) -> bool:
        """Whether a value goes on into other kinds of steps than entry by entry: an activation does."""
        if position in self.predictions:
            return True
        return any(
            step.operation not in ELEMENTWISE
            or self.other_depends(step, position)
            or self.is_masking(step, position)
            for step in self.program.consumers.get(position, ())
            if step.output in self.forward
        )

    def is_masking(self, step: Instruction, position: int) -> bool:
        """Whether a step multiplies a value by an array that depends on no parameter, as dropout does."""
        masks = self.masks
        return step.operation in ("multiply", "divide") and any(
            p != position and not masks[p] and np.size(self.values[p]) > 1 for p in step.inputs
        )

    def other_depends(self, step: Instruction, position: int) -> bool:
        """Whether a step mixes a value with what is made neither from it nor from what it is made from."""
        masks = self.masks
        for other in step.inputs:
            if other == position or not masks[other]:
                continue
            if masks[other] & ~masks[position]:
                return True
            if step.operation in ("multiply", "divide") and not self.is_kin(other, position):
                return True
        return False

    def is_kin(self, other: int, position: int) -> bool:
        """Whether two values are made from one another entry by entry, or both from a third."""
        return bool(self.kin(other) & self.kin(position))

    def kin(self, position: int) -> set[int]:
        found: set[int] = set()
        waiting = [position]
        while waiting and len(found) < 40:
            here = waiting.pop()
            if here in found or here in self.versions or not self.masks[here]:
                continue
            found.add(here)
            step = self.program.step_of.get(here)
            if step is not None and step.operation in ELEMENTWISE:
                waiting.extend(step.inputs)
        return found

    @cached_property
    def activation_of(self) -> dict[int, int]:
        """For each pre-activation its activation."""
        return {z: a for a, z in self.activations.items()}

    @cached_property
    def masked(self) -> dict[int, int]:
        """For each value that dropout's mask has gone over, the value before."""
        pairs = {}
        masks, program = self.masks, self.program
        for position in sorted(self.forward):
            step, before = program.step_of.get(position), position
            while step is not None and step.operation in ("multiply", "divide"):
                depends = [p for p in step.inputs if masks[p]]
                if before in self.activations:
                    break  # 1 / (1 + exp(-z)) is no scale
                if len(depends) != 1 or self.version_behind(depends[0]) is not None:
                    break
                if any(self.are_zeros(p) for p in step.inputs):
                    break  # a state before anything: no mask leaves nothing
                (before,) = depends
                step = program.step_of.get(before)
            if before != position:
                pairs[position] = before
        return pairs

    def are_zeros(self, position: int) -> bool:
        """Whether an array was given that is 0 throughout; one number may be that of a unit that is left out."""
        value = self.values[position]
        return position in self.program.given and np.size(value) > 1 and not np.any(value)

    def version_behind(self, position: int) -> int | None:
        """The version of a parameter that a value has entries of."""
        while position not in self.versions:
            step = self.program.step_of.get(position)
            if step is None or step.operation not in ("transpose", "reshape", "gather"):
                return None
            position = step.inputs[0]
        return position

    @cached_property
    def mask_steps(self) -> dict[int, int]:
        """For each value of dropout the value one step before: a mask alone, or a scale alone."""
        masks, program = self.masks, self.program
        pairs = {}
        for position in self.masked:
            here = position
            while here != self.masked[position]:
                (before,) = (p for p in program.step_of[here].inputs if masks[p])
                pairs[here] = before
                here = before
        return pairs

    @cached_property
    def mask_operands(self) -> set[int]:
        """The masks and scales of dropout."""
        steps = (self.program.step_of[a] for a in self.mask_steps)
        return {p for step in steps for p in step.inputs if not self.masks[p]}

    @cached_property
    def copies(self) -> dict[int, int]:
        """For each value of an activation's entries in another shape what it was made of: rows, or beside ones."""
        found: dict[int, int] = {}
        for step in self.program.steps:
            sources = [p for p in step.inputs if p in self.activations or p in found]
            others = [p for p in step.inputs if p not in sources]
            alone = len(sources) == 1 and not any(self.masks[p] for p in others)
            if step.operation in SHAPES and alone and step.output not in self.activations:
                found[step.output] = sources[0]
        return found

    def original(self, a: int) -> int:
        """The activation that a copy was made of; of anything else itself."""
        while a in self.copies:
            a = self.copies[a]
        return a

    def slope(self, a: int, z: int, values: Values) -> Any:
        """f'(z) of an activation, or of a copy of one, by the rules, entry by entry."""
        known = self.slopes.get((a, z, id(values)))
        if known is not None:
            return known[1]
        found = self.find_slope(a, z, values)
        self.bytes += np.size(found) * 8
        if self.bytes <= MOST_KEPT:
            self.slopes[a, z, id(values)] = values, found
        return found

    def find_slope(self, a: int, z: int, values: Values) -> Any:
        source = self.copies.get(a)
        if source is not None:  # ones beside it have the slope 0
            step = self.program.step_of[a]
            slopes = {p: np.zeros(np.shape(values[p])) for p in step.inputs}
            slopes[source] = self.slope(source, self.activations.get(source, source), values)
            return self.program.apply(step, slopes)
        region = self.program.ancestors([a], {z})
        gradients = self.program.sweep(values, {a: np.ones(np.shape(values[a]))}, {z}, region)
        return gradients.get(z, np.zeros(np.shape(values[z])))

    def slope_at_activation(self, a: int, values: Values) -> Any:
        """f'(f(z)) of an activation, or of a copy of one, beside which ones become f'(1)."""
        source = self.original(a)
        z = self.activations[source]
        shapes = np.shape(values[a]), np.shape(values[z])
        if np.size(values[a]) == np.size(values[z]) and shapes[0] != shapes[1]:  # it was turned
            return np.full(shapes[0], np.nan)
        region = self.program.ancestors([source], {z})
        steps = [step for step in self.program.steps if step.output in region - {z}]
        there = list(values)
        there[z] = np.asarray(values[a])
        try:
            for step in steps:
                there[step.output] = self.program.apply(step, there)
        except ValueError:  # it has no place where it was made
            return np.full(shapes[0], np.nan)
        gradients = self.program.sweep(there, {source: np.ones(there[z].shape)}, {z}, region)
        return gradients.get(z, np.zeros(there[z].shape))
