"""One token in another's place, beside a loss that the program computes itself: put right in the text, and run again.

What is printed need not be what is meant: it may be climbed, weighted, or played against. So a change counts only where
it turns updates elsewhere than to and fro: cache_n for cache_p, fp + fa for fp - fa. And where a weight goes up and
the bias beside it down, nobody plays: the player would be both.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Program, calls_of
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.own_readings import Parts
from chainrule.checking.repairing.own_loss_repairs import cases_of, has_one_kind_of_term
from chainrule.checking.repairing.own_steps import is_other_step
from chainrule.checking.targets.corrected_text import (
    Change,
    changed_sources,
    finding_of,
    read_again,
)
from chainrule.checking.targets.rare_slips import Slip, repeated_names
from chainrule.checking.targets.slips import suspected_lines, with_other_sign
from chainrule.checking.targets.token_slips import SWAPS, other_names, other_operators
from chainrule.checking.verdict import Finding
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_CHANGES = 40
SHARE = 0.8  # of the time that is left
JOIN = "concatenate"
MOVES = ("reshape", "transpose", "broadcast", "gather")
COLLINEAR = 1 - 1e-9
LOSS = re.compile(r"loss|cost|err|mse|nll", re.IGNORECASE)
FLIPPED: Mapping[type[ast.operator], str] = {ast.Add: "-=", ast.Sub: "+="}

Slipped: TypeAlias = tuple[Case, list[int], Finding]


def find_own_slip(run: Run, parts: Parts, deadline: Deadline) -> Slipped | None:
    """The case of the program's loss, the lines that compute it, and the mistake with which all updates follow it."""
    if run.is_later:
        return None
    end = deadline.share(SHARE)
    for steps, case in cases_of(parts, deadline):
        if case.fits[OWN].is_right or is_other_step(case, case.fits[OWN]):
            continue
        lines = sorted({parts.program.site(step).line for step in steps})
        for text, (change, mistake, was, should) in islice(slips(run, case), MOST_CHANGES):
            if end.over:
                return None
            changed = changed_sources([(text, change)])
            if changed is None:
                continue
            reading = read_again(run, changed, end)
            if reading is None or reading.lines[:1] != lines[:1] or len(reading.cases) > 1:
                continue
            if is_no_choice(parts, case, reading.cases[0], change):
                return case, lines, finding_of(text, change, mistake, was, should)
    return None


def is_no_choice(parts: Parts, case: Case, mended: Case, change: Change) -> bool:
    """Whether updates are turned elsewhere than to and fro, or a weight is turned round without the bias beside it.

    Where none follows the loss, it may be of other data, and an optimizer may be one that is not known.
    """
    before, after = first_updates(case), first_updates(mended)
    if before.keys() != after.keys():
        return False
    changed = [n for n in before if not np.array_equal(before[n], after[n])]
    elsewhere = [n for n in changed if not is_collinear(before[n], after[n])]
    if not elsewhere:
        alone = climbs_loss(case) or all(has_good_neighbour(case, n) for n in changed)
        return bool(changed) and alone
    if not case.fits[OWN].good:
        both = [np.sign(before[n] * after[n]) for n in changed if before[n].shape == after[n].shape]
        signs = set(np.concatenate(both).tolist()) if both else set()
        named = isinstance(change.node, ast.Name | ast.Attribute)
        if not {1.0, -1.0} <= signs or not (named or is_of_sign(change)):
            return False
        if not is_made_of_loss(case, changed) or (named and is_of_data(case, change)):
            return False
    return named_or_one_term(parts, case, change)


def climbs_loss(case: Case) -> bool:
    """Whether all parameters climb what the program calls a loss, and what is never below 0: no likelihood."""
    fit, program = case.fits[OWN], case.program
    outputs = [mix.output for mix in case.anatomy.mixes]
    ends = [end for end in outputs if program.name(end)]  # of max(0, x) below 0 there is x alone
    return (
        len(fit.good) > 1
        and not fit.bad
        and 2 * len(ends) >= len(outputs)
        and all(LOSS.search(program.name(end) or "") for end in ends)
        and all(bool(np.all(values[end] >= 0)) for values in case.worlds for end in ends)
    )


def named_or_one_term(parts: Parts, case: Case, change: Change) -> bool:
    """Of several kinds of terms one may be climbed on purpose, whatever it is made of."""
    return isinstance(change.node, ast.Name | ast.Attribute) or has_one_kind_of_term(parts, case)


def is_of_sign(change: Change) -> bool:
    """Whether a sum is a difference instead, or the reverse: also of what is added to entries, d[rows, classes] += 1."""
    node = change.node
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, ast.Subscript)
    swapped = set("*/") & set(change.text) - set(ast.unparse(node))
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and not swapped


def is_made_of_loss(case: Case, changed: Collection[int]) -> bool:
    """Whether updates are made of values on the way to the loss: else they are those of other data."""
    anatomy, program = case.anatomy, case.program
    forward = anatomy.forward - anatomy.stops
    return all(
        bool(
            forward
            & program.ancestors([one.steps[0].output], anatomy.stops - set(one.versions[1:]))
        )
        for one in (anatomy.chains[n] for n in changed)
    )


def is_of_data(case: Case, change: Change) -> bool:
    """Whether a name, or the one in its place, is known to stand for what no parameter goes into."""
    names = {ast.unparse(change.node), change.text}
    recorded = case.program.recording.names
    return any(
        name in names and not case.anatomy.masks[position] and position not in case.anatomy.stops
        for position, name in recorded.items()
    )


def first_updates(case: Case) -> dict[int, Any]:
    """What the first pass does to each parameter, from the same numbers in all runs."""
    values = case.program.recorded
    return {
        number: np.ravel(np.subtract(values[one.versions[1]], values[one.versions[0]]))
        for number, one in enumerate(case.anatomy.chains)
        if len(one.versions) > 1
    }


def is_collinear(a: Any, b: Any) -> bool:
    if a.shape != b.shape:
        return False
    return float(np.sum(a * b)) ** 2 >= COLLINEAR * float(np.sum(a**2) * np.sum(b**2))


def has_good_neighbour(case: Case, number: int) -> bool:
    """Whether what follows the loss is added to a product of this parameter, or joined to it: one layer plays no game with itself."""
    good = {p for n in case.fits[OWN].good for p in case.anatomy.chains[n].versions}
    own = set(case.anatomy.chains[number].versions)
    program = case.program
    for step in program.steps:
        if step.operation == JOIN:
            joined = {source(program, p) for p in step.inputs}
            if own & joined and good & joined:
                return True
        if step.operation == "add" and step.output not in case.anatomy.stops:
            for one, other in (step.inputs, step.inputs[::-1]):
                for first, second in ((own, good), (good, own)):
                    if made_by_product(program, one) & first and source(program, other) in second:
                        return True
    return False


def made_by_product(program: Program, position: int) -> set[int]:
    """The operands of the product that a value is."""
    step = program.step_of.get(position)
    return (
        {source(program, p) for p in step.inputs} if step and step.operation in PRODUCTS else set()
    )


def source(program: Program, position: int) -> int:
    """What a value is in another shape."""
    step = program.step_of.get(position)
    while step is not None and step.operation in MOVES:
        position = step.inputs[0]
        step = program.step_of.get(position)
    return position


def slips(run: Run, case: Case) -> Iterator[tuple[Text, Slip]]:
    """Signs, names and operators of lines that only wrong updates come from."""
    texts = read_texts(run.sources)
    suspected = suspected_lines(case) if case.fits[OWN].bad else lines_of_updates(case)
    yield from ((text, slip) for text in texts for slip in repeated_names(text))
    for file, text in enumerate(texts):
        lines = {line for at, line in suspected if at == file}
        nodes = [
            node
            for node in ast.walk(text.tree)
            if isinstance(node, ast.expr | ast.AugAssign) and node.lineno in lines
        ]
        expressions = [node for node in nodes if isinstance(node, ast.expr)]
        found = chain(
            other_signs(text, nodes),
            other_names(text, expressions),
            other_operators(text, expressions, SWAPS),
        )
        yield from ((text, slip) for slip in found)


def lines_of_updates(case: Case) -> list[tuple[int, int]]:
    """The lines at which parameters change, and those that these are called from."""
    program = case.program
    steps = [step for one in case.anatomy.chains for step in one.steps]
    sites = [program.site(step) for step in steps]
    sites += [program.sites[call] for step in steps for call in calls_of(program.call(step))]
    return sorted({(site.file, site.line) for site in sites})


def other_signs(text: Text, nodes: Collection[ast.AST]) -> Iterator[Slip]:
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            yield from with_other_sign(text, node, "wrong-operator")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            sign = "-" if isinstance(node.op, ast.UAdd) else "+"
            made = sign + text.segment(node.operand)
            yield Change(node, made), "sign-error", text.segment(node), made
        elif isinstance(node, ast.AugAssign) and type(node.op) in FLIPPED:
            made = (
                f"{text.segment(node.target)} {FLIPPED[type(node.op)]} {text.segment(node.value)}"
            )
            yield Change(node, made), "sign-error", text.segment(node), made
