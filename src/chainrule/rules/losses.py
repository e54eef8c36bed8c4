"""Losses of a sample: each sums over the outputs, the last axis, and leaves one number a sample."""

import numpy as np

from chainrule.arithmetic import Arithmetic, Numbers
from chainrule.rules.rule import Rule

HALF_SQUARED_ERROR = Rule(
    "half-squared-error",
    forward=lambda m, a, t: np.asarray(((a - t) ** 2).sum(axis=-1)) / 2,
    backward=lambda m, dL_dl, losses, a, t: (
        (a - t) * dL_dl[..., None],
        (t - a) * dL_dl[..., None],
    ),
    symbols="sum(({0} - {1}) ** 2) / 2",
    local=("{0} - {1}", "{1} - {0}"),
    words="Half the squared distance from the target: the half cancels the 2 of the derivative.",
)
SQUARED_ERROR = Rule(
    "squared-error",
    forward=lambda m, a, t: np.asarray(((a - t) ** 2).sum(axis=-1)),
    backward=lambda m, dL_dl, losses, a, t: (
        2 * (a - t) * dL_dl[..., None],
        2 * (t - a) * dL_dl[..., None],
    ),
    symbols="sum(({0} - {1}) ** 2)",
    local=("2 * ({0} - {1})", "2 * ({1} - {0})"),
    words="The squared distance from the target.",
)
MEAN_SQUARED_ERROR = Rule(
    "mean-squared-error",
    forward=lambda m, a, t: np.asarray(((a - t) ** 2).sum(axis=-1)) / a.shape[-1],
    backward=lambda m, dL_dl, losses, a, t: (
        2 * (a - t) * dL_dl[..., None] / a.shape[-1],
        2 * (t - a) * dL_dl[..., None] / a.shape[-1],
    ),
    symbols="sum(({0} - {1}) ** 2) / {O}",
    local=("2 * ({0} - {1}) / {O}", "2 * ({1} - {0}) / {O}"),
    words="The squared distance from the target, averaged over the O outputs.",
)


def huber_forward(m: Arithmetic, a: Numbers, t: Numbers, *, delta: float) -> Numbers:
    r, d = m.abs(a - t), m.number(delta)
    return np.asarray(m.where(r <= d, r * r / 2, d * (r - d / 2)).sum(axis=-1))


def huber_backward(
    m: Arithmetic, dL_dl: Numbers, losses: Numbers, a: Numbers, t: Numbers, *, delta: float
) -> tuple[Numbers, Numbers]:
    d = m.number(delta)
    slope = np.minimum(np.maximum(a - t, -d), d) * dL_dl[..., None]
    return slope, -slope


HUBER = Rule(
    "huber",
    forward=huber_forward,
    backward=huber_backward,
    symbols="sum(({0} - {1}) ** 2 / 2 if abs({0} - {1}) <= {delta} else {delta} * (abs({0} - {1}) - {delta} / 2))",
    local=(
        "{0} - {1} if abs({0} - {1}) <= {delta} else ({delta} if {0} > {1} else -{delta})",
        "{1} - {0} if abs({0} - {1}) <= {delta} else ({delta} if {1} > {0} else -{delta})",
    ),
    words="Squared near the target, linear further away.",
    source="P. J. Huber, Annals of Mathematical Statistics 35 (1964)",
)


def times_log(m: Arithmetic, factor: Numbers, a: Numbers) -> Numbers:
    """factor log a, and 0 where the factor is 0."""
    return m.where(factor == 0, 0, factor * m.log(m.where(factor == 0, 1, a)))


def ratio(m: Arithmetic, factor: Numbers, a: Numbers) -> Numbers:
    """factor / a, and 0 where the factor is 0."""
    return m.where(factor == 0, 0, factor / m.where(factor == 0, 1, a))


CROSS_ENTROPY = Rule(
    "cross-entropy",
    forward=lambda m, a, t: -np.asarray(times_log(m, t, a).sum(axis=-1)),
    backward=lambda m, dL_dl, losses, a, t: (
        -ratio(m, t, a) * dL_dl[..., None],
        -m.log(a) * dL_dl[..., None],
    ),
    symbols="-sum({1} * log({0}))",
    local=("-({1} / {0})", "-log({0})"),
    words="The surprise at the target, given the outputs as probabilities.",
    kinks="{0} = 0",
)
BINARY_CROSS_ENTROPY = Rule(
    "binary-cross-entropy",
    forward=lambda m, a, t: (
        -np.asarray((times_log(m, t, a) + times_log(m, 1 - t, 1 - a)).sum(axis=-1))
    ),
    backward=lambda m, dL_dl, losses, a, t: (
        (ratio(m, 1 - t, 1 - a) - ratio(m, t, a)) * dL_dl[..., None],
        (m.log(1 - a) - m.log(a)) * dL_dl[..., None],
    ),
    symbols="-sum({1} * log({0}) + (1 - {1}) * log(1 - {0}))",
    local=("(1 - {1}) / (1 - {0}) - {1} / {0}", "log(1 - {0}) - log({0})"),
    words="The surprise at the target, given each output as the probability of a yes.",
    kinks="{0} = 0 and {0} = 1",
)
