"""What is returned by something that a program defines, by the names that its text has for it."""

import inspect
import itertools
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.checking.driving.arguments import plain_name

BACKWARD = re.compile(
    r".*back_?_?prop.*|back(ward)?s?(_.*)?|.*(cost|loss).*(prime|deriv.*|grad.*)|(compute_|calc.*_|get_)?grad(ient)?s?(_.*)?"
    r"|bp|bprop|backward_?pass.*|backpass|(\w+_)?model_backward(_.*)?"
)
GRADIENTS = re.compile(r"(\w+_)?(grads?|gradients?|derivs?|derivatives|deltas?|nablas?)|d_?params?")


def run_through(result: Any) -> Any:
    """What a generator hands out last: it trains only while somebody asks for more."""
    if not inspect.isgenerator(result):
        return result
    last = deque(result, maxlen=1)
    return last[0] if last else None


def named_results(name: str, result: Any, called: Sequence[str | None] = ()) -> dict[str, Any]:
    """What a call returned, by names: those of tables, or of its variables, else the method's with a number."""
    if isinstance(result, Mapping):
        return opened(result, (called[0] if len(called) == 1 else None) or name)
    if not isinstance(result, list | tuple):
        return {} if result is None else {name: result}
    found = {f"{name} {number}": value for number, value in enumerate(result)}
    parts = [result] if len(called) == 1 != len(result) else result  # a list that has a name
    for variable, part in zip(called, parts, strict=False):
        if variable is not None:
            found[variable] = part
    for variable, part in itertools.zip_longest(called, result):
        if isinstance(part, Mapping):
            found |= opened(part, variable or "")
    return found


def opened(table: Mapping[Any, Any], name: str) -> dict[str, Any]:
    """The entries of a table; of one of gradients whose keys are the parameters' own also as what they are."""
    found = {str(key): value for key, value in table.items()}
    if GRADIENTS.fullmatch(plain_name(name)) or BACKWARD.fullmatch(plain_name(name)):
        found |= {f"grad {key}": value for key, value in table.items()}
    return found


def first_array(result: Any) -> Any:
    """The prediction among what a forward pass returned."""
    if isinstance(result, tuple) and result:
        return result[0]
    if isinstance(result, Mapping):
        arrays = [part for part in result.values() if isinstance(part, np.ndarray)]
        return arrays[-1] if arrays else result
    return result
