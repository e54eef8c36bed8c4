"""What a step computes: its operation as one call, and values with some new ones before them."""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, final

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.rules import RULES

# The rules that are an operator of Python's alone: without the way through a function of ours they take half the time.
OPERATORS: Final[dict[str, Callable[..., Any]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negate": operator.neg,
    "matmul": operator.matmul,
}
PLAIN: Final[dict[str, Callable[..., Any]]] = {
    **{name: partial(rule.forward, FLOAT64) for name, rule in RULES.items()},
    **OPERATORS,
}


def function_of(
    operation: str, parameters: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> Callable[..., Any]:
    """What an operation computes of its inputs in float64: by its rule, or as another package's function."""
    function = functions.get(operation)
    if function is not None:
        return partial(of_others, function)
    return partial(PLAIN[operation], **parameters) if parameters else PLAIN[operation]


def of_others(function: Callable[..., Any], *inputs: Any) -> Any:
    """What another package's function makes of some inputs: it may raise anything, and then there is no value."""
    try:
        return as_numbers(function(FLOAT64, *inputs))
    except Exception:
        return np.asarray(np.nan)


@final
class Overlay:
    """Values, with some new ones before them."""

    def __init__(self, values: Sequence[Any], new: Mapping[int, Any]) -> None:
        self.values, self.new = values, new

    def __getitem__(self, position: int) -> Any:
        return self.new[position] if position in self.new else self.values[position]


@final
class Seen:
    """Values, some of them seen otherwise."""

    def __init__(self, values: Any, seen: Sequence[tuple[int, Callable[[Any, Any], Any]]]) -> None:
        self.values, self.seen = values, seen

    def __getitem__(self, position: int) -> Any:
        value = self.values[position]
        for at, new in self.seen:
            if at == position:
                value = new(value, self.values)
        return value


def as_numbers(value: Any) -> Any:
    value = np.asarray(value)
    return value if value.dtype.kind == "b" else value.astype(float)
