"""What an update remembers of earlier gradients, and which memories no optimizer has.

`respond` gives an update for gradients put in the place of those at some positions, one a pass.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.checking.fitting.fitting import EXACT, norm


def climbs_later(
    respond: Callable[[Mapping[int, Any]], Any],
    shapes: Mapping[int, tuple[int, ...]],
    rest: Any,
    size: float,
) -> bool:
    """Whether a gradient of the pass before alone moves a parameter up: a memory of it with the wrong sign."""
    former = sorted(shapes)[-2]
    moved = respond({p: np.full(shape, size * (p == former)) for p, shape in shapes.items()}) - rest
    return bool(np.any(moved) and np.all(moved >= 0))


def moved_by(
    respond: Callable[[Mapping[int, Any]], Any],
    shapes: Mapping[int, tuple[int, ...]],
    only: int,
    size: float,
) -> float:
    """How far a gradient of one pass alone moves a parameter from where its opposite does: what a penalty adds cancels."""
    up, down = (
        respond({p: np.full(shape, sign * size * (p == only)) for p, shape in shapes.items()})
        for sign in (1.0, -1.0)
    )
    return norm(up - down) / 2


def forgets_nothing(
    respond: Callable[[Mapping[int, Any]], Any], shapes: Mapping[int, tuple[int, ...]]
) -> bool:
    """Whether a gradient of the first pass moves a parameter as much as one of this pass."""
    first, last = (moved_by(respond, shapes, only, 1.0) for only in (min(shapes), max(shapes)))
    return last > 0 and first >= (1 - 1e-9) * last


def never_fades(
    respond: Callable[[Mapping[int, Any]], Any], shapes: Mapping[int, tuple[int, ...]]
) -> bool:
    """Whether a sum of earlier gradients moves a parameter in which the first has the last one's weight."""
    first, last = min(shapes), sorted(shapes)[-2]
    size = moved_by(respond, shapes, last, 1.0)
    return bool(
        size > 0
        and abs(moved_by(respond, shapes, first, 1.0) - size) <= EXACT * size
        and abs(moved_by(respond, shapes, last, 2.0) - 2 * size) <= EXACT * size
    )
