"""Errors of a cross-entropy that are written wrongly: (1 - t) / p for (1 - t) / (1 - p), t * log(p) for p - t.

Where they are made of no difference of predictions and targets, nothing tells what updates should follow. So the
text is put right, and the program is run again: the mistake is proved where every update then follows the gradient of
a loss that the program computes itself, and what was changed goes into them.
"""

import ast
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias, TypeGuard

from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.targets.corrected_text import Change, Correction, correction_of, run_changed
from chainrule.checking.targets.foreign_updates import serves_updates
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_CHANGES = 6
DIVISIONS = ("np.divide", "numpy.divide", "np.true_divide")
PLAIN = (ast.Name, ast.Attribute, ast.Subscript)
Mended: TypeAlias = tuple[
    Change, str, str, str
]  # the name of the mistake, what is there, what should be


def find_wrong_cross_entropy(run: Run, deadline: Deadline) -> Correction | None:
    """The mistake where an error is a cross-entropy's but for one divisor, or its terms for their derivative."""
    texts = enumerate(read_texts(run.sources))
    found = ((file, text, mended) for file, text in texts for mended in changes(text))
    for file, text, (change, name, was, should) in islice(found, MOST_CHANGES):
        corrected = run_changed(run, [(text, change)], deadline)
        if corrected is None or not serves_updates(corrected[0], text, file, change):
            continue
        if stated_losses(corrected[0]).isdisjoint(corrected[1]):
            continue  # each of these errors is the derivative of some loss, which may be meant
        return correction_of(*corrected, text, change, name, (was, should))
    return None


def changes(text: Text) -> Iterator[Mended]:
    for node in ast.walk(text.tree):
        yield from other_divisors(node)
        if isinstance(node, ast.Assign | ast.Return) and node.value is not None:
            yield from derivatives(node.value)
            yield from before_softmax(node.value)


def other_divisors(node: ast.AST) -> Iterator[Mended]:
    """1 - p for p or 1 + p below 1 - t, and p for 1 - p below t."""
    pair = quotient(node)
    if pair is None:
        return
    over, under = pair
    second, divisor = complement_of(over) is not None, complement_of(under)
    raised = complement_of(under, ast.Add)
    name, own = "wrong-variable", None
    if second and raised is not None:
        name, own = "wrong-operator", f"1 - {ast.unparse(raised)}"
    elif second and isinstance(under, PLAIN):
        own = f"1 - {ast.unparse(under)}"
        own = f"({own})" if isinstance(node, ast.BinOp) else own
    elif not second and divisor is not None:
        own = ast.unparse(divisor)
    if own is not None:
        of_class = "the second class's" if second else "the first class's"
        was = f"{of_class} error over {ast.unparse(under)}"
        yield Change(under, own), name, was, f"it over {own}"


def quotient(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return node.left, node.right
    if isinstance(node, ast.Call) and len(node.args) == 2 and ast.unparse(node.func) in DIVISIONS:
        return node.args[0], node.args[1]
    return None


def complement_of(node: ast.expr, sign: type[ast.operator] = ast.Sub) -> ast.expr | None:
    """p of 1 - p, or of 1 and p with another sign between them."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, sign):
        left = node.left
        if isinstance(left, ast.Constant) and left.value == 1 and isinstance(node.right, PLAIN):
            return node.right
    return None


def derivatives(value: ast.expr) -> Iterator[Mended]:
    """What an error is where a program keeps the terms of a cross-entropy, -t * log(p), entry by entry."""
    terms = terms_of(value)
    if not terms:
        return
    target, prediction = terms[0]
    two = len(terms) == 2
    if len(terms) > 2 or (two and terms[1] != (f"1 - {target}", f"1 - {prediction}")):
        return
    difference = f"{prediction} - {target}"
    derivative = (
        f"({difference}) / ({prediction} * (1 - {prediction}))"
        if two
        else f"-{target} / {prediction}"
    )
    for changed in (difference, derivative):
        yield (
            Change(value, changed), "wrong-operator", "the loss's terms, which are sent back",
            f"the loss's derivative: {changed}",
        )  # fmt: skip


def before_softmax(value: ast.expr) -> Iterator[Mended]:
    """p - t for -t / p: the derivative by probabilities, sent back where that by what they are the softmax of belongs."""
    turned, whole = False, value
    while isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        turned, value = not turned, value.operand
    pair = quotient(value)
    if pair is None:
        return
    over, under = pair
    while isinstance(over, ast.UnaryOp) and isinstance(over.op, ast.USub):
        turned, over = not turned, over.operand
    if turned and isinstance(over, PLAIN) and isinstance(under, PLAIN):
        target, prediction = ast.unparse(over), ast.unparse(under)
        yield (
            Change(whole, f"{prediction} - {target}"), "missing-derivative",
            f"the loss's derivative by {prediction}, without that of the activation",
            f"both at once, {prediction} - {target}",
        )  # fmt: skip


def terms_of(value: ast.expr) -> list[tuple[str, str]]:
    """Of sums of products t * log(p), whatever their signs, each t and p; nothing where there is anything else."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        return terms_of(value.operand)
    if not isinstance(value, ast.BinOp):
        return []
    if isinstance(value.op, ast.Add | ast.Sub):
        sides = terms_of(value.left), terms_of(value.right)
        return [*sides[0], *sides[1]] if all(sides) else []
    if not isinstance(value.op, ast.Mult):
        return []
    for factor, other in ((value.right, value.left), (value.left, value.right)):
        if is_logarithm(factor):
            while isinstance(other, ast.UnaryOp) and isinstance(other.op, ast.USub):
                other = other.operand
            if isinstance(other, PLAIN) or complement_of(other) is not None:
                return [(ast.unparse(other), ast.unparse(factor.args[0]))]
    return []


def is_logarithm(node: ast.expr) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return False
    argument = node.args[0]
    plain = isinstance(argument, PLAIN) or complement_of(argument) is not None
    return ast.unparse(node.func).split(".")[-1] == "log" and plain
