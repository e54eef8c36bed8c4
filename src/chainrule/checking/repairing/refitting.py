"""All updates with some steps changed, held against their gradients again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.fitting import (
    EXACT,
    RATE,
    Fit,
    Trace,
    named_rate,
    norm,
    traces_of,
    update_line,
)
from chainrule.checking.fitting.general_form import as_planned, solve_pool
from chainrule.checking.fitting.judging import fit_rows
from chainrule.checking.repairing.scene import Scene

TOLERANCE = 100 * EXACT


def steps_of(
    scene: Scene, numbers: Sequence[int], values: Values, new: Mapping[int, Any]
) -> list[Any]:
    """What is held against each gradient: u = V' - V, or the hand-made gradient with the sign of the step."""
    updates = scene.case.anatomy.updates

    def value(position: int) -> Any:
        return np.asarray(new.get(position, values[position]), dtype=float)

    found = []
    for number in numbers:
        update = updates[number]
        u = value(update.after) - np.asarray(values[update.before], dtype=float)
        goal = scene.goals.get(number)
        if goal is not None:
            made, first = value(goal), scene.first_goals[update.chain]
            start, gradient = updates[first], value(scene.goals[first])
            moved = value(start.after) - np.asarray(values[start.before], dtype=float)
            if made.shape == u.shape and gradient.shape == moved.shape:
                way = way_of_answer(scene, first, values)
                u = made * (np.sign(np.sum(moved * gradient) if way is None else way) or 1.0)
        found.append(u)
    return found


def way_of_answer(scene: Scene, first: int, values: Values) -> float | None:
    """By its first update that is judged which way a parameter goes by a gradient, where more than this is in it.

    The program's own first update remembers nothing, and goes its gradient's way; None for that one. Of a later one
    what is remembered is the same for the opposite gradient.
    """
    update, goal = scene.case.anatomy.updates[first], scene.goals[first]
    if update.chain not in scene.case.anatomy.origins.values() or goal not in scene.program.step_of:
        return None
    key = update.chain, id(values)
    if key not in scene.ways:
        gradient = np.asarray(values[goal], dtype=float)
        cone = affected(
            scene, [scene.program.step_of[goal].number], {step.number for step in scene.cone}
        )
        new = scene.program.rerun(values, {}, cone, scene.fixed, {goal: -gradient})
        turned = np.asarray(new.get(update.after, values[update.after]), dtype=float)
        moved = np.asarray(values[update.after], dtype=float) - turned
        same = moved.shape == gradient.shape
        scene.ways[key] = float(np.sum(moved * gradient)) if same else 0.0
    return scene.ways[key]


def read_by(scene: Scene, number: int) -> set[int]:
    """The positions that `steps_of` reads for an update and edits may change."""
    updates = scene.case.anatomy.updates
    found = {updates[number].after}
    if number in scene.goals:
        first = scene.first_goals[updates[number].chain]
        found |= {scene.goals[number], updates[first].after, scene.goals[first]}
    return found


def affected(scene: Scene, changed: Iterable[int], within: set[int]) -> list[Instruction]:
    """The steps of a cone that come out otherwise when some are changed, in order."""
    program = scene.program
    numbers = {number for number in changed if number in within}
    waiting = list(numbers)
    while waiting:
        step = program.steps[waiting.pop()]
        if step.output in scene.fixed:
            continue
        for consumer in program.consumers.get(step.output, ()):
            if consumer.number in within and consumer.number not in numbers:
                numbers.add(consumer.number)
                waiting.append(consumer.number)
    return [program.steps[number] for number in sorted(numbers)]


def refit(scene: Scene, changes: Mapping[int, Any]) -> Fit:
    """How well all updates fit, in all worlds, when some steps are changed.

    Of a parameter that takes another shape on its way only the updates in its first shape count.
    """
    anatomy = scene.case.anatomy
    kept = [
        k
        for k, update in enumerate(anatomy.updates)
        if np.shape(scene.case.values[update.before])
        == np.shape(scene.case.values[anatomy.chains[update.chain].root])
    ]
    cone = affected(scene, changes, {step.number for step in scene.cone})
    rows = []
    for values, gradients in scene.worlds:
        new = scene.program.rerun(values, changes, cone, scene.fixed)
        rows.append((values, [gradients[k] for k in kept], steps_of(scene, kept, values, new)))
    reduced = Anatomy(
        anatomy.program, anatomy.chains, anatomy.masks, anatomy.mixes, [anatomy.updates[k] for k in kept],
        anatomy.stops, anatomy.error_masks, anatomy.forward, anatomy.reached,
    )  # fmt: skip
    fit, traces = fit_rows(reduced, rows, scene.loss)
    shortened = (
        {update.chain for update in anatomy.updates} if len(kept) < len(anatomy.updates) else set()
    )
    for number in sorted(fit.bad & shortened):
        if len(traces[number].updates) < len(
            [u for u in anatomy.updates if u.chain == number]
        ) and all(
            is_step(u, g, fit.rate.get(update.turn))
            for update, u, g in zip(
                traces[number].updates, traces[number].steps, traces[number].gradients, strict=True
            )
        ):
            fit.bad.discard(number)
            fit.good.add(number)
    return downwards(reduced, fit, traces)


def is_multiple(fit: Fit, number: int) -> bool:
    """Whether a parameter goes down its gradient at some rate, but for what it remembers and how it decays."""
    straight = fit.cosine.get(number, 0.0) > 1 - 1e-9 or fit.form == "momentum"
    return straight and fit.ratio.get(number, 0.0) > 0


def seen_by(fit: Fit, number: int) -> Fit:
    """The same fit with those as the right ones that go by the rate of one parameter."""
    own, judged = fit.ratio[number], fit.good | fit.bad
    ratio = {n: other / own for n, other in fit.ratio.items()}
    good = {n for n in judged if is_multiple(fit, n) and abs(ratio[n] - 1) <= RATE}
    rate = {turn: own * common for turn, common in fit.rate.items()}
    return replace(fit, good=good, bad=judged - good, ratio=ratio, rate=rate)


def is_step(u: Any, g: Any, rate: float | None) -> bool:
    return (
        u is not None
        and rate is not None
        and norm(u + rate * g) <= TOLERANCE * max(norm(u), rate * norm(g))
    )


def downwards(anatomy: Anatomy, fit: Fit, traces: Mapping[int, Trace]) -> Fit:
    """The fit with rates above 0: where most of a pass climbs, that is what is wrong.

    What has a named rate of its own, beside one that those have in common, goes by that.
    """
    if fit.form == "adaptive" or fit.rates or all(rate > 0 for rate in fit.rate.values()):
        return fit
    if fit.form == "momentum":
        ratio = {number: -value for number, value in fit.ratio.items()}
        falling = {number for number, value in ratio.items() if abs(value - 1) <= RATE}
        rate = {turn: abs(rate) for turn, rate in fit.rate.items()}
        bad = (fit.good | fit.bad) - falling
        return replace(fit, good=falling, bad=bad, ratio=ratio, rate=rate)
    good, bad = set(fit.good), set(fit.bad)
    named = {number: set(named_rate(anatomy, trace) or [0.0]) for number, trace in traces.items()}
    usual = set().union(*(named[number] for number in fit.good))
    for number in fit.good | fit.bad:
        trace = traces[number]
        one_each = len(usual) == len(named[number]) == 1 and 0.0 not in usual
        own = next(iter(named[number])) / next(iter(usual)) if one_each else 0.0
        marks = [
            any(is_step(u, g, abs(fit.rate[update.turn]) * part) for part in (1.0, own) if part)
            for update, u, g in zip(trace.updates, trace.steps, trace.gradients, strict=True)
            if update.turn in fit.rate and (u is None or norm(u) + norm(g) > 0)
        ]
        (good if all(marks) else bad).add(number)
        (bad if all(marks) else good).discard(number)
    ratio = {
        number: value
        if fit.rate and all(rate > 0 for rate in fit.rate.values())
        else trace_ratio(traces[number], fit)
        for number, value in fit.ratio.items()
    }
    return replace(
        fit,
        good=good,
        bad=bad,
        ratio=ratio,
        rate={turn: abs(rate) for turn, rate in fit.rate.items()},
    )


def trace_ratio(trace: Trace, fit: Fit) -> float:
    found = [
        -float(np.sum(u * g)) / norm(g) ** 2 / abs(fit.rate[update.turn])
        for update, u, g in zip(trace.updates, trace.steps, trace.gradients, strict=True)
        if update.turn in fit.rate and u is not None and norm(g) > 0
    ]
    return float(np.median(found)) if found else 0.0


def former_update(anatomy: Anatomy, update: Update) -> int | None:
    """The update of the same parameter just before, by number."""
    earlier = [
        k
        for k, u in enumerate(anatomy.updates)
        if u.chain == update.chain and u.number == update.number - 1
    ]
    return earlier[0] if earlier else None


def momentum_of(scene: Scene) -> tuple[float, float]:
    """beta and lambda of updates u = -eta g + beta u' - lambda V, where right parameters, or all that climb, have such."""
    if scene.fit.form != "momentum":
        return 0.0, 0.0
    anatomy = scene.case.anatomy
    numbers = range(len(anatomy.updates))
    rows = [
        (values, gradients, steps_of(scene, numbers, values, {}))
        for values, gradients in scene.worlds
    ]
    traces = traces_of(anatomy, rows)
    pools: dict[Any, list[Trace]] = {}
    for number in sorted(scene.fit.good or scene.fit.bad):
        alone = np.size(traces[number].first[0][1]) >= 2
        pools.setdefault(number if alone else update_line(anatomy, number), []).append(
            as_planned(traces[number], scene.fit.schedule, scene.fit.within)
        )
    found = [solution for pool in pools.values() if (solution := solve_pool(pool)) is not None]
    if not found:
        return 0.0, 0.0
    beta, decay = (max(solution[k] for solution in found) for k in (1, 2))
    return (beta if beta > 1e-6 else 0.0), (float(f"{decay:.6g}") if decay > 1e-9 else 0.0)
