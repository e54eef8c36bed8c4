"""Indices, ends and strides that are others than they should be: w[0] for w[j], range(T - 2, -1, -1) for range(T - 1, -1, -1)."""

import ast
from collections.abc import Iterator

from chainrule.checking.finding.syntax import FUNCTIONS, Text
from chainrule.checking.targets.corrected_text import Change
from chainrule.checking.targets.rare_slips import Slip

COUNTING = ("range", "enumerate")
CHOOSING = ("min", "max")


def strides(node: ast.AST) -> Iterator[Slip]:
    """One step on or back, where a range or slice goes by another."""
    for part in ast.walk(node):
        stride = part.step if isinstance(part, ast.Slice) else None
        if isinstance(part, ast.Call) and ast.unparse(part.func) == "range" and len(part.args) == 3:
            stride = part.args[2]
        if stride is None:
            continue
        for other in ("-1", "1"):
            try:
                same = ast.literal_eval(stride) == int(other)
            except ValueError:
                break
            if not same:
                words = f"steps of {ast.unparse(stride)}", f"steps of {other}"
                yield Change(stride, other), "wrong-index", *words


def long_strides(text: Text) -> Iterator[Slip]:
    """A loop that goes by more than one step: layers[::-2] for layers[::-1], which leaves every other layer out."""
    for loop in ast.walk(text.tree):
        if isinstance(loop, ast.For | ast.comprehension):
            for slip in strides(loop.iter):
                if abs(ast.literal_eval(slip[0].node)) > 1:
                    yield slip


def other_ends(node: ast.AST) -> Iterator[Slip]:
    """The end of a slice counted from the other end: w[:-1] for w[:1]."""
    for part in ast.walk(node):
        for bound in (part.lower, part.upper) if isinstance(part, ast.Slice) else ():
            number = bound.operand if isinstance(bound, ast.UnaryOp) else bound
            if bound is None or not isinstance(number, ast.Constant) or not number.value:
                continue
            turned = isinstance(bound, ast.UnaryOp) and isinstance(bound.op, ast.USub)
            mended = f"{'' if turned else '-'}{ast.unparse(number)}"
            yield (
                Change(bound, mended),
                "wrong-index",
                f"entries to or from {ast.unparse(bound)}",
                f"those to or from {mended}",
            )


def bounds(text: Text, node: ast.AST) -> Iterator[Slip]:
    """One round more or less at either end of a range.

    Not where the end goes by another loop's count, or is the larger of two: so many steps back are a choice.
    """
    for call in ast.walk(node):
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "range"):
            continue
        around = set(counted(text, text.parents[text.statement(call) or call]))
        for argument in call.args[:2]:
            parts = list(ast.walk(argument))
            if any(
                isinstance(part, ast.Name) and part.id in {*around, *CHOOSING} for part in parts
            ):
                continue
            for number in parts:
                if isinstance(number, ast.Constant) and type(number.value) is int:
                    for other in (number.value - 1, number.value + 1):
                        if other >= 0:
                            yield from with_other(text, call, number, str(other))


def other_indices(text: Text, node: ast.Subscript) -> Iterator[Slip]:
    """An entry at the index that a loop around counts, or beside it, where a number of the source stands: w[0] for w[j]."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        negative = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub)
        number = part.operand if isinstance(part, ast.UnaryOp) and negative else part
        if not isinstance(number, ast.Constant) or type(number.value) is not int:
            continue
        for name in counted(text, node):
            yield from with_other(text, node, part, name)
        for other in (number.value - 1, number.value + 1):
            if other >= (1 if negative else 0):
                yield from with_other(text, node, number, str(other))


def counted(text: Text, node: ast.AST) -> Iterator[str]:
    """What the loops around a node count, innermost first."""
    here: ast.AST | None = node
    while here is not None and not isinstance(here, FUNCTIONS):
        loops = here.generators if isinstance(here, ast.ListComp | ast.GeneratorExp) else [here]
        for loop in loops:
            if not isinstance(loop, ast.For | ast.comprehension):
                continue
            called = [part for part in ast.walk(loop.iter) if isinstance(part, ast.Call)]
            if any(ast.unparse(call.func) in COUNTING for call in called):
                first = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else loop.target
                if isinstance(first, ast.Name):
                    yield first.id
        here = text.parents.get(here)


def with_other(text: Text, whole: ast.expr, part: ast.expr, mended: str) -> Iterator[Slip]:
    """The slip where an expression of one line should have another text in a part's place."""
    if whole.lineno == whole.end_lineno:
        line = text.source.text.split("\n")[whole.lineno - 1].encode()
        before, after = (
            line[whole.col_offset : part.col_offset],
            line[part.end_col_offset : whole.end_col_offset],
        )
        should = (before + mended.encode() + after).decode()
        yield Change(part, mended), "wrong-index", text.segment(whole), should
