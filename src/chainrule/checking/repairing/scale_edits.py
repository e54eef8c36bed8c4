"""Changes of a recorded computation that could put a mistake right: another sign, another scale.

They mend much and say little, so they are tried last.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.repairing.value_edits import seen_as


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


def scales(scene: Scene, ratios: Mapping[int, float], turn: int) -> Iterator[Edit]:
    """A parameter whose update is its gradient's but for a constant: at the first value that is off."""
    if not ratios:
        return
    right = [
        scales_behind(scene, update.chain, turn)
        for update in scene.case.anatomy.updates
        if update.turn == turn and update.chain in scene.fit.good
    ]
    for chain, ratio in ratios.items():
        off = places_off(scene, scales_behind(scene, chain, turn), right)
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
    size = float(np.sum(g * g))
    found: dict[int, float] = {}
    if not size:
        return found
    for position in sorted(scene.program.ancestors([update.after], anatomy.stops - {update.after})):
        if scene.is_tainted(position) and position not in anatomy.stops:
            value = np.asarray(values[position], dtype=float)
            if value.shape == g.shape:
                scale = float(np.sum(value * g)) / size
                if scale and np.allclose(
                    value, scale * g, rtol=1e-7, atol=1e-12 * np.max(np.abs(value))
                ):
                    found[position] = scale
    return found
