"""Slips of a few kinds: every column for each sample's own class, a name twice in what is handed on, a number for a penalty."""

import ast
from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import TypeAlias

from chainrule.checking.finding.syntax import FUNCTIONS, Text
from chainrule.checking.targets.corrected_text import Change

DISPLAYS = (ast.List, ast.Tuple, ast.Dict)

Slip: TypeAlias = tuple[Change, str, str, str]  # the mistake's name, what is there, what should be

PLAIN = (ast.Name, ast.Attribute)
SHOWN = (*PLAIN, ast.Subscript)
LOOPS = (ast.For, ast.While)
FEWEST = 3  # names that are handed on together


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


def repeated_names(text: Text) -> Iterator[Slip]:
    """cache = (x, f, i, o) for (x, o, i, o): a name stands there twice, and one that differs by a letter is left out.

    Or [(self.w, self.db), (self.b, self.db)].
    """
    for node in ast.walk(text.tree):
        if isinstance(text.parents.get(node), DISPLAYS):
            continue
        parts = list(parts_of_display(node))
        names = [ast.unparse(part) for part in parts]
        if len(names) < FEWEST or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            continue
        scope = text.around(node, FUNCTIONS) or text.tree
        made = {
            one.id if isinstance(one, ast.Name) else one.arg
            for one in ast.walk(scope)
            if isinstance(one, ast.arg)
            or (isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
        }
        kept = text.around(node, (ast.ClassDef,))
        made |= {
            ast.unparse(one)
            for one in (() if kept is None else ast.walk(kept))
            if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)
        }
        for part, name in zip(parts, names, strict=True):
            if names.count(name) < 2:
                continue
            for other in sorted(one for one in made - set(names) if is_like(name, one)):
                words = f"{name} twice, where {other} belongs", f"each of them, {other} too"
                yield Change(part, other), "wrong-variable", *words


def parts_of_display(node: ast.AST | None) -> Iterator[ast.expr]:
    """The names in a list, tuple or dictionary, and in those within it."""
    if not isinstance(node, DISPLAYS):
        return
    for part in node.values if isinstance(node, ast.Dict) else node.elts:
        if isinstance(part, ast.Name | ast.Attribute):
            yield part
        else:
            yield from parts_of_display(part)


def stored_in_vain(text: Text) -> Iterator[Slip]:
    """dh = dz @ w for dz = dz @ w at the end of a loop: what is stored is overwritten in the next round, and read by nothing.

    What should stand there is a name that the loop reads and never stores: it goes on from round to round.
    """
    for loop in ast.walk(text.tree):
        if not isinstance(loop, LOOPS):
            continue
        for statement in loop.body:
            if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
                continue
            (target,) = statement.targets
            if not isinstance(target, ast.Name) or not is_in_vain(text, loop, statement, target.id):
                continue
            inside = [node for node in ast.walk(loop) if isinstance(node, ast.Name)]
            stored = {node.id for node in inside if isinstance(node.ctx, ast.Store)}
            read = {node.id for node in inside if isinstance(node.ctx, ast.Load)}
            for other in sorted(read - stored):
                if is_like(target.id, other):
                    words = f"{target.id}, which nothing reads", other
                    yield Change(target, other), "wrong-variable", *words


def is_in_vain(text: Text, loop: ast.For | ast.While, statement: ast.Assign, name: str) -> bool:
    """Whether nothing reads what a statement of a loop stores, before the next round stores it anew."""
    place = loop.body.index(statement)
    after = loop.body[place + 1 :]
    again = next((one for one in loop.body[:place] if name in names_in(one)), None)
    if any(name in names_in(one) for one in after):
        return False
    anew = (
        name not in names_in(statement.value)
        if again is None
        else isinstance(again, ast.Assign)
        and name not in names_in(again.value)
        and any(ast.unparse(target) == name for target in again.targets)
    )
    scope = text.around(loop, FUNCTIONS) or text.tree
    later = (
        node
        for node in ast.walk(scope)
        if isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and node.lineno > (loop.end_lineno or loop.lineno)
    )
    return anew and next(later, None) is None


def is_like(name: str, other: str) -> bool:
    """Whether one letter makes the difference."""
    if len(name) != len(other):
        return False
    return sum(a != b for a, b in zip(name, other, strict=True)) == 1


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


def overwritten_sums(text: Text, nodes: Collection[ast.expr]) -> Iterator[Slip]:
    """db += d for db = d in a loop before which db was set, as in one over time: of all steps the last one counts."""
    read = {ast.unparse(node) for node in nodes if isinstance(node, PLAIN)}
    for statement in ast.walk(text.tree):
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target, loop = statement.targets[0], text.around(statement, LOOPS)
        name = ast.unparse(target)
        if not isinstance(target, PLAIN) or loop is None or name not in read:
            continue
        if name in names_in(statement.value) or not is_set_before(text, loop, name):
            continue
        value = text.segment(statement.value)
        yield (
            Change(statement, f"{name} += {value}"),
            "wrong-operator",
            f"{name} = {value}",
            f"{name} += {value}",
        )


def self_differences(text: Text) -> Iterator[Slip]:
    """o - t for o - o or t - t, where a difference of the two is taken elsewhere."""
    pairs = [
        (node, ast.unparse(node.left), ast.unparse(node.right))
        for node in ast.walk(text.tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
    ]
    for node, left, right in pairs:
        if left != right or not isinstance(node.left, SHOWN):
            continue
        met = [one for _, *names in pairs for one in names if left in names and one != left]
        for other in dict.fromkeys(met):
            for part, mended in (
                (node.right, f"{left} - {other}"),
                (node.left, f"{other} - {left}"),
            ):
                words = f"{left} - {left}, which is 0", mended
                yield Change(part, other), "wrong-variable", *words


def is_set_before(text: Text, loop: ast.AST, name: str) -> bool:
    """Whether the block that a loop stands in sets a name before it, and nothing else in the loop does."""
    around = text.parents[loop]
    blocks: list[list[ast.stmt]] = [getattr(around, part, []) for part in ("body", "orelse")]
    block = next((body for body in blocks if loop in body), [])
    earlier = takewhile(lambda statement: statement is not loop, block)
    before = [
        node
        for statement in earlier
        if isinstance(statement, ast.Assign)
        for node in ast.walk(statement)
        if isinstance(node, PLAIN) and isinstance(node.ctx, ast.Store)
    ]
    inside = [
        node
        for node in ast.walk(loop)
        if isinstance(node, PLAIN) and isinstance(node.ctx, ast.Store) and ast.unparse(node) == name
    ]
    return any(ast.unparse(node) == name for node in before) and len(inside) == 1


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
