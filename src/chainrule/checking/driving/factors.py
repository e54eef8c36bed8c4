"""By which factor one array is another, and whether it has its shape."""

from typing import Any

import numpy as np

from chainrule.checking.fitting.fitting import EXACT, norm


def ratio(claim: Any, true: Any) -> float | None:
    """c, where claim = c true in every entry; None where it is not, or both are 0."""
    claim, true = np.asarray(claim, dtype=float), np.asarray(true, dtype=float)
    if claim.shape != true.shape or not np.all(np.isfinite(claim)):
        return None
    size = norm(true)
    if not size > 0 or not np.isfinite(size):
        return None
    factor = float(np.sum(claim * true)) / size**2
    if factor == 0 or norm(claim - factor * true) > EXACT * norm(claim):
        return None
    return factor


def round_factor(factor: float | None) -> float:
    return float(f"{factor:.6e}") if factor is not None else 0.0


def bare_shape(value: Any) -> tuple[int, ...]:
    """A shape without its dimensions of 1."""
    return tuple(size for size in np.shape(value) if size != 1)


def stands_for(claim: Any, parameter: Any) -> bool:
    """Whether a value has a parameter's shape where the two meet: of a row the flat array, of a column none."""
    shape = np.shape(parameter)
    return np.shape(claim) == shape or (
        np.size(claim) == np.size(parameter) and np.ndim(claim) < len(shape) and shape[-1] != 1
    )
