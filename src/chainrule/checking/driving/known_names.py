"""Names that a program knows: what it compares a parameter with, or looks up by it: activation == "relu"."""

import ast
import re

from chainrule.recording.execution import Run

ACTIVATIONS = re.compile(
    r"(hidden_?)?(act|activation)s(_?(fn|func|function|name|type|list)s?)?|(act|activation)_?(fn|func|function|name|type)s"
)
USUAL = ("sigmoid", "tanh", "relu", "linear", "identity")


def known_names(run: Run, name: str) -> list[str]:
    """What the program compares a name with, or looks it up in; activations of several layers by whatever name."""
    found = names_asked(run, name)
    if not found and ACTIVATIONS.fullmatch(name.lower()):
        texts = {
            node.value
            for source in run.sources
            for node in source.nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        found = [text for usual in USUAL for text in sorted(texts) if text.lower() == usual]
    return found


def names_asked(run: Run, name: str) -> list[str]:
    found: list[ast.AST] = []
    for node in (node for source in run.sources for node in source.nodes):
        if isinstance(node, ast.Compare) and spoken_of(node.left) == name:
            found += node.comparators
        elif isinstance(node, ast.Match) and spoken_of(node.subject) == name:
            found += [case.pattern for case in node.cases]
        elif isinstance(node, ast.Subscript) and spoken_of(node.slice) == name:
            found += keys_of(run, node.value)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
            and spoken_of(node.args[0]) == name
        ):
            found += keys_of(run, node.func.value)
    return list(
        dict.fromkeys(
            part.value
            for node in found
            for part in ast.walk(node)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
    )


def keys_of(run: Run, table: ast.expr) -> list[ast.AST]:
    """The keys of a table that is written down, here or where it has its name."""
    if isinstance(table, ast.Dict):
        return [key for key in table.keys if key is not None]
    return [
        key
        for source in run.sources
        for node in source.nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        if any(spoken_of(target) == spoken_of(table) != "" for target in node.targets)
        for key in node.value.keys
        if key is not None
    ]


def spoken_of(node: ast.expr) -> str:
    """The name of a variable or an attribute; of name.lower() too."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        node = node.func.value
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_")
    return node.id if isinstance(node, ast.Name) else ""
