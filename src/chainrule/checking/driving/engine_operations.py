"""An operation of an engine by itself: what comes back through it, held against differences of what it computes."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Program
from chainrule.checking.driving.engine_operands import Operands, operands_of
from chainrule.checking.driving.engines import BINARY, UNARY, EnginePlan, gradient_of, number_of
from chainrule.checking.finding.syntax import FUNCTIONS, Text, read_texts
from chainrule.recording.execution import Run
from chainrule.recording.source import Source

STEP = 1e-5  # central differences of it are right to about ten digits
CLOSE = 1e-6


@final
@dataclass(frozen=True)
class Method:
    """A method of an engine's class, and the text that defines it."""

    owner: type
    globals: dict[str, Any]
    text: Text
    function: ast.FunctionDef

    @contextmanager
    def replaced(self, changed: Mapping[Path, Source]) -> Iterator[None]:
        """The class with the method that a changed file has at its line. Raises: whatever that text raises."""
        name, line = self.function.name, self.function.lineno
        file = self.text.source.path
        function = next(
            node
            for node in ast.walk(ast.parse(changed[file].text))
            if isinstance(node, ast.FunctionDef) and (node.name, node.lineno) == (name, line)
        )
        function.decorator_list = []
        made: dict[str, Any] = {}
        code = compile(ast.Module([function], []), str(file), "exec")
        exec(code, self.globals, made)  # the program's own text
        original = vars(self.owner)[name]
        setattr(self.owner, name, made[name])
        try:
            yield
        finally:
            setattr(self.owner, name, original)


@final
@dataclass(frozen=True)
class Operation:
    """An operation with the text of its method, and what of that goes back."""

    plan: EnginePlan
    method: Method
    operands: list[Operands]

    @property
    def text(self) -> Text:
        return self.method.text

    @property
    def function(self) -> ast.FunctionDef:
        return self.method.function

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

    def is_made_up(self) -> bool:
        """Whether its slope may be what somebody wants: what it computes is its operand, or stays where that moves a little.

        So of a gradient that is turned round on purpose, or of a rounded number's.
        """
        if self.takes_two():
            return False
        plain = [one.values[0] for one in self.accepted if not one.along]
        same = bool(plain) and all(map(self.plan.gives_on, plain))
        return same or all(
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
        """Sums of sums alone, and products of products: of them all other expressions are made.

        On either side an operand stands twice, so that what came back to it first must not be lost, and so does a
        result, which must go back once, when all is there.
        """
        arrays = any(map(np.ndim, operands.values))
        if arrays or (self.takes_two() and self.plan.operation not in ("__add__", "__mul__")):
            return self.expression_of_products(leaves, operands)
        a, c, x, y = leaves
        if self.plan.operation == "__add__":
            made = a + c
            return ((made + (a + x)) + (y + c)) + made
        if self.plan.operation == "__mul__":
            made = a * c
            return ((made * (a * x)) * (y * c)) * made
        return self.plan.expression(leaves)

    def expression_of_products(self, leaves: list[Any], operands: Operands) -> Any:
        """Each operand is used twice, and what comes back to the first result has to do with none of its own numbers."""
        a, c, x, y = leaves
        if not self.takes_two():
            first, second = (self.of_one(one, operands) for one in (a, a * y))
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

    def is_right_with(self, method: Method, changed: Mapping[Path, Source]) -> bool:
        """Whether it is right once a method of its class is that of a changed text."""
        try:
            with method.replaced(changed):
                return self.is_right()
        except Exception:  # whatever the changed text raises, it is not right
            return False


def moved(operands: Operands, place: int, entry: tuple[int, ...], by: float) -> Operands:
    """The same with one entry of one operand another."""
    values = list(operands.values)
    value = np.array(values[place], dtype=float)
    value[entry] += by
    values[place] = value if value.ndim else float(value)
    return replace(operands, values=tuple(values))


def find_operation(run: Run, program: Program, plan: EnginePlan) -> Operation | None:
    """The operation of a plan in the text that defines it; None where it is no method of numbers or arrays."""
    method = find_method(run, plan.owner, plan.operation)
    operation = None if method is None else Operation(plan, method, operands_of(program, plan))
    return operation if operation and operation.accepted and operation.statements else None


def find_method(run: Run, owner: type, name: str) -> Method | None:
    """A method that the program's text defines, of a class or of what that is made from."""
    definer = next((one for one in owner.__mro__ if name in vars(one)), owner)
    called = vars(definer).get(name)
    if not inspect.isfunction(called):
        return None
    code = called.__code__
    for text in read_texts(run.sources):
        if str(text.source.path) != code.co_filename:
            continue
        for node in ast.walk(text.tree):
            if isinstance(node, ast.FunctionDef) and node.lineno == code.co_firstlineno:
                return Method(definer, called.__globals__, text, node)
    return None
