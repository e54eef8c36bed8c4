"""What has not run yet and may train: a second network's updates, or the other branches of a class made again."""

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from chainrule.recording.rewriting import Sites
from chainrule.recording.source import Source

# What the recorder does not see where it stands, be it reached or not: whatever is computed there it sees.
UNSEEN = {"assign", "iterate"}
# The file, the line that is reached, and the function's name.
Frame: TypeAlias = tuple[int, int, str]


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
        if isinstance(node, ast.Assign | ast.AugAssign)
        and is_update(node)
        and node.lineno not in source.operator_lines
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


def unreached_branches(
    sources: Sequence[Source], sites: Sites, reached: Collection[int], frames: Sequence[Frame]
) -> set[int]:
    """The computations of functions that have run in part, where what is running comes again, perhaps otherwise."""
    if not comes_again(sources, sites, reached, frames):
        return set()
    entered = {
        (sites[number].file, sites[number].function) for number in reached if sites[number].function
    }
    lines = [lines_of_values(source) - source.operator_lines for source in sources]
    return {
        site.number
        for site in sites.sites
        if site.number not in reached
        and site.kind not in UNSEEN
        and (site.file, site.function) in entered
        and site.line in lines[site.file]
    }


def lines_of_values(source: Source) -> set[int]:
    """The lines whose results go on: a = f(x), return f(x)."""
    return {
        line
        for node in source.nodes
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def comes_again(
    sources: Sequence[Source], sites: Sites, reached: Collection[int], frames: Sequence[Frame]
) -> bool:
    """Whether a call that has not run trains again or makes another network, or the loop around makes one."""
    running = {name for _, _, name in frames}
    networks = {
        node.name
        for source in sources
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
        and any(getattr(part, "name", None) in running for part in node.body)
    }
    training = set[str]()  # what holds a loop that has not come to its end
    for file, line, name in frames:
        for node in sources[file].nodes:
            if isinstance(node, ast.For | ast.While) and is_inside(line, node):
                training.add(name)
                if any(one in networks for one in called(node)):
                    return True
    done = {(sites[n].file, sites[n].line, sites[n].column) for n in reached}
    return any(
        (file, node.lineno, node.col_offset) not in done and name_of(node) in networks | training
        for file, source in enumerate(sources)
        for node in source.nodes
        if isinstance(node, ast.Call)
    )


def is_inside(line: int, node: ast.For | ast.While) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def called(node: ast.AST) -> Iterator[str]:
    return (name_of(part) for part in ast.walk(node) if isinstance(part, ast.Call))


def name_of(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))
