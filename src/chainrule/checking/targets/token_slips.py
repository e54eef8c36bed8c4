"""One token in another's place: an operator, a name that differs in a letter, or one for what is computed and read nowhere."""

import ast
from collections.abc import Collection, Iterator, Mapping

from chainrule.checking.finding.findings import with_operator
from chainrule.checking.finding.syntax import FUNCTIONS, Text
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change
from chainrule.checking.targets.rare_slips import Slip, is_like

Swaps = Mapping[type[ast.operator], str]  # the operators in one's place

NAMED = (ast.Name, ast.Attribute)
COUNTING = {"range", "trange", "tqdm"}
SWAPS: Swaps = {ast.Add: "*", ast.Mult: "+/", ast.Div: "*"}
EVERY: Swaps = {ast.Add: "*-", ast.Sub: "*+", ast.Mult: "-/+", ast.Div: "*-"}


def other_operators(text: Text, nodes: Collection[ast.expr], swaps: Swaps) -> Iterator[Slip]:
    """A product where a sum or a quotient stands, and the reverse."""
    for node in nodes:
        if isinstance(node, ast.BinOp) and not is_of_text(node):
            for operator in swaps.get(type(node.op), ""):
                made = with_token(text, node, operator)
                if made is not None:
                    yield Change(node, made), "wrong-operator", text.segment(node), made


def is_of_text(node: ast.BinOp) -> bool:
    """Whether a sum joins pieces of text, as a key does: "W" + str(k)."""
    sides = (node.left, node.right)
    return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides)


def with_token(text: Text, node: ast.BinOp, operator: str) -> str | None:
    """The text of a node with another operator, and no more parentheses than it has."""
    line = text.source.text.split("\n")[node.lineno - 1]
    changed = with_operator(line, node, operator)
    if node.lineno != node.end_lineno or changed is None or node.end_col_offset is None:
        return None
    coded, after = changed.encode(), len(line.encode()) - node.end_col_offset
    return coded[node.col_offset : len(coded) - after].decode()


def unread_names(text: Text, nodes: Collection[ast.expr], twice: bool = True) -> Iterator[Slip]:
    """What a function is given or computes and never reads, in the place of what a statement after it reads.

    What is read in one place alone is meant to be read there, unless what is read need not be read `twice`.
    """
    for function in {text.around(node, FUNCTIONS) for node in nodes}:
        read: dict[str, int] = {}
        first: dict[str, int] = {}
        for node in ast.walk(function or text.tree):
            if text.around(node, FUNCTIONS) is not function:
                continue
            if isinstance(node, ast.arg):
                first.setdefault(node.arg, node.lineno)
            elif isinstance(node, ast.Name) and is_read(text, node):
                read[node.id] = read.get(node.id, 0) + 1
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                first[node.id] = min(node.lineno, first.get(node.id, node.lineno))
        counted = counts_of(function or text.tree)
        unread = [one for one in first if one not in read and one != "self" and one not in counted]
        for node in nodes:
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Load)
                and text.around(node, FUNCTIONS) is function
                and read[node.id] > int(twice)
            ):
                for name in unread:
                    if first[name] < node.lineno:
                        words = f"with {node.id}, where {name} belongs", f"it with {name}"
                        yield Change(node, name), "wrong-variable", *words


def counts_of(scope: ast.AST) -> set[str]:
    """The names that loops count by: nobody need read them."""
    return {
        part.id
        for node in ast.walk(scope)
        if isinstance(node, ast.For | ast.comprehension)
        and isinstance(node.iter, ast.Call)
        and ast.unparse(node.iter.func) in COUNTING
        for part in ast.walk(node.target)
        if isinstance(part, ast.Name)
    }


def other_names(text: Text, nodes: Collection[ast.AST]) -> Iterator[Slip]:
    """Names that differ in a letter and stand for something in the same function, first those that nothing reads."""
    loaded: dict[str, int] = {}
    for node in ast.walk(text.tree):
        if isinstance(node, NAMED) and isinstance(node.ctx, ast.Load):
            loaded[own_name(node)] = loaded.get(own_name(node), 0) + 1
    found = []
    for node in nodes:
        if not isinstance(node, NAMED) or not isinstance(node.ctx, ast.Load):
            continue
        name = own_name(node)
        if len(name) < 2 or loaded[name] < 2:
            continue
        for other in sorted(names_beside(text, node)):
            if is_like(name, other):
                mended = ast.unparse(node).removesuffix(name) + other
                found.append((loaded.get(other, 0), node.lineno, node.col_offset, node, mended))
    for *_, node, mended in sorted(found, key=lambda one: (one[0] > 0, *one[1:3])):
        was = ast.unparse(node)
        yield (
            Change(node, mended),
            "wrong-variable",
            f"with {was}, where {mended} belongs",
            f"it with {mended}",
        )


def puts_data_for_prediction(case: Case, change: Change) -> bool:
    """Whether a name for what no parameter is behind takes the place of one for what is made with parameters.

    A target may be made with predictions, as a reward plus what the next value is: data that nothing reads are no proof.
    """
    names, masks = case.program.recording.names, case.anatomy.masks
    was, new = (
        any(masks[p] for p, name in names.items() if name == text and p < len(masks))
        for text in (ast.unparse(change.node), change.text)
    )
    return isinstance(change.node, ast.Name) and was and not new


def names_just_made(text: Text, nodes: Collection[ast.expr]) -> Iterator[Slip]:
    """What the statement before makes, in the place of a name: d[k] -= 1 for x[k] -= 1, after d = p.copy()."""
    for node in nodes:
        statement = text.statement(node)
        block = getattr(text.parents.get(statement), "body", []) if statement else []
        at = block.index(statement) if statement in block else 0
        before = block[at - 1] if at else None
        for target in before.targets if isinstance(before, ast.Assign) else ():
            name = ast.unparse(target)
            if isinstance(target, NAMED) and name != ast.unparse(node):
                words = f"with {ast.unparse(node)}, where {name} belongs", f"it with {name}"
                yield Change(node, name), "wrong-variable", *words


def is_read(text: Text, node: ast.Name) -> bool:
    """Whether a name is more than what is assigned, or of which entries are: d[k] += e."""
    around = text.parents.get(node)
    entries = isinstance(around, ast.Subscript) and around.value is node and around.ctx
    return isinstance(node.ctx, ast.Load) and not isinstance(entries, ast.Store)


def own_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def names_beside(text: Text, node: ast.Name | ast.Attribute) -> set[str]:
    """What a name's function or file assigns; of an attribute what any function does."""
    if isinstance(node, ast.Attribute):
        return {
            one.attr
            for one in ast.walk(text.tree)
            if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)
            if ast.unparse(one.value) == ast.unparse(node.value)
        }
    found: set[str] = set()
    here = text.around(node, FUNCTIONS)
    for scope in (here, text.tree):
        if scope is None:
            continue
        for one in ast.walk(scope):
            if isinstance(one, ast.arg) and scope is here:
                found.add(one.arg)
            elif (
                isinstance(one, ast.Name)
                and isinstance(one.ctx, ast.Store)
                and text.around(one, FUNCTIONS) in (scope, None)
            ):
                found.add(one.id)
    return found
