"""What a program computes on the way back, and nobody ran: parts that are right do not tell whether that is.

def sigmoid_derivative(a): ...             was driven, and is right
def train(net, x, y): net.w -= ...         takes what nobody can make
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from chainrule.recording.execution import Run

GOES_BACK = re.compile(
    r".*(back_?prop|backward|bprop|bptt|gradient|_grads?\b|^grads?|deriv|prime).*|(d|grad)_\w+|back|bp"
    r"|(fit|train|learn|sgd|partial_fit|update_mini_batch|train_\w+|fit_\w+)",
    re.IGNORECASE,
)
NO_WAY_BACK = re.compile(
    r".*(num(erical|eric)?_|numerical|check|clip|zero|plot|get_|set_|init|print|norm|split|load|save|history|test).*",
    re.IGNORECASE,
)
STEPS = re.compile(
    r"(\w+_)?(update\w*|step|adam\w*|momentum|rms_?prop|ada_?grad|optimi[sz]e\w*|apply_grad\w*)",
    re.IGNORECASE,
)
PRODUCTS = {"dot", "matmul", "outer", "einsum", "multiply", "tensordot", "divide"}


@final
@dataclass(frozen=True)
class WayBack:
    """A function of the program's own file that goes back, by its name and its lines."""

    name: str
    lines: range


def ways_back(run: Run) -> list[WayBack]:
    """The functions of the program's file that go back: by products of their own, or from an engine's operation."""
    return [
        WayBack(name, range(function.lineno, (function.end_lineno or 0) + 1))
        for name, function, is_inner in functions_of(run.sources[0].parse(), "")
        if GOES_BACK.fullmatch(function.name.strip("_"))
        and not NO_WAY_BACK.fullmatch(function.name)
        and (has_products(function.body) or (is_inner and sets_something(function)))
    ]


def uncovered(run: Run, driven: Iterable[Run]) -> list[WayBack]:
    """Those ways back of which no step was recorded."""
    seen = lines_seen(driven)
    return [way for way in ways_back(run) if not seen.intersection(way.lines)]


def steps_not_taken(run: Run, driven: Iterable[Run]) -> list[str]:
    """Functions that move parameters by products of their own, of which no step was recorded."""
    seen = lines_seen(driven)
    return [
        name
        for name, function, is_inner in functions_of(run.sources[0].parse(), "")
        if STEPS.fullmatch(function.name.strip("_"))
        and not is_inner
        and has_products(function.body)
        and not seen.intersection(range(function.lineno, (function.end_lineno or 0) + 1))
    ]


def lines_seen(driven: Iterable[Run]) -> set[int]:
    """The lines of the program's own file of which a step was recorded."""
    return {
        one.sites[number].line
        for one in driven
        for number in one.recording.sites
        if number >= 0 and one.sites[number].file == 0
    }


def covers(function: Callable[..., Any], ways: Iterable[WayBack]) -> bool:
    """Whether a function is, or has in it, one of these."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or inspect.unwrap(function).__module__ != "__main__":
        return False
    lines = [line for _, _, line in code.co_lines() if line] or [code.co_firstlineno]
    own = range(code.co_firstlineno, max(lines) + 1)
    return any(way.lines.start in own or code.co_firstlineno in way.lines for way in ways)


def unreached(run: Run, driven: Iterable[Run]) -> list[int]:
    """Where branches begin that compute something on the way back, and were not taken."""
    seen = lines_seen(driven)
    found = set()
    for _, function, _ in functions_of(run.sources[0].parse(), ""):
        whole = range(function.lineno, (function.end_lineno or 0) + 1)
        if not GOES_BACK.fullmatch(function.name.strip("_")) or not seen.intersection(whole):
            continue
        for node in ast.walk(function):
            for body in (node.body, node.orelse) if isinstance(node, ast.If) else ():
                if not body or isinstance(body[0], ast.If) or not has_products(body):
                    continue
                lines = range(body[0].lineno, (body[-1].end_lineno or 0) + 1)
                if not seen.intersection(lines):
                    found.add(body[0].lineno)
    return sorted(found)


def functions_of(
    tree: ast.Module | ast.ClassDef, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef, bool]]:
    """Functions by their names, and those in them by the outer one's: what goes back from one operation of an engine."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield f"{prefix}{node.name}", node, False
            for inner in ast.walk(node):
                if isinstance(inner, ast.FunctionDef) and inner is not node:
                    yield f"{prefix}{node.name}", inner, True
        elif isinstance(node, ast.ClassDef):
            yield from functions_of(node, f"{node.name}.")


def sets_something(function: ast.FunctionDef) -> bool:
    """Whether an inner function that goes back leaves a gradient with an operand: self.grad += out.grad."""
    return any(
        isinstance(target, ast.Attribute)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )


def has_products(body: Sequence[ast.stmt]) -> bool:
    """Whether it multiplies what it computes with, and not only numbers of samples and places, or what it prints."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    beside = [node.slice for node in nodes if isinstance(node, ast.Subscript)]
    beside += [node for node in nodes if isinstance(node, ast.JoinedStr)]
    places = {id(part) for node in beside for part in ast.walk(node)}
    for node in nodes:
        if id(node) in places:
            continue
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in PRODUCTS
        ):
            return True
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Mult | ast.Div)
            and not any(isinstance(side, ast.Constant) for side in (node.left, node.right))
        ):
            return True
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult):
            return True
    return False
