"""Where a mistake may stand: the steps between the errors and the updates that went wrong.

Steps of one place in the source are instances of one *place*: an edit of the source changes all of them.
What may stand in an operand's place are values of the same turn, named by a label that means the same
in every instance: the pre-activation of this activation, the value of that line, last turn's weights.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction, Program, Values, calls_of
from chainrule.checking.anatomy.updates import Update, calls_around_turns, true_gradients
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.rates import find_decaying, find_step_sizes, is_rate_name
from chainrule.checking.repairing.forward_pass import SHAPES, ForwardPass

# A place: site, operation, and the sites of the calls that lead there.
Place: TypeAlias = tuple[int, str, tuple[int, ...]]


# What carries a contribution to an update on, what multiplies, and what leaves an error an error.
CARRIERS = {
    "add", "subtract", "negate", "sum", "mean", "stack", "scatter", "gather", "reshape", "transpose",
    "multiply", "divide", "concatenate",
}  # fmt: skip
PLAIN = {"negate", "reshape", "multiply", "divide", "gather", "transpose"}


@final
@dataclass
class Scene:
    """A case under one loss, with the parameters that are wrong.

    `worlds` are the numbers that every repair is tried on: recorded ones and disturbed ones, each with
    the true gradients. `goals` has for an update that is no multiple of its gradient, such as Adam's,
    the hand-made gradient that is held against the true one instead.
    """

    case: Case
    fit: Fit
    worlds: list[tuple[Values, list[Any]]] = field(default_factory=list)
    known_places: dict[int, Place] = field(default_factory=dict)
    goals: dict[int, int] = field(default_factory=dict)
    edits: dict[Any, Any] = field(default_factory=dict)  # those that were made here, by their kind
    windows: dict[int, tuple[int, int]] = field(default_factory=dict)
    ranks: dict[int, tuple[int, int]] = field(default_factory=dict)
    known_targets: dict[int, int | None] = field(default_factory=dict)
    ways: dict[tuple[int, int], float] = field(default_factory=dict)  # by parameter and world

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

    def behind(self, updates: Iterable[Update], to_goals: bool = False) -> set[int]:
        """Everything that some updates are made from, or their goals, from their versions before."""
        goals = self.goals_by_update if to_goals else {}
        targets = {goals.get((one.chain, one.number), one.after) for one in updates}
        return self.program.ancestors(targets, self.fixed, by_entry=True, begun=targets)

    @cached_property
    def goals_by_update(self) -> dict[tuple[int, int], int]:
        updates = self.case.anatomy.updates
        return {(updates[k].chain, updates[k].number): goal for k, goal in self.goals.items()}

    @cached_property
    def goal_of(self) -> dict[int, int]:
        """For each hand-made gradient inside an optimizer's update the parameter that it is for."""
        updates = self.case.anatomy.updates
        return {goal: updates[number].chain for number, goal in self.goals.items()}

    @cached_property
    def suspects(self) -> list[Instruction]:
        """Steps that make wrong updates and neither right ones nor predictions, in order."""
        bad = self.behind(self.bad_updates, to_goals=True) | (self.links if self.goals else set())
        good = self.behind(
            [u for u in self.case.anatomy.updates if u.chain in self.fit.good], to_goals=True
        )
        allowed = bad - ((good | self.forward) - self.links)
        return [step for step in self.program.steps if step.output in allowed]

    @cached_property
    def links(self) -> set[int]:
        """New versions of wrong parameters: predictions are made from them, but later."""
        chains = self.case.anatomy.chains
        return {p for update in self.bad_updates for p in chains[update.chain].versions[1:]}

    @cached_property
    def cone(self) -> list[Instruction]:
        """All steps that any update is made from, and those of errors that nobody uses."""
        found = self.behind(self.case.anatomy.updates) | self.unused
        return [step for step in self.program.steps if step.output in found]

    def place_of(self, step: Instruction) -> Place:
        place = self.known_places.get(step.number)
        if place is None:
            calls = calls_of(self.program.call(step))
            around = self.around_turns.get(self.window(step.output)[0], ())
            if around and calls[-len(around) :] == around:
                calls = calls[: -len(around)]
            place = self.program.recording.sites[step.number], step.operation, calls
            self.known_places[step.number] = place
        return place

    @cached_property
    def around_turns(self) -> dict[int, tuple[int, ...]]:
        """For each turn, by its beginning, the calls around all of it: what one calls in several lines is one place."""
        return calls_around_turns(self.case.anatomy, lambda position: self.window(position)[0])

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
        known = self.windows.get(position)
        if known is None:
            starts = self.turn_starts
            index = max(bisect_left(starts, position) - 1, 0)
            end = starts[index + 1] if index + 1 < len(starts) else self.program.size
            known = self.windows[position] = (starts[index] if starts else -1), end
        return known

    # --- what else an operand may be ----------------------------------------------------------------

    @cached_property
    def useful(self) -> set[int]:
        """What predictions and updates are made from, and errors that were computed and are not used."""
        return self.forward | {step.output for step in self.cone}

    @cached_property
    def unused(self) -> set[int]:
        """Errors that were computed and are not used, in no pass that was cut off."""
        end = max(update.after for update in self.case.anatomy.updates)
        errors = {step.output for step in self.program.steps if self.is_tainted(step.output)}
        return {p for p in errors if p < end and not self.program.consumers.get(p)}

    @cached_property
    def classes(self) -> dict[Any, list[int]]:
        """Values that may stand for each other, by the place that makes them; versions by their chain."""
        found: dict[Any, list[int]] = {}
        useful = self.useful
        for step in self.program.steps:
            if step.output in useful and step.output not in self.case.anatomy.stops:
                found.setdefault(self.place_of(step), []).append(step.output)
        return found

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """The values of forward and backward passes by what they are called, in order."""
        recording = self.program.recording
        found: dict[str, list[int]] = {}
        for position in sorted(self.useful):
            for name in {recording.names.get(position), recording.last_names.get(position)}:
                if name is not None:
                    found.setdefault(name, []).append(position)
        return found

    def latest_named(self, name: str, near: int) -> int | None:
        """The last value of a name in this turn, before a position."""
        positions, (start, _) = self.by_name.get(name, []), self.window(near)
        index = bisect_left(positions, near)
        return positions[index - 1] if index and positions[index - 1] > start else None

    @cached_property
    def class_of(self) -> dict[int, Any]:
        return {p: key for key, positions in self.classes.items() for p in positions}

    def members(self, key: Any, near: int) -> list[int]:
        """The values of a class in the turn of a position."""
        if key in self.operands:
            outputs, positions = self.operands[key]
            start, end = self.window(near)
            return positions[bisect_right(outputs, start) : bisect_right(outputs, end)]
        return self.between(self.classes.get(key, []), near)

    @cached_property
    def operands(self) -> dict[Any, tuple[list[int], list[int]]]:
        """What forward steps of a place take that no one place makes: states, the first one given.

        For each place and slot where the steps stand, and what they take there.
        """
        found: dict[Any, tuple[list[int], list[int]]] = {}
        for step in self.program.steps:
            if step.output in self.forward and len(step.inputs) == 2:
                for slot, position in enumerate(step.inputs):
                    outputs, positions = found.setdefault(
                        ("operand", self.place_of(step), slot), ([], [])
                    )
                    outputs.append(step.output)
                    positions.append(position)
        return {
            key: pair
            for key, pair in found.items()
            if len(set(pair[1])) > 1
            and len({self.class_of.get(p) for p in pair[1]}) == 2
            and not any(p in self.chain_of for p in pair[1])
        }

    def between(self, positions: list[int], near: int) -> list[int]:
        """Those of some ordered positions that lie in the turn of one."""
        start, end = self.window(near)
        return positions[bisect_right(positions, start) : bisect_right(positions, end)]

    def version_used(self, chain: int, near: int) -> int | None:
        """The version of a parameter that the turn's predictions were made with."""
        firsts, befores = self.used_versions.get(chain, ([], []))
        index = bisect_left(firsts, near)
        return befores[index - 1] if index else None

    @cached_property
    def used_versions(self) -> dict[int, tuple[list[int], list[int]]]:
        """For each chain where its updates' predictions begin, and the versions that they used."""
        mixes = self.case.anatomy.mixes
        pairs: dict[int, list[tuple[int, int]]] = {}
        for update in self.case.anatomy.updates:
            pairs.setdefault(update.chain, []).append(
                (mixes[update.turn].prediction, update.before)
            )
        return {
            chain: ([first for first, _ in sorted(own)], [before for _, before in sorted(own)])
            for chain, own in pairs.items()
        }

    @cached_property
    def chain_of(self) -> dict[int, int]:
        return {
            position: number
            for number, chain in enumerate(self.case.anatomy.chains)
            for position in chain.versions
        }

    @cached_property
    def forward_pass(self) -> ForwardPass:
        anatomy = self.case.anatomy
        predictions, versions = {mix.prediction for mix in anatomy.mixes}, set(self.chain_of)
        return ForwardPass(
            self.program, self.case.values, anatomy.masks, self.forward, versions, predictions
        )

    @property
    def activations(self) -> dict[int, int]:
        """For each activation of the forward pass its pre-activation."""
        return self.forward_pass.activations

    @property
    def activation_of(self) -> dict[int, int]:
        """For each pre-activation its activation."""
        return self.forward_pass.activation_of

    @cached_property
    def pre_activations(self) -> list[int]:
        return sorted(self.activation_of)

    @property
    def masked(self) -> dict[int, int]:
        """For each value that dropout's mask has gone over, the value before."""
        return self.forward_pass.masked

    def slope(self, a: int, z: int, values: Values) -> Any:
        return self.forward_pass.slope(a, z, values)

    @cached_property
    def suspect_numbers(self) -> set[int]:
        return {step.number for step in self.suspects}

    @cached_property
    def instances(self) -> dict[Place, list[int]]:
        """For each place of a suspect the values that it makes, those that go right included."""
        found: dict[Place, list[int]] = {key: [] for key in self.places}
        for step in self.cone:
            key = self.place_of(step)
            if key in found:
                found[key].append(step.output)
        return found

    def instances_near(self, key: Place, near: int) -> list[int]:
        return self.between(self.instances[key], near)

    def rank(self, step: Instruction) -> tuple[int, int]:
        """Which of its place's instances of that turn a step is, and how many there are."""
        known = self.ranks.get(step.output)
        if known is None:
            members = self.instances_near(self.place_of(step), step.output)
            known = self.ranks[step.output] = bisect_left(members, step.output), len(members)
        return known

    # --- what a value leads to ----------------------------------------------------------------------

    def updated_by(self, position: int) -> int | None:
        """The parameter whose update a value is a part of, by sums and products alone; None for several."""
        known = self.known_targets
        if position in known:
            return known[position]
        found: set[int] = set()
        waiting, seen = [position], {position}
        chain_of, goal_of, consumers = self.chain_of, self.goal_of, self.program.consumers
        while waiting and len(seen) < 300 and len(found) < 2:
            here = waiting.pop()
            chain = chain_of.get(here) if here != position else None
            chain = goal_of.get(here, chain)
            if chain is not None:
                found.add(chain)
                continue
            for step in consumers.get(here, ()):
                if step.number not in self.suspect_numbers or step.output in seen:
                    continue
                if (
                    step.operation in CARRIERS
                    or (step.operation in PRODUCTS and not self.is_tainted(here))
                    or self.multiplies_errors(step)
                ):
                    seen.add(step.output)
                    waiting.append(step.output)
                else:
                    found |= {-1, -2}
        known[position] = next(iter(found)) if len(found) == 1 and len(seen) < 300 else None
        return known[position]

    @cached_property
    def feeding(self) -> dict[tuple[Place, int], list[int]]:
        """For each place and parameter the steps there that its update is made from, by number."""
        found: dict[tuple[Place, int], list[int]] = {}
        for key, steps in self.places.items():
            for step in steps:
                chain = self.updated_by(step.output)
                if chain is not None:
                    found.setdefault((key, chain), []).append(step.output)
        return found

    def partners(self, version: int) -> list[int]:
        """What the forward pass multiplies a version of a parameter by, in order."""
        found = []
        for step in self.program.consumers.get(version, ()):
            if step.output in self.forward and step.operation in PRODUCTS and len(step.inputs) == 2:
                found.append(step.inputs[1 - step.inputs.index(version)])
            elif step.output in self.forward and step.operation == "transpose":
                found += self.partners(step.output)
        return found

    def is_gradient_product(self, step: Instruction, slot: int) -> bool:
        """Whether a step multiplies an error by this operand to make a weight's gradient."""
        position = step.inputs[slot]
        if self.is_tainted(position) or self.comes_from_weights(position):
            return False
        if step.operation in PRODUCTS and len(step.inputs) == 2:
            other = step.inputs[1 - slot]
            if not self.is_tainted(other):  # (rate * a) * delta
                return np.size(self.case.values[other]) == 1 and self.is_multiplied(step)
            # A slope is multiplied entry by entry; what is summed over, and no weight, is an input.
            return step.operation in ("matmul", "outer") or self.updated_by(step.output) is not None
        return step.operation in ("transpose", "reshape", "gather", "stack") and (
            self.updated_by(step.output) is not None or self.is_multiplied(step)
        )

    def multiplies_errors(self, step: Instruction) -> bool:
        """Whether a step is a product of two errors: an input, a slope or a weight belongs in the place of one."""
        return step.operation in PRODUCTS and all(map(self.is_tainted, step.inputs))

    def is_multiplied(self, step: Instruction) -> bool:
        """Whether a step's result goes into a product with an error that makes a weight's gradient."""
        return any(
            self.is_gradient_product(user, user.inputs.index(step.output))
            for user in self.program.consumers.get(step.output, ())
            if user.number in self.suspect_numbers and user.operation in PRODUCTS
        )

    def comes_from_weights(self, position: int) -> bool:
        return self.version_behind(position) is not None

    def version_behind(self, position: int) -> int | None:
        return self.forward_pass.version_behind(position)

    def is_decay(self, position: int) -> bool:
        """Whether a value is a parameter but for a factor."""
        if position in self.chain_of:
            return True
        step = self.program.step_of.get(position)
        return (
            step is not None
            and not self.is_tainted(position)
            and step.operation in {"multiply", "divide", "negate"} | SHAPES
            and any(self.is_decay(p) for p in step.inputs)
        )

    def is_error(self, position: int) -> bool:
        """Whether a value is an output's error but for its sign, shape or scale."""
        mixes = {mix.output for mix in self.case.anatomy.mixes}
        for _ in range(8):
            step = self.program.step_of.get(position)
            if position in mixes or step is None:
                return position in mixes
            tainted = [p for p in step.inputs if self.is_tainted(p)]
            others = [p for p in step.inputs if p not in tainted]
            # A weight is no scale, and no slope.
            masks, values = self.case.anatomy.masks, self.case.values
            small = all(np.size(values[p]) == 1 and not masks[p] for p in others)
            if step.operation not in PLAIN or len(tainted) != 1 or not small:
                return False
            (position,) = tainted
        return False

    def is_rate(self, position: int | None) -> bool:
        """Whether a number has the name of a rate."""
        return position is not None and is_rate_name(self.program.name(position))

    # --- values of one turn -------------------------------------------------------------------------

    def classes_by_shape(self, shape: tuple[int, ...], near: int) -> list[Any]:
        start, _ = self.window(near)
        table = self.known_classes.get(start)
        if table is None:
            table = {}
            for key in (*self.classes, *self.operands):
                members = self.members(key, near)
                if members:
                    table.setdefault(np.shape(self.case.values[members[0]]), []).append(key)
            self.known_classes[start] = table
        return table.get(shape, [])

    @cached_property
    def known_classes(self) -> dict[int, dict[tuple[int, ...], list[Any]]]:
        return {}

    @cached_property
    def given_values(self) -> list[int]:
        """Arrays that are given and that predictions are made from: the data."""
        given = sorted(self.forward & set(self.program.given))
        return [p for p in given if np.size(self.program.given[p]) > 1][:20]

    @cached_property
    def first_goals(self) -> dict[int, int]:
        """For each parameter the number of its first update that has a goal, and moves it where any does."""
        updates, values = self.case.anatomy.updates, self.case.values
        last_first = sorted(self.goals, key=lambda k: (bool(np.any(values[self.goals[k]])), -k))
        return {updates[number].chain: number for number in last_first}

    @cached_property
    def decaying(self) -> set[int]:
        return find_decaying(self.case.anatomy, self.forward)

    @cached_property
    def step_sizes(self) -> set[int]:
        return find_step_sizes(self.case.anatomy)


def set_scene(case: Case, fit: Fit) -> Scene:
    """A scene with its worlds. Raises: NoDerivativeError."""
    scene = Scene(case, fit)
    scene.worlds = [
        (values, true_gradients(case.anatomy, values, fit.loss)) for values in case.worlds
    ]
    return scene
