"""Whether a gradient that somebody derived is the function's: entry by entry, and never by a guess."""

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arrays import as_floats
from chainrule.checking.gradients.entry_check import Gauge, common_pattern, unit_of
from chainrule.checking.gradients.gradient_report import (
    Argument,
    Entry,
    GradientReport,
    Kind,
    Verdict,
    worst_of,
)
from chainrule.checking.gradients.slopes import Index, Point, Slope
from chainrule.errors import InputError, ShapeError

KINDS: list[Kind] = ["mistake", "kink", "precision"]
MEANS: dict[Kind, Verdict] = {"mistake": "wrong", "kink": "undecided", "precision": "undecided"}


def check_gradients(
    function: Callable[..., object], gradient: object, *arrays: ArrayLike
) -> GradientReport:
    """Check a gradient, however it was derived, against slopes of the function itself.

        dL/dx[i] ~ (L(x + h e_i) - L(x - h e_i)) / 2h,    for several h, extrapolated

    `function(*arrays)` gives the loss; `gradient(*arrays)`, or the gradient itself, is one array, or a tuple of
    arrays like the arguments, with None for an argument that has no gradient (labels, indices).
    A gradient is "right" when every entry agrees, "wrong" when one differs by more than
    rounding or the step can explain, and else "undecided": at a kink, where a float32 cannot tell, or where
    the function is random. Each evaluation takes arrays of its own, in float64; about 12 evaluations an entry.
    Shapes: arrays of any shape, each with a gradient of the same shape; whole numbers count as float64.
    Raises: InputError for arrays that aren't finite real numbers, and for a gradient that isn't real numbers;
    ShapeError when the function does not give one number, or the gradients aren't as many as the arrays.
    Source: W. H. Press and others, Numerical Recipes, 3rd ed., section 5.7.

    >>> import numpy as np
    >>> def loss(w, x):
    ...     return np.sum((w @ x) ** 2) / 2
    >>> def gradient(w, x):
    ...     return np.outer(w @ x, x), w.T @ x
    >>> print(check_gradients(loss, gradient, [[1.0, 2.0], [3.0, 4.0]], [0.5, -1.0]))
    w: right, 4 entries agree
    x: wrong, 2 of 2 entries differ
        x[1]: -13 would be right, found -3
        x[0]: -9 would be right, found -2.5
    """
    names = _names(function, len(arrays))
    given = [_as_array(array, name) for array, name in zip(arrays, names, strict=True)]
    found, steady = _found(gradient, given, names)
    checked = [number for number, part in enumerate(found) if part is not None]
    if not checked:
        raise InputError(
            "there is no gradient to check: every argument's is None, or there is none"
        )
    for number in checked:
        given[number] = as_floats(given[number], names[number], np.float64)
    point = Point(function, given, checked)
    doubt = _doubt(point, steady)
    arguments = []
    for number in checked:
        part = found[number]
        assert part is not None
        if doubt:
            arguments.append(Argument(names[number], given[number].shape, "undecided", doubt))
        else:
            arguments.append(_check_argument(point, number, names[number], part))
    return GradientReport(worst_of(argument.verdict for argument in arguments), tuple(arguments))


def assert_gradients(function: Callable[..., object], gradient: object, *arrays: ArrayLike) -> None:
    """Assert, in a test, that a gradient is right: as `check_gradients`, whose report is the message.

        dL/dx[i] ~ (L(x + h e_i) - L(x - h e_i)) / 2h,    for several h, extrapolated

    Shapes: arrays of any shape, each with a gradient of the same shape.
    Raises: AssertionError where a gradient is wrong, and where it is undecided; else as `check_gradients`.
    Source: W. H. Press and others, Numerical Recipes, 3rd ed., section 5.7.

    >>> assert_gradients(lambda x: np.sum(x**3), lambda x: 3 * x**2, [1.0, 2.0])
    >>> try:
    ...     assert_gradients(lambda x: np.sum(x**3), lambda x: x**2, [1.0, 2.0])
    ... except AssertionError as error:
    ...     print(error)
    x: wrong, it is 0.333333 times the gradient
        x[1]: 12 would be right, found 4
        x[0]: 3 would be right, found 1
    """
    __tracebackhide__ = True  # pytest then shows the test, and not this line
    report = check_gradients(function, gradient, *arrays)
    if report.verdict != "right":
        raise AssertionError(str(report))


def _names(function: Callable[..., object], count: int) -> list[str]:
    """What the function calls its arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        parameters = []
    single = [
        parameter.name
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return [single[i] if i < len(single) else f"argument {i}" for i in range(count)]


def _found(
    gradient: object, given: list[NDArray[Any]], names: list[str]
) -> tuple[list[NDArray[Any] | None], bool]:
    """The gradient as a list of arrays, and whether it is the same each time."""
    if not callable(gradient):
        return _as_parts(gradient, names), True
    first = _as_parts(gradient(*(array.copy() for array in given)), names)
    # Whole numbers are numbers, unless they have no gradient: then they may be indices.
    floats = [
        array if part is None else as_floats(array, name).copy()
        for array, part, name in zip(given, first, names, strict=True)
    ]
    second = _as_parts(gradient(*floats), names)
    whole = any(array.dtype.kind in "iu" for array in given)
    steady = whole or all(
        one is None
        or (two is not None and one.shape == two.shape and np.allclose(one, two, 1e-9, 0, True))
        for one, two in zip(first, second, strict=True)
    )
    return second, steady


def _as_parts(gradient: object, names: list[str]) -> list[NDArray[Any] | None]:
    if len(names) == 1 and not (isinstance(gradient, tuple) and len(gradient) == 1):
        gradient = (gradient,)
    if not isinstance(gradient, tuple | list) or len(gradient) != len(names):
        count = f"{len(gradient)} of them" if isinstance(gradient, tuple | list) else "one"
        raise ShapeError(
            f"the gradient must be a tuple of {len(names)} arrays, one for each argument "
            f"(None for one without), got {count}"
        )
    parts: list[NDArray[Any] | None] = []
    for name, part in zip(names, gradient, strict=True):
        array = None if part is None else _as_array(part, f"the gradient of {name}")
        if array is not None and array.dtype.kind not in "iuf":
            raise InputError(
                f"the gradient of {name} must be real numbers, got {array.dtype} entries"
            )
        parts.append(array)
    return parts


def _as_array(values: object, name: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError:
        raise ShapeError(f"{name} must be a regular array: its rows differ in length") from None


def _doubt(point: Point, steady: bool) -> str:
    """Why nothing can be said, if so."""
    if not point.is_steady:
        values = " and ".join(map(repr, dict.fromkeys([point.value, *point.again])))
        return f"the function gives different values for the same arguments, {values}: fix its seed"
    if not steady:
        return "the gradient gives different values for the same arguments: fix its seed"
    if not math.isfinite(point.value):
        return f"the function is {point.value} there"
    return ""


def _check_argument(point: Point, number: int, name: str, found: NDArray[Any]) -> Argument:
    shape = point.arrays[number].shape
    if found.shape != shape:
        return Argument(name, shape, "wrong", _words_for_shape(point, number, name, found))
    slopes = {index: point.slope(number, index) for index in np.ndindex(shape)}
    measured = [abs(slope.both.value) for slope in slopes.values() if not slope.both.is_nothing]
    gauge = Gauge(point, number, max(measured, default=0.0), unit_of(found))
    entries = []
    for index, slope in slopes.items():
        slopes[index], entry = gauge.judge(index, slope, float(found[index]))
        if entry is not None:
            entries.append(entry)
    entries.sort(key=lambda entry: (KINDS.index(entry.kind), -entry.off))
    verdict = worst_of(["right", *(MEANS[entry.kind] for entry in entries)])
    reason = _reason(entries, gauge, slopes, found)
    return Argument(name, shape, verdict, reason, tuple(entries))


def _reason(
    entries: list[Entry], gauge: Gauge, slopes: dict[Index, Slope], found: NDArray[Any]
) -> str:
    count = f"{found.size} {'entry' if found.size == 1 else 'entries'}"
    if not entries:
        fine = gauge.point.is_fine
        coarse = "" if fine else ", to 3 digits: close by the function is in steps, as float32 is"
        agree = f"{count} agree{'s' * (found.size == 1)}{coarse}"
        return agree if found.size else "it has no entries"
    kind = entries[0].kind
    same = sum(entry.kind == kind for entry in entries)
    if kind == "mistake":
        return (
            common_pattern(gauge, slopes, found) or f"{same} of {count} differ{'s' * (same == 1)}"
        )
    if kind == "kink":
        return f"{same} of {count} {'lies' if same == 1 else 'lie'} at a kink, where there is no gradient"
    return f"{same} of {count} cannot be told from rounding"


def _words_for_shape(point: Point, number: int, name: str, found: NDArray[Any]) -> str:
    shape = point.arrays[number].shape
    words = f"it has shape {found.shape}, and {shape} would be right"
    if found.ndim == 2 and found.T.shape == shape:
        if _check_argument(point, number, name, found.T).verdict == "right":
            return f"{words}; its transpose agrees"
    elif found.size == math.prod(shape) and (
        _check_argument(point, number, name, found.reshape(shape)).verdict == "right"
    ):
        return f"{words}; in that shape it agrees"
    return words
