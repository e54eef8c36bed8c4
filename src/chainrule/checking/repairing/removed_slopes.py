"""A derivative too many that is written as two factors: error * a * (1 - a) for error."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each, groups
from chainrule.checking.repairing.scene import Scene


def removed_slopes(scene: Scene) -> Iterator[Edit]:
    """Both factors of a derivative that is one too many, where they stand one by one."""
    for steps, _ in groups(scene):
        yield from without_slope(scene, steps)


def without_slope(scene: Scene, steps: Sequence[Instruction]) -> Iterator[Edit]:
    first = steps[0]
    kept = error_within(scene, first)
    if kept is None or np.shape(scene.case.values[kept]) != np.shape(
        scene.case.values[first.output]
    ):
        return

    def change(step: Instruction) -> Instruction | None:
        at = error_within(scene, step)
        return None if at is None else replace(step, compute=lambda values: values[at])

    yield Edit(
        "derivative-at-activation", steps, each(change), first, None, kept, how="remove", cost=2
    )


def error_within(scene: Scene, step: Instruction) -> int | None:
    """The error in error * a * b, where no more is made of the product of two, and a and b are of the forward pass."""
    inner = error_of(scene, step)
    maker = None if inner is None else scene.program.step_of.get(inner)
    if inner is None or maker is None or len(scene.program.consumers[inner]) > 1:
        return None
    return error_of(scene, maker)


def error_of(scene: Scene, step: Instruction) -> int | None:
    """The error in error * a."""
    if step.operation != "multiply":
        return None
    factors = [p for p in step.inputs if not scene.is_tainted(p) and scene.case.anatomy.masks[p]]
    errors = [p for p in step.inputs if scene.is_tainted(p)]
    return errors[0] if len(errors) == len(factors) == 1 else None
