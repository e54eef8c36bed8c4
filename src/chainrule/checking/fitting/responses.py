"""How an update answers to its gradient, where it is no multiple of it: Adam, RMSProp, clipping, decay.

The gradient is looked for among the values that the update was made from: A = c g. From there on the
recorded computation is asked, not read: other values are put in A's place, and what the update then does
must be what an optimizer does. It moves each entry against that entry's own gradient, and with no
gradient it rests, or draws the parameter towards 0.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program, Values
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.fitting import EXACT, RATE, Fit, Trace, join, norm, update_line

EVENTS = 4  # updates of each parameter that are looked into


@final
@dataclass(frozen=True)
class Found:
    """The hand-made gradient A = c g of one chain: a position for each update looked into.

    `rate` is eta, where the update is linear in A; else None, as in Adam's.
    """

    chain: int
    positions: tuple[int, ...]
    factors: tuple[float, ...]
    rate: float | None = None
    fault: str | None = None


def fit_by_response(
    anatomy: Anatomy, worlds: Sequence[Values], traces: Mapping[int, Trace], before: Fit
) -> Fit:
    """The fit, with all chains that were bad asked how they respond."""
    fit = Fit(
        before.loss, set(before.good), set(), set(before.silent), dict(before.rate),
        dict(before.ratio), dict(before.cosine), dict(before.rates), "adaptive", before.clear,
    )  # fmt: skip
    pools: dict[Any, list[int]] = {}
    for number in sorted(before.bad):
        alone = np.size(traces[number].first[0][1]) >= 2
        pools.setdefault(number if alone else update_line(anatomy, number), []).append(number)
    found: dict[int, Found] = {}
    for members in pools.values():
        together = find_gradients(anatomy, worlds, {n: traces[n] for n in members})
        if not together and len(members) > 1 and len(worlds) > 1:
            for number in members:
                together |= find_gradients(anatomy, worlds, {number: traces[number]})
        found |= together
    answers = {
        number: ask(anatomy, worlds[0], traces[number], one) for number, one in found.items()
    }
    rate = next(iter(before.rate.values()), None) if before.good else None
    linear = [one.rate for one in answers.values() if one.rate is not None and one.fault is None]
    if rate is None and linear:
        rate = float(np.median(linear))
    adaptive = [
        one.factors[-1] for one in answers.values() if one.rate is None and one.fault is None
    ]
    scale = float(np.median(adaptive)) if adaptive else None
    for number in before.bad:
        one = answers.get(number)
        if one is None or one.fault is not None:
            fit.bad.add(number)
            continue
        own, common = (one.factors[-1], scale) if one.rate is None else (one.rate, rate)
        ok = common is not None and abs(own - common) <= 1e-5 * abs(common)
        (fit.good if ok else fit.bad).add(number)
        fit.ratio[number] = own / common if common else 0.0
        if ok:
            fit.cosine[number] = 1.0
    if adaptive and before.good and not linear:
        # Some parameters plainly, others adaptively: nobody's optimizer.
        fit.bad |= before.good
        fit.good -= before.good
    return fit


def find_gradients(
    anatomy: Anatomy, worlds: Sequence[Values], traces: Mapping[int, Trace]
) -> dict[int, Found]:
    """For each chain of a pool the latest place in the source whose values are c g, in every update."""
    program = anatomy.program
    chosen: list[set[tuple[int, int]]] = []
    table: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
    for number, trace in traces.items():
        for k in range(min(EVENTS, len(trace.updates))):
            update, g = trace.updates[k], trace.gradients[k]
            if norm(g) == 0:
                continue
            here: dict[tuple[int, int], int] = {}
            inner = set(anatomy.chains[number].versions) - {x.before for x in trace.updates}
            for position in program.ancestors(
                [update.after], anatomy.stops - inner - {update.after}
            ):
                step = program.step_of.get(position)
                if step is None or not anatomy.error_masks[position] or position in anatomy.stops:
                    continue
                if not uses_own_error(anatomy, position, update) or np.size(
                    worlds[0][position]
                ) != np.size(trace.first[k][1]):
                    continue
                key = place_of(program, step)
                here[key] = max(here.get(key, -1), position)
            chosen.append(set(here))
            table[number, k] = here
    if not chosen:
        return {}
    common = set.intersection(*chosen)
    places: dict[tuple[int, int], list[int]] = {}
    for step in program.steps:
        places.setdefault(place_of(program, step), []).append(step.output)
    order = sorted(common, key=lambda key: -max(here[key] for here in table.values()))
    for key in order:
        found = proportional(worlds, traces, table, key)
        gradients = {p for p in places.get(key, ()) if anatomy.error_masks[p]}
        if found is not None and all(
            passes_all(anatomy, traces[n], one, gradients) for n, one in found.items()
        ):
            return found
    return {}


def passes_all(anatomy: Anatomy, trace: Trace, found: Found, here: Collection[int]) -> bool:
    """Whether every way from an error to these updates leads through the gradients that were found.

    `here` are all gradients of that place: a common norm is made of those of all parameters.
    """
    befores = {update.before for update in trace.updates}
    inner = set(anatomy.chains[found.chain].versions) - befores
    afters = [
        u.after
        for u, g in list(zip(trace.updates, trace.gradients, strict=True))[:EVENTS]
        if norm(g) > 0
    ]
    stops = (anatomy.stops - inner - set(afters)) | set(found.positions) | set(here)
    behind = anatomy.program.ancestors(afters, stops)
    return not any(mix.output in behind and mix.output not in stops for mix in anatomy.mixes)


def uses_own_error(anatomy: Anatomy, position: int, update: Update) -> bool:
    mask = anatomy.error_masks[position]
    return any(mask >> number & 1 for number in update.mixes)


def place_of(program: Program, step: Instruction) -> tuple[int, int]:
    call = program.call(step)
    return program.recording.sites[step.number], call.site if call is not None else -1


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
    for events in by_turn.values():
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


def ask(anatomy: Anatomy, values: Values, trace: Trace, found: Found) -> Found:
    """The same with its rate, or with its fault: what no optimizer does."""
    program = anatomy.program
    updates = [
        update for k, update in enumerate(trace.updates[:EVENTS]) if norm(trace.gradients[k]) > 0
    ]
    last = updates[-1]
    k = trace.updates.index(last)
    u = trace.first[k][0]
    # The parameter itself is computed anew from its first version on; all others stay as they were.
    fixed = anatomy.stops - set(anatomy.chains[last.chain].versions)
    reach = program.ancestors([last.after, last.before], fixed | set(found.positions))
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]

    def rerun(replacements: Mapping[int, Any]) -> Mapping[int, Any]:
        return program.rerun(values, {}, cone, fixed, replacements)

    def taken(update: Update, new: Mapping[int, Any]) -> tuple[Any, Any]:
        """What an update does, and where it starts."""
        ends = (new.get(position, values[position]) for position in (update.after, update.before))
        after, start = (np.asarray(value, dtype=float) for value in ends)
        return after - start, start

    def respond(replacements: Mapping[int, Any]) -> Any:
        return taken(last, rerun(replacements))[0]

    positions, a = found.positions, np.asarray(values[found.positions[-1]], dtype=float)
    sign = np.sign(found.factors[-1])
    typical = float(np.max(np.abs(a))) or 1.0
    shapes = {position: np.shape(values[position]) for position in positions}
    resting = rerun({position: np.zeros(shapes[position]) for position in positions})
    rest, start = taken(last, resting)
    for direction in (1.0, -1.0):
        moved = respond({p: np.full(shapes[p], direction * sign * typical) for p in positions})
        if not np.all((moved - rest) * direction < 0):
            return fault(found, "it does not move each entry against its gradient")
    if np.any(rest) and not decays(rest, start):
        # A memory goes on past 0, where decay once drew: only before it remembers anything it is seen.
        rest, start = taken(trace.updates[0], resting)
        if not decays(rest, start):
            grows = np.all(rest * start >= 0)
            return fault(found, "decay-sign" if grows else "it moves without a gradient")
    if a.size > 1 and not is_elementwise(respond, positions[-1], a, u):
        return fault(found, "an entry's gradient moves other entries")
    if not is_whole(anatomy, values, last, respond({positions[-1]: np.zeros(np.shape(a))})):
        return fault(found, "more than this gradient goes into it")
    more = respond({positions[-1]: 1.001 * a})
    response = (more - u) / 0.001
    with_shape = (
        a
        if a.shape == np.shape(u)
        else (a.T if a.T.shape == np.shape(u) else a.reshape(np.shape(u)))
    )
    slope = float(np.sum(response * with_shape) / np.sum(with_shape**2))
    linear = norm(response - slope * with_shape) <= 1e-6 * norm(response) and norm(
        response
    ) > 1e-3 * norm(u)
    nonlinear_check = respond({positions[-1]: 1.5 * a})
    linear = linear and norm((nonlinear_check - u) - 0.5 * response) <= 1e-6 * norm(response)
    rate = -slope * found.factors[-1] if linear else None
    return Found(found.chain, found.positions, found.factors, rate)


def decays(rest: Any, start: Any) -> bool:
    """Whether what happens without a gradient draws each entry towards 0."""
    return bool(np.all(rest * start <= 0) and not np.any(rest[start == 0]))


def is_whole(anatomy: Anatomy, values: Values, update: Update, without: Any) -> bool:
    """Whether an update without its gradient is the update without its errors: all goes through it."""
    program = anatomy.program
    outputs = {anatomy.mixes[number].output for number in update.mixes}
    fixed = anatomy.stops - set(anatomy.chains[update.chain].versions)
    reach = program.ancestors([update.after, update.before], fixed | outputs)
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    nothing = {position: np.zeros(np.shape(values[position])) for position in outputs}
    new = program.rerun(values, {}, cone, fixed, nothing)
    ends = (new.get(position, values[position]) for position in (update.after, update.before))
    after, before = (np.asarray(value, dtype=float) for value in ends)
    rest = after - before
    if not np.all(np.isfinite(rest)):
        return True  # a norm of nothing, which somebody divides by
    size = norm(
        np.asarray(values[update.after], dtype=float)
        - np.asarray(values[update.before], dtype=float)
    )
    return norm(rest - without) <= 1e-9 * max(size, norm(rest))


def is_elementwise(respond: Any, position: int, a: Any, u: Any) -> bool:
    """Whether an entry of the gradient moves that entry alone; or all in proportion, by a common norm."""
    for flat in {int(np.argmax(np.abs(a))), int(np.argmin(np.abs(a)))}:
        changed = a.copy()
        changed.reshape(-1)[flat] = 1.5 * changed.reshape(-1)[flat] + 1e-3 * float(
            np.max(np.abs(a))
        )
        difference = np.reshape(respond({position: changed}) - u, -1)
        if a.ndim == 2 and a.shape != np.shape(u) and a.T.shape == np.shape(u):
            flat = int(np.ravel_multi_index(np.unravel_index(flat, a.shape)[::-1], np.shape(u)))
        others = np.delete(difference, flat)
        rest = np.delete(np.reshape(u, -1), flat)
        tolerance = 1e-9 * max(norm(difference), norm(u))
        if norm(others) <= tolerance:
            continue
        scale = float(np.sum(others * rest) / np.sum(rest**2)) if np.any(rest) else 0.0
        if norm(others - scale * rest) > 1e-6 * norm(others):
            return False
    return True


def fault(found: Found, what: str) -> Found:
    return Found(found.chain, found.positions, found.factors, None, what)
