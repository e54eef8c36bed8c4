"""A mistake put right beside a loss that a program computes itself, where no loss of the family is one of its own.

What a program prints need not be what it means to descend: it may leave out weights, climb a likelihood, play against
itself, or hold part of a loss fast on purpose. So only such a mistake counts as nobody makes on purpose: of updates
that follow the loss beside others that do not, or of the kind that no choice of loss explains.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.fitting.case import Case, is_evident, uses_data
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.own_readings import (
    MOST_ENDS,
    Parts,
    case_of,
    find_ends,
    is_told,
    is_tried,
)
from chainrule.checking.repairing.certainty import decays_oddly, is_evident_loss, is_of_data
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.other_losses import (
    SUMS,
    changes_term,
    is_of_another_loss,
    is_of_parameters,
    known_values,
    undoes,
)
from chainrule.checking.repairing.own_steps import is_other_step
from chainrule.checking.repairing.repair import Repair, count_places, repair_case
from chainrule.recording.deadline import Deadline

# What may be meant: weights of the terms of a loss, rates of parameters' own, states and values that are held fast.
CHOICES = {
    "parameter-mis-scaled", "learning-rate-twice", "no-flow-through-time", "gradient-not-reset", "decay-sign",
    "wrong-constant", "unknown",
}  # fmt: skip
# What no other loss of the same predictions asks for.
PLAIN = {
    "updated-weights", "last-sample-only", "repeated-index", "bias-not-summed", "bias-summed-over-all", "wrong-transpose",
    "wrong-layer-input", "wrong-index", "wrong-variable", "wrong-operator",
}  # fmt: skip
TURNED = {"add", "subtract", "left", "right"}
LINKS = {"add", "subtract", "negate", "multiply", "divide", "reshape", "sum", "mean"}
COLLINEAR = 1 - 1e-9  # a squared cosine from which on values differ by a factor alone
REVERSED = -(1 - 1e-9)  # a cosine below it


@final
@dataclass
class OwnRepair:
    """A proved repair, the case whose loss is the program's own, and where it computes that."""

    case: Case
    repair: Repair
    lines: list[int]


def repair_by_own_losses(
    parts: Parts, deadline: Deadline, known: Case | None = None, followed: bool = False
) -> OwnRepair | None:
    """The loss of the program's own under which one mistake explains all, with the mistake put right.

    Or of those alone that are `followed` by some parameters. Of a `known` case it is told what errors are made of.
    """
    for steps, case in cases_of(parts, deadline):
        if followed and not case.fits[OWN].good:
            continue
        repair = repair_case(case, deadline)
        if repair.proved and is_no_choice(parts, case, repair, known):
            return OwnRepair(case, repair, sorted({parts.program.site(s).line for s in steps}))
    return None


def unexplained(parts: Parts, deadline: Deadline) -> tuple[Case, int] | None:
    """A loss of the program's own that some updates do not follow, and the line that computes it."""
    for steps, case in cases_of(parts, deadline):
        if case.fits[OWN].bad:
            return case, parts.program.site(steps[-1]).line
    return None


def cases_of(parts: Parts, deadline: Deadline) -> Iterator[tuple[Sequence[Instruction], Case]]:
    """The loss that all updates may be meant to follow: of several the sum, as each is but a part of it."""
    ends, totals = find_ends(parts)
    told = [
        steps
        for steps in ends[: MOST_ENDS + 1]
        if (case := tried(parts, steps, deadline)) is not None and is_told(case)
    ]
    if len(told) > 1:
        told = [sorted((step for steps in told for step in steps), key=lambda step: step.number)]
    for steps in [*told, totals] if len(ends) <= MOST_ENDS else ():
        case = tried(parts, steps, deadline) if steps else None
        if case is not None and is_told(case) and covers_all(parts, case, case.fits[OWN]):
            yield steps, case


def tried(parts: Parts, steps: Sequence[Instruction], deadline: Deadline) -> Case | None:
    return None if deadline.over and not is_tried(parts, steps) else case_of(parts, steps)


def covers_all(parts: Parts, case: Case, fit: Fit) -> bool:
    return (
        parts.learning <= fit.good | fit.bad | fit.silent
        and len(case.worlds) > 1
        and is_evident(case, fit)
        and uses_data(case)
    )


def is_no_choice(parts: Parts, case: Case, repair: Repair, known: Case | None = None) -> bool:
    """Whether what a repair puts right is a mistake, whatever loss is meant."""
    fit = repair.before
    assert fit is not None
    if repair.fit is None or not covers_all(parts, case, repair.fit) or repair.fit.bad:
        return False
    names = {edit.mistake for edit in repair.edits}
    if "updated-weights" in names and takes_several_steps(case):
        return False
    if names & CHOICES or count_places(repair) > 1 or any(map(is_of_terms, repair.edits)):
        return False
    if any(is_of_parameters(case, edit) for edit in repair.edits):
        return False
    if known is not None and known.anatomy.updates:
        if changes_term(known, repair.edits):
            return False
        if not fit.good and is_of_another_loss(known, repair.edits, repair.loss):
            return False
    if any(only_scales(edit, values) for edit in repair.edits for values in case.worlds[-1:]):
        return False
    if decays_oddly(case, fit) or is_other_step(case, fit, repair):
        return False
    if not fit.good and any(
        is_of_data(case, edit) or is_own_term(case, edit) for edit in repair.edits
    ):
        return False
    if not fit.good or not is_evident_loss(case, fit):
        # An error of another loss may differ by a factor.
        return names <= PLAIN and all(edit.how not in ("remove", *TURNED) for edit in repair.edits)
    turned = "sign-error" in names or any(edit.how in TURNED for edit in repair.edits)
    return not turned or (not plays_against_itself(fit) and has_one_kind_of_term(parts, case))


def takes_several_steps(case: Case) -> bool:
    """Whether parameters move again and again between two losses, as by mini-batches: each by errors at its own weights."""
    anatomy, program = case.anatomy, case.program
    for update in anatomy.updates:
        chain = anatomy.chains[update.chain]
        first, last = chain.versions.index(update.before), chain.versions.index(update.after)
        spots = [program.spot(step) for step in chain.steps[first:last]]
        if len(set(spots)) < len(spots):
            return True
    return False


def is_of_terms(edit: Edit) -> bool:
    """Whether an edit adds or removes a term: a penalty, or what is held fast on purpose."""
    sums = edit.step.operation in SUMS
    return edit.how in ("missing path", "factor") or (sums and edit.how == "remove")


def is_own_term(case: Case, edit: Edit) -> bool:
    """Whether an edit puts in a value's place what it is made of on the way back, or what another term is made of.

    A loss may have that term, as a penalty of predictions, or may be made so.
    """
    if edit.slot is None or edit.instead is None:
        return False
    if undoes(case, edit):
        return True
    program, replaced = case.program, edit.step.inputs[edit.slot]
    ends = known_values(case)
    terms = (s for s in program.consumers.get(edit.step.output, ()) if s.operation in SUMS)
    made = (p for step in terms for p in step.inputs if p != edit.step.output)
    return replaced in ends and edit.instead in program.ancestors(made, ends)


def only_scales(edit: Edit, values: Values) -> bool:
    """Whether all that an edit puts in the place of others are these, so many times as large: a weight of a term."""
    were, are = [], []
    for step in edit.steps:
        changed = (edit.make([step]) or {}).get(step.number)
        if changed is None or len(changed.inputs) != len(step.inputs):
            return False
        for old, new in zip(step.inputs, changed.inputs, strict=True):
            if old != new:
                were.append(np.ravel(np.asarray(values[old], dtype=float)))
                are.append(np.ravel(np.asarray(values[new], dtype=float)))
    if not were or [len(one) for one in were] != [len(one) for one in are]:
        return False
    before, after = np.concatenate(were), np.concatenate(are)
    product = float(np.sum(before * after))
    return product**2 >= COLLINEAR * float(np.sum(before**2) * np.sum(after**2))


def plays_against_itself(fit: Fit) -> bool:
    """Whether what does not follow the loss climbs it, as one of two players does."""
    return any(fit.cosine.get(number, 0.0) < REVERSED for number in fit.bad)


def has_one_kind_of_term(parts: Parts, case: Case) -> bool:
    """Whether all terms of a loss are made of the same parameters: a term of others may be climbed on purpose."""
    program, masks = parts.program, parts.masks
    found: set[int] = set()
    waiting, seen = [mix.output for mix in case.anatomy.mixes], set[int]()
    while waiting:
        position = waiting.pop()
        step = program.step_of.get(position)
        if position in seen or not masks[position]:
            continue
        seen.add(position)
        if step is None or step.operation not in LINKS or position in parts.stops:
            found.add(masks[position])
        else:
            waiting += step.inputs
    return len(found) == 1
