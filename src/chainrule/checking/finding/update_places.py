"""Where the update of a parameter is missing that stays: beside that of its neighbour, or where its result is lost."""

import ast
from collections.abc import Sequence

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.finding.starting_values import SUMS, Use
from chainrule.checking.finding.syntax import (
    FUNCTIONS,
    Text,
    argument_by_name,
    argument_names,
    parts_of,
    read_texts,
)
from chainrule.checking.fitting.case import Case
from chainrule.recording.execution import Run
from chainrule.recording.rewriting import Site, spoken_name

FEWEST = 3  # passes in which a new value is computed for nothing


def unread_update(case: Case, position: int) -> Instruction | None:
    """The step that computes the next value in every pass, from an error, and gives it to what nothing reads."""
    program, shape = case.program, np.shape(case.values[position])
    moved, found = [position], []
    for start in moved:
        for step in program.consumers.get(start, ()):
            others = [p for p in step.inputs if p != start]
            if step.operation == "multiply" and all(np.all(case.values[p] == 1) for p in others):
                moved.append(step.output)
            elif (
                (step.operation == "add" or (step.operation in SUMS and step.inputs[0] == start))
                and any(case.anatomy.error_masks[p] for p in others)
                and np.shape(case.values[step.output]) == shape
                and not program.consumers.get(step.output)
            ):
                found.append(step)
    places = {program.site(step) for step in found}
    return found[0] if len(places) == 1 and len(found) >= FEWEST else None


def where_it_is_lost(case: Case, step: Instruction, name: str, run: Run) -> Site:
    """From the step that computes a new value which nothing reads to what gives it to another name: b2, b2 = step(w2, b2).

    A function's own name for it may be the same for all parameters that it is called with.
    """
    program = case.program
    site, call = program.site(step), program.call(step)
    texts = read_texts(run.sources)
    while call is not None:
        text, outside = texts[site.file], program.sites[call.site]
        node, caller = text.find(site), texts[outside.file].find(outside)
        function = None if node is None else text.around(node, FUNCTIONS)
        if node is None or function is None or not isinstance(caller, ast.Call):
            return site
        place = place_in_return(text, node, function)
        into = texts[outside.file].parents.get(caller)
        if place is None or not isinstance(into, ast.Assign) or len(into.targets) != 1:
            return site
        number, count = place
        targets = parts_of(into.targets[0])
        if count != len(targets) or spoken_name(targets[number]) == name:
            return site
        site, call = outside, call.outer
    return site


def place_in_return(text: Text, node: ast.AST, function: ast.AST) -> tuple[int, int] | None:
    """Which of how many values a function hands back is the one that is made at a node, by the name that it is given."""
    returned = [
        parts_of(one.value)
        for one in ast.walk(function)
        if isinstance(one, ast.Return) and one.value is not None
    ]
    if len(returned) != 1:
        return None
    statement = text.statement(node)
    own = spoken_name(statement.targets[0]) if isinstance(statement, ast.Assign) else None
    places = [
        number
        for number, part in enumerate(returned[0])
        if any(one is node for one in ast.walk(part))
        or (own is not None and isinstance(part, ast.Name) and part.id == own)
    ]
    return (places[0], len(returned[0])) if len(places) == 1 else None


def place_of_update(case: Case, uses: Sequence[Use], name: str, run: Run) -> Site | None:
    """The update of the trained parameter that meets it first: there its own is missing.

    None where one statement updates them all.
    """
    anatomy, program = case.anatomy, case.program
    lines = {program.site(step).line for chain in anatomy.chains for step in chain.steps[:1]}
    if len(lines) < 2 and len(anatomy.chains) > 1:
        return None
    waiting = [uses[0].partner]
    seen = set()
    while waiting:
        position = waiting.pop(0)
        if position in seen:
            continue
        seen.add(position)
        for chain in anatomy.chains:
            if position in chain.versions:
                kin = (one for one in anatomy.chains if one.name(program) == name)
                calls = (call_for_one(case, one.steps[-1], run) for one in kin)
                return next(
                    (call for call in calls if call is not None), program.site(chain.steps[0])
                )
        made = program.step_of.get(position)
        waiting += made.inputs if made is not None else ()
    return None


def call_for_one(case: Case, step: Instruction, run: Run) -> Site | None:
    """The call that has a helper update what is one object's, of several that have any: update(layer)."""
    program = case.program
    here, call = program.site(step), program.call(step)
    texts = read_texts(run.sources)
    statement = texts[here.file].statement(texts[here.file].find(here) or ast.Pass())
    changed: ast.AST | None = None
    site = None
    if isinstance(statement, ast.Assign | ast.AugAssign):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        changed = target
    while call is not None and changed is not None:
        while isinstance(changed, ast.Attribute | ast.Subscript):
            changed = changed.value
        function = texts[here.file].around(changed, FUNCTIONS)
        names = [] if function is None else argument_names(function)
        if function is None or not isinstance(changed, ast.Name) or changed.id not in names:
            break
        site = here = program.sites[call.site]
        caller = texts[here.file].find(here)
        if isinstance(caller, ast.Call) and names[0] == changed.id and names[0] == "self":
            changed = caller.func.value if isinstance(caller.func, ast.Attribute) else None
        else:
            changed = None if caller is None else argument_by_name(caller, changed.id, function)
        call = call.outer
    return site
