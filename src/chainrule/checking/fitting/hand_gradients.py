"""The gradients that a program made by hand, among the values that its updates were made from: A = c g."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from chainrule.checking.anatomy.program import Spot, Values
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.fitting import EXACT, RATE, Trace, join, norm

EVENTS = 4  # updates of each parameter that are looked into
IDLE = 3 * EVENTS  # updates by a gradient of 0
NOTHING = 1e-13  # of a gradient beside the largest, or of a sum beside what it is of


@final
@dataclass(frozen=True)
class Found:
    """The hand-made gradient A = c g of one chain: a position for each update looked into.

    `rates` has eta for each, where the update is linear in A; else None, as in Adam's. `gentle` has it where the update
    is linear in small gradients, as those are that nothing clips. `earlier` are positions of gradients before the
    first update that is known, which may be remembered.
    """

    chain: int
    positions: tuple[int, ...]
    factors: tuple[float, ...]
    rates: tuple[float | None, ...] = ()
    gentle: tuple[float | None, ...] = ()
    turns: tuple[int, ...] = ()
    fault: str | None = None
    earlier: tuple[int, ...] = ()


@final
@dataclass(frozen=True)
class GradientPlace:
    """A place in the source whose values are c g for every chain of a pool; `everywhere` are all of them."""

    found: dict[int, Found]
    everywhere: frozenset[int]


def find_gradients(
    anatomy: Anatomy, worlds: Sequence[Values], traces: Mapping[int, Trace]
) -> list[GradientPlace]:
    """The places in the source whose values are c g in every update of a pool's chains, the latest first."""
    program = anatomy.program
    common: set[tuple[int, int]] | None = None
    table: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
    idle: list[dict[tuple[int, int], int]] = []  # where the gradient is 0
    for number, trace in traces.items():
        zeros = [k for k, g in enumerate(trace.gradients) if norm(g) == 0][:IDLE]
        for k in sorted({*range(min(EVENTS, len(trace.updates))), *zeros}):
            here = values_behind(anatomy, worlds[0], trace, number, k)
            if k in zeros:
                idle.append(here)
                continue
            table[number, k] = here
            common = set(here) if common is None else common & here.keys()
            if not common:
                return []
    if common is None:
        return []
    order = sorted(common, key=lambda key: -max(here[key] for here in table.values()))
    gradients = []
    for key in order:
        found = proportional(worlds, traces, table, key)
        made = [here[key] for here in idle if key in here]
        if found is not None and not any(np.any(values[p]) for values in worlds for p in made):
            for n in found:
                if traces[n].late:
                    found[n] = replace(found[n], earlier=earlier_gradients(anatomy, found[n], key))
            everywhere = frozenset(p for p in program.made_at[key] if anatomy.error_masks[p])
            gradients.append(GradientPlace(found, everywhere))
    return gradients


def earlier_gradients(anatomy: Anatomy, found: Found, key: Spot) -> tuple[int, ...]:
    """What a place made that the first version of a chain is made of, where that is an update already."""
    program, root = anatomy.program, anatomy.chains[found.chain].root
    behind = program.ancestors([root], anatomy.stops - {root})
    made = [position for position in program.made_at[key] if position in behind]
    return tuple(made[-1:])


def made_alike(
    anatomy: Anatomy, values: Values, traces: Mapping[int, Trace], members: Sequence[int]
) -> list[list[int]]:
    """The chains by the places in the source that all their updates with a gradient are made at."""
    groups: dict[frozenset[tuple[int, int]], list[int]] = {}
    for number in members:
        trace = traces[number]
        keys = [
            values_behind(anatomy, values, trace, number, k).keys()
            for k in range(min(EVENTS, len(trace.updates)))
            if norm(trace.gradients[k]) > 0
        ]
        alike = frozenset(set.intersection(*map(set, keys))) if keys else frozenset()
        groups.setdefault(alike, []).append(number)
    return list(groups.values())


def values_behind(
    anatomy: Anatomy, values: Values, trace: Trace, number: int, k: int
) -> dict[tuple[int, int], int]:
    """For each place the last value of a parameter's size that an update is made of, and an error of its own."""
    program, update = anatomy.program, trace.updates[k]
    inner = set(anatomy.chains[number].versions) - {x.before for x in trace.updates}
    asked = (number, update.after, frozenset(inner))  # for every loss the same
    if asked in anatomy.behind:
        return anatomy.behind[asked]
    here = anatomy.behind.setdefault(asked, {})
    for position in program.ancestors([update.after], anatomy.stops - inner - {update.after}):
        step = program.step_of.get(position)
        if step is None or not anatomy.error_masks[position] or position in anatomy.stops:
            continue
        if uses_own_error(anatomy, position, update) and np.size(values[position]) == np.size(
            trace.first[k][1]
        ):
            key = program.spot(step)
            here[key] = max(here.get(key, -1), position)
    return here


def passes_all(
    anatomy: Anatomy, trace: Trace, found: Found, here: Collection[int], idle: bool = False
) -> bool:
    """Whether every way from an error to these updates leads through the gradients that were found.

    `here` are all gradients that were found, those of other parameters included. Updates without a gradient count
    where they are `idle`, as all of a parameter's may be.
    """
    befores = {update.before for update in trace.updates}
    inner = set(anatomy.chains[found.chain].versions) - befores
    afters = [
        u.after
        for u, g in list(zip(trace.updates, trace.gradients, strict=True))[:EVENTS]
        if idle or norm(g) > 0
    ]
    stops = (anatomy.stops - inner - set(afters)) | set(found.positions) | set(here)
    behind = anatomy.program.ancestors(afters, stops)
    errors = anatomy.ways_back or {mix.output for mix in anatomy.mixes}
    return not any(position in behind for position in errors - stops)


def uses_own_error(anatomy: Anatomy, position: int, update: Update) -> bool:
    mask = anatomy.error_masks[position]
    return any(mask >> number & 1 for number in update.mixes)


def proportional(
    worlds: Sequence[Values],
    traces: Mapping[int, Trace],
    table: Mapping[tuple[int, int], Mapping[tuple[int, int], int]],
    key: tuple[int, int],
) -> dict[int, Found] | None:
    """A = c g for the values of one place: c common to a pool's entries within each update."""
    positions: dict[int, list[int]] = {}
    factors: dict[int, list[float]] = {}
    counts: dict[int, int] = {}
    by_turn: dict[int, list[tuple[int, int]]] = {}
    for number, k in table:
        by_turn.setdefault(traces[number].updates[k].turn, []).append((number, k))
    for _, events in sorted(by_turn.items()):
        pairs = []
        for number, k in events:
            shape = np.shape(traces[number].first[k][1])
            parts = []
            for values in worlds:
                a = np.asarray(values[table[number, k][key]], dtype=float)
                if a.shape != shape and a.ndim == 2 and a.T.shape == shape:
                    a = a.T
                parts.append(a)
            pairs.append((join(parts), traces[number].gradients[k]))
        a = np.concatenate([pair[0] for pair in pairs])
        g = np.concatenate([pair[1] for pair in pairs])
        c = float(np.sum(a * g) / np.sum(g * g))
        if c == 0 or not np.isfinite(c) or norm(a - c * g) > EXACT * norm(a):
            return None
        for number, k in events:
            positions.setdefault(number, []).append(table[number, k][key])
            factors.setdefault(number, []).append(c)
            counts[number] = counts.get(number, 0) + np.size(traces[number].gradients[k])
    alone = len(traces) == 1 and all(
        np.size(t.gradients[0]) <= len(worlds) for t in traces.values()
    )
    if alone:  # one number fits anything, once; its factor must then be constant
        (all_factors,) = factors.values()
        if len(all_factors) < 3 or np.ptp(all_factors) > RATE * abs(all_factors[0]):
            return None
    return {n: Found(n, tuple(positions[n]), tuple(factors[n])) for n in positions}


def find_roundings(
    anatomy: Anatomy,
    worlds: Sequence[Values],
    traces: Mapping[int, Trace],
    numbers: Collection[int],
) -> set[int]:
    """Chains whose gradients are 0 but for rounding, by hand as well: of a bias before a batch's mean is taken off.

    An optimizer that divides by their own size makes steps of them.
    """
    sizes = {n: max(map(norm, trace.gradients)) for n, trace in traces.items()}
    found = set()
    for number in numbers:
        if sizes[number] > NOTHING * max(sizes.values()):
            continue
        trace = traces[number]
        behind = [
            values_behind(anatomy, worlds[0], trace, number, k)
            for k in range(min(EVENTS, len(trace.updates)))
        ]
        for key in set.intersection(*map(set, behind)):
            places = tuple(here[key] for here in behind)
            made_of = [p for place in places for p in anatomy.program.step_of[place].inputs]
            largest, made = (
                max(norm(values[p]) for values in worlds for p in some)
                for some in (made_of, places)
            )
            whole = Found(number, places, ())
            if made <= NOTHING * largest and passes_all(anatomy, trace, whole, (), idle=True):
                found.add(number)
                break
    return found
