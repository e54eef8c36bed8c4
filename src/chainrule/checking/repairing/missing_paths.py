"""Errors that should come back by several ways and come by fewer: a use of a state that nobody went back through."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.checking.repairing.through_time import (
    Table,
    base,
    close,
    gradients_of,
    recurrent_classes,
)
from chainrule.checking.repairing.value_edits import seen_as

Ways: TypeAlias = frozenset[tuple[int, int]]  # numbers of steps, and what they take
MOST_USES = 6
MOST_SUMMARISED = 12
SUMMARIES = {"mean", "sum"}


def missing_paths(scene: Scene) -> Iterator[Edit]:
    """For values that equal a state's gradient but for some of its uses, the whole gradient."""
    tainted = [
        (place, steps)
        for place, steps in scene.places.items()
        if scene.is_tainted(steps[0].output) and steps[0].output not in scene.chain_of
    ]
    recurrent = recurrent_classes(scene) if tainted else []
    states = [*recurrent, *(key for key in summarised(scene) if key not in recurrent)]
    whole = gradients_of(scene) if tainted and states else {}
    for key in states if tainted else ():
        states_here = scene.classes[key]
        ends = states_here if key in recurrent else scene.forward
        uses = uses_of(scene, states_here, ends)
        ways_of = list(uses.values())
        if key not in recurrent:  # a variance uses its values twice
            ways_of = by_site(uses)
        if not 1 < len(ways_of) <= MOST_USES:
            continue
        shape = np.shape(scene.case.values[scene.classes[key][0]])
        alike = [
            pair for pair in tainted if np.shape(scene.case.values[pair[1][0].output]) == shape
        ]
        for ways in left_out(ways_of):
            cut = gradients_of(scene, without=ways)
            for place, steps in alike:
                pairing = paired(scene, steps, scene.classes[key], cut, whole)
                if pairing is None:
                    continue
                scale, state_of = pairing

                def change(
                    step: Instruction,
                    scale: float = scale,
                    state_of: Any = state_of,
                    whole: Table = whole,
                ) -> Any:
                    state = state_of.get(step.output)
                    if state is None:
                        return lambda value, values: value
                    return lambda value, values: (
                        scale * whole[id(base(values))].get(state, np.zeros(np.shape(value)))
                    )

                mistake = "no-flow-through-time" if key in recurrent else "missing-derivative"
                yield Edit(
                    mistake, steps, seen_as(scene, place, change), steps[0], None,
                    next(iter(state_of.values())), how="missing path", cost=2,
                )  # fmt: skip


def summarised(scene: Scene) -> list[Place]:
    """Places of the forward pass whose values are also made one with others, as a batch's mean is, and meet it again."""
    program, anatomy = scene.program, scene.case.anatomy
    near = anatomy.mixes[anatomy.updates[0].turn].prediction
    found = []
    for key in scene.classes:
        members = [p for p in scene.members(key, near) if p in scene.forward and anatomy.masks[p]]
        uses = [
            s
            for p in members[:1]
            for s in program.consumers.get(p, ())
            if s.output in scene.forward
        ]
        kinds = {step.operation in SUMMARIES for step in uses}
        if kinds == {True, False}:
            found.append(key)
    return found[:MOST_SUMMARISED]


def uses_of(scene: Scene, states: Collection[int], ends: Collection[int]) -> dict[Place, Ways]:
    """The ways by which some ends, such as later ones, are made from some values, by the place where each is used."""
    found: dict[Place, set[tuple[int, int]]] = {}
    made_of = scene.program.ancestors(ends, scene.case.anatomy.stops)
    for position in states:
        for step in scene.program.consumers.get(position, ()):
            if step.output in made_of:
                found.setdefault(scene.place_of(step), set()).add((step.number, position))
    return {place: frozenset(ways) for place, ways in found.items()}


def by_site(uses: Mapping[Place, Ways]) -> list[Ways]:
    found: dict[int, Ways] = {}
    for (site, _, _), ways in uses.items():
        found[site] = found.get(site, frozenset()) | ways
    return list(found.values())


def left_out(uses: Sequence[Ways]) -> Iterator[Ways]:
    """One of the ways, or all but one."""
    every = frozenset().union(*uses)
    yield from dict.fromkeys([*uses, *(every - ways for ways in uses)])


def paired(
    scene: Scene, steps: Sequence[Instruction], states: Sequence[int], cut: Table, whole: Table
) -> tuple[float, dict[int, int]] | None:
    """The scale by which a place's values are cut gradients of states, and of which; the last may be of none."""
    values, _ = scene.worlds[-1]
    some, full = cut[id(values)], whole[id(values)]
    scale: float | None = None
    state_of: dict[int, int] = {}
    for step in steps:
        v = np.asarray(values[step.output], dtype=float)
        near = [
            s
            for s in scene.between(list(states), step.output)
            if s in some and np.shape(some[s]) == v.shape
        ]
        match = None
        for state in near:
            g = some[state]
            own = scale
            if own is None and np.any(g) and np.any(v):
                own = float(np.sum(v * g) / np.sum(g * g))
            if own and np.any(v) and close(v, own * g):
                match, scale = state, own
                break
        if match is not None:
            state_of[step.output] = match
        elif is_read(scene, step) and np.any(v) and scale is not None and near:
            return None
    off = [s for s in state_of.values() if not close(some[s], full.get(s, 0 * some[s]))]
    return (scale, state_of) if scale is not None and off else None


def is_read(scene: Scene, step: Instruction) -> bool:
    """Whether anything is made of a value that goes into an update."""
    return any(
        reader.number in scene.suspect_numbers
        for reader in scene.program.consumers.get(step.output, ())
    )


def unused_errors(scene: Scene) -> Iterator[Edit]:
    """Errors that are made for the step before and thrown away, where one error serves all steps: these instead."""
    unused: dict[Place, list[int]] = {}
    for position in sorted(scene.unused):
        step = scene.program.step_of[position]
        if step.operation in PRODUCTS:
            unused.setdefault(scene.place_of(step), []).append(position)
    for place, positions in unused.items():
        shape = np.shape(scene.case.values[positions[0]])
        same: dict[int, list[tuple[Instruction, int]]] = {}
        for step in scene.suspects:
            for slot, position in enumerate(step.inputs):
                if scene.is_tainted(position) and np.shape(scene.case.values[position]) == shape:
                    same.setdefault(position, []).append((step, slot))
        takers = [
            pair
            for pairs in same.values()
            if len({s.number for s, _ in pairs}) > len({scene.place_of(s) for s, _ in pairs})
            for pair in pairs
        ]
        takers = [
            (step, slot) for step, slot in takers if scene.place_of(step)[2][:1] == place[2][:1]
        ]
        if len(positions) < 2 or not takers:
            continue
        slots: dict[int, list[int]] = {}
        for step, slot in takers:
            slots.setdefault(step.number, []).append(slot)

        def change(
            step: Instruction,
            slots: Mapping[int, Sequence[int]] = slots,
            positions: list[int] = positions,
        ) -> Instruction:
            before = [p for p in scene.between(positions, step.output) if p < step.output]
            inputs = [
                before[-1] if before and slot in slots[step.number] else position
                for slot, position in enumerate(step.inputs)
            ]
            return replace(step, inputs=tuple(inputs))

        steps = list({step.number: step for step, _ in takers}.values())
        yield Edit(
            "no-flow-through-time", steps, each(change), scene.program.step_of[positions[0]], None,
            how="unused", cost=1,
        )  # fmt: skip
