"""An error that should also come back from later time steps: the gradient with that path in its place."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.checking.edits import Edit
from chainrule.checking.program import Values
from chainrule.checking.scene import Place, Scene
from chainrule.checking.updates import seeds_of
from chainrule.checking.value_edits import seen_as

SAME = 1e-7


def flows_through_time(scene: Scene) -> Iterator[Edit]:
    """For values that equal a state's gradient without the path through later states, that gradient."""
    states = recurrent_classes(scene)
    if not states:
        return
    tables = [(key, gradients_of(scene, key)) for key in states]
    for place, steps in scene.places.items():
        first = steps[0]
        if not scene.is_tainted(first.output) or first.output in scene.chain_of:
            continue
        members = scene.members_of_suspects(place, first.output)
        for key, (cut, whole) in tables:
            pairing = pair_up(scene, members, scene.members(key, first.output), cut)
            if pairing is None:
                continue
            scale, order = pairing
            if not any(differs(cut, whole, p) for p in scene.members(key, first.output)):
                continue

            def change(step: Any, key: Any = key, scale: float = scale, order: Any = order, whole: Any = whole) -> Any:
                index, _ = scene.rank(step)
                states = scene.members(key, step.output)
                if index >= len(order) or order[index] >= len(states):
                    return None
                state = states[order[index]]
                return lambda value, values: scale * whole[id(base(values))].get(state, np.zeros(np.shape(value)))

            yield Edit(
                "no-flow-through-time", steps, seen_as(scene, place, change), first, None,
                scene.members(key, first.output)[order[0]], how="through time", cost=1,
            )  # fmt: skip


def base(values: Any) -> Values:
    while hasattr(values, "values") and not isinstance(values, list):
        values = values.values
    return values  # type: ignore[no-any-return]


def recurrent_classes(scene: Scene) -> list[Place]:
    """Places of the forward pass whose values come from earlier ones of the same place and turn."""
    program, anatomy = scene.program, scene.case.anatomy
    near = anatomy.mixes[anatomy.updates[0].turn].prediction
    found = []
    for key in scene.classes:
        members = [p for p in scene.members(key, near) if p in scene.forward and anatomy.masks[p]]
        if len(members) < 2:
            continue
        behind = program.ancestors([members[-1]], anatomy.stops)
        if members[0] in behind and members[0] != members[-1]:
            found.append(key)
    return found[:24]


def gradients_of(scene: Scene, key: Place) -> tuple[dict[int, Any], dict[int, Any]]:
    """By world: gradients of a place's values without the path through later ones, and with it."""
    anatomy, program = scene.case.anatomy, scene.program
    own = set(scene.classes[key])
    cut: dict[int, Any] = {}
    whole: dict[int, Any] = {}
    groups = {update.mixes for update in anatomy.updates}
    for values, _ in scene.worlds:
        cut[id(values)], whole[id(values)] = {}, {}
        for numbers in groups:
            seeds = seeds_of(anatomy.mixes, numbers, scene.loss, values)
            some = program.sweep(values, seeds, anatomy.stops | own, anatomy.forward)
            full = program.sweep(values, seeds, anatomy.stops, anatomy.forward)
            cut[id(values)] |= {p: some[p] for p in own if p in some}
            whole[id(values)] |= {p: full[p] for p in own if p in full}
    return cut, whole


def differs(cut: Mapping[int, Any], whole: Mapping[int, Any], position: int) -> bool:
    return any(
        position in whole[world]
        and not np.allclose(cut[world].get(position, 0.0), whole[world][position], rtol=1e-6, atol=0)
        for world in whole
    )


def pair_up(
    scene: Scene, members: list[int], states: list[int], cut: Mapping[int, Any]
) -> tuple[float, list[int]] | None:
    """The scale and order in which values of a turn equal gradients of states, in all worlds."""
    if len(members) != len(states) or len(members) < 2:
        return None
    values, _ = scene.worlds[-1]
    here = cut[id(values)]
    if np.shape(values[members[0]]) != np.shape(values[states[0]]):
        return None
    for guess in range(len(states)):
        g = here.get(states[guess])
        v = np.asarray(values[members[0]], dtype=float)
        if g is None or not np.sum(g * g):
            continue
        scale = float(np.sum(v * g) / np.sum(g * g))
        if not scale or not close(v, scale * g):
            continue
        order = []
        for position in members:
            v = np.asarray(values[position], dtype=float)
            match = [k for k, state in enumerate(states) if k not in order and state in here and close(v, scale * here[state])]
            if not match:
                break
            order.append(match[0])
        if len(order) == len(members):
            return scale, order
    return None


def close(left: Any, right: Any) -> bool:
    size = float(np.sqrt(np.sum(np.square(right))))
    return float(np.sqrt(np.sum(np.square(left - right)))) <= SAME * size
