"""How an update answers to its gradient, where it is no multiple of it: Adam, RMSProp, clipping, decay.

The gradient is looked for among the values that the update was made from: A = c g. From there on the
recorded computation is asked, not read: other values are put in A's place, and what the update then does
must be what an optimizer does. It moves each entry against that entry's own gradient, and with no
gradient it rests, or draws the parameter towards 0.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.program import Values
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.fitting import (
    EXACT,
    RATE,
    Fit,
    Trace,
    join,
    norm,
    stand_still,
    update_line,
)
from chainrule.checking.fitting.memories import climbs_later, forgets_nothing, never_fades
from chainrule.checking.fitting.rates import find_schedules
from chainrule.checking.fitting.resting import away_from_zero, decays, step_of

EVENTS = 4  # updates of each parameter that are looked into
IDLE = 3 * EVENTS  # updates by a gradient of 0
FAR, ODD = 1e6, 1e-3  # gradients so many times as large, and by how much answers to them may differ
LARGER = 4.0  # times the gradients: no step may then be much smaller


@final
@dataclass(frozen=True)
class Found:
    """The hand-made gradient A = c g of one chain: a position for each update looked into.

    `rates` has eta for each, where the update is linear in A; else None, as in Adam's.
    """

    chain: int
    positions: tuple[int, ...]
    factors: tuple[float, ...]
    rates: tuple[float | None, ...] = ()
    turns: tuple[int, ...] = ()
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
    candidates = [
        (members, find_gradients(anatomy, worlds, {n: traces[n] for n in members}))
        for members in pools.values()
    ]
    for members, places in list(candidates):
        if not places and len(members) > 1 and len(worlds) > 1:
            candidates += [([n], find_gradients(anatomy, worlds, {n: traces[n]})) for n in members]
    moving = {
        update.turn
        for trace in traces.values()
        for update, (u, _, _) in zip(trace.updates, trace.first, strict=True)
        if np.any(u)
    }
    # A common norm is made of the gradients of all parameters, wherever each was made: there, the last place.
    made = {p for _, places in candidates for place in places[-1:] for p in place.everywhere}
    answers: dict[int, Found] = {}
    for members, places in candidates:
        mine = {p for place in places for n in members for p in place.found[n].positions}
        # Without the others first: where a bias has its delta for a gradient, all errors go through that one.
        complete = (
            place.found
            for others in (set(), made - mine)
            for place in places
            if all(
                passes_all(anatomy, traces[n], one, place.everywhere | others)
                for n, one in place.found.items()
            )
        )
        first: dict[int, Found] = {}
        for found in complete:
            asked = {n: ask(anatomy, worlds[0], traces[n], one, moving) for n, one in found.items()}
            if all(one.fault is None for one in asked.values()):
                first = asked
                break
            first = first or asked
        answers |= first
    if not before.good:
        answers = as_scheduled(anatomy, answers)
    faultless = [one for one in answers.values() if one.fault is None]
    scales = numbers_by_turn(faultless, linear=False)
    rates = numbers_by_turn(faultless, linear=True)
    if before.good:
        rates |= before.rate
    still = stand_still(traces, before.silent, moving) if faultless else set()
    fit.silent -= still
    fit.bad |= still
    for number in before.bad:
        one = answers.get(number)
        if one is None or one.fault is not None:
            fit.bad.add(number)
            continue
        ratios = []
        for turn, factor, rate in zip(one.turns, one.factors, one.rates, strict=True):
            if turn in moving:
                own, common = (
                    (factor, scales.get(turn)) if rate is None else (rate, rates.get(turn))
                )
                ratios.append(own / common if common else 0.0)
        ok = bool(ratios) and all(abs(ratio - 1) <= 1e-5 for ratio in ratios)
        (fit.good if ok else fit.bad).add(number)
        fit.ratio[number] = ratios[-1] if ratios else 0.0
        if ok:
            fit.cosine[number] = 1.0
            fit.made[number] = one.positions
    if (
        scales
        and before.good
        and not any(rate is not None for one in faultless for rate in one.rates)
    ):
        # Some parameters plainly, others adaptively: nobody's optimizer.
        fit.bad |= before.good
        fit.good -= before.good
    return fit


def as_scheduled(anatomy: Anatomy, answers: dict[int, Found]) -> dict[int, Found]:
    """The answers with rates over those that the program computes as time goes on, if they are then alike."""
    linear = {
        n: one for n, one in answers.items() if one.fault is None and all(map(bool, one.rates))
    }
    for schedule in find_schedules(anatomy) if linear else ():
        if not all(schedule[n, turn] for n, one in linear.items() for turn in one.turns):
            continue  # what is 0 at times is no rate
        scaled = {
            n: replace(
                one,
                rates=tuple(
                    rate and rate / schedule[n, turn]
                    for rate, turn in zip(one.rates, one.turns, strict=True)
                ),
            )
            for n, one in linear.items()
        }
        rates = [rate for one in scaled.values() for rate in one.rates if rate is not None]
        if np.ptp(rates) <= RATE * abs(rates[0]):
            return answers | scaled
    return answers


@final
@dataclass(frozen=True)
class GradientPlace:
    """A place in the source whose values are c g for every chain of a pool; `everywhere` are all of them."""

    found: dict[int, Found]
    everywhere: frozenset[int]


def numbers_by_turn(answers: Sequence[Found], linear: bool) -> dict[int, float]:
    """The median rate of each turn's linear updates, or the median factor of the others' gradients."""
    found: dict[int, list[float]] = {}
    for one in answers:
        for turn, factor, rate in zip(one.turns, one.factors, one.rates, strict=True):
            if (rate is not None) == linear:
                found.setdefault(turn, []).append(factor if rate is None else rate)
    return {turn: float(np.median(numbers)) for turn, numbers in found.items()}


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
            everywhere = frozenset(p for p in program.made_at[key] if anatomy.error_masks[p])
            gradients.append(GradientPlace(found, everywhere))
    return gradients


def values_behind(
    anatomy: Anatomy, values: Values, trace: Trace, number: int, k: int
) -> dict[tuple[int, int], int]:
    """For each place the last value of a parameter's size that an update is made of, and an error of its own."""
    program, update = anatomy.program, trace.updates[k]
    here: dict[tuple[int, int], int] = {}
    inner = set(anatomy.chains[number].versions) - {x.before for x in trace.updates}
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


def passes_all(anatomy: Anatomy, trace: Trace, found: Found, here: Collection[int]) -> bool:
    """Whether every way from an error to these updates leads through the gradients that were found.

    `here` are all gradients that were found, those of other parameters included.
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


def ask(anatomy: Anatomy, values: Values, trace: Trace, found: Found, moving: set[int]) -> Found:
    """The same with its rates, or with its fault: what no optimizer does, in any update looked into.

    A turn that is not `moving` changes no parameter, as in a schedule that begins with a rate of 0.
    """
    updates = [
        update for k, update in enumerate(trace.updates[:EVENTS]) if norm(trace.gradients[k]) > 0
    ]
    rates: list[float | None] = []
    for number, update in enumerate(updates):
        if update.turn not in moving:
            rates.append(None)
            continue
        answer = ask_once(anatomy, values, trace, found, number, update)
        if isinstance(answer, str):
            return replace(found, fault=answer)
        rates.append(answer)
    return replace(found, rates=tuple(rates), turns=tuple(update.turn for update in updates))


def ask_once(
    anatomy: Anatomy, values: Values, trace: Trace, found: Found, number: int, update: Update
) -> float | str | None:
    """How one update answers: by a rate, or as an optimizer does that has none, or by a fault."""
    program = anatomy.program
    positions = found.positions[: number + 1]
    u = trace.first[trace.updates.index(update)][0]
    # The parameter itself is computed anew from its first version on; all others stay as they were.
    fixed = anatomy.stops - set(anatomy.chains[update.chain].versions)
    reach = program.ancestors([update.after, update.before], fixed | set(positions))
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]

    def rerun(replacements: Mapping[int, Any]) -> Mapping[int, Any]:
        return program.rerun(values, {}, cone, fixed, replacements)

    def taken(given: Mapping[int, Any], update: Update = update) -> tuple[Any, Any]:
        """What an update does, and where it starts."""
        new = rerun(given)
        ends = (new.get(position, values[position]) for position in (update.after, update.before))
        after, start = (np.asarray(value, dtype=float) for value in ends)
        return after - start, start

    def respond(replacements: Mapping[int, Any]) -> Any:
        return step_of(taken, replacements)[0]

    a = np.asarray(values[positions[-1]], dtype=float)
    sign = np.sign(found.factors[number])
    typical = float(np.max(np.abs(a))) or 1.0
    shapes = {position: np.shape(values[position]) for position in positions}
    nothing = {position: np.zeros(shapes[position]) for position in positions}
    rest = respond(nothing)
    for direction in (1.0, -1.0):
        moved = respond({p: np.full(shapes[p], direction * sign * typical) for p in positions})
        if not np.all((moved - rest) * direction < 0):
            return "it does not move each entry against its gradient"
    root = anatomy.chains[update.chain].root
    for first in away_from_zero(values[root]):
        resting = {**nothing, root: first}
        drawn, start = step_of(taken, resting)
        if np.any(drawn) and not decays(drawn, start):
            # A memory goes on past 0, where decay once drew: only before it remembers anything it is seen.
            drawn, start = step_of(partial(taken, update=trace.updates[0]), resting)
            if not np.any(drawn) or not decays(drawn, start):
                grows = np.any(drawn) and np.all(drawn * start >= 0)
                return "decay-sign" if grows else "it moves without a gradient"
    rounding = 8 * np.finfo(float).eps * norm(values[update.before])  # in V' - V
    if a.size > 1 and not is_elementwise(respond, positions[-1], a, u, rounding):
        return "an entry's gradient moves other entries"
    if not is_whole(anatomy, values, update, respond({positions[-1]: np.zeros(np.shape(a))})):
        return "more than this gradient goes into it"
    # The second pass cannot tell a memory of one pass from one of all.
    telling = number > 1 or number == len(found.positions) - 1
    if number and telling and forgets_nothing(respond, shapes, rest):
        return "it remembers all gradients as well as the last"
    if number > 1 and never_fades(respond, shapes, rest):
        return "its memory never fades"

    def ends_at(scale: float, first: Any) -> tuple[Any, Any]:
        given = {p: scale * np.asarray(values[p], dtype=float) for p in positions}
        step, start = taken({**given, root: first})
        return step, start + step

    if number == len(found.positions) - 1 and not is_odd(ends_at, np.asarray(values[root], float)):
        return "it answers otherwise to the opposite gradients"
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
    if linear:
        if number and climbs_later(respond, shapes, rest, sign * typical):
            return "it climbs by the gradient of the pass before"
        return -slope * found.factors[number]
    larger = respond({p: LARGER * np.asarray(values[p], dtype=float) for p in positions})
    if norm(larger - rest) < 0.5 * norm(u - rest):
        return "its steps get smaller as gradients grow"
    return None


def is_odd(ends_at: Callable[[float, Any], tuple[Any, Any]], root: Any) -> bool:
    """Whether the opposite gradients make a step from the opposite numbers the opposite one, as in any optimizer.

    The gradients are large: what was remembered before the recording is then nothing beside them. An entry that ends
    where it ends from anywhere is held at a bound.
    """
    elsewhere = 1.5 * root + 1.0
    there, back = ends_at(FAR, root), ends_at(-FAR, -root)
    others = ends_at(FAR, elsewhere), ends_at(-FAR, -elsewhere)
    free = (there[1] != others[0][1]) & (back[1] != others[1][1])
    apart = np.abs(there[0] + back[0])[free]
    return not np.all(np.isfinite(apart)) or norm(apart) <= ODD * norm(there[0][free])


def is_whole(anatomy: Anatomy, values: Values, update: Update, without: Any) -> bool:
    """Whether an update without its gradient is the update without its errors: all goes through it."""
    if anatomy.loss == OWN:  # there every way back was seen to lead through it
        return True
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


def is_elementwise(respond: Any, position: int, a: Any, u: Any, rounding: float) -> bool:
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
        if norm(others - scale * rest) > max(1e-6 * norm(others), rounding):
            return False
    return True
