"""Which functions compute with numbers, and what operators and comparisons are as operations."""

import inspect
import io
import operator
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.recording.recording import NUMBERS
from chainrule.recording.rewriting import RECORDER

COMPARISONS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "Gt": (operator.gt, "greater"),
    "GtE": (operator.ge, "greater-equal"),
    "Lt": (operator.lt, "less"),
    "LtE": (operator.le, "less-equal"),
    "Eq": (operator.eq, "equal"),
    "NotEq": (operator.ne, "not-equal"),
}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.iadd,
    "Sub": operator.isub,
    "Mult": operator.imul,
    "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv,
    "Mod": operator.imod,
    "Pow": operator.ipow,
    "MatMult": operator.imatmul,
    "BitAnd": operator.iand,
    "BitOr": operator.ior,
    "BitXor": operator.ixor,
    "LShift": operator.ilshift,
    "RShift": operator.irshift,
}
# What changes its first argument, or the array that it is a method of, in a way that no rule follows, or not always.
CHANGERS = {
    "shuffle",
    "sort",
    "partition",
    "put",
    "putmask",
    "put_along_axis",
    "place",
    "fill_diagonal",
    "resize",
    "setfield",
}
COPYING = (np.sort, np.partition, np.resize)  # of the same names as methods that change an array
MOST_OBJECTS = 100  # of an array whose operators are followed
RANDOM_MODULES = ("numpy.random", "random")


def is_numeric_function(function: Any) -> bool:
    if isinstance(function, np.ufunc):
        return True
    if isinstance(
        function, types.BuiltinFunctionType | types.FunctionType | types.BuiltinMethodType
    ):
        return (
            module_of(function).split(".")[0] in ("numpy", "math", "scipy", "random")
            or function in BUILTINS
        )
    if type(function).__name__ == "_ArrayFunctionDispatcher":
        return True
    if isinstance(function, types.MethodDescriptorType):
        return function.__objclass__ is np.ndarray
    if isinstance(function, types.MethodType):
        return type(function.__self__).__module__.startswith(("numpy.random", "random"))
    if not isinstance(function, type):
        return False
    return function is float or issubclass(function, np.number | np.bool_ | np.matrix)


def module_of(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    of_object = owner is not None and not isinstance(owner, types.ModuleType)
    return (type(owner).__module__ if of_object else getattr(function, "__module__", None)) or ""


ORIGINALS = {np: dict(vars(np)), np.random: dict(vars(np.random))}


def replaced_original(owner: Any, name: str, function: Any) -> Any:
    """NumPy's own function where a package has put another in its place, as nnfs does with np.dot."""
    if owner is not np and owner is not np.random:
        return None
    original = ORIGINALS[owner].get(name)
    return original if callable(original) and original is not function else None


BUILTINS: set[Any] = {abs, pow, round, divmod}
PLAIN = (*NUMBERS, int, np.generic, str, list, tuple, dict, type(None))


def is_own_object(operand: Any) -> bool:
    """Whether operators of an operand are methods of a rewritten program's class."""
    return not isinstance(operand, PLAIN) and is_own_module(type(operand).__module__)


def is_array_of_arrays(operand: Any) -> bool:
    """Whether an array's entries are objects, numbers or arrays of them, and few: no table of data."""
    if not isinstance(operand, np.ndarray) or operand.dtype != object:
        return False
    return 0 < operand.size <= MOST_OBJECTS and any(
        isinstance(one, NUMBERS) for one in operand.flat
    )


def hands_on(operand: Any) -> bool:
    """Whether operators of an operand are done by others: a rewritten program's methods, or an array's entries."""
    return is_own_object(operand) or is_array_of_arrays(operand)


def parameters_of(called: Any) -> Mapping[str, inspect.Parameter]:
    """What a function or class asks for; nothing where Python cannot tell, as of heirs of its own classes."""
    try:
        return inspect.signature(called).parameters
    except (TypeError, ValueError):
        return {}


def is_own_module(name: str) -> bool:
    """Whether a module is the program, or one of its own."""
    return hasattr(sys.modules.get(name), RECORDER)


def ends(value: Any) -> tuple[float, float]:
    if isinstance(value, np.ndarray):
        return (float(value.flat[0]), float(value.flat[-1])) if value.size else (0.0, 0.0)
    return float(value), float(value)


def frozen(index: Any) -> Any:
    """An index as it is now: arrays in it may change later."""
    if isinstance(index, np.ndarray):
        return index.copy()
    if isinstance(index, tuple):
        return tuple(frozen(part) for part in index)
    if isinstance(index, list):
        return np.array(index)
    if isinstance(index, range):
        return np.array(index)
    return index


def gives_one_by_one(value: Any) -> bool:
    """Whether an argument is used up by looking at it, as a generator is; a file is one that NumPy reads by itself."""
    return isinstance(value, Iterator | range) and not isinstance(value, io.IOBase)
