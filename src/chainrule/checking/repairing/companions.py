"""Two edits at once, of which neither puts anything right alone: a layer that is wrong twice over.

An error that goes back through updated weights and lacks a derivative, too, makes no gradient right before both are
mended. So one edit is taken on trust, and the other is looked for as ever; those go first that turn the updates most
towards their gradients. What counts is the same as for one edit: all updates follow, at all numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

import chainrule.checking.repairing.edits as edit_list
import chainrule.checking.repairing.left_out_factors as left_out_factors
import chainrule.checking.repairing.operation_edits as operation_edits
import chainrule.checking.repairing.sum_edits as sum_edits
import chainrule.checking.repairing.value_edits as value_edits
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.repairing.edit_search import ORDER, best_edit, joined, telling_trial, until
from chainrule.checking.repairing.edits import Edit, merged, remembered
from chainrule.checking.repairing.raw_errors import raw_errors
from chainrule.checking.repairing.removed_slopes import removed_slopes
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.repairing.switched_off import switched_off
from chainrule.checking.repairing.trial import FAILURES
from chainrule.recording.deadline import Deadline

Found: TypeAlias = tuple[Edit, dict[int, Any], Fit]

MOST_COMPANIONS = 60
FREE = {"parameter-mis-scaled"}  # beside an edit a scale of any size would explain too much
PLAIN_COST = 1  # of an edit that nothing likelier is looked for beside


def best_pair(
    scene: Scene,
    changes: Mapping[int, Any],
    deadline: Deadline,
    before: Sequence[Edit],
    thorough: bool,
    early: bool = True,
) -> tuple[Edit, Found] | None:
    """A companion and the edit that helps beside it: `early` updates are undone, or `thorough`, any likely edit."""
    best: tuple[Edit, Found] | None = None
    for companion in companions(scene, changes, deadline, before, thorough, early):
        try:
            own = companion.make(companion.steps)
            if own is None or deadline.over:
                continue
            together = merged(scene.program, changes, own)
            found = best_edit(scene, together, deadline, [*before, companion])
        except FAILURES:  # of shapes that do not fit, where it serves several arrays
            continue
        if found is None or found[0].mistake in FREE or companion.mistake in FREE:
            continue
        pair = companion, found
        if best is None or rank(pair) < rank(best):
            best = pair
        if not found[2].bad and max(companion.cost, found[0].cost) <= PLAIN_COST:
            break
    return best


def rank(pair: tuple[Edit, Found]) -> tuple[int, int, int]:
    companion, (edit, _, fit) = pair
    order = max(ORDER.index(one.mistake) for one in (companion, edit))
    return -len(fit.good), companion.cost + edit.cost, order


def companions(
    scene: Scene,
    changes: Mapping[int, Any],
    deadline: Deadline,
    before: Sequence[Edit],
    thorough: bool,
    early: bool,
) -> Iterator[Edit]:
    """Edits that may be needed beside another one, the likelier ones first."""
    undone = list(edit_list.old_versions(scene)) if early else []
    if undone and not any(edit.mistake == "updated-weights" for edit in before):
        yield joined(scene.program, undone) if len(undone) > 1 else undone[0]
    trial = telling_trial(scene, changes) if thorough else None
    if trial is None:
        return
    seen: set[bytes] = set()
    found: list[tuple[float, int, Edit]] = []
    for edit in until(deadline, likely_edits(scene)):
        steps = trial.wrong_steps(edit)
        if steps is None:
            continue
        key = np.concatenate([np.ravel(u) for u, _ in steps]).astype(np.float32).tobytes()
        if key not in seen:  # of edits that come to the same the first
            seen.add(key)
            turned = sum(cosine(-u, g) for u, g in steps)
            found.append((turned, edit.cost, edit))
    found.sort(key=lambda one: (-one[0], one[1]))
    yield from (edit for _, _, edit in found[:MOST_COMPANIONS])


def likely_edits(scene: Scene) -> Iterator[Edit]:
    """Those of the commonest mistakes."""
    yield from remembered(scene, left_out_factors.factor_edits)
    yield from remembered(scene, left_out_factors.named_factor_edits)
    yield from remembered(scene, raw_errors)
    yield from remembered(scene, switched_off)
    yield from remembered(scene, operation_edits.operator_edits)
    yield from remembered(scene, operation_edits.transposes)
    yield from remembered(scene, operation_edits.index_edits)
    # A term that is one too many may be that of another loss: nothing is taken on trust beside it.
    for edit in remembered(scene, value_edits.removed_factors):
        if edit.mistake != "wrong-variable":
            yield edit
    yield from remembered(scene, removed_slopes)
    yield from remembered(scene, sum_edits.reductions)
    yield from remembered(scene, edit_list.argument_edits)
    yield from remembered(scene, edit_list.own_operand_edits)


def cosine(one: Any, other: Any) -> float:
    size = (
        float(np.linalg.norm(one) * np.linalg.norm(other))
        if np.shape(one) == np.shape(other)
        else 0.0
    )
    return float(np.sum(one * other)) / size if size and np.isfinite(size) else 0.0
