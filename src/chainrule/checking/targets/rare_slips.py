"""Slips of a few kinds: every column where each sample's own class belongs, and a number added where a penalty belongs."""

import ast
from collections.abc import Collection, Iterator
from typing import TypeAlias

from chainrule.checking.finding.syntax import Text
from chainrule.checking.targets.corrected_text import Change

Slip: TypeAlias = tuple[Change, str, str, str]  # the mistake's name, what is there, what should be

PLAIN = (ast.Name, ast.Attribute)


def all_columns(text: Text, nodes: Collection[ast.expr]) -> Iterator[Slip]:
    """d[range(len(y)), y] for d[:, y], which changes the classes of all samples in each."""
    for node in nodes:
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Store):
            continue
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        whole = [
            part
            for part in parts
            if isinstance(part, ast.Slice) and not (part.lower or part.upper or part.step)
        ]
        others = [part for part in parts if isinstance(part, PLAIN)]
        if len(parts) == 2 and len(whole) == len(others) == 1:
            mended = f"range(len({ast.unparse(others[0])}))"
            spoken = ", ".join(mended if part is whole[0] else ast.unparse(part) for part in parts)
            was = text.segment(node)
            yield (
                Change(whole[0], mended),
                "wrong-index",
                f"{was}, which are entries of every sample",
                f"{ast.unparse(node.value)}[{spoken}]",
            )


def bare_penalties(
    text: Text, nodes: Collection[ast.expr], parameters: Collection[str]
) -> Iterator[Slip]:
    """reg * w for reg alone, which is added to every entry, where the program multiplies a parameter by reg elsewhere."""
    known = factors_of(text, parameters)
    for node in nodes:
        around = text.parents.get(node)
        added = (
            isinstance(around, ast.AugAssign | ast.BinOp)
            and isinstance(around.op, ast.Add | ast.Sub)
            and node is (around.value if isinstance(around, ast.AugAssign) else around.right)
        )
        if not added or names_in(node).isdisjoint(known) or not is_of_numbers(node):
            continue
        was = text.segment(node)
        likely = [name for name in sorted(parameters, key=len) if is_in(name, text.statement(node))]
        if likely:
            mended = f"{was} * {likely[-1]}"
            yield Change(node, mended), "wrong-operator", f"a sum with {was} alone", mended


def factors_of(text: Text, parameters: Collection[str]) -> set[str]:
    """The names that stand in products with parameters, or with what is made of these alone."""
    found: set[str] = set()
    for node in ast.walk(text.tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if is_of_numbers(one) and names_in(other) & set(parameters):
                    found |= names_in(one)
    return found


def names_in(node: ast.AST) -> set[str]:
    return {ast.unparse(one) for one in ast.walk(node) if isinstance(one, PLAIN)}


def is_of_numbers(node: ast.AST) -> bool:
    """Whether an expression is a name or a product of names and numbers."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mult) and all(map(is_of_numbers, (node.left, node.right)))
    return isinstance(node, (*PLAIN, ast.Constant))


def is_in(name: str, node: ast.AST | None) -> bool:
    """Whether a name is part of a statement's text: W2 of dW2 += reg."""
    return node is not None and name.rpartition(".")[2] in ast.unparse(node)
