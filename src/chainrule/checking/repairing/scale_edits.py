"""Changes of a recorded computation that could put a mistake right: another sign, another scale.

They mend much and say little, so they are tried last.
"""

from collections.abc import Iterator, Mapping

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
    usual = {
        ratio for update in scene.case.anatomy.updates if update.turn == turn and update.chain in scene.fit.good
        for ratio in scales_behind(scene, update.chain, turn).values()
    }  # fmt: skip
    for chain, ratio in ratios.items():
        own = scales_behind(scene, chain, turn)
        for key, steps in scene.places.items():
            first = steps[0]
            if not scene.is_tainted(first.output) or first.output in scene.chain_of:
                continue
            if scene.updated_by(first.output) != chain:
                continue
            scale = next((own[s.output] for s in steps if s.output in own), None)
            off = scale is not None and not any(abs(scale / other - 1) < 1e-6 for other in usual)
            yield Edit(
                "sign-error" if abs(ratio + 1) < 1e-6 else "parameter-mis-scaled", steps,
                seen_as(scene, key, lambda step, ratio=ratio: lambda value, values: value / ratio),
                first, how=f"scale {ratio:g}", cost=4 if off else 5,
            )  # fmt: skip


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
