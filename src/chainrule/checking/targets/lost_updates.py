"""A step by an error that a value of the forward pass takes, and that nothing uses: h2 -= rate * dh2, for b2.

The next pass computes such a value anew, so the step goes nowhere, and the parameter that it was meant for stays as
it is. What is made before the passes and no statement changes is put in its place. The mistake is proved where every
update of the program then follows the gradient of a loss; else it is no more than odd.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import final

from chainrule.checking.anatomy.parameters import LINKS, UPDATE_KINDS
from chainrule.checking.anatomy.program import Instruction, Spot
from chainrule.checking.finding.syntax import FUNCTIONS, Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change, Correction
from chainrule.checking.targets.foreign_updates import (
    base_of,
    name_of,
    occurrences,
    update_of_own,
)
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

FEWEST = 2  # times
MOST_NAMES = 6  # that may be meant
MOST_USES = 200
SHARE = 0.3  # of the time that is left


@final
@dataclass
class Lost:
    """The statement of a step that nothing uses."""

    text: Text
    file: int
    statement: ast.AugAssign | ast.Assign


def find_lost(run: Run, case: Case) -> Lost | None:
    """The first statement that changes a value of the forward pass by an error, each time for nothing."""
    steps = lost_steps(case)
    if not steps:
        return None
    texts = read_texts(run.sources)
    for step in steps:
        site = case.program.site(step)
        statement = texts[site.file].statement(texts[site.file].find(site) or ast.Pass())
        if isinstance(statement, ast.AugAssign):
            return Lost(texts[site.file], site.file, statement)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            value, target = statement.value, ast.unparse(statement.targets[0])
            if (
                isinstance(value, ast.BinOp)
                and isinstance(value.op, ast.Add | ast.Sub)
                and ast.unparse(value.left) == target
            ):
                return Lost(texts[site.file], site.file, statement)
    return None


def lost_steps(case: Case) -> list[Instruction]:
    """The first step of each place that adds an error to what predictions are made from, and is never used."""
    anatomy, program = case.anatomy, case.program
    used = {number for update in anatomy.updates for number in update.mixes}
    predictions = (anatomy.mixes[number].prediction for number in used)
    forward = program.ancestors(predictions, anatomy.stops) - anatomy.stops
    found: dict[Spot, list[Instruction]] = {}
    others: set[Spot] = set()  # places whose steps serve something now and then
    end = max(
        (update.before for update in anatomy.updates), default=-1
    )  # the last pass may be cut off
    for step in program.steps:
        if (
            step.output > end
            or step.operation not in LINKS
            or program.recording.sites[step.number] < 0
        ):
            continue
        if program.site(step).kind not in UPDATE_KINDS:
            continue
        start, error = step.inputs
        start = program.source_through(start, {"gather"}, anatomy.stops)
        moved = (
            start in forward
            and bool(anatomy.masks[start])
            and not anatomy.error_masks[start]
            and bool(anatomy.error_masks[error])
        )
        if moved and not is_used(case, step):
            found.setdefault(program.spot(step), []).append(step)
        else:
            others.add(program.spot(step))
    return [
        steps[0] for spot, steps in found.items() if len(steps) >= FEWEST and spot not in others
    ]


def is_used(case: Case, step: Instruction) -> bool:
    """Whether anything is made of a step but the array that it is written into."""
    waiting, seen = [step.output], {step.output}
    while waiting and len(seen) < MOST_USES:
        for user in case.program.consumers.get(waiting.pop(), ()):
            if user.operation not in ("scatter", "reshape"):
                return True
            if user.output not in seen:
                seen.add(user.output)
                waiting.append(user.output)
    return bool(waiting)


def find_lost_update(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where a parameter's step is taken by a value of the forward pass."""
    lost = find_lost(run, case)
    if lost is None:
        return None
    text, end = lost.text, deadline.share(SHARE)
    for change, was, own in islice(changes(lost), MOST_NAMES):
        words = f"an update of {was}, where {own} belongs", f"one of {own}"
        found = update_of_own(run, text, lost.file, change, own, words, end)
        if found is not None:
            return found
    return None


def changes(lost: Lost) -> Iterator[tuple[Change, str, str]]:
    """The statement with each other name that may be meant, what it changes, and the name; likelier ones first."""
    text, statement = lost.text, lost.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    named = base_of(target)
    if statement.lineno != statement.end_lineno or not isinstance(named, ast.Name | ast.Attribute):
        return
    was = ast.unparse(named)
    for name in names_meant(text, statement, named):
        own = f"{ast.unparse(named.value)}.{name}" if isinstance(named, ast.Attribute) else name
        if isinstance(statement, ast.AugAssign):
            yield Change(named, own), was, own
        elif isinstance(statement.value, ast.BinOp):
            start = ast.unparse(target).replace(was, own, 1)
            value, operator = (
                statement.value,
                "+" if isinstance(statement.value.op, ast.Add) else "-",
            )
            added = text.segment(value.right)
            yield Change(statement, f"{start} = {start} {operator} {added}"), was, own


def names_meant(text: Text, statement: ast.stmt, named: ast.expr) -> list[str]:
    """What is read, made outside of the pass that a statement is in, and changed nowhere."""
    stored, loaded = occurrences(text, ast.Store), occurrences(text, ast.Load)
    inside = pass_around(text, statement)
    own = name_of(named)

    def is_meant(name: str) -> bool:
        made = stored.get(name, [])
        return (
            name != own
            and len(made) == 1
            and made[0] not in inside
            and type(made[0]) is type(named)
            and name in loaded
        )

    def likeliness(name: str) -> tuple[bool, int, str]:
        letters = sum(a != b for a, b in zip(name, own, strict=False)) + abs(len(name) - len(own))
        return letters > 1, abs(stored[name][0].lineno - statement.lineno), name

    return sorted(filter(is_meant, stored), key=likeliness)


def pass_around(text: Text, node: ast.AST) -> set[ast.AST]:
    """Everything in the outermost loop around a node in its function, or in the function itself."""
    around, here = node, text.parents.get(node)
    while here is not None:
        if isinstance(here, ast.For | ast.While):
            around = here
        if isinstance(here, FUNCTIONS):
            around = here
            break
        here = text.parents.get(here)
    return set(ast.walk(around))
