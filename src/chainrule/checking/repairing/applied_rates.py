"""Numbers that updates are multiplied by, and how often each goes into one."""

from collections.abc import Iterable

import numpy as np

from chainrule.checking.anatomy.program import Program
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.repairing.scene import Scene


def number_at(program: Program, position: int) -> float:
    return float(np.reshape(program.given[position], -1)[0])


def rates_in(scene: Scene) -> list[int]:
    """The positions of numbers that updates are multiplied by last, or that have the name of a rate.

    Of equal ones with one name the first.
    """
    found: dict[tuple[str | None, float], int] = {}
    for position, value in scene.program.given.items():
        if np.size(value) == 1 and (scene.is_rate(position) or position in scene.step_sizes):
            key = scene.program.name(position), number_at(scene.program, position)
            found.setdefault(key, position)
    return list(found.values())


def is_applied_again(scene: Scene, rate: int, position: int | None = None) -> bool:
    """Whether a wrong update, the first that is made from a position, is multiplied by a rate more than once."""
    return applies_again(scene, scene.bad_updates, rate, position)


def applies_again(
    scene: Scene, updates: Iterable[Update], rate: int, position: int | None = None
) -> bool:
    """The same of the first of some updates."""
    for update in updates:
        behind = scene.behind([update])
        if position is None or position in behind:
            # Data may be multiplied by a like number.
            own = (p for p in behind if scene.is_tainted(p) or np.size(scene.case.values[p]) == 1)
            return times_applied(scene.program, own, rate) > 1
    return False


def times_applied(program: Program, positions: Iterable[int], rate: int) -> int:
    """How often some values are made with a factor: that number, or another of its name and value."""
    name, number = program.name(rate), number_at(program, rate)

    def is_rate(position: int) -> bool:
        position = program.source_through(position, {"negate"})  # -rate * rate
        return position == rate or (
            position in program.given
            and np.size(program.given[position]) == 1
            and program.name(position) == name
            and number_at(program, position) == number
        )

    made = (program.step_of[p] for p in positions if p in program.step_of)
    factors = {"multiply": slice(None), "divide": slice(1)}
    return sum(
        is_rate(p) for step in made for p in step.inputs[factors.get(step.operation, slice(0))]
    )
