"""The syntax of a program's source: the node at a site, what a person calls it, and a function's arguments."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from chainrule.recording.rewriting import Site, spoken_name
from chainrule.recording.source import Source

MOST_STATEMENTS = 7  # of a helper, its own line included
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@final
@dataclass
class Text:
    """One file's syntax tree, each node with the functions and classes around it."""

    source: Source
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def around(self, node: ast.AST, kinds: tuple[type, ...]) -> ast.AST | None:
        """The innermost node of some kinds around a node."""
        here = self.parents.get(node)
        while here is not None and not isinstance(here, kinds):
            here = self.parents.get(here)
        return here

    def statement(self, node: ast.AST) -> ast.stmt | None:
        here: ast.AST | None = node
        while here is not None and not isinstance(here, ast.stmt):
            here = self.parents.get(here)
        return here

    def find(self, site: Site) -> ast.AST | None:
        """The node of a site: the one that has its place, of several the innermost."""
        found: ast.AST | None = None
        for node in ast.walk(self.tree):
            if (
                getattr(node, "lineno", None) == site.line
                and getattr(node, "col_offset", None) == site.column
                and getattr(node, "end_lineno", None) == site.end_line
                and getattr(node, "end_col_offset", None) == site.end_column
                and not isinstance(node, ast.Expr)
            ):
                found = node
        return found

    def segment(self, node: ast.AST) -> str:
        return ast.get_source_segment(self.source.text, node) or ast.unparse(node)


def definition_of(function: Callable[..., Any]) -> ast.FunctionDef | None:
    """The definition of a function that stands at hand, if its text does; its docstring may begin left of it."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        return None
    for form in (textwrap.dedent(text), f"if True:\n{text}"):
        try:
            tree = ast.parse(form)
        except SyntaxError:
            continue
        return next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), None)
    return None


def read_texts(sources: Sequence[Source]) -> list[Text]:
    texts = []
    for source in sources:
        tree = source.parse()
        text = Text(source, tree)
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                text.parents[child] = node
        texts.append(text)
    return texts


def is_small(function: ast.AST) -> bool:
    """Whether a function is a helper of a few lines."""
    body = getattr(function, "body", [])
    return (
        not isinstance(body, list)
        or sum(isinstance(node, ast.stmt) for node in ast.walk(function)) <= MOST_STATEMENTS
    )


def is_handed_back(function: ast.AST, node: ast.AST) -> bool:
    """Whether a function returns what is made at a place in it: there, or by a name that it is given."""
    returned = [one for one in ast.walk(function) if isinstance(one, ast.Return) and one.value]
    names = {
        target.id
        for one in ast.walk(function)
        if isinstance(one, ast.Assign) and any(part is node for part in ast.walk(one))
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    return any(
        part is node or (isinstance(part, ast.Name) and part.id in names)
        for one in returned
        for part in ast.walk(one)
    )


def argument_names(function: ast.AST) -> list[str]:
    if not isinstance(function, FUNCTIONS):
        return []
    arguments = function.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def is_assigned(function: ast.AST, name: str, before: int | None = None) -> bool:
    """Whether a function gives a name a value of its own, in a line before one."""
    return any(
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Store)
        and (before is None or node.lineno < before)
        for node in ast.walk(function)
    )


def argument_by_name(call: ast.AST, name: str, function: ast.AST) -> ast.AST | None:
    if not isinstance(call, ast.Call):
        return None
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = argument_names(function)
    index = names.index(name)
    own = getattr(function, "name", "") in ("__call__", "__init__")  # layer(x), Layer(n)
    if names and names[0] in ("self", "cls") and (own or isinstance(call.func, ast.Attribute)):
        index -= 1
    return call.args[index] if 0 <= index < len(call.args) else None


def operand_of(node: ast.AST | None, slot: int | None) -> ast.AST | None:
    """The part of an expression that an operation's operand is."""
    if slot is None or node is None:
        return None
    parts: list[ast.AST] = []
    if isinstance(node, ast.Name):  # a value that is returned as it is
        return node
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.AugAssign):
        parts = [node.target, node.value]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.Attribute | ast.Subscript):
        parts = [node.value]
    elif isinstance(node, ast.Call):
        function = node.func
        own = isinstance(function, ast.Attribute) and not is_module(function.value)
        parts = [
            *([function.value] if isinstance(function, ast.Attribute) and own else []),
            *(node.args[1:] if spoken_name(function) == "einsum" else node.args),
        ]
    return parts[slot] if slot < len(parts) else None


def is_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "math", "scipy", "special")


def names_around(text: Text, node: ast.AST, name: str) -> Iterator[ast.expr]:
    """Expressions of a function, or of the file, that a person calls by a name."""
    function = text.around(node, FUNCTIONS)
    for scope in (function, text.tree):
        if scope is None:
            continue
        for one in ast.walk(scope):
            if (
                isinstance(one, ast.Name | ast.Attribute | ast.Subscript)
                and spoken_name(one) == name
            ):
                yield one
        if function is not None:
            return


def columns_of(source: str, node: ast.AST, line: int) -> tuple[int, int] | None:
    """The columns of a node in its first line, in characters; `ast` counts bytes."""
    start, end = getattr(node, "col_offset", None), getattr(node, "end_col_offset", None)
    if start is None or end is None:
        return None
    coded = source.encode()
    if getattr(node, "end_lineno", line) != line:
        end = len(coded)
    return len(coded[:start].decode(errors="ignore")), len(coded[:end].decode(errors="ignore"))


def list_of_appended(node: ast.AST, name: str) -> str | None:
    """The list in which a value goes on as it is: deltas of deltas.append(total)."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and len(node.args) == 1
        and spoken_name(node.args[0]) == name
    ):
        return spoken_name(node.func.value)
    return None


def taken_from(text: Text, node: ast.AST, name: str | None) -> Iterator[ast.AST]:
    """What loops around a node take a name out of: of zip(a, b) the one that has its place."""
    here: ast.AST | None = node
    while here is not None:
        loops = here.generators if isinstance(here, ast.ListComp | ast.GeneratorExp) else [here]
        for loop in loops:
            if isinstance(loop, ast.For | ast.comprehension):
                targets = getattr(loop.target, "elts", [loop.target])
                sources = loop.iter.args if isinstance(loop.iter, ast.Call) else [loop.iter]
                if len(targets) == len(sources):
                    pairs = zip(targets, sources, strict=True)
                    yield from (source for target, source in pairs if spoken_name(target) == name)
        here = text.parents.get(here)


def parts_of(node: ast.expr) -> Sequence[ast.expr]:
    """What stands in a tuple or list; anything else by itself."""
    return node.elts if isinstance(node, ast.Tuple | ast.List) else [node]


def is_name_of(node: ast.AST, name: str | None) -> bool:
    """Whether that is a name, or an entry of what has a name."""
    entry = isinstance(node, ast.Subscript) and spoken_name(node) == name is not None
    return entry or isinstance(node, ast.Name | ast.Attribute)
