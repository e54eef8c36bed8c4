"""Penalties that are none of the loss that the program computes: of another strength, or left out of some updates.

    loss = data_loss + 0.5 * reg * np.sum(W * W)        dW += 2 * reg * W

Either strength may be meant, so such a program is right; but who reads the loss should know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, NoDerivativeError, Values
from chainrule.checking.anatomy.updates import Update, steps_taken, true_gradients
from chainrule.checking.fitting.case import Case, right_losses
from chainrule.checking.fitting.fitting import RATE, Fit, join, norm
from chainrule.checking.fitting.judging import fit_rows
from chainrule.checking.fitting.own_losses import (
    gradients_of_own,
    is_stated,
    originals,
    own_losses,
    rows_of,
)
from chainrule.checking.fitting.rates import find_decaying

EXACT = 1e-7
FEWEST = 3  # entries that tell a gradient from a decay
MOST_TURNS = 2
NEGLIGIBLE = 1e-4  # an angle


@final
@dataclass
class Penalty:
    """By how many times what a line's loss asks for some parameters decay."""

    line: int
    chains: list[int]
    strength: float


def stated_penalties(case: Case, loss: str) -> list[Penalty]:
    """How strong decays are beside those of a loss that the program computes; 1 is as strong."""
    anatomy, program = case.anatomy, case.program
    used = {n for update in anatomy.updates for n in update.mixes}
    forward = program.ancestors((anatomy.mixes[n].prediction for n in used), anatomy.stops)
    decaying = find_decaying(anatomy, forward)
    turns = sorted({update.turn for update in anatomy.updates})[:MOST_TURNS]
    told = [k for k, u in enumerate(anatomy.updates) if u.chain in decaying and u.turn in turns]
    if not told or loss not in case.fits:
        return []
    found: dict[int, tuple[int, float]] = {}
    try:
        for steps in own_losses(case, originals(case, used)).values():
            line = program.site(steps[0]).line
            own = [gradients_of_own(case, steps, v, MOST_TURNS, early=True) for v in case.worlds]
            true = [true_gradients(anatomy, v, loss) for v in case.worlds]
            for number in sorted({anatomy.updates[k].chain for k in told}):
                places = [k for k in told if anatomy.updates[k].chain == number]
                strengths = [strength_of(case, k, own, true) for k in places]
                strength = strengths[0]
                if strength is None or any(
                    s is None or abs(s / strength - 1) > RATE for s in strengths
                ):
                    continue
                if number not in found or abs(strength - 1) <= RATE:
                    found[number] = line, strength
    except NoDerivativeError:
        return []
    ordered = sorted((*told, number) for number, told in found.items())
    return [
        Penalty(line, [number for *_, number in rows], strength)
        for (line, strength), rows in groupby(
            ordered, key=lambda row: (row[0], float(f"{row[1]:.6g}"))
        )
    ]


def strength_of(
    case: Case, place: int, own: Sequence[Sequence[Any]], true: Sequence[Sequence[Any]]
) -> float | None:
    """The decay of an update over the one that an own loss asks for; None where it is not both."""
    update = case.anatomy.updates[place]
    if any(gradients[place] is None for gradients in own):
        return None
    done = decay_beside(update, case.worlds, [gradients[place] for gradients in true])
    left = decay_beside(update, case.worlds, [gradients[place] for gradients in own])
    if done is None or left is None:
        return None
    asked = done - left
    tiny = RATE * max(abs(done), abs(left))
    return done / asked if done > tiny and asked > tiny else None


def decay_beside(
    update: Update, worlds: Sequence[Values], gradients: Sequence[Any]
) -> float | None:
    """lambda of an update -eta g - lambda V that fits exactly, in all worlds."""
    steps = [steps_taken([update], values)[0] for values in worlds]
    if any(np.shape(u) != np.shape(g) for u, g in zip(steps, gradients, strict=True)):
        return None
    u, g = join(steps), join(gradients)
    before = join([np.asarray(values[update.before], dtype=float) for values in worlds])
    matrix = np.stack([g, before], axis=1)
    if u.size < FEWEST * len(worlds) or not np.all(np.isfinite(matrix)) or not norm(g):
        return None
    solution, _, rank, _ = np.linalg.lstsq(matrix, u, rcond=None)
    if rank < 2 or solution[0] >= 0 or norm(matrix @ solution - u) > EXACT * norm(u):
        return None
    return -float(solution[1])


def words_for_penalties(case: Case, losses: Sequence[str]) -> list[str]:
    """That updates have another penalty than the loss that is computed, and by which factor."""
    found = []
    for penalty in stated_penalties(case, losses[0]):
        if abs(penalty.strength - 1) <= RATE:
            continue
        chains = [case.anatomy.chains[number] for number in penalty.chains]
        names = sorted({chain.name(case.program) or "parameters" for chain in chains})
        found.append(
            f"the penalty on {' and '.join(names)} is {penalty.strength:.4g} times the one in the loss that "
            f"line {penalty.line} computes"
        )
    return found


def loss_with_more(case: Case) -> Instruction | None:
    """What computes an own loss that some parameters follow by one rate and others do not, though it asks something of each.

    It is the loss that is descended and something more, such as a penalty, that is left out of some updates. One of
    another strength is not left out.
    """
    followed: set[int] = set()  # what losses are made of that all parameters follow
    losses = right_losses(case)
    stated = stated_penalties(case, losses[0]) if losses else []
    stronger = set(stated[0].chains) if len(stated) == 1 else set()
    descended = [
        [true_gradients(case.anatomy, values, loss) for values in case.worlds] for loss in losses
    ]
    for steps in own_losses(case).values():
        rows = rows_of(case, steps) if steps[-1].output not in followed else None
        if rows is None:
            continue
        fit, _ = fit_rows(case.anatomy, rows, "own")
        own = [gradients for _, gradients, _ in rows]
        # What weights decay by beside it is more than the loss, and no less.
        whole = any(is_stated(case.anatomy.updates, own, wanted) for wanted in descended)
        if fit.is_right or whole:
            followed |= case.program.ancestors([steps[-1].output], case.anatomy.stops)
        elif not fit.bad <= stronger and leaves_out_some(case, fit, rows[0][1]):
            recorded, _ = fit_rows(case.anatomy, rows[:1], "own")
            if any(turned_from(recorded, number) > NEGLIGIBLE for number in fit.bad):
                return steps[-1]
    return None


def leaves_out_some(case: Case, fit: Fit, gradients: Sequence[Any]) -> bool:
    """Whether an array follows a loss, and others go its way by something else than it asks of them."""
    asked = {
        update.chain
        for update, gradient in zip(case.anatomy.updates, gradients, strict=True)
        if np.any(gradient)
    }
    sizes = [np.size(case.values[case.anatomy.chains[n].root]) for n in fit.good & asked]
    return bool(
        fit.bad
        and fit.bad <= asked
        and max(sizes, default=0) > 1
        and all(rate > 0 for rate in fit.rate.values())
        and all(fit.cosine.get(number, 0.0) > 0 for number in fit.bad)
    )


def turned_from(fit: Fit, number: int) -> float:
    """The angle between a parameter's updates and its gradients: at log(p + 1e-8) next to nothing."""
    return float(np.sqrt(max(0.0, 2 * (1 - fit.cosine.get(number, 1.0)))))
