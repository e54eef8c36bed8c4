"""How an update answers to its gradient, where it is no multiple of it: Adam, RMSProp, clipping, decay.

The gradient is looked for among the values that the update was made from: A = c g. From there on the
recorded computation is asked, not read: other values are put in A's place, and what the update then does
must be what an optimizer does. It moves each entry against that entry's own gradient, and with no
gradient it rests, or draws the parameter towards 0.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Values
from chainrule.checking.anatomy.updates import Anatomy
from chainrule.checking.fitting.answers import ask
from chainrule.checking.fitting.fitting import RATE, Fit, Trace, stand_still, update_line
from chainrule.checking.fitting.hand_gradients import (
    Found,
    GradientPlace,
    find_gradients,
    find_roundings,
    made_alike,
    passes_all,
)
from chainrule.checking.fitting.own_rates import divide_by_own
from chainrule.checking.fitting.rates import find_schedules


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
    candidates: list[tuple[Sequence[int], list[GradientPlace]]] = [
        (members, find_gradients(anatomy, worlds, {n: traces[n] for n in members}))
        for members in pools.values()
    ]
    # Of those that a line makes smaller pools, of which each has a place of its own; at last each alone.
    if len(worlds) > 1:
        for members, places in list(candidates):
            if not places:
                candidates += smaller_pools(anatomy, worlds, traces, members)
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
        mine = {p for place in places for one in place.found.values() for p in one.positions}
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
        if places and not first and len(worlds) > 1:  # its gradients are used elsewhere, too
            parts = smaller_pools(anatomy, worlds, traces, members)
            made |= {p for _, own in parts for place in own[-1:] for p in place.everywhere}
            candidates += parts
    plain = before.rate.keys() | {
        turn
        for one in answers.values()
        for turn, rate in zip(one.turns, one.rates, strict=True)
        if rate
    }
    answers = {n: as_small(one, plain) for n, one in answers.items()}
    if not before.good:
        answers = as_scheduled(anatomy, answers)
    faultless = [one for one in answers.values() if one.fault is None]
    still = stand_still(traces, before.silent, moving) if faultless else set()
    fit.silent -= still
    fit.bad |= still
    ratios = rate_ratios(anatomy, traces, before, faultless, moving)
    for number in before.bad:
        own = ratios.get(number, [])
        ok = bool(own) and all(abs(ratio - 1) <= 1e-5 for ratio in own)
        (fit.good if ok else fit.bad).add(number)
        if number in ratios:
            fit.ratio[number] = own[-1] if own else 0.0
        if ok:
            fit.cosine[number] = 1.0
            fit.made[number] = answers[number].positions
    nothing = find_roundings(anatomy, worlds, traces, fit.bad)
    fit.bad -= nothing
    fit.silent |= nothing
    rates = [rate for one in faultless for rate in one.rates]
    if before.good and rates and not any(rate is not None for rate in rates):
        # Some parameters plainly, others adaptively: nobody's optimizer.
        fit.bad |= before.good
        fit.good -= before.good
    return fit


def smaller_pools(
    anatomy: Anatomy, worlds: Sequence[Values], traces: Mapping[int, Trace], members: Sequence[int]
) -> list[tuple[Sequence[int], list[GradientPlace]]]:
    """A pool's chains by the places where they are made, or each alone, with the places of their gradients."""
    if len(members) < 2:
        return []
    alike = made_alike(anatomy, worlds[0], traces, members)
    return [
        (part, find_gradients(anatomy, worlds, {n: traces[n] for n in part}))
        for part in (alike if len(alike) > 1 else [[n] for n in members])
    ]


def as_small(one: Found, turns: Collection[int]) -> Found:
    """An answer, in some turns by the rates for small gradients where others have none, as where they are clipped."""
    rates = (
        gentle if rate is None and turn in turns else rate
        for turn, rate, gentle in zip(one.turns, one.rates, one.gentle, strict=True)
    )
    return replace(one, rates=tuple(rates))


def rate_ratios(
    anatomy: Anatomy,
    traces: Mapping[int, Trace],
    before: Fit,
    answers: Sequence[Found],
    moving: Collection[int],
) -> dict[int, list[float]]:
    """Of each answer its rates over those that all have in common, or of the gradients' factors where it has no rate."""
    scales = numbers_by_turn(answers, linear=False)
    rates = numbers_by_turn(answers, linear=True)
    if before.good:
        rates |= before.rate
    linear = {
        one.chain: {turn: rate for turn, rate in zip(one.turns, one.rates, strict=True) if rate}
        for one in answers
    }
    others = {
        n: {u.turn: rate for u in traces[n].updates if (rate := before.rate.get(u.turn))}
        for n in before.good
    }
    updates = {n: {update.turn: update for update in trace.updates} for n, trace in traces.items()}
    own = divide_by_own(anatomy, linear | others, updates)
    ratios: dict[int, list[float]] = {}
    for one in answers:
        ratios[one.chain] = []
        for turn, factor, rate in zip(one.turns, one.factors, one.rates, strict=True):
            if turn not in moving:
                continue
            common = scales.get(turn) if rate is None else rates.get(turn)
            mine = factor if rate is None else rate
            alike = rate is not None and own is not None and own.get(one.chain, {}).get(turn)
            ratios[one.chain].append(1.0 if alike else mine / common if common else 0.0)
    return ratios


def as_scheduled(anatomy: Anatomy, answers: dict[int, Found]) -> dict[int, Found]:
    """The answers with rates over those that the program computes as time goes on, if they are then alike."""
    linear = {n: one for n, one in answers.items() if one.fault is None and any(one.rates)}
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
        rates = [rate for one in scaled.values() for rate in one.rates if rate]
        if np.ptp(rates) <= RATE * abs(rates[0]):
            return answers | scaled
    return answers


def numbers_by_turn(answers: Sequence[Found], linear: bool) -> dict[int, float]:
    """The median rate of each turn's linear updates, or the median factor of the others' gradients."""
    found: dict[int, list[float]] = {}
    for one in answers:
        for turn, factor, rate in zip(one.turns, one.factors, one.rates, strict=True):
            if (rate is not None) == linear:
                found.setdefault(turn, []).append(factor if rate is None else rate)
    return {turn: float(np.median(numbers)) for turn, numbers in found.items()}
