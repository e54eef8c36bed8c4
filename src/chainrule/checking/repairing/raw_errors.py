"""An error that right updates are made from, read by wrong ones without the derivative that belongs there.

    hidden_error = W.T @ error
    W += rate * (error * slope) @ hidden.T

Nothing is wrong with the error itself, nor is its delta a value that is at hand when it is read.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.left_out_factors import NONE, factor, mates, pair_classes
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.repairing.value_edits import with_changed_operand

Mate: TypeAlias = Callable[[Instruction], int | None]


def raw_errors(scene: Scene) -> Iterator[Edit]:
    """An activation's derivative, left out where such an error is read."""
    for key, steps in scene.places.items():
        first = steps[0]
        for slot, position in enumerate(first.inputs):
            maker = scene.program.step_of.get(position)
            if (
                maker is None
                or maker.number in scene.suspect_numbers
                or position in scene.chain_of
                or not scene.is_tainted(position)
            ):
                continue
            raw = scene.is_error(position) and scene.updated_by(first.output) is None
            shape = np.shape(scene.case.values[position])
            for pair_class in pair_classes(scene, scene.activations, first, shape):
                for mode in ("rank", "reversed", "latest"):
                    mate = mates(scene, key, scene.activations, pair_class, mode)
                    if mate(first) in (None, NONE):
                        continue

                    def change(
                        step: Instruction, slot: int = slot, mate: Mate = mate
                    ) -> Instruction | None:
                        new = factor(scene, mate(step), scene.activations)
                        return None if new is None else with_changed_operand(step, slot, new)

                    yield Edit(
                        "raw-error-backpropagated" if raw else "missing-derivative",
                        steps, each(change), first, slot, how="factor", cost=2,  # a value at hand is likelier
                    )  # fmt: skip
