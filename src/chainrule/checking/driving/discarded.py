"""Updates that are computed and thrown away: a training loop after which every parameter is as before.

    new_w = w - rate * g        in a loop, where nobody reads new_w

The same parameters go into every pass, and what would have been their next versions goes nowhere. Where
no such value exists, gradients that are computed again with the very same numbers tell as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from chainrule.checking.anatomy.parameters import Chain, bits, parents_of, spread
from chainrule.checking.anatomy.predictions import KINDS, find_mixes
from chainrule.checking.anatomy.program import Instruction, Program, build_program, with_steps
from chainrule.checking.anatomy.updates import Anatomy, Update, join_mixes, reach
from chainrule.checking.driving.claims import masks_of
from chainrule.checking.finding.syntax import FUNCTIONS, is_handed_back, read_texts
from chainrule.checking.fitting.case import Case, fit_anatomy, right_losses
from chainrule.checking.verdict import Finding
from chainrule.recording.execution import Run
from chainrule.recording.rewriting import Site
from chainrule.recording.source import Source

TIMES = 3  # in a loop: what is computed once or twice may be meant to be looked at
LARGEST = 20_000  # values of a recording that are looked at


@final
@dataclass
class Discarded:
    """Updates that follow their gradients and are thrown away, judged, and where the first stands."""

    case: Case
    site: Site
    parameter: str
    read: bool = False  # by the next update, and by nothing else


def find_discarded(run: Run) -> Discarded | None:
    """Updates that go nowhere, where all of them follow the gradient of a loss."""
    program, onward = from_the_start(build_program(run.recording, run.sites).until(LARGEST))
    links = links_to_nowhere(program)
    parents = sorted({parent for parent, _ in links})
    if not parents:
        return None
    masks = masks_of(program, parents)
    for kinds in KINDS:
        mixes = find_mixes(program, masks, (), kinds)
        if not mixes:
            continue
        anatomy = anatomy_of(program, parents, links, kinds)
        if not anatomy.updates:
            continue
        case = fit_anatomy(anatomy)
        if case.unknown_function is None and right_losses(case):
            first = min((chain.steps[0] for chain in anatomy.chains), key=lambda step: step.number)
            name = anatomy.chains[0].name(program) or "parameter"
            parameter = (
                program.name(anatomy.chains[0].root) or program.name(first.inputs[0]) or name
            )
            return Discarded(case, place_of(run, program, first), parameter, first.output in onward)
    return None


def from_the_start(program: Program) -> tuple[Program, set[int]]:
    """The program with steps that go on from one another, and nowhere else, all taken from the first value; and these.

    `self.w = self.w - step` in a table, while layers keep the array that they were given: w0 - d1, w0 - d1 - d2, ...
    """
    root_of: dict[int, int] = {}
    ways: dict[int, list[int]] = {}
    for step in program.steps:
        if step.operation in ("add", "subtract"):
            root = root_of.get(step.inputs[0], step.inputs[0])
            root_of[step.output] = root
            ways.setdefault(root, [root]).append(step.output)
    onward = {
        position
        for way in ways.values()
        if len(way) > TIMES and goes_nowhere(program, way)
        for position in way[1:-1]
    }
    if not onward:
        return program, onward
    changed = {
        step.number: replace(step, inputs=(root_of[step.inputs[0]], *step.inputs[1:]))
        for step in program.steps
        if step.inputs and step.inputs[0] in onward
    }
    return with_steps(program, changed), onward


def goes_nowhere(program: Program, way: Sequence[int]) -> bool:
    """Whether each value is made from the one before by one statement, and the last read by nobody; the first is."""
    sites = {program.recording.sites[program.step_of[p].number] for p in way[1:]}
    readers = [program.consumers.get(position, ()) for position in way]
    return (
        len(sites) == 1
        and len(readers[0]) > 1
        and not readers[-1]
        and all(
            len(found) == 1 and found[0].output == after
            for found, after in zip(readers[1:-1], way[2:], strict=True)
        )
    )


def place_of(run: Run, program: Program, step: Instruction) -> Site:
    """Where a result is thrown away: for one that a function returns, where it is called."""
    site, call = program.site(step), program.call(step)
    text = read_texts([run.sources[site.file]])[0]
    node = text.find(site)
    function = None if node is None else text.around(node, FUNCTIONS)
    if node is None or function is None or call is None:
        return site
    return program.sites[call.site] if is_handed_back(function, node) else site


def links_to_nowhere(program: Program) -> list[tuple[int, Instruction]]:
    """Steps w - d or w + d, many times at one place with the same w, whose results nobody reads."""
    found: dict[tuple[int, int], list[Instruction]] = {}
    for step in program.steps:
        if step.operation not in ("add", "subtract") or program.consumers.get(step.output):
            continue
        for parent, _ in parents_of(program, step):
            if len(program.consumers.get(parent, ())) > 1:
                found.setdefault((program.recording.sites[step.number], parent), []).append(step)
    return [
        (parent, step)
        for (_, parent), steps in found.items()
        if len(steps) >= TIMES
        for step in steps
    ]


def anatomy_of(
    program: Program,
    parents: Sequence[int],
    links: Sequence[tuple[int, Instruction]],
    kinds: frozenset[str],
) -> Anatomy:
    """The recording as if what goes nowhere were the parameters' next versions."""
    program, copies = cut_passes(program, parents, links)
    links = [(parent, program.step_of[step.output]) for parent, step in links]
    ends = copies | {step.output for _, step in links}
    masks = masks_of(program, parents, ends)
    mixes = find_mixes(program, masks, ends | set(parents), kinds)
    errors = [0] * program.size
    for number, mix in enumerate(mixes):
        errors[mix.output] |= 1 << number
    errors = spread(program, errors, ends)
    chains: dict[int, Chain] = {}
    for parent, step in sorted(links, key=lambda link: link[1].number):
        if any(errors[other] for other in step.inputs if other != parent):
            chain = chains.setdefault(parent, Chain(parent, [parent]))
            chain.versions.append(step.output)
            chain.steps.append(step)
    order = [chains[parent] for parent in parents if parent in chains]
    stops = ends | {position for chain in order for position in chain.versions}
    for number, chain in enumerate(order):
        for position in chain.versions:
            masks[position] = 1 << number
    reached = reach(program, mixes, stops, order)
    updates = []
    for number, chain in enumerate(order):
        for count, step in enumerate(chain.steps):
            feeding = 0
            for position in step.inputs:
                feeding |= errors[position]
            own = tuple(bits(feeding & reached.get(chain.root, 0)))
            if own:
                updates.append(Update(number, count, chain.root, step.output, own, own[0]))
    join_mixes(updates, mixes, reached)
    anatomy = Anatomy(
        program,
        order,
        masks_of(program, [c.root for c in order], ends),
        mixes,
        updates,
        stops,
        errors,
    )
    anatomy.reached = reached
    made_of = program.ancestors(mixes[n].prediction for update in updates for n in update.mixes)
    anatomy.forward = {p for p in made_of if anatomy.masks[p] or p in stops}
    return anatomy


def cut_passes(
    program: Program, parents: Sequence[int], links: Sequence[tuple[int, Instruction]]
) -> tuple[Program, set[int]]:
    """The program with what one pass hands to the next (a state, a cache) handed over as a copy.

    With parameters that change, it would belong to old ones: no gradient goes back through the copies.
    """
    depends = masks_of(program, parents)
    borders: list[int] = []
    seen: set[tuple[int, int]] = set()
    last = -1
    for parent, step in sorted(links, key=lambda link: link[1].number):
        key = (program.recording.sites[step.number], parent)
        if key in seen:
            borders.append(last)
            seen = set()
        seen.add(key)
        last = step.output
    copies: dict[int, int] = {}
    after: dict[int, list[Instruction]] = {}
    size = program.size
    for position, consumers in program.consumers.items():
        if not depends[position] or position in parents or position not in program.step_of:
            continue
        border = next((b for b in borders if b >= position), None)
        if border is None or not any(step.output > border for step in consumers):
            continue
        copies[position], size = size, size + 1
        made = program.step_of[position]
        parameters = {"shape": np.shape(program.recorded[position])}
        after.setdefault(border, []).append(
            Instruction("reshape", (position,), copies[position], parameters, made.number)
        )
    if not copies:
        return program, set()
    border_of = {step.inputs[0]: border for border, steps in after.items() for step in steps}
    cut = Program(program.recording, program.sites, given=program.given, size=size)
    for step in program.steps:
        inputs = tuple(
            copies[p] if p in copies and step.output > border_of[p] else p for p in step.inputs
        )
        cut.steps.append(step if inputs == step.inputs else replace(step, inputs=inputs))
        cut.steps += after.get(step.output, [])
    for step in cut.steps:
        cut.step_of[step.output] = step
        for position in step.inputs:
            cut.consumers.setdefault(position, []).append(step)
    return cut, set(copies.values())


def find_repeated(run: Run, case: Case) -> Discarded | None:
    """Right gradients that are computed again with the same numbers: nothing has changed in between."""
    program = case.program
    for chain in case.anatomy.chains:
        claim = chain.steps[0].inputs[1]
        made = program.step_of.get(claim)
        if made is None or not np.any(case.values[claim]):
            continue
        site = program.recording.sites[made.number]
        same = [
            step
            for step in program.steps
            if program.recording.sites[step.number] == site
            and np.array_equal(program.recorded[step.output], program.recorded[claim])
            and step.operation == made.operation
            and step.inputs != made.inputs
        ]
        if same:
            name = program.name(chain.root) or "parameter"
            return Discarded(case, place_of(run, program, made), name)
    return None


def discarded_finding(discarded: Discarded, source: Source) -> Finding:
    site, parameter = discarded.site, discarded.parameter
    cell, cell_line = source.cell_of(site.line)
    shown = source.shown[site.line - 1] if site.line <= len(source.shown) else ""
    found, expected = (
        ("a new value in every pass, and no prediction is made with any",
         f"the next value of what predictions are made with: change {parameter} in place, or hand the new one on")
        if discarded.read else
        ("gradients in every pass, and no parameter ever changes by them",
         f"the next value of {parameter} by each step")
    )  # fmt: skip
    return Finding(
        str(source.path), site.line, "update-missing", found, expected,
        None, proved=True, cell=cell, cell_line=cell_line,
        columns=(site.column, site.end_column), source=shown, parameters=[parameter],
    )  # fmt: skip
