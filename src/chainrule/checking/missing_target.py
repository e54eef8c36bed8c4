"""An error that does not use the target: found, put right in the program's own text, and proved by running it.

The recording tells where an error is made of predictions alone. A second run looks which names stand in
sight there. With one of them in the target's place the program is run a third time: the mistake is proved
where every update then follows the gradient of a loss.
"""

import ast
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from chainrule.checking.blame import FUNCTIONS, Text, operand_of, read_texts
from chainrule.checking.checking import Case, open_case, right_losses
from chainrule.checking.enough import watch_until_enough
from chainrule.checking.error_places import ErrorPlace, find_error_places
from chainrule.checking.program import Program, build_program
from chainrule.checking.target_names import Surroundings
from chainrule.checking.verdict import Finding
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.looking import Look

MOST_TARGETS = 3
MOST_PLACES = 3
LOOK_SHARE, TRY_SHARE = 0.3, 0.4  # of the time that is left, for a run


@final
@dataclass(frozen=True)
class MissingTarget:
    """A proved mistake: the case of the corrected program, its losses, and the finding."""

    case: Case
    losses: list[str]
    finding: Finding


@final
@dataclass(frozen=True)
class Change:
    """A node of the text that another takes the place of."""

    node: ast.expr
    text: str


def find_missing_target(run: Run, program: Program, deadline: float) -> MissingTarget | None:
    """The mistake where an error is made without data, although a target stands beside it."""
    for number, place in enumerate(find_error_places(program)):
        if number >= MOST_PLACES or time.monotonic() > deadline:
            break
        found = mend(run, place, deadline)
        if found is not None:
            return found
    return None


def mend(run: Run, place: ErrorPlace, deadline: float) -> MissingTarget | None:
    """The program with a target at that place, where one is in sight and all updates then agree."""
    texts = read_texts(run.sources)
    site = run.sites[place.site]
    text = texts[site.file]
    node = text.find(site)
    if node is None:
        return None
    surroundings = look_around(run, place, indices_of(text, node, place), deadline)
    if surroundings is None:
        return None
    for target in surroundings.targets()[:MOST_TARGETS]:
        for change in changes(text, node, place, target):
            if time.monotonic() > deadline:
                return None
            found = prove(run, text, change, place, deadline)
            if found is not None:
                return found
    return None


def look_around(
    run: Run, place: ErrorPlace, indices: Sequence[str], deadline: float
) -> Surroundings | None:
    """What is in sight wherever the error is made, by running the program once more."""
    look = Look({place.site}, indices)
    seconds = LOOK_SHARE * (deadline - time.monotonic())
    if seconds < 0.5:
        return None
    again = run_recorded(run.sources[0].path, watch_until_enough(seconds), seconds, look=look)
    program = build_program(again.recording, again.sites)
    return Surroundings(program, place, look)


def indices_of(text: Text, node: ast.AST, place: ErrorPlace) -> list[str]:
    """The indices by which the prediction is read there: a target's entry has the same."""
    operand = operand_of(node, place.slot)
    found = [operand]
    if isinstance(operand, ast.expr):
        alias = assigned_before(text, node, operand)
        found.append(alias)
    return [ast.unparse(one.slice) for one in found if isinstance(one, ast.Subscript)]


def changes(text: Text, node: ast.AST, place: ErrorPlace, target: str) -> Iterator[Change]:
    """How the text may be put right with a target."""
    if place.kind == "alone":
        operand = operand_of(node, place.slot)
        if not isinstance(operand, ast.expr):
            return
        alias = assigned_before(text, node, operand)
        if alias is not None:
            yield Change(alias, f"{text.segment(alias)} - {target}")
        yield Change(operand, f"({text.segment(operand)} - {target})")
    elif place.kind == "another":
        operand = operand_of(node, 1 - place.slot)
        if isinstance(operand, ast.expr):
            yield Change(operand, target)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        index = node.target.slice
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        yield Change(parts[-1], target)


def assigned_before(text: Text, node: ast.AST, operand: ast.expr) -> ast.expr | None:
    """What a name was given in the same function before, where that is a value as it is: error = out."""
    spoken = ast.unparse(operand)
    scope = text.around(node, FUNCTIONS) or text.tree
    best: ast.Assign | None = None
    for one in ast.walk(scope):
        if (
            isinstance(one, ast.Assign)
            and one.lineno < getattr(node, "lineno", 0)
            and any(ast.unparse(target) == spoken for target in one.targets)
            and (best is None or one.lineno > best.lineno)
        ):
            best = one
    plain = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
    return best.value if best is not None and isinstance(best.value, plain) else None


def prove(
    run: Run, text: Text, change: Change, place: ErrorPlace, deadline: float
) -> MissingTarget | None:
    """The changed program, run: all its updates must follow one loss, by one rate."""
    source, node = text.source, change.node
    seconds = TRY_SHARE * (deadline - time.monotonic())
    if node.lineno != node.end_lineno or seconds < 0.5:
        return None
    lines = source.text.split("\n")
    line = with_text(lines[node.lineno - 1], node, change.text)
    lines[node.lineno - 1] = line
    changed = {source.path: replace(source, text="\n".join(lines))}
    again = run_recorded(
        run.sources[0].path, watch_until_enough(seconds), seconds, changed=changed
    )
    case = open_case(build_program(again.recording, again.sites), again.finished)
    losses = right_losses(case) if case.anatomy.updates and again.failure == run.failure else []
    if not losses or not is_steady(case, losses[0]) or not uses_line(case, text, node.lineno):
        return None
    cell, cell_line = source.cell_of(node.lineno)
    shown = source.shown[node.lineno - 1]
    finding = Finding(
        source.path.name, node.lineno, "target-unused",
        "an error without the target: no update depends on the data that predictions should come to",
        f"the difference of prediction and target: {line.strip()}",
        line, proved=True, cell=cell, cell_line=cell_line,
        columns=(column(shown, node.col_offset), column(shown, node.end_col_offset or 0)), source=shown,
        parameters=sorted({chain.name(case.program) or "parameter" for chain in case.anatomy.chains}),
    )  # fmt: skip
    return MissingTarget(case, losses, finding)


def with_text(line: str, node: ast.expr, text: str) -> str:
    coded = line.encode()
    return (coded[: node.col_offset] + text.encode() + coded[node.end_col_offset :]).decode()


def column(line: str, offset: int) -> int:
    return len(line.encode()[:offset].decode(errors="ignore"))


def is_steady(case: Case, loss: str) -> bool:
    """Whether one rate does for all turns, or rates that only fall: a reward would change them at will."""
    rates = np.asarray([case.fits[loss].rate[turn] for turn in sorted(case.fits[loss].rate)])
    return bool(rates.size) and bool(np.all(np.diff(rates) <= 1e-6 * np.abs(rates[:-1])))


def uses_line(case: Case, text: Text, line: int) -> bool:
    """Whether all errors of the corrected program are made where it was corrected."""
    anatomy = case.anatomy
    used = {number for update in anatomy.updates for number in update.mixes}
    sites = [case.program.site(anatomy.mixes[number].step) for number in used]
    return all(site.line <= line <= site.end_line for site in sites)
