"""The core's own exp, log, tanh and their kin, against 50-digit arithmetic, on every instruction set."""

import importlib
import os
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from chainrule import named_activation
from chainrule.arrays import Array
from chainrule.engine import native

from test_activations import EXACT, limit, pre_activations

pytestmark = pytest.mark.skipif(
    not native.is_built() and not os.environ.get("CHAINRULE_REQUIRE_ALL"),
    reason="the native engine is not built in this installation",
)

ULPS = 5
# Where the plain formulas differ by more: silu' and gelu' cancel near their root, where rounding z costs as much,
# and the lower tail of gelu loses z^2 ulp to rounding z / sqrt(2).
TAIL_OF_GELU = 1500


def compute(function: int, z: Array, instructions: str, alpha: float = 0.0) -> tuple[Array, Array]:
    core: Any = importlib.import_module("chainrule.engine.core")
    value, slope = np.empty_like(z), np.empty_like(z)
    return core.evaluate(function, z, value, slope, alpha, native.INSTRUCTIONS.index(instructions))


@pytest.mark.parametrize("instructions", native.instructions())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(EXACT))
def test_value_and_slope_are_within_a_few_ulp(name: str, dtype: Any, instructions: str) -> None:
    with np.errstate(over="ignore"):
        z = pre_activations().astype(dtype)
    z = z[np.isfinite(z)]
    alpha = named_activation(name).parameters.get("alpha", 0.0)
    results = compute(native.NATIVE_ACTIVATIONS.index(name), z, instructions, alpha)
    eps, least = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    for which, found in zip(("value", "derivative"), results, strict=True):
        exact = EXACT[name][which == "derivative"]
        with mp.workdps(420 if name == "softplus" else 60):
            digits = [exact(mpf(float(v))) if abs(v) < 1e4 else limit(name, which, v) for v in z]
        for v, f, e in zip(z, found, digits, strict=True):
            # An exponential below the least normal number is 0, and silu and gelu multiply it by z.
            allowed = ULPS * eps * abs(e) + least * max(1, min(abs(mpf(float(v))), 1000))
            if name in ("silu", "gelu") and which == "derivative":
                allowed += ULPS * eps * min(1, abs(mpf(float(v))) * 2)
            if name == "gelu" and v < 0:
                allowed += TAIL_OF_GELU * eps * abs(e)
            assert abs(mpf(float(f)) - e) <= allowed, (
                f"{name} {which} at {v!r}: {f!r}, not {float(e)!r}"
            )


@pytest.mark.parametrize("instructions", native.instructions())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_logarithm_is_within_a_few_ulp(dtype: Any, instructions: str) -> None:
    tiny = float(np.finfo(dtype).smallest_subnormal)
    x = np.concatenate(
        [
            np.geomspace(float(np.finfo(dtype).tiny), float(np.finfo(dtype).max) / 2, 400),
            np.linspace(0.4, 2.5, 401),
            1 + np.array([-1, 1, 2, 30]) * float(np.finfo(dtype).eps),
            [tiny, 7 * tiny, 1e5 * tiny],
        ]
    ).astype(dtype)
    found, _ = compute(-1, x, instructions)
    for v, f in zip(x, found, strict=True):
        exact = mpmath.log(mpf(float(v)))
        assert abs(mpf(float(f)) - exact) <= ULPS * float(np.finfo(dtype).eps) * abs(exact), (v, f)
    special = np.array([0.0, np.inf, -1.0, np.nan], dtype)
    np.testing.assert_array_equal(
        compute(-1, special, instructions)[0], np.array([-np.inf, np.inf, np.nan, np.nan], dtype)
    )


@pytest.mark.parametrize("instructions", native.instructions())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(EXACT))
def test_nan_stays_nan(name: str, dtype: Any, instructions: str) -> None:
    """A relu that made 0 of it would hide a run that diverges."""
    value, _ = compute(
        native.NATIVE_ACTIVATIONS.index(name), np.array([np.nan, 1.0], dtype), instructions, 0.5
    )
    assert np.isnan(value[0])
    assert np.isfinite(value[1])
