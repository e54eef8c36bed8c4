"""Predictions that are computed again of the same data, by a later state of the parameters.

So does who trains by bptt(xs, ys), and prints loss(xs, ys) afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.anatomy.updates import Anatomy

Key: TypeAlias = tuple[Any, ...]

MOST_COMPARED = 40  # values of the same place


def same_predictions(anatomy: Anatomy, predictions: Collection[int]) -> dict[int, int]:
    """For each value that is one of the predictions, computed again for no update, that prediction."""
    program = anatomy.program
    afters = {update.after for update in anatomy.updates}
    learnt = program.ancestors(afters, anatomy.stops - afters)
    made_at: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for step in program.steps:
        if anatomy.masks[step.output] and step.output not in learnt:
            place = (
                program.recording.sites[step.number],
                np.shape(anatomy.program.recorded[step.output]),
            )
            made_at.setdefault(place, []).append(step.output)
    places = {place_of(anatomy, position) for position in predictions} - {None}
    others = {
        position: place
        for place in places
        if place is not None
        for position in made_at.get(place, [])[:MOST_COMPARED]
        if position not in predictions
    }
    if not others:
        return {}
    asked = [p for p in predictions if place_of(anatomy, p) in set(others.values())]
    keys = keys_of(anatomy, [*asked, *others])
    known = {keys[position]: position for position in asked}
    return {position: known[keys[position]] for position in others if keys[position] in known}


def place_of(anatomy: Anatomy, position: int) -> tuple[int, tuple[int, ...]] | None:
    step = anatomy.program.step_of.get(position)
    if step is None:
        return None
    return anatomy.program.recording.sites[step.number], np.shape(
        anatomy.program.recorded[position]
    )


def keys_of(anatomy: Anatomy, positions: Collection[int]) -> dict[int, int]:
    """Numbers that are equal where values are made of the same data and parameters in the same way."""
    program = anatomy.program
    chain_of = {v: k for k, chain in enumerate(anatomy.chains) for v in chain.versions}
    numbers: dict[Key, int] = {}
    found: dict[int, int] = {}
    for position in sorted(program.ancestors(positions, anatomy.stops)):
        step = program.step_of.get(position)
        if position in chain_of:
            key: Key = ("parameter", chain_of[position])
        elif step is None:
            key = ("given", *frozen(program.given.get(position)))
        else:
            key = key_of(step, [found[p] for p in step.inputs])
        found[position] = numbers.setdefault(key, len(numbers))
    return found


def key_of(step: Instruction, inputs: Sequence[int]) -> Key:
    return (step.operation, tuple(inputs), frozen(step.parameters))


def frozen(value: Any) -> Key:
    """What can be looked up, and is equal for what is equal."""
    if isinstance(value, Mapping):
        return tuple((key, frozen(value[key])) for key in sorted(value))
    if isinstance(value, tuple | list):
        return (type(value).__name__, *(frozen(part) for part in value))
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    if isinstance(value, np.ndarray | np.generic | float | int):
        array = np.asarray(value)
        return (array.shape, array.dtype.kind, array.tobytes())
    return (repr(value),)
