"""How an engine goes back as a whole: where it begins, and in which order it comes to its operations.

    def backward(self):
        self.grad = 1.0                        # the derivative of the loss by itself
        for node in reversed(order):           # each once all that used it have sent back to it
            node._backward()

Where an operation is right by itself, expressions of several come out wrong by this. A change after which all the
operations that a program uses are right shows what it is.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import indent

from chainrule.checking.anatomy.program import Program
from chainrule.checking.driving.engine_operations import (
    Method,
    Operation,
    find_method,
    find_operation,
)
from chainrule.checking.driving.engines import GRADIENTS, EnginePlan, asked_of, number_of
from chainrule.checking.finding.mistake_words import WORDS
from chainrule.checking.finding.syntax import FUNCTIONS, Text
from chainrule.checking.targets.corrected_text import (
    Amendment,
    Change,
    changed_sources,
    finding_of,
)
from chainrule.recording.execution import Run

ORDER = "wrong-order"
# Through all objects that an object keeps, the operations from the last to the first.
IN_ORDER = """\
def {name}({self}, *_):
    order, seen = [], set()

    def visit(one):
        if id(one) not in seen:
            seen.add(id(one))
            for kept in vars(one).values():
                for other in kept if isinstance(kept, (list, tuple, set, frozenset)) else [kept]:
                    if isinstance(other, type({self})):
                        visit(other)
            order.append(one)

    visit({self})
    {self}.{gradient} = {begin}
    for one in reversed(order):
        if one.{closure} is not None:
            one.{closure}({given})
"""


def judge_way_back(run: Run, program: Program, plans: Sequence[EnginePlan]) -> Amendment | None:
    """What change of the way back as a whole makes all operations right that a program uses."""
    found = [find_operation(run, program, plan) for plan in plans]
    operations = [one for one in found if one is not None and not one.is_made_up()]
    method = find_method(run, plans[0].owner, plans[0].back)
    if method is None or not operations:
        return None
    for amendment in amendments(method, operations[0]):
        if all(one.is_right_with(method, amendment.changed) for one in operations):
            return amendment
    return None


def amendments(method: Method, operation: Operation) -> Iterator[Amendment]:
    """Ways back that may be right, those that differ least first."""
    gradient = gradient_name(operation)
    yield from turned_round(method)
    yield from appended_last(method)
    if gradient is not None:
        yield from begun_otherwise(method, gradient)
        yield from gone_in_order(method, operation, gradient)


def turned_round(method: Method) -> Iterator[Amendment]:
    for loop in loops_back(method):
        text, head = method.text, loop.iter
        if isinstance(head, ast.Call) and ast.unparse(head.func) == "reversed" and head.args:
            other = text.segment(head.args[0])
        elif isinstance(head, ast.Subscript) and ast.unparse(head.slice) == "::-1":
            other = text.segment(head.value)
        else:
            other = f"reversed({text.segment(head)})"
        yield from amended(text, [Change(head, other)], ORDER)


def appended_last(method: Method) -> Iterator[Amendment]:
    """What a function adds to a list once it has been to all that it goes on to."""
    text = method.text
    for statement in ast.walk(method.function):
        if not isinstance(statement, ast.Expr):
            continue
        call = statement.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        body = getattr(text.parents.get(statement), "body", [])
        loops = [one for one in body if isinstance(one, ast.For) and one.lineno > statement.lineno]
        if call.func.attr != "append" or statement not in body or len(loops) != 1:
            continue
        added, last = text.segment(statement), loops[0].body[-1]
        moved = f"{text.segment(last)}\n{' ' * statement.col_offset}{added}"
        for one in amended(text, [Change(statement, "pass"), Change(last, moved)], ORDER):
            expected = f"{WORDS[ORDER][1]}: {added} after the loop of line {loops[0].lineno}"
            yield replace(one, finding=replace(one.finding, fix=None, expected=expected))


def begun_otherwise(method: Method, gradient: str) -> Iterator[Amendment]:
    """With 1, the derivative of what is differentiated by itself."""
    text, owner = method.text, method.function.args.args[0].arg
    target = f"{owner}.{gradient}"
    set_here = [
        node
        for node in ast.walk(method.function)
        if isinstance(node, ast.Assign)
        and text.around(node, FUNCTIONS) is method.function
        and [ast.unparse(one) for one in node.targets] == [target]
    ]
    for node in set_here:
        constant = isinstance(node.value, ast.Constant)
        for one in ("1.0", f"1.0 + 0 * {text.segment(node.value)}"):
            yield from amended(
                text,
                [Change(node.value, one)],
                "wrong-constant" if constant else "wrong-variable",
                (
                    f"the derivative of the loss by itself as {text.segment(node.value)}",
                    "it as what it is, 1",
                ),
            )
    first = next(
        (one for one in method.function.body if not isinstance(one, ast.FunctionDef | ast.ClassDef)
         and not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
                  and isinstance(one.value.value, str))), None,
    )  # fmt: skip
    if first is not None and not set_here:
        begun = f"{target} = 1.0\n{' ' * first.col_offset}{text.segment(first)}"
        yield from amended(
            text,
            [Change(first, begun)],
            "missing-derivative",
            (
                "a way back that begins with nothing",
                "the derivative of the loss by itself, 1, before anything goes back",
            ),
        )


def gone_in_order(method: Method, operation: Operation, gradient: str) -> Iterator[Amendment]:
    """A way back that comes to each operation once, and after all that used its result."""
    text, function, made = method.text, method.function, operation.plan.owner
    sample = made(1.5) * made(0.5)
    closures = {name: value for name, value in vars(sample).items() if callable(value)}
    numbers = [name for name, value in vars(sample).items() if value is number_of(sample)]
    if not closures or not numbers:
        return
    owner, (closure, called) = function.args.args[0].arg, next(iter(closures.items()))
    code = IN_ORDER.format(
        name=function.name,
        self=owner,
        gradient=gradient,
        begin=f"1.0 + 0 * {owner}.{numbers[0]}",
        closure=closure,
        given=f"one.{gradient}" if asked_of(called) else "",
    )
    lines = text.source.text.split("\n")
    lines[function.lineno - 1 : function.end_lineno] = [indent(code, " " * function.col_offset)]
    changed = {text.source.path: replace(text.source, text="\n".join(lines))}
    whiles = [node.test for node in ast.walk(function) if isinstance(node, ast.While)]
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    for node in [*[loop.iter for loop in loops_back(method)][-1:], *whiles, *calls[-1:]][:1]:
        finding = finding_of(text, Change(node, text.segment(node)), ORDER, *WORDS[ORDER])
        yield Amendment(changed, replace(finding, fix=None, expected=WORDS[ORDER][1]))


def amended(
    text: Text, changes: Sequence[Change], mistake: str, words: tuple[str, str] | None = None
) -> Iterator[Amendment]:
    changed = changed_sources([(text, change) for change in changes])
    if changed is not None:
        found, expected = words or WORDS[mistake]
        yield Amendment(changed, finding_of(text, changes[0], mistake, found, expected))


def loops_back(method: Method) -> list[ast.For]:
    """The loops in which an engine calls what it goes through."""
    return [
        node
        for node in ast.walk(method.function)
        if isinstance(node, ast.For)
        and isinstance(node.target, ast.Name)
        and any(
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Attribute)
            and ast.unparse(part.func.value) == node.target.id
            for part in ast.walk(node)
        )
    ]


def gradient_name(operation: Operation) -> str | None:
    """The attribute in which objects keep their gradients."""
    sample = operation.plan.owner(1.5)
    return next((name for name in GRADIENTS if hasattr(sample, name)), None)
