"""Putting a mistake right in the recorded computation, and seeing whether every gradient agrees.

Edits are tried one by one on the turn that shows most; of those that make most parameters right the
likeliest is kept, and what is still wrong is looked at again. A repair counts when every update of every
parameter follows its gradient, at the recorded numbers and at disturbed ones.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, final

from chainrule.checking.anatomy.program import NoDerivativeError
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.fitting.rates import find_step_sizes
from chainrule.checking.repairing.applied_rates import applies_again, number_at
from chainrule.checking.repairing.companions import best_pair
from chainrule.checking.repairing.edit_search import ORDER, best_edit
from chainrule.checking.repairing.edits import Edit, merged, remembered, shared_operand_edits
from chainrule.checking.repairing.goals import find_goals
from chainrule.checking.repairing.milestones import best_milestone
from chainrule.checking.repairing.refitting import is_multiple, refit, seen_by
from chainrule.checking.repairing.scene import Scene, set_scene
from chainrule.recording.deadline import Deadline

MOST_EDITS = 4
MOST_TRUSTED = 3  # edits that put errors right and no parameter
MOST_LOSSES = 3
PAIR_SECONDS = 6.0  # at most, for edits of which two are needed at once


@final
@dataclass
class Repair:
    """The edits that were kept, and how well everything fits with them. `proved`: all fits.

    `before` is the fit without them, `changes` has the changed steps; `scenes` has for each edit the scene that it was found in.
    `goals` are the gradients that are held against the true ones, where these are not the updates. `stuck` is where
    nothing helped any more, though there was time: the scene as it began, as it was, and after how many rounds.
    """

    loss: str
    edits: list[Edit] = field(default_factory=list)
    fit: Fit | None = None
    proved: bool = False
    scenes: list[Scene] = field(default_factory=list)
    before: Fit | None = None
    changes: dict[int, Any] = field(default_factory=dict)
    goals: dict[int, int] = field(default_factory=dict)
    stuck: tuple[Scene, Scene, int] | None = None


def repair_case(case: Case, deadline: Deadline) -> Repair:
    """The best repair under the losses that explain most; of equals those that the program computes."""
    computed = cache(lambda: stated_losses(case))
    told = any(fit.good and fit.form != "adaptive" for fit in case.fits.values())
    stated = set() if told else computed()

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

    def is_expected(fit: Fit) -> bool:
        # One alone may look adaptive by chance.
        return len(fit.good) > (fit.form == "adaptive")

    best: Repair | None = None
    tried: dict[str, Repair] = {}
    expected = False  # that the best repair is one under a loss that explained something before
    for number, fit in enumerate(fits[:MOST_LOSSES]):
        repair = find_repair(case, fit, deadline.share((0.6, 0.5, 1.0)[number]))
        tried[fit.loss] = repair
        if best is None or is_better(repair, best, expected, computed):
            best = repair
            expected = is_expected(fit) or (repair.proved and fit.loss in computed())
        # Several edits mend much under a wrong loss.
        single = len(repair.edits) == 1 or (number == 0 and fit.loss in computed())
        if repair.proved and single and is_expected(fit):
            break
        if best.proved and expected and count_places(best) == 1:
            break  # nothing is mended in fewer places, and of as few the expected loss counts
    assert best is not None
    if not (best.proved and expected):
        fit = fits[0] if is_expected(fits[0]) else case.fits[best.loss]
        within, former = deadline.within(PAIR_SECONDS), tried.get(fit.loss)
        pairs = find_repair(case, fit, within, by_milestones=True)
        # A true error's scale may be what is left of a slope that is too much.
        scaled = any(edit.mistake == "parameter-mis-scaled" for edit in pairs.edits)
        if not pairs.proved or scaled:
            within = deadline.within(PAIR_SECONDS)
            both = find_repair(case, fit, within, thorough=True, former=former)
            pairs = both if both.proved or not pairs.proved else pairs
        if pairs.proved and (not best.proved or len(pairs.edits) <= len(best.edits)):
            best = pairs
    return best


def is_better(
    repair: Repair, best: Repair, expected: bool, computed: Callable[[], Collection[str]]
) -> bool:
    """Whether a repair is likelier than the best one so far, which is under an `expected` loss.

    What is mended in as few places under a loss that the program computes was made for that one.
    """
    if not (best.proved and repair.proved and expected):
        return rank(repair) < rank(best)
    places, fewest = count_places(repair), count_places(best)
    if places == fewest > 1:
        return repair.loss in computed() and best.loss not in computed()
    return places < fewest


def rank(repair: Repair) -> tuple[Any, ...]:
    # What is taken away may be a loss's own: then another loss would be the right one.
    cost = sum(edit.cost for edit in repair.edits), sum(e.how == "remove" for e in repair.edits)
    good = len(repair.fit.good) if repair.fit is not None else 0
    order = max((ORDER.index(edit.mistake) for edit in repair.edits), default=0)
    proof = (count_places(repair), len(repair.edits), *cost, order) if repair.proved else (0,) * 5
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
    exact = [n for n in last if n in fit.bad and is_multiple(fit, n)]
    if any(n in fit.good for n in last) or not exact:
        return fit
    return seen_by(fit, exact[0])


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


def find_repair(
    case: Case,
    fit: Fit,
    deadline: Deadline,
    thorough: bool = False,
    former: Repair | None = None,
    by_milestones: bool = False,
) -> Repair:
    """Edits, one after the other, or `thorough`, two at once, until every gradient agrees or nothing helps.

    Or `by_milestones`, such that errors on their way back become true, whatever updates are made of them then. A
    thorough search goes on where a `former` one under the same loss got stuck: so far both look for the same.
    """
    repair = Repair(fit.loss, fit=fit, before=fit)
    changes: dict[int, Any] = {}
    stuck = None if former is None else former.stuck
    try:
        if former is not None and stuck is not None:
            first = stuck[0]
            repair = replace(
                former, edits=list(former.edits), scenes=list(former.scenes), stuck=None
            )
            changes = repair.changes
        else:
            first = set_scene(case, fit)
            first.goals = repair.goals = find_goals(first)
            if first.goals or fit.form == "adaptive" or any(rate < 0 for rate in fit.rate.values()):
                repair.fit = repair.before = refit(first, {})
        if by_milestones:
            changes = put_errors_right(first, repair, deadline)
            if not repair.edits:
                return repair
        for number in range(stuck[2] if stuck is not None else 0, MOST_EDITS):
            assert repair.fit is not None
            if not repair.fit.bad:
                break
            found = None
            if stuck is not None:
                scene = stuck[1]
            else:
                # Where most are off by one factor, who is right may be seen in two ways.
                for view in views(case, repair.fit):
                    scene = Scene(case, view, first.worlds, first.known_places, first.goals)
                    found = best_edit(scene, changes, deadline, repair.edits)
                    if found is not None:
                        break
            if found is None and (wider := for_all_callers(first, repair)) is not None:
                changes, repair.fit = wider, refit(first, wider)
                continue
            if found is None:
                pair = best_pair(scene, changes, deadline, repair.edits, thorough, stuck is None)
                if pair is not None:
                    companion, found = pair
                    repair.edits.append(companion)
                    repair.scenes.append(scene)
            stuck = None
            if found is None:
                if not deadline.over:
                    repair.stuck = first, scene, number
                break
            edit, changes, repair.fit = found
            repair.changes = changes
            repair.edits.append(edit)
            repair.scenes.append(scene)
            if repair.fit.is_right:
                repair.proved = True
                drop_needless(repair, first)
                repair.before = repair.scenes[0].fit  # as seen from those that were right
                break
    except NoDerivativeError:
        repair.proved = False
    return repair


def put_errors_right(first: Scene, repair: Repair, deadline: Deadline) -> dict[int, Any]:
    """Edits after which errors are true gradients on all of their way back; who is right is seen anew then."""
    changes: dict[int, Any] = {}
    assert repair.fit is not None
    scene = Scene(first.case, repair.fit, first.worlds, first.known_places, first.goals)
    while len(repair.edits) < MOST_TRUSTED:
        step = best_milestone(scene, changes, deadline, repair.edits)
        if step is None:
            break
        repair.edits.append(step[0])
        repair.scenes.append(scene)
        changes = step[1]
    repair.changes, repair.fit = changes, refit(first, changes)
    return changes


def for_all_callers(first: Scene, repair: Repair) -> dict[int, Any] | None:
    """The changes of a repair with an edit of a helper made for all that call it: with another mistake beside it one call shows it.

    As f'(a) does that is asked for twice, where what comes back to one is wrong anyway. The edit takes that one's place.
    """
    for k, (edit, scene) in enumerate(zip(repair.edits, repair.scenes, strict=True)):
        steps, site = set(map(id, edit.steps)), first.program.recording.sites
        for other in remembered(scene, shared_operand_edits):
            alike = (other.mistake, other.how, other.slot) == (edit.mistake, edit.how, edit.slot)
            if (
                alike
                and site[other.step.number] == site[edit.step.number]
                and steps < set(map(id, other.steps))
            ):
                edits = [*repair.edits[:k], other, *repair.edits[k + 1 :]]
                changes: dict[int, Any] = {}
                for one in edits:
                    changes = merged(first.program, changes, one.make(one.steps) or {})
                repair.edits, repair.changes = edits, changes
                return changes
    return None


def drop_needless(repair: Repair, first: Scene) -> None:
    """Takes those edits out of a repair without which it holds as well: a later one may have undone them."""
    for edit in list(repair.edits):
        pairs = [
            pair for pair in zip(repair.edits, repair.scenes, strict=True) if pair[0] is not edit
        ]
        changes: dict[int, Any] = {}
        for kept, _ in pairs:
            changes = merged(first.program, changes, kept.make(kept.steps) or {})
        fit = refit(first, changes)
        if pairs and fit.is_right:
            repair.edits, repair.scenes = [one for one, _ in pairs], [one for _, one in pairs]
            repair.changes, repair.fit = changes, fit
