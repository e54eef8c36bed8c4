"""Where gradients begin to go wrong, when no edit puts them right: the first value that is no true gradient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, NoDerivativeError
from chainrule.checking.fitting.case import Case
from chainrule.checking.repairing.milestones import true_directions
from chainrule.checking.repairing.repair import Repair
from chainrule.checking.repairing.scene import Scene, set_scene

SAME = 1e-7


def first_wrong_step(case: Case, repair: Repair) -> tuple[Scene, Instruction] | None:
    """The first suspect of a turn that is made from true gradients and is none itself."""
    if repair.fit is None:
        return None
    try:
        scene = set_scene(case, repair.fit)
        if not scene.bad_updates:
            return None
        update = scene.bad_updates[0]
        known = true_directions(scene, update.mixes)
    except NoDerivativeError:
        return None
    start, end = scene.window(case.anatomy.mixes[update.turn].output)
    tainted = [s for s in scene.suspects if start < s.output <= end and scene.is_tainted(s.output)]
    matched: set[int] = {mix.output for mix in case.anatomy.mixes}
    unmatched: list[Instruction] = []
    for step in tainted:
        if matches(scene, step.output, known):
            matched.add(step.output)
        else:
            unmatched.append(step)
    suspects = {s.output for s in tainted}
    for step in unmatched:
        inputs = [p for p in step.inputs if p in suspects]
        if all(p in matched for p in inputs) and not recovers(scene, step, matched):
            return scene, step
    return (scene, unmatched[0]) if unmatched else ((scene, tainted[-1]) if tainted else None)


def matches(scene: Scene, position: int, known: Mapping[int, Any]) -> bool:
    joined = np.concatenate(
        [np.asarray(values[position], dtype=float).reshape(-1) for values, _ in scene.worlds]
    )
    length = float(np.sqrt(np.sum(joined**2)))
    if not length or not np.isfinite(length):
        return False
    table = known.get(joined.size)
    return table is not None and bool(np.any(np.abs(table @ (joined / length)) > 1 - SAME))


def recovers(scene: Scene, step: Instruction, matched: set[int], depth: int = 3) -> bool:
    """Whether what is made from a value soon is a true gradient again: then the value was but a part."""
    for consumer in scene.program.consumers.get(step.output, ()):
        if consumer.output in matched:
            return True
        if (
            depth
            and consumer.number in scene.suspect_numbers
            and recovers(scene, consumer, matched, depth - 1)
        ):
            return True
    return False
