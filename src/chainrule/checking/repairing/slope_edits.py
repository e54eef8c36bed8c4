"""A slope in place of a value: of an activation beside an error, of a loss in an error's place.

delta * a             for  delta * f'(z)
mean((a - t)**2)      for  2 (a - t) / n
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import bits
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.repairing.value_edits import (
    NewValue,
    base_of,
    comes_from_mask,
    mates,
    own_activation,
    pair_classes,
    seen_as,
    with_changed_operand,
)

LOSSES = {"mean", "sum", "square", "multiply", "absolute", "power", "divide"}


def slopes_beside_errors(scene: Scene) -> Iterator[Edit]:
    """What stands beside an error is replaced there alone: an activation serves the forward pass too."""
    for key, steps in scene.places.items():
        first = steps[0]
        if first.operation != "multiply" or not scene.is_tainted(first.output):
            continue
        shape = np.shape(scene.case.values[first.output])
        for slot, position in enumerate(first.inputs):
            if not may_stand_for_slope(scene, first, position):
                continue
            for pair_class in pair_classes(scene, scene.activations, first, shape):
                for mode in ("rank", "reversed", "own"):
                    mate = (
                        partial(activation_beside, scene, slot)
                        if mode == "own"
                        else mates(scene, key, scene.activations, pair_class, mode)
                    )
                    a = mate(first)
                    if a is None:
                        continue

                    def change(
                        step: Instruction, mate: Any = mate, slot: int = slot
                    ) -> Instruction | None:
                        chosen = mate(step)
                        if chosen is None:
                            return None
                        z = scene.activations[chosen]
                        return with_changed_operand(
                            step, slot, lambda _, values: scene.slope(chosen, z, base_of(values))
                        )

                    yield Edit(
                        name_of_factor(scene, position), steps, each(change), first, slot, a,
                        how="slope", cost=7,
                    )  # fmt: skip
                    if len(scene.members(pair_class, first.output)) < 2:
                        break


def activation_beside(scene: Scene, slot: int, step: Instruction) -> int | None:
    return own_activation(scene, step.inputs[slot], scene.activations)


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
