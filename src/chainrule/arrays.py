"""The one door through which numbers enter: lists and arrays become finite float arrays."""

from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.errors import InputError, ShapeError

Array: TypeAlias = NDArray[np.floating[Any]]


def as_floats(values: ArrayLike, name: str, dtype: DTypeLike | None = None) -> Array:
    """A finite array of floats: float32 and float64 as they are, whole numbers as float64, or `dtype`.

    Raises: InputError for text, ragged lists, NaN, infinity and what overflows `dtype`, with the
    NumPy index of the first.

    >>> as_floats([1, 2], "x")
    array([1., 2.])
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{name} must be a regular array: its rows differ in length") from None
    if array.dtype.kind not in "iuf":
        raise InputError(f"{name} must be real numbers, got {array.dtype} entries")
    if dtype is None:
        dtype = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    with np.errstate(over="ignore"):
        floats: Array = array.astype(dtype, copy=False)
    if not np.isfinite(floats).all():
        index = tuple(np.argwhere(~np.isfinite(floats))[0])
        place = f"[{', '.join(map(str, index))}]" if index else ""
        raise InputError(
            f"{name}{place} is {array[index]}; every number must be finite in {floats.dtype}"
        )
    return floats


def as_float(number: object, name: str) -> float:
    """One number as a plain float: a NumPy one would turn the float32 arrays that it meets into float64.

    Raises: InputError for anything but a real number.

    >>> as_float(np.float32(0.5), "alpha")
    0.5
    """
    if isinstance(number, bool | np.bool) or not isinstance(number, Real):
        raise InputError(f"{name} must be a number, got {number!r}")
    return float(number)
