"""Starting weights: the distributions that networks are commonly drawn from."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, unknown

Draw = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


def glorot_uniform(rng: np.random.Generator, units: int, inputs: int) -> NDArray[np.float64]:
    """U(-r, r), r = sqrt(6 / (inputs + units))  (Glorot and Bengio, AISTATS 2010, equation 16)"""
    return math.sqrt(6.0 / (inputs + units)) * rng.uniform(-1.0, 1.0, (units, inputs))


def glorot_normal(rng: np.random.Generator, units: int, inputs: int) -> NDArray[np.float64]:
    """N(0, s^2), s = sqrt(2 / (inputs + units))  (Glorot and Bengio, AISTATS 2010, equation 12)"""
    return rng.normal(0.0, math.sqrt(2.0 / (inputs + units)), (units, inputs))


def he_uniform(rng: np.random.Generator, units: int, inputs: int) -> NDArray[np.float64]:
    """U(-r, r), r = sqrt(6 / inputs): the variance of he-normal"""
    return math.sqrt(6.0 / inputs) * rng.uniform(-1.0, 1.0, (units, inputs))


def he_normal(rng: np.random.Generator, units: int, inputs: int) -> NDArray[np.float64]:
    """N(0, s^2), s = sqrt(2 / inputs)  (He, Zhang, Ren and Sun, ICCV 2015, equation 10)"""
    return rng.normal(0.0, math.sqrt(2.0 / inputs), (units, inputs))


def zeros(rng: np.random.Generator, units: int, inputs: int) -> NDArray[np.float64]:
    """0 everywhere: all units of a layer stay alike, which is why weights start random"""
    return np.zeros((units, inputs))


INITIALISATIONS: Mapping[str, Draw] = {
    "glorot-uniform": glorot_uniform,
    "glorot-normal": glorot_normal,
    "he-uniform": he_uniform,
    "he-normal": he_normal,
    "zeros": zeros,
}


def draw_weights(
    initial: str | Mapping[str, float], units: int, inputs: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Starting weights of one layer, shape (units, inputs).

    `initial` is a name, or {"uniform": r} for U(-r, r), or {"normal": s} for N(0, s^2).
    Raises: InputError for a name that does not exist and for a range that is not positive.

    >>> draw_weights({"uniform": 0.5}, 1, 2, np.random.default_rng(0))
    array([[ 0.13696169, -0.23021329]])
    """
    if isinstance(initial, str):
        if initial not in INITIALISATIONS:
            raise InputError(unknown("initialisation", initial, INITIALISATIONS))
        return INITIALISATIONS[initial](rng, units, inputs)
    match dict(initial):
        case {"uniform": scale, **rest} if not rest and 0 < scale < math.inf:
            return scale * rng.uniform(-1.0, 1.0, (units, inputs))
        case {"normal": scale, **rest} if not rest and 0 < scale < math.inf:
            return rng.normal(0.0, scale, (units, inputs))
    raise InputError(
        "initial must be a name, {uniform = r} or {normal = s} with a positive number, "
        f"got {dict(initial)}"
    )
