"""An error that should also come back from later time steps: the gradient with that path in its place."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.anatomy.updates import seeds_of
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.checking.repairing.value_edits import seen_as, with_changed_operand

Table: TypeAlias = dict[int, dict[int, Any]]  # gradients by world and position

SAME = 1e-7
MOST_STATES = 60
MOST_TURNS = 6  # that are looked at for one of several steps


def flows_through_time(scene: Scene) -> Iterator[Edit]:
    """For values that equal a state's gradient without the path through later states, that gradient."""
    states = recurrent_classes(scene)
    if not states:
        return
    shapes = {
        np.shape(scene.case.values[steps[0].output])
        for steps in scene.places.values()
        if scene.is_tainted(steps[0].output)
    }
    whole = gradients_of(scene)
    # The first turn may have no state: its sequence is empty.
    tables = [
        (key, gradients_of(scene, ends=scene.classes[key]))
        for key in states
        if np.shape(scene.case.values[scene.classes[key][0]]) in shapes
    ]
    for place, steps in scene.places.items():
        first = steps[0]
        if not scene.is_tainted(first.output) or first.output in scene.chain_of:
            continue
        for key, cut in tables:
            pairing = pair_up(scene, place, key, first.output, cut)
            if (
                pairing is None
                or first.output not in pairing[1]  # an error that no state of its own time has
                or not any(differs(cut, whole, p) for p in scene.members(key, first.output))
            ):
                continue

            def change(step: Any, place: Any = place, key: Any = key, cut: Any = cut) -> Any:
                pairing = pair_up(scene, place, key, step.output, cut)
                if pairing is None or step.output not in pairing[1]:
                    return None
                scale, order = pairing
                state = order[step.output]
                return lambda value, values: (
                    scale * whole[id(base(values))].get(state, np.zeros(np.shape(value)))
                )

            yield Edit(
                "no-flow-through-time", steps, seen_as(scene, place, change), first, None,
                pairing[1][first.output], how="through time", cost=1,
            )  # fmt: skip


def repeated_errors(scene: Scene) -> Iterator[Edit]:
    """Where the last state's error serves all steps, the error of the state that each step goes back through."""
    states = recurrent_classes(scene)
    whole = gradients_of(scene) if states else {}
    values, _ = scene.worlds[-1]
    for place, steps in scene.places.items() if states else ():
        first = next((step for step in steps if scene.rank(step)[1] > 1), steps[0])
        members = scene.instances_near(place, first.output)
        here = [step for step in steps if step.output in members]
        for slot, error in enumerate(first.inputs):
            if len(here) < 2 or any(s.inputs[slot : slot + 1] != (error,) for s in here):
                continue
            for key in states if scene.is_tainted(error) else ():
                last = scene.members(key, first.output)[-1:]
                own = whole[id(values)].get(*last) if last else None
                if own is None or np.shape(own) != np.shape(values[error]) or not np.any(own):
                    continue
                scale = float(np.sum(values[error] * own) / np.sum(own * own))
                if not close(np.asarray(values[error], dtype=float), scale * own):
                    continue

                def change(
                    step: Instruction, key: Place = key, slot: int = slot, scale: float = scale
                ) -> Instruction | None:
                    index, count = scene.rank(step)
                    states = scene.members(key, step.output)
                    if len(states) != count:
                        return None
                    state = states[count - 1 - index]
                    return with_changed_operand(
                        step,
                        slot,
                        lambda value, values: (
                            scale * whole[id(base(values))].get(state, np.zeros(np.shape(value)))
                        ),
                    )

                yield Edit(
                    "no-flow-through-time",
                    steps,
                    each(change),
                    first,
                    slot,
                    how="one error",
                    cost=1,
                )


def truncated_updates(scene: Scene, rate: float | None, turn: int) -> Iterator[Edit]:
    """Updates that equal the gradient through the last time step alone: the whole gradient instead."""
    anatomy = scene.case.anatomy
    here = [k for k, u in enumerate(anatomy.updates) if u.turn == turn and u.chain in scene.fit.bad]
    states = recurrent_classes(scene)
    if rate is None or not states or not here:
        return
    for key in states:
        own = set(scene.classes[key])
        values, _ = scene.worlds[-1]
        update = anatomy.updates[here[0]]
        seeds = seeds_of(anatomy.mixes, update.mixes, scene.loss, values)
        cut = scene.program.sweep(
            values, seeds, anatomy.stops | own - last_of(scene, own, update.mixes), anatomy.forward
        )
        if not all(
            close(
                np.asarray(values[u.after], dtype=float)
                - np.asarray(values[u.before], dtype=float),
                -rate * cut[u.before] if u.before in cut else np.zeros(np.shape(values[u.before])),
            )
            for u in (anatomy.updates[k] for k in here)
        ):
            continue
        gradients = {
            (id(world), anatomy.updates[k].after): g[k]
            for world, g in scene.worlds
            for k in range(len(anatomy.updates))
        }
        befores = {u.after: u.before for u in anatomy.updates}
        links = [
            step for step in scene.suspects if step.output in befores and step.output in scene.links
        ]

        def change(step: Any, gradients: Any = gradients, befores: Any = befores) -> Any:
            return stepping(step, befores[step.output], rate, gradients)

        first = next((s for s in scene.suspects if scene.is_tainted(s.output)), None)
        if first is None:  # what moves them follows from no error
            return
        shown = next(
            (
                s
                for s in scene.suspects
                if scene.updated_by(s.output) is not None and scene.is_tainted(s.output)
            ),
            first,
        )
        yield Edit("no-flow-through-time", links, each(change), shown, how="truncated", cost=3)
        return


def stepping(step: Any, before: int, rate: float, gradients: Mapping[tuple[int, int], Any]) -> Any:
    """A step that moves a version down a given gradient."""

    def moved(values: Any) -> Any:
        return values[before] - rate * gradients[id(base(values)), step.output]

    return replace(step, compute=moved)


def last_of(scene: Scene, own: set[int], mixes: tuple[int, ...]) -> set[int]:
    """Of a place's values the last ones that some predictions are made from."""
    anatomy = scene.case.anatomy
    behind = scene.program.ancestors([anatomy.mixes[n].prediction for n in mixes], anatomy.stops)
    last: set[int] = set()
    earlier: set[int] = set()
    for position in sorted(own & behind, reverse=True):
        if position not in earlier:
            last.add(position)
            earlier |= scene.program.ancestors([position], anatomy.stops) - {position}
    return last


def base(values: Any) -> Values:
    while hasattr(values, "values") and not isinstance(values, list):
        values = values.values
    return values


def recurrent_classes(scene: Scene) -> list[Place]:
    """Places of the forward pass whose values come from earlier ones of the same place and turn.

    Not of the first turn alone: a sequence may be a single step long.
    """
    program, anatomy = scene.program, scene.case.anatomy
    turns = sorted({update.turn for update in anatomy.updates})[:MOST_TURNS]
    found = []
    for key in scene.classes:
        for turn in turns:
            near = anatomy.mixes[turn].prediction
            members = [
                p for p in scene.members(key, near) if p in scene.forward and anatomy.masks[p]
            ]
            if len(members) < 2 or members[0] == members[-1]:
                continue
            if members[0] in program.ancestors([members[-1]], anatomy.stops):
                found.append(key)
            break
    return found[:MOST_STATES]


def gradients_of(
    scene: Scene, ends: Collection[int] = (), without: Collection[tuple[int, int]] = ()
) -> Table:
    """By world the gradients of all values of the forward pass: that go no further than to some ends, or without some ways."""
    anatomy, program = scene.case.anatomy, scene.program
    found: Table = {}
    groups = sorted({update.mixes for update in anatomy.updates}, key=len)
    for values, _ in scene.worlds:
        own = found[id(values)] = {}
        for numbers in groups:
            seeds = seeds_of(anatomy.mixes, numbers, scene.loss, values)
            stops = anatomy.stops | set(ends)
            # A state that is handed to the next turn has no gradient from there.
            start, end = scene.window(anatomy.mixes[numbers[0]].prediction)
            swept = program.sweep(values, seeds, stops, anatomy.forward, without, start + 1)
            own.update((p, g) for p, g in swept.items() if start < p <= end)
    return found


def differs(cut: Mapping[int, Any], whole: Mapping[int, Any], position: int) -> bool:
    return any(
        position in whole[world]
        and not np.allclose(
            cut[world].get(position, 0.0), whole[world][position], rtol=1e-6, atol=0
        )
        for world in whole
    )


def pair_up(
    scene: Scene, place: Place, key: Place, near: int, cut: Mapping[int, Any]
) -> tuple[float, dict[int, int]] | None:
    """The scale by which values of a place equal gradients of states of that turn, and of which."""
    members, states = scene.instances_near(place, near), scene.members(key, near)
    if len(members) != len(states) or len(members) < 2:
        return None
    values, _ = scene.worlds[-1]
    here = cut[id(values)]
    if np.shape(values[members[0]]) != np.shape(values[states[0]]):
        return None
    for guess in states:
        g, v = here.get(guess), np.asarray(values[members[0]], dtype=float)
        if g is None or np.shape(g) != v.shape or not np.sum(g * g):
            continue
        scale = float(np.sum(v * g) / np.sum(g * g))
        if not scale or not close(v, scale * g):
            continue
        order: dict[int, int] = {}
        idle = [s for s in states if s not in here or not np.any(here[s])]
        for position in members:
            v = np.asarray(values[position], dtype=float)
            if not np.any(v) and idle:
                order[position] = idle.pop()  # backwards, as errors go
                continue
            match = [
                s
                for s in states
                if s in here and s not in order.values() and close(v, scale * here[s])
            ]
            if not match:
                break
            order[position] = match[0]
        if len(order) == len(members):
            return scale, order
    return None


def close(left: Any, right: Any) -> bool:
    if np.shape(left) != np.shape(right):
        return False
    size = float(np.sqrt(np.sum(np.square(right))))
    return float(np.sqrt(np.sum(np.square(left - right)))) <= SAME * size
