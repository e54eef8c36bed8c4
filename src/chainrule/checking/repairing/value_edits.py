"""Changes of a recorded computation that could put a mistake right: another value in a result's place.

A factor that is left out or one too many, another sign or scale, a sum that is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.repairing.applied_rates import is_applied_again
from chainrule.checking.repairing.edits import Changes, Edit, each, groups
from chainrule.checking.repairing.operand_names import comes_entry_by_entry, scales_parameter
from chainrule.checking.repairing.scene import CARRIERS, Place, Scene
from chainrule.rules import RULES

# The new value of an operand or a result, given its old value and all values.
NewValue: TypeAlias = Callable[..., Any]
ChangeOfValue: TypeAlias = Callable[..., NewValue | None]  # of one step


# --- how a value is changed -----------------------------------------------------------------------


def seen_as(
    scene: Scene, key: Place, change: ChangeOfValue
) -> Callable[[Sequence[Instruction]], Changes | None]:
    """Changes after which all steps but a sum's own see the values of one place otherwise."""
    return seen_by_others(scene, {key}, change)


def seen_by_others(
    scene: Scene, keys: set[Place], change: ChangeOfValue
) -> Callable[[Sequence[Instruction]], Changes | None]:
    """The same of several places; what adds to the one place's own values still sees them as they are."""

    def make(steps: Sequence[Instruction]) -> Changes | None:
        changes: Changes = {}
        for made in steps:
            outside = [
                step
                for step in scene.program.consumers.get(made.output, ())
                if step.number in scene.suspect_numbers
                and not (len(keys) == 1 and adds_up(scene, step, keys))
            ]
            if not outside:
                continue
            new = change(made)
            if new is None:
                return None
            for step in outside:
                before = changes.get(step.number, step)
                slot = step.inputs.index(made.output)
                changes[step.number] = with_changed_operand(before, slot, new)
        return changes or None

    return make


def adds_up(scene: Scene, step: Instruction, keys: set[Place]) -> bool:
    """Whether a step of some places makes a running sum, or writes entry by entry."""
    return step.operation in ("add", "subtract", "scatter") and scene.place_of(step) in keys


def with_changed_operand(step: Instruction, slot: int, new: NewValue) -> Instruction:
    if step.compute is None and step.operation not in RULES:
        raise ValueError("an unknown function is left as it is")
    return replace(step, seen=(*step.seen, (step.inputs[slot], new)))


def base_of(values: Any) -> Values:
    """Forward values do not change with an edit, so those below an overlay serve."""
    while hasattr(values, "values") and not isinstance(values, list):
        values = values.values
    return values


# --- factors --------------------------------------------------------------------------------------


def factor_edits(scene: Scene) -> Iterator[Edit]:
    """A local derivative that is left out: of an activation, or of dropout's mask."""
    return factors_of(scene, beside_ones=False)


def factors_beside_ones(scene: Scene) -> Iterator[Edit]:
    """The same where a slope stands there already, but is 1: what makes that is the likelier place."""
    for edit in factors_of(scene, beside_ones=True):
        yield replace(edit, cost=edit.cost + 7)


def factors_of(scene: Scene, beside_ones: bool) -> Iterator[Edit]:
    for key, steps in scene.places.items():
        first = steps[0]
        if not scene.is_tainted(first.output) or first.output in scene.chain_of:
            continue
        if has_slope_of_one(scene, first) != beside_ones:
            continue
        shape = np.shape(scene.case.values[first.output])
        kinds = (
            ("dropout-mask", scene.masked), ("dropout-mask", scene.forward_pass.mask_steps),
            ("missing-derivative", scene.activations), ("missing-derivative", scene.forward_pass.copies),
        )  # fmt: skip
        for name, pairs in kinds:
            for pair_class in pair_classes(scene, pairs, first, shape):
                blocks = [f"blocks of {n}" for n in block_sizes(scene, first)]
                for mode in ("rank", "reversed", "latest", "weights", "weights, back", *blocks):
                    mate = mates(scene, key, pairs, pair_class, mode)
                    if mate(first) in (None, NONE):
                        continue

                    def change(
                        step: Instruction, mate: Any = mate, pairs: Any = pairs
                    ) -> NewValue | None:
                        return factor(scene, mate(step), pairs)

                    beside = name == "dropout-mask" and any(
                        comes_from_mask(scene, p) for p in first.inputs
                    )
                    cost = 0 if beside else 1 + is_no_error_now(scene, first)
                    yield Edit(
                        name, steps, seen_as(scene, key, change), first, None, mate(first),
                        how="factor", cost=cost + cost_of_late(scene, mate(first), first),
                    )  # fmt: skip
                    if len(scene.members(pair_class, first.output)) < 2:
                        break


def has_slope_of_one(scene: Scene, step: Instruction) -> bool:
    """Whether an error is multiplied, here or next, by ones that were made of values of the forward pass."""
    masks, values = scene.case.anatomy.masks, scene.case.values

    def multiplies(one: Instruction) -> bool:
        size = np.size(values[one.output])
        return one.operation == "multiply" and any(
            masks[p] and not scene.is_tainted(p) and np.size(values[p]) == size > 1 and np.all(values[p] == 1)
            for p in one.inputs
        )  # fmt: skip

    readers = scene.program.consumers.get(step.output, ())
    own = [one for one in readers if one.number in scene.suspect_numbers]
    return multiplies(step) or (bool(own) and all(map(multiplies, own)))


def errors_in_one_role(scene: Scene) -> Iterator[list[Instruction]]:
    """Errors of several places that go on under one name, or are read at one place: dz = dh, wherever dh was made."""
    last_names = scene.program.recording.last_names
    groups: dict[Any, dict[int, Instruction]] = {}
    for step in scene.suspects:
        if not scene.is_tainted(step.output) or step.output in scene.chain_of:
            continue
        roles: list[Any] = [
            (scene.place_of(reader), slot)
            for reader in scene.program.consumers.get(step.output, ())
            if reader.number in scene.suspect_numbers and reader.operation in PRODUCTS
            for slot, position in enumerate(reader.inputs)
            if position == step.output
        ]
        name = last_names.get(step.output)
        for role in roles if name is None else [name, *roles]:
            groups.setdefault(role, {})[step.number] = step
    seen: set[tuple[int, ...]] = set()
    for members in groups.values():
        numbers = tuple(sorted(members))
        steps = [members[number] for number in numbers]
        if numbers not in seen and len({scene.place_of(step) for step in steps}) > 1:
            seen.add(numbers)
            yield steps


def named_factor_edits(scene: Scene) -> Iterator[Edit]:
    """A local derivative that is left out of errors from several places."""
    for steps in errors_in_one_role(scene):
        if all(has_slope_of_one(scene, step) for step in steps):
            continue
        keys = {scene.place_of(step) for step in steps}
        first = steps[0]
        outputs = [step.output for step in steps]
        shape = np.shape(scene.case.values[first.output])
        for pair_class in pair_classes(scene, scene.activations, first, shape):
            for mode in ("reversed", "rank", "weights", "weights, back"):

                def mate(
                    step: Instruction,
                    outputs: list[int] = outputs,
                    key: Any = pair_class,
                    mode: str = mode,
                ) -> int | None:
                    near = scene.between(outputs, step.output)
                    members = [a for a in scene.members(key, step.output) if a in scene.activations]
                    if mode.startswith("weights"):
                        return came_back_from(scene, step, near, members, mode)
                    index = near.index(step.output) - (
                        len(near) - len(members) if mode == "rank" else 0
                    )
                    chosen = len(members) - 1 - index if mode == "reversed" else index
                    return members[chosen] if 0 <= chosen < len(members) else NONE

                def change(step: Instruction, mate: Any = mate) -> NewValue | None:
                    return factor(scene, mate(step), scene.activations)

                yield Edit(
                    "missing-derivative", steps, seen_by_others(scene, keys, change), first, None,
                    mate(first) if mate(first) != NONE else None, how="factor",
                    cost=1 + cost_of_late(scene, mate(first), first),
                )  # fmt: skip


def is_no_error_now(scene: Scene, step: Instruction) -> bool:
    """Whether a step makes part of an update of an error: times the rate, or times a layer's input."""
    return step.operation == "multiply" and any(
        scene.is_gradient_product(step, slot)
        and (
            position in scene.step_sizes
            or scene.is_rate(position)
            or np.size(scene.case.values[position]) > 1
            or scene.is_tainted(step.inputs[1 - slot])
        )
        for slot, position in enumerate(step.inputs)
    )


def cost_of_late(scene: Scene, activation: int | None, step: Instruction) -> int:
    """More for an output's derivative where the error has come back through weights: what went back raw is likelier wrong."""
    predictions = {mix.prediction for mix in scene.case.anatomy.mixes}
    late = activation in predictions and not comes_entry_by_entry(scene, step.output)
    return LATE if late else 0


def comes_from_mask(scene: Scene, position: int) -> bool:
    """Whether a factor is a mask of dropout, or made from one alone."""
    masks = scene.forward_pass.mask_operands
    alone = not scene.is_tainted(position) and not scene.case.anatomy.masks[position]
    return alone and bool(masks & scene.program.ancestors([position], masks))


def factor(scene: Scene, a: int | None, pairs: Mapping[int, int]) -> NewValue | None:
    if a is None:
        return None
    if a == NONE:
        return lambda value, values: value
    z = pairs[a]

    def new(value: Any, values: Any) -> Any:
        slope = scene.slope(a, z, base_of(values))
        if np.shape(slope) != np.shape(value):
            raise ValueError("the slope has another shape")
        return value * slope

    return new


def pair_classes(
    scene: Scene, pairs: Mapping[int, int], step: Instruction, shape: tuple[int, ...]
) -> list[Any]:
    start, _ = scene.window(step.output)
    keys: list[Any] = []
    for a in pairs:
        if (
            start < scene.forward_pass.original(a) < step.output
            and np.shape(scene.case.values[a]) == shape
        ):
            key = scene.class_of.get(a)
            if key is not None and key not in keys:
                keys.append(key)
    return keys


def mates(
    scene: Scene, place: Place, pairs: Mapping[int, int], key: Any, mode: str
) -> Callable[[Instruction], int | None]:
    """For each value of a place the activation that it goes with."""

    def mate(step: Instruction) -> int | None:
        members = [a for a in scene.members(key, step.output) if a in pairs]
        if not members:
            return None
        if mode.startswith("weights"):
            near = scene.instances_near(scene.place_of(step), step.output)
            return came_back_from(scene, step, near, members, mode)
        index, count = scene.rank(step)
        if mode == "latest":
            before = [a for a in members if a < step.output]
            return before[-1] if before else None
        if len(members) != count:
            if count % len(members):
                return None
            index //= count // len(members)
            count = len(members)
        if mode.startswith("blocks"):
            size = int(mode.split()[-1])
            index += count - size - 2 * (index - index % size)
            return members[index] if count % size == 0 else None
        place = index if mode == "rank" else count - 1 - index
        return members[place] if place < count else None

    return mate


def block_sizes(scene: Scene, step: Instruction) -> list[int]:
    """How many numbers a state may have whose errors go back in time: all of one time step in their order."""
    _, count = scene.rank(step)
    lone = np.size(scene.case.values[step.output]) == 1
    return [n for n in range(2, count // 2 + 1) if count % n == 0][:MOST_BLOCKS] if lone else []


def came_back_from(
    scene: Scene, step: Instruction, near: Sequence[int], activations: Sequence[int], mode: str
) -> int | None:
    """The activation that the forward pass multiplies by the weights that an error came back through.

    Of several, in as many samples or time steps, the one that has its rank among the errors that are
    `near`; errors go back in time to the first state, which is no activation.
    """
    weights = weights_behind(scene, step)
    found = {
        a for version in weights for partner in scene.partners(version)
        if (a := unmasked(scene, partner, activations)) is not None
    }  # fmt: skip
    if len(found) < 2 or not weights:
        return found.pop() if found else None
    same = [p for p in near if weights_behind(scene, scene.program.step_of[p]) == weights]
    index = same.index(step.output)
    if mode == "weights":
        return sorted(found)[index] if len(same) == len(found) else None
    if not len(found) <= len(same) <= len(found) + 1:
        return None
    return sorted(found)[-1 - index] if index < len(found) else NONE


def unmasked(scene: Scene, position: int, activations: Sequence[int]) -> int | None:
    """An activation before dropout, or the value itself, if it is one of some."""
    for one in (position, scene.masked.get(position)):
        if one is not None and one in activations:
            return one
    return None


def weights_behind(scene: Scene, step: Instruction) -> frozenset[int]:
    """The versions of parameters that an error was multiplied by last."""
    found: set[int] = set()
    waiting, seen = [step], {step.output}
    while waiting and len(seen) < 200:
        here = waiting.pop()
        versions = {scene.version_behind(p) for p in here.inputs if not scene.is_tainted(p)} - {
            None
        }
        if versions and here.operation in PRODUCTS:
            found |= {version for version in versions if version is not None}
            continue
        for position in here.inputs:
            maker = scene.program.step_of.get(position)
            if (
                maker is not None and scene.is_tainted(position) and position not in seen
                and maker.operation in CARRIERS and maker.number in scene.suspect_numbers
            ):  # fmt: skip
                seen.add(position)
                waiting.append(maker)
            elif maker is not None and maker.operation in PRODUCTS and scene.is_tainted(position):
                waiting.append(maker)
                seen.add(position)
    return frozenset(found)


MOST_BLOCKS = 6
NONE = -1  # of an error that belongs to no activation
LATE = 2  # added to the cost of an edit that another is likelier than
REMOVABLE = {
    "multiply", "divide", "square", "sqrt", "absolute", "negate", "exp", "tanh", "add", "subtract",
}  # fmt: skip


def removed_factors(scene: Scene) -> Iterator[Edit]:
    """A factor, a divisor or a function too many."""
    for steps, _ in groups(scene):
        first = steps[0]
        if first.operation not in REMOVABLE or first.output in scene.chain_of:
            continue
        shape = np.shape(scene.case.values[first.output])
        for slot, position in enumerate(first.inputs):
            if np.shape(scene.case.values[position]) != shape or (
                first.operation in ("divide", "subtract") and slot == 1
            ):
                continue
            # What comes from a later time step is no error yet in the last one.
            if scene.is_tainted(first.output) and not any(
                slot < len(step.inputs) and scene.is_tainted(step.inputs[slot]) for step in steps
            ):
                continue
            gone = first.inputs[1 - slot] if len(first.inputs) == 2 else None
            name = name_removed(scene, first, gone)
            cost = 6 if gone is not None and scene.is_decay(gone) else 2
            cost = 1 if first.operation == "absolute" else cost
            if name == "parameter-mis-scaled" and gone is not None and scene.program.name(gone):
                cost = 3  # a number without a name is the likelier one too many
            yield Edit(
                name, steps, each(lambda step, slot=slot: passing(step, slot)), first, None, position,
                how="remove", cost=cost,
            )  # fmt: skip


def passing(step: Instruction, slot: int) -> Instruction:
    at = step.inputs[slot]
    return replace(step, compute=lambda values: values[at])


def name_removed(scene: Scene, step: Instruction, gone: int | None) -> str:
    if step.operation == "negate":
        return "sign-error"
    if gone is None or step.operation in ("add", "subtract"):
        return "wrong-variable" if gone is not None else "wrong-operator"
    single = np.size(scene.case.values[gone]) == 1 and not scene.case.anatomy.masks[gone]
    if single:
        rate = gone in scene.program.given and (scene.is_rate(gone) or gone in scene.step_sizes)
        twice = rate and is_applied_again(scene, gone, step.output)
        return "learning-rate-twice" if twice else "parameter-mis-scaled"
    if (
        scene.is_tainted(step.output)
        and scene.case.anatomy.masks[gone]
        and not scene.is_tainted(gone)
    ):
        return "derivative-at-activation"
    return "wrong-operator"


# --- constants ------------------------------------------------------------------------------------

WITH_CONSTANTS = {"add", "subtract", "where", "scatter", "greater", "less"}


def constants(scene: Scene) -> Iterator[Edit]:
    """Another whole number where the source has one: 1 - a for 2 - a."""
    for steps, _ in groups(scene):
        first = steps[0]
        if first.operation not in WITH_CONSTANTS or first.output in scene.chain_of:
            continue
        if first.operation in ("add", "subtract") and scene.is_tainted(first.output):
            begun = sums_begun(scene, steps)
            if begun:
                change = each(
                    lambda step: with_changed_operand(step, 0, lambda value, _: 0 * value)
                )
                yield Edit("wrong-constant", begun, change, begun[0], 0, how="constant 0")
            continue  # what else is added to an error may be a penalty
        if scales_parameter(scene, first.output):
            continue  # 1 - rate * decay, whose sign is the likelier mistake
        for slot, position in enumerate(first.inputs):
            if not all(is_whole_constant(scene, step, slot) for step in steps):
                continue
            number = float(scene.program.given[position])
            for other in (number - 1, number + 1):
                yield Edit(
                    "wrong-constant", steps,
                    each(lambda step, slot=slot, other=other: with_changed_operand(
                        step, slot, lambda value, values: np.full(np.shape(value), other)
                    )),
                    first, slot, how=f"constant {other:g}",
                )  # fmt: skip


def sums_begun(scene: Scene, steps: Sequence[Instruction]) -> list[Instruction]:
    """Where sums of errors begin with a whole number of the source that is not 0: total = 1; total += d * w."""
    if any(step.operation != "add" for step in steps):
        return []
    made = {step.output for step in steps}
    begun = [step for step in steps if step.inputs[0] not in made]
    numbers = [scene.program.given.get(step.inputs[0]) for step in begun]
    whole = all(n is not None and not np.ndim(n) and n and float(n).is_integer() for n in numbers)
    return begun if whole and len({float(n) for n in numbers if n is not None}) == 1 else []


def is_whole_constant(scene: Scene, step: Instruction, slot: int) -> bool:
    """Whether the source gives a whole number there, whatever the step's site is."""
    position = step.inputs[slot]
    number = scene.program.given.get(position)
    if number is None or np.ndim(number) or not float(number).is_integer() or abs(number) > 9:
        return False
    literal = scene.program.site(step).literal
    if step.operation in ("add", "subtract"):  # float(reward == 1) - 0.5 has one beside data
        literal = literal[slot : slot + 1]
    return scene.program.origin(position) == "literal" or any(literal)


# --- signs and scales -----------------------------------------------------------------------------
