"""Errors that compare predictions with other targets than the loss does which a program computes of the same ones.

    d = p - y / n                       loss = -np.mean(y * np.log(p))
    d_o2 = (o2 - t1) * o2 * (1 - o2)    E = (t1 - o1) ** 2 + (t2 - o2) ** 2

Both errors follow a loss, of y / n and of t1. But what is computed beside them tells what the targets are. A program
may mean two targets: softened labels beside the hard ones, data with noise beside the function without. So a target
counts only if it is the loss's times a number, or with its entries in another order, or that of another output.
"""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.predictions import Mix, is_written_constant
from chainrule.checking.anatomy.program import Instruction, calls_of
from chainrule.checking.anatomy.unchanged_entries import MOVES
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.other_classes import asks_for_the_same
from chainrule.checking.fitting.own_losses import originals, own_losses
from chainrule.checking.repairing.grouping_edits import with_parentheses
from chainrule.checking.targets.corrected_text import (
    Change,
    Correction,
    correction_of,
    run_changed,
)
from chainrule.checking.targets.rare_slips import Slip
from chainrule.checking.targets.slips import is_all_judged
from chainrule.checking.targets.token_slips import other_names
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_ASKED = 8  # errors
MOST_CHANGES = 20
BOUNDS = {"add", "maximum", "minimum"}  # what keeps a logarithm finite, and does not turn a sign
RTOL, ATOL = 1e-9, 1e-12


@final
@dataclass
class Meeting:
    """A prediction and target of the updates, and what own losses compare that prediction with, each by its first step."""

    mix: Mix
    target: Any
    of_losses: dict[int, set[int]]

    @property
    def losses(self) -> set[int]:
        return set().union(*self.of_losses.values())


def loss_of_other_targets(case: Case) -> Instruction | None:
    """What first computes a loss that compares the same predictions with targets that others are made of."""
    meetings = list(meetings_of(case))
    others = others_of(case, meetings)
    if not others:
        return None
    if scale_of(case, others) is None and not all(is_moved(case, one, meetings) for one in others):
        return None
    return case.program.step_of[max(others[0].losses)]


def find_other_targets(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake in an error, where with it put right the loss that is computed is the one that is followed.

    Parentheses where the target is divided by a number of samples or outputs, as no label is; or the name of another
    output's target.
    """
    program, others = case.program, others_of(case, list(meetings_of(case)))
    scale, sizes = scale_of(case, others), {n for one in others for n in np.shape(one.target)}
    divided = scale is not None and any(np.isclose(scale * n, 1) for n in sizes if n > 1)
    sites = [program.site(one.mix.step) for one in others]
    places = {(site.file, site.line) for site in sites}
    named = {program.name(position) for one in others for position in one.of_losses}
    for file, text in enumerate(read_texts(run.sources)):
        errors = [
            node
            for node in ast.walk(text.tree)
            if isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Sub)
            and (file, node.lineno) in places
        ]
        parts = [part for node in errors for part in (node.left, node.right)]
        others_named = (slip for slip in other_names(text, parts) if slip[0].text in named)
        slips = groupings(text, errors) if divided else others_named
        for change, name, was, should in slips if divided or scale is None else ():
            corrected = run_changed(run, [(text, change)], deadline)
            if corrected is None or not is_all_judged(case, corrected[0]):
                continue
            meetings = list(meetings_of(corrected[0]))
            if meetings and not others_of(corrected[0], meetings):
                return correction_of(*corrected, text, change, name, (was, should))
    return None


def find_other_classes(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where a call on the way to an error is handed one name twice: bptt(xs, xs) for bptt(xs, ys).

    With it put right the program's own loss and its errors ask for the same classes. Anywhere else it may as well be
    the loss that is of other ones.
    """
    program, anatomy = case.program, case.anatomy
    used = sorted({n for update in anatomy.updates for n in update.mixes})[:MOST_ASKED]
    sites = {site for n in used for site in calls_of(program.call(anatomy.mixes[n].step))}
    places = {(program.sites[site].file, program.sites[site].line) for site in sites if site >= 0}
    for file, text in enumerate(read_texts(run.sources)):
        nodes = [
            node
            for call in ast.walk(text.tree)
            if isinstance(call, ast.Call) and (file, call.lineno) in places
            for node in call.args
            if [ast.unparse(other) for other in call.args].count(ast.unparse(node)) > 1
        ]
        for change, name, was, should in islice(other_names(text, nodes), MOST_CHANGES):
            corrected = run_changed(run, [(text, change)], deadline)
            if corrected is None or not is_all_judged(case, corrected[0]):
                continue
            if asks_for_the_same(corrected[0]):
                return correction_of(*corrected, text, change, name, (was, should))
    return None


def groupings(text: Text, errors: Collection[ast.BinOp]) -> Iterator[Slip]:
    """(p - t) / n for p - t / n."""
    for node in errors:
        was = text.segment(node)
        mended = with_parentheses(was, node, 1)
        if mended is not None and node.lineno == node.end_lineno:
            yield Change(node, mended), "wrong-operator", was, mended


def others_of(case: Case, meetings: Sequence[Meeting]) -> list[Meeting]:
    """Those that own losses compare with other targets alone."""
    return [one for one in meetings if not has_target(case, one, one.target)]


def scale_of(case: Case, others: Sequence[Meeting]) -> float | None:
    """The one number that all targets of losses are multiplied by in the errors."""
    factors = [factor for one in others if (factor := factor_of(case, one)) is not None]
    told = sum(np.count_nonzero(one.target) for one in others)
    if len(factors) < len(others) or told < 2 or np.ptp(np.array(factors)) > RTOL:
        return None
    return factors[0]


def meetings_of(case: Case) -> Iterator[Meeting]:
    """The first errors of updates of which own losses compare the predictions, too."""
    anatomy = case.anatomy
    asked = sorted({n for update in anatomy.updates for n in update.mixes})[:MOST_ASKED]
    losses = own_losses(case, originals(case, asked))
    for number in asked:
        mix = anatomy.mixes[number]
        (prediction,) = originals(case, {number})
        if mix.of_class or mix.weights:
            continue
        found: dict[int, set[int]] = {}
        for steps in losses.values():
            own = next((step.output for step in steps if step.output > prediction), None)
            if own is None:
                continue
            behind = case.program.ancestors([own], {prediction} | anatomy.stops)
            for position in compared_with(case, prediction, behind):
                found.setdefault(position, set()).add(own)
        if found:
            yield Meeting(mix, mix.target_in(case.values), found)


def compared_with(case: Case, prediction: int, behind: Collection[int]) -> list[int]:
    """What a prediction's difference is taken with, or its logarithm multiplied by, on the way to a loss."""
    program, masks = case.program, case.anatomy.masks
    size = np.size(case.values[prediction])
    found: list[int] = []
    waiting, logarithms = [prediction], set[int]()
    for position in waiting:  # grows as it goes
        for step in program.consumers.get(position, ()):
            if step.output not in behind or step.output in waiting:
                continue
            others = [p for p in step.inputs if p != position]
            free = len(others) == 1 and not masks[others[0]]
            if step.operation in MOVES or (
                step.operation in BOUNDS and free and position not in logarithms
                and np.size(case.values[others[0]]) == 1
            ):  # fmt: skip
                waiting.append(step.output)
                logarithms |= {step.output} if position in logarithms else set()
            elif step.operation == "log" and position not in logarithms:
                waiting.append(step.output)
                logarithms.add(step.output)
            elif free and np.size(case.values[others[0]]) == size:
                compares = "subtract" if position not in logarithms else "multiply"
                if (
                    step.operation == compares
                    or (position in logarithms and step.operation == "matmul")
                ) and not is_written_constant(program, step, others[0]):
                    found.append(others[0])
    return found


def has_target(case: Case, one: Meeting, target: Any) -> bool:
    """Whether a loss compares a prediction with these numbers."""
    return any(is_equal(case.values[p], target) for p in one.of_losses)


def is_equal(left: Any, right: Any) -> bool:
    left, right = np.ravel(np.asarray(left, float)), np.ravel(np.asarray(right, float))
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=RTOL, atol=ATOL))


def factor_of(case: Case, one: Meeting) -> float | None:
    """The number that the loss's target is multiplied by, where the error's is made of it; 1 where all are 0."""
    for position in one.of_losses:
        if position not in case.program.ancestors([one.mix.target]):
            continue
        target = np.ravel(np.asarray(case.values[position], dtype=float))
        own = np.ravel(one.target)
        size = float(np.sum(target * target))
        factor = float(np.sum(own * target)) / size if size and own.shape == target.shape else 0.0
        if factor > 0 and np.allclose(own, factor * target, rtol=RTOL, atol=ATOL):
            return factor
    return None


def is_moved(case: Case, one: Meeting, meetings: Sequence[Meeting]) -> bool:
    """Whether a target is that of another output in the same loss, or the loss's with its entries in another order."""
    program, values = case.program, case.values
    if any(
        has_target(case, other, one.target)
        for other in meetings
        if other.mix.prediction != one.mix.prediction and other.losses & one.losses
    ):
        return True
    own = np.sort(np.ravel(one.target))
    data = program.ancestors([one.mix.target]) & set(program.given)
    return own.size > 1 and any(
        is_equal(np.sort(np.ravel(np.asarray(values[p], dtype=float))), own)
        and data & program.ancestors([p])
        for p in one.of_losses
    )
