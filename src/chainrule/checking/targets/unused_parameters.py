"""Parameters that errors update and that no prediction is made with: z = x @ w, and b -= rate * db all the same.

Their gradients are 0. What a program has for another purpose goes by no rate of the others, or is read elsewhere.
"""

import ast
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from chainrule.checking.anatomy.parameters import LINKS, Chain
from chainrule.checking.finding.frozen import STARTS
from chainrule.checking.finding.starting_values import source_of
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.verdict import Finding
from chainrule.recording.execution import Run

FEWEST = 3  # updates
SCALING = {"multiply", "divide", "reshape"}
COMMON = {0.0, 1.0, -1.0, 2.0}  # numbers that any formula may have
SHAPES = ("zeros_like", "ones_like", "empty_like", "full_like")


@final
@dataclass(frozen=True)
class Unused:
    """A parameter's chain; `elsewhere`: the source reads it in other places than its update, or adds errors up in it."""

    chain: Chain
    name: str
    elsewhere: bool


def find_unused(case: Case, run: Run) -> Unused | None:
    """The first value that begins as parameters do, goes by their rate down an error, and serves nothing."""
    program, anatomy = case.program, case.anatomy
    rates = {
        rate for update in anatomy.updates for rate in numbers_behind(case, [update.after])
    } - COMMON
    ends = [u.after for u in anatomy.updates]
    ends += [mix.output for mix in anatomy.mixes]
    serving = program.ancestors(ends)
    updated = sorted(update.after for update in anatomy.updates)
    for root in program.given:
        if root in anatomy.stops or not np.shape(program.given[root]):
            continue
        chain = chain_from(case, root)
        if (
            len(chain.steps) >= FEWEST
            and source_of(program, root) in STARTS
            and not anatomy.masks[chain.root]
            and serving.isdisjoint(chain.versions)
            and goes_on(chain, updated)
            and all(goes_by_rate(case, chain, k, rates) for k in range(len(chain.steps)))
        ):
            name = chain.name(program)
            if name is not None:
                down = all(step.operation == "subtract" for step in chain.steps)
                elsewhere = not down or is_read_elsewhere(case, chain, name, run)
                return Unused(chain, name, elsewhere)
    return None


def goes_on(chain: Chain, updated: Sequence[int]) -> bool:
    """Whether other parameters are updated between all of its steps: else it is a sum within one pass, perhaps the last."""
    return all(
        bisect(updated, after) > bisect(updated, before)
        for before, after in pairwise(step.output for step in chain.steps)
    )


def chain_from(case: Case, root: int) -> Chain:
    """What becomes of a value that is read by nothing but the sums that go on from it, one after the other."""
    chain = Chain(root, [root])
    while True:  # drawn numbers may be made smaller first
        users = case.program.consumers.get(chain.root, ())
        if len(users) != 1 or users[0].operation not in SCALING:
            break
        chain = Chain(users[0].output, [users[0].output])
    while True:
        users = case.program.consumers.get(chain.versions[-1], ())
        if len(users) != 1 or users[0].operation not in LINKS:
            return chain
        chain.steps.append(users[0])
        chain.versions.append(users[0].output)


def goes_by_rate(case: Case, chain: Chain, number: int, rates: set[float]) -> bool:
    """Whether a step adds an error times one of the rates."""
    anatomy = case.anatomy
    step, before = chain.steps[number], chain.versions[number]
    others = [p for p in step.inputs if p != before]
    if not any(anatomy.error_masks[p] for p in others):
        return False
    return not rates.isdisjoint(numbers_behind(case, others))


def numbers_behind(case: Case, positions: Sequence[int]) -> set[float]:
    """The single numbers of the source that something is multiplied by on the way to some values, within their pass."""
    program = case.program
    behind = program.ancestors(positions, case.anatomy.stops - set(positions))
    given = (
        program.given[p]
        for p in behind & program.given.keys()
        if any(s.operation == "multiply" and s.output in behind for s in program.consumers[p])
    )
    return {float(np.ravel(number)[0]) for number in given if np.size(number) == 1}


def is_read_elsewhere(case: Case, chain: Chain, name: str, run: Run) -> bool:
    """Whether the source reads a name in another statement than its update, but for its shape."""
    last = name.rpartition(".")[2]
    updates = {case.program.site(step).line for step in chain.steps}
    return any(
        reads(text, node, last) and node.lineno not in updates
        for text in read_texts(run.sources)
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )


def reads(text: Text, node: ast.Name | ast.Attribute, name: str) -> bool:
    own = node.id if isinstance(node, ast.Name) else node.attr
    if own != name or not isinstance(node.ctx, ast.Load):
        return False
    around = text.parents.get(node)
    if isinstance(around, ast.Attribute):
        return around.attr not in ("shape", "size", "ndim")
    return not (
        isinstance(around, ast.Call) and ast.unparse(around.func).rpartition(".")[2] in SHAPES
    )


def finding_of_unused(case: Case, unused: Unused, run: Run) -> Finding:
    site = case.program.site(unused.chain.steps[0])
    source = run.sources[site.file]
    cell, cell_line = source.cell_of(site.line)
    return Finding(
        str(source.path), site.line, "unknown",
        f"an update of {unused.name}, with which no prediction is made: its gradient is 0",
        f"predictions with {unused.name}, or no such update", None, proved=False,
        cell=cell, cell_line=cell_line, source=source.shown[site.line - 1], parameters=[unused.name],
    )  # fmt: skip
