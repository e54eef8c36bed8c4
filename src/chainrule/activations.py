"""Activations: a value and its derivative side by side.

A derivative takes the **pre-activation z**, never the activation: evaluating it at a = f(z) is the
mistake `derivative-at-activation`, and it trains all the same.

Each formula is written so that it neither overflows nor cancels: over all finite float64 z the
results lie within 8 ulp of the exact ones (or 4e-321, where they are that small), which
`tests/test_activations.py` holds against 50-digit arithmetic. So 1 - sigmoid(z) is never formed by
subtraction: for z = 40 it would be 0.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from chainrule.arrays import Array, as_float
from chainrule.errors import InputError, ShapeError, unknown


@final
@dataclass(frozen=True)
class Activation:
    """An activation function a = f(z) with its derivative, built in or your own.

        a = f(z)        dL/dz = f'(z) dL/da

    Shapes: `value` and `derivative` map an array of any shape to one of that shape. Where units are
    coupled, as in softmax, `coupled_backward(z, dL_da)` gives dL/dz in place of `derivative`.
    Raises: InputError unless exactly one of `derivative` and `coupled_backward` is given; ShapeError
    when a function gives another shape than that of z.
    Source: Rumelhart, Hinton and Williams, Learning representations by back-propagating errors,
    Nature 323 (1986), equation 5.

    >>> cube = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    >>> cube(np.array([2.0]))
    array([8.])
    >>> cube.backward(z=np.array([2.0]), dL_da=np.array([10.0]))
    array([120.])
    """

    name: str
    value: Callable[..., Array]
    derivative: Callable[..., Array] | None = None
    coupled_backward: Callable[[Array, Array], Array] | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.derivative is None) == (self.coupled_backward is None):
            raise InputError(
                f"activation {self.name!r} needs either derivative or coupled_backward, not "
                + ("neither" if self.derivative is None else "both")
            )

    def __call__(self, z: Array) -> Array:
        return self._in_shape(z, "value", self.value(z, **self.parameters))

    def backward(self, z: Array, dL_da: Array) -> Array:
        """dL/dz from dL/da: one step of the chain rule, at the pre-activation z."""
        if self.coupled_backward is not None:
            return self._in_shape(z, "coupled_backward", self.coupled_backward(z, dL_da))
        assert self.derivative is not None
        slope = self._in_shape(z, "derivative", self.derivative(z, **self.parameters))
        return dL_da * slope

    def _in_shape(self, z: Array, function: str, result: Array) -> Array:
        """A function of one's own may give another shape or dtype: the one is refused, the other cast."""
        if np.shape(result) != z.shape:
            raise ShapeError(
                f"{function} of activation {self.name!r} must give the shape of z, {z.shape}, "
                f"got {np.shape(result)}"
            )
        return result if result.dtype == z.dtype else np.asarray(result, dtype=z.dtype)


# --- identity -------------------------------------------------------------------------------------


def identity(z: Array) -> Array:
    """a = z"""
    return z


def identity_derivative(z: Array) -> Array:
    """f'(z) = 1"""
    return np.ones_like(z)


# --- sigmoid --------------------------------------------------------------------------------------


def sigmoid(z: Array) -> Array:
    """The logistic function.

        a = 1 / (1 + exp(-z))

    Shapes: any; the result has the shape and dtype of z. Raises: nothing.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 3.10.

    >>> sigmoid(np.array([-1000.0, 0.0, 2.0]))
    array([0.        , 0.5       , 0.88079708])
    """
    e = np.exp(-np.abs(z))  # at most 1, where exp(-z) would overflow for z < -709
    return np.where(z < 0, e, 1.0) / (1.0 + e)


def sigmoid_derivative(z: Array) -> Array:
    """The derivative of sigmoid at the pre-activation z.

        f'(z) = sigmoid(z) (1 - sigmoid(z)) = e / (1 + e)^2,  e = exp(-|z|)

    Shapes: any; the result has the shape and dtype of z. Raises: nothing.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 3.10.

    >>> sigmoid_derivative(np.array([0.0, 2.0]))
    array([0.25      , 0.10499359])
    """
    e = np.exp(-np.abs(z))
    return e / (1.0 + e) ** 2


# --- tanh -----------------------------------------------------------------------------------------


def tanh(z: Array) -> Array:
    """a = (exp(z) - exp(-z)) / (exp(z) + exp(-z))"""
    return np.tanh(z)


def tanh_derivative(z: Array) -> Array:
    """f'(z) = 1 - tanh(z)^2 = (2e / (1 + e^2))^2,  e = exp(-|z|)"""
    e = np.exp(-np.abs(z))
    return (2.0 * e / (1.0 + e * e)) ** 2


# --- relu, leaky-relu -----------------------------------------------------------------------------


def relu(z: Array) -> Array:
    """a = max(z, 0)"""
    return np.maximum(z, 0.0)


def relu_derivative(z: Array) -> Array:
    """f'(z) = 1 for z > 0, else 0; at the kink z = 0 it is 0 by convention"""
    return (z > 0).astype(z.dtype)


def leaky_relu(z: Array, alpha: float = 0.01) -> Array:
    """a = z for z > 0, else alpha z  (Maas, Hannun and Ng, ICML 2013)"""
    return np.maximum(z, 0.0) + alpha * np.minimum(z, 0.0)


def leaky_relu_derivative(z: Array, alpha: float = 0.01) -> Array:
    """f'(z) = 1 for z > 0, else alpha"""
    return np.where(z > 0, np.ones_like(z), alpha)


# --- elu ------------------------------------------------------------------------------------------


def elu(z: Array, alpha: float = 1.0) -> Array:
    """a = z for z > 0, else alpha (exp(z) - 1)  (Clevert, Unterthiner and Hochreiter, ICLR 2016)"""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0)))


def elu_derivative(z: Array, alpha: float = 1.0) -> Array:
    """f'(z) = 1 for z > 0, else alpha exp(z)"""
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


# --- softplus -------------------------------------------------------------------------------------


def softplus(z: Array) -> Array:
    """a = log(1 + exp(z))  (Dugas et al., NIPS 2000)"""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def softplus_derivative(z: Array) -> Array:
    """f'(z) = sigmoid(z)"""
    return sigmoid(z)


# --- silu -----------------------------------------------------------------------------------------

# Where silu' is 0: the root of exp(z) + 1 + z, to 106 bits as a sum of two floats.
SILU_MINIMUM = (-1.2784645427610737, -1.0946994183093437e-16)
SILU_MINIMUM_EXPONENTIAL = 0.2784645427610738


def silu(z: Array) -> Array:
    """a = z sigmoid(z)  (Elfwing, Uchibe and Doya, Neural Networks 107, 2018)"""
    return z * sigmoid(z)


def silu_derivative(z: Array) -> Array:
    """f'(z) = s + z s (1 - s) with s = sigmoid(z);  for z < 0:  exp(z) (exp(z) + 1 + z) / (1 + exp(z))^2

    exp(z) + 1 + z cancels near its root z0. With d = z - z0 and exp(z0) = -(1 + z0) it equals
    exp(z0) (exp(d) - 1) + d, whose terms have one sign.
    """
    x = z.astype(np.float64)  # the root takes more digits than float32 has
    e = np.exp(-np.abs(x))
    d = (x - SILU_MINIMUM[0]) - SILU_MINIMUM[1]
    below = e * (SILU_MINIMUM_EXPONENTIAL * np.expm1(np.minimum(d, 2.0)) + d)
    above = 1.0 + e * (1.0 + x)
    return (np.where(x < 0, below, above) / (1.0 + e) ** 2).astype(z.dtype)


# --- gelu -----------------------------------------------------------------------------------------

# Where gelu' is 0: the root of Phi(z) + z phi(z), to 106 bits as a sum of two floats.
GELU_MINIMUM = (-0.7517915246935645, 1.4956759177009883e-17)


def gelu(z: Array) -> Array:
    """a = z Phi(z), Phi the normal distribution function: the erf form  (Hendrycks and Gimpel, 2016)"""
    return (z * normal_distribution(z.astype(np.float64))).astype(z.dtype)


def gelu_derivative(z: Array) -> Array:
    """f'(z) = Phi(z) + z phi(z)

    The sum cancels near its root z0; there f'(z) is the integral of f''(u) = (2 - u^2) phi(u) from z0
    to z, by Gauss-Legendre quadrature, whose terms have one sign.
    """
    x = z.astype(np.float64)
    d = (x - GELU_MINIMUM[0]) - GELU_MINIMUM[1]
    nodes, weights = gauss_legendre()
    u = GELU_MINIMUM[0] + np.clip(d, -0.5, 0.5)[..., None] * nodes
    near = d * np.sum(weights * (2.0 - u * u) * normal_density(u), axis=-1)
    far = normal_distribution(x) + x * normal_density(x)
    return np.where(np.abs(d) < 0.5, near, far).astype(z.dtype)


@cache
def gauss_legendre() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights on [0, 1]; 10 points leave less than 1e-17 of f'' over half a unit."""
    nodes, weights = np.polynomial.legendre.leggauss(10)
    return (nodes + 1.0) / 2.0, weights / 2.0


def normal_density(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """phi(z) = exp(-z^2 / 2) / sqrt(2 pi)

    Rounding z^2 would cost |z|^2 / 2 ulp. With c, z to 16 binary places, c^2 is exact and
    z^2 = c^2 + (z - c)(z + c).
    """
    z = np.clip(z, -40.0, 40.0)  # phi(40) < 1e-347
    c = np.round(z * 65536.0) / 65536.0
    return np.exp(-c * c / 2.0) * np.exp(-(z - c) * (z + c) / 2.0) / math.sqrt(2.0 * math.pi)


def normal_distribution(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phi(z) = erfc(-z / sqrt(2)) / 2

    Rounding z / sqrt(2) would cost z^2 ulp in the lower tail, so its error r is put back by the first
    term of Taylor's series, erfc(x + r) = erfc(x) - 2 exp(-x^2) r / sqrt(pi).
    """
    z = np.clip(z, -40.0, 40.0)
    root, root_error = math.sqrt(0.5), -4.833646656726457e-17
    x = -z * root
    r = product_error(-z, root, x) - z * root_error
    density = 2.0 * math.sqrt(2.0) * normal_density(z)
    return (np.asarray(complementary_error_function(x), dtype=np.float64) - density * r) / 2.0


complementary_error_function: Any = np.frompyfunc(math.erfc, 1, 1)


def product_error(
    a: NDArray[np.float64], b: float, product: NDArray[np.float64]
) -> NDArray[np.float64]:
    """a b - product, exactly (T. J. Dekker, Numerische Mathematik 18, 1971)."""
    a_high = a * 134217729.0 - (a * 134217729.0 - a)  # 2^27 + 1: the upper half of the bits
    b_high = b * 134217729.0 - (b * 134217729.0 - b)
    a_low, b_low = a - a_high, b - b_high
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


# --- softmax --------------------------------------------------------------------------------------


def softmax(z: Array) -> Array:
    """Positive outputs that sum to 1, over the last axis.

        a_i = exp(z_i) / sum_j exp(z_j)

    Shapes: (N, O) or (O,); the result has the shape and dtype of z. Raises: nothing.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.2.3.

    >>> softmax(np.array([1000.0, 1000.0, 1001.0]))
    array([0.21194156, 0.21194156, 0.57611688])
    """
    top = z.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        below = z - top
        # z - top is rounded; what that lost is put back, or small outputs would be off by |z - top| ulp.
        carried = below - z
        lost = (z - (below - carried)) - (top + carried)
    exponential = np.exp(below) * np.where(below > -1000.0, 1.0 + lost, 1.0)
    return exponential / exponential.sum(axis=-1, keepdims=True)


def softmax_backward(z: Array, dL_da: Array) -> Array:
    """dL/dz_i = sum_j a_j (d_ij - a_i) dL/da_j = a_i (dL/da_i - sum_j a_j dL/da_j)

    A constant added to all dL/da changes nothing, so that of the largest output is taken off first:
    then nothing cancels where one output is nearly 1.
    """
    a = softmax(z)
    g = dL_da - np.take_along_axis(dL_da, a.argmax(axis=-1, keepdims=True), axis=-1)
    return a * (g - np.sum(a * g, axis=-1, keepdims=True))


ACTIVATIONS: Mapping[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_derivative),
        Activation("sigmoid", sigmoid, sigmoid_derivative),
        Activation("tanh", tanh, tanh_derivative),
        Activation("relu", relu, relu_derivative),
        Activation("leaky-relu", leaky_relu, leaky_relu_derivative, parameters={"alpha": 0.01}),
        Activation("elu", elu, elu_derivative, parameters={"alpha": 1.0}),
        Activation("gelu", gelu, gelu_derivative),
        Activation("silu", silu, silu_derivative),
        Activation("softplus", softplus, softplus_derivative),
        Activation("softmax", softmax, coupled_backward=softmax_backward),
    )
}


def named_activation(name: str, **parameters: float) -> Activation:
    """The built-in activation of that name; `alpha` is leaky-relu's slope or elu's limit.

        identity    z                             softplus    log(1 + exp(z))
        sigmoid     1 / (1 + exp(-z))             silu        z sigmoid(z)
        tanh        tanh(z)                       gelu        z Phi(z), the erf form
        relu        max(z, 0)                     elu         z, or alpha (exp(z) - 1) for z <= 0
        leaky-relu  z, or alpha z for z <= 0      softmax     exp(z_i) / sum_j exp(z_j)

    Shapes: any; softmax works over the last axis, the units. float32 and float64 stay what they are.
    Raises: InputError for a name or a parameter that does not exist, and for alpha < 0.
    Source: with each function in `chainrule.activations`.

    >>> named_activation("leaky-relu", alpha=0.2)(np.array([-1.0, 1.0]))
    array([-0.2,  1. ])
    """
    if name not in ACTIVATIONS:
        raise InputError(unknown("activation", name, ACTIVATIONS))
    activation = ACTIVATIONS[name]
    numbers = {}
    for parameter, value in parameters.items():
        if parameter not in activation.parameters:
            raise InputError(f"activation {name!r} takes no {parameter}")
        number = as_float(value, f"{parameter} of {name!r}")
        if not (math.isfinite(number) and number >= 0):
            raise InputError(f"{parameter} of {name!r} must be 0 or more, got {number}")
        numbers[parameter] = number
    return replace(activation, parameters={**activation.parameters, **numbers})
