"""The statement by which a program with an engine moves its numbers, with one part of it put right.

    p.data += rate * p.grad          p.data -= rate * p.grad
    p.data -= rate + p.grad

Where every operation is right by itself, it is the step that is not, if with it changed all updates follow the loss.
"""

import ast
from collections.abc import Iterator
from typing import TypeAlias

from chainrule.checking.driving.engines import GRADIENTS, KEPT, classes_of
from chainrule.checking.finding.syntax import Text
from chainrule.checking.targets.corrected_text import Change
from chainrule.recording.execution import Run

Slip: TypeAlias = tuple[
    Text, Change, str, str, str
]  # with its name, what is found, what is expected

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
LINEAR = (ast.Add, ast.Sub)


def statements_of_steps(run: Run, texts: list[Text]) -> Iterator[tuple[Text, ast.stmt]]:
    """Statements beside the engine that change what an object keeps by its own gradient, or by a rate: p.data -= rate * p.grad."""
    engines = {owner.__name__ for owner in classes_of(run) if "__mul__" in vars(owner)}
    for text in texts:
        for node in ast.walk(text.tree):
            if not isinstance(node, ast.Assign | ast.AugAssign) or node.lineno != node.end_lineno:
                continue
            target = target_of(node)
            if not isinstance(target, ast.Attribute) or target.attr not in KEPT:
                continue
            around = text.around(node, (ast.ClassDef,))
            if isinstance(around, ast.ClassDef) and around.name in engines:
                continue
            if any(own_part(part, target) for part in ast.walk(node.value)):
                yield text, node


def target_of(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Assign):
        return statement.targets[0] if len(statement.targets) == 1 else None
    return statement.target if isinstance(statement, ast.AugAssign) else None


def own_part(part: ast.AST, target: ast.Attribute) -> bool:
    """Whether something is what the object of a target keeps: its gradient, or its number."""
    return (
        isinstance(part, ast.Attribute)
        and part.attr in (*GRADIENTS, *KEPT)
        and ast.unparse(part.value) == ast.unparse(target.value)
    )


def is_overwriting(statement: ast.stmt) -> bool:
    """Whether a statement adds nothing to what its target was: p.data = rate * p.grad, or p.data *= p.grad."""
    if isinstance(statement, ast.AugAssign):
        return not isinstance(statement.op, LINEAR)
    target = target_of(statement)
    if target is None or not isinstance(statement, ast.Assign):
        return False
    name = ast.unparse(target)
    return not any(
        name == ast.unparse(factor)
        for term in parts_joined(statement.value, LINEAR)
        for factor in parts_joined(term, (ast.Mult,))
    )


def parts_joined(value: ast.expr, by: tuple[type[ast.operator], ...]) -> list[ast.expr]:
    """The parts that some operators join: terms of a sum, factors of a product."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, by):
        return parts_joined(value.left, by) + parts_joined(value.right, by)
    return [value]


def other_steps(text: Text, statement: ast.stmt) -> Iterator[Slip]:
    """What else a step may be: with another sign, another operator, or the gradient where it reads the number."""
    target = target_of(statement)
    if not isinstance(statement, ast.Assign | ast.AugAssign) or not isinstance(
        target, ast.Attribute
    ):
        return
    where, value = text.segment(target), text.segment(statement.value)
    was = text.segment(statement)
    own = statement.op if isinstance(statement, ast.AugAssign) else None
    adds = isinstance(own, LINEAR)
    for sign in ("-", "+"):
        made = f"{where} {sign}= {value}"
        if not adds or isinstance(own, ast.Sub) is (sign == "+"):
            name = "sign-error" if adds else "wrong-operator"
            found = "a step up the gradient" if adds else f"{was}, which is no step"
            yield text, Change(statement, made), name, found, "a step down the gradient"
    for node in ast.walk(statement.value):
        if (
            isinstance(node, ast.BinOp)
            and type(node.op) in SIGNS
            and not isinstance(node.op, ast.Mult)
        ):
            left, right = text.segment(node.left), text.segment(node.right)
            yield (
                text, Change(node, f"{left} * {right}"), "wrong-operator",
                f"{left} {SIGNS[type(node.op)]} {right}", "a product",
            )  # fmt: skip
        if own_part(node, target) and isinstance(node, ast.Attribute) and node.attr in KEPT:
            for name in GRADIENTS:
                other = f"{text.segment(node.value)}.{name}"
                if other in text.source.text:
                    yield (
                        text, Change(node, other), "wrong-variable",
                        f"{text.segment(node)}, where {other} belongs", f"it with {other}",
                    )  # fmt: skip
