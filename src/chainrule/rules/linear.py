"""Products of matrices and vectors."""

import numpy as np

from chainrule.arithmetic import Arithmetic, Numbers
from chainrule.rules.rule import Rule


def affine_backward(
    m: Arithmetic, dL_dz: Numbers, z: Numbers, x: Numbers, w: Numbers, b: Numbers, *, sign: int
) -> tuple[Numbers, Numbers, Numbers]:
    dL_dx = dL_dz @ w
    dL_dw = np.atleast_2d(dL_dz).T @ np.atleast_2d(x)
    return dL_dx, dL_dw, sign * dL_dz


AFFINE = Rule(
    "affine",
    # z_no = sum_i w_oi x_ni + b_o
    forward=lambda m, x, w, b, *, sign: x @ w.T + sign * b,
    backward=affine_backward,
    symbols="{1} {0} + {2}",
    local=("{1}", "{0}", "1"),
    words="Each unit weighs the inputs, adds them up, and adds its bias.",
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), algorithm 6.4",
)


def matmul_backward(
    m: Arithmetic, dL_dy: Numbers, y: Numbers, p: Numbers, q: Numbers
) -> tuple[Numbers, Numbers]:
    # A vector is a matrix of one row on the left, of one column on the right, as in NumPy.
    rows, columns = p.ndim > 1, q.ndim > 1
    left = p if rows else p[None, :]
    right = q if columns else q[:, None]
    g = dL_dy if columns else dL_dy[..., None]
    g = g if rows else g[..., None, :] if g.ndim < max(left.ndim, right.ndim) else g
    dL_dp = sum_to(g @ np.swapaxes(right, -1, -2), left.shape)
    dL_dq = sum_to(np.swapaxes(left, -1, -2) @ g, right.shape)
    return dL_dp.reshape(p.shape), dL_dq.reshape(q.shape)


MATMUL = Rule(
    "matmul",
    forward=lambda m, p, q: np.asarray(p @ q),
    backward=matmul_backward,
    symbols="{0} @ {1}",
    local=("{1}.T", "{0}.T"),
    words="Each factor receives the gradient times the other one, transposed: g q^T and p^T g.",
    source="M. Giles, Collected matrix derivative results for forward and reverse mode AD (2008), 2.2.2",
)
OUTER = Rule(
    "outer",
    forward=lambda m, p, q: p.reshape(-1)[:, None] * q.reshape(-1)[None, :],
    backward=lambda m, dL_dy, y, p, q: (
        (dL_dy @ q.reshape(-1)).reshape(p.shape),
        (p.reshape(-1) @ dL_dy).reshape(q.shape),
    ),
    symbols="outer({0}, {1})",
    local=("{1}", "{0}"),
    words="Every entry of one times every entry of the other.",
)


def einsum_backward(
    m: Arithmetic, dL_dy: Numbers, y: Numbers, *operands: Numbers, subscripts: str
) -> tuple[Numbers, ...]:
    """For operand k: swap its subscripts with the result's, and spread what was summed in it alone."""
    inputs, output = subscripts.replace(" ", "").split("->")
    terms = inputs.split(",")
    contributions = []
    for number, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        others = [
            (t, o) for k, (t, o) in enumerate(zip(terms, operands, strict=True)) if k != number
        ]
        available = set(output).union(*(set(t) for t, _ in others))
        kept = "".join(letter for letter in term if letter in available)
        signature = ",".join([output, *(t for t, _ in others)]) + "->" + kept
        part = np.einsum(signature, dL_dy, *(o for _, o in others), optimize=False)
        shape = [
            size if letter in kept else 1 for letter, size in zip(term, operand.shape, strict=True)
        ]
        contributions.append(np.broadcast_to(part.reshape(shape), operand.shape))
    return tuple(contributions)


EINSUM = Rule(
    "einsum",
    forward=lambda m, *operands, subscripts: np.asarray(
        np.einsum(subscripts, *operands, optimize=False)
    ),
    backward=einsum_backward,
    symbols="einsum({subscripts}, ...)",
    local=("einsum of dL/dy with all other operands",),
    words="Each operand receives the sum of the gradient times all other operands over the rest's indices.",
    kinks="subscripts are explicit (with ->), and no letter stands twice in one operand",
)


def sum_to(values: Numbers, shape: tuple[int, ...]) -> Numbers:
    """Sum the axes that broadcasting added or stretched, back to a shape."""
    extra = values.ndim - len(shape)
    if extra < 0:  # an assignment drops leading axes of length 1
        return sum_to(values, shape[-extra:]).reshape(shape)
    values = values.sum(axis=tuple(range(extra))) if extra else values
    stretched = tuple(
        axis for axis, size in enumerate(shape) if size == 1 and values.shape[axis] != 1
    )
    return values.sum(axis=stretched, keepdims=True) if stretched else np.asarray(values)
