"""Deciding on one recording: which loss explains it, at the recorded numbers and at others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.error_weights import with_weights
from chainrule.checking.anatomy.losses import SEEDS
from chainrule.checking.anatomy.masked_writes import with_whole_arrays
from chainrule.checking.anatomy.parameters import PRODUCTS, Chain, bits
from chainrule.checking.anatomy.predictions import Mix, are_taken_off, is_drawn
from chainrule.checking.anatomy.program import (
    Instruction,
    NoDerivativeError,
    Program,
    Spot,
    Values,
)
from chainrule.checking.anatomy.residuals import with_whole_predictions
from chainrule.checking.anatomy.taking_apart import BEYOND_DRAWN, take_apart
from chainrule.checking.anatomy.updates import Anatomy, Update, computed_at, true_gradients
from chainrule.checking.fitting.computed_again import same_predictions
from chainrule.checking.fitting.fitting import Fit, Trace
from chainrule.checking.fitting.judging import judge_by_response, judge_plainly
from chainrule.checking.fitting.rounding import before_rounding
from chainrule.recording.deadline import Deadline

DISTURBANCES = (0.3, 0.03, 0.003, 0.0003)
FIRST_PASSES = 8  # that a loss must explain, before it is held against all of many


@final
@dataclass
class Case:
    """A recording with all that deciding needs: its worlds, and the fit of each loss in all of them.

    A world is the whole computation with its numbers: first as recorded, then from other starting
    weights. `kinked` tells that the recorded one hits a kink exactly and is left out.
    """

    anatomy: Anatomy
    worlds: list[Values]
    fits: dict[str, Fit] = field(default_factory=dict)
    unknown_function: str | None = None
    kinked: bool = False
    # With what no error moves, of a run to its end and with the others right, once asked for.
    blind: dict[tuple[bool, bool], "Case | None"] = field(default_factory=dict, init=False)

    @property
    def program(self) -> Program:
        return self.anatomy.program

    @property
    def values(self) -> Values:
        return self.worlds[0]


def open_case(program: Program, finished: bool, deadline: Deadline | None = None) -> Case:
    """Take a recording apart and try all losses on it, with predictions put together where that explains more."""
    program = with_whole_arrays(program)
    case = fit_anatomy(take_apart(program, finished, deadline=deadline))
    if not is_right(case) and case.unknown_function is None:
        whole = with_whole_predictions(case.anatomy)
        other = None if whole is None else open_case(whole, finished, deadline)
        if other is not None and most_right(other) > most_right(case):
            return other
        if any(is_drawn(program, mix.target) for mix in case.anatomy.mixes):
            anatomy = take_apart(program, finished, BEYOND_DRAWN, deadline=deadline)
            other = case if anatomy.mixes == case.anatomy.mixes else fit_anatomy(anatomy)
            if most_right(other) > most_right(case):
                return other
    return case


def fit_anatomy(anatomy: Anatomy) -> Case:
    """Try all losses on updates, with weights of their errors where that explains more."""
    case = fit_in_worlds(anatomy)
    if not is_right(case) and case.unknown_function is None:
        sound = before_rounding(anatomy, case.worlds, case.fits)
        if sound is not None:
            return fit_in_worlds(sound)
        weighted = with_weights(anatomy) if anatomy.updates else None
        if weighted is not None:
            other = fit_in_worlds(weighted)
            if most_right(other) > most_right(case):
                return other
    return case


def most_right(case: Case) -> int:
    return max((len(fit.good) for fit in case.fits.values()), default=0)


def fit_in_worlds(anatomy: Anatomy, tries: int = 1) -> Case:
    """Try all losses on updates, as recorded and from other starting weights, for which there may be more tries."""
    case = Case(anatomy, [anatomy.program.recorded])
    if not anatomy.updates:
        return case
    drawn = (disturb(anatomy, seed) for seed in range(1, tries + 1))
    elsewhere = next((values for values in drawn if values is not None), None)
    case.worlds += [] if elsewhere is None else [elsewhere]
    case.fits = try_losses(case)
    right = is_right(case)
    if not right and anatomy.program.recording.choices and is_right_as_recorded(case):
        # A largest entry that is another elsewhere, as in a pool, is not followed to there.
        near = disturb(anatomy, 1, keeping_choices=True)
        other = Case(anatomy, [anatomy.program.recorded] + ([] if near is None else [near]))
        other.fits = try_losses(other)
        if is_right(other):
            return other
    if not right and case.unknown_function is None and elsewhere is not None and has_kink(case):
        further = disturb(anatomy, 2)
        if further is not None:
            other = Case(anatomy, [elsewhere, further], kinked=True)
            other.fits = try_losses(other)
            if is_right(other):
                return other
    return case


def is_right(case: Case) -> bool:
    return any(fit.is_right for fit in case.fits.values())


def try_losses(case: Case) -> dict[str, Fit]:
    """The fit of every loss. Responses are asked for only where nothing plainer is right."""
    plain: dict[str, tuple[Fit, Mapping[int, Trace]]] = {}
    losses = possible_losses(case)
    try:
        first = first_passes(case.anatomy)
        at_first = {} if first is None else {
            loss: judge_plainly(first, case.worlds, loss)[0] for loss in losses
        }  # fmt: skip
        hopeful = [loss for loss, fit in at_first.items() if fit.is_right]
        full = {loss: judge_plainly(case.anatomy, case.worlds, loss) for loss in hopeful}
        if any(fit.is_right for fit, _ in full.values()):
            return {loss: full[loss][0] if loss in full else at_first[loss] for loss in losses}
        for loss in losses:
            plain[loss] = full.get(loss) or judge_plainly(case.anatomy, case.worlds, loss)
    except NoDerivativeError as error:
        case.unknown_function = str(error)
    if any(fit.is_right for fit, _ in plain.values()):
        return {loss: fit for loss, (fit, _) in plain.items()}
    return {
        loss: judge_by_response(case.anatomy, case.worlds, fit, traces)
        for loss, (fit, traces) in plain.items()
    }


def first_passes(anatomy: Anatomy) -> Anatomy | None:
    """The first passes of so many that to hold every loss against all of them takes long; else None."""
    turns = sorted({update.turn for update in anatomy.updates})
    if len(turns) <= 2 * FIRST_PASSES:
        return None
    updates = [update for update in anatomy.updates if update.turn < turns[FIRST_PASSES]]
    return replace(anatomy, updates=updates)


def is_right_as_recorded(case: Case) -> bool:
    """Whether a loss explains all updates at the program's own numbers, at least."""
    return case.unknown_function is None and any(
        judge_plainly(case.anatomy, case.worlds[:1], loss)[0].is_right for loss in case.fits
    )


def possible_losses(case: Case) -> list[str]:
    """The losses that predictions of this kind can have."""
    anatomy = case.anatomy
    if anatomy.loss is not None:
        return [anatomy.loss]
    used = {number for update in anatomy.updates for number in update.mixes}
    mixes = [anatomy.mixes[number] for number in used]
    if any(mix.of_class for mix in mixes):
        return [
            "cross-entropy"
        ]  # -1 / p of the right class: no other loss looks at one probability
    losses = list(SEEDS)
    if not are_probabilities(case, mixes):
        losses.remove("cross-entropy")
    return losses


def are_probabilities(case: Case, mixes: Sequence[Mix]) -> bool:
    """Whether predictions add up to 1: along an axis, or over the outputs of a list."""
    values = case.values
    arrays = [np.asarray(values[mix.prediction], dtype=float) for mix in mixes]
    if all(array.size > 1 for array in arrays):
        return all(
            any(np.allclose(array.sum(axis=axis), 1, atol=1e-6) for axis in range(array.ndim))
            for array in arrays
        )
    total = sum(float(array.sum()) for array in arrays)
    if len(arrays) < 2 or not np.isfinite(total):
        return False
    return abs(total - round(total)) < 1e-6 * len(arrays) and total > 0.5


def disturb(anatomy: Anatomy, seed: int = 1, keeping_choices: bool = False) -> Values | None:
    """The same computation from other starting weights: its values, where its way stays the same.

    Small weights, zeros and equal numbers hide mistakes; so weights are moved by a third of an ordinary size or theirs, or less
    where a comparison would come out otherwise.
    """
    program = anatomy.program
    roots = [chain.root for chain in anatomy.chains]
    start = program.recorded
    for amount in DISTURBANCES:
        rng = np.random.default_rng(seed)
        given: dict[int, Any] = {}
        for root in roots:
            numbers = np.asarray(start[root], dtype=float)
            size = float(np.sqrt(np.mean(numbers**2))) if numbers.size else 0.0
            ordinary = min(0.3, 1 / np.sqrt(max(numbers.shape, default=1) or 1))
            given[root] = numbers + amount * max(size, ordinary) * rng.standard_normal(
                numbers.shape
            )
        values = program.run(given)
        finite = all(
            np.all(np.isfinite(values[position]))
            for update in anatomy.updates
            for position in (update.before, update.after)
        )
        if (
            finite
            and program.keeps_its_way(values)
            and (not keeping_choices or program.keeps_its_choices(values))
        ):
            return values
    return None


def right_losses(case: Case) -> list[str]:
    """The losses that explain every update in every world."""
    found: list[str] = []
    for loss, fit in case.fits.items():
        if (
            fit.is_right
            and is_evident(case, fit)
            and not (found and loss in ("huber", "absolute-error"))
        ):
            found.append(loss)
    return found


def serves_two_targets(case: Case) -> bool:
    """Whether one prediction is to be one thing for one update, and another for another."""
    anatomy = case.anatomy
    targets: dict[int, set[frozenset[bytes]]] = {}
    for update in anatomy.updates:
        wanted: dict[int, set[bytes]] = {}
        for mix in (anatomy.mixes[number] for number in update.mixes):
            if not mix.of_class:
                numbers = mix.target_in(case.values) + 0.0  # of -0, too
                wanted.setdefault(mix.prediction, set()).add(numbers.tobytes())
        for prediction, own in wanted.items():
            targets.setdefault(prediction, set()).add(frozenset(own))
    return any(len(several) > 1 for several in targets.values())


def takes_input_for_target(case: Case) -> bool:
    """Whether a prediction is to be one of its own inputs, while the program compares it with something else, too."""
    anatomy, program = case.anatomy, case.program
    used = {number for update in anatomy.updates for number in update.mixes}
    wanted = {anatomy.mixes[number].prediction: anatomy.mixes[number].target for number in used}
    again = same_predictions(anatomy, wanted) if len(used) < len(anatomy.mixes) else {}
    wanted |= {position: wanted[first] for position, first in again.items()}
    for number, mix in enumerate(anatomy.mixes):
        if number in used or mix.prediction not in wanted or mix.step.operation != "subtract":
            continue
        target = wanted[mix.prediction]
        if np.shape(case.values[target]) != np.shape(case.values[mix.target]):
            continue
        behind = program.ancestors([mix.prediction], anatomy.stops)
        sources = [program.ancestors([p]) & set(program.given) for p in (target, mix.target)]
        if sources[0] & behind and not sources[1] & (behind | sources[0]):
            return True
    return False


def learns_from_older(case: Case) -> set[int]:
    """Chains that move by errors of predictions that an older version made, though it had a newer one by then.

    A layer that is computed every other pass, say: what its loss asks of its newest version, nobody knows. Or all of
    the prediction, before the loop: then each pass takes the same step again.
    """
    anatomy = case.anatomy
    made = sorted(
        (computed_at(case.program, mix.prediction), n) for n, mix in enumerate(anatomy.mixes)
    )
    found = set()
    for number, chain in enumerate(anatomy.chains):
        used = 0
        if repeats_errors(case, chain):
            found.add(number)
        if not any(anatomy.reached.get(version) for version in chain.versions[1:]):
            continue  # its updates go nowhere
        for k, (before, after) in enumerate(pairwise(chain.versions)):
            reached = anatomy.reached.get(before, 0)
            feeding = 0
            for position in chain.steps[k].inputs:
                feeding |= 0 if position in anatomy.stops else anatomy.error_masks[position]
            own = sum(1 << mix for place, mix in made if before < place < after)
            if not reached and feeding & own & used:
                found.add(number)
            used |= reached
    return found


def repeats_errors(case: Case, chain: Chain) -> bool:
    """Whether a statement moves the same entries again and again by an error that is made anew, of one prediction and target."""
    anatomy, values = case.anatomy, case.values
    seen: dict[tuple[Spot, tuple[int, int]], tuple[set[int], Any]] = {}
    again = 0
    for step, (before, after) in zip(chain.steps, pairwise(chain.versions), strict=False):
        moved = np.asarray(values[before] != values[after])
        feeding = 0
        for position in step.inputs:
            feeding |= 0 if position in anatomy.stops else anatomy.error_masks[position]
        # An error that is written twice in one pass, as in e / |e|, is one.
        meetings: dict[tuple[int, int], set[int]] = {}
        for mix in bits(feeding):
            meetings.setdefault(anatomy.mixes[mix].meeting, set()).add(mix)
        for meeting, mixes in meetings.items():
            place = case.program.spot(step), meeting
            last = seen.get(place, (mixes, moved))
            again += bool(
                last[0].isdisjoint(mixes)
                and moved.shape == last[1].shape
                and np.any(moved & last[1])
            )
            seen[place] = mixes, moved
    return again > 1


def passed_over(case: Case) -> set[int]:
    """Chains that most errors do not move, though these depend on them and move others: an update after the loop, say."""
    anatomy, used = case.anatomy, dict[int, int]()
    for update in anatomy.updates:
        used[update.chain] = used.get(update.chain, 0) | sum(1 << n for n in update.mixes)
    most = max(used.values(), key=int.bit_count, default=0)
    moved = {n: update.after for update in reversed(anatomy.updates) for n in update.mixes}
    found = set()

    def still_used(version: int, error: int) -> bool:
        """Whether a version makes predictions after what its error moved: else it was moved too, to a bound perhaps."""
        reached = anatomy.reached.get(version, 0)
        return any(anatomy.mixes[n].prediction > moved.get(error, 0) for n in bits(reached))

    for number, mask in used.items():
        if not any(anatomy.reached.get(version) for version in anatomy.chains[number].versions[1:]):
            continue  # its updates go nowhere
        missed = [
            Update(number, 0, version, version, others, 0)
            for version in anatomy.chains[number].versions
            if (
                others := tuple(
                    error
                    for error in bits(anatomy.reached.get(version, 0) & most & ~mask)
                    if still_used(version, error)
                )
            )
        ]
        if sum(len(update.mixes) for update in missed) > mask.bit_count():
            gradients = true_gradients(anatomy, case.values, right_losses(case)[0], missed)
            if any(np.any(gradient) for gradient in gradients):
                found.add(number)
    return found


def adds_targets(case: Case) -> bool:
    """Whether every error is a prediction plus its target: it is 0 where one is the other with its sign turned."""
    anatomy = case.anatomy
    mixes = [anatomy.mixes[n] for update in anatomy.updates for n in update.mixes]
    adding = all(mix.is_sum for mix in mixes)
    return adding and not are_taken_off(anatomy.program, mixes)


def is_evident(case: Case, fit: Fit) -> bool:
    """Whether agreement means something: with one output and one world, any rate fits any loss."""
    anatomy = case.anatomy
    if sum(np.size(case.values[update.before]) for update in anatomy.updates) < 2:
        return False  # one number, moved once
    single = all(
        np.size(case.values[anatomy.mixes[u.turn].prediction]) == 1 for u in anatomy.updates
    )
    rates = list(fit.rate.values())
    return len(case.worlds) > 1 or not single or not rates or np.ptp(rates) <= 1e-6 * abs(rates[0])


def uses_data(case: Case) -> bool:
    """Whether predictions are made from anything but parameters and constants of the formulas.

    Parameters that multiply others, as in a matrix's factors, are each other's data.
    """
    anatomy, program = case.anatomy, case.program
    used = {anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes}
    behind = program.ancestors(used, anatomy.stops)
    if any(
        multiplies_parameters(anatomy, program.step_of[p]) for p in behind & set(program.step_of)
    ):
        return True
    roots = {chain.root for chain in anatomy.chains}
    return looks_up(anatomy, behind) or any(
        np.size(program.given[p]) > 1 or any(not is_constant(program, step, p) for step in uses)
        for p in behind & set(program.given) - roots
        if (uses := [s for s in program.consumers.get(p, ()) if s.output in behind])
    )


def multiplies_parameters(anatomy: Anatomy, step: Instruction) -> bool:
    if step.operation not in PRODUCTS or len(step.inputs) != 2:
        return False
    left, right = (anatomy.masks[position] for position in step.inputs)
    return bool(left and right and left != right)


def crossed_shapes(case: Case) -> tuple[tuple[int, ...], ...] | None:
    """The shapes of prediction, target and error where as many of each are compared crosswise: (n, 1) - (n,)."""
    anatomy = case.anatomy
    for number in {number for update in anatomy.updates for number in update.mixes}:
        mix = anatomy.mixes[number]
        sizes = [np.size(case.values[p]) for p in (mix.prediction, mix.target, mix.output)]
        if not mix.by_difference and sizes[0] == sizes[1] < sizes[2]:
            return tuple(np.shape(case.values[p]) for p in (mix.prediction, mix.target, mix.output))
    return None


def looks_up(anatomy: Anatomy, behind: Collection[int]) -> bool:
    """Whether data say which parameters a prediction is made from: rows by their numbers, words' vectors."""
    program = anatomy.program
    chosen: dict[int, dict[int, set[str]]] = {}
    for step in program.steps:
        if (
            step.operation != "gather"
            or step.output not in behind
            or program.site(step).kind != "item"
        ):
            continue
        indices = step.parameters["indices"]
        if names_twice(indices):
            return True
        if step.inputs[0] in anatomy.stops:
            of_site = chosen.setdefault(program.recording.sites[step.number], {})
            of_site.setdefault(step.inputs[0], set()).add(repr(indices))
    turns: dict[int, int] = {}
    for update in anatomy.updates:
        for number in update.mixes:
            used = anatomy.masks[anatomy.mixes[number].prediction]
            turns[update.turn] = turns.get(update.turn, 0) | used
    rows = any(len({frozenset(one) for one in of_site.values()}) > 1 for of_site in chosen.values())
    return rows or len(set(turns.values())) > 1


def names_twice(indices: Any) -> bool:
    """Whether an index is lists of numbers that name an entry more than once."""
    parts = indices if isinstance(indices, tuple) else (indices,)
    arrays = np.broadcast_arrays(*(part for part in parts if np.ndim(part)))
    if not arrays or any(array.dtype.kind not in "iu" for array in arrays):
        return False
    named = np.stack(arrays).reshape(len(arrays), -1)
    return len(np.unique(named, axis=1).T) < named.shape[1]


def is_constant(program: Program, step: Instruction, position: int) -> bool:
    literal = program.site(step).literal
    place = step.inputs.index(position)
    return place < len(literal) and literal[place]


def has_kink(case: Case) -> bool:
    """Whether a comparison of the forward pass compares equals: there both slopes are right."""
    for step in case.program.steps:
        if step.output in case.anatomy.forward and step.operation in KINKS:
            left, right = (np.asarray(case.values[position]) for position in step.inputs)
            if np.any(left == right):
                return True
    return False


KINKS = {"maximum", "minimum", "greater", "greater-equal", "less", "less-equal"}
