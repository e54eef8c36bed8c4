"""Whether gradients that add up are set back to 0, by what a driver of a network has to call before each pass.

Of what a program only defines nobody says what comes between two passes.
"""

import ast
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chainrule.checking.driving.arguments import plain_name
from chainrule.checking.finding.syntax import definition_of
from chainrule.checking.verdict import Finding
from chainrule.recording.functions import parameters_of
from chainrule.recording.source import Source

SETS_BACK = re.compile(
    r"(zero|reset|clear|null|empty)(_?out)?_?(the_|all_|accumulated_)?(grad(ient)?|delta)s?(_.*)?"
)
NOT_RESET = "gradient-not-reset"
WRITES = ("fill", "clear")


def ways_to_set_back(owner: type, names: Iterable[str]) -> list[str]:
    """Methods of an object that set its gradients to 0, and ask for nothing."""
    return [
        name
        for name in names
        if SETS_BACK.fullmatch(plain_name(name)) and not asks_for_anything(getattr(owner, name))
    ]


def asks_for_anything(method: Callable[..., Any]) -> bool:
    _, *asked = parameters_of(method).values()
    return any(one.default is inspect.Parameter.empty for one in asked)


def is_set_back_elsewhere(findings: Sequence[Finding], sources: Sequence[Source]) -> bool:
    """Whether other functions of a program set what adds up here: then a caller may do so before each pass."""
    names = {
        kept
        for finding in findings
        if finding.mistake == NOT_RESET
        for source in sources
        for node in source.nodes
        if isinstance(node, ast.AugAssign | ast.Assign) and node.lineno == finding.line
        for kept in names_set(node)
    }
    here = {finding.line for finding in findings}
    return any(
        names & set(names_set(node))
        for source in sources
        for function in source.nodes
        if isinstance(function, ast.FunctionDef) and function.name != "__init__"
        and not here.intersection(range(function.lineno, (function.end_lineno or 0) + 1))
        for node in ast.walk(function)
    )  # fmt: skip


def change_apart(owner: type, methods: Sequence[str]) -> bool:
    """Whether each of several methods changes attributes of its own: together they take one step."""
    changed = []
    for name in methods:
        function = definition_of(getattr(owner, name))
        nodes = ast.walk(function) if function is not None else ()
        changed.append({kept for node in nodes for kept in names_set(node)})
    alike = itertools.combinations(changed, 2)
    return len(changed) > 1 and all(changed) and not any(one & other for one, other in alike)


def names_set(node: ast.AST) -> list[str]:
    """The attributes that a statement sets, or sets entries of."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        targets: list[ast.expr] = [node.func.value] if node.func.attr in WRITES else []
    elif isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    else:
        targets = []
    found = []
    for target in targets:
        while isinstance(target, ast.Subscript):
            target = target.value
        if isinstance(target, ast.Attribute):
            found.append(target.attr)
    return found
