"""The verdict on a program that trains by an engine of its own: operators that remember how to go back.

There nothing compares predictions with targets but the loss itself, and what looks like it on the way back says
nothing. So the loss that the program computes counts, and where updates do not follow it, each operation by itself.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.program import Program, build_program
from chainrule.checking.case_verdict import parameter_rows, sooner
from chainrule.checking.driving.driving import judge_engine_operation
from chainrule.checking.driving.engine_slips import find_operation, judge_operation
from chainrule.checking.driving.engine_steps import (
    is_overwriting,
    other_steps,
    statements_of_steps,
)
from chainrule.checking.driving.engines import classes_of, engine_plans, number_of
from chainrule.checking.driving.unreset_gradients import find_resets, way_back
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.fitting.kept_gradients import adds_up
from chainrule.checking.fitting.own_readings import (
    ALIKE,
    MOST_ENDS,
    Parts,
    adds_labels,
    case_of,
    find_ends,
    follows_own_loss,
    parts_of,
    read_by_own_losses,
)
from chainrule.checking.own_verdict import decide_reading
from chainrule.checking.targets.corrected_text import changed_sources, finding_of
from chainrule.checking.targets.own_slips import LOSS
from chainrule.checking.untrained_verdict import decide_driven
from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.source import Source

FIRST = ("__mul__", "__add__")


def decide_engine(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Right, where all updates plainly follow a loss that the program computes; wrong, where an operation is."""
    blamed = (
        None if follows_own_loss(parts) else blame_operation(name, parts, run, sooner(deadline))
    )
    reading = None if blamed else read_by_own_losses(parts, sooner(deadline))
    if reading is not None and not adds_labels(parts, reading, subtracts(run)):
        return decide_reading(name, reading, run, loss_of(reading.cases[0], run))
    return (
        blamed
        or blame_memory(name, parts, run, sooner(deadline))
        or blame_step(name, parts, run, sooner(deadline))
    )


def subtracts(run: Run) -> bool:
    """Whether the minus of the program's engines takes off."""
    found = []
    for owner in classes_of(run):
        if {"__sub__", "__mul__"} <= vars(owner).keys():
            try:
                differences = [owner(0.75) - owner(0.5), owner(0.75) - 0.5, owner(0.75) - 1]
                found.append([float(number_of(one)) for one in differences] == [0.25, 0.25, -0.25])
            except Exception:  # whatever it raises, it is no minus of numbers
                found.append(False)
    return bool(found) and all(found)


def blame_operation(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where updates do not follow the loss, and by itself an operation that the program uses is wrong, too."""
    blamed = find_wrong_operation(run, parts.program, deadline)
    case = None if blamed is None else next(unfollowed(parts), None)
    if blamed is None or case is None:
        return None
    operation, findings = blamed
    if not case.fits[OWN].bad and not has_right_operation(run, parts.program):
        return None  # all give back the reverse: so does the way back as a whole
    verdict = wrong_verdict(
        name, case, run, f"what {operation} gives back is not the derivative of what it computes"
    )
    verdict.findings = findings
    verdict.agreeing = f"what {operation} gives back is the derivative of what it computes"
    return verdict


def has_right_operation(run: Run, program: Program) -> bool:
    return any(judge_operation(run, program, plan)[0] for plan in engine_plans(run, True))


def blame_memory(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where updates go by the gradients of all passes so far, and set back they follow the loss."""
    for case in unexplained(parts):
        if run.is_later or not adds_up(case):  # what is trained later is not come to again
            continue
        for reset in find_resets(run, case):
            if not deadline.over and follows_when(run, reset.changed, deadline):
                verdict = wrong_verdict(name, case, run, "those of earlier passes are still in it")
                verdict.findings = [reset.finding]
                verdict.agreeing = "all updates follow that gradient"
                return verdict
    return None


def blame_step(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where the statement that moves parameters is all that keeps them from following the loss.

    What climbs may be meant to: unless it is a loss by its name, and never below 0.
    """
    case = next(unfollowed(parts), None)
    if run.is_later or (case is None and parts.learning):
        return None
    climbs = case is not None and not case.fits[OWN].bad
    if climbs and case is not None and not is_named_loss(case, run):
        return None
    for text, statement in statements_of_steps(run, read_texts(run.sources)):
        for _, change, mistake, found, expected in other_steps(text, statement):
            if climbs and mistake != "sign-error":
                continue
            changed = changed_sources([(text, change)])
            if changed is None or deadline.over or not follows_when(run, changed, deadline):
                continue
            finding = finding_of(text, change, mistake, found, expected)
            verdict = wrong_verdict(name, case, run, "the step is wrong") if case else None
            verdict = verdict or Verdict(name, "wrong", "its parameters are changed by no step")
            verdict.findings = [finding]
            verdict.agreeing = "all updates follow that gradient"
            return verdict
    return None


def is_named_loss(case: Case, run: Run) -> bool:
    """Whether the engine goes back from what the program calls a loss, and that is never below 0."""
    back = way_back(case, read_texts(run.sources))
    values = [case.values[mix.output] for mix in case.anatomy.mixes]
    return (
        back is not None
        and bool(LOSS.search(ast.unparse(back[1])))
        and all(bool(np.all(value >= 0)) for value in values)
    )


def follows_when(run: Run, changed: Mapping[Path, Source], deadline: Deadline) -> bool:
    """Whether all updates of a program follow its loss with some of its files changed."""
    watch = watch_until_enough(deadline)
    again = run_recorded(
        run.sources[0].path, watch, deadline, changed=changed, shortened=run.shortened
    )
    if again.failure != run.failure:
        return False
    parts = parts_of(build_program(again.recording, again.sites), again.finished)
    return read_by_own_losses(parts, deadline) is not None


def wrong_verdict(name: str, case: Case, run: Run, why: str) -> Verdict:
    fit = case.fits[OWN]
    if not fit.bad:  # all climb
        fit = replace(fit, good=set(), bad=fit.good)
    return Verdict(
        name, "wrong",
        f"{len(fit.bad)} of {len(fit.bad) + len(fit.good)} parameters do not follow the gradient of the "
        f"{loss_of(case, run)}: {why}", parameters=parameter_rows(case, fit, run=run),
    )  # fmt: skip


def loss_of(case: Case, run: Run) -> str:
    """Which loss it is that updates should follow: the line of its computation may be one of the engine."""
    back = way_back(case, read_texts(run.sources))
    if back is None:
        return f"loss that line {case.program.site(case.anatomy.mixes[-1].step).line} computes"
    text, call = back
    file = f" of {text.source.path.name}" if text.source is not run.sources[0] else ""
    return f"loss that line {call.lineno}{file} differentiates"


def unfollowed(parts: Parts) -> Iterator[Case]:
    """Those that it does not follow, or climbs."""
    for case in covering(parts):
        fit = case.fits[OWN]
        if fit.bad or (fit.good and not fit.is_right):  # an accuracy says nothing of anything
            yield case


def unexplained(parts: Parts) -> Iterator[Case]:
    """Losses of the program's own that some of all that learns does not follow."""
    return (case for case in covering(parts) if case.fits[OWN].bad)


def covering(parts: Parts) -> Iterator[Case]:
    """Losses of the program's own that all that learns may follow."""
    ends, totals = find_ends(parts)
    for steps in (*ends[:MOST_ENDS], totals):
        case = case_of(parts, steps) if steps else None
        fit = None if case is None else case.fits[OWN]
        if case and fit and parts.learning <= fit.good | fit.bad | fit.silent:
            yield case


def is_contradicted(verdict: Verdict, parts: Parts, run: Run) -> bool:
    """Whether what is called right does not follow the loss that an engine goes back from, or is overwritten by gradients."""
    texts = read_texts(run.sources)
    if verdict.driven:
        return not parts.learning and any(
            is_overwriting(statement) and was_reached(run, text, statement)
            for text, statement in statements_of_steps(run, texts)
        )
    return any(way_back(case, texts) is not None for case in unfollowed(parts))


def was_reached(run: Run, text: Text, statement: ast.stmt) -> bool:
    assert run.recorder is not None
    file = [source.path for source in run.sources].index(text.source.path)
    sites = (run.sites[number] for number in run.recorder.seen)
    return any((site.file, site.line) == (file, statement.lineno) for site in sites)


def is_of_another_loss(verdict: Verdict, parts: Parts) -> bool:
    """Whether some updates go up the loss by which they were judged, and down each that the program computes, or the reverse.

    So it may be as well where it computes none that is known.
    """
    judged = {(row.name, row.shape): row.cosine or 0.0 for row in verdict.parameters}

    def goes_otherwise(row: ParameterVerdict) -> bool:
        cosines = row.cosine or 0.0, judged.get((row.name, row.shape), 0.0)
        return min(map(abs, cosines)) > ALIKE and cosines[0] * cosines[1] < 0

    return all(
        any(map(goes_otherwise, parameter_rows(case, case.fits[OWN]))) for case in covering(parts)
    )


def is_refuted(finding: Finding, run: Run, program: Program) -> bool:
    """Whether an operation that is blamed is right by itself."""
    for plan in engine_plans(run, of_helpers=True):
        operation = find_operation(run, program, plan)
        if operation is None or operation.text.source.path.name != Path(finding.file).name:
            continue
        function = operation.function
        if function.lineno <= (finding.line or 0) <= (function.end_lineno or function.lineno):
            right, _ = judge_operation(run, program, plan)
            return right is True
    return False


def find_wrong_operation(
    run: Run, program: Program, deadline: Deadline
) -> tuple[str, list[Finding]] | None:
    """The first operation that is wrong by itself, with a mistake that is proved: products and sums, then others.

    Of those the expressions are made in which the others are tried.
    """
    recorder = run.recorder
    assert recorder is not None
    used = {run.sites[number].function for number in recorder.seen}
    for plan in sorted(
        engine_plans(run, of_helpers=True),
        key=lambda plan: [plan.operation != one for one in FIRST],
    ):
        if deadline.over:
            return None
        if plan.operation not in used:
            continue
        right, found = judge_operation(run, program, plan)
        if found:
            return plan.name, found
        driven = None if right else judge_engine_operation(run, plan, deadline)
        verdict = None if driven is None else decide_driven(plan.name, driven, deadline)
        found = verdict.findings if verdict is not None and verdict.verdict == "wrong" else []
        if found and all(one.proved for one in found):
            return plan.name, found
        if right is False and plan.operation in FIRST:
            return None  # it may be the way back as a whole
    return None
