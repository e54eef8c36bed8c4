"""Activations and their derivatives are right to a few ulp over the whole float range."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from chainrule import Activation, ChainruleError, named_activation
from chainrule.activations import ACTIVATIONS, softmax
from chainrule.arrays import Array

mp.dps = 50

ULPS = 8  # 5 where this was written; NumPy's exp and tanh differ by an ulp or two between CPUs
SUBNORMAL = mpf("4e-321")

EXACT: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "identity": (lambda z: z, lambda z: mpf(1)),
    "sigmoid": (
        lambda z: 1 / (1 + mpmath.exp(-z)),
        lambda z: mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2,
    ),
    "tanh": (mpmath.tanh, lambda z: mpmath.sech(z) ** 2),
    "relu": (lambda z: max(z, mpf(0)), lambda z: mpf(z > 0)),
    "leaky-relu": (
        lambda z: z if z > 0 else mpf(0.01) * z,
        lambda z: mpf(1) if z > 0 else mpf(0.01),
    ),
    "elu": (lambda z: z if z > 0 else mpmath.expm1(z), lambda z: min(mpmath.exp(z), mpf(1))),
    "gelu": (
        lambda z: z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2,
        lambda z: mpmath.erfc(-z / mpmath.sqrt(2)) / 2 + z * mpmath.npdf(z),
    ),
    "silu": (
        lambda z: z / (1 + mpmath.exp(-z)),
        lambda z: (1 + mpmath.exp(-z) + z * mpmath.exp(-z)) / (1 + mpmath.exp(-z)) ** 2,
    ),
    "softplus": (
        lambda z: mpmath.log1p(mpmath.exp(z)),
        lambda z: 1 / (1 + mpmath.exp(-z)),
    ),
}


def pre_activations() -> Array:
    """Every size of float64, the ordinary range densely, and the places where formulas change."""
    sizes = 10.0 ** np.arange(-307, 308, 4.7)
    special = [0.0, 5e-324, 2.3e-308, 1.7976931348623157e308, 36.7, 38.4, 39.9, 40.1, 372.5]
    special += [708.0, 709.9, 744.4, 745.2, 750.0]
    positive = np.concatenate([sizes, special, np.linspace(0.003, 42.0, 500)])
    roots = [-1.2784645427610738, -0.7517915246935645]
    near = [r * (1 + s * 2.0**-k) for r in roots for k in range(1, 53, 3) for s in (-1, 1)]
    return np.concatenate([positive, -positive, roots, near])


def worst(found: Array, exact: list[Any], z: Array) -> tuple[float, float]:
    """The largest error in ulp (beyond what subnormal numbers lose), and where it is."""
    errors = [
        float(max(abs(mpf(float(f)) - e) - SUBNORMAL, mpf(0)) / ulp(float(f)))
        for f, e in zip(found, exact, strict=True)
    ]
    return max(errors), float(z[int(np.argmax(errors))])


def ulp(number: float) -> Any:
    return mpf(math.ulp(number))


@pytest.mark.parametrize("which", ["value", "derivative"])
@pytest.mark.parametrize("name", sorted(EXACT))
def test_is_within_a_few_ulp_of_50_digits(name: str, which: str) -> None:
    z = pre_activations()
    activation = named_activation(name)
    exact = EXACT[name][which == "derivative"]
    found = activation(z) if which == "value" else activation.backward(z, np.ones_like(z))
    with mp.workdps(420 if name == "softplus" else 60):
        digits = [exact(mpf(float(v))) if abs(v) < 1e4 else limit(name, which, v) for v in z]
    error, where = worst(found, digits, z)
    assert error <= ULPS, f"{error:.3g} ulp at z = {where!r}"


def limit(name: str, which: str, z: float) -> Any:
    """Beyond |z| = 10^4 every activation is its asymptote, to far more than 50 digits."""
    positive = float(z > 0)
    ramp = mpf(max(float(z), 0.0))
    value, derivative = {
        "identity": (mpf(float(z)), 1.0),
        "sigmoid": (positive, 0.0),
        "tanh": (math.copysign(1.0, z), 0.0),
        "relu": (ramp, positive),
        "leaky-relu": (mpf(float(z)) * (1 if z > 0 else mpf(0.01)), 1.0 if z > 0 else 0.01),
        "elu": (ramp if z > 0 else -1.0, positive),
        "gelu": (ramp, positive),
        "silu": (ramp, positive),
        "softplus": (ramp, positive),
    }[name]
    return mpf(value if which == "value" else derivative)


@pytest.mark.parametrize("spread", [1e-3, 1.0, 30.0, 700.0, 1e4, 1e16, 1e300])
def test_softmax_is_within_a_few_ulp_even_where_outputs_are_tiny(spread: float) -> None:
    rng = np.random.default_rng(7)
    z = rng.uniform(-spread, spread, (60, 5))
    found = softmax(z)
    for row, outputs in zip(z, found, strict=True):
        exponentials = [mpmath.exp(mpf(float(v)) - mpf(float(row.max()))) for v in row]
        exact = [e / mpmath.fsum(exponentials) for e in exponentials]
        error, where = worst(outputs, exact, row)
        assert error <= 6, f"{error:.3g} ulp at z = {where!r} in {row}"


def test_softmax_backward_is_right_where_one_output_is_nearly_1() -> None:
    z, g = np.array([40.0, 0.0, 1.0]), np.array([0.3, -1.1, 0.7])
    exponentials = [mpmath.exp(mpf(float(v))) for v in z]
    a = [e / mpmath.fsum(exponentials) for e in exponentials]
    mean = mpmath.fsum(p * mpf(float(q)) for p, q in zip(a, g, strict=True))
    exact = [p * (mpf(float(q)) - mean) for p, q in zip(a, g, strict=True)]
    found = named_activation("softmax").backward(z, g)
    for f, e in zip(found, exact, strict=True):
        assert abs(f - e) <= 1e-14 * abs(e)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_keeps_shape_and_dtype_without_a_warning(
    name: str, dtype: Any, shape: tuple[int, ...]
) -> None:
    largest = float(np.finfo(dtype).max)
    z = np.resize(np.array([-largest, -1.0, 0.0, 1.0, largest], dtype=dtype), shape)
    activation = named_activation(name)
    with np.errstate(all="raise", under="ignore"):
        a, dL_dz = activation(z), activation.backward(z, np.ones_like(z))
    assert (a.shape, a.dtype) == (shape, dtype)
    assert (dL_dz.shape, dL_dz.dtype) == (shape, dtype)
    assert np.isfinite(a).all()
    assert np.isfinite(dL_dz).all()


# Where silu' and gelu' cross 0, their root is known to 24 bits in float32.
BELOW_FLOAT32 = dict.fromkeys(EXACT, 1e-30)


def test_float32_is_as_exact_as_float32_can_be() -> None:
    z = np.linspace(-30, 30, 1001).astype(np.float32)
    for name in EXACT:
        activation = named_activation(name)
        for single, double in (
            (activation(z), activation(z.astype(np.float64))),
            (
                activation.backward(z, np.ones_like(z)),
                activation.backward(z.astype(np.float64), np.ones(z.shape)),
            ),
        ):
            bound = 8 * np.finfo(np.float32).eps * np.maximum(np.abs(double), BELOW_FLOAT32[name])
            assert np.all(np.abs(single - double) <= bound), name


def test_derivative_of_relu_at_the_kink_is_0() -> None:
    assert named_activation("relu").backward(np.array([0.0]), np.array([1.0])) == 0.0


def test_alpha_sets_the_slope_and_the_limit() -> None:
    z = np.array([-2.0])
    assert named_activation("leaky-relu", alpha=0.25)(z) == -0.5
    assert named_activation("elu", alpha=3.0)(z) == 3.0 * np.expm1(-2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: named_activation("sigmod"), "did you mean 'sigmoid'?"),
        (lambda: named_activation("tanh", alpha=1.0), "'tanh' takes no alpha"),
        (lambda: named_activation("elu", alpha=-1.0), "alpha of 'elu' must be 0 or more, got -1.0"),
        (lambda: Activation("mine", np.sin), "needs either derivative or coupled_backward"),
    ],
)
def test_wrong_activations_are_refused_in_words(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        make()
