"""Statements that add to something of their own and have not run yet: a second network's updates, perhaps."""

import ast
from collections.abc import Collection, Sequence

from chainrule.recording.rewriting import Sites
from chainrule.recording.source import Source


def unreached_updates(
    sources: Sequence[Source], sites: Sites, reached: Collection[int]
) -> set[int]:
    """The sites of w -= d and w = w - d that have not been reached; w += 1 only counts."""
    lines = [update_lines(source) for source in sources]
    return {
        site.number
        for site in sites.sites
        if site.kind in ("Add", "Sub") and site.number not in reached
        and any(first <= site.line and site.end_line <= last for first, last in lines[site.file])
    }  # fmt: skip


def update_lines(source: Source) -> list[tuple[int, int]]:
    """The first and last line of every statement that adds to a value or subtracts from it."""
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node in source.nodes
        if isinstance(node, ast.Assign | ast.AugAssign) and is_update(node)
    ]


def is_update(node: ast.Assign | ast.AugAssign) -> bool:
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add | ast.Sub) and not isinstance(node.value, ast.Constant)
    names = {ast.unparse(target) for target in node.targets}
    value = node.value
    while isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        if {ast.unparse(value.left), ast.unparse(value.right)} & names:
            return True
        value = value.left
    return False
