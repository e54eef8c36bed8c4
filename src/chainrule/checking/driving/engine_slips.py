"""An operation of an engine with its way back put right: text in another's place, held against differences.

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad = other.data * out.grad        # each of these parts may be another

What an operation gives back is the derivative of what it computes, at any operands, and nothing else. So one change
of its text after which all its derivatives agree shows what is wrong with it, and that nothing else is.
"""

import ast
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TypeAlias

from chainrule.checking.anatomy.program import Program
from chainrule.checking.driving.engine_operations import Operation, find_operation
from chainrule.checking.driving.engines import GRADIENTS, EnginePlan
from chainrule.checking.finding.syntax import Text
from chainrule.checking.targets.corrected_text import (
    Amendment,
    Change,
    changed_sources,
    finding_of,
)
from chainrule.recording.execution import Run

OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
REDUCTIONS: Mapping[str, str] = {"mean": "sum", "sum": "mean"}

Slip: TypeAlias = tuple[Change, str, str, str]


def judge_operation(
    run: Run, program: Program, plan: EnginePlan
) -> tuple[bool | None, Amendment | None]:
    """Whether an operation is right, None where that cannot be told; if not, what change of its text makes it so."""
    assert run.recorder is not None
    run.recorder.off = True
    operation = find_operation(run, program, plan)
    try:
        if operation is None or operation.is_made_up():
            return None, None
        if operation.is_right():
            return True, None
    except Exception:  # whatever operands that are made up make it raise
        return None, None
    for change, mistake, was, should in slips(operation):
        changed = changed_sources([(operation.text, change)])
        if changed and operation.is_right_with(operation.method, changed):
            return False, Amendment(
                changed, finding_of(operation.text, change, mistake, was, should)
            )
    return False, all_added(operation)


def all_added(operation: Operation) -> Amendment | None:
    """Of several operands all are given what comes back anew, where each should add it up."""
    slips = [added(operation, one) for one in operation.statements if isinstance(one, ast.Assign)]
    changed = changed_sources([(operation.text, change) for change, *_ in slips])
    if len(slips) < 2 or not changed or not operation.is_right_with(operation.method, changed):
        return None
    first, *others = (finding_of(operation.text, *slip) for slip in slips)
    return Amendment(changed, first, tuple(others))


def added(operation: Operation, statement: ast.Assign | ast.AugAssign) -> Slip:
    """A statement that adds to what it assigns, or takes off."""
    turned = isinstance(statement, ast.AugAssign)
    target = target_of(statement)
    return (
        Change(statement, f"{target} += {operation.text.segment(statement.value)}"),
        "sign-error" if turned else "wrong-operator",
        f"{operation.text.segment(statement)}, which takes it off" if turned
        else f"{target} anew, so that what came back to it before is lost",
        "the sum of all that comes back to it",
    )  # fmt: skip


def target_of(statement: ast.Assign | ast.AugAssign) -> str:
    return ast.unparse(
        statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    )


def slips(operation: Operation) -> Iterator[Slip]:
    """What may be put right in a way back, the least first: what is assigned, names, signs, factors, numbers."""
    result = result_name(operation.function)
    for statement in operation.statements:
        target, value = target_of(statement), operation.text.segment(statement.value)
        adds = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)
        if not adds:
            yield added(operation, statement)
        for other in sorted(names_in(operation)):
            if adds and other != target and other.split(".")[-1] == target.split(".")[-1]:
                yield (
                    Change(statement, f"{other} += {value}"), "wrong-variable",
                    f"{target}, where {other} belongs", f"{other}",
                )  # fmt: skip
    yield from left_out(operation, result)
    for statement in operation.statements:
        yield from other_values(operation, statement.value, result)
    for computed in operation.computed:  # what goes back may be right, of another function
        yield from other_operators(operation.text, computed)


def other_operators(text: Text, value: ast.expr) -> Iterator[Slip]:
    for node in ast.walk(value):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            left, right = text.segment(node.left), text.segment(node.right)
            for sign in OPERATORS.values():
                if sign != OPERATORS[type(node.op)]:
                    other = f"{enclosed(left, node.left)} {sign} {enclosed(right, node.right)}"
                    yield changed(text, node, other, "wrong-operator")


def left_out(operation: Operation, result: str) -> Iterator[Slip]:
    """Of two operands one to which nothing goes back."""
    names = [one.arg for one in operation.function.args.args[:2]]
    targets = {
        ast.unparse(target)
        for statement in operation.statements
        for target in getattr(statement, "targets", [getattr(statement, "target", None)])
    }
    kept = [target.split(".")[1] for target in targets if target.split(".")[0] in names]
    without = [name for name in names if not any(one.startswith(f"{name}.") for one in targets)]
    if len(names) < 2 or len(without) != 1 or not kept or kept[0] not in GRADIENTS:
        return
    (name,), gradient = without, f"{result}.{kept[0]}"
    statement = operation.statements[-1]
    indent, was = " " * statement.col_offset, operation.text.segment(statement)
    factors = [one for one in sorted(names_in(operation)) if one != gradient]
    for value in (gradient, f"-{gradient}", *(f"{factor} * {gradient}" for factor in factors)):
        added = f"{name}.{kept[0]} += {value}"
        yield (
            Change(statement, f"{was}\n{indent}{added}"), "missing-derivative",
            f"what goes back to one operand; to {name} nothing does", "what goes back to both",
        )  # fmt: skip


def other_values(operation: Operation, value: ast.expr, result: str) -> Iterator[Slip]:
    text = operation.text
    whole, gradient = text.segment(value), f"{result}.grad"
    names = sorted(names_in(operation))
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute | ast.Name):
            was = text.segment(node)
            for other in names:
                if other != was:
                    yield (
                        Change(node, other), "wrong-variable", f"{whole} with {was}, where {other} belongs",
                        f"it with {other}",
                    )  # fmt: skip
    for node in ast.walk(value):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            left, right = text.segment(node.left), text.segment(node.right)
            sides = enclosed(left, node.left), enclosed(right, node.right)
            for sign in OPERATORS.values():
                for first, second in (sides, sides[::-1]):
                    yield changed(text, node, f"{first} {sign} {second}", "wrong-operator")
            for kept in (node.left, node.right):
                yield changed(text, node, text.segment(kept), "wrong-operator")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield from other_products(text, node)
        if isinstance(node, ast.Attribute) and node.attr in REDUCTIONS:
            other = f"{text.segment(node.value)}.{REDUCTIONS[node.attr]}"
            yield changed(text, node, other, "parameter-mis-scaled")
        if isinstance(node, ast.Call) and node.args:
            yield changed(text, node, text.segment(node.args[0]), "wrong-operator")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield changed(text, node, text.segment(node.operand), "sign-error")
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            for sign in (">", "<"):
                yield changed(
                    text, node,
                    f"{text.segment(node.left)} {sign} {text.segment(node.comparators[0])}", "wrong-operator",
                )  # fmt: skip
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            for number in (1, 2, 0, -1, 0.5):
                yield changed(text, node, str(number), "wrong-constant")
    yield changed(text, value, f"-({whole})", "sign-error")
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) != gradient:
            was = text.segment(node)
            for other in (f"{was}**2", f"({was} - 1)", f"(1 - {was})", f"(1 - {was}**2)"):
                yield changed(text, node, other, "wrong-operator")
    factors = [gradient, f"({result}.data > 0)", *(name for name in names if name != gradient)]
    factors += [f"1 / {name}" for name in names]
    slopes = [f"(1 - {name}**2)" for name in names] + [f"{name} * (1 - {name})" for name in names]
    for node in ast.walk(value):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            for own, error in ((node.left, node.right), (node.right, node.left)):
                if ast.unparse(error) == gradient:
                    for slope in (*slopes, *(f"1 / {name}" for name in names)):
                        yield changed(text, own, within(text, own, slope), "wrong-operator")
    factors += slopes
    for factor in factors:
        for node in ast.walk(value):
            if isinstance(node, ast.expr) and (node is value or isinstance(node, ast.Attribute)):
                was = text.segment(node)
                yield (
                    Change(node, f"{factor} * {enclosed(was, node)}"), "missing-derivative",
                    f"{whole} without {factor.strip('()')}",
                    "it with all that comes back through the operation",
                )  # fmt: skip


def other_products(text: Text, node: ast.BinOp) -> Iterator[Slip]:
    """A product of matrices with other transposes, or its operands the other way round."""
    sides = [text.segment(node.left), text.segment(node.right)]
    turned = [side[:-2] if side.endswith(".T") else f"{side}.T" for side in sides]
    for left, right in product(*zip(sides, turned, strict=True)):
        for first, second in ((left, right), (right, left)):
            if [first, second] != sides:
                yield changed(text, node, f"{first} @ {second}", "wrong-transpose")


def changed(text: Text, node: ast.expr, other: str, mistake: str) -> Slip:
    return (
        Change(node, other),
        mistake,
        f"{text.segment(node)}, where {other} belongs",
        f"it with {other}",
    )


def enclosed(text: str, node: ast.expr) -> str:
    return (
        f"({text})"
        if isinstance(node, ast.BinOp | ast.Compare) and not text.startswith("(")
        else text
    )


def within(text: Text, node: ast.expr, other: str) -> str:
    """A factor in another's place, in brackets unless it stands in some."""
    line = text.source.text.split("\n")[node.lineno - 1].encode()
    return (
        other
        if line[: node.col_offset].endswith(b"(")
        else other
        if other.startswith("(") and other.count("(") == 1
        else f"({other})"
    )


def result_name(function: ast.FunctionDef) -> str:
    """What a method calls the object that it makes."""
    returned = [
        node.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Name)
    ]
    return returned[-1] if returned else "out"


def names_in(operation: Operation) -> set[str]:
    """The names of numbers that a method uses, and numbers of the same names that its other objects have."""
    found = {
        ast.unparse(node)
        for node in ast.walk(operation.function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if isinstance(node.ctx, ast.Load)
    }
    owners = {name.split(".")[0] for name in found}
    kept = {name.split(".")[1] for name in found if name.split(".")[1] in ("data", "grad", "value")}
    plain = {
        node.id
        for node in ast.walk(operation.function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    plain |= {one.arg for one in operation.function.args.args[1:]}
    return (
        {name for name in found if name.split(".")[1] in kept}
        | {f"{owner}.{name}" for owner in owners for name in kept}
        | (plain - owners)
    )
