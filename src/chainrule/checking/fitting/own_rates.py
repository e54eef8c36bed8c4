"""Rates that parameters have of their own: numbers with a rate's name that errors are multiplied by on their way to an update."""

from collections.abc import Iterable, Mapping
from math import prod

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.rates import is_rate_name, rate_of

CLOSE = 1e-5


def named_rates(anatomy: Anatomy, update: Update) -> dict[str, float]:
    """Rates by name that an update's own errors are multiplied by.

    What they are divided by is none: a mean that others lack is no rate.
    """
    program, own = anatomy.program, sum(1 << number for number in update.mixes)
    inner = set(anatomy.chains[update.chain].versions) - {update.before}
    found: dict[str, float] = {}
    for position in program.ancestors([update.after], anatomy.stops - inner - {update.after}):
        step = program.step_of.get(position)
        if step is None or step.operation != "multiply" or not anatomy.error_masks[position] & own:
            continue
        for slot, (factor, other) in enumerate((step.inputs, step.inputs[::-1])):
            if anatomy.error_masks[other] & own and not anatomy.error_masks[factor]:
                found |= rates_within(anatomy, step, slot)
    return found


def rates_within(
    anatomy: Anatomy, step: Instruction, slot: int, depth: int = 3
) -> dict[str, float]:
    """The rates with a name that a single number is, or is a multiple of: that of (rate / samples) is rate."""
    program: Program = anatomy.program
    position = step.inputs[slot]
    value, name = program.recorded[position], program.name(position)
    if np.size(value) != 1 or anatomy.masks[position] or not depth:
        return {}
    if name is not None and is_rate_name(name):
        return {name: float(np.reshape(value, -1)[0])}
    rate, made = rate_of(anatomy, step, slot), program.step_of.get(position)
    if rate and is_rate_name(rate[0]):
        return dict([rate])
    if made is None or made.operation not in ("multiply", "divide", "negate"):
        return {}
    slots = range(1 if made.operation == "divide" else len(made.inputs))
    return {n: v for k in slots for n, v in rates_within(anatomy, made, k, depth - 1).items()}


def are_alike(numbers: Iterable[float]) -> bool:
    listed = list(numbers)
    return bool(listed) and all(abs(one - listed[0]) <= CLOSE * abs(listed[0]) for one in listed)


def divide_by_own(
    anatomy: Anatomy,
    rates: Mapping[int, Mapping[int, float]],
    updates: Mapping[int, Mapping[int, Update]],
) -> dict[int, dict[int, float]] | None:
    """Rates by chain and turn over those of their own that have names, if that makes all of a turn alike; else None."""
    divided: dict[int, dict[int, float]] = {}
    by_turn: dict[int, list[float]] = {}
    for chain, turns in rates.items():
        for turn, rate in turns.items():
            own = named_rates(anatomy, updates[chain][turn])
            if not own or not all(own.values()):
                return None
            divided.setdefault(chain, {})[turn] = rate / prod(own.values())
            by_turn.setdefault(turn, []).append(divided[chain][turn])
    return divided if all(map(are_alike, by_turn.values())) else None
