"""Operations that move entries without changing them: reshape, transpose, join, index, write."""

from typing import Any

import numpy as np

from chainrule.arithmetic import Arithmetic, Numbers
from chainrule.rules.rule import Rule

RESHAPE = Rule(
    "reshape",
    forward=lambda m, p, *, shape: p.reshape(shape),
    backward=lambda m, dL_dy, y, p, *, shape: (dL_dy.reshape(p.shape),),
    symbols="reshape({0})",
    local=("1",),
    words="The same entries in another shape; the gradient goes back into the old one.",
)
TRANSPOSE = Rule(
    "transpose",
    forward=lambda m, p, *, axes=None: p.transpose(axes),
    backward=lambda m, dL_dy, y, p, *, axes=None: (
        dL_dy.transpose(None if axes is None else np.argsort(axes)),
    ),
    symbols="{0}.T",
    local=("1",),
    words="Rows become columns; the gradient is transposed back.",
)
BROADCAST = Rule(
    "broadcast",
    forward=lambda m, p, *, shape: np.broadcast_to(p, shape),
    backward=lambda m, dL_dy, y, p, *, shape: (dL_dy,),
    symbols="broadcast({0})",
    local=("1",),
    words="One entry stands in many places, so the gradients of all of them add up.",
)


def concatenate_backward(
    m: Arithmetic, dL_dy: Numbers, y: Numbers, *parts: Numbers, axis: int = 0
) -> tuple[Numbers, ...]:
    borders = np.cumsum([part.shape[axis] for part in parts])[:-1]
    return tuple(np.split(dL_dy, borders, axis=axis))


CONCATENATE = Rule(
    "concatenate",
    forward=lambda m, *parts, axis=0: np.concatenate(parts, axis=axis),
    backward=concatenate_backward,
    symbols="[{0}, {1}]",
    local=("1", "1"),
    words="Each part takes its own piece of the gradient.",
)
STACK = Rule(
    "stack",
    forward=lambda m, *parts, axis=0: np.stack(parts, axis=axis),
    backward=lambda m, dL_dy, y, *parts, axis=0: tuple(np.moveaxis(dL_dy, axis, 0)),
    symbols="[{0}, {1}]",
    local=("1", "1"),
    words="Each part takes its own slice of the gradient.",
)


def index(indices: Any) -> Any:
    """An index as NumPy takes it, from JSON: lists are index arrays, {"slice": [a, b, c]} slices."""
    if isinstance(indices, dict):
        return (
            slice(*indices["slice"]) if "slice" in indices else tuple(map(index, indices["tuple"]))
        )
    return np.array(indices) if isinstance(indices, list) else indices


def gather_backward(
    m: Arithmetic, dL_dy: Numbers, y: Numbers, p: Numbers, *, indices: Any
) -> tuple[Numbers]:
    gradient = np.asarray(0 * p)  # of no dimensions, too: p[mask] of one number
    np.add.at(gradient, index(indices), dL_dy)  # an entry read twice receives both gradients
    return (gradient,)


GATHER = Rule(
    "gather",
    forward=lambda m, p, *, indices: np.asarray(p[index(indices)]),
    backward=gather_backward,
    symbols="{0}[{indices}]",
    local=("1",),
    words="The entries that were read receive the gradient; all others receive 0.",
)


def scatter_forward(m: Arithmetic, p: Numbers, q: Numbers, *, indices: Any) -> Numbers:
    result = p.copy()
    result[index(indices)] = q
    return result


def scatter_backward(
    m: Arithmetic, dL_dy: Numbers, y: Numbers, p: Numbers, q: Numbers, *, indices: Any
) -> tuple[Numbers, Numbers]:
    kept = dL_dy.copy()
    kept[index(indices)] = 0 * kept[index(indices)]
    return kept, np.asarray(dL_dy[index(indices)])


SCATTER = Rule(
    "scatter",
    forward=scatter_forward,
    backward=scatter_backward,
    symbols="{0} with {0}[{indices}] = {1}",
    local=("1 where kept", "1"),
    words="What was written receives the gradient of its entries; what was overwritten receives none.",
    kinks="indices that name an entry twice",
)
SHARE = Rule(
    "share",
    forward=lambda m, p: p,
    backward=lambda m, dL_dy, y, p: (0 * p + dL_dy.sum(),),
    symbols="{0}",
    local=("1",),
    words="One number stands behind all entries, so each has the sum of all their gradients.",
)
