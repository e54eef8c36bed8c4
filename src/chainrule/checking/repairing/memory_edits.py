"""Edits of what updates remember: gradients that are added up from pass to pass and never set to 0."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chainrule.checking.anatomy.parameters import bits
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.scene import Scene

MOVED = {"gather", "reshape", "transpose"}


def fresh_sums(scene: Scene) -> Iterator[Edit]:
    """Gradients that begin anew in each pass, where the source adds them to those of the pass before."""
    turn_of = {mix: update.turn for update in scene.case.anatomy.updates for mix in update.mixes}
    carried = [step for step in scene.suspects if carries_on(scene, step, turn_of)]
    if carried:
        yield Edit("gradient-not-reset", carried, each(begun_anew), carried[0], 0)


def carries_on(scene: Scene, step: Instruction, turn_of: Mapping[int, int]) -> bool:
    """Whether a sum adds an error of this pass to what the same place made of earlier passes' errors alone."""
    if step.operation != "add":
        return False
    before, new = step.inputs
    masks = scene.case.anatomy.error_masks
    earlier, own = ([turn_of.get(mix, -1) for mix in bits(masks[p])] for p in (before, new))
    if not earlier or not own or max(earlier) >= min(own):
        return False
    maker = scene.program.step_of.get(before)
    while maker is not None and maker.operation in MOVED:
        maker = scene.program.step_of.get(maker.inputs[0])
    if maker is not None and maker.operation == "scatter":
        maker = scene.program.step_of.get(maker.inputs[1])
    return maker is not None and scene.place_of(maker) == scene.place_of(step)


def begun_anew(step: Instruction) -> Instruction:
    new = step.inputs[1]
    return replace(step, compute=lambda values: values[new])
