"""What a rewritten program calls: it computes as the program would, and writes down what was computed.

Values stay plain. A float or an array is known by its identity, an array's memory by the array that owns
it: writing into memory makes a new value, and a view that is read later is read anew from there.
"""

import builtins
import functools
import math
import operator
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from chainrule.graph import Graph
from chainrule.recording.memory import Memory
from chainrule.recording.operations import (
    ATTRIBUTES,
    METHODS,
    OPERATORS,
    Operation,
    holds_numbers,
    translate,
)
from chainrule.recording.rewriting import Sites

NUMBERS = (float, np.ndarray, np.floating)
COMPARISONS = {
    "Gt": (operator.gt, "greater"),
    "GtE": (operator.ge, "greater-equal"),
    "Lt": (operator.lt, "less"),
    "LtE": (operator.le, "less-equal"),
    "Eq": (operator.eq, "equal"),
    "NotEq": (operator.ne, "not-equal"),
}
IN_PLACE = {
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
# What changes its first argument, or the array that it is a method of, in a way that no rule follows.
CHANGERS = {"shuffle", "sort", "partition", "put", "putmask", "place", "fill_diagonal", "resize", "setfield"}
RANDOM_MODULES = ("numpy.random", "random")


class EnoughError(BaseException):
    """Enough was seen: the program is left where it stands."""


@final
@dataclass(frozen=True)
class Call:
    """The chain of calls that leads to a step: its innermost site, and the call around that."""

    site: int
    outer: "Call | None" = None


@final
@dataclass(frozen=True)
class Guard:
    """A comparison of numbers that chose the program's way: other numbers may choose another."""

    left: int
    right: int
    comparison: str
    outcome: bool
    time: int


@final
@dataclass
class Recording:
    """A program's computation: its graph, and what lies beside it, by position of a value or step.

    `origins` says of a given value where it comes from: "literal", "random", "zeros", "ones" or "data",
    `birthplaces` at which site it was made or first used.
    `sites` and `calls` tell for each step where it stands in the source; `names` what a value was
    called first, `last_names` last, `namings` at which sites. `samples` holds of each value its first and last entry, for comparing
    a computation of the graph with what the program had.
    """

    graph: Graph = field(default_factory=Graph)
    origins: dict[int, str] = field(default_factory=dict)
    birthplaces: dict[int, int] = field(default_factory=dict)
    sites: list[int] = field(default_factory=list)
    calls: list[Call | None] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    last_names: dict[int, str] = field(default_factory=dict)
    namings: dict[tuple[str, int], int] = field(default_factory=dict)
    samples: dict[int, tuple[float, float]] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    single_precision: bool = False
    bytes: int = 0


@final
class Recorder:
    """The hooks. `watch` is called every now and then, and may raise EnoughError."""

    def __init__(self, sites: Sites, own_files: set[str], watch: Callable[["Recorder"], None]) -> None:
        self.table = sites
        self.own_files = own_files
        self.watch = watch
        self.recording = Recording()
        self.memory = Memory(self.add_given, self.add_gather, self.add_scatter)
        self.call_stack: Call | None = None
        self.next_watch = 2000
        self.off = False
        self.seen: set[int] = set()
        self.current_site = 0

    def start_anew(self, watch: Callable[["Recorder"], None]) -> Recording:
        """Begin a recording of its own; what was seen before is given from here on."""
        self.watch, self.next_watch = watch, 2000
        self.recording = Recording()
        self.memory = Memory(self.add_given, self.add_gather, self.add_scatter)
        self.call_stack, self.off = None, False
        return self.recording

    # --- values and steps -------------------------------------------------------------------------

    def add_given(self, value: Any, origin: str) -> int:
        recording = self.recording
        numbers = np.array(value)
        if numbers.dtype.kind not in "fiub":
            raise TypeError(f"{type(value).__name__} is no number")
        if numbers.dtype == np.float32:
            recording.single_precision = True
        recording.bytes += numbers.nbytes
        position = recording.graph.add_value(numbers)
        recording.origins[position] = origin
        recording.birthplaces[position] = self.current_site
        return position

    def add_gather(self, source: int, indices: Any, value: Any) -> int:
        return self.add(Operation("gather", [source], {"indices": indices}), value)

    def add_scatter(self, target: int, indices: Any, source: int, value: Any) -> int:
        return self.add(Operation("scatter", [target, source], {"indices": indices}), value)

    def position(self, value: Any) -> int:
        """Where a value stands in the graph; one that was never seen is taken as given."""
        if isinstance(value, NUMBERS):
            return self.memory.find(value)
        if isinstance(value, list | tuple):
            return self.assemble(value)
        return self.add_given(value, "data")

    def assemble(self, values: list[Any] | tuple[Any, ...]) -> int:
        """A list of numbers as one value: stacked where its entries are known, else given."""
        if not any(isinstance(value, (*NUMBERS, list, tuple)) for value in values):
            return self.add_given(values, "data")
        parts = [self.position(value) for value in values]
        return self.add(Operation("stack", parts, {"axis": 0}), np.array(values))

    def add(self, operation: Operation, value: Any) -> int:
        """Write down a step with its value; its position is returned."""
        recording = self.recording
        graph = recording.graph
        position = graph.add_step(
            operation.name, operation.inputs, None, None, None, **operation.parameters  # type: ignore[arg-type]
        )
        recording.sites.append(self.current_site)
        recording.calls.append(self.call_stack)
        recording.samples[position] = ends(value)
        if isinstance(value, np.ndarray):
            recording.bytes += value.nbytes
            if value.dtype == np.float32:
                recording.single_precision = True
        if position >= self.next_watch:
            self.watch(self)
        return position

    def record(self, operation: Operation, value: Any) -> Any:
        position = self.add(operation, value)
        if isinstance(value, NUMBERS):
            self.memory.learn(value, position)
        return value

    # --- hooks ------------------------------------------------------------------------------------

    def literal(self, value: float, /) -> float:
        if self.off:
            return value
        fresh = value + 0.0  # an object of its own: equal constants are one object otherwise
        self.memory.learn_literal(fresh)
        return fresh

    def unary(self, site: int, value: Any, /) -> Any:
        kind = self.table[site].kind
        function: Any = {"USub": operator.neg, "UAdd": operator.pos, "Invert": operator.invert}[kind]
        if self.is_off(site) or not isinstance(value, NUMBERS) or kind != "USub":
            return function(value)
        self.current_site = site
        return self.record(Operation("negate", [self.position(value)]), function(value))

    def binary(self, site: int, left: Any, right: Any, /) -> Any:
        kind = self.table[site].kind
        name, function = OPERATORS[kind]
        if (
            self.is_off(site)
            or not (isinstance(left, NUMBERS) or isinstance(right, NUMBERS))
            or isinstance(left, str | bytes)
        ):
            return function(left, right)
        self.current_site = site
        value = function(left, right)
        if not is_number(value):
            return value
        return self.record_call(function, name, (left, right), {}, value, literal=self.table[site].literal)

    def compare(self, site: int, left: Any, right: Any, /) -> Any:
        function, name = COMPARISONS[self.table[site].kind]
        outcome = function(left, right)
        if self.is_off(site) or not (isinstance(left, NUMBERS) or isinstance(right, NUMBERS)):
            return outcome
        if not (is_number(left) and is_number(right)):
            return outcome
        self.current_site = site
        if isinstance(outcome, np.ndarray):
            operation = Operation(name, [self.position(left), self.position(right)])
            return self.record(operation, outcome)
        guard = Guard(
            self.position(left), self.position(right), name, bool(outcome), len(self.recording.graph.values)
        )
        self.recording.guards.append(guard)
        return outcome

    def attribute(self, site: int, owner: Any, name: str, /) -> Any:
        value = getattr(owner, name)
        if isinstance(owner, np.ndarray | np.floating) and name in ATTRIBUTES and not self.is_off(site):
            self.current_site = site
            operation = ATTRIBUTES[name](self, owner)
            if operation is not None:
                return self.record(operation, value)
        return value

    def slice(self, lower: Any, upper: Any, step: Any, /) -> slice:
        return slice(lower, upper, step)

    def item(self, site: int, owner: Any, index: Any, /) -> Any:
        value = owner[index]
        if self.is_off(site) or not is_number(value):
            return value
        self.current_site = site
        if isinstance(owner, type(np.c_) | type(np.r_)):
            return self.joined(owner, index, value)
        if not isinstance(owner, np.ndarray) or owner.dtype == object:
            return value
        if isinstance(index, np.ndarray) and index.dtype == bool:
            self.position(index)
        return self.record(self.gather(owner, index), value)

    def joined(self, owner: Any, parts: Any, value: Any) -> Any:
        """np.c_[p, q] and np.r_[p, q]."""
        if not isinstance(parts, tuple) or any(isinstance(part, slice | str) for part in parts):
            return value
        name = "column_stack" if owner is np.c_ else "concatenate"
        parts = tuple(np.atleast_1d(part) if np.ndim(part) == 0 else part for part in parts)
        return self.record_call(getattr(np, name), name, (parts,), {}, value)

    def gather(self, owner: np.ndarray[Any, Any], index: Any) -> Operation:
        if isinstance(owner, np.matrix):
            places = np.arange(owner.size).reshape(owner.shape).view(np.matrix)[index]
            index = tuple(np.unravel_index(np.asarray(places), owner.shape))
        return Operation("gather", [self.position(owner)], {"indices": frozen(index)})

    def set_item(self, site: int, value: Any, owner: Any, index: Any, /) -> None:
        if not isinstance(owner, np.ndarray) or self.is_off(site):
            owner[index] = value
            name = self.table[site].names[0] if self.table[site].names else None
            if name and isinstance(value, NUMBERS) and not self.off:
                self.name(value, name if not isinstance(index, str) else index)
            return
        self.current_site = site
        if value is owner or owner.dtype == object:
            owner[index] = value
            return
        self.write(owner, index, value)

    def write(self, owner: np.ndarray[Any, Any], index: Any, value: Any) -> None:
        """owner[index] = value, as a new value of the owner's memory."""
        before = self.position(owner)
        given = self.position(value)
        mask = isinstance(index, np.ndarray) and index.dtype == bool and index.shape == owner.shape
        if mask and np.ndim(value) == 0:
            operation = Operation("where", [self.position(index), given, before])
        else:
            operation = Operation("scatter", [before, given], {"indices": frozen(index)})
        self.memory.before_write(owner)
        owner[index] = value
        self.memory.written(owner, self.add(operation, owner))

    def augment(self, site: int, current: Any, value: Any, /) -> Any:
        kind = self.table[site].kind
        function = IN_PLACE[kind]
        in_place = isinstance(current, np.ndarray)
        if (
            self.is_off(site)
            or not (isinstance(current, NUMBERS) or isinstance(value, NUMBERS))
            or isinstance(current, list | str | set | bytes)
        ):
            return function(current, value)
        self.current_site = site
        name, plain = OPERATORS[kind]
        if not in_place:
            result = function(current, value)
            if not is_number(result):
                return result
            result = self.record_call(
                plain, name, (current, value), {}, result, literal=self.table[site].literal
            )
            self.name(result, self.table[site].names[0])
            return result
        operation = translate(self, plain, name, (current, value), {}, current)
        self.memory.before_write(current)
        result = function(current, value)
        if operation is None:
            self.memory.forget(result)
            return result
        self.memory.written(result, self.add(operation, result))
        self.name(result, self.table[site].names[0])
        return result

    def augment_attribute(self, site: int, owner: Any, name: str, value: Any, /) -> None:
        setattr(owner, name, self.augment(site, getattr(owner, name), value))

    def augment_item(self, site: int, owner: Any, index: Any, value: Any, /) -> None:
        if self.is_off(site) or not isinstance(owner, np.ndarray) or owner.dtype == object:
            owner[index] = self.augment(site, owner[index], value)
            return
        self.current_site = site
        current = owner[index]
        if not is_number(current):
            owner[index] = IN_PLACE[self.table[site].kind](current, value)
            return
        in_place = isinstance(current, np.ndarray) and np.may_share_memory(current, owner)
        if not in_place:
            self.record(self.gather(owner, index), current)
        result = self.augment(site, current, value)
        if in_place:
            owner[index] = result
        else:
            self.write(owner, index, result)

    def iterate(self, site: int, values: Any, /) -> Any:
        if isinstance(values, np.ndarray) and not self.is_off(site) and values.ndim and is_number(values):
            return self.entries(site, values)
        return values

    def entries(self, site: int, values: np.ndarray[Any, Any]) -> Iterator[Any]:
        for index in range(len(values)):
            yield self.item(site, values, index)

    def named(self, site: int, value: Any, /) -> Any:
        if isinstance(value, NUMBERS) and not self.off:
            for name in self.table[site].names:
                self.name(value, name, site)
        return value

    def unpacked(self, site: int, values: Any, /) -> Any:
        if self.is_off(site):
            return values
        if isinstance(values, np.ndarray) and values.ndim and is_number(values):
            values = tuple(self.entries(site, values))
        if isinstance(values, tuple | list):
            for name, value in zip(self.table[site].names, values, strict=False):
                if isinstance(value, NUMBERS):
                    self.name(value, name)
        return values

    def name(self, value: Any, name: str | None, site: int | None = None) -> None:
        if name is not None:
            position = self.memory.known(value)
            if position is not None:
                self.recording.names.setdefault(position, name)
                self.recording.last_names[position] = name
                if site is not None:
                    self.recording.namings[name, position] = site

    def method(self, site: int, owner: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(owner, np.ndarray | np.floating) and name in METHODS and not self.is_off(site):
            self.current_site = site
            function = METHODS[name]
            if function is None:
                return self.change(owner, getattr(owner, name), args, kwargs)
            literal = (False, *self.table[site].literal)
            return self.numeric(function, (owner, *args), kwargs, literal, getattr(owner, name), (args, kwargs))
        return self.call(site, getattr(owner, name), *args, **kwargs)

    def call(self, site: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if self.is_off(site):
            return function(*args, **kwargs)
        try:
            special = SPECIAL.get(function)
        except TypeError:  # not hashable
            special = None
        self.current_site = site
        if special is not None:
            return special(self, site, *args, **kwargs)
        if isinstance(function, np.vectorize):
            return self.vectorized(site, function, *args, **kwargs)
        if getattr(function, "__name__", "") == "at" and isinstance(
            getattr(function, "__self__", None), np.ufunc
        ):
            return self.accumulate(function, *args)
        if isinstance(function, functools.partial):
            return self.call(site, function.func, *function.args, *args, **{**function.keywords, **kwargs})
        if is_numeric_function(function):
            name = getattr(function, "__name__", "")
            if name in CHANGERS:
                return self.change(args[0] if args else None, function, args, kwargs)
            return self.numeric(function, args, kwargs, self.table[site].literal)
        outer, self.call_stack = self.call_stack, Call(site, self.call_stack)
        try:
            return function(*args, **kwargs)
        finally:
            self.call_stack = outer

    def numeric(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        literal: tuple[bool, ...],
        bound: Any = None,
        bound_arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None,
    ) -> Any:
        """A function of numbers. A bound method computes by itself, and is written down as a function."""
        if any(callable(argument) and not isinstance(argument, type | np.ufunc) for argument in args):
            return function(*args, **kwargs)
        args = tuple(list(a) if isinstance(a, Iterator | types.GeneratorType | zip | map | range) else a for a in args)
        out = kwargs.get("out")
        if out is not None:
            return self.change(out[0] if isinstance(out, tuple) else out, function, args, kwargs)
        name = getattr(function, "__name__", "")
        if bound is not None:
            value = bound(*bound_arguments[0], **bound_arguments[1])  # type: ignore[index]
        else:
            value = function(*args, **kwargs)
        if not is_number(value) or isinstance(value, int | np.integer | bool | np.bool_):
            return value
        if module_of(function).startswith(RANDOM_MODULES):
            return self.give(value, "random")
        if name in ("zeros", "zeros_like", "empty", "empty_like"):
            return self.give(value, "zeros")
        if name in ("ones", "ones_like", "full", "full_like", "eye", "identity"):
            return self.give(value, "ones")
        if not holds_numbers((*args, *kwargs.values())):
            return self.give(value, "data")
        return self.record_call(function, name, args, kwargs, value, literal)

    def give(self, value: Any, origin: str) -> Any:
        if isinstance(value, NUMBERS):
            self.memory.learn(value, self.add_given(value, origin))
        return value

    def record_call(
        self,
        function: Any,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        value: Any,
        literal: tuple[bool, ...] = (),
    ) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind not in "fiub":
            return value
        known = self.memory.known(value)
        if known is not None and any(value is argument for argument in args):
            return value  # handed through, as by np.asarray
        operation = translate(self, function, name, args, kwargs, value, literal)
        if operation is None:
            return value
        return self.record(operation, value)

    def change(self, target: Any, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Memory that was changed in a way that no rule follows is taken as given anew."""
        if isinstance(target, np.ndarray) and not isinstance(target, np.memmap):
            before, operation = self.position(target), None
            name = getattr(function, "__name__", "")
            if name == "fill" and args:
                operation = Operation("scatter", [before, self.position(args[0])], {"indices": Ellipsis})
            elif kwargs.get("out") is not None:
                rest = {key: value for key, value in kwargs.items() if key != "out"}
                operation = translate(self, function, name, args, rest, target)
            elif name == "copyto" and len(args) == 2:
                operation = Operation("scatter", [before, self.position(args[1])], {"indices": Ellipsis})
            self.memory.before_write(target)
            value = function(*args, **kwargs)
            if operation is not None:
                self.memory.written(target, self.add(operation, target))
            else:
                self.memory.forget(target)
            return value
        return function(*args, **kwargs)

    def accumulate(self, function: Any, target: Any, index: Any, *values: Any) -> Any:
        """np.add.at: rows that an index names twice receive both values, by a matrix of ones."""
        name = function.__self__.__name__
        rows = np.asarray(index) if not isinstance(index, tuple) else None
        known = isinstance(target, np.ndarray) and name in ("add", "subtract") and len(values) == 1
        if not known or rows is None or rows.dtype.kind not in "iu" or rows.ndim != 1 or target.ndim > 2:
            value = function(target, index, *values)
            self.memory.forget(target)
            return value
        chosen = np.zeros((len(target), rows.size))
        chosen[rows % len(target), np.arange(rows.size)] = 1
        shape = (rows.size, *target.shape[1:])
        spread = self.add(
            Operation("broadcast", [self.position(values[0])], {"shape": shape}),
            np.broadcast_to(values[0], shape),
        )
        summed = self.add(
            Operation("matmul", [self.add_given(chosen, "data"), spread]),
            chosen @ np.broadcast_to(values[0], shape),
        )
        operation = Operation(name, [self.position(target), summed])
        function(target, index, *values)
        self.memory.written(target, self.add(operation, target))
        return None

    def vectorized(self, site: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """np.vectorize calls its function entry by entry, and so are the entries written down."""
        arrays = [np.asarray(argument) for argument in args]
        if function.signature is not None or kwargs or not any(is_number(array) for array in arrays):
            return function(*args, **kwargs)
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        spread = []
        for argument, array in zip(args, arrays, strict=True):
            whole = np.broadcast_to(array, shape)
            if isinstance(argument, NUMBERS) and array.shape == shape and shape:
                entries = [self.item(site, argument, index) for index in np.ndindex(shape)]
            elif isinstance(argument, NUMBERS) and not array.shape:
                entries = [argument] * int(np.prod(shape, dtype=int))
            else:
                entries = [whole[index] for index in np.ndindex(shape)]
            spread.append(entries)
        results = [self.call(site, function.pyfunc, *entries) for entries in zip(*spread, strict=True)]
        value = np.array(results).reshape(shape).copy()
        if not is_number(value) or not results:
            return value
        parts = [self.position(result) for result in results]
        flat = self.add(Operation("stack", parts, {"axis": 0}), value.reshape(-1))
        return self.record(Operation("reshape", [flat], {"shape": shape}), value)

    # --- passing through --------------------------------------------------------------------------

    def is_off(self, site: int) -> bool:
        """Whether nothing is written down; what runs at a site for the first time is, again."""
        if not self.off:
            self.seen.add(site)
            return False
        return True


def is_number(value: Any) -> bool:
    """A real number, or an array of real numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return isinstance(value, float | int | np.floating | np.integer | np.bool_)


def is_numeric_function(function: Any) -> bool:
    if isinstance(function, np.ufunc):
        return True
    if isinstance(function, types.BuiltinFunctionType | types.FunctionType | types.BuiltinMethodType):
        return module_of(function).split(".")[0] in ("numpy", "math", "scipy", "random") or function in BUILTINS
    if type(function).__name__ == "_ArrayFunctionDispatcher":
        return True
    if isinstance(function, types.MethodType):
        return type(function.__self__).__module__.startswith(("numpy.random", "random"))
    return function in (float, np.float64, np.float32, np.float16) if isinstance(function, type) else False


def module_of(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    of_object = owner is not None and not isinstance(owner, types.ModuleType)
    return (type(owner).__module__ if of_object else getattr(function, "__module__", None)) or ""


BUILTINS: set[Any] = {abs, pow, round, divmod}


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


# --- builtins that walk through values ------------------------------------------------------------


def walk(recorder: Recorder, site: int, values: Any) -> Any:
    return recorder.iterate(site, values)


def special_zip(recorder: Recorder, site: int, *values: Any, **kwargs: Any) -> Any:
    return zip(*(walk(recorder, site, v) for v in values), **kwargs)


def special_enumerate(recorder: Recorder, site: int, values: Any, *args: Any, **kwargs: Any) -> Any:
    return enumerate(walk(recorder, site, values), *args, **kwargs)


def special_map(recorder: Recorder, site: int, function: Any, *values: Any) -> Any:
    def results() -> Iterator[Any]:
        for arguments in zip(*(walk(recorder, site, v) for v in values), strict=False):
            yield recorder.call(site, function, *arguments)

    return results()


def special_sum(recorder: Recorder, site: int, values: Any, *start: Any, **kwargs: Any) -> Any:
    items = list(walk(recorder, site, values))
    total = sum(items, *start, **kwargs)
    if not isinstance(total, NUMBERS):
        return total
    first = [*start, *kwargs.values()] or [0]
    inputs = [*items] if is_plain_zero(first[0]) else [first[0], *items]
    shapes = {np.shape(item) for item in inputs}
    recorder.current_site = site
    if len(inputs) == 1:
        return total if total is inputs[0] else recorder.record(
            Operation("reshape", [recorder.position(inputs[0])], {"shape": np.shape(total)}), total
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
        Operation("stack", [recorder.position(item) for item in inputs], {"axis": 0}), np.array(inputs)
    )
    return recorder.record(Operation("sum", [stacked], {"axis": 0}), total)


def is_plain_zero(value: Any) -> bool:
    return type(value) in (int, float) and value == 0


def special_extreme(function: Any) -> Any:
    def chosen(recorder: Recorder, site: int, *values: Any, **kwargs: Any) -> Any:
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


def special_list(recorder: Recorder, site: int, *values: Any) -> Any:
    return list(*(walk(recorder, site, v) for v in values))


def special_tuple(recorder: Recorder, site: int, *values: Any) -> Any:
    return tuple(*(walk(recorder, site, v) for v in values))


def special_iter(recorder: Recorder, site: int, values: Any, *rest: Any) -> Any:
    return iter(walk(recorder, site, values), *rest)


def special_reversed(recorder: Recorder, site: int, values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return iter([recorder.item(site, values, i) for i in range(len(values) - 1, -1, -1)])
    return reversed(values)


def special_reduce(recorder: Recorder, site: int, function: Any, values: Any, *start: Any) -> Any:
    return functools.reduce(
        lambda a, b: recorder.call(site, function, a, b), walk(recorder, site, values), *start
    )


def special_tolist(recorder: Recorder, site: int, values: Any) -> Any:
    return values.tolist()


def special_deepcopy(recorder: Recorder, site: int, value: Any, *rest: Any) -> Any:
    """A copy of an array is a value of its own, and comes from the old one."""
    import copy

    memo: dict[int, Any] = {}
    result = copy.deepcopy(value, memo)
    if isinstance(value, np.ndarray):
        return recorder.record(Operation("reshape", [recorder.position(value)], {"shape": value.shape}), result)
    for old, new in find_arrays(value, result):
        recorder.record(Operation("reshape", [recorder.position(old)], {"shape": old.shape}), new)
    return result


def find_arrays(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays of a structure beside those of its copy."""
    if isinstance(old, np.ndarray):
        if old is not new and is_number(old):
            yield old, new
    elif isinstance(old, list | tuple):
        for a, b in zip(old, new, strict=True):
            yield from find_arrays(a, b)
    elif isinstance(old, dict):
        for key in old:
            yield from find_arrays(old[key], new[key])


def operator_hook(kind: str) -> Any:
    name, function = OPERATORS[kind]

    def apply(recorder: Recorder, site: int, left: Any, right: Any) -> Any:
        value = function(left, right)
        if not is_number(value) or not (isinstance(left, NUMBERS) or isinstance(right, NUMBERS)):
            return value
        return recorder.record_call(function, name, (left, right), {}, value)

    return apply


SPECIAL: dict[Any, Any] = {
    builtins.zip: special_zip,
    builtins.enumerate: special_enumerate,
    builtins.map: special_map,
    builtins.sum: special_sum,
    builtins.max: special_extreme(max),
    builtins.min: special_extreme(min),
    builtins.list: special_list,
    builtins.tuple: special_tuple,
    builtins.iter: special_iter,
    builtins.reversed: special_reversed,
    math.fsum: special_sum,
    functools.reduce: special_reduce,
    operator.add: operator_hook("Add"),
    operator.sub: operator_hook("Sub"),
    operator.mul: operator_hook("Mult"),
    operator.truediv: operator_hook("Div"),
}


def register_copy() -> None:
    import copy

    SPECIAL[copy.deepcopy] = special_deepcopy
    SPECIAL[copy.copy] = special_deepcopy


register_copy()
