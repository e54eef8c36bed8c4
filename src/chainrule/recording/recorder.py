"""What a rewritten program calls: it computes as the program would, and writes down what was computed.

Values stay plain. A float or an array is known by its identity, an array's memory by the array that owns
it: writing into memory makes a new value, and a view that is read later is read anew from there.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import numpy as np

import chainrule.recording.object_arrays as object_arrays
import chainrule.recording.single_entries as single_entries
from chainrule.recording.functions import (
    CHANGERS,
    COMPARISONS,
    COPYING,
    IN_PLACE,
    RANDOM_MODULES,
    ends,
    gives_one_by_one,
    hands_on,
    is_array_of_arrays,
    is_numeric_function,
    module_of,
    replaced_original,
)
from chainrule.recording.looking import Look
from chainrule.recording.loops import Loops
from chainrule.recording.memory import Memory
from chainrule.recording.operations import (
    ATTRIBUTES,
    CONSTANTS,
    OPERATORS,
    UNARY,
    change,
    holds_numbers,
    is_filled_with_made,
    is_left_alone,
    listed,
    method_of,
    part_by_part,
    translate,
)
from chainrule.recording.placing import SPECIAL
from chainrule.recording.recording import (
    MOST_BYTES,
    NUMBERS,
    Call,
    EnoughError,
    Guard,
    Operation,
    Recording,
    is_number,
)
from chainrule.recording.rewriting import Sites
from chainrule.recording.stand_ins import StandIn
from chainrule.recording.walking import (
    accumulate,
    apart,
    augment_entry,
    gathered,
    join_parts,
    walk_vectorized,
    write,
)

BACKWARD = "backward"  # the method by which engines go back from a loss
NOT_KEPT = np.empty(0)  # a step's numbers: they can be computed again from what was given


@final
class Recorder:
    """The hooks. `watch` is called every now and then, and may raise EnoughError."""

    def __init__(self, sites: Sites, watch: Callable[["Recorder"], None]) -> None:
        self.table = sites
        self.watch = watch
        self.recording = Recording()
        self.memory = Memory(self.add_given, self.add_gather, self.add_scatter)
        self.loop = Loops(sites, self.iterate, self.begin_round, self.give_up_round)
        self.call_stack: Call | None = None
        self.next_watch = 200
        self.ways_back = 0  # that an engine of the program's own was asked to go
        self.off = False
        self.seen: set[int] = set()
        # At the next hook: within one, positions of this recording are in use.
        self.begins_anew = False
        self.current_site = 0
        self.parts: list[Recording] = []  # that are complete, while the program goes on
        self.awaited: set[int] = set()  # where a part begins; till then nothing is kept
        self.find_awaited: Callable[[], set[int]] = set
        self.look: Look | None = None

    def start_anew(self, watch: Callable[["Recorder"], None]) -> Recording:
        """Begin a recording of its own; what was seen before is given from here on."""
        self.watch, self.next_watch = watch, 200
        self.recording = Recording()
        self.memory = Memory(self.add_given, self.add_gather, self.add_scatter)
        self.call_stack, self.off, self.begins_anew = None, False, False
        self.ways_back = 0
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
        position = recording.graph.add_step(
            operation.name, operation.inputs, NOT_KEPT, None, None, **operation.parameters
        )
        recording.sites.append(self.current_site)
        recording.calls.append(self.call_stack)
        recording.samples[position] = ends(value)
        if isinstance(value, np.ndarray):
            # What it takes when it is computed again, in float64.
            recording.bytes += value.nbytes if value.dtype.kind == "b" else 8 * value.size
            if value.dtype == np.float32:
                recording.single_precision = True
        if self.look is not None and self.current_site in self.look.sites:
            self.look.around(value, self.memory)
        if position >= self.next_watch or recording.bytes > MOST_BYTES:
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
        name, function = UNARY[self.table[site].kind]
        if self.is_off(site):
            return function(value)
        if hands_on(value):
            return self.own_operator(site, function, value)
        made = function(value)
        if not is_number(value):
            return made
        self.current_site = site
        return self.record_call(function, name, (value,), {}, made)

    def sums(self, sites: Sequence[int], value: Any, /, *terms: Any) -> Any:
        """a - b - c, with all of its terms at hand before the first is taken off."""
        for site, term in zip(sites, terms, strict=True):
            value = self.binary(site, value, term)
        return value

    def binary(self, site: int, left: Any, right: Any, /) -> Any:
        kind = self.table[site].kind
        name, function = OPERATORS[kind]
        if self.is_off(site):
            return function(left, right)
        if hands_on(left) or hands_on(right):
            return self.own_operator(site, function, left, right)
        numbers = isinstance(left, NUMBERS) or isinstance(right, NUMBERS)
        if not numbers or isinstance(left, str | bytes):
            made = function(left, right)
            return apart(self, made, left) if kind == "Mult" else made
        self.current_site = site
        value = function(left, right)
        if not is_number(value):
            return value
        return self.record_call(
            function, name, (left, right), {}, value, literal=self.table[site].literal
        )

    def compare(self, site: int, left: Any, right: Any, /) -> Any:
        function, name = COMPARISONS[self.table[site].kind]
        outcome = function(left, right)
        numbers = isinstance(left, NUMBERS) or isinstance(right, NUMBERS)
        if self.is_off(site) or not (numbers and is_number(left) and is_number(right)):
            return outcome
        self.current_site = site
        if isinstance(outcome, np.ndarray):
            operation = Operation(name, [self.position(left), self.position(right)])
            return self.record(operation, outcome)
        sides = self.position(left), self.position(right)
        time = len(self.recording.graph.values)
        self.recording.guards.append(Guard(*sides, name, bool(outcome), time, site))
        return outcome

    def attribute(self, site: int, owner: Any, name: str, /) -> Any:
        value = getattr(owner, name)
        told = isinstance(owner, np.ndarray | np.floating) and name in ATTRIBUTES
        if told and is_number(owner) and not self.is_off(site):
            self.current_site = site
            if (operation := ATTRIBUTES[name](self, owner)) is not None:
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
            return join_parts(self, owner, index, value)
        if not isinstance(owner, np.ndarray) or not is_number(owner):
            return value
        if isinstance(index, np.ndarray) and index.dtype == bool:
            self.position(index)
        return self.record(gathered(self, owner, index), value)

    def set_item(self, site: int, value: Any, owner: Any, index: Any, /) -> None:
        if self.is_off(site) or not isinstance(owner, np.ndarray):
            single_entries.put(owner, index, value)
            name = self.table[site].names[0] if self.table[site].names else None
            if name and isinstance(value, NUMBERS) and not self.off:
                self.name(value, name if not isinstance(index, str) else index)
            return
        self.current_site = site
        if value is owner or not is_number(owner):
            owner[index] = value
            return
        write(self, owner, index, value)

    def augment(self, site: int, current: Any, value: Any, /) -> Any:
        kind = self.table[site].kind
        function = IN_PLACE[kind]
        in_place = isinstance(current, np.ndarray)
        if self.is_off(site):
            return function(current, value)
        if hands_on(current) or hands_on(value):
            return self.own_operator(site, function, current, value)
        numbers = isinstance(current, NUMBERS) or isinstance(value, NUMBERS)
        other = in_place and not is_number(current)  # text, say
        if not numbers or other or isinstance(current, list | str | set | bytes):
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
        if self.is_off(site) or not isinstance(owner, np.ndarray) or not is_number(owner):
            single_entries.put(owner, index, self.augment(site, owner[index], value))
            return
        self.current_site = site
        augment_entry(self, site, IN_PLACE[self.table[site].kind], owner, index, value)

    def iterate(self, site: int, values: Any, /) -> Any:
        if isinstance(values, np.flatiter) and not self.is_off(site):
            values = self.method(site, values.base, "flatten")
        walked = isinstance(values, np.ndarray) and not self.is_off(site) and values.ndim
        return self.entries(site, values) if walked and is_number(values) else values

    def entries(self, site: int, values: np.ndarray[Any, Any]) -> Iterator[Any]:
        for index in range(len(values)):
            yield self.item(site, values, index)

    def named(self, site: int, value: Any, /) -> Any:
        if isinstance(value, NUMBERS) and not self.off:
            for name in self.table[site].names:
                self.name(value, name, site)
        return value

    def unpacked(self, site: int, values: Any, /) -> Any:
        if isinstance(values, StandIn):
            return values.parts(len(self.table[site].names))
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
        function = method_of(owner, name)
        if function is not None and not self.is_off(site):
            self.current_site = site
            if function in (change, listed):
                return function(self, owner, getattr(owner, name), args, kwargs)
            literal = (False, *self.table[site].literal)
            return self.numeric(
                function, (owner, *args), kwargs, literal, getattr(owner, name), (args, kwargs)
            )
        self.ways_back += name == BACKWARD and not self.off
        function = getattr(owner, name)
        replaced = replaced_original(owner, name, function)
        if replaced is not None and not self.is_off(site):
            self.current_site, literal = site, self.table[site].literal
            return self.numeric(replaced, args, kwargs, literal, function, (args, kwargs))
        return self.call(site, function, *args, **kwargs)

    def call(self, site: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if any(map(single_entries.is_single, args)) and single_entries.takes_numbers(function):
            args = single_entries.as_numbers(self, site, args)
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
            return walk_vectorized(self, site, function, *args, **kwargs)
        if getattr(function, "__name__", "") == "at" and isinstance(
            getattr(function, "__self__", None), np.ufunc
        ):
            return accumulate(self, function, *args)
        if isinstance(function, functools.partial):
            return self.call(
                site, function.func, *function.args, *args, **{**function.keywords, **kwargs}
            )
        if is_numeric_function(function):
            if getattr(function, "__name__", "") in CHANGERS and function not in COPYING:
                return change(self, args[0] if args else None, function, args, kwargs)
            return self.numeric(function, args, kwargs, self.table[site].literal)
        return self.called(site, function, *args, **kwargs)

    def called(self, site: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        outer, self.call_stack = self.call_stack, Call(site, self.call_stack)
        try:
            return function(*args, **kwargs)
        finally:
            self.call_stack = outer

    def own_operator(self, site: int, function: Any, /, *operands: Any) -> Any:
        """An operator that the program defines is a call of its method, which writes itself down."""
        self.current_site = site
        if any(map(is_array_of_arrays, operands)):
            return object_arrays.operate(self, site, function, *operands)
        return self.called(site, function, *operands)

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
        if any(
            callable(argument) and not isinstance(argument, type | np.ufunc) for argument in args
        ):
            return function(*args, **kwargs)
        args = tuple(list(a) if gives_one_by_one(a) else a for a in args)
        out = kwargs.get("out")
        if out is not None:
            return change(self, out[0] if isinstance(out, tuple) else out, function, args, kwargs)
        name = getattr(function, "__name__", "")
        if (found := object_arrays.call(self, name, args, kwargs)) is not None:
            return found
        if bound is not None:
            value = bound(*bound_arguments[0], **bound_arguments[1])  # type: ignore[index]
        else:
            made = object_arrays.of_uneven_rows(function, name, args, kwargs)
            value = object_arrays.as_numbers(name, made)
        if is_left_alone(self, name, function, args, kwargs, value):
            return part_by_part(self, function, args, kwargs, value)
        if module_of(function).startswith(RANDOM_MODULES):
            return self.give(value, "random")
        if name in CONSTANTS and not is_filled_with_made(self, name, args, kwargs):
            return self.give(value, CONSTANTS[name])
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
        return value if operation is None else self.record(operation, value)

    # --- passing through --------------------------------------------------------------------------

    def end_part(self) -> None:
        """Enough is known: the program goes on to updates that it has not reached, or ends by EnoughError."""
        self.off = True
        if self.awaited:  # a round that came to none of them
            return
        self.loop.part_ends()
        self.awaited = self.find_awaited()
        if not self.awaited:
            raise EnoughError
        self.parts.append(self.recording)

    def begin_round(self) -> bool:
        """Write down a loop's round, which may come to what is awaited."""
        waits = self.off and bool(self.awaited)
        if waits:
            self.start_anew(self.watch)
        return waits

    def give_up_round(self) -> None:
        self.off = self.off or bool(self.awaited)

    def is_off(self, site: int) -> bool:
        """Whether nothing is written down; `seen` are the sites where something was."""
        if self.awaited:
            if site in self.awaited:
                self.awaited, self.begins_anew = set(), self.off
            elif self.off:
                return True
        elif self.off:
            return True
        self.seen.add(site)
        if self.begins_anew:
            self.start_anew(self.watch)
        return False
