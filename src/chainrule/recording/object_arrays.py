"""Arrays of arrays, of dtype object: NumPy hands each operator on to their entries, and so is it written down.

    weights = np.array([w1, w2], dtype=object)
    weights -= rate * gradients               is w1 - rate * g1 and w2 - rate * g2

As NumPy does it, each entry of a result is a new object, that of `-=` too.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.recording.functions import IN_PLACE, is_array_of_arrays, is_own_object
from chainrule.recording.operations import OPERATORS
from chainrule.recording.recording import NUMBERS, Arguments, Keywords, Operation, Writer, is_number

KINDS = {function: kind for kind, (_, function) in OPERATORS.items() if kind != "MatMult"}
CHANGING = {function: kind for kind, function in IN_PLACE.items() if kind != "MatMult"}
MAKING = {"array", "asarray"}
TAKING_ROWS = MAKING | {"permutation"}
NAMED = {
    "add": "Add", "subtract": "Sub", "multiply": "Mult", "divide": "Div", "true_divide": "Div", "power": "Pow",
}  # fmt: skip


def holds_arrays(values: Any) -> bool:
    """Whether a value is an array of arrays, or a list of such."""
    return is_array_of_arrays(values) or (
        isinstance(values, list | tuple) and any(map(is_array_of_arrays, values))
    )


def operate(recorder: Writer, site: int, function: Callable[..., Any], *operands: Any) -> Any:
    """An operator with arrays of arrays, entry by entry; what NumPy does otherwise is left to it."""
    if function is operator.neg:
        return by_entry(recorder, site, "", *operands)
    kind = KINDS.get(function) or CHANGING.get(function)
    if kind is None or not all(map(spreads, operands)):
        return function(*operands)
    try:
        shape = np.broadcast_shapes(*map(np.shape, operands))
    except ValueError:
        return function(*operands)  # which says why
    target = operands[0]
    if function not in CHANGING or not isinstance(target, np.ndarray):
        return by_entry(recorder, site, kind, *operands)
    if not is_object(target) or target.shape != shape:
        return function(*operands)
    result = by_entry(recorder, site, kind, *operands)
    for index in np.ndindex(shape):
        target[index] = result[index]
    return target


def spreads(operand: Any) -> bool:
    """Whether what an operand is for each entry is known: one number for all, or an array's own."""
    return isinstance(operand, np.ndarray) or is_number(operand)


def is_object(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def by_entry(recorder: Writer, site: int, kind: str, *operands: Any) -> Any:
    """An operator's result, an array of objects; `kind` is "" for the sign."""
    shape = np.broadcast_shapes(*map(np.shape, operands))
    spread = [entries_of(recorder, site, operand, shape) for operand in operands]
    result = np.empty(shape, dtype=object)
    for index, entries in zip(np.ndindex(shape), zip(*spread, strict=True), strict=True):
        recorder.current_site = site
        result[index] = of_entries(recorder, site, kind, *entries)
    return result if shape else result[()]


def entries_of(recorder: Writer, site: int, operand: Any, shape: tuple[int, ...]) -> list[Any]:
    """For each entry of a result what an operand gives to it."""
    if not np.shape(operand):
        return [operand] * int(np.prod(shape, dtype=int))
    places = np.broadcast_to(np.arange(operand.size).reshape(operand.shape), shape)
    indices = list(np.ndindex(operand.shape))
    return [recorder.item(site, operand, indices[place]) for place in places.flat]


def of_entries(recorder: Writer, site: int, kind: str, *entries: Any) -> Any:
    name, function = OPERATORS[kind] if kind else ("negate", operator.neg)
    if any(map(is_array_of_arrays, entries)):
        return operate(recorder, site, function, *entries)
    value = function(*entries)
    numbers = any(isinstance(entry, NUMBERS) for entry in entries)
    if not numbers or not is_number(value) or any(map(is_own_object, entries)):
        return value
    if not kind:
        return recorder.record(Operation(name, [recorder.position(entries[0])]), value)
    return recorder.record_call(function, name, entries, {}, value)


def of_uneven_rows(
    function: Callable[..., Any], name: str, args: Arguments, kwargs: Keywords
) -> Any:
    """The result of a function; rows of unlike lengths were objects to NumPy until 1.24, as older programs expect."""
    try:
        return function(*args, **kwargs)
    except ValueError as error:
        if name not in TAKING_ROWS or len(args) != 1 or kwargs or "inhomogeneous" not in str(error):
            raise
        return function(np.array(args[0], dtype=object))


def as_numbers(name: str, value: Any) -> Any:
    """Rows that happen to be of one length, of which NumPy makes an array of numbers that are objects: one of numbers."""
    if name not in MAKING or not is_object(value) or value.ndim < 2:
        return value
    numbers = value.size and all(isinstance(one, float) for one in value.flat)
    return value.astype(float) if numbers else value


def call(recorder: Writer, name: str, args: Arguments, kwargs: Keywords) -> Any:
    """A function of arrays of arrays: its result; None where there are none, or it is left to NumPy."""
    if not any(map(holds_arrays, args)):
        return None
    site = recorder.current_site
    if name in ("negative", "positive") and len(args) == 1 and not kwargs:
        return by_entry(recorder, site, "", args[0]) if name == "negative" else None
    if name in NAMED and len(args) == 2 and not kwargs:
        return operate(recorder, site, OPERATORS[NAMED[name]][1], *args)
    if name in ("sum", "mean") and args:
        options = dict(zip(("axis",), args[1:], strict=False)) | dict(kwargs)
        values = args[0] if is_object(args[0]) else np.array(args[0], dtype=object)
        axis = options.pop("axis", None if values.ndim > 1 else 0)
        if options or len(args) > 2 or axis != 0:
            return None
        total = added(recorder, site, list(values))
        divided = OPERATORS["Div"][1]
        count = len(values)
        if name == "sum":
            return total
        if is_array_of_arrays(total):
            return operate(recorder, site, divided, total, count)
        return of_entries(recorder, site, "Div", total, count)
    return None


def added(recorder: Writer, site: int, values: list[Any]) -> Any:
    """The sum of values, some of which are arrays of arrays, or entries of one."""
    total = values[0]
    for value in values[1:]:
        recorder.current_site = site
        if is_array_of_arrays(total) or is_array_of_arrays(value):
            total = operate(recorder, site, operator.add, total, value)
        else:
            total = of_entries(recorder, site, "Add", total, value)
    return total
