"""What a function of NumPy, of `math` or an operator is as an operation of graphs.

A function that has a rule is written down by it, or as a few steps that have. What only moves entries
(flip, pad, tile ...) is a gather, whose indices are found by moving indices. Any other function is kept
as it is, to be called again: `checking` then takes its derivative numerically.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np

if TYPE_CHECKING:
    from chainrule.recording.recorder import Recorder


@final
@dataclass
class Operation:
    """An operation by its rule's name, the positions that it takes, and its parameters."""

    name: str
    inputs: list[int]
    parameters: dict[str, Any] = field(default_factory=dict)


OPERATORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "Add": ("add", operator.add),
    "Sub": ("subtract", operator.sub),
    "Mult": ("multiply", operator.mul),
    "Div": ("divide", operator.truediv),
    "FloorDiv": ("floor_divide", operator.floordiv),
    "Mod": ("remainder", operator.mod),
    "Pow": ("power", operator.pow),
    "MatMult": ("matmul", operator.matmul),
    "BitAnd": ("bitwise_and", operator.and_),
    "BitOr": ("bitwise_or", operator.or_),
    "BitXor": ("bitwise_xor", operator.xor),
    "LShift": ("left_shift", operator.lshift),
    "RShift": ("right_shift", operator.rshift),
}

ELEMENTWISE = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "true_divide": "divide",
    "maximum": "maximum",
    "fmax": "maximum",
    "minimum": "minimum",
    "fmin": "minimum",
    "negative": "negate",
    "neg": "negate",
    "square": "square",
    "sqrt": "sqrt",
    "abs": "absolute",
    "absolute": "absolute",
    "fabs": "absolute",
    "exp": "exp",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
    "sin": "sin",
    "cos": "cos",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "expit": "sigmoid",
    "sign": "sign",
    "greater": "greater",
    "greater_equal": "greater-equal",
    "less": "less",
    "less_equal": "less-equal",
    "equal": "equal",
    "not_equal": "not-equal",
}
COMPARING = {"greater", "greater-equal", "less", "less-equal", "equal", "not-equal"}
TWO_OPERANDS = {"add", "subtract", "multiply", "divide", "maximum", "minimum"} | COMPARING
# What gives the same entries in other places, or some of them, or constants between them.
MOVERS = {
    "ravel", "flatten", "squeeze", "expand_dims", "swapaxes", "moveaxis", "rollaxis", "roll", "flip",
    "fliplr", "flipud", "rot90", "tile", "repeat", "diag", "diagonal", "triu", "tril", "pad", "insert",
    "delete", "take", "broadcast_to", "atleast_1d", "atleast_2d", "atleast_3d", "diagflat", "resize",
}  # fmt: skip
SAME = {
    "array", "asarray", "ascontiguousarray", "asfortranarray", "asanyarray", "copy", "astype", "float",
    "float64", "float32", "float16", "positive", "pos", "item", "nan_to_num", "asmatrix", "mat", "matrix",
    "asarray_chkfinite", "real",
}  # fmt: skip

Arguments: TypeAlias = tuple[Any, ...]
Keywords: TypeAlias = dict[str, Any]


def translate(
    recorder: "Recorder",
    function: Any,
    name: str,
    args: Arguments,
    kwargs: Keywords,
    value: Any,
    literal: Sequence[bool] = (),
) -> Operation | None:
    """The operation that a call is; None where its result has nothing to do with known numbers."""
    try:
        operation = known_operation(recorder, name, args, kwargs, value)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        operation = None
    return operation if operation is not None else opaque(recorder, function, args, kwargs)


def known_operation(
    recorder: "Recorder", name: str, args: Arguments, kwargs: Keywords, value: Any
) -> Operation | None:
    position = recorder.position
    options = {key: kwargs[key] for key in kwargs if key not in ("dtype", "casting", "order", "copy")}
    if any(isinstance(argument, np.matrix) for argument in args):
        special = matrix_operation(recorder, name, args, options, value)
        if special is not None:
            return special
    if name in ELEMENTWISE and not options:
        rule = ELEMENTWISE[name]
        if len(args) == (2 if rule in TWO_OPERANDS else 1):
            return Operation(rule, [position(argument) for argument in args])
        return None
    if name in ("power", "pow", "float_power") and not options and len(args) == 2:
        return power(recorder, *args)
    if name == "where" and len(args) == 3:
        return Operation("where", [position(argument) for argument in args])
    if name == "exp2" and not options:
        return power(recorder, 2, args[0])
    if name == "reciprocal" and not options:
        return Operation("divide", [position(1), position(args[0])])
    if name == "clip":
        return clip(recorder, args, options)
    if name in ("dot", "matmul", "vdot", "inner"):
        return product(recorder, name, *args, **options)
    if name == "outer" and not options:
        return Operation("outer", [position(args[0]), position(args[1])])
    if name == "tensordot":
        return tensordot(recorder, *args, **options)
    if name == "einsum":
        return einsum(recorder, args, options)
    if name in REDUCTIONS:
        return reduction(recorder, name, args, options)
    if name in ("var", "std"):
        return variance(recorder, name, *args, **options)
    if name == "norm":
        return norm(recorder, *args, **options)
    if name == "softmax":
        axis = options.get("axis", args[1] if len(args) > 1 else None)
        return Operation("softmax", [position(args[0])], {"axis": axis}) if axis is not None else None
    if name == "transpose":
        axes = options.get("axes", args[1] if len(args) == 2 else (args[1:] or None))
        return Operation("transpose", [position(args[0])], {"axes": axes})
    if name == "reshape" or name in SAME:
        kind, made = np.asarray(args[0]).dtype.kind, np.asarray(value).dtype.kind
        if kind == "b" and made != "b":
            return Operation("multiply", [position(args[0]), position(1)])  # 0 and 1, which add up
        if kind == "f" and made != "f":
            return None
        return Operation("reshape", [position(args[0])], {"shape": np.shape(value)})
    if name in JOINS:
        return join(recorder, name, args, options)
    if name in MOVERS:
        return moved(recorder, name, args, kwargs, value)
    return None


def opaque(recorder: "Recorder", function: Any, args: Arguments, kwargs: Keywords) -> Operation:
    """The call as it is. Its numbers are inputs; anything else stays with it."""
    from chainrule.recording.recorder import NUMBERS

    inputs: list[int] = []

    def slot(argument: Any) -> Callable[[Sequence[Any]], Any]:
        numeric = isinstance(argument, NUMBERS) and not (
            isinstance(argument, np.ndarray) and argument.dtype.kind not in "fiub"
        )
        if numeric or (isinstance(argument, list | tuple) and holds_numbers(argument)):
            number, kind = len(inputs), type(argument)
            inputs.append(recorder.position(argument))
            if kind is float:
                return lambda values: float(values[number])
            dtype = argument.dtype if isinstance(argument, np.ndarray) and argument.dtype.kind in "iub" else None
            return lambda values: values[number] if dtype is None else values[number].astype(dtype)
        return lambda values: argument

    slots = [slot(argument) for argument in args]
    named = {key: slot(argument) for key, argument in kwargs.items()}

    def again(m: Any, *values: Any) -> Any:
        return function(*(s(values) for s in slots), **{key: s(values) for key, s in named.items()})

    name = f"call:{getattr(function, '__name__', 'function')}:{len(recorder.recording.functions)}"
    recorder.recording.functions[name] = again
    return Operation(name, inputs)


def holds_numbers(values: Any) -> bool:
    from chainrule.recording.recorder import NUMBERS

    return any(
        isinstance(value, NUMBERS) or (isinstance(value, list | tuple) and holds_numbers(value))
        for value in values
    )


# --- operations of a few steps --------------------------------------------------------------------


def power(recorder: "Recorder", base: Any, exponent: Any) -> Operation | None:
    from chainrule.recording.recorder import NUMBERS

    plain = isinstance(exponent, int | np.integer) or (
        np.ndim(exponent) == 0 and isinstance(base, NUMBERS)
    )
    if plain and np.ndim(exponent) == 0:
        number = float(exponent)
        if number == 2:
            return Operation("square", [recorder.position(base)])
        return Operation("power", [recorder.position(base)], {"exponent": int(number) if number == int(number) else number})
    if np.ndim(base) == 0 and float(base) > 0:
        # b ** p = exp(p log b), as in e ** -z
        logarithm = recorder.position(float(np.log(float(base))))
        product = recorder.add(
            Operation("multiply", [recorder.position(exponent), logarithm]), np.multiply(exponent, np.log(float(base)))
        )
        return Operation("exp", [product])
    return None


def clip(recorder: "Recorder", args: Arguments, options: Keywords) -> Operation | None:
    names = ("a", "a_min", "a_max")
    given = dict(zip(names, args, strict=False)) | {
        {"min": "a_min", "max": "a_max"}.get(key, key): value for key, value in options.items()
    }
    values, low, high = (given.get(name) for name in names)
    position = recorder.position(values)
    if low is not None:
        position = recorder.add(
            Operation("maximum", [position, recorder.position(low)]), np.maximum(values, low)  # type: ignore[arg-type]
        )
    if high is None:
        return Operation("reshape", [position], {"shape": np.shape(values)})
    return Operation("minimum", [position, recorder.position(high)])


def product(recorder: "Recorder", name: str, p: Any, q: Any) -> Operation | None:
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


def tensordot(recorder: "Recorder", p: Any, q: Any, axes: Any = 2) -> Operation | None:
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
    return Operation("einsum", [recorder.position(p), recorder.position(q)], {"subscripts": subscripts})


def einsum(recorder: "Recorder", args: Arguments, options: Keywords) -> Operation | None:
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


REDUCTIONS = {"sum": "sum", "mean": "mean", "average": "mean", "max": "max", "amax": "max", "min": "min", "amin": "min"}


def reduction(recorder: "Recorder", name: str, args: Arguments, options: Keywords) -> Operation | None:
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
    recorder: "Recorder", name: str, values: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False
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
        "sqrt", [recorder.add(Operation("divide", [summed, recorder.position(float(count))]), total / count)]
    )


def norm(recorder: "Recorder", values: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Operation | None:  # noqa: A002
    if ord not in (None, 2, "fro") or (ord == 2 and np.ndim(values) > 1 and axis is None):
        return None
    squared = recorder.add(Operation("square", [recorder.position(values)]), np.square(values))
    total = recorder.add(
        Operation("sum", [squared], {"axis": axis, "keepdims": keepdims}),
        np.sum(np.square(values), axis=axis, keepdims=keepdims),
    )
    return Operation("sqrt", [total])


JOINS = {"concatenate", "stack", "vstack", "row_stack", "hstack", "column_stack", "append", "dstack"}


def join(recorder: "Recorder", name: str, args: Arguments, options: Keywords) -> Operation | None:
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
        shapes = [shape if len(shape) > 1 else (1, int(np.prod(shape, dtype=int))) for shape in shapes]
        return joined(recorder, list(zip(parts, shapes, strict=True)), 0)
    if name == "column_stack":
        shapes = [shape if len(shape) > 1 else (int(np.prod(shape, dtype=int)), 1) for shape in shapes]
        return joined(recorder, list(zip(parts, shapes, strict=True)), 1)
    if name == "hstack":
        shapes = [shape or (1,) for shape in shapes]
        return joined(recorder, list(zip(parts, shapes, strict=True)), 0 if len(shapes[0]) == 1 else 1)
    return None


def joined(recorder: "Recorder", parts: list[tuple[Any, tuple[int, ...]]], axis: int) -> Operation:
    positions = []
    for part, shape in parts:
        position = recorder.position(part)
        if np.shape(part) != shape:
            position = recorder.add(Operation("reshape", [position], {"shape": shape}), np.reshape(part, shape))
        positions.append(position)
    return Operation("concatenate", positions, {"axis": axis})


def moved(recorder: "Recorder", name: str, args: Arguments, kwargs: Keywords, value: Any) -> Operation | None:
    """Where each entry of the result comes from, by moving numbers that stand for places."""
    values = args[0]
    shape = np.shape(values)
    far = 2.0**40  # beyond any constant that a mover puts between entries
    places = np.arange(np.size(values), dtype=float).reshape(shape) + far
    function = getattr(np, name) if hasattr(np, name) else None
    result = getattr(places, name)(*args[1:], **kwargs) if function is None else function(places, *args[1:], **kwargs)
    if np.shape(result) != np.shape(value):
        return None
    result = np.asarray(result)
    constant = result < far
    flat = np.where(constant, 0, result - far).astype(np.intp)
    position = recorder.position(values)
    if shape:
        operation = Operation("gather", [position], {"indices": tuple(np.unravel_index(flat, shape))})
    else:
        operation = Operation("broadcast", [position], {"shape": result.shape})
    if not constant.any():
        return operation
    gathered = recorder.add(operation, np.where(constant, 0, value))
    return Operation("where", [recorder.position(constant), recorder.position(np.where(constant, result, 0)), gathered])


def matrix_operation(
    recorder: "Recorder", name: str, args: Arguments, options: Keywords, value: Any
) -> Operation | None:
    """np.matrix multiplies by `*`; its slices and sums stay matrices."""
    if name == "multiply" and not options and len(args) == 2 and all(np.ndim(a) == 2 for a in args):
        left, right = (np.asarray(a) for a in args)
        if left.shape[1] == right.shape[0] and np.shape(value) == (left.shape[0], right.shape[1]):
            same = left.shape == right.shape and np.array_equal(np.asarray(value), left * right)
            if not same:
                return Operation("matmul", [recorder.position(a) for a in args])
    return None


def transposed(recorder: "Recorder", owner: Any) -> Operation:
    return Operation("transpose", [recorder.position(owner)], {"axes": None})


def unchanged(recorder: "Recorder", owner: Any) -> Operation:
    return Operation("reshape", [recorder.position(owner)], {"shape": np.shape(owner)})


def flattened(recorder: "Recorder", owner: Any) -> Operation:
    return Operation("reshape", [recorder.position(owner)], {"shape": (np.size(owner),)})


ATTRIBUTES: dict[str, Callable[["Recorder", Any], Operation | None]] = {
    "T": transposed,
    "A": unchanged,
    "A1": flattened,
    "real": unchanged,
}

# Methods of arrays, as functions; None for those that change the array itself.
METHODS: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "clip", "dot", "max", "mean", "min", "ravel", "repeat", "reshape", "squeeze", "std", "sum",
        "swapaxes", "take", "transpose", "var", "copy", "diagonal", "prod", "cumsum", "trace", "round",
    )
} | dict.fromkeys(("fill", "sort", "partition", "put", "resize"))  # fmt: skip


def flatten(values: Any, *args: Any) -> Any:
    return np.ravel(values)


def astype(values: Any, *args: Any, **kwargs: Any) -> Any:
    return np.asarray(values).astype(*args, **kwargs)


def item(values: Any, *args: Any) -> Any:
    return values


METHODS |= {"flatten": flatten, "astype": astype, "item": item}
