"""An error that does not use the target: found, put right in the program's own text, and proved by running it.

The recording tells where an error is made of predictions alone. A second run looks which names stand in
sight there. With one of them in the target's place the program is run a third time: the mistake is proved
where every update then follows the gradient of a loss.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from chainrule.checking.anatomy.program import Program, build_program
from chainrule.checking.finding.syntax import FUNCTIONS, Text, operand_of, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change, Correction, correction_of, run_changed
from chainrule.checking.targets.error_places import ErrorPlace, find_error_places
from chainrule.checking.targets.self_made_targets import (
    drawn_targets,
    is_drawn_from_prediction,
    is_made_from_prediction,
    rounded_targets,
    target_of,
)
from chainrule.checking.targets.target_names import Surroundings
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.looking import Look
from chainrule.recording.recorder import Recorder
from chainrule.recording.recording import EnoughError

MOST_TARGETS = 3
MOST_PLACES = 3
MOST_VALUES = 8000  # of the run that looks around
LOOK_SHARE, TRY_SHARE = 0.3, 0.4  # of the time that is left, for a run


@final
@dataclass
class Spot:
    """A place of errors in the text, and what is in sight there."""

    run: Run
    place: ErrorPlace
    text: Text
    node: ast.AST
    around: Surroundings


def find_missing_target(run: Run, program: Program, deadline: Deadline) -> Correction | None:
    """The mistake where an error is made without data, although a target stands beside it."""
    for number, place in enumerate(find_error_places(program, deadline)):
        if number >= MOST_PLACES or deadline.over:
            break
        spot = look_at(run, place, deadline)
        found = mend(spot, deadline, at_hand=place.shifted) if spot is not None else None
        if found is not None:
            return found
    return None


def uses_own_targets(run: Run, case: Case, deadline: Deadline) -> tuple[bool, Correction | None]:
    """Whether targets are made from the predictions themselves; and the mistake, where others stand beside.

    A program may mean to learn from its own predictions, and keep the true classes to see what comes of it.
    So those must be at hand where it learns, or be used for nothing at all.
    """
    place = rounded_targets(case)
    spot = look_at(run, place, deadline) if place is not None else None
    target = target_of(spot.node, spot.place) if spot is not None else None
    if (
        spot is not None
        and target is not None
        and is_made_from_prediction(spot.text, spot.node, target, spot.around)
    ):
        return True, mend(spot, deadline, at_hand=True)
    for place in drawn_targets(case, run.sites, read_texts(run.sources)):
        spot = look_at(run, place, deadline)
        target = target_of(spot.node, spot.place) if spot is not None else None
        if (
            spot is not None
            and target is not None
            and is_drawn_from_prediction(spot.text, spot.node, target, spot.around)
        ):
            return True, None
    return False, None


def look_at(run: Run, place: ErrorPlace, deadline: Deadline) -> Spot | None:
    texts = read_texts(run.sources)
    site = run.sites[place.site]
    text = texts[site.file]
    node = text.find(site)
    if node is None:
        return None
    around = look_around(run, place, indices_of(text, node, place), deadline)
    return Spot(run, place, text, node, around) if around is not None else None


def mend(spot: Spot, deadline: Deadline, at_hand: bool = False) -> Correction | None:
    """The program with a target at that place, where one is in sight and all updates then agree."""
    text, node, place = spot.text, spot.node, spot.place
    indices = indices_of(text, node, place)
    possible = [
        target
        for target in spot.around.targets(unread_names(text))
        if target not in indices
        and not is_made_from_prediction(text, node, ast.parse(target, mode="eval"), spot.around)
        and (not at_hand or is_at_hand(text, node, target))
    ]
    for target in possible[:MOST_TARGETS]:
        for change in changes(text, node, place, target):
            found = prove(spot.run, text, change, deadline) if not deadline.over else None
            if found is not None:
                return found
    return None


def unread_names(text: Text) -> set[str]:
    names = [n for n in ast.walk(text.tree) if isinstance(n, ast.Name)]
    return {n.id for n in names} - {n.id for n in names if isinstance(n.ctx, ast.Load)}


def is_at_hand(text: Text, node: ast.AST, target: str) -> bool:
    """Whether a target was brought to where the error is made, is named in the same loop, or read nowhere."""
    if text.around(node, FUNCTIONS) is not None:
        return True
    wanted = {n.id for n in ast.walk(ast.parse(target)) if isinstance(n, ast.Name)}
    named = [n for n in ast.walk(text.tree) if isinstance(n, ast.Name) and n.id in wanted]
    loop = text.around(node, (ast.For, ast.While))
    inside = loop is not None and any(is_inside(text, n, loop) for n in named)
    return inside or not any(isinstance(n.ctx, ast.Load) for n in named)


def is_inside(text: Text, node: ast.AST, outer: ast.AST) -> bool:
    here: ast.AST | None = node
    while here is not None and here is not outer:
        here = text.parents.get(here)
    return here is outer


def look_around(
    run: Run, place: ErrorPlace, indices: Sequence[str], deadline: Deadline
) -> Surroundings | None:
    """What is in sight wherever the error is made, by running the program once more."""
    look = Look({place.site}, indices)
    end = deadline.share(LOOK_SHARE)
    if end.left < 0.5:
        return None
    again = run_recorded(run.sources[0].path, stop_after(MOST_VALUES), end, look=look)
    program = build_program(again.recording, again.sites)
    return Surroundings(program, place, look)


def stop_after(size: int) -> Callable[[Recorder], None]:
    """A watch that has enough at so many values."""

    def watch(recorder: Recorder) -> None:
        if len(recorder.recording.graph.values) >= size:
            raise EnoughError
        recorder.next_watch = size

    return watch


def indices_of(text: Text, node: ast.AST, place: ErrorPlace) -> list[str]:
    """The indices by which the prediction is read there: a target's entry has the same."""
    operand = operand_of(node, place.slot)
    found = [operand]
    if isinstance(operand, ast.expr):
        alias = assigned_before(text, node, operand)
        found.append(alias)
    return [ast.unparse(one.slice) for one in found if isinstance(one, ast.Subscript)]


def changes(text: Text, node: ast.AST, place: ErrorPlace, target: str) -> Iterator[Change]:
    """How the text may be put right with a target."""
    if place.kind == "alone":
        operand = operand_of(node, place.slot)
        if not isinstance(operand, ast.expr):
            return
        alias = assigned_before(text, node, operand)
        if alias is not None:
            yield Change(alias, f"{text.segment(alias)} - {target}")
        yield Change(operand, f"({text.segment(operand)} - {target})")
    elif place.kind == "another":
        operand = operand_of(node, 1 - place.slot)
        if isinstance(operand, ast.expr):
            yield Change(operand, target)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        index = node.target.slice
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        yield Change(parts[-1], target)


def assigned_before(text: Text, node: ast.AST, operand: ast.expr) -> ast.expr | None:
    """What a name was given in the same function before, where that is a value as it is: error = out."""
    spoken = ast.unparse(operand)
    scope = text.around(node, FUNCTIONS) or text.tree
    best: ast.Assign | None = None
    for one in ast.walk(scope):
        if (
            isinstance(one, ast.Assign)
            and one.lineno < getattr(node, "lineno", 0)
            and any(ast.unparse(target) == spoken for target in one.targets)
            and (best is None or one.lineno > best.lineno)
        ):
            best = one
    plain = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
    return best.value if best is not None and isinstance(best.value, plain) else None


def prove(run: Run, text: Text, change: Change, deadline: Deadline) -> Correction | None:
    """The changed program, run: all its updates must follow one loss, by one rate."""
    corrected = run_changed(run, [(text, change)], deadline.share(TRY_SHARE))
    if corrected is None:
        return None
    case, losses = corrected
    if not is_steady(case, losses[0]) or not explains_all(case, change.node.lineno):
        return None
    words = (
        "an error without the target: no update depends on the data that predictions should come to",
        "the difference of prediction and target",
    )
    return correction_of(case, losses, text, change, "target-unused", words)


def is_steady(case: Case, loss: str) -> bool:
    """Whether one rate does for all turns, or rates that only fall: a reward would change them at will."""
    fit = case.fits[loss]
    rates = np.asarray([fit.rate[turn] for turn in sorted(fit.rate)])
    return fit.form == "adaptive" or (
        bool(rates.size) and bool(np.all(np.diff(rates) <= 1e-6 * np.abs(rates[:-1])))
    )


def explains_all(case: Case, line: int) -> bool:
    """Whether all errors of the corrected program are made at the corrected line, and go into all updates.

    Elsewhere the same prediction may meet the same target, as in a loss that is only printed.
    """
    anatomy = case.anatomy
    used = [
        anatomy.mixes[n] for n in {number for update in anatomy.updates for number in update.mixes}
    ]
    sites = {mix.output: case.program.site(mix.step) for mix in used}
    here = {
        (mix.prediction, mix.target)
        for mix in used
        if sites[mix.output].line <= line <= sites[mix.output].end_line
    }
    return all((mix.prediction, mix.target) in here for mix in used)
