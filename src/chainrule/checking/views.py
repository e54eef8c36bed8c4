"""A program seen otherwise: its beginning alone, or without the small numbers that keep logarithms finite."""

from collections.abc import Sequence
from contextlib import suppress

from chainrule.checking.anatomy.program import NoDerivativeError, Program
from chainrule.checking.anatomy.updates import steps_taken, true_gradients
from chainrule.checking.case_verdict import blame, decide_case
from chainrule.checking.fitting.case import Case, open_case, right_losses
from chainrule.checking.fitting.components import models_of
from chainrule.checking.fitting.epsilons import open_without_epsilons
from chainrule.checking.fitting.fitting import norm
from chainrule.checking.fitting.own_losses import fit_own_loss
from chainrule.checking.verdict import Verdict
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

HUGE = 1e8
FEW = 2  # passes
FIRST_PASSES = 5
FAR = 1e6  # between the largest of the first passes and of the last ones
ALIKE = 1e-6  # what such a number may turn an update by, as 1 less a cosine
SHARE = 0.5  # of the time that is left


def open_beginning(program: Program) -> Case | None:
    """Of a run that diverges what comes before its numbers are beyond all bounds, where that is a few passes."""
    end = program.first_beyond(HUGE)
    if end is None:
        return None
    case = open_case(program.until(end), finished=False)
    turns = {update.turn for update in case.anatomy.updates}
    return case if len(turns) >= FEW else None


def decide_first_passes(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, with a proof, where the first passes show it: a wrong step may lead to where no digits are left."""
    turns = sorted({update.turn for update in case.anatomy.updates})
    if len(turns) <= FIRST_PASSES or not leads_away(case, turns):
        return None
    end = case.anatomy.mixes[turns[FIRST_PASSES]].prediction
    first = open_case(case.program.until(end), finished=False)
    if not first.fits or right_losses(first) or len(models_of(first)) > 1:
        return None
    return proved_only(blame(name, run, first, deadline))


def leads_away(case: Case, turns: Sequence[int]) -> bool:
    """Whether the last passes have fewer digits than the first: of some parameter the updates or gradients vanish, or grow beyond bounds."""
    anatomy = case.anatomy
    kinds = [steps_taken(anatomy.updates, case.values)]
    with suppress(NoDerivativeError):
        kinds += [true_gradients(anatomy, case.values, loss) for loss in case.fits]
    for kind in kinds:
        early: dict[int, float] = {}
        late: dict[int, float] = {}
        for update, part in zip(anatomy.updates, kind, strict=True):
            for largest, kept in (
                (early, update.turn < turns[FIRST_PASSES]),
                (late, update.turn >= turns[-FIRST_PASSES]),
            ):
                if kept:
                    largest[update.chain] = max(largest.get(update.chain, 0.0), norm(part))
        for chain in early.keys() & late.keys():
            if early[chain] and not 1 / FAR <= late[chain] / early[chain] <= FAR:
                return True
    return False


def decide_without_epsilons(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict | None:
    """The verdict on a program without its epsilons, where it follows a loss of the family in more than with them.

        dA = -(Y / (A + 1e-8)) + (1 - Y) / (1 - A + 1e-8)

    That is the gradient of no loss to the last digit. Wrong only with a proof, and right where they change next to
    nothing.
    """
    if case.unknown_function is not None or right_losses(case):
        return None
    exact = open_without_epsilons(case, run.finished)
    if exact is None or most_that_follow(exact) <= most_that_follow(case):
        return None
    if len(models_of(exact)) > 1 or fit_own_loss(case) is not None:
        return None
    verdict = decide_case(name, exact, run, deadline.share(SHARE))
    if verdict.verdict != "right":
        return proved_only(verdict)
    turned = (
        case.fits[loss].cosine.get(number, 1.0) < 1 - ALIKE
        for loss in right_losses(exact)[:1]
        if loss in case.fits
        for number in exact.fits[loss].good
    )
    if any(turned):
        return None
    verdict.notes.append(
        "what it adds to a prediction so as not to divide by 0 is left out of account"
    )
    return verdict


def most_that_follow(case: Case) -> int:
    """How many parameters a loss explains at the most. An optimizer's steps look much like what rounding turns."""
    return max((len(fit.good) for fit in case.fits.values() if fit.form != "adaptive"), default=0)


def proved_only(verdict: Verdict) -> Verdict | None:
    proved = all(finding.proved for finding in verdict.findings)
    return verdict if verdict.verdict == "wrong" and proved else None
