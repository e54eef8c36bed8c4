"""Changes of a recorded computation that could put a mistake right: another value in a result's place.

A factor too many, or another constant.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.repairing.applied_rates import is_applied_again
from chainrule.checking.repairing.edits import Changes, Edit, each, groups
from chainrule.checking.repairing.operand_names import scales_parameter
from chainrule.checking.repairing.scene import Place, Scene
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
