"""Functions of NumPy that are a few operations, or one with other parameters: power, clip, dot, var, pad ..."""

from typing import Any

import numpy as np

from chainrule.recording.memory import unravel
from chainrule.recording.recording import NUMBERS, Arguments, Keywords, Operation, Writer


def power(recorder: Writer, base: Any, exponent: Any) -> Operation | None:
    raised = is_computed(recorder, exponent) and not is_computed(recorder, base)
    plain = isinstance(exponent, int | np.integer) or (
        np.ndim(exponent) == 0 and isinstance(base, NUMBERS) and not raised
    )
    if plain and np.ndim(exponent) == 0:
        number = float(exponent)
        if number == 2:
            return Operation("square", [recorder.position(base)])
        return Operation(
            "power",
            [recorder.position(base)],
            {"exponent": int(number) if number == int(number) else number},
        )
    if np.ndim(base) == 0 and float(base) > 0:
        # b ** p = exp(p log b), as in e ** -z
        logarithm = recorder.position(float(np.log(float(base))))
        product = recorder.add(
            Operation("multiply", [recorder.position(exponent), logarithm]),
            np.multiply(exponent, np.log(float(base))),
        )
        return Operation("exp", [product])
    return None


def is_computed(recorder: Writer, value: Any) -> bool:
    """Whether a value was made by a step, and not given."""
    known = recorder.memory.known(value)
    return known is not None and known not in recorder.recording.origins


def clip(recorder: Writer, args: Arguments, options: Keywords) -> Operation | None:
    names = ("a", "a_min", "a_max")
    given = dict(zip(names, args, strict=False)) | {
        {"min": "a_min", "max": "a_max"}.get(key, key): value for key, value in options.items()
    }
    values, low, high = (given.get(name) for name in names)
    position = recorder.position(values)
    if low is not None:
        position = recorder.add(
            Operation("maximum", [position, recorder.position(low)]),
            np.maximum(np.asarray(values), low),
        )
    if high is None:
        return Operation("reshape", [position], {"shape": np.shape(np.asarray(values))})
    return Operation("minimum", [position, recorder.position(high)])


def product(recorder: Writer, name: str, p: Any, q: Any) -> Operation | None:
    left, right = np.shape(p), np.shape(q)
    if not left or not right:
        return Operation("multiply", [recorder.position(p), recorder.position(q)])
    if name == "vdot" and (len(left) > 1 or len(right) > 1):
        return None
    if name == "inner" and len(right) > 1:
        if len(left) > 2 or len(right) > 2:
            return None
        turned = recorder.add(
            Operation("transpose", [recorder.position(q)], {"axes": None}), np.transpose(q)
        )
        return Operation("matmul", [recorder.position(p), turned])
    if name == "dot" and len(right) > 2:
        return None
    return Operation("matmul", [recorder.position(p), recorder.position(q)])


def tensordot(recorder: Writer, p: Any, q: Any, axes: Any = 2) -> Operation | None:
    rank_p, rank_q = np.ndim(p), np.ndim(q)
    if isinstance(axes, int):
        of_p, of_q = list(range(rank_p - axes, rank_p)), list(range(axes))
    else:
        of_p, of_q = ([a] if isinstance(a, int) else list(a) for a in axes)
    letters_p = [chr(97 + i) for i in range(rank_p)]
    letters_q = [chr(97 + rank_p + i) for i in range(rank_q)]
    for a, b in zip(of_p, of_q, strict=True):
        letters_q[b] = letters_p[a]
    shared = {letters_p[a] for a in of_p}
    result = [letter for letter in letters_p + letters_q if letter not in shared]
    subscripts = "".join(letters_p) + "," + "".join(letters_q) + "->" + "".join(result)
    return Operation(
        "einsum", [recorder.position(p), recorder.position(q)], {"subscripts": subscripts}
    )


def einsum(recorder: Writer, args: Arguments, options: Keywords) -> Operation | None:
    subscripts, *operands = args
    if not isinstance(subscripts, str) or "." in subscripts:
        return None
    subscripts = subscripts.replace(" ", "")
    if "->" not in subscripts:
        letters = subscripts.replace(",", "")
        subscripts += "->" + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    terms = subscripts.split("->")[0].split(",")
    if any(len(set(term)) < len(term) for term in terms):
        return None
    return Operation(
        "einsum", [recorder.position(operand) for operand in operands], {"subscripts": subscripts}
    )


REDUCTIONS = {
    "sum": "sum",
    "mean": "mean",
    "average": "mean",
    "max": "max",
    "amax": "max",
    "min": "min",
    "amin": "min",
}


def reduction(recorder: Writer, name: str, args: Arguments, options: Keywords) -> Operation | None:
    axis = options.pop("axis", args[1] if len(args) > 1 else None)
    keepdims = bool(options.pop("keepdims", False))
    if options or len(args) > 2:
        return None
    values = args[0]
    if axis is not None and not isinstance(axis, tuple):
        axis = int(axis)
    if isinstance(values, np.matrix) and axis is not None:
        keepdims = True
    return Operation(
        REDUCTIONS[name], [recorder.position(values)], {"axis": axis, "keepdims": keepdims}
    )


def variance(
    recorder: Writer,
    name: str,
    values: Any,
    axis: Any = None,
    ddof: int = 0,
    keepdims: bool = False,
) -> Operation:
    values = np.asarray(values) if not isinstance(values, np.ndarray) else values
    position = recorder.position(values)
    mean = np.mean(values, axis=axis, keepdims=True)
    at = recorder.add(Operation("mean", [position], {"axis": axis, "keepdims": True}), mean)
    centred = recorder.add(Operation("subtract", [position, at]), values - mean)
    squared = recorder.add(Operation("square", [centred]), (values - mean) ** 2)
    total = np.sum((values - mean) ** 2, axis=axis, keepdims=keepdims)
    summed = recorder.add(Operation("sum", [squared], {"axis": axis, "keepdims": keepdims}), total)
    count = values.size // max(1, np.size(total)) - ddof
    if name == "var":
        return Operation("divide", [summed, recorder.position(float(count))])
    return Operation(
        "sqrt",
        [
            recorder.add(
                Operation("divide", [summed, recorder.position(float(count))]), total / count
            )
        ],
    )


def norm(
    recorder: Writer,
    values: Any,
    ord: Any = None,  # noqa: A002  # NumPy names it so
    axis: Any = None,
    keepdims: bool = False,
) -> Operation | None:
    if ord not in (None, 2, "fro") or (ord == 2 and np.ndim(values) > 1 and axis is None):
        return None
    squared = recorder.add(Operation("square", [recorder.position(values)]), np.square(values))
    total = recorder.add(
        Operation("sum", [squared], {"axis": axis, "keepdims": keepdims}),
        np.sum(np.square(values), axis=axis, keepdims=keepdims),
    )
    return Operation("sqrt", [total])


JOINS = {
    "concatenate",
    "stack",
    "vstack",
    "row_stack",
    "hstack",
    "column_stack",
    "append",
    "dstack",
}


def join(recorder: Writer, name: str, args: Arguments, options: Keywords) -> Operation | None:
    if name == "append":
        axis = options.get("axis", args[2] if len(args) > 2 else None)
        parts = list(args[:2])
        if axis is None:
            return joined(recorder, [(part, (np.size(part),)) for part in parts], 0)
        return joined(recorder, [(part, np.shape(part)) for part in parts], axis)
    parts = list(args[0])
    axis = options.get("axis", args[1] if len(args) > 1 else 0)
    shapes = [np.shape(part) for part in parts]
    if name == "stack":
        return Operation("stack", [recorder.position(part) for part in parts], {"axis": axis})
    if name == "concatenate":
        if axis is None:
            return joined(recorder, [(part, (np.size(part),)) for part in parts], 0)
        return joined(recorder, list(zip(parts, shapes, strict=True)), axis)
    if name in ("vstack", "row_stack"):
        shapes = [
            shape if len(shape) > 1 else (1, int(np.prod(shape, dtype=int))) for shape in shapes
        ]
        return joined(recorder, list(zip(parts, shapes, strict=True)), 0)
    if name == "column_stack":
        shapes = [
            shape if len(shape) > 1 else (int(np.prod(shape, dtype=int)), 1) for shape in shapes
        ]
        return joined(recorder, list(zip(parts, shapes, strict=True)), 1)
    if name == "hstack":
        shapes = [shape or (1,) for shape in shapes]
        return joined(
            recorder, list(zip(parts, shapes, strict=True)), 0 if len(shapes[0]) == 1 else 1
        )
    return None


def joined(recorder: Writer, parts: list[tuple[Any, tuple[int, ...]]], axis: int) -> Operation:
    positions = []
    for part, shape in parts:
        position = recorder.position(part)
        if np.shape(part) != shape:
            position = recorder.add(
                Operation("reshape", [position], {"shape": shape}), np.reshape(part, shape)
            )
        positions.append(position)
    return Operation("concatenate", positions, {"axis": axis})


def moved(
    recorder: Writer, name: str, args: Arguments, kwargs: Keywords, value: Any
) -> Operation | None:
    """Where each entry of the result comes from, by moving numbers that stand for places."""
    values = args[0]
    shape = np.shape(values)
    far = 2.0**40  # beyond any constant that a mover puts between entries
    places = np.arange(np.size(values), dtype=float).reshape(shape) + far
    function = getattr(np, name) if hasattr(np, name) else None
    result = (
        getattr(places, name)(*args[1:], **kwargs)
        if function is None
        else function(places, *args[1:], **kwargs)
    )
    if np.shape(result) != np.shape(value):
        return None
    result = np.asarray(result)
    constant = result < far
    flat = np.where(constant, 0, result - far).astype(np.intp)
    position = recorder.position(values)
    if shape:
        operation = Operation("gather", [position], {"indices": unravel(flat, shape)})
    else:
        operation = Operation("broadcast", [position], {"shape": result.shape})
    if not constant.any():
        return operation
    gathered = recorder.add(operation, np.reshape(np.asarray(values), -1)[flat])
    return Operation(
        "where",
        [recorder.position(constant), recorder.position(np.where(constant, result, 0)), gathered],
    )


def inserted(
    recorder: Writer, arr: Any, obj: Any, values: Any, axis: Any = None
) -> Operation | None:
    """np.insert of numbers that are no constants: entries taken out of one line of all that there are."""
    if is_constant(recorder, values):
        return None
    sizes, shapes = (np.size(arr), np.size(values)), (np.shape(arr), np.shape(values))
    line = recorder.add(
        joined(recorder, [(arr, (sizes[0],)), (values, (sizes[1],))], 0),
        np.append(arr, values),
    )
    places = np.insert(
        np.arange(sizes[0]).reshape(shapes[0]),
        obj,
        np.arange(sizes[0], sum(sizes)).reshape(shapes[1]),
        axis,
    )
    return Operation("gather", [line], {"indices": (places,)})


def is_constant(recorder: Writer, value: Any) -> bool:
    """Whether a value is a whole number, one that the source has, or an array of zeros or ones."""
    if isinstance(value, list | tuple):
        return all(is_constant(recorder, one) for one in value)
    if not isinstance(value, NUMBERS):
        return True
    return recorder.recording.origins.get(recorder.position(value)) in ("literal", "zeros", "ones")


def matrix_operation(
    recorder: Writer, name: str, args: Arguments, options: Keywords, value: Any
) -> Operation | None:
    """np.matrix multiplies by `*`; its slices and sums stay matrices, and so do its products with vectors."""
    if options or len(args) != 2:
        return None
    if name == "multiply" and all(np.ndim(a) == 2 for a in args):
        left, right = (np.asarray(a) for a in args)
        if left.shape[1] == right.shape[0] and np.shape(value) == (left.shape[0], right.shape[1]):
            same = left.shape == right.shape and np.array_equal(np.asarray(value), left * right)
            if not same:
                return Operation("matmul", [recorder.position(a) for a in args])
    if name in ("dot", "matmul") and {np.ndim(a) for a in args} == {1, 2}:
        plain = Operation("matmul", [recorder.position(a) for a in args])
        flat = recorder.add(plain, np.ravel(value))
        return Operation("reshape", [flat], {"shape": np.shape(value)})
    return None
