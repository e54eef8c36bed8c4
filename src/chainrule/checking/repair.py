"""Putting a mistake right in the recorded computation, and seeing whether every gradient agrees.

Edits are tried one by one on the turn that shows most; what makes more parameters right is kept, and
what is still wrong is looked at again. A repair counts when every update of every parameter follows its
gradient, at the recorded numbers and at disturbed ones.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from chainrule.checking.checking import Case
from chainrule.checking.edits import Edit, all_edits
from chainrule.checking.fitting import EXACT, Fit, join, norm
from chainrule.checking.judging import fit_rows
from chainrule.checking.program import NoDerivativeError, Values
from chainrule.checking.scene import Scene, set_scene
from chainrule.checking.updates import Update

MOST_EDITS = 4
TOLERANCE = 100 * EXACT
FAILURES = (ValueError, TypeError, IndexError, ZeroDivisionError, KeyError)  # an edit that cannot be
ORDER = (
    "derivative-at-activation", "raw-error-backpropagated", "missing-derivative", "relu-derivative-at-output",
    "dropout-mask", "updated-weights", "last-sample-only", "no-flow-through-time", "bias-not-summed",
    "bias-summed-over-all", "wrong-transpose", "wrong-layer-input", "wrong-index", "wrong-variable",
    "wrong-operator", "sign-error", "decay-sign", "learning-rate-twice", "parameter-mis-scaled", "unknown",
)  # fmt: skip


@final
@dataclass
class Repair:
    """The edits that were kept, and how well everything fits with them. `proved`: all fits."""

    loss: str
    edits: list[Edit] = field(default_factory=list)
    fit: Fit | None = None
    proved: bool = False
    scenes: list[Scene] = field(default_factory=list)


def find_repair(case: Case, fit: Fit, deadline: float) -> Repair:
    """Edits, one after the other, until every gradient agrees or nothing helps."""
    repair = Repair(fit.loss, fit=fit)
    changes: dict[int, Any] = {}
    try:
        for _ in range(MOST_EDITS):
            assert repair.fit is not None
            scene = set_scene(case, repair.fit)
            edit = best_edit(scene, changes, deadline)
            if edit is None:
                break
            changes = changes | edit.changes
            repair.edits.append(edit)
            repair.scenes.append(scene)
            repair.fit = refit(scene, changes)
            if repair.fit.is_right:
                repair.proved = True
                break
    except NoDerivativeError:
        repair.proved = False
    return repair


def refit(scene: Scene, changes: Mapping[int, Any]) -> Fit:
    """How well all updates fit, in all worlds, when some steps are changed."""
    anatomy = scene.case.anatomy
    rows = []
    for values, gradients in scene.worlds:
        new = scene.program.rerun(values, changes, scene.cone, scene.fixed)
        rows.append((values, gradients, [step_of(update, values, new) for update in anatomy.updates]))
    return fit_rows(anatomy, rows, scene.loss)[0]


def step_of(update: Update, values: Values, new: Mapping[int, Any]) -> Any:
    after = np.asarray(new.get(update.after, values[update.after]), dtype=float)
    return after - np.asarray(values[update.before], dtype=float)


def best_edit(scene: Scene, changes: Mapping[int, Any], deadline: float) -> Edit | None:
    """The edit that makes most parameters right; of equals the most specific, then the simplest."""
    trial = Trial(scene, changes)
    if not trial.updates:
        return None
    best, best_score = None, (0, 0, 0)
    for edit in all_edits(scene):
        if time.monotonic() > deadline:
            break
        gained = trial.gain(edit)
        if gained <= 0:
            continue
        score = (gained, -ORDER.index(edit.mistake), -edit.cost)
        if best is None or score > best_score:
            if not trial.holds(edit):
                continue
            best, best_score = edit, score
    return best


class Trial:
    """Trying edits on one turn, in all worlds: how many more parameters does it put right?"""

    def __init__(self, scene: Scene, changes: Mapping[int, Any]) -> None:
        self.scene, self.changes = scene, changes
        anatomy = scene.case.anatomy
        last_gradients = scene.worlds[-1][1]
        turns = sorted({update.turn for update in anatomy.updates})
        counts = {
            turn: sum(
                1
                for u, g in zip(anatomy.updates, last_gradients, strict=True)
                if u.turn == turn and norm(g) > 0
            )
            for turn in turns[:6]
        }
        self.turn = max(counts, key=lambda turn: (counts[turn], -turn), default=-1)
        places = [k for k, update in enumerate(anatomy.updates) if update.turn == self.turn]
        self.updates = [anatomy.updates[k] for k in places]
        self.gradients = {
            anatomy.updates[k].chain: [gradients[k] for _, gradients in scene.worlds] for k in places
        }
        reach = scene.behind(self.updates)
        self.cone = [step for step in scene.cone if step.output in reach]
        self.numbers = {step.number for step in self.cone}
        steps = self.steps_with({})
        self.rate = self.common_rate(steps, [u.chain for u in self.updates if u.chain in scene.fit.good])
        self.good = self.count(steps)

    def steps_with(self, changes: Mapping[int, Any]) -> dict[int, Any]:
        """u and g of each parameter, all worlds joined; None where their shapes differ."""
        found: dict[int, Any] = {}
        everywhere = []
        for values, _ in self.scene.worlds:
            new = self.scene.program.rerun(
                values, {**self.changes, **changes}, self.cone, self.scene.fixed
            )
            everywhere.append([step_of(u, values, new) for u in self.updates])
        for k, update in enumerate(self.updates):
            us, gs = [steps[k] for steps in everywhere], self.gradients[update.chain]
            fits = all(np.shape(u) == np.shape(g) for u, g in zip(us, gs, strict=True))
            found[update.chain] = (join(us), join(gs)) if fits else None
        return found

    def common_rate(self, steps: Mapping[int, Any], chains: list[int]) -> float | None:
        """The rate of the parameters that are right already."""
        rates = []
        for chain in chains:
            if steps[chain] is None:
                continue
            u, g = steps[chain]
            if norm(g) > 0:
                rate = -float(np.sum(u * g)) / norm(g) ** 2
                if norm(u + rate * g) <= 1e-6 * norm(u):
                    rates.append(rate)
        return float(np.median(rates)) if rates else None

    def count(self, steps: Mapping[int, Any]) -> int:
        """How many parameters follow their gradients, with the common rate or, without one, any."""
        rate = self.majority(steps) if self.rate is None else self.rate
        if rate is None or rate <= 0:
            return 0
        good = 0
        for pair in steps.values():
            if pair is None:
                continue
            u, g = pair
            size = max(norm(u), rate * norm(g))
            if size == 0 or norm(u + rate * g) <= TOLERANCE * size:
                good += 1
        return good

    def majority(self, steps: Mapping[int, Any]) -> float | None:
        """A rate that at least two parameters, or one array, agree on in all worlds."""
        rates: list[tuple[float, int]] = []
        for pair in steps.values():
            if pair is None or norm(pair[1]) == 0 or norm(pair[0]) == 0:
                continue
            u, g = pair
            rate = -float(np.sum(u * g)) / norm(g) ** 2
            if norm(u + rate * g) <= TOLERANCE * norm(u):
                rates.append((rate, np.size(u)))
        best, most = None, 1
        for rate, _ in rates:
            weight = sum(size for other, size in rates if abs(other - rate) <= 1e-6 * abs(rate))
            if weight > most:
                best, most = rate, weight
        return best

    def gain(self, edit: Edit) -> int:
        here = {number: step for number, step in edit.changes.items() if number in self.numbers}
        if not here:
            return 0
        try:
            return self.count(self.steps_with(here)) - self.good
        except FAILURES:
            return 0

    def holds(self, edit: Edit) -> bool:
        """Whether the edit helps in every turn of every world, and harms nobody."""
        before = self.scene.fit
        try:
            fit = refit(self.scene, {**self.changes, **edit.changes})
        except FAILURES:
            return False
        return before.good <= fit.good | fit.silent and len(fit.bad) < len(before.bad)
