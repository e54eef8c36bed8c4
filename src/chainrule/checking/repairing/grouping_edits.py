"""Parentheses that the source lacks: d * 1 - a**2 for d * (1 - a**2), p - t / n for (p - t) / n."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each, groups
from chainrule.checking.repairing.scene import Scene
from chainrule.rules import RULES

GROUPED = ("grouped 0", "grouped 1")  # by the operand that is a product
SUMS, PRODUCTS = ("add", "subtract"), ("multiply", "divide")


def groupings(scene: Scene) -> Iterator[Edit]:
    """A sum or difference taken before the product or quotient beside it, which one expression computes first."""
    for steps, _ in groups(scene):
        if steps[0].operation not in SUMS or len(steps[0].inputs) != 2:
            continue
        for slot in (0, 1):
            if regrouped(scene, steps[0], slot) is not None:
                yield Edit(
                    "wrong-operator", steps, each(lambda step, slot=slot: regrouped(scene, step, slot)),
                    steps[0], how=GROUPED[slot], cost=1,
                )  # fmt: skip


def regrouped(scene: Scene, step: Instruction, slot: int) -> Instruction | None:
    """a * (b - c) for a * b - c, where the product is the first operand; (a - b) * c for a - b * c, where it is the second."""
    program = scene.program
    product = program.step_of.get(step.inputs[slot])
    if (
        product is None
        or product.operation not in PRODUCTS
        or len(program.consumers[product.output]) > 1
        or program.site(product).line != program.site(step).line
    ):
        return None
    sum_of, product_of = RULES[step.operation].forward, RULES[product.operation].forward
    left, right = product.inputs
    other = step.inputs[1 - slot]

    def compute(values: Any) -> Any:
        if slot == 0:
            inner = sum_of(FLOAT64, values[right], values[other])
            return product_of(FLOAT64, values[left], inner)
        return product_of(FLOAT64, sum_of(FLOAT64, values[other], values[left]), values[right])

    try:
        if np.shape(compute(scene.case.values)) != np.shape(scene.case.values[step.output]):
            return None
    except ValueError:
        return None
    return replace(step, compute=compute)


def with_parentheses(text: str, node: ast.AST, slot: int) -> str | None:
    """An expression of one line, of which this is the text, with its sum or difference taken first."""
    if not isinstance(node, ast.BinOp) or node.end_col_offset is None:
        return None
    product = node.left if slot == 0 else node.right
    if not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.Mult | ast.Div):
        return None
    coded = text.encode()
    opening, closing = product.right.col_offset - node.col_offset, len(coded)
    if slot == 1:
        opening, closing = 0, (product.left.end_col_offset or 0) - node.col_offset
    inner = coded[opening:closing].decode()
    return f"{coded[:opening].decode()}({inner}){coded[closing:].decode()}"
