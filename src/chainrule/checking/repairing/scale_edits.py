"""Changes of a recorded computation that could put a mistake right: another sign, another scale.

They mend much and say little, so they are tried last.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.anatomy.updates import seeds_of
from chainrule.checking.fitting.fitting import update_line
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.repairing.value_edits import passing, seen_as, with_changed_operand


def negations(scene: Scene) -> Iterator[Edit]:
    """A value with the other sign."""
    for key, steps in scene.places.items():
        first = steps[0]
        if first.output in scene.chain_of:
            continue
        name = "sign-error"
        if not scene.is_tainted(first.output):
            name = "decay-sign" if scene.is_decay(first.output) else "wrong-operator"
        yield Edit(
            name, steps, seen_as(scene, key, lambda step: lambda value, values: -value), first,
            how="negate", cost=3,
        )  # fmt: skip


def once_alone(scene: Scene) -> Iterator[Edit]:
    """Steps that a line takes several times in a pass, as a bias's in the loop over its unit's weights: the first alone."""
    for steps in scene.places.values():
        again = [step for step in steps if repeats_the_last(scene, step)]
        if again:
            yield Edit(
                "parameter-mis-scaled", again, each(lambda step: passing(step, 0)), again[0],
                how="once", cost=1,
            )  # fmt: skip


def repeats_the_last(scene: Scene, step: Instruction) -> bool:
    """Whether a parameter takes the same step again from where this very line has just brought it."""
    chain = scene.chain_of.get(step.output)
    before = scene.program.step_of.get(step.inputs[0]) if step.inputs else None
    if (
        chain is None
        or before is None
        or step.operation not in ("add", "subtract")
        or scene.chain_of.get(before.output) != chain
        or scene.place_of(before) != scene.place_of(step)
        or scene.window(before.output) != scene.window(step.output)
    ):
        return False
    values = [(world[before.inputs[1]], world[step.inputs[1]]) for world, _ in scene.worlds]
    return all(np.array_equal(one, two) for one, two in values)


def scales(scene: Scene, ratios: Mapping[int, float], turn: int) -> Iterator[Edit]:
    """A parameter whose update is its gradient's but for a constant: at the first value that is off."""
    if not ratios:
        return
    yield from scaled_errors(scene, ratios, turn)
    right = [
        scales_behind(scene, update.chain, turn)
        for update in scene.case.anatomy.updates
        if update.turn == turn and update.chain in scene.fit.good
    ]
    for chain, ratio in ratios.items():
        own = scales_behind(scene, chain, turn)
        yield from scaled_steps(scene, peers_of(scene, chain, ratios), ratio, own, right)
        off = places_off(scene, own, right)
        for key, steps in scene.places.items():
            first = steps[0]
            if not scene.is_tainted(first.output) or first.output in scene.chain_of:
                continue
            if scene.updated_by(first.output) != chain:
                continue
            is_off = any(step.output in off for step in steps)
            yield Edit(
                "sign-error" if abs(ratio + 1) < 1e-6 else "parameter-mis-scaled", steps,
                seen_as(scene, key, lambda step, ratio=ratio: lambda value, values: value / ratio),
                first, how=f"scale {ratio:g}", cost=4 if is_off else 5,
            )  # fmt: skip


def peers_of(scene: Scene, chain: int, ratios: Mapping[int, float]) -> list[int]:
    """The parameters that one statement updates, such as the numbers of a list, and that are off by the same ratio."""
    anatomy = scene.case.anatomy
    line = update_line(anatomy, chain)
    return [
        n
        for n in ratios
        if is_among(ratios[n], [ratios[chain]]) and update_line(anatomy, n) == line
    ]


def scaled_steps(
    scene: Scene,
    chains: Sequence[int],
    ratio: float,
    own: Mapping[int, float],
    right: Sequence[Mapping[int, float]],
) -> Iterator[Edit]:
    """The statement that takes a gradient as it is for a step, where others multiply theirs by a rate."""
    usual = {scales[last] for scales in right if (last := handed_over(scene, scales)) is not None}
    steps = [
        step
        for chain in chains
        for step in scene.case.anatomy.chains[chain].steps
        if step.operation in ("add", "subtract") and step.number in scene.suspect_numbers
    ]
    program, last = scene.program, max(own, default=None)
    if last is None or not steps:
        return
    made = program.site(program.step_of[last])
    if made.line != program.site(steps[0]).line and is_among(own[last], usual):
        change = each(
            lambda step: with_changed_operand(step, 1, lambda value, values: value / ratio)
        )
        yield Edit("parameter-mis-scaled", steps, change, steps[0], how="unscaled", cost=3)


def scaled_errors(scene: Scene, ratios: Mapping[int, float], turn: int) -> Iterator[Edit]:
    """Errors that get the scale by which all wrong parameters are off, on their way back to these."""
    (ratio, *others) = ratios.values()
    if not is_among(ratio, others or [ratio]) or len(set(ratios)) < len(scene.fit.bad):
        return
    scales, suspects = error_scales(scene, turn), {step.output for step in scene.suspects}
    right = [scale for position, scale in sorted(scales.items()) if position not in suspects]
    for position, scale in sorted(scales.items()):
        if right and position in suspects and is_among(scale, [ratio * right[-1]]):
            step = scene.program.step_of[position]
            steps = scene.places[scene.place_of(step)]
            change = seen_as(
                scene, scene.place_of(step), lambda step: lambda value, values: value / ratio
            )
            yield Edit(
                "sign-error" if abs(ratio + 1) < 1e-6 else "parameter-mis-scaled", steps, change, step,
                how=f"scale {ratio:g}", cost=3,
            )  # fmt: skip
            return


def error_scales(scene: Scene, turn: int) -> dict[int, float]:
    """The errors of a turn that are the true gradient of a value of the forward pass but for a factor, and the factor."""
    anatomy, (values, _) = scene.case.anatomy, scene.worlds[-1]
    numbers = sorted({n for update in anatomy.updates if update.turn == turn for n in update.mixes})
    seeds = seeds_of(anatomy.mixes, numbers, scene.loss, values)
    true: dict[tuple[int, ...], list[Any]] = {}
    swept = scene.program.sweep(values, seeds, anatomy.stops, anatomy.forward)
    for at, gradient in swept.items():
        if np.size(gradient) > 1 and at not in anatomy.stops:
            true.setdefault(np.shape(gradient), []).append(np.asarray(gradient, dtype=float))
    behind = scene.behind([update for update in anatomy.updates if update.turn == turn])
    found: dict[int, float] = {}
    for position in sorted(behind - anatomy.stops):
        if scene.is_tainted(position):
            value = np.asarray(values[position], dtype=float)
            scales = (scale_of(value, g) for g in true.get(value.shape, ()))
            scale = next((one for one in scales if one is not None), None)
            if scale is not None:
                found[position] = scale
    return found


def scale_of(value: Any, gradient: Any) -> float | None:
    """c in c g, where a value is that."""
    size = float(np.sum(gradient * gradient))
    scale = float(np.sum(value * gradient)) / size if size else 0.0
    close = scale and np.allclose(
        value, scale * gradient, rtol=1e-7, atol=1e-12 * np.max(np.abs(value))
    )
    return scale if close else None


def places_off(
    scene: Scene, own: Mapping[int, float], right: Sequence[Mapping[int, float]]
) -> set[int]:
    """Where a parameter's gradient gets a scale that no right one has, before it is handed to its update or there."""
    usual = {scale for scales in right for scale in scales.values()}
    off = {position for position, scale in own.items() if not is_among(scale, usual)}
    handed = handed_over(scene, own)
    handed_right = {
        scales[last] for scales in right if (last := handed_over(scene, scales)) is not None
    }
    if handed is None or not handed_right:
        return off
    if is_among(own[handed], handed_right):
        return {position for position in off if position > handed}
    # A sum over samples may have the scale of others' sums, and lack what they are divided by.
    return {position for position in off if position <= handed} or {handed}


def is_among(scale: float, others: Iterable[float]) -> bool:
    return any(abs(scale / other - 1) < 1e-6 for other in others)


def handed_over(scene: Scene, scales: Mapping[int, float]) -> int | None:
    """The gradient as another line than that of the update leaves it."""
    if not scales:
        return None
    end = scene.program.site(scene.program.step_of[max(scales)]).line
    lines = {p: scene.program.site(scene.program.step_of[p]).line for p in scales}
    return max((p for p, line in lines.items() if line != end), default=None)


def scales_behind(scene: Scene, chain: int, turn: int) -> dict[int, float]:
    """The values that an update is made from that are its gradient but for a factor, and the factor."""
    anatomy = scene.case.anatomy
    number = next(
        (k for k, u in enumerate(anatomy.updates) if u.chain == chain and u.turn == turn), None
    )
    if number is None:
        return {}
    update, (values, gradients) = anatomy.updates[number], scene.worlds[-1]
    g = np.asarray(gradients[number], dtype=float)
    found: dict[int, float] = {}
    for position in sorted(scene.program.ancestors([update.after], anatomy.stops - {update.after})):
        if scene.is_tainted(position) and position not in anatomy.stops:
            value = np.asarray(values[position], dtype=float)
            scale = scale_of(value, g) if value.shape == g.shape else None
            if scale is not None:
                found[position] = scale
    return found
