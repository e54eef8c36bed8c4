"""The verdict on a program that trains by an engine of its own: operators that remember how to go back.

There nothing compares predictions with targets but the loss itself, and what looks like it on the way back says
nothing. So the loss that the program computes counts, and where updates do not follow it, each operation by itself.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.program import Program
from chainrule.checking.case_verdict import parameter_rows, sooner
from chainrule.checking.driving.driving import judge_engine_operation
from chainrule.checking.driving.engine_operations import find_operation
from chainrule.checking.driving.engine_order import judge_way_back
from chainrule.checking.driving.engine_slips import judge_operation
from chainrule.checking.driving.engine_steps import (
    is_overwriting,
    other_steps,
    statements_of_steps,
)
from chainrule.checking.driving.engines import EnginePlan, classes_of, engine_plans, number_of
from chainrule.checking.driving.unreset_gradients import find_resets, way_back
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.kept_gradients import adds_up
from chainrule.checking.fitting.own_readings import (
    ALIKE,
    MOST_ENDS,
    Parts,
    adds_labels,
    blamed_fit,
    case_of,
    find_ends,
    follows_own_loss,
    read_by_own_losses,
)
from chainrule.checking.own_verdict import decide_reading
from chainrule.checking.targets.corrected_text import changed_sources, finding_of, read_again
from chainrule.checking.targets.own_slips import LOSS
from chainrule.checking.untrained_verdict import decide_driven
from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run
from chainrule.recording.source import Source

FIRST = ("__mul__", "__add__")


@final
@dataclass(frozen=True)
class Blame:
    """What is wrong by itself in an engine: what that is, where, and its files put right if the text tells how."""

    words: str
    findings: list[Finding]
    changed: Mapping[Path, Source] | None = None


def decide_engine(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Right, where all updates plainly follow a loss that the program computes; wrong, where an operation is."""
    blamed = (
        None if follows_own_loss(parts) else blame_operation(name, parts, run, sooner(deadline))
    )
    reading = None if blamed else read_by_own_losses(parts, sooner(deadline))
    if reading is not None and not adds_labels(parts, reading, subtracts(run)):
        verdict = decide_reading(name, reading, run, loss_of(reading.cases[0], run))
        if verdict is not None:
            verdict.notes += harmless(run, parts.program, deadline)
        return verdict
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
    """Wrong, where updates do not follow the loss, and an operation that the program uses is wrong, or all are by the way back.

    Where no loss tells what it does, as nothing comes back, it must follow one with the text put right, and not before:
    what is wrong by itself may do no harm in this program.
    """
    blamed = find_wrong_operation(run, parts.program, deadline)
    if blamed is None:
        return None
    case = next(unfollowed(parts), None)
    if case is None:
        follows = read_by_own_losses(parts, deadline) is not None
        if follows or not blamed.changed or read_again(run, blamed.changed, deadline) is None:
            return None
    elif not case.fits[OWN].bad and not has_right_operation(run, parts.program):
        return None  # all give back the reverse: so does the way back as a whole
    verdict = wrong_verdict(
        name, case, run, f"what {blamed.words} gives back is not the derivative of what it computes"
    )
    verdict.findings = blamed.findings
    verdict.agreeing = f"what {blamed.words} gives back is the derivative of what it computes"
    return verdict


def blame_engine_alone(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where nothing learns by an engine that the program defines, and the text of that is proved wrong by itself."""
    if parts.learning:
        return None
    blamed = find_wrong_operation(run, parts.program, deadline, alone=True)
    if blamed is None:
        return None
    why = f"what {blamed.words} gives back is not the derivative of what it computes"
    verdict = Verdict(name, "wrong", why, driven=True, findings=blamed.findings)
    verdict.agreeing = f"what {blamed.words} gives back is the derivative of what it computes"
    return verdict


def has_right_operation(run: Run, program: Program) -> bool:
    return any(judge_operation(run, program, plan)[0] for plan in engine_plans(run, True))


def blame_memory(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where updates go by the gradients of all passes so far, and set back they follow the loss."""
    for case in unexplained(parts):
        if run.is_later or not adds_up(case):  # what is trained later is not come to again
            continue
        for reset in find_resets(run, case):
            if not deadline.over and read_again(run, reset.changed, deadline) is not None:
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
            if changed is None or deadline.over or read_again(run, changed, deadline) is None:
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


def wrong_verdict(name: str, case: Case | None, run: Run, why: str) -> Verdict:
    if case is None:
        return Verdict(name, "wrong", f"no parameter follows a loss that it computes: {why}")
    fit = blamed_fit(case)
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
    if any(case.fits[OWN].is_right for case in covering(parts)):
        return False
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


def harmless(run: Run, program: Program, deadline: Deadline) -> Iterator[str]:
    """What is wrong by itself, though all updates follow the loss: a factor that all share, or a use that never comes."""
    for plan in plans_used(run):
        amendment = None if deadline.over else judge_operation(run, program, plan)[1]
        if amendment is not None:
            found = amendment.finding
            yield (
                f"by itself {plan.name} is wrong at line {found.line} of {Path(found.file).name} "
                f"({found.mistake}), which does no harm here"
            )


def is_refuted(finding: Finding, run: Run, program: Program, alone: bool) -> bool:
    """Whether an operation that is blamed is right by itself.

    `alone`: or is one that all expressions are made of, wrong, and no change of its text puts it right.
    """
    for plan in engine_plans(run, of_helpers=True):
        operation = find_operation(run, program, plan)
        if operation is None or operation.text.source.path.name != Path(finding.file).name:
            continue
        function = operation.function
        if function.lineno <= (finding.line or 0) <= (function.end_lineno or function.lineno):
            right, _ = judge_operation(run, program, plan)
            return right is True or (alone and right is False and plan.operation in FIRST)
    return False


def find_wrong_operation(
    run: Run, program: Program, deadline: Deadline, alone: bool = False
) -> Blame | None:
    """The first operation that is wrong by itself, with a mistake that is proved: products and sums, then others.

    Of those the expressions are made in which the others are tried; where they are wrong, and no change of theirs
    is found, it may be the way back as a whole. `alone`: of all that are defined, and proved by the text put right.
    """
    plans = plans_used(run, of_all=alone)
    for plan in plans:
        if deadline.over:
            return None
        right, amendment = judge_operation(run, program, plan)
        if amendment is not None:
            return Blame(plan.name, [amendment.finding, *amendment.more], amendment.changed)
        if right is False and plan.operation in FIRST:
            alike = [other for other in plans if other.owner is plan.owner]
            back = judge_way_back(run, program, alike)
            if back is not None:
                return Blame("each of its operations", [back.finding], back.changed)
        driven = None if right or alone else judge_engine_operation(run, plan, deadline)
        verdict = None if driven is None else decide_driven(plan.name, driven, deadline)
        found = verdict.findings if verdict is not None and verdict.verdict == "wrong" else []
        if found and all(one.proved and not is_refuted(one, run, program, False) for one in found):
            return Blame(plan.name, found)
        if right is False and plan.operation in FIRST:
            return None
    return None


def plans_used(run: Run, of_all: bool = False) -> list[EnginePlan]:
    """The operations that a program uses, or all, products and sums first."""
    recorder = run.recorder
    assert recorder is not None
    used = {run.sites[number].function for number in recorder.seen}
    plans = [
        plan for plan in engine_plans(run, of_helpers=True) if of_all or plan.operation in used
    ]
    return sorted(plans, key=lambda plan: [plan.operation != one for one in FIRST])
