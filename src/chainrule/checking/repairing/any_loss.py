"""Whether some loss, known or not, may have a program's updates for its gradient.

A loss of predictions and targets reaches the parameters through its slopes dL/dp alone. So what one error
does to all updates must be a sum of the true gradients of the predictions of that sample, whatever the loss:
the numbers in front of them are the slopes. Where there are none such, the updates follow no loss at all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import NoDerivativeError, Values
from chainrule.checking.anatomy.samples import sample_sizes
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import norm, update_line

Entry: TypeAlias = tuple[int, tuple[int, ...]]  # a position, and an index into its value
Move: TypeAlias = Callable[[int, Update, Mapping[int, Any]], Any]

MOST_PROBES = 4  # samples that are looked at
MOST_SLOPES = 60  # predictions of one sample
OFF = 1e-3  # relative: from here on a direction is no sum of others


def follows_no_loss(case: Case, move: Move) -> bool:
    """Whether the updates of the first turn are those of no loss of its predictions.

    `move` gives what becomes of an update when errors are replaced.
    """
    anatomy = case.anatomy
    turn = min(update.turn for update in anatomy.updates)
    updates = [(k, update) for k, update in enumerate(anatomy.updates) if update.turn == turn]
    numbers = sorted({number for _, update in updates for number in update.mixes})
    values = case.worlds[-1]
    outputs = {anatomy.mixes[n].output: anatomy.mixes[n].prediction for n in numbers}
    none = {position: np.zeros(np.shape(values[position])) for position in outputs}
    at_rest = joined([move(k, update, none) for k, update in updates])
    every = [
        (position, index)
        for position in sorted(set(outputs.values()))
        for index in np.ndindex(np.shape(values[position]))
    ]
    drawn = np.random.default_rng(0).permutation(len(every))[:MOST_PROBES]
    off = (
        [k for k, one in enumerate(every) if is_switched_off(case, *one)]
        if has_layers(case)
        else []
    )
    chosen = [*off[:1], *drawn]  # what no loss can ask for shows best where none asks for anything
    try:
        if len(every) <= MOST_SLOPES and is_off(
            case, updates, at_rest, every, own_terms(case, updates)
        ):
            return True
        for entry in (every[int(k)] for k in chosen):
            readings = own_samples(case, entry, every)
            if any(len(own) > MOST_SLOPES for own in readings):
                continue
            moves = [
                joined([move(k, u, errors_of(own, outputs, values)) for k, u in updates]) - at_rest
                for own in readings
            ]
            if all(map(lambda moved, own: is_off(case, updates, moved, own), moves, readings)):
                return True
    except NoDerivativeError:
        return False
    return False


def drifts(case: Case, move: Move) -> bool:
    """Whether all entries of an array move by one number whatever the errors are: nor does a penalty do that."""
    anatomy, values = case.anatomy, case.worlds[-1]
    turn = min(update.turn for update in anatomy.updates)
    outputs = {anatomy.mixes[n].output for u in anatomy.updates if u.turn == turn for n in u.mixes}
    errors = {position: np.asarray(values[position], dtype=float) for position in outputs}
    turned = {position: -error for position, error in errors.items()}
    for k, update in enumerate(anatomy.updates):
        before = np.asarray(values[update.before], dtype=float)
        if update.turn == turn and np.any(before > 0) and np.any(before < 0):
            once = move(k, update, errors)
            common = (once + move(k, update, turned)) / 2  # what does not turn with the errors
            size = float(np.abs(common).max())
            if size > 1e-9 * np.abs(once).max() and np.ptp(common) <= OFF * size:
                return True
    return False


def errors_of(own: Sequence[Entry], outputs: Mapping[int, int], values: Values) -> dict[int, Any]:
    """The errors of one sample as they are, and no others.

    Not one by one: those of a softmax's outputs add up to 0, and only so are they a loss's.
    """
    errors = {}
    for position, prediction in outputs.items():
        error = np.asarray(values[position], dtype=float)
        kept = np.zeros(error.shape)
        for at, index in own:
            if at == prediction and error.shape == np.shape(values[prediction]):
                kept[index] = error[index]
        errors[position] = kept
    return errors


def own_samples(case: Case, entry: Entry, every: Sequence[Entry]) -> list[list[Entry]]:
    """The predictions that may belong to one sample with a prediction, by each reading of a batch's axes."""
    position, index = entry
    shape = np.shape(case.worlds[-1][position])
    if not shape:
        return [made_of_one_sample(case, entry, every)]
    sizes = {n for chain in case.anatomy.chains for n in np.shape(case.values[chain.root])}
    if len(shape) < 2:
        samples = (sample_sizes(case.anatomy, case.values) or set()) - sizes
        return [[entry] if shape[0] in samples else list(every)]
    found = []
    for axis, size in enumerate(shape):
        if size > 1 and size in sizes:  # else that axis counts the samples
            found.append([(position, (*index[:axis], k, *index[axis + 1 :])) for k in range(size)])
    return found or [[entry]]


def made_of_one_sample(case: Case, entry: Entry, every: Sequence[Entry]) -> list[Entry]:
    """Of predictions that are single numbers those that share anything with one but parameters and constants."""
    program, stops = case.program, case.anatomy.stops

    def behind(position: int) -> set[int]:
        found = program.ancestors([position], stops) - stops
        return {p for p in found if program.origin(p) != "literal"}

    own, reach = {entry}, behind(entry[0])
    waiting = {one: behind(one[0]) for one in every}
    while joining := [one for one in waiting if one in own or waiting[one] & reach]:
        own.update(joining)
        reach = reach.union(*(waiting.pop(one) for one in joining))
    return sorted(own)


def is_off(
    case: Case,
    updates: Sequence[tuple[int, Update]],
    moved: Any,
    entries: Sequence[Entry],
    others: Sequence[Any] = (),
) -> bool:
    """Whether what updates did is no sum of the gradients of some predictions, and of other directions.

    A gradient that is lost, as in a sigmoid whose powers overflow, may have had any direction; that of an
    output that relu has switched off is 0 for every loss.
    """
    anatomy, values = case.anatomy, case.worlds[-1]
    size = norm(moved)
    if moved.size <= len(entries) + len(others) or not size or not np.isfinite(size):
        return False
    columns = list(others)
    least = min(update.before for _, update in updates)
    for position, index in entries:
        seed = np.zeros(np.shape(values[position]))
        seed[index] = 1.0
        gradients = case.program.sweep(
            values, {position: seed}, anatomy.stops, anatomy.forward, least=least
        )
        columns.append(
            joined(
                [gradients.get(u.before, np.zeros(np.shape(values[u.before]))) for _, u in updates]
            )
        )
    matrix = np.stack(columns, axis=1)
    if matrix.shape[0] != moved.size or not np.all(np.isfinite(matrix)):
        return False
    lost = ~np.any(matrix[:, len(others) :], axis=0)
    switched = (
        is_switched_off(case, *entry) for entry, gone in zip(entries, lost, strict=True) if gone
    )
    if np.any(lost) and not (has_layers(case) and all(switched)):
        return False
    slopes = np.linalg.lstsq(matrix, moved, rcond=None)[0]
    return norm(matrix @ slopes - moved) > OFF * size


def is_switched_off(case: Case, position: int, index: tuple[int, ...]) -> bool:
    """Whether a prediction is a constant that a pre-activation is clearly below: relu's 0."""
    step, values = case.program.step_of.get(position), case.worlds[-1]
    if step is None or step.operation != "maximum":
        return False
    made = [np.asarray(values[p]) for p in step.inputs if case.anatomy.masks[p]]
    prediction = np.asarray(values[position])
    return (
        len(made) == 1
        and made[0].shape == prediction.shape
        and bool(made[0][index] < prediction[index])
    )


def has_layers(case: Case) -> bool:
    """Whether parameters multiply what parameters have made: one layer alone may learn by a rule of its own."""
    anatomy = case.anatomy
    return any(
        step.operation in PRODUCTS
        and any(p in anatomy.stops for p in step.inputs)
        and any(anatomy.masks[p] and p not in anatomy.stops for p in step.inputs)
        for step in anatomy.program.steps
        if step.output in anatomy.forward
    )


def own_terms(case: Case, updates: Sequence[tuple[int, Update]]) -> list[Any]:
    """What penalties add to updates: of each parameter itself, and of its signs; of a list of numbers as a whole."""
    befores = [np.asarray(case.worlds[-1][update.before], dtype=float) for _, update in updates]
    owners = [
        update_line(case.anatomy, update.chain) if before.size == 1 else update.chain
        for before, (_, update) in zip(befores, updates, strict=True)
    ]
    return [
        joined(
            [
                term(before) if own == owner else np.zeros(np.shape(before))
                for own, before in zip(owners, befores, strict=True)
            ]
        )
        for owner in dict.fromkeys(owners)
        for term in (np.positive, np.sign)
    ]


def joined(arrays: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(array, -1) for array in arrays])
