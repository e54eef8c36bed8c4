"""The edit that puts most right: all edits that are worth trying, on the turn that shows most.

Of those that make most parameters right the likeliest is kept, if it helps in every turn at all numbers.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias, final

import chainrule.checking.repairing.edits as edit_list
import chainrule.checking.repairing.grouping_edits as grouping_edits
import chainrule.checking.repairing.left_out_factors as left_out_factors
import chainrule.checking.repairing.memory_edits as memory_edits
import chainrule.checking.repairing.operation_edits as operation_edits
import chainrule.checking.repairing.scale_edits as scale_edits
import chainrule.checking.repairing.slope_edits as slope_edits
import chainrule.checking.repairing.sum_edits as sum_edits
import chainrule.checking.repairing.value_edits as value_edits
from chainrule.checking.anatomy.program import Instruction, Program, calls_of
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.repairing.applied_rates import is_applied_again, number_at, rates_in
from chainrule.checking.repairing.edits import Changes, Edit, merged, remembered
from chainrule.checking.repairing.missing_paths import missing_paths, unused_errors
from chainrule.checking.repairing.raw_errors import raw_errors
from chainrule.checking.repairing.refitting import is_multiple, refit, seen_by
from chainrule.checking.repairing.removed_slopes import removed_slopes
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.checking.repairing.summed_errors import summed_errors
from chainrule.checking.repairing.switched_off import switched_off
from chainrule.checking.repairing.through_time import (
    flows_through_time,
    repeated_errors,
    truncated_updates,
)
from chainrule.checking.repairing.trial import FAILURES, Trial
from chainrule.recording.deadline import Deadline

Maker: TypeAlias = Callable[[Scene], Iterable[Edit]]

MOST_APPLIED = 40
MOST_TRIED = 4  # edits that put one turn right and not all of them, before none is tried at once
FOR_SOME = 4  # added to the cost of an edit for some callers of a function
MOST_TURNS = 6  # among which one is looked for that shows something wrong
# In the order of what `check` says: the most specific that holds wins.
ORDER = (
    "derivative-at-activation", "missing-derivative", "raw-error-backpropagated", "relu-derivative-at-output",
    "dropout-mask", "updated-weights", "last-sample-only", "no-flow-through-time", "gradient-not-reset",
    "repeated-index", "bias-not-summed", "bias-summed-over-all", "wrong-transpose", "wrong-layer-input", "wrong-index", "wrong-variable",
    "wrong-operator", "wrong-constant", "sign-error", "decay-sign", "learning-rate-twice", "parameter-mis-scaled",
    "target-unused", "unknown",
)  # fmt: skip


# Every edit that is worth trying, the likelier ones first.
STAGES: tuple[Maker, ...] = (
    edit_list.old_versions,
    summed_errors,
    memory_edits.fresh_sums,
    scale_edits.once_alone,
    sum_edits.sums_of_repeated,
    operation_edits.operator_edits,
    grouping_edits.groupings,
    operation_edits.transposes,
    operation_edits.turned_links,
    operation_edits.index_edits,
    left_out_factors.factor_edits,
    left_out_factors.named_factor_edits,
    raw_errors,
    switched_off,
    sum_edits.reductions,
    value_edits.removed_factors,
    removed_slopes,
    value_edits.constants,
    edit_list.argument_edits,
    edit_list.own_operand_edits,
    edit_list.shared_operand_edits,
    sum_edits.unreduced_products,
    flows_through_time,
    repeated_errors,
    unused_errors,
    sum_edits.forgotten_terms,
)


def stages(scene: Scene, trial: Trial) -> Iterator[Iterable[Edit]]:
    for make in STAGES:
        yield remembered(scene, make)


def last_resorts(scene: Scene, trial: Trial) -> Iterator[Iterable[Edit]]:
    """Edits that mend much and say little: tried when nothing else mends everything."""
    yield remembered(scene, scale_edits.negations)
    yield scale_edits.scales(scene, trial.constant_ratios(), trial.turn)
    yield remembered(scene, sum_edits.sums_over_samples)
    yield truncated_updates(scene, trial.rate, trial.turn)
    yield remembered(scene, missing_paths)
    yield remembered(scene, slope_edits.true_slopes)
    yield remembered(scene, slope_edits.slopes_beside_errors)
    yield remembered(scene, slope_edits.slopes_of_losses)
    yield remembered(scene, left_out_factors.factors_beside_ones)


def best_edit(
    scene: Scene, changes: Mapping[int, Any], deadline: Deadline, before: Sequence[Edit]
) -> tuple[Edit, dict[int, Any], Fit] | None:
    """The edit that makes most parameters right; of equals the likeliest, then the most specific.

    One mistake in several places, as in lines that were copied, is looked no further for.
    """
    trial = telling_trial(scene, changes)
    if trial is None:
        return None
    found: list[tuple[int, Edit]] = []
    bar = Bar(scene, changes, {(edit.mistake, edit.how) for edit in before})
    ratios = trial.constant_ratios() if trial.all_constant() else {}
    named = cache(lambda mistake: named_by_ratio(mistake, ratios, scene))
    for collection in (stages, last_resorts):
        for stage in collection(scene, trial):
            for edit in until(deadline, stage):
                if bar.rank is not None and bar.is_above(edit, named(edit.mistake)):
                    continue  # whatever it mends, another one is chosen
                gained = trial.gain(edit)
                if gained > 0:
                    edit = replace(edit, mistake=named(edit.mistake))
                    found.append((gained, edit))
                    if gained >= trial.missing:
                        bar.lower(edit)
            repeated = one_mistake_repeated(trial, found, before)
            chosen = first_that_holds(scene, changes, repeated)
            if chosen is not None:
                return chosen
            tried = {id(edit) for _, edit in repeated}  # in other turns they do not help
            found = [pair for pair in found if id(pair[1]) not in tried]
        if any(gained >= trial.missing for gained, _ in found):
            chosen = first_that_holds(scene, changes, found)
            if chosen is not None:
                return chosen
            found = []  # in other turns none of them helps
    return first_that_holds(scene, changes, found)


@final
class Bar:
    """How likely an edit is that puts everything right in all turns: of others only a likelier one may be chosen then."""

    def __init__(
        self, scene: Scene, changes: Mapping[int, Any], kinds: Collection[tuple[str, str]]
    ) -> None:
        self.scene, self.changes = scene, changes
        self.kinds = kinds  # of which several may be chosen together
        self.rank: tuple[int, int, int] | None = None
        self.tries = MOST_TRIED

    def is_above(self, edit: Edit, mistake: str) -> bool:
        assert self.rank is not None
        return rank_of(edit, mistake) >= self.rank and (mistake, edit.how) not in self.kinds

    def lower(self, edit: Edit) -> None:
        """The rank of an edit that puts one turn right, if it is lower, and the edit does so with all."""
        callers = callers_of(self.scene.program, {edit.step.number})
        rank = rank_of(edit, edit.mistake, cost_of_some(self.scene, edit, callers))
        if (self.rank is not None and rank >= self.rank) or not self.tries:
            return
        if apply(self.scene, self.changes, edit) is None:
            self.tries -= 1
        else:
            self.rank = rank


def rank_of(edit: Edit, mistake: str, more: int = 0) -> tuple[int, int, int]:
    """The likelier an edit, the lower: of equals the most specific mistake."""
    return edit.cost + more, ORDER.index(mistake), place_order(edit, mistake)


def until(deadline: Deadline, edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits that there is time for: some stages look long before they have one to try."""
    remaining = iter(edits)
    while not deadline.over and (edit := next(remaining, None)) is not None:
        yield edit


def first_that_holds(
    scene: Scene, changes: Mapping[int, Any], found: list[tuple[int, Edit]]
) -> tuple[Edit, dict[int, Any], Fit] | None:
    """Of edits with what they gain in one turn the best one that helps in all of them."""
    if not found:
        return None
    callers = callers_of(scene.program, {edit.step.number for _, edit in found})
    found.sort(
        key=lambda pair: (
            -pair[0],
            *rank_of(pair[1], pair[1].mistake, cost_of_some(scene, pair[1], callers)),
        )
    )
    for _, edit in found[:MOST_APPLIED]:
        result = apply(scene, changes, edit)
        if result is not None:
            return slope_edits.named_beside(scene, edit, changes), *result
    return None


def callers_of(program: Program, numbers: Collection[int]) -> dict[int, set[Any]]:
    """For each of some steps, by number, all calls in which its operator computes something."""
    sites, calls = program.recording.sites, program.recording.calls
    found: dict[tuple[int, str], set[Any]] = {
        (sites[number], program.steps[number].operation): set() for number in numbers
    }
    for step in program.steps:
        here = found.get((sites[step.number], step.operation))
        if here is not None:
            here.add(calls_of(calls[step.number]))
    return {n: found[sites[n], program.steps[n].operation] for n in numbers}


def cost_of_some(scene: Scene, edit: Edit, callers: Mapping[int, set[Any]]) -> int:
    return FOR_SOME if is_for_some(scene, edit, callers) else 0


def is_for_some(scene: Scene, edit: Edit, callers: Mapping[int, set[Any]]) -> bool:
    """Whether an edit brings an error into a function for some callers alone: no text can be put right so."""
    if edit.call is not None or edit.instead is None or not scene.is_tainted(edit.instead):
        return False
    changed = {calls_of(scene.program.call(step)) for step in edit.steps}
    return edit.how == "name" and not callers[edit.step.number] <= changed


def one_mistake_repeated(
    trial: Trial, found: Sequence[tuple[int, Edit]], before: Sequence[Edit]
) -> list[tuple[int, Edit]]:
    """Edits of one kind that put everything right together, each at a place of its own."""
    kinds: dict[tuple[str, str], dict[Place, tuple[int, Edit]]] = {}
    for gained, edit in found:
        places = kinds.setdefault((edit.mistake, edit.how), {})
        places.setdefault(trial.scene.place_of(edit.step), (gained, edit))
    known = {(edit.mistake, edit.how) for edit in before}
    one_does = any(gained >= trial.missing for gained, _ in found)
    for kind, places in kinds.items():
        pairs = list(places.values())
        if sum(gained for gained, _ in pairs) < trial.missing or (one_does and kind not in known):
            continue
        if trial.gain(joined(trial.scene.program, [edit for _, edit in pairs])) >= trial.missing:
            return pairs
    return []


def joined(program: Program, edits: Sequence[Edit]) -> Edit:
    """Several edits as one."""

    def make(steps: Sequence[Instruction]) -> Changes | None:
        changes: Changes = {}
        for edit in edits:
            own = edit.make([step for step in edit.steps if step in steps])
            if own is None:
                return None
            changes = merged(program, changes, own)
        return changes

    return replace(edits[0], steps=[step for edit in edits for step in edit.steps], make=make)


def telling_trial(scene: Scene, changes: Mapping[int, Any]) -> Trial | None:
    """A trial on a turn in which something goes wrong, where there is one."""
    passed: set[int] = set()
    first: Trial | None = None
    while len(passed) < MOST_TURNS:
        trial = Trial(scene, changes, passed)
        if not trial.updates:
            break
        if trial.missing:
            return trial
        first = first or trial
        passed.add(trial.turn)
    return first


SCALING = {
    "bias-summed-over-all", "bias-not-summed", "decay-sign", "dropout-mask", "learning-rate-twice",
}  # fmt: skip


def named_by_ratio(mistake: str, ratios: Mapping[int, float], scene: Scene) -> str:
    """The name of what is off by a constant factor alone in all that is wrong."""
    if not ratios or mistake in SCALING:
        return mistake
    values = list(ratios.values())
    if all(abs(ratio + 1) < 1e-6 for ratio in values):
        return "sign-error"
    applied = (position for position in rates_in(scene) if is_applied_again(scene, position))
    rates = {number_at(scene.program, p) * scale for p in applied for scale in (1, -1)}
    if all(any(abs(ratio - rate) <= 1e-6 * abs(ratio) for rate in rates) for ratio in values):
        return "learning-rate-twice"
    return "sign-error" if mistake == "sign-error" else "parameter-mis-scaled"


def place_order(edit: Edit, mistake: str) -> int:
    """Of places that serve as well the last one for a factor that is missing, else the first."""
    return (
        -edit.step.number
        if mistake == "missing-derivative" and edit.how == "factor"
        else edit.step.number
    )


def apply(
    scene: Scene, changes: Mapping[int, Any], edit: Edit
) -> tuple[dict[int, Any], Fit] | None:
    """All changes with those of one more edit, if it helps in every turn of every world and harms nobody."""
    before = scene.fit
    try:
        own = edit.make(edit.steps)
        if own is None:
            return None
        together = merged(scene.program, changes, own)
        if changes and edit_list.is_flat_beside(scene, edit, own, together):
            return None
        fit = refit(scene, together)
    except FAILURES:
        return None
    reference = min(before.good - fit.good, default=None)
    if reference is not None and is_multiple(fit, reference):  # others have a majority of their own
        fit = seen_by(fit, reference)
    mended = before.bad & fit.good
    if not before.good <= fit.good or not mended or fit.bad - before.bad or before.bad & fit.silent:
        return None
    return together, fit
