"""Errors of units that the program switches off by tests of its own: relu as max(0.0, z), or with an if.

Such a unit's value is a constant where it is off, and no step tells that it was an activation. Its error must
be 0 there; it came back through the weights that the value was multiplied by.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.left_out_factors import weights_behind
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.checking.repairing.value_edits import NewValue, seen_as

MOST_SEEN = 400  # errors of one place that are asked for their units


def switched_off(scene: Scene) -> Iterator[Edit]:
    """Errors with 0 where their unit is off, which the program leaves out, or tests wrongly."""
    for key, steps in scene.places.items():
        first = steps[0]
        if (
            np.size(scene.case.values[first.output]) != 1
            or not scene.is_tainted(first.output)
            or first.output in scene.chain_of
        ):
            continue
        units = units_of(scene, key, steps)
        off = {p for p in units.values() if not scene.case.anatomy.masks[p]}
        if not off or len(off) == len(set(units.values())):
            continue

        def change(
            step: Instruction, units: Mapping[int, int] = units, off: Collection[int] = off
        ) -> NewValue | None:
            if step.output not in units:
                return None
            return switch if units[step.output] in off else keep

        edit = Edit("missing-derivative", steps, seen_as(scene, key, change), first, how="factor")
        test = wrong_test(scene, off)
        yield (
            edit if test is None else replace(edit, mistake="relu-derivative-at-output", test=test)
        )


def switch(value: object, values: object) -> object:
    return 0.0


def keep(value: object, values: object) -> object:
    return value


def units_of(scene: Scene, key: Place, steps: Sequence[Instruction]) -> dict[int, int]:
    """For each error of a place the value of its unit, by the weights that both were multiplied by, in order."""
    if len(steps) > MOST_SEEN * len(scene.turn_starts):
        return {}
    groups: dict[tuple[int, frozenset[int]], list[int]] = {}
    for position in scene.instances[key]:
        step = scene.program.step_of[position]
        groups.setdefault((scene.window(position)[0], weights_behind(scene, step)), []).append(
            position
        )
    found: dict[int, int] = {}
    for (_, weights), errors in groups.items():
        units = sorted({unit for version in weights for unit in scene.partners(version)})
        if len(units) == len(errors):  # one a sample
            found |= dict(zip(errors, units, strict=True))
    return found


def wrong_test(scene: Scene, off: Collection[int]) -> int | None:
    """The site of a test that the backward pass makes of units that are off, where there is one."""
    program = scene.program
    used = {
        unit: max(s.output for s in program.consumers[unit] if s.output in scene.forward)
        for unit in off
    }
    begun = {
        p: end
        for unit, end in used.items()
        for p in program.ancestors([unit])
        if not np.any(scene.case.values[p])  # before dropout, too
    }
    for guard in program.recording.guards:
        ends = [begun[side] for side in (guard.left, guard.right) if side in begun]
        if ends and guard.time > min(ends) and guard.site is not None:
            return guard.site
    return None
