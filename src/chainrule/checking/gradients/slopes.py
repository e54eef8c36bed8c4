"""The slope of a function along one entry of its arguments, with a bound on how far off it may be.

A difference over a step h is off by truncation, which shrinks with h, and by the rounding of the
function's values, which grows as h shrinks. Neither is known, so several steps are tried: what they disagree
about bounds both. A kink shows as two slopes, from below and from above, each of which the steps agree on.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.errors import DomainError, InputError
from chainrule.numerical import Floats, central_differences, one_number

# First a few steps that suit most functions; where those do not settle it, more of them, also in
# proportion to a small argument, and small ones beside a kink.
FEW_STEPS = [0.001 * 4.0**k for k in range(3)]
MANY_STEPS = [0.001 * 4.0**k for k in range(-2, 3)] + [0.032]
TINY_STEPS = [10.0**-k for k in (5, 6, 7, 8)]
SMALL_SCALE = 2.0**-6
# How far a function's value may be off by rounding, relative to it: a sum of a few hundred terms in
# float64, and a float32 somewhere within.
FINE = 10.0 * float(np.finfo(np.float64).eps)
COARSE = 2.0 * float(np.finfo(np.float32).eps)
# Along a ray of this many points a smooth function is a parabola; the numbers have no simple ratios.
RAY = np.array([1.0, 2.7, 5.3, 8.1])
RAY_STEPS = (1e-7, 1e-6, 1e-5)

Index: TypeAlias = tuple[int, ...]


@final
@dataclass(frozen=True)
class Estimate:
    """A number that is known up to `error`; infinite where nothing is known."""

    value: float
    error: float

    @property
    def is_nothing(self) -> bool:
        return not math.isfinite(self.error)

    def divided(self, size: float) -> "Estimate":
        return Estimate(self.value / size, self.error / size)


NOTHING = Estimate(math.nan, math.inf)


def error_of(estimate: Estimate) -> float:
    return estimate.error


@final
@dataclass(frozen=True)
class Slope:
    """The slope at a point, and the slopes from below and from above.

    `variation` is how much the function moves over the largest step, for each unit of it; `flat` whether it
    does not move at all.
    """

    both: Estimate
    below: Estimate
    above: Estimate
    variation: float
    flat: bool

    @property
    def is_kink(self) -> bool:
        """Whether the slopes from below and from above differ for certain."""
        apart = abs(self.above.value - self.below.value)
        largest = max(abs(self.above.value), abs(self.below.value))
        return apart > 4.0 * (self.above.error + self.below.error) + 1e-4 * largest


@final
class Point:
    """A function at a point, whose entries can be moved one by one; `moved` are the numbers of its arrays that can."""

    def __init__(
        self, function: Callable[..., object], arrays: Sequence[Any], moved: Sequence[int]
    ) -> None:
        self.function = function
        self.arrays = arrays
        self.value = self._call(arrays)
        # Evaluated again, a function that draws random numbers shows itself.
        self.again = [self._call(arrays) for _ in range(2)]
        tries = [
            self._is_smooth(moved, wave, step) for wave in (np.cos, np.sin) for step in RAY_STEPS
        ]
        self.is_fine = sum(tries) >= 2

    def _call(self, arrays: Sequence[Any]) -> float:
        """The function's value; each time it gets arrays that it may spoil."""
        with np.errstate(all="ignore"):
            value = one_number(self.function(*(np.array(array) for array in arrays)))
        if np.iscomplexobj(value):
            raise InputError(f"the function must give a real number, got {value}")
        return float(value)

    def evaluate(self, number: int, index: Index, entry: float) -> float:
        """The function with one entry replaced."""
        arrays = list(self.arrays)
        arrays[number] = np.array(arrays[number])
        arrays[number][index] = entry
        return self._call(arrays)

    def _is_smooth(self, moved: Sequence[int], wave: Callable[[Any], Any], step: float) -> bool:
        """Whether tiny moves of all entries together show the digits of float64, and not stairs."""
        moves = []
        for length in step * RAY:
            arrays = list(self.arrays)
            for number in moved:
                array = arrays[number]
                directions = wave(1.0 + np.arange(array.size)).reshape(array.shape)
                arrays[number] = array + length * directions * np.where(array, np.abs(array), 1.0)
            moves.append(self._call(arrays) - self.value)
        if not np.isfinite(moves).all():
            return False
        parabola = np.stack([RAY, RAY**2], axis=1)
        left = moves - parabola @ np.linalg.lstsq(parabola, np.array(moves))[0]
        largest, rounding = np.abs(moves).max(), FINE * abs(self.value)
        return bool(largest > 1e3 * rounding and np.abs(left).max() < 1e-4 * largest + rounding)

    @property
    def is_steady(self) -> bool:
        """Whether the function gives the same value each time, up to the order of a sum."""
        return all(
            abs(value - self.value) <= 1e-12 * abs(self.value) or repr(value) == repr(self.value)
            for value in self.again
        )

    def slope(self, number: int, index: Index) -> Slope:
        """By few steps: enough for most functions."""
        return self._slope(number, index, self._size(number, index), FEW_STEPS)

    def slope_in_depth(self, number: int, index: Index) -> Slope:
        """By many steps: each of the three slopes from the sizes of steps that tell most.

        Where there is float32 within the function, smaller steps tell less, and may deceive: it then moves
        in stairs, and is level from one to the next.
        """
        size, entry = self._size(number, index), abs(float(self.arrays[number][index]))
        slopes = [self._slope(number, index, size, MANY_STEPS)]
        if self.is_fine:
            sizes = [SMALL_SCALE * size]
            if 0.0 < entry < 1.0:
                sizes.append(_power_of_two(entry))
            slopes += [self._slope(number, index, size, MANY_STEPS) for size in sizes]
        return Slope(
            min((slope.both for slope in slopes), key=error_of),
            min((slope.below for slope in slopes), key=error_of),
            min((slope.above for slope in slopes), key=error_of),
            slopes[0].variation,
            slopes[0].flat,
        )

    def supports(self, number: int, index: Index, found: float, measured: float) -> bool:
        """Whether a tiny step has the slope that was found, not the measured one, beyond its rounding."""
        size = self._size(number, index)
        entry = float(self.arrays[number][index])
        for step in TINY_STEPS:
            above, below = entry + step * size, entry - step * size
            f_above = self.evaluate(number, index, above)
            f_below = self.evaluate(number, index, below)
            rounding = 2.0 * self._rounding([f_above, f_below]) / (above - below)
            off = abs((f_above - f_below) / (above - below) - found)
            if 10.0 * (rounding + off) < abs(found - measured):
                return True
        return False

    def _rounding(self, values: Sequence[float]) -> float:
        """How far these values of the function may be off by rounding."""
        finite = [abs(value) for value in values if math.isfinite(value)]
        return (FINE if self.is_fine else COARSE) * max(finite, default=math.inf)

    def _size(self, number: int, index: Index) -> float:
        return _power_of_two(max(1.0, abs(float(self.arrays[number][index]))))

    def _slope(self, number: int, index: Index, size: float, steps: Sequence[float]) -> Slope:
        entry = float(self.arrays[number][index])
        values = {0.0: self.value}

        def moved(offset: Floats) -> float:
            values[float(offset)] = self.evaluate(number, index, entry + size * float(offset))
            return values[float(offset)]

        both, below, above = [], [], []
        for step in steps:
            try:
                (central,) = central_differences(moved, 0.0, step=step)
            except DomainError:
                central = np.array(math.nan)
            both.append(float(central))
            below.append(_one_sided(values, -step))
            above.append(_one_sided(values, step))
        rounding = self._rounding(list(values.values()))
        reach = max(
            (abs(offset) for offset in values if math.isfinite(values[offset])), default=0.0
        )
        moves = [abs(values.get(offset, self.value) - self.value) for offset in (-reach, reach)]
        return Slope(
            _estimate(both, steps, rounding).divided(size),
            _estimate(below, steps, rounding).divided(size),
            _estimate(above, steps, rounding).divided(size),
            max(filter(math.isfinite, moves)) / (reach * size) if reach else 0.0,
            len(set(values.values())) == 1,
        )


def _power_of_two(number: float) -> float:
    return 2.0 ** math.ceil(math.log2(number))


def _one_sided(values: dict[float, float], step: float) -> float:
    """Twice the difference over half the step, less that over the step: the error is O(h^2)."""
    at, wide, narrow = values[0.0], values.get(step, math.nan), values.get(step / 2.0, math.nan)
    return (2.0 * (narrow - at) / (step / 2.0)) - (wide - at) / step


def _estimate(slopes: Sequence[float], steps: Sequence[float], rounding: float) -> Estimate:
    """The best of the slopes, by what its neighbours and rounding say of it; steps grow from left to right."""
    apart = [abs(first - second) for first, second in pairwise(slopes)]
    # Where two small steps disagree it is rounding, mostly; the largest of a few is no lucky one.
    seen = [gap * step for gap, step in zip(apart, steps, strict=False) if math.isfinite(gap)]
    rounding = max([rounding, *seen[: (len(steps) + 1) // 2]])
    best = NOTHING
    for place, slope in enumerate(slopes):
        gaps = [gap for gap in apart[max(0, place - 1) : place + 1] if math.isfinite(gap)]
        if gaps and math.isfinite(slope):
            error = max(gaps) + 3.0 * rounding / steps[place]
            if error < best.error:
                best = Estimate(slope, error)
    return best
