"""Losses: a value and its derivative with respect to the outputs, side by side.

With a the outputs and t the targets of a sample, `value` gives one loss a sample and `derivative`
dL/da. Two pairs of last activation and loss have a second form on the pre-activation z, sigmoid with
binary cross-entropy and softmax with cross-entropy. There the activation's derivative cancels the
loss's denominator and dL/dz = a - t remains. The engine uses it for these two pairs only:

- With any other activation before the loss nothing cancels, and a - t is simply wrong.
- a - t for softmax assumes targets that sum to 1; the form below does not.
- Nor is there such a form for the other pairs, sigmoid with cross-entropy and softmax with binary
  cross-entropy: they go through dL/da, lose digits as an output nears 0 or 1, and give inf or nan
  once it is rounded to them.
- It is exact mathematics, not an approximation, and the only form that works at saturation: once a
  is rounded to 0 or 1, dL/da is a division by 0, and its product with f'(z) is inf or nan.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from chainrule.activations import ACTIVATIONS, Activation, sigmoid, softmax
from chainrule.arrays import Array, as_float
from chainrule.errors import DomainError, InputError, ShapeError, unknown


@final
@dataclass(frozen=True)
class OnPreActivation:
    """A loss and its last activation, taken together as a function of the pre-activation z."""

    activation: Activation
    value: Callable[[Array, Array], Array]
    derivative: Callable[[Array, Array], Array]


@final
@dataclass(frozen=True)
class Loss:
    """A loss L(a, t) of outputs a and targets t with its derivative, built in or your own.

        L = value(a, t)        dL/da = derivative(a, t)

    Shapes: a and t are (N, O) or (O,); `value` sums over the outputs and gives (N,) or (), and
    `derivative` gives the shape of a. `domain(a, t)` may raise where the loss is not defined.
    Raises: ShapeError when `value` or `derivative` gives another shape; DomainError outside the domain.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.2.

    >>> quartic = Loss("quartic", lambda a, t: np.sum((a - t) ** 4, axis=-1), lambda a, t: 4 * (a - t) ** 3)
    >>> quartic(np.array([3.0]), np.array([1.0]))
    array(16.)
    """

    name: str
    value: Callable[..., Array]
    derivative: Callable[..., Array]
    on_pre_activation: OnPreActivation | None = None
    domain: Callable[[Array, Array], None] | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, a: Array, t: Array) -> Array:
        self.require_domain(a, t)
        losses = np.asarray(self.value(a, t, **self.parameters))
        if losses.shape != a.shape[:-1]:
            raise ShapeError(
                f"loss {self.name!r} must give one number a sample, shape {a.shape[:-1]}, "
                f"got {losses.shape}: sum over the last axis"
            )
        return losses

    def differentiate(self, a: Array, t: Array) -> Array:
        """dL/da, one row a sample."""
        self.require_domain(a, t)
        gradient = self.derivative(a, t, **self.parameters)
        if np.shape(gradient) != a.shape:
            raise ShapeError(
                f"derivative of loss {self.name!r} must give the shape of the outputs, {a.shape}, "
                f"got {np.shape(gradient)}"
            )
        return np.asarray(gradient, dtype=a.dtype)

    def require_domain(self, a: Array, t: Array) -> None:
        """Raises: DomainError for outputs or targets at which the loss is not defined."""
        if self.domain is not None:
            self.domain(a, t)

    def fused_with(self, activation: Activation) -> OnPreActivation | None:
        """The form on z, if this loss has one and `activation` is the one that it is valid for."""
        form = self.on_pre_activation
        return form if form is not None and form.activation == activation else None


# --- squared errors -------------------------------------------------------------------------------


def half_squared_error(a: Array, t: Array) -> Array:
    """L = 1/2 sum_o (a_o - t_o)^2"""
    return 0.5 * np.sum((a - t) ** 2, axis=-1)


def half_squared_error_derivative(a: Array, t: Array) -> Array:
    """dL/da = a - t"""
    return a - t


def squared_error(a: Array, t: Array) -> Array:
    """L = sum_o (a_o - t_o)^2"""
    return np.sum((a - t) ** 2, axis=-1)


def squared_error_derivative(a: Array, t: Array) -> Array:
    """dL/da = 2 (a - t)"""
    return 2.0 * (a - t)


def mean_squared_error(a: Array, t: Array) -> Array:
    """L = 1/O sum_o (a_o - t_o)^2"""
    return np.mean((a - t) ** 2, axis=-1)


def mean_squared_error_derivative(a: Array, t: Array) -> Array:
    """dL/da = 2 (a - t) / O"""
    return 2.0 * (a - t) / a.shape[-1]


# --- huber ----------------------------------------------------------------------------------------


def huber(a: Array, t: Array, delta: float = 1.0) -> Array:
    """L = sum_o h(a_o - t_o),  h(r) = r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2)

    Source: P. J. Huber, Annals of Mathematical Statistics 35 (1964).
    """
    r = np.abs(a - t)
    quadratic = np.minimum(r, delta)
    return np.sum(quadratic * (r - quadratic / 2.0), axis=-1)


def huber_derivative(a: Array, t: Array, delta: float = 1.0) -> Array:
    """dL/da = a - t, no smaller than -delta and no larger than delta"""
    return np.clip(a - t, -delta, delta)


# --- output ---------------------------------------------------------------------------------------


def output(a: Array, t: Array) -> Array:
    """L = sum_o a_o: the network's own output, to see its gradient; targets are ignored"""
    return np.sum(a, axis=-1)


def output_derivative(a: Array, t: Array) -> Array:
    """dL/da = 1"""
    return np.ones_like(a)


# --- binary cross-entropy -------------------------------------------------------------------------


def binary_cross_entropy(a: Array, t: Array) -> Array:
    """L = -sum_o (t_o log a_o + (1 - t_o) log(1 - a_o)),  with 0 log 0 = 0"""
    return -np.sum(times_log(t, a) + times_log(1.0 - t, 1.0 - a), axis=-1)


def binary_cross_entropy_derivative(a: Array, t: Array) -> Array:
    """dL/da = (1 - t) / (1 - a) - t / a"""
    return ratio(1.0 - t, 1.0 - a) - ratio(t, a)


def binary_cross_entropy_of_sigmoid(z: Array, t: Array) -> Array:
    """L = sum_o max(z, 0) - t z + log(1 + exp(-|z|)): no logarithm of a rounded 0"""
    return np.sum(np.maximum(z, 0.0) - t * z + np.log1p(np.exp(-np.abs(z))), axis=-1)


def binary_cross_entropy_of_sigmoid_derivative(z: Array, t: Array) -> Array:
    """dL/dz = a - t, written a (1 - t) - (1 - a) t, with 1 - a = sigmoid(-z) not formed by subtraction

    From dL/da = (a - t) / (a (1 - a)) and da/dz = a (1 - a).
    """
    return sigmoid(z) * (1.0 - t) - sigmoid(-z) * t


# --- cross-entropy --------------------------------------------------------------------------------


def cross_entropy(a: Array, t: Array) -> Array:
    """L = -sum_o t_o log a_o,  with 0 log 0 = 0"""
    return -np.sum(times_log(t, a), axis=-1)


def cross_entropy_derivative(a: Array, t: Array) -> Array:
    """dL/da = -t / a"""
    return -ratio(t, a)


def cross_entropy_of_softmax(z: Array, t: Array) -> Array:
    """L = sum_o t_o (log sum_j exp(z_j) - z_o), with the largest z taken off first"""
    with np.errstate(over="ignore", invalid="ignore"):  # far below the largest is infinitely far
        below = z - z.max(axis=-1, keepdims=True)
        log_of_sum = np.log(np.sum(np.exp(below), axis=-1, keepdims=True))
        return np.sum(np.where(t == 0, 0.0, t * (log_of_sum - below)), axis=-1)


def cross_entropy_of_softmax_derivative(z: Array, t: Array) -> Array:
    """dL/dz_i = a_i sum_j t_j - t_i, which is a - t for targets that sum to 1

    From dL/da_j = -t_j / a_j and da_j/dz_i = a_j (d_ij - a_i). Written a_i (sum of the other targets)
    - t_i (sum of the other outputs): so it does not cancel where one output is nearly 1.
    """
    a = softmax(z)
    return a * sum_of_others(t) - t * sum_of_others(a)


def sum_of_others(values: Array) -> Array:
    """For each entry of a row the sum of all others: of positive numbers, without cancellation.

    total - value cancels only where the value is most of the total, so for the largest entry alone
    the others are added up.
    """
    largest = np.expand_dims(values.argmax(axis=-1), -1)
    rest = values.copy()
    np.put_along_axis(rest, largest, 0.0, axis=-1)
    total = values.sum(axis=-1, keepdims=True)
    others = total - values
    np.put_along_axis(others, largest, rest.sum(axis=-1, keepdims=True), axis=-1)
    return others


def times_log(factor: Array, a: Array) -> Array:
    """factor log a, and 0 where the factor is 0."""
    with np.errstate(divide="ignore"):
        return np.where(factor == 0, 0.0, factor * np.log(np.where(factor == 0, 1.0, a)))


def ratio(numerator: Array, a: Array) -> Array:
    """numerator / a, and 0 where the numerator is 0; infinite where only a is 0, as its limit is."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(numerator == 0, 0.0, numerator / np.where(numerator == 0, 1.0, a))


def require_probabilities(last_activation: str) -> Callable[[Array, Array], None]:
    """The check of outputs and targets for a loss of probabilities, which names what would give them."""

    def check(a: Array, t: Array) -> None:
        outside = (a < 0) | (a > 1)
        if outside.any():
            raise DomainError(
                "this loss is defined for outputs from 0 to 1, and the network gives "
                f"{a[outside].flat[0]:.8g}: end it with {last_activation!r}"
            )
        outside = (t < 0) | (t > 1)
        if outside.any():
            raise DomainError(
                f"this loss is defined for targets from 0 to 1, got {t[outside].flat[0]:.8g}"
            )

    return check


LOSSES: Mapping[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("half-squared-error", half_squared_error, half_squared_error_derivative),
        Loss("squared-error", squared_error, squared_error_derivative),
        Loss("mean-squared-error", mean_squared_error, mean_squared_error_derivative),
        Loss(
            "binary-cross-entropy",
            binary_cross_entropy,
            binary_cross_entropy_derivative,
            OnPreActivation(
                ACTIVATIONS["sigmoid"],
                binary_cross_entropy_of_sigmoid,
                binary_cross_entropy_of_sigmoid_derivative,
            ),
            require_probabilities("sigmoid"),
        ),
        Loss(
            "cross-entropy",
            cross_entropy,
            cross_entropy_derivative,
            OnPreActivation(
                ACTIVATIONS["softmax"],
                cross_entropy_of_softmax,
                cross_entropy_of_softmax_derivative,
            ),
            require_probabilities("softmax"),
        ),
        Loss("huber", huber, huber_derivative, parameters={"delta": 1.0}),
        Loss("output", output, output_derivative),
    )
}


def named_loss(name: str, **parameters: float) -> Loss:
    """The built-in loss of that name; `delta` is huber's.

        half-squared-error    1/2 sum_o (a_o - t_o)^2
        squared-error         sum_o (a_o - t_o)^2
        mean-squared-error    1/O sum_o (a_o - t_o)^2
        binary-cross-entropy  -sum_o t_o log a_o + (1 - t_o) log(1 - a_o)
        cross-entropy         -sum_o t_o log a_o
        huber                 sum_o r_o^2 / 2, or delta (|r_o| - delta / 2) for |r_o| > delta,  r = a - t
        output                sum_o a_o

    Shapes: outputs a and targets t (N, O) or (O,); one loss a sample, (N,) or ().
    Raises: InputError for a name or a parameter that does not exist, and unless delta > 0.
    Source: with each function in `chainrule.losses`; Goodfellow, Bengio and Courville, Deep Learning
    (2016), sections 5.5 and 6.2.

    >>> named_loss("huber", delta=0.5)(np.array([3.0]), np.array([1.0]))
    array(0.875)
    """
    if name not in LOSSES:
        raise InputError(unknown("loss", name, LOSSES))
    loss = LOSSES[name]
    numbers = {}
    for parameter, value in parameters.items():
        if parameter not in loss.parameters:
            raise InputError(f"loss {name!r} takes no {parameter}")
        number = as_float(value, f"{parameter} of {name!r}")
        if not (math.isfinite(number) and number > 0):
            raise InputError(f"{parameter} of {name!r} must be more than 0, got {number}")
        numbers[parameter] = number
    return replace(loss, parameters={**loss.parameters, **numbers})
