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
from chainrule.checking.fitting import EXACT, Fit, fit_general, fit_plain, fit_with_rates, norm, traces_of
from chainrule.checking.program import NoDerivativeError, Values
from chainrule.checking.scene import Scene, set_scene
from chainrule.checking.updates import Update

MOST_EDITS = 4
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
            fits = [refit(scene, world, changes) for world in range(len(scene.worlds))]
            repair.fit = max(fits, key=lambda one: len(one.bad))
            if all(one.is_right for one in fits):
                repair.proved = True
                break
    except NoDerivativeError:
        repair.proved = False
    return repair


def refit(scene: Scene, world: int, changes: Mapping[int, Any]) -> Fit:
    """How well all updates fit when some steps are changed."""
    values, gradients = scene.worlds[world]
    anatomy = scene.case.anatomy
    new = scene.program.rerun(values, changes, scene.cone, scene.fixed)
    steps = [step_of(update, values, new) for update in anatomy.updates]
    traces = traces_of(anatomy, values, gradients, steps)
    fit = fit_plain(anatomy, traces, scene.loss)
    if fit.bad:
        by_rates = fit_with_rates(anatomy, traces, fit)
        if by_rates is not None:
            return by_rates
        general = fit_general(anatomy, traces, fit)
        if len(general.good) > len(fit.good):
            return general
    return fit


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
    """Trying edits on one turn of one world: how many more parameters does it put right?"""

    def __init__(self, scene: Scene, changes: Mapping[int, Any]) -> None:
        self.scene, self.changes = scene, changes
        self.world = len(scene.worlds) - 1
        self.values, gradients = scene.worlds[self.world]
        anatomy = scene.case.anatomy
        turns = sorted({update.turn for update in anatomy.updates})
        counts = {
            turn: sum(
                1 for u, g in zip(anatomy.updates, gradients, strict=True) if u.turn == turn and norm(g) > 0
            )
            for turn in turns[:6]
        }
        self.turn = max(counts, key=lambda turn: (counts[turn], -turn), default=-1)
        rows = [
            (u, g) for u, g in zip(anatomy.updates, gradients, strict=True) if u.turn == self.turn
        ]
        self.updates = [u for u, _ in rows]
        self.gradients = {u.chain: g for u, g in rows}
        reach = scene.behind(self.updates)
        self.cone = [step for step in scene.cone if step.output in reach]
        self.numbers = {step.number for step in self.cone}
        before = scene.program.rerun(self.values, changes, self.cone, scene.fixed) if changes else {}
        steps = {u.chain: step_of(u, self.values, before) for u in self.updates}
        self.rate = self.common_rate(steps, [u.chain for u in self.updates if u.chain in scene.fit.good])
        self.good = self.count(steps)

    def common_rate(self, steps: Mapping[int, Any], chains: list[int]) -> float | None:
        """The rate of the parameters that are right already."""
        rates = []
        for chain in chains:
            g, u = self.gradients[chain], steps[chain]
            if norm(g) > 0 and np.shape(u) == np.shape(g):
                rate = -float(np.sum(u * g)) / norm(g) ** 2
                if norm(u + rate * g) <= 1e-6 * norm(u):
                    rates.append(rate)
        return float(np.median(rates)) if rates else None

    def count(self, steps: Mapping[int, Any]) -> int:
        """How many parameters follow their gradients, with the common rate or, without one, any."""
        rate = self.rate
        if rate is None:
            rate = self.majority(steps)
        if rate is None or rate <= 0:
            return 0
        good = 0
        for chain, u in steps.items():
            g = self.gradients[chain]
            if np.shape(u) != np.shape(g):
                continue
            size = max(norm(u), rate * norm(g))
            noise = 1e-15 * norm(self.values[self.scene.case.anatomy.updates[0].before])
            if size == 0 or norm(u + rate * g) <= 100 * EXACT * size + noise:
                good += 1
        return good

    def majority(self, steps: Mapping[int, Any]) -> float | None:
        """A rate that at least two parameters, or one array, agree on."""
        rates: list[tuple[float, int]] = []
        for chain, u in steps.items():
            g = self.gradients[chain]
            if np.shape(u) != np.shape(g) or norm(g) == 0 or norm(u) == 0:
                continue
            rate = -float(np.sum(u * g)) / norm(g) ** 2
            if norm(u + rate * g) <= 100 * EXACT * norm(u):
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
            new = self.scene.program.rerun(self.values, {**self.changes, **here}, self.cone, self.scene.fixed)
            steps = {u.chain: step_of(u, self.values, new) for u in self.updates}
        except (ValueError, TypeError, IndexError, ZeroDivisionError, KeyError):
            return 0
        return self.count(steps) - self.good

    def holds(self, edit: Edit) -> bool:
        """Whether the edit helps in every turn of every world, and harms nobody."""
        changes = {**self.changes, **edit.changes}
        before = self.scene.fit
        for world in range(len(self.scene.worlds)):
            try:
                fit = refit(self.scene, world, changes)
            except (ValueError, TypeError, IndexError, ZeroDivisionError, KeyError):
                return False
            if not before.good <= fit.good | fit.silent or len(fit.bad) >= len(before.bad):
                return False
        return True
