"""Parameters that are overwritten by what should be added to them: w =- rate * dw, w = rate * dw.

The program is run again with the statement as an update. The mistake is proved where every update, those
among them, then follows the gradient of a loss.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

from chainrule.checking.anatomy.program import build_program
from chainrule.checking.finding.syntax import columns_of
from chainrule.checking.fitting.case import Case, open_case, right_losses
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.verdict import Finding
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.source import Source

STARTS = re.compile(
    r"rand|normal|uniform|zeros|gauss"
)  # what a parameter's first value is made with
MOST_TRIED = 4
TRY_SHARE = 0.4  # of the time that is left, for a run


@final
@dataclass(frozen=True)
class Overwritten:
    """A proved mistake: the case of the corrected program, its losses, and a finding for each line."""

    case: Case
    losses: list[str]
    findings: list[Finding]


@final
@dataclass(frozen=True)
class Update:
    """A statement that overwrites, and the operator that would update."""

    source: Source
    node: ast.Assign
    operator: str

    @property
    def line(self) -> str:
        coded = text_of(self.source, self.node)
        sign = sign_of(self.source, self.node)
        start = self.node.value.col_offset if sign is None else sign.col_offset + 1
        target = coded[: self.node.targets[0].end_col_offset]
        return (target + f" {self.operator} ".encode() + coded[start:].lstrip()).decode()


def text_of(source: Source, node: ast.stmt) -> bytes:
    return source.text.split("\n")[node.lineno - 1].encode()


def find_overwritten(run: Run, deadline: Deadline, signed: bool) -> Overwritten | None:
    """The mistake where other statements would make it right; `signed`: with =- or =+, else others."""
    for number, updates in enumerate(possible_updates(run, signed)):
        if number >= MOST_TRIED or deadline.over:
            break
        found = prove(run, updates, deadline)
        if found is not None:
            return found
    return None


def possible_updates(run: Run, only_signed: bool) -> Iterator[list[Update]]:
    """Statements to change together: all with =- and =+, then one by one what replaces a drawn value or zeros."""
    signed, others = list[Update](), list[list[Update]]()
    for source in run.sources:
        assigned = [
            node
            for node in source.nodes
            if isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and node.lineno == node.end_lineno
            and isinstance(node.targets[0], ast.Name | ast.Attribute | ast.Subscript)
        ]
        drawn = {
            ast.unparse(target)
            for node in source.nodes
            if isinstance(node, ast.Assign)
            for target, value in pairs_of(node)
            if STARTS.search(ast.unparse(value))
        }
        for node in assigned:
            target = ast.unparse(node.targets[0])
            sign = sign_of(source, node)
            if sign is not None:
                signed.append(Update(source, node, "-=" if isinstance(sign.op, ast.USub) else "+="))
            elif (
                target in drawn
                and isinstance(node.value, ast.BinOp | ast.UnaryOp)
                and target not in spoken_in(node.value)
                and not STARTS.search(ast.unparse(node.value))
            ):
                others += [[Update(source, node, operator)] for operator in ("-=", "+=")]
    yield from ([signed] if signed else []) if only_signed else others


def pairs_of(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """Targets and their values: of a, b = c, d each by itself."""
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def sign_of(source: Source, node: ast.Assign) -> ast.UnaryOp | None:
    """The sign that is written together with the equals sign: w =- rate * dw."""
    leftmost: ast.AST = node.value
    while isinstance(leftmost, ast.BinOp) and isinstance(
        leftmost.op, ast.Mult | ast.Div | ast.MatMult
    ):
        leftmost = leftmost.left
    if not isinstance(leftmost, ast.UnaryOp) or not isinstance(leftmost.op, ast.USub | ast.UAdd):
        return None
    together = text_of(source, node)[: leftmost.col_offset].endswith((b" =", b")=", b"]="))
    return leftmost if together else None


def spoken_in(node: ast.expr) -> set[str]:
    return {ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.expr)}


def prove(run: Run, updates: Sequence[Update], deadline: Deadline) -> Overwritten | None:
    """The changed program, run: all its updates must follow one loss, and the changed lines be among them."""
    end = deadline.share(TRY_SHARE)
    if end.left < 0.5:
        return None
    changed: dict[str, Source] = {}
    for update in updates:
        source = changed.get(str(update.source.path), update.source)
        lines = source.text.split("\n")
        lines[update.node.lineno - 1] = update.line
        changed[str(source.path)] = replace(source, text="\n".join(lines))
    again = run_recorded(
        run.sources[0].path, watch_until_enough(end), end,
        changed={source.path: source for source in changed.values()},
    )  # fmt: skip
    case = open_case(build_program(again.recording, again.sites), again.finished)
    losses = right_losses(case) if case.anatomy.updates else []
    if not losses or again.failure != run.failure:
        return None
    names = {}
    for chain in case.anatomy.chains:
        site = case.program.site(chain.steps[0])
        names[again.sources[site.file].path, site.line] = chain.name(case.program) or "parameter"
    used = [u for u in updates if (u.source.path, u.node.lineno) in names]
    if not used:
        return None
    findings = [finding_of(u, names[u.source.path, u.node.lineno]) for u in used]
    return Overwritten(case, losses, findings)


def finding_of(update: Update, name: str) -> Finding:
    source, line = update.source, update.node.lineno
    cell, cell_line = source.cell_of(line)
    shown = source.shown[line - 1]
    target = ast.unparse(update.node.targets[0])
    return Finding(
        str(source.path), line, "wrong-operator",
        f"{target} anew from its gradient alone: what it was before is lost",
        f"{target} from what it was, one step further",
        update.line.strip(), proved=True, cell=cell, cell_line=cell_line,
        columns=columns_of(shown, update.node, line), source=shown, parameters=[name],
    )  # fmt: skip
