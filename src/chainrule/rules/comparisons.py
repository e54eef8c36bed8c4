"""Comparisons and choices: constant between their jumps, so no gradient passes through a condition."""

import numpy as np

from chainrule.rules.rule import Rule


def comparison(name: str, symbol: str, forward: np.ufunc) -> Rule:
    return Rule(
        name,
        forward=lambda m, p, q: forward(p, q),
        backward=None,
        symbols=f"{{0}} {symbol} {{1}}",
        local=("0", "0"),
        words="A comparison is constant wherever it does not jump: its gradient is 0.",
        kinks="{0} = {1}",
    )


GREATER = comparison("greater", ">", np.greater)
GREATER_EQUAL = comparison("greater-equal", ">=", np.greater_equal)
LESS = comparison("less", "<", np.less)
LESS_EQUAL = comparison("less-equal", "<=", np.less_equal)
EQUAL = comparison("equal", "==", np.equal)
NOT_EQUAL = comparison("not-equal", "!=", np.not_equal)

WHERE = Rule(
    "where",
    forward=lambda m, condition, p, q: m.where(condition, p, q),
    backward=lambda m, dL_dy, y, condition, p, q: (
        None,
        m.where(condition, dL_dy, 0 * dL_dy),
        m.where(condition, 0 * dL_dy, dL_dy),
    ),
    symbols="{1} if {0} else {2}",
    local=("0", "[{0}]", "[not {0}]"),
    words="The gradient goes to the side that was chosen.",
    kinks="where the condition changes",
)
SIGN = Rule(
    "sign",
    forward=lambda m, p: m.where(p > 0, 1, m.where(p < 0, -1, 0)),
    backward=None,
    symbols="sign({0})",
    local=("0",),
    words="A sign is constant wherever it does not jump: its gradient is 0.",
    kinks="{0} = 0",
)
