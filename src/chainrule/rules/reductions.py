"""Operations that make one number of many: sums, means, extremes, and norms along axes."""

import numpy as np

from chainrule.arithmetic import Arithmetic, Numbers
from chainrule.rules.rule import Rule

Axis = int | tuple[int, ...] | list[int] | None


def axes(axis: Axis) -> int | tuple[int, ...] | None:
    """An axis as NumPy takes it; JSON has turned tuples into lists."""
    return tuple(axis) if isinstance(axis, list) else axis


def spread(values: Numbers, p: Numbers, axis: Axis, keepdims: bool) -> Numbers:
    """A reduced array back in the shape of p: every entry that was reduced gets the result's."""
    where = axes(axis)
    if where is not None and not keepdims and p.ndim:  # NumPy takes axis 0 of a single number
        values = np.expand_dims(values, where)
    return np.broadcast_to(values, p.shape)


def reduced_count(p: Numbers, y: Numbers) -> int:
    return int(p.size // max(1, np.asarray(y).size))


def total(p: Numbers, axis: Axis, keepdims: bool) -> Numbers:
    return np.asarray(p.sum(axis=axes(axis), keepdims=keepdims))


SUM = Rule(
    "sum",
    forward=lambda m, p, *, axis=None, keepdims=False: total(p, axis, keepdims),
    backward=lambda m, dL_dy, y, p, *, axis=None, keepdims=False: (
        spread(dL_dy, p, axis, keepdims),
    ),
    symbols="sum({0})",
    local=("1",),
    words="Every entry that is added receives the sum's gradient.",
)
MEAN = Rule(
    "mean",
    forward=lambda m, p, *, axis=None, keepdims=False: (
        total(p, axis, keepdims) / reduced_count(p, total(p, axis, keepdims))
    ),
    backward=lambda m, dL_dy, y, p, *, axis=None, keepdims=False: (
        spread(dL_dy / reduced_count(p, y), p, axis, keepdims),
    ),
    symbols="sum({0}) / {n}",
    local=("1 / {n}",),
    words="Every one of n entries receives an n-th of the mean's gradient.",
)


def extreme_backward(
    m: Arithmetic,
    dL_dy: Numbers,
    y: Numbers,
    p: Numbers,
    *,
    axis: Axis = None,
    keepdims: bool = False,
) -> tuple[Numbers]:
    """The whole gradient to the extreme entry; equal ones share it evenly."""
    hit = np.asarray(p == spread(y, p, axis, keepdims), dtype=bool)
    shares = spread(hit.sum(axis=axes(axis), keepdims=keepdims), p, axis, keepdims)
    return (m.where(hit, spread(dL_dy, p, axis, keepdims) / shares, 0 * p),)


MAX = Rule(
    "max",
    forward=lambda m, p, *, axis=None, keepdims=False: np.asarray(
        p.max(axis=axes(axis), keepdims=keepdims)
    ),
    backward=extreme_backward,
    symbols="max({0})",
    local=("[{0} = {y}]",),
    words="The gradient goes to the largest entry alone.",
    kinks="two largest entries",
)
MIN = Rule(
    "min",
    forward=lambda m, p, *, axis=None, keepdims=False: np.asarray(
        p.min(axis=axes(axis), keepdims=keepdims)
    ),
    backward=extreme_backward,
    symbols="min({0})",
    local=("[{0} = {y}]",),
    words="The gradient goes to the smallest entry alone.",
    kinks="two smallest entries",
)


def softmax_forward(m: Arithmetic, p: Numbers, *, axis: int = -1) -> Numbers:
    exponential = m.exp(p - p.max(axis=axis, keepdims=True))
    return exponential / exponential.sum(axis=axis, keepdims=True)


def softmax_backward(
    m: Arithmetic, dL_dy: Numbers, y: Numbers, p: Numbers, *, axis: int = -1
) -> tuple[Numbers]:
    # Written in differences of gradients, dL/dp_i = y_i sum_j y_j (g_i - g_j): nothing cancels.
    g, outputs = np.moveaxis(dL_dy, axis, -1), np.moveaxis(y, axis, -1)
    differences = g[..., :, None] - g[..., None, :]
    weighted = (outputs[..., None, :] * differences).sum(axis=-1)
    return (np.moveaxis(outputs * weighted, -1, axis),)


SOFTMAX = Rule(
    "softmax",
    forward=softmax_forward,
    backward=softmax_backward,
    symbols="exp({0}) / sum(exp({0}))",
    local=("{y} * ([i = j] - {y})",),
    words="All outputs share one sum, so each input moves every output.",
    source="Bridle, Training stochastic model recognition algorithms, NIPS 1989",
    meaning="The outputs become positive and add up to 1: probabilities of the classes.",
)
