"""What an update does without a gradient: it rests, or draws its parameter towards 0."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

SMALLEST = 1e-60  # a gradient that vanishes beside all others, and whose square does not
FAR_OUT = 100.0  # steps
ROUNDING = 16 * np.finfo(float).eps


def step_of(taken: Callable[[Mapping[int, Any]], tuple[Any, Any]], given: Mapping[int, Any]) -> Any:
    """What an update does for gradients, and where it starts.

    Where a gradient of 0 is divided by its own size, it is what lies halfway between the steps by one that is next
    to nothing and by its opposite: what they have in common comes of no gradient.
    """
    step, start = taken(given)
    if np.all(np.isfinite(step)):
        return step, start
    ends = []
    for size in (SMALLEST, -SMALLEST):
        filled = {
            position: value if np.any(value) else np.full(np.shape(value), size)
            for position, value in given.items()
        }
        ends.append(taken(filled))
    (up, start), (down, other) = ends
    middle = (up + down) / 2
    bound = ROUNDING * (np.abs(up) + np.abs(down) + np.abs(start) + np.abs(other))
    return np.where(np.abs(middle) <= bound, 0.0, middle), (start + other) / 2


def away_from_zero(first: Any) -> tuple[Any, Any]:
    """A parameter's first version with numbers where it has zeros, and its opposite: there decay is seen."""
    numbers = np.asarray(first, dtype=float)
    size = float(np.max(np.abs(numbers), initial=0.0)) or 0.3
    signs = np.where(np.arange(numbers.size) % 2, -1.0, 1.0).reshape(numbers.shape)
    filled = np.where(numbers == 0, 0.5 * size * signs, numbers)
    return filled, -filled


def far_from_zero(first: Any, step: float) -> Any:
    """A parameter's first version, each entry so far out on its own side that many such steps do not bring it to 0."""
    numbers = np.asarray(first, dtype=float)
    out = 1.0 + FAR_OUT * (step if np.isfinite(step) else 1.0)
    return numbers + np.where(numbers < 0, -out, out)


def decays(rest: Any, start: Any) -> bool:
    """Whether what happens without a gradient draws each entry towards 0."""
    return bool(np.all(rest * start <= 0) and not np.any(rest[start == 0]))
