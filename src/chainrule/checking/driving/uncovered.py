"""What a program computes on the way back, and nobody ran: parts that are right do not tell whether that is.

def sigmoid_derivative(a): ...             was driven, and is right
def train(net, x, y): net.w -= ...         takes what nobody can make
"""

import ast
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from chainrule.checking.anatomy.program import calls_of
from chainrule.recording.execution import Run

GOES_BACK = re.compile(
    r".*(back_?prop|backward|bprop|bptt|gradient|_grads?\b|^grads?|deriv|prime).*|(d|grad)_\w+|back|bp"
    r"|(fit|train|learn|sgd|partial_fit|update_mini_batch|train_\w+|fit_\w+)",
    re.IGNORECASE,
)
TRAINS = re.compile(r"fit|train(ing)?|learn|sgd|partial_fit|train_\w+|fit_\w+", re.IGNORECASE)
NO_WAY_BACK = re.compile(
    r".*(num(erical|eric)?_|numerical|check|clip|zero|plot|get_|set_|init|print|norm|split|load|save|history|test).*",
    re.IGNORECASE,
)
STEPS = re.compile(
    r"(\w+_)?(update\w*|step|adam\w*|momentum|rms_?prop|ada_?grad|optimi[sz]e\w*|apply_grad\w*)",
    re.IGNORECASE,
)
# What is given to these goes no way back.
AWAY = {"print", "range", "append", "int", "len", "round", "format", "write", "zip", "enumerate", "arange", "plot", "set_description", "set_postfix", "info", "debug"}  # fmt: skip
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
        and (has_products(function.body) or hands_on(function) or (is_inner and sets_something(function)))
        and not only_calls(function)
    ]  # fmt: skip


def uncovered(run: Run, driven: Iterable[Run]) -> list[WayBack]:
    """Those ways back of which no step was recorded."""
    driven = list(driven)
    seen = lines_seen(driven)
    through = seen | lines_called_from(driven)  # what trains may do no more than call
    return [
        way
        for way in ways_back(run)
        if not (through if is_trainer(way.name.rpartition(".")[2]) else seen).intersection(
            way.lines
        )
    ]


def callers_not_called(run: Run, driven: Iterable[Run]) -> list[str]:
    """Functions that train by what they call alone, and that nobody called."""
    driven = list(driven)
    seen = lines_seen(driven) | lines_called_from(driven)
    return [
        name
        for name, function, is_inner in functions_of(run.sources[0].parse(), "")
        if only_calls(function)
        and not is_inner
        and calls_something(function)
        and not seen.intersection(range(function.lineno, (function.end_lineno or 0) + 1))
    ]


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


def lines_called_from(driven: Iterable[Run]) -> set[int]:
    """The lines of the program's own file that called what a step was recorded of."""
    return {
        one.sites[number].line
        for one in driven
        for call in set(one.recording.calls)
        for number in calls_of(call)
        if number >= 0 and one.sites[number].file == 0
    }


def is_trainer(name: str) -> bool:
    return TRAINS.fullmatch(name.strip("_")) is not None


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


def only_calls(function: ast.FunctionDef) -> bool:
    """Whether a function that trains computes nothing itself that goes on: only what others do may be wrong in it."""
    return is_trainer(function.name) and not hands_on(function)


def calls_something(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call) and called(node) not in AWAY for node in ast.walk(function)
    )


def hands_on(function: ast.FunctionDef) -> bool:
    """Whether a function that trains keeps, returns or hands to others what it has computed itself."""
    if not is_trainer(function.name):
        return False
    own: set[str] = set()
    for _ in range(2):  # what a loop computes comes into its next round
        for node in ast.walk(function):
            given: list[ast.expr | None] = []
            if isinstance(node, ast.Assign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                moves = isinstance(node, ast.AugAssign) and not isinstance(node.op, ast.Add)
                parts = [part for target in targets for part in ast.walk(target)]
                if not (moves or computes(node.value, own)):
                    continue
                if any(isinstance(part, ast.Attribute | ast.Subscript) for part in parts):
                    return True
                own |= {part.id for part in parts if isinstance(part, ast.Name)}
            elif isinstance(node, ast.Call) and called(node) not in AWAY:
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
            elif isinstance(node, ast.Return):
                given = [node.value]
            if any(part is not None and computes(part, own) for part in given):
                return True
    return False


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def computes(value: ast.expr, own: Collection[str]) -> bool:
    """Whether a value is computed, or made of what was; places in an array and what others return are not."""
    if isinstance(value, ast.BinOp):
        return not isinstance(value.left, ast.Constant | ast.JoinedStr)
    if isinstance(value, ast.Name):
        return value.id in own
    if isinstance(value, ast.UnaryOp):
        return not isinstance(value.op, ast.Not) and not isinstance(value.operand, ast.Constant)
    if isinstance(value, ast.Tuple | ast.List):
        return any(computes(part, own) for part in value.elts)
    return False


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
