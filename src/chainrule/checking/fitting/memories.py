"""What an update remembers of earlier gradients, and which memories no optimizer has.

`respond` gives an update for gradients put in the place of those at some positions, one a pass; `rest` is that
for none.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.checking.fitting.fitting import EXACT, norm

ROUNDING = 64 * np.finfo(float).eps


def climbs_later(
    respond: Callable[[Mapping[int, Any]], Any],
    shapes: Mapping[int, tuple[int, ...]],
    rest: Any,
    size: float,
    first: Any = 0.0,
) -> bool:
    """Whether a gradient of the pass before alone moves a parameter up: a memory of it with the wrong sign.

    What is moved less than rounding leaves of its `first` value does not move.
    """
    former = sorted(shapes)[-2]
    moved = respond({p: np.full(shape, size * (p == former)) for p, shape in shapes.items()}) - rest
    bound = ROUNDING * np.abs(first)
    return bool(np.any(moved > bound) and np.all(moved >= -bound))


def forgets_nothing(
    respond: Callable[[Mapping[int, Any]], Any], shapes: Mapping[int, tuple[int, ...]], rest: Any
) -> bool:
    """Whether a gradient of the first pass moves a parameter as much as one of this pass."""
    ends = []
    for moved in (min(shapes), max(shapes)):
        ends.append(respond({p: np.full(shape, float(p == moved)) for p, shape in shapes.items()}))
    first, last = (norm(end - rest) for end in ends)
    return last > 0 and first >= (1 - 1e-9) * last


def never_fades(
    respond: Callable[[Mapping[int, Any]], Any], shapes: Mapping[int, tuple[int, ...]], rest: Any
) -> bool:
    """Whether a sum of earlier gradients moves a parameter in which the first has the last one's weight."""

    def moved(only: int, size: float) -> Any:
        gradients = {p: np.full(shape, size * (p == only)) for p, shape in shapes.items()}
        return norm(respond(gradients) - rest)

    first, last = min(shapes), sorted(shapes)[-2]
    size = moved(last, 1.0)
    return bool(
        size > 0
        and abs(moved(first, 1.0) - size) <= EXACT * size
        and abs(moved(last, 2.0) - 2 * size) <= EXACT * size
    )
