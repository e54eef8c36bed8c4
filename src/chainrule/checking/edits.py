"""Changes of a recorded computation that could put a mistake right, each as one edit of the source.

An edit changes all instances of a place. Nothing here judges: `repair` tries edits, and believes only
those that make gradients agree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.checking.program import Instruction, Values
from chainrule.checking.scene import Place, Scene
from chainrule.rules import RULES

Changes: TypeAlias = dict[int, Instruction]
# The new value of an operand or a result, given its old value, its position, and all values.
NewValue: TypeAlias = Callable[[Any, Any], Any]

SWAPS = {
    "add": ("subtract", "multiply"),
    "subtract": ("add", "multiply"),
    "multiply": ("add", "divide", "subtract"),
    "divide": ("multiply",),
    "greater": ("less",),
    "less": ("greater",),
    "sum": ("mean",),
    "mean": ("sum",),
}


@final
@dataclass
class Edit:
    """One edit: the steps it changes, the mistake that it puts right, and its words.

    `step` is the instance that is shown; `slot` the operand that is wrong there, None for the result.
    `instead` is the position (in that instance) of what belongs there, where it is a value.
    """

    mistake: str
    changes: Changes
    step: Instruction
    slot: int | None = None
    instead: int | None = None
    how: str = ""
    call: int | None = None  # the site of the call to blame, where the operand is an argument
    cost: int = 0


def all_edits(scene: Scene) -> Iterator[Edit]:
    """Every edit that is worth trying, the likelier ones first."""
    yield from old_versions(scene)
    yield from operand_edits(scene)
    yield from factor_edits(scene)
    yield from transposes(scene)
    yield from reductions(scene)
    yield from operator_edits(scene)
    yield from removed_factors(scene)
    yield from negations(scene)
    yield from sums_over_samples(scene)
    yield from true_slopes(scene)


# --- operands -------------------------------------------------------------------------------------


def with_operand(step: Instruction, slot: int, position: int) -> Instruction:
    inputs = list(step.inputs)
    inputs[slot] = position
    return replace(step, inputs=tuple(inputs))


def old_versions(scene: Scene) -> Iterator[Edit]:
    """Weights that this turn has updated already, put back to those of the forward pass."""
    groups: dict[Any, Changes] = {}
    shown: dict[Any, tuple[Instruction, int, int]] = {}
    for step in scene.suspects:
        for slot, position in enumerate(step.inputs):
            chain = scene.chain_of.get(position)
            if chain is None or is_link(scene, step, slot):
                continue
            used = scene.version_used(chain, step.output)
            if used is None or used == position or used > position:
                continue
            for key in ("all", scene.place_of(step)):
                changes = groups.setdefault(key, {})
                changes[step.number] = with_operand(changes.get(step.number, step), slot, used)
                shown.setdefault(key, (step, slot, used))
    for key, changes in groups.items():
        step, slot, used = shown[key]
        yield Edit("updated-weights", changes, step, slot, used, cost=0 if key != "all" else 1)


def is_link(scene: Scene, step: Instruction, slot: int) -> bool:
    """Whether the step makes the next version from this operand."""
    chain = scene.chain_of.get(step.output)
    return chain is not None and chain == scene.chain_of.get(step.inputs[slot])


def operand_edits(scene: Scene) -> Iterator[Edit]:
    """Another value of the same turn in an operand's place."""
    for steps, call in operand_groups(scene):
        for slot in range(len(steps[0].inputs)):
            labels = alternatives(scene, steps[0], steps[0].inputs[slot])
            for label, first in labels.items():
                changes: Changes = {}
                for step in steps:
                    if slot >= len(step.inputs):
                        continue
                    other = first if step is steps[0] else alternative(scene, step, step.inputs[slot], label)
                    if other is None:
                        changes = {}
                        break
                    changes[step.number] = with_operand(step, slot, other)
                if changes:
                    mistake = name_operand(scene, steps[0], slot, label)
                    yield Edit(mistake, changes, steps[0], slot, first, call=call, cost=2)
    yield from argument_edits(scene)


def argument_edits(scene: Scene) -> Iterator[Edit]:
    """Another argument of a call: all steps in the call that take the old one take the new one."""
    groups: dict[tuple[int, Any], list[tuple[Instruction, int]]] = {}
    for step in scene.suspects:
        calls = scene.place_of(step)[2]
        for slot, position in enumerate(step.inputs):
            key = scene.class_of.get(position, ("given", position))
            for call in calls:
                groups.setdefault((call, key), []).append((step, slot))
    for (call, _), members in groups.items():
        if len({step.number for step, _ in members}) < 2 or len(members) > 2000:
            continue
        step, slot = members[0]
        for label, first in alternatives(scene, step, step.inputs[slot], near_only=True).items():
            changes: Changes = {}
            for one, at in members:
                other = alternative(scene, one, one.inputs[at], label)
                if other is None:
                    changes = {}
                    break
                changes[one.number] = with_operand(changes.get(one.number, one), at, other)
            if changes:
                mistake = name_operand(scene, step, slot, label)
                yield Edit(mistake, changes, step, slot, first, call=call, cost=1)


def operand_groups(scene: Scene) -> Iterator[tuple[list[Instruction], int | None]]:
    for steps in scene.places.values():
        if steps[0].operation != "gather" or len(steps[0].inputs) == 1:
            yield steps, None


Label: TypeAlias = tuple[Any, ...]


def alternatives(
    scene: Scene, step: Instruction, position: int, near_only: bool = False
) -> dict[Label, int]:
    """What else may stand for an operand, by label."""
    found: dict[Label, int] = {}
    labels: list[Label] = [("z",), ("a",), ("before",)]
    if not near_only:
        own = scene.class_of.get(position)
        if own is not None:
            labels += [("shift", 1), ("shift", -1), ("turned",)]
        start, end = scene.window(step.output)
        labels += [("class", key) for key in scene.classes if key != own]
        labels += [("chain", number) for number in range(min(len(scene.case.anatomy.chains), 40))]
        labels += [("given", p) for p in given_values(scene)]
    else:
        labels += [("class", key) for key in scene.classes if key != scene.class_of.get(position)]
    shape = np.shape(scene.case.values[position])
    for label in labels:
        other = alternative(scene, step, position, label)
        if other is None or other == position or other in found.values():
            continue
        if np.shape(scene.case.values[other]) == shape:
            found[label] = other
    return found


def given_values(scene: Scene) -> list[int]:
    """Arrays that are given and that predictions are made from: the data."""
    program = scene.program
    return [
        p for p in sorted(scene.forward & set(program.given)) if np.size(program.given[p]) > 1
    ][:20]


def alternative(scene: Scene, step: Instruction, position: int, label: Label) -> int | None:
    kind = label[0]
    if kind == "z":
        return scene.activations.get(position)
    if kind == "a":
        return scene.activation_of.get(position)
    if kind == "before":
        chain = scene.chain_of.get(position)
        return None if chain is None else scene.version_used(chain, step.output)
    if kind == "given":
        return int(label[1])
    if kind == "chain":
        return scene.version_used(label[1], step.output)
    own = scene.class_of.get(position)
    if kind in ("shift", "turned"):
        members = scene.members(own, position)
        if position not in members:
            return None
        index = members.index(position)
        if kind == "shift":
            index += label[1]
            return members[index] if 0 <= index < len(members) else None
        side = int(round(len(members) ** 0.5))
        if side * side != len(members):
            return None
        return members[index % side * side + index // side]
    return aligned(scene, step, position, own, label[1])


def aligned(
    scene: Scene, step: Instruction, position: int, own: Any, key: Place
) -> int | None:
    """The value of another place that goes with an operand: of the same rank, else the latest before."""
    others = [p for p in scene.members(key, step.output) if p < step.output]
    if not others:
        return None
    if len(others) == 1:
        return others[0]
    mine = scene.members(own, position) if own is not None else []
    if len(mine) == len(others) and position in mine:
        return others[mine.index(position)]
    return others[-1]


def name_operand(scene: Scene, step: Instruction, slot: int, label: Label) -> str:
    position = step.inputs[slot]
    if label[0] == "before":
        return "updated-weights"
    if scene.is_tainted(position):
        mixes = {mix.output for mix in scene.case.anatomy.mixes}
        if position in mixes or leads_plainly(scene, position, mixes):
            return "raw-error-backpropagated"
        return "wrong-index" if label[0] in ("shift", "turned") else "wrong-variable"
    if label[0] in ("z", "a") and not scene.is_gradient_product(step, slot):
        return "derivative-at-activation"
    if scene.is_gradient_product(step, slot):
        if label[0] == "turned":
            return "wrong-transpose"
        return "wrong-index" if label[0] == "shift" else "wrong-layer-input"
    if label[0] in ("shift", "turned"):
        return "wrong-index"
    if scene.is_local_factor(step):
        return "derivative-at-activation"
    return "wrong-variable"


def leads_plainly(scene: Scene, position: int, mixes: set[int]) -> bool:
    """Whether a value is an error but for its sign, shape or scale."""
    for _ in range(6):
        step = scene.program.step_of.get(position)
        if step is None:
            return False
        if step.output in mixes:
            return True
        tainted = [p for p in step.inputs if scene.is_tainted(p)]
        small = all(np.size(scene.case.values[p]) == 1 for p in step.inputs if p not in tainted)
        if step.operation not in ("negate", "reshape", "multiply", "divide", "gather") or len(tainted) != 1 or not small:
            return False
        (position,) = tainted
    return False


# --- values ---------------------------------------------------------------------------------------


def seen_as(scene: Scene, key: Place, change: Callable[[int], NewValue | None]) -> Changes | None:
    """Changes after which all steps of other places see the values of one place otherwise."""
    changes: Changes = {}
    suspects = scene.suspect_numbers
    for made in scene.places[key]:
        consumers = [s for s in scene.program.consumers.get(made.output, ()) if s.number in suspects and s.number != made.number]
        outside = [s for s in consumers if scene.place_of(s) != key]
        if not outside:
            continue
        new = change(made.output)
        if new is None:
            return None
        for step in outside:
            for slot, position in enumerate(step.inputs):
                if position == made.output:
                    changes[step.number] = with_changed_operand(changes.get(step.number, step), slot, new)
    return changes or None


def with_changed_operand(step: Instruction, slot: int, new: NewValue) -> Instruction:
    before = step.compute
    rule = step

    def compute(values: Any) -> Any:
        class View:
            def __getitem__(self, position: int) -> Any:
                value = values[position]
                return new(value, values) if position == rule.inputs[slot] else value

        view = View()
        if before is not None:
            return before(view)
        inputs = [view[p] if k == slot else values[p] for k, p in enumerate(rule.inputs)]
        if rule.operation not in RULES:
            raise ValueError("an unknown function is left as it is")
        return RULES[rule.operation].forward(FLOAT64, *inputs, **rule.parameters)

    return replace(step, compute=compute)


def factor_edits(scene: Scene) -> Iterator[Edit]:
    """A local derivative that is left out: of an activation, or of dropout's mask."""
    for key, steps in scene.places.items():
        if not scene.is_tainted(steps[0].output):
            continue
        shape = np.shape(scene.case.values[steps[0].output])
        for name, pairs in (("missing-derivative", scene.activations), ("dropout-mask", scene.masked)):
            for pair_class in pair_classes(scene, pairs, steps[0], shape):
                for backwards in (False, True):
                    mate = mates(scene, steps, pairs, pair_class, backwards)
                    if mate is None:
                        continue
                    changes = seen_as(scene, key, lambda p, mate=mate, pairs=pairs: factor(scene, mate.get(p), pairs))  # type: ignore[misc]
                    if changes:
                        first = mate[steps[0].output] if steps[0].output in mate else next(iter(mate.values()))
                        yield Edit(name, changes, steps[0], None, first, how="factor", cost=3)
                    if len(scene.members(pair_class, steps[0].output)) < 2:
                        break


def factor(scene: Scene, a: int | None, pairs: Mapping[int, int]) -> NewValue | None:
    if a is None:
        return None
    z = pairs[a]

    def new(value: Any, values: Any) -> Any:
        slope = scene.slope(a, z, base_of(values))
        if np.shape(slope) != np.shape(value):
            raise ValueError("the slope has another shape")
        return value * slope

    return new


def base_of(values: Any) -> Values:
    """Forward values do not change with an edit, so those below an overlay serve."""
    while hasattr(values, "values") and not isinstance(values, list):
        values = values.values
    return values  # type: ignore[no-any-return]


def pair_classes(
    scene: Scene, pairs: Mapping[int, int], step: Instruction, shape: tuple[int, ...]
) -> list[Any]:
    start, end = scene.window(step.output)
    keys = []
    for a in pairs:
        if start < a < end and np.shape(scene.case.values[a]) == shape:
            key = scene.class_of.get(a)
            if key is not None and key not in keys:
                keys.append(key)
    return keys


def mates(
    scene: Scene, steps: Sequence[Instruction], pairs: Mapping[int, int], key: Any, backwards: bool
) -> dict[int, int] | None:
    """For each value of a place the activation that it goes with: by rank, forwards or backwards."""
    found: dict[int, int] = {}
    by_turn: dict[int, list[int]] = {}
    for step in steps:
        if any(scene.place_of(s) != scene.place_of(step) for s in scene.program.consumers.get(step.output, ())):
            by_turn.setdefault(scene.window(step.output)[0], []).append(step.output)
    for outputs in by_turn.values():
        members = [a for a in scene.members(key, outputs[0]) if a in pairs]
        if not members:
            return None
        if len(members) == len(outputs):
            chosen = members[::-1] if backwards else members
        elif len(members) % len(outputs) == 0 or len(outputs) % len(members):
            chosen = [max((a for a in members if a < o), default=members[0]) for o in outputs]
        else:
            repeat = len(outputs) // len(members)
            chosen = [members[k // repeat] for k in range(len(outputs))]
        found |= dict(zip(outputs, chosen, strict=True))
    return found


def negations(scene: Scene) -> Iterator[Edit]:
    """A value with the other sign."""
    for key, steps in scene.places.items():
        changes = seen_as(scene, key, lambda position: lambda value, values: -value)
        name = "sign-error"
        if not scene.is_tainted(steps[0].output):
            name = "decay-sign" if scene.is_decay(steps[0]) else "sign-error"
        if changes:
            yield Edit(name, changes, steps[0], None, None, how="negate", cost=4)


def sums_over_samples(scene: Scene) -> Iterator[Edit]:
    """One sample's value where the sum over a batch belongs."""
    for key, steps in scene.places.items():
        if not scene.is_tainted(steps[0].output):
            continue
        if len(scene.members_of_suspects(key, steps[0].output)) < 2:
            continue

        def change(position: int, key: Place = key) -> NewValue:
            members = scene.members_of_suspects(key, position)
            return lambda value, values: sum(values[p] for p in members)

        changes = seen_as(scene, key, change)
        if changes:
            yield Edit("last-sample-only", changes, steps[0], None, None, how="sum", cost=5)


def true_slopes(scene: Scene) -> Iterator[Edit]:
    """The activation's true slope in place of a factor that should have been it."""
    for key, steps in scene.places.items():
        if scene.is_tainted(steps[0].output):
            continue
        shape = np.shape(scene.case.values[steps[0].output])
        for name, pairs in (("derivative", scene.activations), ("dropout-mask", scene.masked)):
            for pair_class in pair_classes(scene, pairs, steps[0], shape):
                mate = mates(scene, steps, pairs, pair_class, False)
                if mate is None:
                    continue

                def change(position: int, mate: dict[int, int] = mate, pairs: Mapping[int, int] = pairs) -> NewValue | None:
                    a = mate.get(position)
                    if a is None:
                        return None
                    return lambda value, values: scene.slope(a, pairs[a], base_of(values))

                changes = seen_as(scene, key, change)
                if changes:
                    first = next(iter(mate.values()))
                    mistake = name if name == "dropout-mask" else scene.name_slope(steps[0], first)
                    yield Edit(mistake, changes, steps[0], None, first, how="slope", cost=6)


# --- operators ------------------------------------------------------------------------------------


def transposes(scene: Scene) -> Iterator[Edit]:
    """A matrix for its transpose, or the factors of a product the other way round."""
    for steps in scene.places.values():
        if steps[0].operation != "matmul":
            continue
        wanted = np.shape(scene.case.values[steps[0].output])
        for turn in ("left", "right", "both", "swap", "result"):
            changes = {}
            for step in steps:
                changed = turned_product(scene, step, turn, wanted)
                if changed is None:
                    changes = {}
                    break
                changes[step.number] = changed
            if changes:
                slot = {"left": 0, "right": 1}.get(turn)
                yield Edit("wrong-transpose", changes, steps[0], slot, None, how=turn, cost=2)


def turned_product(scene: Scene, step: Instruction, turn: str, wanted: tuple[int, ...]) -> Instruction | None:
    left, right = step.inputs

    def product(values: Any) -> Any:
        p, q = np.asarray(values[left]), np.asarray(values[right])
        if turn in ("left", "both"):
            p = p.T
        if turn in ("right", "both"):
            q = q.T
        if turn == "swap":
            p, q = q, p
        result = p @ q
        return result.T if turn == "result" else result

    try:
        if np.shape(product(scene.case.values)) != wanted:
            return None
    except ValueError:
        return None
    return replace(step, compute=product)


def reductions(scene: Scene) -> Iterator[Edit]:
    """A sum over another axis, or one that is missing."""
    for key, steps in scene.places.items():
        first = steps[0]
        if first.operation in ("sum", "mean"):
            for axis in (0, 1, -1, None):
                for keepdims in (False, True):
                    changes = {
                        step.number: replace(step, parameters={"axis": axis, "keepdims": keepdims})
                        for step in steps
                    }
                    old = first.parameters.get("axis")
                    name = "bias-summed-over-all" if old is None else "bias-not-summed" if old in (1, -1) else "wrong-index"
                    yield Edit(name, changes, first, None, None, how=f"axis={axis}", cost=3)
            continue
        value = np.asarray(scene.case.values[first.output])
        if not scene.is_tainted(first.output):
            continue
        source = first.inputs[0]
        if first.operation == "gather" and np.ndim(scene.case.values[source]) == 2:
            for axis in (0, 1):
                changes = {}
                for step in steps:
                    at = step.inputs[0]
                    changes[step.number] = replace(
                        step,
                        compute=lambda values, at=at, axis=axis, shape=value.shape: np.reshape(
                            np.sum(values[at], axis=axis), shape
                        ),
                    )
                yield Edit("bias-not-summed", changes, first, None, None, how=f"sum axis={axis}", cost=3)
        if value.ndim == 2:
            for axis in (0, 1):
                summed = seen_as(
                    scene, key, lambda p, axis=axis: lambda v, values: np.sum(v, axis=axis, keepdims=True)  # type: ignore[misc]
                )
                if summed:
                    yield Edit("bias-not-summed", summed, first, None, None, how=f"sum axis={axis}", cost=4)


def operator_edits(scene: Scene) -> Iterator[Edit]:
    """Another operation on the same operands."""
    for steps in scene.places.values():
        first = steps[0]
        for other in SWAPS.get(first.operation, ()):
            changes = {step.number: replace(step, operation=other) for step in steps}
            name = "parameter-mis-scaled" if first.operation in ("sum", "mean") else "wrong-operator"
            yield Edit(name, changes, first, None, None, how=other, cost=4)
        if first.operation in ("subtract", "divide"):
            changes = {step.number: replace(step, inputs=step.inputs[::-1]) for step in steps}
            name = "sign-error" if scene.is_tainted(first.output) else "wrong-operator"
            yield Edit(name, changes, first, None, None, how="exchange", cost=4)
        if first.operation in ("power", "square"):
            for exponent in (1, 2, 3):
                changes = {
                    step.number: replace(step, operation="power", parameters={"exponent": exponent}) for step in steps
                }
                yield Edit("wrong-operator", changes, first, None, None, how=f"**{exponent}", cost=4)
        if first.operation == "multiply" and first.inputs[0] != first.inputs[1]:
            for slot in (0, 1):
                changes = {
                    step.number: replace(step, operation="square", inputs=(step.inputs[slot],)) for step in steps
                }
                if np.shape(scene.case.values[first.inputs[slot]]) == np.shape(scene.case.values[first.output]):
                    yield Edit("wrong-variable", changes, first, 1 - slot, first.inputs[slot], how="square", cost=5)


def removed_factors(scene: Scene) -> Iterator[Edit]:
    """A factor, a divisor or a function too many."""
    for steps in scene.places.values():
        first = steps[0]
        shape = np.shape(scene.case.values[first.output])
        for slot, position in enumerate(first.inputs):
            if first.operation not in ("multiply", "divide", "square", "sqrt", "negate", "exp", "tanh") or (
                first.operation == "divide" and slot == 1
            ):
                continue
            if np.shape(scene.case.values[position]) != shape:
                continue
            changes = {}
            for step in steps:
                at = step.inputs[slot]
                changes[step.number] = replace(step, compute=lambda values, at=at: values[at])
            gone = first.inputs[1 - slot] if len(first.inputs) == 2 else None
            single = gone is not None and np.size(scene.case.values[gone]) == 1 and not scene.case.anatomy.masks[gone]
            name = "learning-rate-twice" if single else "wrong-operator"
            if single and not scene.is_rate(gone):
                name = "parameter-mis-scaled"
            yield Edit(name, changes, first, 1 - slot if gone is not None else None, None, how="remove", cost=4)
