"""The independent judge: derivatives of any function of arrays, from values of the function alone.

Nothing here knows what a network is, and nothing here uses a derivative that somebody derived.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import DomainError, InputError, ShapeError

Floats = NDArray[np.float64]


def central_differences(
    function: Callable[..., object], *arrays: ArrayLike, step: float | None = None
) -> tuple[Floats, ...]:
    """The gradient of a scalar function by central differences, extrapolated once.

        df/dx ~ (4 D(h/2) - D(h)) / 3,    D(h) = (f(x + h) - f(x - h)) / 2h,    error O(h^4)

    Works for any function, smooth over x - h ... x + h: a kink in there gives neither side's slope.
    h is `step` times max(1, |x|); left out, it is eps^(1/5) = 7.4e-4, which balances truncation
    against rounding and leaves about 1e-12 of the function's size.
    Shapes: arrays of any shape, taken as float64; one gradient each, of the same shape.
    Raises: ShapeError when the function does not give one number; DomainError when it is not finite.
    Source: L. F. Richardson, Philosophical Transactions A 210 (1911).

    >>> (gradient,) = central_differences(lambda x: np.sum(x**3), [1.0, 2.0])
    >>> print(gradient.round(10))
    [ 3. 12.]
    """
    relative = np.finfo(np.float64).eps ** 0.2 if step is None else step
    if not relative > 0:
        raise InputError(f"step must be more than 0, got {step}")
    points = [np.array(array, dtype=np.float64) for array in arrays]
    gradients = tuple(np.zeros_like(point) for point in points)

    def evaluate() -> float:
        value = one_number(function(*points))
        if not np.isfinite(value):
            raise DomainError(f"the function is {value} beside the point")
        return float(np.real(value))

    def slope(point: Floats, index: tuple[int, ...], h: float) -> float:
        centre = point[index]
        point[index] = above = centre + h
        f_above = evaluate()
        point[index] = below = centre - h
        f_below = evaluate()
        point[index] = centre
        return (f_above - f_below) / float(above - below)  # the step as it was rounded

    for number, index in entries(points):
        h = relative * max(1.0, abs(float(points[number][index])))
        wide, narrow = slope(points[number], index, h), slope(points[number], index, h / 2.0)
        gradients[number][index] = (4.0 * narrow - wide) / 3.0
    return gradients


def complex_step(
    function: Callable[..., object], *arrays: ArrayLike, step: float = 1e-30
) -> tuple[Floats, ...]:
    """The gradient of a scalar function by a step into the imaginary: exact to rounding.

        df/dx = Im f(x + ih) / h + O(h^2)

    Nothing is subtracted, so h can be 1e-30 and nothing is lost. It holds where the function is
    analytic and computed with complex numbers throughout: not through abs, real, conj, or
    comparisons of complex numbers. Where a step drops the imaginary part, the result is 0 and wrong.
    Shapes: arrays of any shape, taken as complex128; one real gradient each, of the same shape.
    Raises: ShapeError when the function does not give one number; DomainError when it gives a real
    one, having dropped the imaginary part, or one that is not finite.
    Source: Squire and Trapp, SIAM Review 40 (1998); Martins, Sturdza and Alonso, ACM TOMS 29 (2003).

    >>> (gradient,) = complex_step(lambda x: np.sum(np.exp(x)), [0.0, 1.0])
    >>> print(gradient)
    [1.         2.71828183]
    """
    points = [np.array(array, dtype=np.complex128) for array in arrays]
    gradients = tuple(np.zeros(point.shape) for point in points)
    for number, index in entries(points):
        centre = points[number][index]
        points[number][index] = centre + 1j * step
        value = one_number(function(*points))
        points[number][index] = centre
        if not np.iscomplexobj(value):
            raise DomainError(
                "the function gives a real number for a complex argument, so the complex step does "
                "not apply to it; use central_differences"
            )
        if not np.isfinite(value):
            raise DomainError(f"the function is {value} at the point")
        gradients[number][index] = value.imag / step
    return gradients


def entries(arrays: Sequence[NDArray[Any]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Every entry of every array: the array's number and the index in it."""
    for number, array in enumerate(arrays):
        for index in np.ndindex(array.shape):
            yield number, index


def one_number(value: object) -> Any:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iufc":
        raise ShapeError(
            f"the function must give one number, got shape {array.shape} of {array.dtype}"
        )
    return array.reshape(-1)[0]
