"""Python's own functions that walk through values, or choose among them: zip, sum, max, list ...

Each is handed the recorder and its site, and gives what Python's own would give.
"""

import builtins
import copy
import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from chainrule.recording.functions import frozen, is_array_of_arrays
from chainrule.recording.memory import unravel
from chainrule.recording.object_arrays import added
from chainrule.recording.operations import OPERATORS, UNARY, translate
from chainrule.recording.recording import NUMBERS, Guard, Operation, Writer, is_number
from chainrule.recording.single_entries import is_one_entry

Walker: TypeAlias = Callable[..., Any]

MOST_ONES = 20_000_000  # entries of the matrix that tells where np.add.at adds


def walk(recorder: Writer, site: int, values: Any) -> Any:
    return recorder.iterate(site, values)


def walk_enumerate(recorder: Writer, site: int, values: Any, *args: Any, **kwargs: Any) -> Any:
    return enumerate(walk(recorder, site, values), *args, **kwargs)


def walk_map(recorder: Writer, site: int, function: Any, *values: Any) -> Any:
    def results() -> Iterator[Any]:
        rounds = zip(*(walk(recorder, site, v) for v in values), strict=False)
        for arguments in recorder.loop(site, rounds):
            yield recorder.call(site, function, *arguments)

    return results()


def walk_starmap(recorder: Writer, site: int, function: Any, rows: Any) -> Any:
    return (recorder.call(site, function, *row) for row in walk(recorder, site, rows))


def walk_sum(recorder: Writer, site: int, values: Any, *start: Any, **kwargs: Any) -> Any:
    items = list(walk(recorder, site, values))
    if any(map(is_array_of_arrays, items)) and not kwargs:
        return added(recorder, site, [*(start or [0]), *items])
    total = sum(items, *start, **kwargs)
    if not isinstance(total, NUMBERS):
        return total
    first = [*start, *kwargs.values()] or [0]
    inputs = [*items] if is_plain_zero(first[0]) else [first[0], *items]
    shapes = {np.shape(item) for item in inputs}
    recorder.current_site = site
    if len(inputs) == 1:
        return (
            total
            if total is inputs[0]
            else recorder.record(
                Operation("reshape", [recorder.position(inputs[0])], {"shape": np.shape(total)}),
                total,
            )
        )
    if len(shapes) > 1:
        position = recorder.position(inputs[0])
        running = inputs[0]
        for item in inputs[1:]:
            running = running + item
            position = recorder.add(Operation("add", [position, recorder.position(item)]), running)
        recorder.memory.learn(total, position)
        return total
    stacked = recorder.add(
        Operation("stack", [recorder.position(item) for item in inputs], {"axis": 0}),
        np.array(inputs),
    )
    return recorder.record(Operation("sum", [stacked], {"axis": 0}), total)


def is_plain_zero(value: Any) -> bool:
    return type(value) in (int, float) and value == 0


def walk_extreme(function: Any) -> Any:
    def chosen(recorder: Writer, site: int, *values: Any, **kwargs: Any) -> Any:
        items = list(walk(recorder, site, values[0])) if len(values) == 1 else list(values)
        result = function(items, **kwargs)
        if not kwargs and any(isinstance(item, NUMBERS) for item in items):
            time = len(recorder.recording.graph.values)
            winner = recorder.position(result)
            recorder.recording.guards += [
                Guard(winner, recorder.position(item), comparison, True, time)
                for comparison in ["greater-equal" if function is max else "less-equal"]
                for item in items
                if item is not result and is_number(item) and np.ndim(item) == 0
            ]
        return result

    return chosen


def walk_through(function: Any) -> Any:
    """What gives the items of its arguments on, in another order or some of them."""

    def walked(recorder: Writer, site: int, *values: Any, **kwargs: Any) -> Any:
        return function(*(walk(recorder, site, v) for v in values), **kwargs)

    return walked


def walk_reversed(recorder: Writer, site: int, values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return iter([recorder.item(site, values, i) for i in range(len(values) - 1, -1, -1)])
    return reversed(values)


def walk_reduce(recorder: Writer, site: int, function: Any, values: Any, *start: Any) -> Any:
    return functools.reduce(
        lambda a, b: recorder.call(site, function, a, b), walk(recorder, site, values), *start
    )


def walk_deepcopy(recorder: Writer, site: int, value: Any, *rest: Any) -> Any:
    """A copy of an array is a value of its own, and comes from the old one."""
    memo: dict[int, Any] = {}
    result = copy.deepcopy(value, memo)
    if isinstance(value, np.ndarray) and is_number(value):
        return recorder.record(
            Operation("reshape", [recorder.position(value)], {"shape": value.shape}), result
        )
    for old, new in find_arrays(value, result):
        recorder.record(Operation("reshape", [recorder.position(old)], {"shape": old.shape}), new)
    return result


def find_arrays(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays of a structure beside those of its copy."""
    if isinstance(old, np.ndarray):
        if old is not new and is_number(old):
            yield old, new
        elif is_array_of_arrays(old):
            yield from find_arrays(list(old.flat), list(new.flat))
    elif isinstance(old, list | tuple):
        for a, b in zip(old, new, strict=True):
            yield from find_arrays(a, b)
    elif isinstance(old, dict):
        for key in old:
            yield from find_arrays(old[key], new[key])


def operator_hook(name: str, function: Any) -> Any:
    def apply(recorder: Writer, site: int, *operands: Any) -> Any:
        value = function(*operands)
        if not is_number(value) or not any(isinstance(one, NUMBERS) for one in operands):
            return value
        return recorder.record_call(function, name, operands, {}, value)

    return apply


def walk_vectorized(
    recorder: Writer, site: int, function: Any, /, *args: Any, **kwargs: Any
) -> Any:
    """np.vectorize calls its function entry by entry, and so are the entries written down."""
    arrays = [np.asarray(argument) for argument in args]
    if function.signature is not None or kwargs or not any(is_number(array) for array in arrays):
        return function(*args, **kwargs)
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    spread = []
    for argument, array in zip(args, arrays, strict=True):
        whole = np.broadcast_to(array, shape)
        if isinstance(argument, NUMBERS) and array.shape == shape and shape:
            entries = [recorder.item(site, argument, index) for index in np.ndindex(shape)]
        elif isinstance(argument, NUMBERS) and not array.shape:
            entries = [argument] * int(np.prod(shape, dtype=int))
        else:
            entries = [whole[index] for index in np.ndindex(shape)]
        spread.append(entries)
    results = [
        recorder.call(site, function.pyfunc, *entries) for entries in zip(*spread, strict=True)
    ]
    value = np.array(results).reshape(shape).copy()
    if not is_number(value) or not results:
        return value
    parts = [recorder.position(result) for result in results]
    flat = recorder.add(Operation("stack", parts, {"axis": 0}), value.reshape(-1))
    return recorder.record(Operation("reshape", [flat], {"shape": shape}), value)


def walk_along_axis(
    recorder: Writer, site: int, func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """np.apply_along_axis: of a matrix, row by row or column by column; named as NumPy does."""
    if not isinstance(arr, np.ndarray) or not is_number(arr) or arr.ndim != 2:
        return np.apply_along_axis(func1d, axis, arr, *args, **kwargs)
    by_row = axis in (1, -1)
    places: list[Any] = [
        k if by_row else (slice(None), k) for k in range(arr.shape[0 if by_row else 1])
    ]
    results = [
        recorder.call(site, func1d, recorder.item(site, arr, place), *args, **kwargs)
        for place in places
    ]
    axis = 0 if by_row or not np.ndim(results[0]) else 1
    value = np.stack(results, axis)
    if not is_number(value):
        return value
    return recorder.record_call(np.stack, "stack", (results,), {"axis": axis}, value)


def accumulate(recorder: Writer, function: Any, target: Any, index: Any, *values: Any) -> Any:
    """np.add.at: entries that an index names twice receive both values, by a matrix of ones."""
    name = function.__self__.__name__
    known = isinstance(target, np.ndarray) and name in ("add", "subtract") and len(values) == 1
    by_entry = isinstance(index, tuple) or np.asarray(index).dtype.kind == "b"
    shape = np.shape(target) if by_entry else np.shape(target)[:1]
    count = int(np.prod(shape, dtype=int))
    named = np.arange(count).reshape(shape)[index] if known else np.empty(0)
    if not known or count * named.size > MOST_ONES:
        value = function(target, index, *values)
        recorder.memory.forget(target)
        return value
    chosen = np.zeros((count, named.size))
    chosen[named.reshape(-1), np.arange(named.size)] = 1
    spread = np.broadcast_to(values[0], (*named.shape, *target.shape[len(shape) :]))
    position = recorder.add(
        Operation("broadcast", [recorder.position(values[0])], {"shape": spread.shape}), spread
    )
    rows = spread.reshape(named.size, -1)
    position = recorder.add(Operation("reshape", [position], {"shape": rows.shape}), rows)
    summed = chosen @ rows
    position = recorder.add(
        Operation("matmul", [recorder.add_given(chosen, "data"), position]), summed
    )
    position = recorder.add(
        Operation("reshape", [position], {"shape": target.shape}), summed.reshape(target.shape)
    )
    operation = Operation(name, [recorder.position(target), position])
    function(target, index, *values)
    recorder.memory.written(target, recorder.add(operation, target))
    return None


def write(recorder: Writer, owner: np.ndarray[Any, Any], index: Any, value: Any) -> None:
    """owner[index] = value, as a new value of the owner's memory."""
    if is_one_entry(owner, index, value):
        number = Operation("reshape", [recorder.position(value)], {"shape": ()})
        value = recorder.record(number, value[(0,) * value.ndim])
    before = recorder.position(owner)
    given = recorder.position(value)
    if owner.dtype.kind in "iu" and np.asarray(value).dtype.kind == "f":
        whole = translate(recorder, np.trunc, "trunc", (value,), {}, value)
        given = given if whole is None else recorder.add(whole, np.trunc(value))
    mask = isinstance(index, np.ndarray) and index.dtype == bool and index.shape == owner.shape
    if mask and np.ndim(value) == 0:
        operation = Operation("where", [recorder.position(index), given, before])
    else:
        operation = Operation("scatter", [before, given], {"indices": frozen(index)})
    recorder.memory.before_write(owner)
    owner[index] = value
    written = recorder.add(operation, owner)
    if mask:
        recorder.recording.masks[written] = recorder.position(index)
    recorder.memory.written(owner, written)


def gathered(recorder: Writer, owner: np.ndarray[Any, Any], index: Any) -> Operation:
    """owner[index], as an operation."""
    if isinstance(owner, np.matrix):
        places = np.arange(owner.size).reshape(owner.shape).view(np.matrix)[index]
        index = unravel(np.asarray(places), owner.shape)
    return Operation("gather", [recorder.position(owner)], {"indices": frozen(index)})


def augment_entry(
    recorder: Writer,
    site: int,
    function: Callable[[Any, Any], Any],
    owner: np.ndarray[Any, Any],
    index: Any,
    value: Any,
) -> None:
    """owner[index] += value, or whatever the function does: into a view of the owner, or as a new entry."""
    current = owner[index]
    if not is_number(current):
        owner[index] = function(current, value)
        return
    in_place = isinstance(current, np.ndarray) and np.may_share_memory(current, owner)
    if isinstance(current, np.integer) and isinstance(value, float):
        current = np.float64(current)  # an object that can be known again
    if not in_place:
        recorder.record(gathered(recorder, owner, index), current)
    result = recorder.augment(site, current, value)
    if in_place:
        owner[index] = result
    else:
        write(recorder, owner, index, result)


def join_parts(recorder: Writer, owner: Any, parts: Any, value: Any) -> Any:
    """np.c_[p, q] and np.r_[p, q]."""
    parts = parts if isinstance(parts, tuple) else (parts,)
    if any(isinstance(part, slice | str) for part in parts):
        return value
    name = "column_stack" if owner is np.c_ else "concatenate"
    parts = tuple(np.atleast_1d(part) if np.ndim(part) == 0 else part for part in parts)
    return recorder.record_call(getattr(np, name), name, (parts,), {}, value)


def apart(recorder: Writer, repeated: Any, once: Any) -> Any:
    """[0.0] * n with n numbers: Python's is one number n times, and each becomes a parameter of its own."""
    if not isinstance(once, list) or not isinstance(repeated, list):
        return repeated
    literal = recorder.memory.literals
    for place, number in enumerate(repeated):
        if type(number) is float:
            repeated[place] = number * 1.0
            if literal.get(id(number)) is number:
                recorder.memory.learn_literal(repeated[place])
            elif (position := recorder.memory.known(number)) is not None:
                recorder.record(Operation("reshape", [position], {"shape": ()}), repeated[place])
    return repeated


WALKERS: dict[Any, Walker] = (
    {
        function: walk_through(function)
        for function in (
            zip,
            list,
            tuple,
            iter,
            itertools.chain,
            itertools.product,
            itertools.zip_longest,
        )
    }
    | {
        builtins.enumerate: walk_enumerate,
        builtins.map: walk_map,
        itertools.starmap: walk_starmap,
        builtins.sum: walk_sum,
        builtins.max: walk_extreme(max),
        builtins.min: walk_extreme(min),
        builtins.reversed: walk_reversed,
        math.fsum: walk_sum,
        functools.reduce: walk_reduce,
        copy.copy: walk_deepcopy,
        copy.deepcopy: walk_deepcopy,
        np.apply_along_axis: walk_along_axis,
    }
    | {
        function: operator_hook(name, function)
        for name, function in [*OPERATORS.values(), *UNARY.values()]
    }
)
