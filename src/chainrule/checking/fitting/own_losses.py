"""The losses that a program computes itself: printed, plotted or only added up.

Where no loss of the family explains the updates, one of these may; and where all parameters are wrong,
only a loss that the program computes says what they should follow.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import compress
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, NoDerivativeError, Values
from chainrule.checking.anatomy.updates import Update, steps_taken, true_gradients
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.epsilons import without_epsilons
from chainrule.checking.fitting.fitting import Fit, join, norm
from chainrule.checking.fitting.judging import fit_rows

MOST_SITES = 8
MOST_USES = 40  # of a number that may be a term of a loss
TOLD = 8  # passes by which a loss is known again
CLOSE = 1e-7
COPIES = {"reshape"}


def own_losses(
    case: Case, predictions: Collection[int] | None = None
) -> dict[int, list[Instruction]]:
    """Single numbers that come from predictions and go into no update, by their site; last ones first.

    From those at the positions `predictions`, if given.
    """
    anatomy, program = case.anatomy, case.program
    if predictions is None:
        used = {number for update in anatomy.updates for number in update.mixes}
        predictions = {anatomy.mixes[number].prediction for number in used}
    marked = [0] * program.size
    for position in predictions:
        marked[position] = 1
    for step in program.steps:
        if step.output not in anatomy.stops and any(marked[position] for position in step.inputs):
            marked[step.output] = 1
    into_updates = program.ancestors(
        (update.after for update in anatomy.updates),
        anatomy.stops - {u.after for u in anatomy.updates},
    )
    found: dict[int, list[Instruction]] = {}
    for step in program.steps:
        if (
            marked[step.output]
            and step.output not in into_updates
            and np.size(case.values[step.output]) == 1
        ):
            found.setdefault(program.recording.sites[step.number], []).append(step)
    sites = sorted(found, key=lambda site: -found[site][-1].output)[:MOST_SITES]
    return {site: found[site] for site in sites}


def originals(case: Case, mixes: Collection[int]) -> set[int]:
    """Where the predictions of some errors were computed: a loss may be made of them before they are copied."""
    return {
        case.program.source_through(case.anatomy.mixes[n].prediction, COPIES, case.anatomy.stops)
        for n in mixes
    }


def gradients_of_own(
    case: Case,
    steps: Sequence[Instruction],
    values: Values,
    most: int | None = None,
    early: bool = False,
) -> list[Any]:
    """For each update the gradient of the losses of its own turn; None where none was computed there.

    With `most`, of so many turns at most. `early`: losses may be made of predictions before these are copied.
    """
    anatomy = case.anatomy
    turns = {update.turn for update in anatomy.updates}
    firsts = {
        turn: min(originals(case, {turn})) if early else anatomy.mixes[turn].prediction
        for turn in turns
    }
    starts = sorted(set(firsts.values()))
    found: list[Any] = [None] * len(anatomy.updates)
    # The way back into what the data are made of may be long, and asks for nothing.
    needed = {p for p, mask in enumerate(anatomy.masks) if mask} | set(anatomy.stops)
    by_turn: dict[int, list[int]] = {}
    for place, update in enumerate(anatomy.updates):
        by_turn.setdefault(update.turn, []).append(place)
    told = 0
    for turn, places in by_turn.items():
        if told == most:
            break
        start = firsts[turn]
        after = [s for s in starts if s > start]
        end = after[0] if after else case.program.size
        made = [step for step in steps if start <= step.output < end]
        if not made:
            continue
        # Of a sum that goes on from sample to sample it is the last one that has them all.
        inputs = (p for step in made for p in step.inputs)
        inside = case.program.ancestors(inputs, anatomy.stops) if early else set()
        own = [step.output for step in made if step.output not in inside]
        told += 1
        seeds = {position: np.ones(np.shape(values[position])) for position in own}
        least = min(anatomy.updates[place].before for place in places)
        gradients = case.program.sweep(values, seeds, anatomy.stops, needed, least=least)
        for place in places:
            position = anatomy.updates[place].before
            found[place] = gradients.get(position, np.zeros(np.shape(values[position])))
    return found


def fit_own_loss(case: Case) -> tuple[Fit, Instruction] | None:
    """The own loss that every update follows, with the step that computes it."""
    for steps in own_losses(case).values():
        part = is_one_term(case, steps[0]) or is_turned(case, steps[0])
        rows = None if part else rows_of(case, steps)
        if rows is not None:
            fit, _ = fit_rows(case.anatomy, rows, "own")
            if fit.is_right and all(rate > 0 for rate in fit.rate.values()):
                return fit, steps[0]
    return None


def is_one_term(case: Case, step: Instruction) -> bool:
    """Whether a number is a term of another single number whose other terms are of the same prediction: y log(p)."""
    anatomy, program = case.anatomy, case.program
    predictions = {anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes}
    own = predictions & program.ancestors([step.output], anatomy.stops)
    waiting, seen = [step.output], {step.output}
    while waiting and len(seen) < MOST_USES:
        for user in program.consumers.get(waiting.pop(0), ()):
            if user.output in seen or user.output in anatomy.stops:
                continue
            seen.add(user.output)
            waiting.append(user.output)
            single = np.size(case.values[user.output]) == 1
            if single and own & program.ancestors([user.output], anatomy.stops | {step.output}):
                return True
    return False


def is_turned(case: Case, step: Instruction) -> bool:
    """Whether the program turns a number's sign, perhaps after scaling it: what is descended is then -x, and not x.

    Of -mean(log(p)) the mean is made on the way; who descends that climbs the loss.
    """
    anatomy, program = case.anatomy, case.program
    waiting, seen = [step.output], set[int]()
    while waiting and len(seen) < MOST_USES:
        position = waiting.pop(0)
        for user in program.consumers.get(position, ()):
            if user.output in seen or np.size(case.values[user.output]) != 1:
                continue
            seen.add(user.output)
            others = [p for p in user.inputs if p != position]
            if user.operation == "negate":
                return True
            if user.operation == "subtract" and user.inputs[1] == position:
                return True
            scales = user.operation == "multiply" or (
                user.operation == "divide" and user.inputs[0] == position
            )
            if scales and len(others) == 1 and not anatomy.masks[others[0]]:
                if float(np.reshape(case.values[others[0]], -1)[0]) < 0:
                    return True
                waiting.append(user.output)
            elif user.operation in ("reshape", "sum", "mean") or (
                user.operation in ("add", "subtract") and not any(anatomy.masks[p] for p in others)
            ):
                waiting.append(user.output)
    return False


def rows_of(
    case: Case, steps: Sequence[Instruction]
) -> list[tuple[Values, list[Any], list[Any]]] | None:
    """For each set of numbers the gradients of an own loss, and what updates did; None where some turn has none.

    With one set alone, what is computed along the way may pass for a loss.
    """
    if len(case.worlds) < 2:
        return None
    rows = []
    try:
        for values in case.worlds:
            gradients = gradients_of_own(case, steps, values)
            if any(gradient is None for gradient in gradients):
                return None
            rows.append((values, gradients, steps_taken(case.anatomy.updates, values)))
    except NoDerivativeError:
        return None
    return rows


def stated_losses(case: Case) -> set[str]:
    """The losses of the family that the program computes itself, up to a factor, wherever it does.

    What it adds to a prediction so that its logarithm is finite is no part of a loss.
    """
    found = losses_stated_exactly(case)
    program = None if found else without_epsilons(case)
    if program is None:
        return found
    roots = [chain.root for chain in case.anatomy.chains]
    worlds = [program.run({root: values[root] for root in roots}) for values in case.worlds]
    exact = replace(case, anatomy=replace(case.anatomy, program=program), worlds=worlds)
    return losses_stated_exactly(exact)


def losses_stated_exactly(case: Case) -> set[str]:
    anatomy = case.anatomy
    used = {n for update in anatomy.updates for n in update.mixes}
    found: set[str] = set()
    try:
        own = [
            [gradients_of_own(case, steps, values, TOLD, early=True) for values in case.worlds]
            for steps in own_losses(case, originals(case, used)).values()
        ]
        told = [
            any(gradients[place] is not None for one in own for gradients in one)
            for place in range(len(anatomy.updates))
        ]
        updates = list(compress(anatomy.updates, told))
        own = [[list(compress(gradients, told)) for gradients in one] for one in own]
        for loss in case.fits:
            wanted = [true_gradients(anatomy, values, loss, updates) for values in case.worlds]
            if any(is_stated(updates, gradients, wanted) for gradients in own):
                found.add(loss)
    except NoDerivativeError:
        return found
    return found


def is_stated(
    updates: Sequence[Update], own: Sequence[Sequence[Any]], wanted: Sequence[Sequence[Any]]
) -> bool:
    """Whether gradients of a loss are those of an own one, in each turn by one factor for all worlds."""
    turns: dict[int, list[tuple[Any, Any]]] = {}
    for gradients, expected in zip(own, wanted, strict=True):
        for update, a, b in zip(updates, gradients, expected, strict=True):
            if a is not None and np.shape(a) == np.shape(b):
                turns.setdefault(update.turn, []).append((a, b))
    told = [pairs for pairs in turns.values() if any(norm(a) > 0 for a, _ in pairs)]
    return bool(told) and all(is_multiple(pairs) for pairs in told)


def is_multiple(pairs: Sequence[tuple[Any, Any]]) -> bool:
    a, b = join([pair[0] for pair in pairs]), join([pair[1] for pair in pairs])
    size = norm(b) ** 2
    if size == 0 or not np.isfinite(size):
        return False
    scale = float(np.sum(a * b)) / size
    return scale > 0 and norm(a - scale * b) <= CLOSE * norm(a)
