"""Where a mistake may stand: the steps between the errors and the updates that went wrong.

Steps of one place in the source are instances of one *place*: an edit of the source changes all of them.
What may stand in an operand's place are values of the same turn, named by a label that means the same
in every instance: the pre-activation of this activation, the value of that line, last turn's weights.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.checking import Case
from chainrule.checking.fitting import Fit
from chainrule.checking.program import Instruction, Program, Values
from chainrule.checking.updates import Update, true_gradients
from chainrule.recording.recorder import Call

# A place: site, operation, and the sites of the calls that lead there.
Place: TypeAlias = tuple[int, str, tuple[int, ...]]
RATE_WORDS = ("rate", "lr", "eta", "alpha", "learn", "step")
ELEMENTWISE = {
    "negate", "exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sqrt", "square", "power", "absolute",
    "maximum", "minimum", "where", "sin", "cos", "sinh", "cosh", "sign", "relu", "divide", "multiply", "add",
    "subtract", "greater", "greater-equal", "less", "less-equal", "reshape",
}  # fmt: skip


@final
@dataclass
class Scene:
    """A case under one loss, with the parameters that are wrong.

    `worlds` are the numbers that every repair is tried on: recorded ones and disturbed ones, each with
    the true gradients.
    """

    case: Case
    fit: Fit
    worlds: list[tuple[Values, list[Any]]] = field(default_factory=list)

    @property
    def program(self) -> Program:
        return self.case.program

    @property
    def loss(self) -> str:
        return self.fit.loss

    @cached_property
    def fixed(self) -> set[int]:
        """Versions that predictions were made with: they stay, whatever is repaired."""
        return {p for update in self.case.anatomy.updates for p in (update.before, update.after)}

    @cached_property
    def bad_updates(self) -> list[Update]:
        return [update for update in self.case.anatomy.updates if update.chain in self.fit.bad]

    @cached_property
    def forward(self) -> set[int]:
        """What predictions are made from, within a turn."""
        anatomy = self.case.anatomy
        used = {number for update in anatomy.updates for number in update.mixes}
        return self.program.ancestors((anatomy.mixes[n].prediction for n in used), anatomy.stops)

    def behind(self, updates: Iterable[Update]) -> set[int]:
        """Everything that some updates are made from, from their versions before."""
        afters = {update.after for update in updates}
        stops = self.fixed - afters
        found: set[int] = set()
        for update in updates:
            found |= self.program.ancestors([update.after], stops - {update.after} | (afters - {update.after}))
        return found

    @cached_property
    def suspects(self) -> list[Instruction]:
        """Steps that make wrong updates and neither right ones nor predictions, in order."""
        bad = self.behind(self.bad_updates)
        good = self.behind([u for u in self.case.anatomy.updates if u.chain in self.fit.good])
        allowed = bad - good - self.forward
        return [step for step in self.program.steps if step.output in allowed]

    @cached_property
    def cone(self) -> list[Instruction]:
        """All steps that any update is made from."""
        found = self.behind(self.case.anatomy.updates)
        return [step for step in self.program.steps if step.output in found]

    def place_of(self, step: Instruction) -> Place:
        return self.program.recording.sites[step.number], step.operation, calls_of(self.program.call(step))

    @cached_property
    def places(self) -> dict[Place, list[Instruction]]:
        """The suspects by place, in the order in which they first occur."""
        found: dict[Place, list[Instruction]] = {}
        for step in self.suspects:
            found.setdefault(self.place_of(step), []).append(step)
        return found

    def is_tainted(self, position: int) -> bool:
        return bool(self.case.anatomy.error_masks[position])

    # --- turns ------------------------------------------------------------------------------------

    @cached_property
    def turn_starts(self) -> list[int]:
        """Where each turn begins: at the first version that its predictions are made with."""
        anatomy = self.case.anatomy
        afters = sorted({update.after for update in anatomy.updates})
        firsts = sorted({anatomy.mixes[update.turn].prediction for update in anatomy.updates})
        starts = []
        for first in firsts:
            earlier = [position for position in afters if position < first]
            starts.append(earlier[-1] if earlier else -1)
        return sorted(set(starts))

    def window(self, position: int) -> tuple[int, int]:
        """The turn that a position lies in, as positions from and to."""
        starts = self.turn_starts
        index = max((k for k, start in enumerate(starts) if start < position), default=0)
        end = starts[index + 1] if index + 1 < len(starts) else self.program.size
        return (starts[index] if starts else -1), end

    # --- what else an operand may be ----------------------------------------------------------------

    @cached_property
    def classes(self) -> dict[Any, list[int]]:
        """Values that may stand for each other, by the place that makes them; versions by their chain."""
        found: dict[Any, list[int]] = {}
        useful = self.forward | {step.output for step in self.cone}
        for step in self.program.steps:
            if step.output in useful and step.output not in self.case.anatomy.stops:
                found.setdefault(self.place_of(step), []).append(step.output)
        return found

    @cached_property
    def class_of(self) -> dict[int, Any]:
        return {p: key for key, positions in self.classes.items() for p in positions}

    def members(self, key: Any, near: int) -> list[int]:
        """The values of a class in the turn of a position."""
        start, end = self.window(near)
        return [position for position in self.classes.get(key, ()) if start < position < end]

    def version_used(self, chain: int, near: int) -> int | None:
        """The version of a parameter that the turn's predictions were made with."""
        best = None
        for update in self.case.anatomy.updates:
            if update.chain == chain and update.before < near and (best is None or update.before > best):
                first = self.case.anatomy.mixes[update.turn].prediction
                if first < near:
                    best = update.before
        return best

    @cached_property
    def chain_of(self) -> dict[int, int]:
        return {
            position: number
            for number, chain in enumerate(self.case.anatomy.chains)
            for position in chain.versions
        }

    def pre_activation(self, position: int) -> int | None:
        """z of a = f(z): the value behind elementwise steps that all come from it alone."""
        program, masks = self.program, self.case.anatomy.masks
        frontier, found = {position}, None
        shape = np.shape(self.case.values[position])
        for _ in range(40):
            latest = max(frontier)
            step = program.step_of.get(latest)
            if step is None or step.operation not in ELEMENTWISE or latest in self.chain_of:
                break
            inputs = {p for p in step.inputs if masks[p]}
            scaled = step.operation in ("multiply", "divide") and any(
                not masks[p] and np.size(self.case.values[p]) > 1 for p in step.inputs
            )
            if scaled:  # a mask of dropout is not part of an activation
                break
            if not inputs or any(np.shape(self.case.values[p]) != shape for p in inputs):
                break
            frontier = (frontier - {latest}) | inputs
            if any(p in self.chain_of for p in frontier):
                break
            if len(frontier) == 1:
                (found,) = frontier
        return found

    @cached_property
    def activations(self) -> dict[int, int]:
        """For each activation of the forward pass its pre-activation."""
        pairs = {}
        for position in sorted(self.forward):
            if self.case.anatomy.masks[position] and position not in self.chain_of:
                z = self.pre_activation(position)
                if z is not None and z != position and self.is_weighed(position):
                    pairs[position] = z
        return pairs

    def is_weighed(self, position: int) -> bool:
        """Whether a value goes on into other kinds of steps than entry by entry: an activation does."""
        predictions = {mix.prediction for mix in self.case.anatomy.mixes}
        if position in predictions:
            return True
        return any(
            step.operation not in ELEMENTWISE or self.other_depends(step, position)
            for step in self.program.consumers.get(position, ())
            if step.output in self.forward
        )

    def other_depends(self, step: Instruction, position: int) -> bool:
        masks = self.case.anatomy.masks
        return any(p != position and masks[p] & ~masks[position] for p in step.inputs)

    @cached_property
    def activation_of(self) -> dict[int, int]:
        """For each pre-activation its activation."""
        return {z: a for a, z in self.activations.items()}

    @cached_property
    def masked(self) -> dict[int, int]:
        """For each value that dropout's mask has gone over, the value before."""
        pairs = {}
        masks, program = self.case.anatomy.masks, self.program
        for position in sorted(self.forward):
            step, before = program.step_of.get(position), position
            while step is not None and step.operation in ("multiply", "divide"):
                depends = [p for p in step.inputs if masks[p]]
                if len(depends) != 1 or before in self.chain_of:
                    break
                (before,) = depends
                step = program.step_of.get(before)
            if before != position and before not in self.chain_of:
                pairs[position] = before
        return pairs

    @cached_property
    def suspect_numbers(self) -> set[int]:
        return {step.number for step in self.suspects}

    def members_of_suspects(self, key: Place, near: int) -> list[int]:
        start, end = self.window(near)
        return [step.output for step in self.places[key] if start < step.output < end]

    def is_gradient_product(self, step: Instruction, slot: int) -> bool:
        """Whether a step multiplies an error by this operand to make a weight's gradient."""
        if step.operation not in ("matmul", "outer", "multiply", "einsum") or len(step.inputs) != 2:
            return False
        other = step.inputs[1 - slot]
        if not self.is_tainted(other) or self.is_tainted(step.inputs[slot]):
            return False
        if step.operation != "multiply":
            return step.inputs[slot] not in self.chain_of and not self.comes_from_weights(step.inputs[slot])
        return self.leads_to_update(step.output)

    def comes_from_weights(self, position: int) -> bool:
        step = self.program.step_of.get(position)
        return step is not None and step.operation in ("transpose", "reshape", "gather") and (
            step.inputs[0] in self.chain_of or self.comes_from_weights(step.inputs[0])
        )

    def leads_to_update(self, position: int) -> bool:
        """Whether a value goes, by sums and constant factors alone, into one parameter's update."""
        for _ in range(60):
            if position in self.case.anatomy.stops:
                return True
            uses = [s for s in self.program.consumers.get(position, ()) if s.number in self.suspect_numbers]
            if not uses or any(s.operation not in ("add", "subtract", "multiply", "divide", "stack", "sum", "scatter", "negate", "mean") for s in uses):
                return False
            step = uses[0]
            others = [p for p in step.inputs if p != position and p not in self.chain_of]
            if step.operation in ("multiply", "divide") and any(self.case.anatomy.masks[p] for p in others):
                return False
            position = step.output
        return False

    def is_local_factor(self, step: Instruction) -> bool:
        """Whether an untainted step only goes into a factor of an error."""
        return not self.is_tainted(step.output)

    def is_decay(self, step: Instruction) -> bool:
        """Whether a value is a multiple of a parameter."""
        return step.operation == "multiply" and any(p in self.chain_of for p in step.inputs)

    def is_rate(self, position: int | None) -> bool:
        """Whether a number is one that updates of good parameters are multiplied by, or has such a name."""
        name = self.program.name(position) if position is not None else None
        return bool(name) and any(word in str(name).lower() for word in RATE_WORDS)

    def name_slope(self, step: Instruction, a: int) -> str:
        value = np.asarray(self.case.values[step.output])
        constant = value.size > 0 and bool(np.all(value == value.reshape(-1)[0])) and value.reshape(-1)[0] in (0, 1)
        behind = self.program.ancestors([step.output], {a, *self.activations.values()})
        compares = any(
            one.operation.startswith(("greater", "less")) for p in behind if (one := self.program.step_of.get(p))
        )
        return "relu-derivative-at-output" if constant or compares else "unknown"

    def slope(self, a: int, z: int, values: Values) -> Any:
        """f'(z) of an activation, by the rules, entry by entry."""
        region = self.program.ancestors([a], {z})
        gradients = self.program.sweep(values, {a: np.ones(np.shape(values[a]))}, {z}, region)
        return gradients.get(z, np.zeros(np.shape(values[z])))


def calls_of(call: Call | None) -> tuple[int, ...]:
    found = []
    while call is not None:
        found.append(call.site)
        call = call.outer
    return tuple(found)


def set_scene(case: Case, fit: Fit) -> Scene:
    """A scene with its worlds. Raises: NoDerivativeError."""
    scene = Scene(case, fit)
    scene.worlds = [(values, true_gradients(case.anatomy, values, fit.loss)) for values in case.worlds]
    return scene
