"""A slope in place of a value: of an activation beside an error, of a loss in an error's place.

delta * a             for  delta * f'(z)
mean((a - t)**2)      for  2 (a - t) / n
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from operator import attrgetter
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import bits
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.left_out_factors import comes_from_mask, mates, pair_classes
from chainrule.checking.repairing.raw_errors import Mate
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.checking.repairing.value_edits import (
    NewValue,
    base_of,
    seen_as,
    with_changed_operand,
)

MOST_BEHIND = 20  # values that a slope is made of
TESTS = {
    "greater", "greater-equal", "less", "less-equal", "equal", "not-equal", "where", "maximum", "minimum", "sign",
}  # fmt: skip
LOSSES = {"mean", "sum", "square", "multiply", "absolute", "power", "divide"}


def true_slopes(scene: Scene) -> Iterator[Edit]:
    """The activation's true slope in place of a factor that should have been it."""
    for key, steps in scene.places.items():
        first = steps[0]
        if scene.is_tainted(first.output) or first.output in scene.chain_of:
            continue
        kinds = (
            ("", scene.activations),
            ("", scene.forward_pass.copies),
            ("dropout-mask", scene.masked),
        )
        for name, pairs in kinds:
            for mate in activations_for(scene, key, pairs, first, attrgetter("output")):

                def change(
                    step: Instruction, mate: Mate = mate, pairs: Mapping[int, int] = pairs
                ) -> NewValue | None:
                    return slope_of(scene, mate(step), pairs)

                yield Edit(
                    name or name_slope(scene, first, mate(first)), steps, seen_as(scene, key, change), first,
                    None, mate(first), how="slope", cost=6,
                )  # fmt: skip


def slopes_beside_errors(scene: Scene) -> Iterator[Edit]:
    """What stands beside an error is replaced there alone: an activation serves the forward pass too."""
    for pairs, key in product((scene.activations, scene.forward_pass.copies), scene.places):
        steps = scene.places[key]
        first = steps[0]
        if first.operation != "multiply" or not scene.is_tainted(first.output):
            continue
        for slot, position in enumerate(first.inputs):
            if not may_stand_for_slope(scene, first, position):
                continue

            def operand(step: Instruction, slot: int = slot) -> int:
                return step.inputs[slot]

            for mate in activations_for(scene, key, pairs, first, operand):

                def change(
                    step: Instruction,
                    mate: Mate = mate,
                    slot: int = slot,
                    pairs: Mapping[int, int] = pairs,
                ) -> Instruction | None:
                    new = slope_of(scene, mate(step), pairs)
                    return None if new is None else with_changed_operand(step, slot, new)

                yield Edit(
                    name_of_factor(scene, position), steps, each(change), first, slot, mate(first),
                    how="slope", cost=7,
                )  # fmt: skip


def activations_for(
    scene: Scene,
    key: Place,
    pairs: Mapping[int, int],
    first: Instruction,
    value: Callable[[Instruction], int],
) -> Iterator[Mate]:
    """Which activation each step of a place goes with: by its rank, or the one that a value there is made of."""
    for pair_class in pair_classes(scene, pairs, first, np.shape(scene.case.values[first.output])):
        ways: list[Mate] = [
            mates(scene, key, pairs, pair_class, "rank"),
            mates(scene, key, pairs, pair_class, "reversed"),
            lambda step: own_activation(scene, value(step), pairs),
        ]
        for mate in ways:
            if mate(first) is None:
                continue
            yield mate
            if len(scene.members(pair_class, first.output)) < 2:
                break


def slope_of(scene: Scene, a: int | None, pairs: Mapping[int, int]) -> NewValue | None:
    return None if a is None else lambda _, values: scene.slope(a, pairs[a], base_of(values))


def own_activation(scene: Scene, position: int, pairs: Mapping[int, int]) -> int | None:
    """The one activation that a value is made of, itself perhaps: a for 1 - a."""
    found: set[int] = set()
    waiting, seen = [position], {position}
    while waiting and len(seen) < MOST_BEHIND:
        here = waiting.pop()
        if here in pairs:
            found.add(here)
            continue
        step = scene.program.step_of.get(here)
        new = (
            []
            if step is None or here in scene.chain_of
            else [p for p in step.inputs if p not in seen]
        )
        waiting += new
        seen |= set(new)
    return found.pop() if len(found) == 1 and not waiting else None


def name_slope(
    scene: Scene, step: Instruction, a: int | None, changed: Mapping[int, Any] | None = None
) -> str:
    """The mistake of what stands for a slope, beside what was `changed` already."""
    values = scene.case.values
    value = np.asarray((changed or {}).get(step.output, values[step.output])).reshape(-1)
    flat = value.size and np.all(value == value[0]) and value[0] in (0, 1)
    if flat and comes_from_test(scene, step):
        return "relu-derivative-at-output"
    if a is not None and np.size(values[a]) == value.size:
        wrong = scene.forward_pass.slope_at_activation(a, values)
        if np.allclose(np.reshape(wrong, -1), value, rtol=1e-9, atol=0.0):
            return "derivative-at-activation"
    return "wrong-operator"


def named_beside(scene: Scene, edit: Edit, changes: Mapping[int, Any]) -> Edit:
    """A slope's edit with the name that it has beside others: 1 + a for 1 - a may hide that a is no activation."""
    if edit.how != "slope" or edit.slot is not None or edit.mistake != "wrong-operator":
        return edit
    program, values = scene.program, scene.case.values
    behind = program.ancestors([edit.step.output], scene.forward | scene.fixed)
    cone = [step for step in program.steps if step.output in behind]
    changed = program.rerun(values, changes, cone, scene.fixed) if changes else {}
    name = name_slope(scene, edit.step, edit.instead, changed)
    return replace(edit, mistake=name)


def comes_from_test(scene: Scene, step: Instruction) -> bool:
    """Whether a comparison, or a choice, of values of the forward pass makes a value."""
    behind = scene.program.ancestors([step.output], scene.forward)
    makers = (scene.program.step_of.get(position) for position in behind)
    return any(maker is not None and maker.operation in TESTS for maker in makers)


def slopes_of_losses(scene: Scene) -> Iterator[Edit]:
    """The derivative of what is made of an error alone, in its place: it is the loss that was sent back."""
    anatomy, program = scene.case.anatomy, scene.program
    for key, steps in scene.places.items():
        first = steps[0]
        if first.operation not in LOSSES or not scene.is_tainted(first.output):
            continue
        if any(len(errors_behind(scene, step)) != 1 for step in steps):
            continue
        for sign in (1.0, -1.0):

            def change(made: Instruction, sign: float = sign) -> NewValue:
                (number,) = errors_behind(scene, made)
                prediction = anatomy.mixes[number].prediction

                def new(_: Any, values: Any) -> Any:
                    given = base_of(values)
                    seeds = {made.output: np.full(np.shape(given[made.output]), sign)}
                    return program.sweep(given, seeds, {prediction})[prediction]

                return new

            yield Edit(
                "wrong-operator", steps, seen_as(scene, key, change), first, None, how="loss",
                cost=7 if sign > 0 else 8,
            )  # fmt: skip


def errors_behind(scene: Scene, step: Instruction) -> list[int]:
    """The errors that a value is made of, where it is made of nothing else that depends on parameters."""
    anatomy, found = scene.case.anatomy, list(bits(scene.case.anatomy.error_masks[step.output]))
    ends = {anatomy.mixes[number].output for number in found}
    behind = scene.program.ancestors([step.output], ends) - ends
    return (
        found
        if ends and not any(anatomy.masks[p] and not scene.is_tainted(p) for p in behind)
        else []
    )


def may_stand_for_slope(scene: Scene, step: Instruction, position: int) -> bool:
    """Whether something that no error went into, and that is neither a parameter nor a mask nor a rate."""
    return (
        not scene.is_tainted(position)
        and position not in scene.chain_of
        and position not in scene.program.given
        and (np.size(scene.case.values[position]) > 1 or scene.case.anatomy.masks[position] != 0)
        and not comes_from_mask(scene, position)
    )


def name_of_factor(scene: Scene, position: int) -> str:
    """The slope of another layer is one at a wrong place; all else is no slope."""
    value, values = scene.case.values[position], scene.case.values
    for a, z in scene.activations.items():
        if np.shape(values[a]) == np.shape(value) and np.allclose(
            scene.slope(a, z, values), value, rtol=1e-9, atol=0.0
        ):
            return "derivative-at-activation"
    return "wrong-variable"
