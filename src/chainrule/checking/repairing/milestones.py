"""Edits that make errors on their way back true gradients, before any parameter follows its own.

Where a layer's error is wrong, and its weights and its bias are made from it in wrong ways as well, no single edit
puts a parameter right. But the error itself is then the gradient of a value of the forward pass, in all of its
entries at all numbers: that is taken as a step towards a repair, which counts, as ever, if all updates follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import NoDerivativeError
from chainrule.checking.anatomy.updates import seeds_of
from chainrule.checking.repairing.edit_search import (
    STAGES,
    callers_of,
    cost_of_some,
    rank_of,
    telling_trial,
    until,
)
from chainrule.checking.repairing.edits import Edit, merged, remembered
from chainrule.checking.repairing.refitting import affected
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.repairing.slope_edits import slopes_beside_errors, true_slopes
from chainrule.checking.repairing.trial import FAILURES, Trial
from chainrule.recording.deadline import Deadline

SAME = 1e-8  # between directions of length 1
FLAT = 1e-12
Directions = dict[int, Any]  # by size, one a row


def best_milestone(
    scene: Scene, changes: Mapping[int, Any], deadline: Deadline, before: Sequence[Edit]
) -> tuple[Edit, dict[int, Any]] | None:
    """The edit that makes most errors and slopes of one turn true, and spoils none; and all changes with it."""
    trial = telling_trial(scene, changes)
    if trial is None:
        return None
    try:
        watch = Watch(scene, trial, changes)
    except NoDerivativeError:
        return None
    known = {id(edit) for edit in before}
    best: tuple[tuple[Any, ...], Edit, dict[int, Any]] | None = None
    for edit in until(deadline, worth_trying(scene)):
        if id(edit) in known:
            continue
        try:
            own = edit.make([step for step in edit.steps if step.number in trial.cone])
            gained = watch.gain(own) if own else 0
            if gained <= 0:
                continue
            callers = callers_of(scene.program, {edit.step.number})
            rank = (-gained, *rank_of(edit, edit.mistake, cost_of_some(scene, edit, callers)))
            if best is not None and rank >= best[0]:
                continue
            everywhere = edit.make(edit.steps)
        except FAILURES:
            continue
        if everywhere:
            best = rank, edit, merged(scene.program, changes, everywhere)
    return None if best is None else best[1:]


def worth_trying(scene: Scene) -> Iterator[Edit]:
    for make in (*STAGES, true_slopes, slopes_beside_errors):
        yield from remembered(scene, make)


@final
class Watch:
    """The errors and slopes of one turn, and which of them are true beside some changes."""

    def __init__(self, scene: Scene, trial: Trial, changes: Mapping[int, Any]) -> None:
        self.scene, self.cone, self.changes = scene, trial.cone, changes
        mixes = sorted({number for update in trial.updates for number in update.mixes})
        self.directions = true_directions(scene, mixes, parameters=False)
        start = min(scene.case.anatomy.mixes[number].prediction for number in mixes)
        end = max(update.after for update in trial.updates)
        self.watched = {
            step.output: scene.is_tainted(step.output)
            for step in (
                *scene.suspects,
                *(one for one in scene.cone if scene.is_tainted(one.output)),
            )
            if start < step.output <= end and step.output not in scene.chain_of
        }
        steps = affected(scene, changes, self.cone)
        self.start = [
            scene.program.rerun(values, changes, steps, scene.fixed) for values, _ in scene.worlds
        ]
        self.true = {position: self.which(position, self.start) for position in self.watched}

    def gain(self, own: Mapping[int, Any]) -> int:
        """How many more gradients and slopes are met with further changes; 0 where a value is true no more.

        Several values that are one gradient count once: an error in the place of another is none.
        """
        scene = self.scene
        together = merged(scene.program, self.changes, own)
        steps = affected(scene, together, self.cone)
        found = [
            scene.program.rerun(values, together, steps, scene.fixed) for values, _ in scene.worlds
        ]
        now = dict(self.true)
        for position, was in self.true.items():
            if all(
                new.get(position) is old.get(position)
                for new, old in zip(found, self.start, strict=True)
            ):
                continue
            now[position] = self.which(position, found)
            if was is not None and now[position] is None:
                return 0
        return len(set(now.values()) - {None}) - len(set(self.true.values()) - {None})

    def which(
        self, position: int, new: Sequence[Mapping[int, Any]]
    ) -> tuple[bool, int, int] | None:
        """Which true gradient a value is but for a factor, or which slope; None where it is none."""
        parts = [
            np.asarray(changed.get(position, values[position]), dtype=float).reshape(-1)
            for changed, (values, _) in zip(new, self.scene.worlds, strict=True)
        ]
        joined = np.concatenate(parts)
        tainted = self.watched[position]
        table = (self.directions if tainted else self.slopes).get(joined.size)
        length = float(np.linalg.norm(joined))
        if table is None or not length or not np.isfinite(length):
            return None
        if tainted:
            unit = joined / length
            along = table @ unit
            near = np.flatnonzero(np.abs(along) >= 1 - SAME)  # few, if any
            apart = np.linalg.norm(table[near] * np.sign(along[near])[:, None] - unit, axis=1)
            found = near[apart <= SAME]
        elif float(np.ptp(joined)) <= FLAT * abs(float(joined[0])):
            return None
        else:
            near = np.flatnonzero(np.abs(table[:, 0] - joined[0]) <= SAME)
            found = near[np.all(np.abs(table[near] - joined) <= SAME, axis=1)]
        return (tainted, joined.size, int(found[0])) if found.size else None

    @cached_property
    def slopes(self) -> Directions:
        """By size the true slopes of activations, of all worlds joined."""
        scene = self.scene
        found: dict[int, list[Any]] = {}
        for a, z in scene.activations.items():
            parts = [np.reshape(scene.slope(a, z, values), -1) for values, _ in scene.worlds]
            joined = np.concatenate(parts)
            found.setdefault(joined.size, []).append(joined)
        return {size: np.stack(rows) for size, rows in found.items()}


def true_directions(scene: Scene, mixes: Sequence[int], parameters: bool = True) -> Directions:
    """By size the gradients of all values of the forward pass, of all worlds joined, each of length 1.

    Among them those of numbers that it is given, such as weights that stay as they are, and of `parameters`. Raises: NoDerivativeError.
    """
    found: dict[int, list[Any]] = {}
    anatomy, program = scene.case.anatomy, scene.program
    given = {
        p for step in program.steps if step.output in anatomy.forward for p in step.inputs if p in program.given
    }  # fmt: skip
    swept = [
        program.sweep(
            values,
            seeds_of(anatomy.mixes, mixes, scene.loss, values),
            anatomy.stops,
            given.union(anatomy.forward),
        )
        for values, _ in scene.worlds
    ]
    for position in swept[0] if parameters else swept[0].keys() - anatomy.stops:
        for turned in (False, True):
            parts = [np.asarray(one[position], dtype=float) for one in swept if position in one]
            joined = np.concatenate([(p.T if turned else p).reshape(-1) for p in parts])
            length = float(np.sqrt(np.sum(joined**2)))
            if len(parts) == len(swept) and length > 0 and np.isfinite(length):
                found.setdefault(joined.size, []).append(joined / length)
            if parts[0].ndim < 2:
                break
    return {size: np.stack(rows) for size, rows in found.items()}
