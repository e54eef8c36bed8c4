"""A program with parts of its text changed: run again, and judged from the start."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from chainrule.checking.anatomy.program import build_program
from chainrule.checking.finding.syntax import FUNCTIONS, Text, columns_of
from chainrule.checking.fitting.case import Case, open_case, right_losses
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.fitting.epsilons import open_without_epsilons
from chainrule.checking.fitting.own_readings import OwnReading, parts_of, read_by_own_losses
from chainrule.checking.fitting.unlike_optimizers import unlike_optimizers
from chainrule.checking.targets.error_places import lasting_chains
from chainrule.checking.targets.first_turns import FirstTurns
from chainrule.checking.verdict import Finding
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.recorder import Recorder
from chainrule.recording.source import Source, UnreadableError

LEAST_SECONDS = 0.5  # for a run


@final
@dataclass(frozen=True)
class Change:
    """A node of the text that another takes the place of."""

    node: ast.expr | ast.stmt
    text: str


@final
@dataclass(frozen=True)
class Amendment:
    """Files with their text changed, and the finding that this proves if it is right; `more` of several lines at once."""

    changed: dict[Path, Source]
    finding: Finding
    more: tuple[Finding, ...] = ()


@final
@dataclass(frozen=True)
class Correction:
    """A proved mistake: the case of the corrected program, its losses, and a finding for each change."""

    case: Case
    losses: list[str]
    findings: list[Finding]


def run_changed(
    run: Run, changes: Sequence[tuple[Text, Change]], deadline: Deadline
) -> tuple[Case, list[str]] | None:
    """The case of the changed program and its losses; None where it does not run as before, or is not right.

    What a program trains later is not come to again, and what comes before it proves nothing.
    """
    if deadline.left < LEAST_SECONDS or run.is_later:
        return None
    changed = changed_sources(changes)
    if changed is None:
        return None
    watch = FirstTurns(watch_until_enough(deadline), len(run.recording.graph.values))
    again = run_again(run, changed, watch, deadline)
    if again is None or watch.given_up:
        return None
    for part in (again, *again.later):
        case = open_case(build_program(part.recording, part.sites), part.finished)
        if not changes_updates(case, part, changes):
            continue  # this part was right before, and says nothing of the change
        if not right_losses(case):
            case = open_without_epsilons(case, part.finished) or case
        losses = right_losses(case)
        right = (
            bool(losses)
            and stays_finite(case)
            and judges_all(case)
            and moves_alike(case, losses[0])
        )
        return (case, losses) if right else None
    return None


def read_again(run: Run, changed: Mapping[Path, Source], deadline: Deadline) -> OwnReading | None:
    """The reading by its own losses of a program with some of its files changed."""
    again = run_again(run, changed, watch_until_enough(deadline), deadline)
    if again is None:
        return None
    parts = parts_of(build_program(again.recording, again.sites), again.finished)
    return read_by_own_losses(parts, deadline)


def run_again(
    run: Run, changed: Mapping[Path, Source], watch: Callable[[Recorder], None], deadline: Deadline
) -> Run | None:
    """A program run with some of its files changed; None where it does not end as before."""
    try:
        again = run_recorded(
            run.sources[0].path, watch, deadline, changed=changed, shortened=run.shortened
        )
    except (UnreadableError, MemoryError):  # a change may make a program grow without end
        return None
    return again if again.failure == run.failure else None


def changed_sources(changes: Sequence[tuple[Text, Change]]) -> dict[Path, Source] | None:
    """The files with some changes; None where one is of several lines."""
    changed: dict[Path, Source] = {}
    # Of two on one line the last goes first: columns before it stay what they are.
    for text, change in sorted(changes, key=lambda at: at[1].node.col_offset, reverse=True):
        source, line = changed.get(text.source.path, text.source), change.node.lineno
        if line != change.node.end_lineno:
            return None
        lines = source.text.split("\n")
        lines[line - 1] = with_text(lines[line - 1], change)
        changed[source.path] = replace(source, text="\n".join(lines))
    return changed


def changes_updates(case: Case, part: Run, changes: Sequence[tuple[Text, Change]]) -> bool:
    """Whether each of the changed lines, or what a loop that is changed goes round, computes something that goes into an update."""
    program = case.program
    behind = program.ancestors(update.after for update in case.anatomy.updates)
    steps = [step for step in program.steps if step.output in behind]
    sites = {program.recording.sites[step.number] for step in steps}
    calls = {program.call(step) for step in steps} - {None}
    while calls:
        sites |= {call.site for call in calls if call is not None}
        calls = {call.outer for call in calls if call is not None} - {None}
    lines = {(part.sources[(at := part.sites[s]).file].path, at.line) for s in sites if s >= 0}
    return all(
        any((text.source.path, line) in lines for line in lines_changed(text, change))
        for text, change in changes
    )


def lines_changed(text: Text, change: Change) -> range:
    """The line of a change; of one in what a loop goes through all lines of the loop, in what a function returns all of its.

    So it is of what goes on in a tuple or table, since no step stands there.
    """
    here: ast.AST | None = change.node
    while here is not None and not isinstance(here, ast.stmt):
        here, before = text.parents.get(here), here
        if isinstance(here, ast.For) and before is here.iter:
            return range(here.lineno, (here.end_lineno or here.lineno) + 1)
    function = text.around(change.node, FUNCTIONS)
    handed_on = isinstance(text.parents.get(change.node), ast.Tuple | ast.List | ast.Dict)
    if (handed_on or isinstance(here, ast.Return)) and isinstance(function, ast.FunctionDef):
        return range(function.lineno, (function.end_lineno or function.lineno) + 1)
    if handed_on:
        return range(1, len(text.source.shown) + 1)
    return range(change.node.lineno, change.node.lineno + 1)


def stays_finite(case: Case) -> bool:
    """Whether updates are numbers: of what a division by 0 makes nothing disagrees with a gradient."""
    return all(bool(np.all(np.isfinite(case.values[u.after]))) for u in case.anatomy.updates)


def judges_all(case: Case) -> bool:
    """Whether whatever is changed time and again is among the parameters that were judged."""
    stops = case.anatomy.stops
    chains = [set(chain.versions) for chain in lasting_chains(case.program)[0]]
    return all(versions <= stops for versions in chains if versions & stops)


def moves_alike(case: Case, loss: str) -> bool:
    """Whether an optimizer moves all parameters alike, or by numbers that the program has for it."""
    unlike = unlike_optimizers(case, case.fits[loss])
    return unlike is None or unlike.stated


def with_text(line: str, change: Change) -> str:
    coded, node = line.encode(), change.node
    before, after = coded[: node.col_offset], coded[node.end_col_offset :]
    if before.endswith(b"- (") and after.startswith(b")"):
        before, after = before[:-1], after[1:]  # round what is replaced
    return (before + change.text.encode() + after).decode()


def finding_of(text: Text, change: Change, mistake: str, found: str, expected: str) -> Finding:
    """The finding that a change proves; `expected` is said of the corrected line."""
    source, line = text.source, change.node.lineno
    cell, cell_line = source.cell_of(line)
    shown = source.shown[line - 1]
    fixed = with_text(source.text.split("\n")[line - 1], change)
    should = expected if "\n" in fixed else f"{expected}: {fixed.strip()}"
    return Finding(
        str(source.path), line, mistake, found, should, fixed, proved=True,
        cell=cell, cell_line=cell_line, columns=columns_of(shown, change.node, line), source=shown,
    )  # fmt: skip


def correction_of(
    case: Case, losses: list[str], text: Text, change: Change, mistake: str, words: tuple[str, str]
) -> Correction:
    """What a change proves that puts all parameters right; `words` are those of its finding."""
    finding = finding_of(text, change, mistake, *words)
    finding.parameters = sorted(
        {chain.name(case.program) or "parameter" for chain in case.anatomy.chains}
    )
    return Correction(case, losses, [finding])
