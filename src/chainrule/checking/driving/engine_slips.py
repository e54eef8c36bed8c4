"""An operation of an engine with its way back put right: text in another's place, held against differences.

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad = other.data * out.grad        # each of these parts may be another

What an operation gives back is the derivative of what it computes, at any operands, and nothing else. So one change
of its text after which all its derivatives agree shows what is wrong with it, and that nothing else is.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.anatomy.program import Program
from chainrule.checking.driving.engine_operands import Operands, operands_of
from chainrule.checking.driving.engines import BINARY, UNARY, EnginePlan, gradient_of, number_of
from chainrule.checking.finding.syntax import FUNCTIONS, Text, read_texts
from chainrule.checking.targets.corrected_text import Change, finding_of, with_text
from chainrule.checking.verdict import Finding
from chainrule.recording.execution import Run

STEP = 1e-5  # central differences of it are right to about ten digits
CLOSE = 1e-6
OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
REDUCTIONS: Mapping[str, str] = {"mean": "sum", "sum": "mean"}

Slip: TypeAlias = tuple[Change, str, str, str]


@final
@dataclass(frozen=True)
class Operation:
    """An operation with the text of its method, and what of that goes back."""

    plan: EnginePlan
    method: Callable[..., Any]
    text: Text
    function: ast.FunctionDef
    operands: list[Operands]

    @cached_property
    def statements(self) -> list[ast.Assign | ast.AugAssign]:
        """What goes back is assigned in functions within the method."""
        inner = [
            part
            for part in ast.walk(self.function)
            if isinstance(part, FUNCTIONS) and part is not self.function
        ]
        return [
            node
            for function in inner
            for node in ast.walk(function)
            if isinstance(node, ast.Assign | ast.AugAssign) and node.lineno == node.end_lineno
        ]

    @cached_property
    def computed(self) -> list[ast.expr]:
        """What the method itself computes, line by line."""
        return [
            node.value
            for node in self.function.body
            if isinstance(node, ast.Assign) and node.lineno == node.end_lineno
        ]

    def is_right(self) -> bool:
        """Whether all that comes back agrees with differences. Raises: whatever the operation raises."""
        return all(self.agrees(operands) for operands in self.accepted)

    @cached_property
    def accepted(self) -> list[Operands]:
        """The operands that the operation takes, such as positive ones for a logarithm."""
        found = []
        for operands in self.operands:
            try:
                if np.isfinite(self.total(operands)):
                    self.slopes(operands)
                    found.append(operands)
            except Exception:  # whatever these operands make it raise
                continue
        return found

    def is_flat(self) -> bool:
        """Whether what it computes stays where its operand moves a little, as a rounded number: its slope may be made up."""
        if self.takes_two():
            return False
        return all(
            np.array_equal(
                number_of(self.of_one(self.plan.owner(one.values[0]), one)),
                number_of(self.of_one(self.plan.owner(one.values[0] + STEP), one)),
            )
            for one in self.accepted
        )

    def takes_two(self) -> bool:
        return self.plan.operation in BINARY or self.plan.takes_another()

    def of_one(self, leaf: Any, operands: Operands) -> Any:
        if operands.along:
            return getattr(leaf, self.plan.operation)(**operands.along)
        return (UNARY.get(self.plan.operation) or self.plan.called)(leaf)

    def total(self, operands: Operands) -> float:
        leaves = [self.plan.owner(value) for value in operands.values]
        return float(np.sum(number_of(self.expression(leaves, operands))))

    def expression(self, leaves: list[Any], operands: Operands) -> Any:
        """Sums of sums alone, and products of products: of them all other expressions are made."""
        if any(map(np.ndim, operands.values)):
            return self.expression_of_arrays(leaves, operands)
        a, c, x, _ = leaves
        if self.plan.operation == "__add__":
            return (a + c) + (a + x)
        if self.plan.operation == "__mul__":
            return (a * c) * (a * x)
        return self.plan.expression(leaves)

    def expression_of_arrays(self, leaves: list[Any], operands: Operands) -> Any:
        """Each operand is used twice, and what comes back to the first result has to do with none of its own numbers."""
        a, c, x, y = leaves
        if not self.takes_two():
            first, second = (self.of_one(leaf, operands) for leaf in (a, y))
            return first * first + first * second
        of_two = BINARY.get(self.plan.operation, self.plan.called)
        made = of_two(a, c)
        weights = np.random.default_rng(5).uniform(0.3, 1.4, size=np.shape(number_of(made)))
        return (made * self.plan.owner(weights)) * (of_two(x, c) * of_two(a, y))

    def slopes(self, operands: Operands) -> list[Any]:
        """What comes back to each operand."""
        leaves = [self.plan.owner(value) for value in operands.values]
        self.plan.go_back(self.expression(leaves, operands))
        return [
            np.broadcast_to(gradient_of(leaf), np.shape(value))
            for leaf, value in zip(leaves, operands.values, strict=True)
        ]

    def agrees(self, operands: Operands) -> bool:
        for place, back in enumerate(self.slopes(operands)):
            for entry in np.ndindex(np.shape(back)):
                ends = [self.total(moved(operands, place, entry, h)) for h in (STEP, -STEP)]
                slope = (ends[0] - ends[1]) / (2 * STEP)
                if not abs(back[entry] - slope) <= CLOSE * max(1.0, abs(slope)):
                    return False
        return True

    def is_right_with(self, change: Change) -> bool:
        """Whether it is right once a part of its method's text is another."""
        lines = self.text.source.text.split("\n")
        number = change.node.lineno - 1
        lines[number] = with_text(lines[number], change)
        original = vars(self.plan.owner)[self.function.name]
        try:
            tree = ast.parse("\n".join(lines))
            function = next(
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.FunctionDef)
                and (node.name, node.lineno) == (self.function.name, self.function.lineno)
            )
            function.decorator_list = []
            namespace: dict[str, Any] = {}
            code = compile(ast.Module([function], []), str(self.text.source.path), "exec")
            exec(code, self.method.__globals__, namespace)  # the program's own text
            setattr(self.plan.owner, self.function.name, namespace[self.function.name])
            return self.is_right()
        except Exception:  # whatever the changed text raises, it is not right
            return False
        finally:
            setattr(self.plan.owner, self.function.name, original)


def moved(operands: Operands, place: int, entry: tuple[int, ...], by: float) -> Operands:
    """The same with one entry of one operand another."""
    values = list(operands.values)
    value = np.array(values[place], dtype=float)
    value[entry] += by
    values[place] = value if value.ndim else float(value)
    return replace(operands, values=tuple(values))


def find_operation(run: Run, program: Program, plan: EnginePlan) -> Operation | None:
    """The operation of a plan in the text that defines it; None where it is no method of numbers or arrays."""
    method = vars(plan.owner).get(plan.operation)
    if not inspect.isfunction(method):
        return None
    code = method.__code__
    for text in read_texts(run.sources):
        if str(text.source.path) != code.co_filename:
            continue
        for node in ast.walk(text.tree):
            if isinstance(node, ast.FunctionDef) and node.lineno == code.co_firstlineno:
                operation = Operation(plan, method, text, node, operands_of(program, plan))
                return operation if operation.accepted and operation.statements else None
    return None


def judge_operation(
    run: Run, program: Program, plan: EnginePlan
) -> tuple[bool | None, list[Finding]]:
    """Whether an operation is right, None where that cannot be told; if not, what change of its text makes it so."""
    assert run.recorder is not None
    run.recorder.off = True
    operation = find_operation(run, program, plan)
    try:
        if operation is None or operation.is_flat():
            return None, []
        if operation.is_right():
            return True, []
    except Exception:  # whatever operands that are made up make it raise
        return None, []
    for change, mistake, was, should in slips(operation):
        if operation.is_right_with(change):
            return False, [finding_of(operation.text, change, mistake, was, should)]
    return False, []


def slips(operation: Operation) -> Iterator[Slip]:
    """What may be put right in a way back, the least first: what is assigned, names, signs, factors, numbers."""
    result = result_name(operation.function)
    for statement in operation.statements:
        target = ast.unparse(
            statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        )
        value = operation.text.segment(statement.value)
        adds = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)
        if not adds:
            turned = isinstance(statement, ast.AugAssign)
            yield (
                Change(statement, f"{target} += {value}"), "sign-error" if turned else "wrong-operator",
                f"{operation.text.segment(statement)}, which takes it off" if turned
                else f"{target} anew, so that what came back to it before is lost",
                "the sum of all that comes back to it",
            )  # fmt: skip
        for other in sorted(names_in(operation)):
            if adds and other != target and other.split(".")[-1] == target.split(".")[-1]:
                yield (
                    Change(statement, f"{other} += {value}"), "wrong-variable",
                    f"{target}, where {other} belongs", f"{other}",
                )  # fmt: skip
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
    factors += [f"(1 - {name}**2)" for name in names] + [f"{name} * (1 - {name})" for name in names]
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
