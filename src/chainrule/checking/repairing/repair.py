"""Putting a mistake right in the recorded computation, and seeing whether every gradient agrees.

Edits are tried one by one on the turn that shows most; of those that make most parameters right the
likeliest is kept, and what is still wrong is looked at again. A repair counts when every update of every
parameter follows its gradient, at the recorded numbers and at disturbed ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import chainrule.checking.repairing.edits as edit_list
import chainrule.checking.repairing.memory_edits as memory_edits
import chainrule.checking.repairing.operation_edits as operation_edits
import chainrule.checking.repairing.scale_edits as scale_edits
import chainrule.checking.repairing.slope_edits as slope_edits
import chainrule.checking.repairing.sum_edits as sum_edits
import chainrule.checking.repairing.value_edits as value_edits
from chainrule.checking.anatomy.program import Instruction, NoDerivativeError
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.fitting.rates import find_step_sizes
from chainrule.checking.repairing.applied_rates import (
    applies_again,
    is_applied_again,
    number_at,
    rates_in,
)
from chainrule.checking.repairing.edits import Changes, Edit
from chainrule.checking.repairing.goals import find_goals
from chainrule.checking.repairing.missing_paths import missing_paths, unused_errors
from chainrule.checking.repairing.raw_errors import raw_errors
from chainrule.checking.repairing.refitting import refit
from chainrule.checking.repairing.removed_slopes import removed_slopes
from chainrule.checking.repairing.scene import Place, Scene, set_scene
from chainrule.checking.repairing.switched_off import switched_off
from chainrule.checking.repairing.through_time import (
    flows_through_time,
    repeated_errors,
    truncated_updates,
)
from chainrule.checking.repairing.trial import FAILURES, Trial
from chainrule.recording.deadline import Deadline

MOST_EDITS = 4
MOST_LOSSES = 3
MOST_APPLIED = 40
MOST_TURNS = 6  # among which one is looked for that shows something wrong
# In the order of what `check` says: the most specific that holds wins.
ORDER = (
    "derivative-at-activation", "missing-derivative", "raw-error-backpropagated", "relu-derivative-at-output",
    "dropout-mask", "updated-weights", "last-sample-only", "no-flow-through-time", "gradient-not-reset", "bias-not-summed",
    "bias-summed-over-all", "wrong-transpose", "wrong-layer-input", "wrong-index", "wrong-variable",
    "wrong-operator", "wrong-constant", "sign-error", "decay-sign", "learning-rate-twice", "parameter-mis-scaled",
    "target-unused", "unknown",
)  # fmt: skip


@final
@dataclass
class Repair:
    """The edits that were kept, and how well everything fits with them. `proved`: all fits.

    `before` is the fit without them, `changes` has the changed steps; `scenes` has for each edit the scene that it was found in.
    `goals` are the gradients that are held against the true ones, where these are not the updates.
    """

    loss: str
    edits: list[Edit] = field(default_factory=list)
    fit: Fit | None = None
    proved: bool = False
    scenes: list[Scene] = field(default_factory=list)
    before: Fit | None = None
    changes: dict[int, Any] = field(default_factory=dict)
    goals: dict[int, int] = field(default_factory=dict)


def repair_case(case: Case, deadline: Deadline) -> Repair:
    """The best repair under the losses that explain most; of equals those that the program computes."""
    told = any(fit.good and fit.form != "adaptive" for fit in case.fits.values())
    stated = set() if told else stated_losses(case)

    def likeliness(fit: Fit) -> tuple[Any, ...]:
        # A slope that is too much looks adaptive under another loss: then what the program says counts more.
        doubtful = bool(stated) and fit.form == "adaptive" and fit.loss not in stated
        fits_last = fits_last_layer(case, fit) and not doubtful
        return not fits_last, 0 if doubtful else -len(fit.good), fit.loss not in stated

    fits: list[Fit] = []
    for fit in sorted(case.fits.values(), key=likeliness):
        if all(
            fit.cosine != other.cosine for other in fits
        ):  # Huber's is the square of small errors
            fits.append(fit)
    best: Repair | None = None
    expected = False  # that the best repair is one under a loss that explained something before
    for number, fit in enumerate(fits[:MOST_LOSSES]):
        repair = find_repair(case, fit, deadline.share((0.6, 0.5, 1.0)[number]))
        both = best is not None and best.proved and repair.proved and expected
        told = len(fit.good) > (fit.form == "adaptive")  # one alone may look adaptive by chance
        if best is None or (
            count_places(repair) < count_places(best) if both else rank(repair) < rank(best)
        ):
            best, expected = repair, told or fit.loss in stated
        if repair.proved and len(repair.edits) == 1 and (told or fit.loss in stated):
            break  # several edits mend much under a wrong loss
    assert best is not None
    return best


def rank(repair: Repair) -> tuple[Any, ...]:
    cost = sum(edit.cost for edit in repair.edits)
    good = len(repair.fit.good) if repair.fit is not None else 0
    order = max((ORDER.index(edit.mistake) for edit in repair.edits), default=0)
    proof = (
        (count_places(repair), len(repair.edits), cost, order) if repair.proved else (0, 0, 0, 0)
    )
    return not repair.proved, *proof, -good


def count_places(repair: Repair) -> int:
    """In how many places of the source edits are: of a line that several call there is one."""
    return len(
        {
            (scene.program.recording.sites[edit.step.number], edit.how)
            for edit, scene in zip(repair.edits, repair.scenes, strict=True)
        }
    )


def views(case: Case, fit: Fit) -> list[Fit]:
    seen = seen_from_the_loss(case, fit)
    return [fit] if seen is fit else [seen, fit]


def seen_from_the_loss(case: Case, fit: Fit) -> Fit:
    """The same fit with the parameters of the last layer as the right ones, where none of them counts as one.

    They are constant multiples of their gradients too, but a majority behind them has another rate.
    """
    if not fit.good or len(fit.rate) == 0:
        return fit
    scene = Scene(case, fit)

    def others_apply_again(rate: int) -> bool:
        return applies_again(scene, (u for u in case.anatomy.updates if u.chain in fit.good), rate)

    once = {
        n for n in fit.bad
        if fit.cosine.get(n, 0.0) > 1 - 1e-9
        and any(
            abs(fit.ratio[n] * number_at(case.program, rate) - 1) < 1e-6 and others_apply_again(rate)
            for rate in rates_of(case, n)
        )
    }  # fmt: skip
    if once:  # then it is the majority that applies the rate twice
        return replace(fit, good=once, bad=(fit.bad | fit.good) - once)
    last = last_layer(case, fit)
    exact = [
        n
        for n in last
        if n in fit.bad and fit.cosine.get(n, 0.0) > 1 - 1e-9 and fit.ratio.get(n, 0.0) > 0
    ]
    if any(n in fit.good for n in last) or not exact:
        return fit
    ratio = fit.ratio[exact[0]]
    good = {
        n
        for n in fit.bad
        if fit.cosine.get(n, 0.0) > 1 - 1e-9 and abs(fit.ratio[n] / ratio - 1) < 1e-6
    }
    return replace(fit, good=good, bad=(fit.bad | fit.good) - good)


def rates_of(case: Case, number: int) -> list[int]:
    """The positions of numbers but 1 that a parameter's own updates are multiplied by last."""
    anatomy = case.anatomy
    own = replace(anatomy, updates=[u for u in anatomy.updates if u.chain == number])
    sizes = sorted(find_step_sizes(own))
    return [rate for rate in sizes if abs(number_at(anatomy.program, rate) - 1) > 1e-6]


def last_layer(case: Case, fit: Fit) -> list[int]:
    """The parameters that are used last in the forward pass: a layer's weights and biases."""
    anatomy = case.anatomy
    forward = Scene(case, fit).forward - anatomy.stops
    uses = {}
    for number in fit.good | fit.bad:
        version = anatomy.chains[number].root
        consumers = anatomy.program.consumers.get(version, ())
        used = (s.output for s in consumers if s.output in forward)
        uses[number] = max(used, default=0)
    ordered = sorted(uses, key=lambda number: -uses[number])
    return ordered[: 2 if len(ordered) > 3 else 1]


def fits_last_layer(case: Case, fit: Fit) -> bool:
    """Whether the layer next to the loss follows it: what lies behind may be right for another one."""
    return bool(fit.good & set(last_layer(case, fit)))


def find_repair(case: Case, fit: Fit, deadline: Deadline) -> Repair:
    """Edits, one after the other, until every gradient agrees or nothing helps."""
    repair = Repair(fit.loss, fit=fit, before=fit)
    changes: dict[int, Any] = {}
    try:
        first = set_scene(case, fit)
        first.goals = repair.goals = find_goals(first)
        if first.goals or fit.form == "adaptive" or any(rate < 0 for rate in fit.rate.values()):
            repair.fit = repair.before = refit(first, {})
        for _ in range(MOST_EDITS):
            assert repair.fit is not None
            if not repair.fit.bad:
                break
            # Where most are off by one factor, who is right may be seen in two ways.
            for view in views(case, repair.fit):
                scene = Scene(case, view, first.worlds, first.known_places, first.goals)
                found = best_edit(scene, changes, deadline, repair.edits)
                if found is not None:
                    break
            undone = any(edit.mistake == "updated-weights" for edit in repair.edits)
            early = None if found is not None or undone else undo_early_updates(scene)
            if early is not None:
                together = {**changes, **early[1]}
                found = best_edit(scene, together, deadline, [*repair.edits, early[0]])
                if found is not None:
                    repair.edits.append(early[0])
                    repair.scenes.append(scene)
            if found is None:
                break
            edit, changes, repair.fit = found
            repair.changes = changes
            repair.edits.append(edit)
            repair.scenes.append(scene)
            if repair.fit.is_right:
                repair.proved = True
                break
    except NoDerivativeError:
        repair.proved = False
    return repair


def undo_early_updates(scene: Scene) -> tuple[Edit, dict[int, Any]] | None:
    """Weights of the forward pass in place of updated ones: alone it may help nobody.

    An error that goes back through updated weights, and lacks a derivative too, is mended by both at once.
    """
    edits = list(edit_list.old_versions(scene))
    if not edits:
        return None
    early = joined(edits) if len(edits) > 1 else edits[0]
    changes = early.make(early.steps)
    return None if changes is None else (early, dict(changes))


def stages(scene: Scene, trial: Trial) -> Iterator[Iterable[Edit]]:
    """Every edit that is worth trying, the likelier ones first."""
    yield edit_list.old_versions(scene)
    yield memory_edits.fresh_sums(scene)
    yield operation_edits.operator_edits(scene)
    yield operation_edits.transposes(scene)
    yield operation_edits.turned_links(scene)
    yield operation_edits.index_edits(scene)
    yield value_edits.factor_edits(scene)
    yield value_edits.named_factor_edits(scene)
    yield raw_errors(scene)
    yield switched_off(scene)
    yield sum_edits.reductions(scene)
    yield value_edits.removed_factors(scene)
    yield removed_slopes(scene)
    yield value_edits.constants(scene)
    yield edit_list.argument_edits(scene)
    yield edit_list.operand_edits(scene, shared=False)
    yield edit_list.operand_edits(scene, shared=True)
    yield sum_edits.unreduced_products(scene)
    yield flows_through_time(scene)
    yield repeated_errors(scene)
    yield unused_errors(scene)


def last_resorts(scene: Scene, trial: Trial) -> Iterator[Iterable[Edit]]:
    """Edits that mend much and say little: tried when nothing else mends everything."""
    yield scale_edits.negations(scene)
    yield scale_edits.scales(scene, trial.constant_ratios(), trial.turn)
    yield sum_edits.sums_over_samples(scene)
    yield truncated_updates(scene, trial.rate, trial.turn)
    yield missing_paths(scene)
    yield value_edits.true_slopes(scene)
    yield slope_edits.slopes_beside_errors(scene)
    yield slope_edits.slopes_of_losses(scene)


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
    ratios = trial.constant_ratios() if trial.all_constant() else {}
    for collection in (stages, last_resorts):
        for stage in collection(scene, trial):
            for edit in until(deadline, stage):
                gained = trial.gain(edit)
                if gained > 0:
                    edit.mistake = named_by_ratio(edit.mistake, ratios, scene)
                    found.append((gained, edit))
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


def until(deadline: Deadline, edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits that there is time for: some stages look long before they have one to try."""
    remaining = iter(edits)
    while not deadline.over and (edit := next(remaining, None)) is not None:
        yield edit


def first_that_holds(
    scene: Scene, changes: Mapping[int, Any], found: list[tuple[int, Edit]]
) -> tuple[Edit, dict[int, Any], Fit] | None:
    """Of edits with what they gain in one turn the best one that helps in all of them."""
    found.sort(
        key=lambda pair: (
            -pair[0],
            pair[1].cost,
            ORDER.index(pair[1].mistake),
            place_order(pair[1]),
        )
    )
    for _, edit in found[:MOST_APPLIED]:
        result = apply(scene, changes, edit)
        if result is not None:
            return edit, *result
    return None


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
        if trial.gain(joined([edit for _, edit in pairs])) >= trial.missing:
            return pairs
    return []


def joined(edits: Sequence[Edit]) -> Edit:
    """Several edits as one."""

    def make(steps: Sequence[Instruction]) -> Changes | None:
        changes: Changes = {}
        for edit in edits:
            own = edit.make([step for step in edit.steps if step in steps])
            if own is None:
                return None
            changes |= own
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


def place_order(edit: Edit) -> int:
    """Of places that serve as well the last one for a factor that is missing, else the first."""
    return (
        -edit.step.number
        if edit.mistake == "missing-derivative" and edit.how == "factor"
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
        together = {**changes, **own}
        fit = refit(scene, together)
    except FAILURES:
        return None
    mended = before.bad & fit.good
    if not before.good <= fit.good or not mended or fit.bad - before.bad or before.bad & fit.silent:
        return None
    return together, fit
