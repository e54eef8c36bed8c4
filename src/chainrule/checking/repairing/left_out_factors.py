"""Edits that put in a local derivative that is left out: of an activation, or of dropout's mask.

Which activation goes with an error is told by their order, or by the weights that the error came back through.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.alternatives import made_again
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.operand_names import comes_entry_by_entry
from chainrule.checking.repairing.scene import CARRIERS, Place, Scene
from chainrule.checking.repairing.value_edits import NewValue, base_of, seen_as, seen_by_others

ALL = "all"  # activations, whatever places they come from: as those of units that are written one by one
WEIGHTS = ("weights", "weights, back")
MODES = ("rank", "reversed", "latest", *WEIGHTS)
MOST_BLOCKS = 6
NONE = -1  # of an error that belongs to no activation
LATE = 2  # added to the cost of an edit that another is likelier than


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
            classes = pair_classes(scene, pairs, first, shape)
            blocks = [f"blocks of {n}" for n in block_sizes(scene, first)]
            for pair_class in (*classes, *([ALL] if len(classes) > 1 else [])):
                for mode in WEIGHTS if pair_class == ALL else (*MODES, *blocks):
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
                    raw = name == "missing-derivative" and is_made_anew(scene, first)
                    yield Edit(
                        "raw-error-backpropagated" if raw else name, steps, seen_as(scene, key, change), first, None, mate(first),
                        how="factor", cost=cost + cost_of_late(scene, mate(first), first),
                    )  # fmt: skip
                    if pair_class != ALL and len(scene.members(pair_class, first.output)) < 2:
                        break


def is_made_anew(scene: Scene, step: Instruction) -> bool:
    """Whether a step makes an output's error once more, which right updates are made from."""
    return scene.is_error(step.output) and any(
        one.number not in scene.suspect_numbers for one in made_again(scene.program, step)
    )


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

    ordered = sorted(pairs) if key == ALL else []

    def mate(step: Instruction) -> int | None:
        own = ordered and scene.between(ordered, step.output)
        members = own or [a for a in scene.members(key, step.output) if a in pairs]
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
