"""The verdict on gradients that are never applied, and on what a program only defines."""

import re
from dataclasses import replace

from chainrule.checking.anatomy.parameters import find_chains
from chainrule.checking.anatomy.program import Program
from chainrule.checking.case_doubts import listed
from chainrule.checking.case_verdict import OTHER_LOSS, UNEXPLAINED, decide_case, parameter_rows
from chainrule.checking.driving.attempts import Driven
from chainrule.checking.driving.descents import steps_that_descend
from chainrule.checking.driving.discarded import Discarded, discarded_finding
from chainrule.checking.driving.driving import judge_untrained
from chainrule.checking.driving.engine_order import ORDER
from chainrule.checking.driving.engines import TWICE
from chainrule.checking.driving.resets import is_set_back_elsewhere
from chainrule.checking.driving.uncovered import callers_not_called, steps_not_taken, unreached
from chainrule.checking.finding.left_random import idle_loop
from chainrule.checking.finding.mistake_words import ONE_OPERATION_TOO_FEW, ONE_TOO_MANY, WORDS
from chainrule.checking.fitting.case import Case, right_losses
from chainrule.checking.fitting.components import joined_verdict
from chainrule.checking.verdict import Verdict, joined_losses, undecided
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

LONGER = "Give it longer with --timeout S, or less to do before it trains."
# What a program does wrong itself: to drive what it defines may hide it. A missing file is no mistake.
OWN_FAILURE = re.compile(
    "it stops with (Attribute|Index|Name|Type|UnboundLocal|Value|ZeroDivision)Error"
)
DRIVING_SECONDS = 20.0  # at most, for training what a program only defines


def decide_untrained(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict:
    """The verdict on gradients that are never applied, or on what the program only defines."""
    # What comes after the use of a package that is not there may train, and nobody saw it.
    unseen = run.failure is not None and "needs the package" in run.failure
    driven, unjudged = (
        ([], []) if unseen else judge_untrained(run, deadline.within(DRIVING_SECONDS))
    )
    if not driven:
        advice = LONGER if run.interrupted else ""
        unknown = f"what {listed(unjudged)} should give is not known" if unjudged else ""
        reason = run.failure or unknown or why_nothing_is_trained(case, run)
        return undecided(name, reason, advice=advice)
    if driven[0].discarded is not None:
        return replace(decide_discarded(name, driven[0].discarded, run), driven=True)
    verdicts = [decide_driven(name, one, deadline) for one in driven]
    ways = {id(v): one for v, one in zip(verdicts, driven, strict=True)}
    remarks = [one.remark for one in driven if one.remark]
    options = [
        verdict for verdict, one in zip(verdicts, driven, strict=True)
        if one.option and not is_of_slopes(verdict)
    ]  # fmt: skip
    verdicts = [verdict for verdict in verdicts if verdict not in options]
    notes = dict.fromkeys(note for verdict in verdicts for note in verdict.notes)
    # A proof is one of what was found wrong, and says nothing of other operations.
    wrong = [verdict for verdict in verdicts if verdict.verdict == "wrong"]
    if len(wrong) == 1 and ways[id(wrong[0])].operation.endswith(TWICE):
        # Each operation is right: it is the order in which it goes back that is not.
        for finding in wrong[0].findings:
            finding.mistake, finding.fix = ORDER, None
            finding.found, finding.expected = WORDS[ORDER]
    verdict = joined_verdict(wrong or verdicts)
    if verdict.verdict == "right" and unjudged:
        verdict.verdict = "undecided"
        verdict.reason = f"what {listed(unjudged)} should give is not known; all others are right"
    runs = [part.run for part in driven]
    seen = {one.stepper for one in driven}
    left = [step for step in steps_not_taken(run, runs) if step not in seen]
    applied = any(one.moves or not one.case.anatomy.claimed for one in driven)
    if verdict.verdict == "right" and left and not applied:
        descending = steps_that_descend(run, left)
        left = [step for step in left if step not in descending]
        if descending:
            were = "was" if len(descending) == 1 else "were"
            remarks.append(f"{listed(descending)} {were} seen to go down them")
    lacking = list(dict.fromkeys(name for one in driven for name in one.lacking))
    if verdict.verdict == "right" and lacking:
        verdict.verdict = "undecided"
        verdict.reason = f"its gradients are right, and there is none of {listed(lacking)}, which its predictions are made with"
    elif verdict.verdict == "right" and left and not applied:
        verdict.verdict = "undecided"
        verdict.reason = f"its gradients are right, and {listed(left)}, which nobody called, was not seen to go down them"
    elif verdict.verdict == "right" and left:
        remarks.append(f"nothing is known of {listed(left)}, which nobody called")
    elif verdict.verdict == "wrong" and left and is_never_updated(verdict):
        verdict.verdict, verdict.findings = "undecided", []
        verdict.reason = f"what {listed(left)} changes is not known, which nobody called"
    if verdict.verdict == "right":
        callers = callers_not_called(run, runs)
        if callers:
            remarks.append(f"nothing is known of {listed(callers)}, which nobody called")
        lines = unreached(run, runs)
        if lines:
            remarks.append(
                f"nothing is known of what line {listed([str(line) for line in lines])} computes, which was not reached"
            )
        verdict.reason = "; ".join([verdict.reason, *remarks])
    idle = idle_loop(run) if verdict.verdict == "right" else None
    if idle is not None:
        return undecided(
            name,
            f"no parameter is updated: the loop of line {idle.line}, which would, never goes round",
        )
    in_part = bool(driven[0].operation) and verdict.verdict == "right"
    stopped = verdict.verdict == "right" and OWN_FAILURE.search(run.failure or "")
    if run.failure is not None and (verdict.verdict == "undecided" or in_part or stopped):
        # What stops it matters more than what was tried instead.
        return undecided(name, run.failure)
    if in_part and changes_again(case.program):
        return undecided(name, why_nothing_is_trained(case, run))
    words = ways[id(wrong[0])].words if wrong else driven[0].words
    if driven[0].operation:
        were = "was" if len(driven) == 1 else "were"
        words = f"{listed([one.words for one in driven])} {were} called with random data"
    verdict.driven = True
    verdict.notes = [*notes, f"it trains nothing by itself: {words}"]
    return verdict


def is_never_updated(verdict: Verdict) -> bool:
    return all(one.mistake == "parameter-never-updated" for one in verdict.findings)


def is_of_slopes(verdict: Verdict) -> bool:
    """Whether a mistake is one of a derivative within the network: at its output another loss may be meant."""
    return verdict.verdict == "wrong" and all(
        finding.mistake in ("derivative-at-activation", "missing-derivative")
        for finding in verdict.findings
    )


def changes_again(program: Program) -> bool:
    """Whether a program changes values time and again: what that is, parts that are right by themselves do not tell."""
    return any(len(chain.steps) > 1 for chain in find_chains(program)[0])


def decide_driven(name: str, driven: Driven, deadline: Deadline) -> Verdict:
    """The verdict on one network, or on one operation; wrong only with a proof."""
    verdict = decide_case(name, driven.case, driven.run, deadline, driven=True)
    if verdict.verdict == "right" and not driven.operation and driven.is_of_one_number:
        return undecided(name, "trained on random data one number alone follows a gradient")
    unproved = verdict.verdict == "wrong" and not any(one.proved for one in verdict.findings)
    if unproved or verdict.reason in (UNEXPLAINED, OTHER_LOSS):
        of_operation = f"what comes back of {driven.words} agrees with no gradient that it was held against, and why was not found"
        of_network = (
            "trained on random data its gradients agree with no loss, and why was not found"
        )
        return undecided(name, of_operation if driven.operation else of_network)
    if driven.in_parts and is_set_back_elsewhere(verdict.findings, driven.run.sources):
        return undecided(
            name, "its gradients add up from pass to pass, and who trains it may set them back before each"
        )  # fmt: skip
    # What a layer goes on from may come of an activation that stands elsewhere.
    too_many = any(one.expected == ONE_TOO_MANY[1] for one in verdict.findings)
    wrong = {row.name for row in verdict.parameters if row.verdict == "wrong"}
    if driven.part and too_many and (not driven.given or wrong <= {driven.given}):
        return undecided(
            name,
            "an error is handed on with a derivative of what a layer is given, which may come of an activation elsewhere",
        )
    for finding in verdict.findings if driven.engine else ():
        if finding.mistake == "no-flow-through-time":  # an engine knows no time
            finding.mistake = "missing-derivative"
            finding.found, finding.expected = ONE_OPERATION_TOO_FEW
    if driven.operation:  # its loss is one that was made here
        verdict.loss = None
        for row in verdict.parameters:
            row.name = f"{driven.operation}({row.name})"
        if verdict.verdict == "right":
            verdict.reason = "every gradient that comes back is right"
    return verdict


def decide_discarded(name: str, discarded: Discarded, run: Run) -> Verdict:
    """The verdict on right updates that are thrown away."""
    case, site = discarded.case, discarded.site
    losses = right_losses(case)
    rows = parameter_rows(case, case.fits[losses[0]])
    for row in rows:
        row.verdict, row.cosine, row.ratio = "never-updated", None, None
    return Verdict(
        name, "wrong", "gradients are computed, and no parameter ever changes", loss=joined_losses(losses),
        parameters=rows, findings=[discarded_finding(discarded, run.sources[site.file])],
    )  # fmt: skip


def is_applied(case: Case) -> bool:
    """Whether any prediction was made with an updated parameter."""
    anatomy = case.anatomy
    return any(anatomy.reached.get(p) for chain in anatomy.chains for p in chain.versions[1:])


def why_nothing_is_trained(case: Case, run: Run) -> str:
    if run.interrupted:
        return "no parameter was updated by an error in the time that it was watched"
    if not case.program.steps:
        return "it computes nothing with numbers while it runs"
    if not case.anatomy.chains:
        return "no parameter is updated by an error while it runs"
    return "no prediction meets a target on the way to an update"
