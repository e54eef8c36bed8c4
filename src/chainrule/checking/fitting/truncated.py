"""Backpropagation through time that is truncated: errors go back through the last few time steps alone.

Of each row of the predictions the gradient is taken through so many uses of the recurrent weights; what they were
used with before that is held fast. Where all updates follow the sum over all rows, that is what the program does.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction, NoDerivativeError, Values
from chainrule.checking.anatomy.updates import Update, seeds_of, steps_taken
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit, norm

CLOSE = 1e-7
FEWEST, MOST = 2, 12  # uses that a gradient goes back through
MOST_CHAINS, MOST_ROWS, MOST_TURNS = 20, 40, 4


def time_steps_back(case: Case) -> tuple[str, int] | None:
    """The loss that some parameters follow, and others through so many of their last uses alone; with their number."""
    for loss, fit in case.fits.items():
        if not fit.good or not 0 < len(fit.bad) <= MOST_CHAINS or fit.form != "gradient-descent":
            continue
        turns = {update.turn for update in case.anatomy.updates if update.chain in fit.bad}
        passes = [
            Unrolled(case, fit, turn, uses)
            for turn in sorted(turns & set(fit.rate))[:MOST_TURNS]
            if (uses := recurrent_uses(case, fit, turn))
        ]
        passes.sort(key=lambda one: -max(map(len, one.uses.values())))
        with suppress(NoDerivativeError):
            for count in range(FEWEST, MOST + 1) if passes else ():
                if all(one.follows(count) for one in passes):
                    return loss, count
    return None


def are_recurrent(case: Case, fit: Fit) -> bool:
    """Whether some of what does not follow a loss, beside others that do, is used time step by time step: it may be truncated."""
    turns = {update.turn for update in case.anatomy.updates if update.chain in fit.bad}
    return bool(fit.good) and any(recurrent_uses(case, fit, turn) for turn in turns)


def recurrent_uses(case: Case, fit: Fit, turn: int) -> dict[int, list[Instruction]]:
    """For each parameter whose products are made of earlier ones, those of one pass, in order."""
    anatomy, program = case.anatomy, case.program
    found = {}
    for update in anatomy.updates:
        if update.turn != turn or update.chain not in fit.bad:
            continue
        uses = [
            step
            for step in program.consumers.get(update.before, ())
            if step.operation in PRODUCTS and step.output in anatomy.forward
        ]
        if len(uses) > FEWEST and uses[0].output in program.ancestors(
            [uses[-1].output], anatomy.stops
        ):
            found[update.before] = uses
    return found


@final
@dataclass
class Unrolled:
    """A pass in which recurrent weights are used time step by time step."""

    case: Case
    fit: Fit
    turn: int
    uses: dict[int, list[Instruction]]

    def follows(self, count: int) -> bool:
        """Whether the updates of this pass are its gradients through the last uses alone, so many, by the common rate."""
        rate = self.fit.rate[self.turn]
        updates = [
            update
            for update in self.case.anatomy.updates
            if update.turn == self.turn and update.chain in self.fit.bad
        ]
        for values in self.case.worlds:
            gradients = self.gradients(values, updates, count)
            for update, step in zip(updates, steps_taken(updates, values), strict=True):
                if norm(step + rate * gradients[update.before]) > CLOSE * norm(step):
                    return False
        return True

    def gradients(self, values: Values, updates: Sequence[Update], count: int) -> dict[int, Any]:
        anatomy, program = self.case.anatomy, self.case.program
        seeds = seeds_of(anatomy.mixes, updates[0].mixes, self.fit.loss, values, program)
        total: dict[int, Any] = {update.before: 0.0 for update in updates}
        for row in rows_of(seeds):
            found = program.sweep(values, row, anatomy.stops, anatomy.forward)
            held = self.inputs_before(found, count)
            if held:
                found = program.sweep(values, row, anatomy.stops | held, anatomy.forward)
            for position in total:
                total[position] = total[position] + found.get(position, 0.0)
        return total

    def inputs_before(self, found: Mapping[int, Any], count: int) -> set[int]:
        """What the first of so many last uses that a gradient comes back to are made with, beside the weights."""
        held = set()
        for position, uses in self.uses.items():
            reached = [use for use in uses if norm(found.get(use.output, 0.0)) > 0]
            if len(reached) > count:
                held |= set(reached[-count].inputs) - {position}
        return held


def rows_of(seeds: Mapping[int, Any]) -> list[dict[int, Any]]:
    """Gradients of a loss at predictions, one time step at a time: each prediction's own, or each row's of one that has all."""
    rows = []
    for position, seed in seeds.items():
        if len(seeds) > 1 or np.ndim(seed) < 2 or len(seed) > MOST_ROWS:
            rows.append({position: seed})
            continue
        for number in range(len(seed)):
            row = np.zeros_like(seed)
            row[number] = seed[number]
            rows.append({position: row})
    return rows
