"""What a function of NumPy, of `math` or an operator is as an operation of graphs.

A function that has a rule is written down by it, or as a few steps that have. What only moves entries
(flip, pad, tile ...) is a gather, whose indices are found by moving indices. Any other function is kept
as it is, to be called again: `checking` then takes its derivative numerically.
"""

import operator
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.recording.composites import (
    JOINS,
    REDUCTIONS,
    clip,
    einsum,
    inserted,
    join,
    matrix_operation,
    moved,
    norm,
    power,
    product,
    reduction,
    tensordot,
    variance,
)
from chainrule.recording.functions import RANDOM_MODULES, module_of
from chainrule.recording.recording import (
    NUMBERS,
    Arguments,
    Choice,
    Keywords,
    Operation,
    Writer,
    is_number,
)
from chainrule.recording.single_entries import modulo

UNARY: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "USub": ("negative", operator.neg),
    "UAdd": ("positive", operator.pos),
    "Invert": ("invert", operator.invert),
}
OPERATORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "Add": ("add", operator.add),
    "Sub": ("subtract", operator.sub),
    "Mult": ("multiply", operator.mul),
    "Div": ("divide", operator.truediv),
    "FloorDiv": ("floor_divide", operator.floordiv),
    "Mod": ("remainder", modulo),
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
    "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "bool_", "positive", "pos", "item", "nan_to_num", "asmatrix", "mat", "matrix",
    "asarray_chkfinite", "real", "conj", "conjugate", "view",
}  # fmt: skip

DESCRIPTORS = types.MethodDescriptorType | types.WrapperDescriptorType
MOST_LISTED = 2000  # entries of an array that becomes a list

# What makes arrays of nothing, and the origin that these have.
CONSTANTS = dict.fromkeys(("zeros", "zeros_like", "empty", "empty_like"), "zeros") | dict.fromkeys(
    ("ones", "ones_like", "full", "full_like", "eye", "identity"), "ones"
)


def translate(
    recorder: Writer,
    function: Any,
    name: str,
    args: Arguments,
    kwargs: Keywords,
    value: Any,
    literal: Sequence[bool] = (),
) -> Operation | None:
    """The operation that a call is; None where its result has nothing to do with known numbers."""
    try:
        known = not is_of_ufunc(function, args)
        operation = known_operation(recorder, name, args, kwargs, value) if known else None
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        operation = None
    try:
        return operation if operation is not None else opaque(recorder, function, args, kwargs)
    except ValueError:  # rows of several lengths are no array
        return None


def is_of_ufunc(function: Any, args: Arguments) -> bool:
    """Whether a function is a ufunc's own: np.add.outer is no product, and np.multiply.outer one of vectors alone."""
    owner = getattr(function, "__self__", None)
    vectors = owner is np.multiply and all(np.ndim(argument) == 1 for argument in args)
    return isinstance(owner, np.ufunc) and not vectors


def known_operation(
    recorder: Writer, name: str, args: Arguments, kwargs: Keywords, value: Any
) -> Operation | None:
    position = recorder.position
    options = {
        key: kwargs[key] for key in kwargs if key not in ("dtype", "casting", "order", "copy")
    }
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
    if name in ("invert", "logical_not") and np.asarray(args[0]).dtype.kind == "b":
        return Operation("equal", [position(args[0]), position(0)])
    if name == "select" and not options:
        return selected(recorder, *args)
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
        return (
            Operation("softmax", [position(args[0])], {"axis": axis}) if axis is not None else None
        )
    if name == "transpose":
        axes = options.get("axes", args[1] if len(args) == 2 else (args[1:] or None))
        return Operation("transpose", [position(args[0])], {"axes": axes})
    if name == "item" and len(args) > 1:
        return entry_taken(recorder, *args)
    if name == "reshape" or name in SAME:
        kind, made = np.asarray(args[0]).dtype.kind, np.asarray(value).dtype.kind
        if kind == "b" and made != "b":
            return Operation("multiply", [position(args[0]), position(1)])  # 0 and 1, which add up
        if kind == "f" and made != "f":
            return None
        return Operation("reshape", [position(args[0])], {"shape": np.shape(value)})
    if name in JOINS:
        return join(recorder, name, args, options)
    if name == "insert" and (operation := inserted(recorder, *args, **kwargs)) is not None:
        return operation
    if name in MOVERS:
        return moved(recorder, name, args, kwargs, value)
    if name in ("full", "full_like"):
        shape = {"shape": np.shape(value)}
        return Operation("broadcast", [position(fill_of(args, kwargs))], shape)
    return None


def selected(
    recorder: Writer, conditions: Sequence[Any], values: Sequence[Any], default: Any = 0
) -> Operation:
    """np.select: the first condition that holds counts, so the last is the innermost."""
    otherwise = recorder.position(default)
    for k in range(len(conditions) - 1, 0, -1):
        inputs = [recorder.position(conditions[k]), recorder.position(values[k]), otherwise]
        made = np.select(list(conditions[k:]), list(values[k:]), default)
        otherwise = recorder.add(Operation("where", inputs), made)
    inputs = [recorder.position(conditions[0]), recorder.position(values[0]), otherwise]
    return Operation("where", inputs)


def entry_taken(recorder: Writer, values: Any, *index: Any) -> Operation:
    """The entry that `item` takes: by one number in the order of rows, or by an index."""
    shape = np.shape(values)
    place = np.arange(np.size(values)).reshape(shape).item(*index)
    indices = tuple(int(k) for k in np.unravel_index(place, shape))
    return Operation("gather", [recorder.position(values)], {"indices": indices})


def fill_of(args: Arguments, kwargs: Keywords) -> Any:
    """What np.full puts everywhere."""
    return kwargs.get("fill_value", args[1] if len(args) > 1 else None)


def is_filled_with_made(recorder: Writer, name: str, args: Arguments, kwargs: Keywords) -> bool:
    """Whether an array is filled with a number that a step made, and so is no constant."""
    if name not in ("full", "full_like"):
        return False
    position = recorder.memory.known(fill_of(args, kwargs))
    return position is not None and position not in recorder.recording.origins


def opaque(recorder: Writer, function: Any, args: Arguments, kwargs: Keywords) -> Operation:
    """The call as it is. Its numbers are inputs; anything else stays with it."""
    inputs: list[int] = []

    def slot(argument: Any) -> Callable[[Sequence[Any]], Any]:
        numeric = isinstance(argument, NUMBERS) and not (
            isinstance(argument, np.ndarray) and argument.dtype.kind not in "fiub"
        )
        if numeric or (isinstance(argument, list | tuple) and holds_numbers(argument)):
            number = len(inputs)
            inputs.append(recorder.position(argument))
            return lambda values: alike(values[number], argument)
        return lambda values: argument

    slots = [slot(argument) for argument in args]
    named = {key: slot(argument) for key, argument in kwargs.items()}

    def again(m: Any, *values: Any) -> Any:
        return function(*(s(values) for s in slots), **{key: s(values) for key, s in named.items()})

    name = f"call:{getattr(function, '__name__', 'function')}:{len(recorder.recording.functions)}"
    recorder.recording.functions[name] = again
    return Operation(name, inputs)


def alike(values: Any, argument: Any) -> Any:
    """Numbers as an argument has them: in lists, or of its kind, where it has whole numbers or truths."""
    if isinstance(argument, list | tuple):
        return [alike(one, old) for one, old in zip(values, argument, strict=True)]
    if isinstance(argument, float | np.floating):
        return type(argument)(values)
    kind = argument.dtype if isinstance(argument, np.ndarray) else np.float64
    return values.astype(kind) if np.dtype(kind).kind in "iub" else values


def change(
    recorder: Writer, target: Any, function: Any, args: Arguments, kwargs: Mapping[str, Any]
) -> Any:
    """Call what changes memory: what no rule follows is taken as given anew."""
    if not isinstance(target, np.ndarray) or isinstance(target, np.memmap) or not is_number(target):
        return function(*args, **kwargs)
    operation = overwritten(recorder, target, function, args, kwargs)
    recorder.memory.before_write(target)
    value = function(*args, **kwargs)
    if operation is not None:
        recorder.memory.written(target, recorder.add(operation, target))
    else:
        recorder.memory.forget(target)
    return value


def overwritten(
    recorder: Writer, target: Any, function: Any, args: Arguments, kwargs: Mapping[str, Any]
) -> Operation | None:
    """What a call puts into its target; None where no rule follows it."""
    before, name = recorder.position(target), getattr(function, "__name__", "")
    if kwargs.get("out") is not None:
        rest = {key: value for key, value in kwargs.items() if key != "out"}
        return translate(recorder, function, name, args, rest, target)
    if name == "fill" and args:
        source = args[0]
    elif name == "copyto" and len(args) == 2:
        source = args[1]
    else:
        return None
    return Operation("scatter", [before, recorder.position(source)], {"indices": Ellipsis})


def is_left_alone(
    recorder: Writer, name: str, function: Any, args: Arguments, kwargs: Keywords, found: Any
) -> bool:
    """Whether a result is none to follow: no real number. Where a largest entry was found is written down."""
    if name in ("argmax", "argmin") and args and recorder.memory.known(args[0]) is not None:
        choice = Choice(
            recorder.position(args[0]),
            lambda values: function(values, *args[1:], **kwargs),
            np.array(found),
        )
        recorder.recording.choices.append(choice)
    return not is_number(found) or isinstance(found, int | np.integer | np.bool_)


def holds_numbers(values: Any) -> bool:
    return any(
        isinstance(value, NUMBERS) or (isinstance(value, list | tuple) and holds_numbers(value))
        for value in values
    )


def transposed(recorder: Writer, owner: Any) -> Operation:
    return Operation("transpose", [recorder.position(owner)], {"axes": None})


def unchanged(recorder: Writer, owner: Any) -> Operation:
    return Operation("reshape", [recorder.position(owner)], {"shape": np.shape(owner)})


def flattened(recorder: Writer, owner: Any) -> Operation:
    return Operation("reshape", [recorder.position(owner)], {"shape": (np.size(owner),)})


ATTRIBUTES: dict[str, Callable[[Writer, Any], Operation | None]] = {
    "T": transposed,
    "A": unchanged,
    "A1": flattened,
    "real": unchanged,
}

# Methods of arrays, as functions; `change` for those that change the array itself.
METHODS: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "clip", "dot", "max", "mean", "min", "ravel", "repeat", "reshape", "squeeze", "std", "sum",
        "swapaxes", "take", "transpose", "var", "copy", "diagonal", "prod", "cumsum", "trace", "round",
        "argmax", "argmin", "argsort",
    )
} | dict.fromkeys(("fill", "sort", "partition", "put", "resize"), change)  # fmt: skip


def flatten(values: Any, *args: Any) -> Any:
    return np.ravel(values)


def astype(values: Any, *args: Any, **kwargs: Any) -> Any:
    return np.asarray(values).astype(*args, **kwargs)


def item(values: Any, *args: Any) -> Any:
    return np.asarray(values).item(*args)


def listed(recorder: Writer, values: Any, function: Any, *_: Any) -> Any:
    """Lists of the numbers of an array; where no step made it they are known when they are used."""
    rows = function()
    position = recorder.memory.known(values)
    made = position is not None and position not in recorder.recording.origins
    if made and values.dtype.kind == "f" and values.size <= MOST_LISTED:
        for index in np.ndindex(values.shape):
            row = rows
            for k in index[:-1]:
                row = row[k]
            entry = row[index[-1]] if index else row
            recorder.record(Operation("gather", [position], {"indices": index}), entry)
    return rows


METHODS |= {"flatten": flatten, "astype": astype, "item": item, "tolist": listed}


def method_of(owner: Any, name: str) -> Any:
    """A method of numbers as a function of them: those that are not told above, too, as compress."""
    if not isinstance(owner, np.ndarray | np.floating):
        return None
    found = METHODS.get(name)
    plain = type(owner) is np.ndarray and is_number(owner)
    own = getattr(np.ndarray, name, None) if found is None and plain else found
    return own if found is not None or isinstance(own, DESCRIPTORS) else None


def part_by_part(
    recorder: Writer, function: Any, args: Arguments, kwargs: Keywords, values: Any
) -> Any:
    """Several arrays that a function gives at once, as np.modf does: each is one by itself, unless it is drawn."""
    drawn = module_of(function).startswith(RANDOM_MODULES)
    if isinstance(values, tuple | list) and not drawn:
        for number, value in enumerate(values):
            made = isinstance(value, np.ndarray) and value.dtype.kind == "f"
            if made and recorder.memory.known(value) is None:
                one = nth_of(function, number)
                recorder.record(opaque(recorder, one, args, kwargs), value)
    return values


def nth_of(function: Any, number: int) -> Callable[..., Any]:
    def one(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)[number]

    return one
