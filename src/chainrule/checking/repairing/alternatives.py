"""What else may stand in an operand's place: values of the same turn, found by what they are.

A label means the same for every instance of a place: the pre-activation of this activation, the version
that predictions were made with, the value of that line that goes with this instance.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.repairing.scene import Scene

Label: TypeAlias = tuple[Any, ...]
MOST_SHIFT = 8
NO_CHAIN = -1
ONE = {"latest", "first"}  # of several the same one for all instances


def alternatives(
    scene: Scene, step: Instruction, slot: int
) -> Iterator[tuple[Label, Instruction, int]]:
    """Other values of an operand's shape, by label; of equal values the likelier label.

    With each label the first instance in which it is another value, and that value.
    """
    shape = np.shape(scene.case.values[step.inputs[slot]])
    near = scene.instances_near(scene.place_of(step), step.output)
    later = scene.instances[scene.place_of(step)][
        -1:
    ]  # what has this name now may have another then
    some = (*near[1:2], *near[len(near) // 2 :][:1], *near[-1:], *later)
    instances = [step] + [
        other for other in (scene.program.step_of[p] for p in some) if slot < len(other.inputs)
    ]
    seen: set[tuple[int | None, ...]] = {tuple(one.inputs[slot] for one in instances)}
    for label in labels(scene, step, step.inputs[slot]):
        here = alternative(scene, step, slot, label)
        if here is None:
            continue
        if np.shape(scene.case.values[here]) != shape and not (
            label[0] == "summed" or (label[0] == "name" and has_wrong_shape(scene, step, slot))
        ):
            continue
        found = (here, *(alternative(scene, one, slot, label) for one in instances[1:]))
        if found in seen or are_given_zeros(scene, found):
            continue
        seen.add(found)
        for one, other in zip(instances, found, strict=True):
            if other is not None and other != one.inputs[slot]:
                yield label, one, other
                break


def are_given_zeros(scene: Scene, positions: Iterable[int | None]) -> bool:
    """Whether values are zeros that were given, as states are before anything: by them a term is only left out."""
    return all(p is None or scene.forward_pass.are_zeros(p) for p in positions)


def has_wrong_shape(scene: Scene, step: Instruction, slot: int) -> bool:
    """Whether an error's part of an update has not the parameter's shape, and is broadcast."""
    position = step.inputs[slot]
    if not scene.is_tainted(position):
        return False
    chain = scene.chain_of.get(step.output, scene.updated_by(step.output))
    if chain is None:
        return False
    wanted = np.shape(scene.case.values[scene.case.anatomy.chains[chain].root])
    made = step.output if step.operation in ("matmul", "outer") else position
    return np.shape(scene.case.values[made]) not in (wanted, wanted[::-1])


def labels(scene: Scene, step: Instruction, position: int) -> Iterator[Label]:
    yield from (
        ("z",),
        ("a",),
        ("before",),
        ("now",),
        ("partner",),
        ("partner", "reversed"),
        ("scaled",),
        ("summed",),
    )
    own = scene.class_of.get(position)
    _, count = scene.rank(step)
    if own is not None:
        members = len(scene.members(own, position))
        if members > 1:
            for distance in range(1, min(members, MOST_SHIFT + 1)):
                yield from (("shift", distance), ("shift", -distance))
    if position in scene.activation_of:  # its place makes partial sums, too
        yield from (("net", d) for n in range(1, MOST_SHIFT + 1) for d in (n, -n))
    if np.size(scene.case.values[position]) == 1:
        yield from (("turn", rows) for rows in squares(count))
    yield from (("name", name) for name in scene.by_name)
    shape = np.shape(scene.case.values[position])
    for key in scene.classes_by_shape(shape, step.output):
        others = len(scene.members(key, step.output))
        yield from (("class", key, mode) for mode in modes(others, count))
    group = scene.case.anatomy.listed.get(scene.chain_of.get(position, NO_CHAIN), [])
    if len(group) > 1 and count:
        yield from (("listed", mode) for mode in modes(len(group), count) if mode not in ONE)
    for number in chains_by_shape(scene, shape):
        yield ("chain", number)
    for given in scene.given_values:
        yield ("given", given)


def chains_by_shape(scene: Scene, shape: tuple[int, ...]) -> list[int]:
    chains = enumerate(scene.case.anatomy.chains)
    return [n for n, chain in chains if np.shape(scene.case.values[chain.root]) == shape][:12]


def squares(count: int) -> list[int]:
    """How many rows the square matrices have that are read in so many instances of a place, one or several of them."""
    return [rows for rows in range(2, MOST_SHIFT + 1) if count and count % rows**2 == 0]


def turned_instance(scene: Scene, step: Instruction, rows: int) -> Instruction | None:
    """The instance at row k, column j where a step is at row j, column k: w[k][j] for w[j][k]."""
    near = scene.instances_near(scene.place_of(step), step.output)
    if len(near) % rows**2 or step.output not in near:
        return None
    index = near.index(step.output)
    row, column = divmod(index % rows**2, rows)
    return scene.program.step_of[near[index - index % rows**2 + column * rows + row]]


def modes(others: int, count: int) -> list[Any]:
    """How the values of a place may go with the instances of another."""
    if others == 1 or count == 1:
        return ["latest", "first"] if others > 1 else ["latest"]
    if others == count:
        turned = [("turned", rows) for rows in range(2, count) if count % rows == 0]
        return (turned if len(turned) < 12 else []) + ["rank", "reversed"]
    if count % others == 0:
        return ["outer", "inner"]
    if others % count == 0:
        return ["last", "first"]
    if others == count + 1:
        return ["latest", "reversed"]  # errors that go back in time, the last of which nobody uses
    return ["latest"]


def alternative(scene: Scene, step: Instruction, slot: int, label: Label) -> int | None:
    position, kind = step.inputs[slot], label[0]
    if kind == "z":
        return scene.activations.get(position)
    if kind == "a":
        return scene.activation_of.get(position)
    if kind == "before":
        chain = scene.chain_of.get(position)
        return None if chain is None else scene.version_used(chain, step.output)
    if kind == "now":
        return version_now(scene, step, position)
    if kind == "given":
        return int(label[1])
    if kind == "chain":
        return scene.version_used(label[1], step.output)
    if kind == "listed":
        return listed(scene, step, position, label[1])
    if kind == "name":
        return scene.latest_named(label[1], step.output)
    if kind == "scaled":
        return scaled(scene, step, position)
    if kind == "summed":
        return summed(scene, position)
    if kind == "turn":
        other = turned_instance(scene, step, label[1])
        found = other.inputs[slot] if other is not None and slot < len(other.inputs) else None
        return found if found is not None and found < step.output else None
    if kind == "partner":
        return partner(scene, step, slot, len(label) > 1)
    if kind in ("shift", "net"):
        members = (
            scene.members(scene.class_of.get(position), position)
            if kind == "shift"
            else scene.between(scene.pre_activations, position)
        )
        if position not in members:
            return None
        index = members.index(position) + label[1]
        return members[index] if 0 <= index < len(members) else None
    return aligned(scene, step, label[1], label[2])


def version_now(scene: Scene, step: Instruction, position: int) -> int | None:
    """What the turn's predictions were made with of the parameter that a value is a version of, or a copy.

    The value itself in turns in which the parameter was still what it began as.
    """
    source = parameter_behind(scene, position)
    if source is None:
        return None
    chain = scene.chain_of.get(source, scene.case.anatomy.origins.get(source))
    used = None if chain is None else scene.version_used(chain, step.output)
    return position if used is None and source not in scene.chain_of else used


def parameter_behind(scene: Scene, position: int) -> int | None:
    """The version of a parameter that a value is or is a copy of, or what a parameter began as."""
    values, origins = scene.case.values, scene.case.anatomy.origins
    while position not in scene.chain_of and position not in origins:
        maker = scene.program.step_of.get(position)
        if maker is None or maker.operation != "reshape":
            return None
        if np.shape(values[maker.inputs[0]]) != np.shape(values[position]):
            return None
        (position,) = maker.inputs
    return position


def scaled(scene: Scene, step: Instruction, position: int) -> int | None:
    """The error that an error is made into entry by entry, where it is made into one only: times a derivative.

    Or that one which was made of the same values elsewhere is made into: (p - t) * w, beside d = (p - t) * slope.
    """
    program = scene.program
    maker = program.step_of.get(position)
    same = {position}
    if maker is not None and scene.is_error(position):
        same |= {one.output for one in made_again(program, maker)}
    found = [made for one in sorted(same) for made in scaled_here(scene, step, one)]
    if len(found) != 1 or not scene.is_tainted(position):
        return None
    masks = scene.case.anatomy.masks
    # e * a * (1 - a) is made in two steps.
    while len(further := scaled_here(scene, step, found[-1])) == 1:
        (factor,) = (p for p in program.step_of[further[0]].inputs if p != found[-1])
        if not masks[factor]:
            break
        found += further
    return found[-1]


def made_again(program: Program, step: Instruction) -> list[Instruction]:
    """The steps that make the same of the same values, the given one among them."""
    return [
        one
        for one in program.consumers.get(step.inputs[0], ())
        if (one.operation, one.inputs) == (step.operation, step.inputs)
    ]


def scaled_here(scene: Scene, step: Instruction, position: int) -> list[int]:
    """What an error is made into entry by entry before a step, by no weight."""
    shape = np.shape(scene.case.values[position])
    return [
        user.output
        for user in scene.program.consumers.get(position, ())
        if user.operation == "multiply"
        and user.output < step.output
        and not all(scene.is_tainted(p) for p in user.inputs)
        and not any(scene.is_decay(p) for p in user.inputs)
        and np.shape(scene.case.values[user.output]) == shape
    ]


def summed(scene: Scene, position: int) -> int | None:
    """The errors of all samples that an error is the sum of, or the mean: where a bias's gradient goes back for them."""
    step = scene.program.step_of.get(position)
    while step is not None and step.operation in ("multiply", "divide"):
        errors = [p for p in step.inputs if scene.is_tainted(p)]
        step = scene.program.step_of.get(errors[0]) if len(errors) == 1 else None
    if step is None or step.operation not in ("sum", "mean"):
        return None
    value = scene.case.values[step.inputs[0]]
    return step.inputs[0] if np.ndim(value) == 2 and scene.is_tainted(step.inputs[0]) else None


def aligned(scene: Scene, step: Instruction, key: Any, mode: Any) -> int | None:
    """The value of another place that goes with this instance of a step."""
    members = scene.members(key, step.output)
    index, count = scene.rank(step)
    size = len(members)
    if not size or not count or (mode in ("outer", "inner") and size > count):
        return None  # there are as many in one turn, but not in this one
    if mode == "latest":
        before = [p for p in members if p < step.output]
        return before[-1] if before else None
    chosen = place_among(size, index, count, mode)
    if not 0 <= chosen < size or members[chosen] >= step.output:
        return None
    return members[chosen]


def place_among(size: int, index: int, count: int, mode: Any) -> int:
    """Which of so many values goes with an instance of a place, of which there are `count`."""
    if mode == "first":
        return index * (size // count) if count and size >= count else 0
    if mode == "last":
        return (index + 1) * (size // count) - 1
    if mode == "rank":
        return index
    if mode == "reversed":
        return size - 1 - index
    if mode == "outer":
        return index // (count // size)
    if mode == "inner":
        return index % size
    rows = mode[1]
    return int(index % rows * (size // rows) + index // rows)


def listed(scene: Scene, step: Instruction, position: int, mode: Any) -> int | None:
    """Of parameters that one place updates, as the numbers of a list, the one that goes with this instance of a step."""
    group = scene.case.anatomy.listed.get(scene.chain_of.get(position, NO_CHAIN), [])
    index, count = scene.rank(step)
    size = len(group)
    if not size or (mode in ("outer", "inner") and size > count):
        return None
    chosen = place_among(size, index, count, mode)
    return scene.version_used(group[chosen], step.output) if 0 <= chosen < size else None


def partner(scene: Scene, step: Instruction, slot: int, backwards: bool) -> int | None:
    """What the forward pass multiplies the parameter by whose gradient this step is part of."""
    chain = scene.updated_by(step.output)
    used = None if chain is None else scene.version_used(chain, step.output)
    if chain is None or used is None:
        return None
    found = scene.partners(used)
    group = scene.between(scene.feeding.get((scene.place_of(step), chain), []), step.output)
    if len(found) == 1:
        return found[0]
    if len(found) != len(group) or step.output not in group:
        return None
    index = group.index(step.output)
    return found[len(found) - 1 - index if backwards else index]
