"""The verdict on one entry of a gradient, and what the entries of a wrong one have in common."""

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from chainrule.checking.gradients.gradient_report import Entry
from chainrule.checking.gradients.slopes import Estimate, Index, Point, Slope

# How far a right gradient may be from the true one: relative to the entry, and in roundings of the
# argument's largest entry. Beyond the second pair it is wrong; in between, rounding may be the reason.
AGREES = (1e-6, 64.0)
DIFFERS = (3e-5, 1e4)
# How well the true gradient must be known, relative to the argument's largest entry, to call any right;
# the second where there is float32 within the function, which hides more.
KNOWN, KNOWN_COARSELY = 1e-5, 1e-3
# And to call any wrong: where the slope has no bound, each step finds one as large as its own error.
CONVERGED = 0.05


@final
@dataclass(frozen=True)
class Gauge:
    """What decides about the entries of one argument; `scale` is its gradient's largest entry."""

    point: Point
    number: int
    scale: float
    unit: float

    def allowance(self, true: float, bounds: tuple[float, float]) -> float:
        relative, roundings = bounds
        relative = max(relative, roundings * self.unit)
        return relative * abs(true) + roundings * self.unit * self.scale

    def agrees(self, true: Estimate, found: float, factor: float = 1.0) -> bool:
        value = factor * true.value
        allowance = abs(factor) * 4.0 * true.error + self.allowance(value, AGREES)
        return abs(value - found) <= allowance

    def differs(self, slope: Slope, found: float) -> bool:
        """Whether nothing but a mistake explains what was found."""
        true = slope.both
        scale = max(abs(true.value), self.scale, slope.variation)
        if not (true.error <= CONVERGED * scale or slope.flat):
            return False
        return not math.isfinite(found) or self.is_beyond(true, found)

    def is_beyond(self, true: Estimate, found: float) -> bool:
        return abs(true.value - found) > 10.0 * true.error + self.allowance(true.value, DIFFERS)

    def is_known(self, slope: Slope) -> bool:
        """A function that does not move at all has no slope, however large it is."""
        scale = max(self.scale, slope.variation)
        known = KNOWN if self.point.is_fine else KNOWN_COARSELY
        return slope.both.error <= known * scale or slope.flat

    def judge(self, index: Index, slope: Slope, found: float) -> tuple[Slope, Entry | None]:
        """What is wrong with an entry, or None; and its slope as well as it had to be known."""
        near = max(abs(slope.both.value), 1e-3 * self.scale)
        clear = slope.both.error <= 1e-6 * near or slope.flat
        if not (clear and self.agrees(slope.both, found)) or slope.is_kink:
            slope = self.point.slope_in_depth(self.number, index)
        true = slope.both
        if slope.is_kink:
            return slope, self._at_kink(index, slope, found)
        if self.agrees(true, found) and self.is_known(slope):
            return slope, None
        shown = _shown(true)
        if self.differs(slope, found) and not self.point.supports(
            self.number, index, found, true.value
        ):
            words = f"{shown} would be right, found {found:.9g}"
            return slope, Entry(index, "mistake", found, true.value, true.error, words=words)
        if true.is_nothing or true.error > abs(true.value):
            words = f"no step gives a slope that others confirm; found {found:.9g}"
            return slope, Entry(index, "precision", found, None, math.inf, words=words)
        words = f"measured is {shown} to within {true.error:.1g}, found {found:.9g}"
        return slope, Entry(index, "precision", found, true.value, true.error, words=words)

    def _at_kink(self, index: Index, slope: Slope, found: float) -> Entry:
        low, high = sorted((slope.below, slope.above), key=lambda side: side.value)
        outside = (found < low.value and self.is_beyond(low, found)) or (
            found > high.value and self.is_beyond(high, found)
        )
        words = (
            f"a kink: the slope is {_shown(slope.below)} below and {_shown(slope.above)} above, "
            f"found {found:.9g}"
        )
        return Entry(
            index,
            "mistake" if outside or not math.isfinite(found) else "kink",
            found,
            None,
            math.inf,
            slope.below.value,
            slope.above.value,
            words,
        )


def _shown(estimate: Estimate) -> str:
    """As many digits as are known, nine at most."""
    if estimate.is_nothing:
        return "unknown"
    if estimate.error >= abs(estimate.value):
        return "0"
    # The error is a bound that was measured itself, so the last digits are not quite trusted.
    digits = -math.log10(4.0 * estimate.error / abs(estimate.value)) if estimate.error else 9.0
    return f"{estimate.value:.{max(1, min(9, int(digits)))}g}"


def common_pattern(gauge: Gauge, slopes: dict[Index, Slope], found: NDArray[Any]) -> str:
    """What all of a wrong gradient has in common, where it has."""
    known = [slope for slope in slopes.values() if not slope.is_kink and gauge.is_known(slope)]
    if len(known) < len(slopes) or not np.isfinite(found).all():
        return ""
    true = np.array([slope.both.value for slope in slopes.values()]).reshape(found.shape)
    if not found.any():
        return "it is 0 throughout"
    if np.count_nonzero(true) > 1:
        factor = float(np.sum(found * true) / np.sum(true**2))
        if all(gauge.agrees(slopes[index].both, float(found[index]), factor) for index in slopes):
            return f"it is {factor:.6g} times the gradient"
    if found.ndim == 2 and found.shape[0] == found.shape[1]:
        turned = found.T
        if all(gauge.agrees(slopes[index].both, float(turned[index])) for index in slopes):
            return "its transpose agrees"
    return ""


def unit_of(found: NDArray[Any]) -> float:
    """The rounding of what was found: that of its type, or of float32 if it was computed in that."""
    kind = found.dtype if found.dtype.kind == "f" else np.dtype(np.float64)
    if kind == np.float64 and len(set(found.ravel().tolist())) > 3:  # fewer may be whole numbers
        with np.errstate(over="ignore"):
            kind = np.dtype(np.float32) if np.array_equal(found, found.astype(np.float32)) else kind
    return float(np.finfo(kind).eps)
