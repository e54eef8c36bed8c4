"""Updates with momentum and decay, u = -eta g + beta u_before - lambda V: one form for all parameters of a program."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.checking.anatomy.depths import by_depth
from chainrule.checking.anatomy.updates import Anatomy
from chainrule.checking.fitting.fitting import (
    CLEAR,
    EXACT,
    NOISY,
    RATE,
    Fit,
    Trace,
    norm,
    overall_cosine,
    stands_still,
    update_line,
)
from chainrule.checking.fitting.rates import find_schedules

FEW_ENTRIES = 3  # of a parameter, of which a decay would explain anything


def fit_general(anatomy: Anatomy, traces: Mapping[int, Trace], plain: Fit) -> Fit:
    """u = -eta g + beta u_before - lambda V, the numbers constant over passes, eta common to all.

    Or eta in proportion to a rate that the program computes as time goes on, one for all of a pass; then lambda may be
    constant, or in proportion to that rate as well, as where a penalty is part of the gradient.
    """
    best = fit_constant(anatomy, traces, plain, {})
    if best.bad:
        for schedule in common_schedules(anatomy):
            for within in (False, True):
                fit = fit_constant(anatomy, traces, plain, schedule, within)
                if says_more(fit) > says_more(best):
                    best = fit
    return best


def says_more(fit: Fit) -> tuple[int, bool]:
    """How many parameters a fit has right, and whether the others go down their gradients, too, by another rate."""
    return len(fit.good), all(fit.ratio[number] for number in fit.bad)


def common_schedules(anatomy: Anatomy) -> Iterator[dict[int, float]]:
    """Rates that a program computes as time goes on, by turn, where all parameters have the same."""
    for schedule in find_schedules(anatomy):
        by_turn: dict[int, set[float]] = {}
        for (_, turn), rate in schedule.items():
            by_turn.setdefault(turn, set()).add(rate)
        if all(len(rates) == 1 for rates in by_turn.values()):
            yield {turn: rates.pop() for turn, rates in by_turn.items()}


def as_planned(trace: Trace, schedule: Mapping[int, float], within: bool) -> Trace:
    """A trace with its gradients times the rates of a schedule, and with a decay `within` them this as well."""
    if not schedule:
        return trace
    rates = [schedule[update.turn] for update in trace.updates]
    gradients = [g * rate for g, rate in zip(trace.gradients, rates, strict=True)]
    if not within:
        return replace(trace, gradients=gradients)
    befores = [before * rate for before, rate in zip(trace.befores, rates, strict=True)]
    return replace(trace, gradients=gradients, befores=befores)


def fit_constant(
    anatomy: Anatomy,
    traces: Mapping[int, Trace],
    plain: Fit,
    schedule: Mapping[int, float],
    within: bool = False,
) -> Fit:
    """The same with eta constant, or constant but for a schedule.

    Numbers of one entry are pooled by the line that updates them: alone, three of them fit anything. Where one line
    updates all layers, and some of them wrongly, each layer is a pool.
    """
    fit = Fit(plain.loss, form="momentum", schedule=schedule, within=within)
    pools: dict[Any, list[int]] = {}
    for number, trace in traces.items():
        if number in plain.silent:
            fit.silent.add(number)
            continue
        alone = np.size(trace.first[0][1]) >= 2
        pools.setdefault(number if alone else update_line(anatomy, number), []).append(number)
    rates: dict[int, float] = {}
    waiting = list(pools.values())
    for members in waiting:  # grows as it goes
        solution = solve_pool([as_planned(traces[number], schedule, within) for number in members])
        layers = by_depth(anatomy, members) if solution is None and len(members) > 1 else []
        if len(layers) > 1:
            waiting += layers
            continue
        for number in members:
            trace = traces[number]
            untold = trace.late and len(trace.steps) < 2 and number in plain.bad
            if solution is None or untold:
                fit.bad.add(number)
                continue
            rates[number] = solution[0]
            fit.decays = fit.decays or solution[2] > RATE * abs(solution[0])
    sizes = {number: np.size(traces[number].gradients[0]) for number in rates}
    consensus = most_common(rates, sizes)
    for number, rate in rates.items():
        ok = consensus is not None and abs(rate - consensus) <= 1e-5 * abs(consensus)
        (fit.good if ok else fit.bad).add(number)
    for number, trace in traces.items():
        fit.ratio[number] = rates[number] / consensus if number in rates and consensus else 0.0
        fit.cosine[number] = 1.0 if number in fit.good else overall_cosine(trace)
        if consensus is not None:
            fit.rate |= {u.turn: consensus * schedule.get(u.turn, 1.0) for u in trace.updates}
            if number in fit.silent and stands_still(trace, consensus):
                fit.silent.discard(number)
                fit.bad.add(number)
    return fit


def decays_its_own_way(trace: Trace, rates: Mapping[int, float]) -> bool:
    """Whether all updates go down their gradients but for a decay, by the known rates or by rates of a plan of their own.

    The decay may be strong or weak as the pass may ask. Of rates that differ by one factor all along that is known to
    be a mistake, or none.
    """
    told, factors = 0, []
    for update, u, g, before in zip(
        trace.updates, trace.steps, trace.gradients, trace.befores, strict=True
    ):
        known = rates.get(update.turn)
        if u is None or not known or np.size(u) < FEW_ENTRIES:
            return False
        columns = np.stack([-g, -decaying_entries(before, u, g)], axis=1)
        if not np.all(np.isfinite(columns)) or not np.any(columns[:, 1]):
            continue
        (rate, decay), *_ = np.linalg.lstsq(columns, u, rcond=1e-12)
        rounding = 8 * np.finfo(float).eps * norm(before)
        if rate <= 0 or norm(u - columns @ [rate, decay]) > EXACT * norm(u) + rounding:
            return False
        if decay * norm(columns[:, 1]) < -EXACT * norm(u):
            return False
        factors.append(rate / known)
        told += decay * norm(columns[:, 1]) > EXACT * norm(u)
    alike = bool(factors) and np.ptp(factors) <= CLEAR * max(factors)
    return told > 0 and (not alike or abs(factors[0] - 1) <= CLEAR)


def decaying_entries(before: Any, u: Any, g: Any) -> Any:
    """What decay draws: of a table only the rows that are looked up are moved at all."""
    return np.where((u != 0) | (g != 0), before, 0.0)


def most_common(rates: Mapping[int, float], sizes: Mapping[int, int]) -> float | None:
    best, most = None, 0
    for rate in rates.values():
        weight = sum(
            sizes[n] for n, other in rates.items() if abs(other - rate) <= 1e-5 * abs(rate)
        )
        if weight > most:
            best, most = rate, weight
    return best


def solve_pool(traces: Sequence[Trace]) -> tuple[float, float, float] | None:
    """eta, beta and lambda that fit all updates of some chains exactly, or None; eta < 0 where they climb."""
    rows, sides = [], []
    for trace in traces:
        for k, (u, g) in enumerate(zip(trace.steps, trace.gradients, strict=True)):
            if (
                u is None
                or (k and trace.steps[k - 1] is None)
                or np.shape(u) != np.shape(trace.gradients[0])
            ):
                return None
            if trace.late and not k:
                continue  # what it remembers is not known
            before = trace.steps[k - 1] if k else np.zeros(np.shape(u))
            decay = decaying_entries(trace.befores[k], u, g)
            columns = np.stack([np.ravel(-g), np.ravel(before), np.ravel(-decay)], axis=1)
            told = np.any(columns != 0, axis=1) | (np.ravel(u) != 0)  # of a table a few rows
            rows.append(columns[told])
            sides.append(np.ravel(u)[told])
    if not rows:
        return None
    matrix, side = np.concatenate(rows), np.concatenate(sides)
    usable = np.isfinite(matrix).all(axis=1) & np.isfinite(side)
    if not usable.all() or len(side) < 12:
        return None
    scale = np.sqrt(np.sum(matrix**2, axis=0))
    scale[scale == 0] = 1.0
    solution, _, rank, _ = np.linalg.lstsq(matrix / scale, side, rcond=1e-12)
    left = matrix @ (solution / scale) - side
    eta, beta, decay = solution / scale
    size = norm(side)
    noise = 8 * np.finfo(float).eps * norm(matrix[:, 2]) / size if size else 0.0
    if size == 0 or noise > NOISY or norm(left) > (EXACT + 4 * noise) * size or eta == 0:
        return None
    # A general form that explains everything would prove nothing: its numbers must be those of optimizers.
    # Nothing is ever forgotten by beta = 1: that is a gradient which is added up and not set back to 0.
    if (
        not -1e-9 <= beta < 1.0 - 1e-9
        or not -1e-9 <= decay / abs(eta) < 1e3
        or len(side) < 4 * rank
    ):
        return None
    return float(eta), float(beta), float(decay)
