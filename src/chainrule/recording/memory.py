"""Which position of the graph an object stands for: numbers by identity, arrays by their memory.

An array that owns its memory stands for the memory's latest value. A view stands for what it was read
as, until the memory is written to; then it is read anew, by the flat indices of its entries. So is an
array whose shape was set in its place.
"""

import weakref
from collections.abc import Callable
from typing import Any, Literal, final

import numpy as np


@final
class Buffer:
    """Memory that one array owns: its latest position, of which shape that is, and how often it was written."""

    __slots__ = ("owner", "position", "shape", "version")

    def __init__(self, array: Any, position: int) -> None:
        self.owner: Any = weakref.ref(array)
        self.position = position
        self.shape = array.shape
        self.version = 0


@final
class View:
    """What shows memory that another array owns: its position, its shape then, and the memory's version."""

    __slots__ = ("array", "position", "shape", "version")

    def __init__(self, array: Any, position: int, version: int) -> None:
        self.array: Any = weakref.ref(array)
        self.position = position
        self.shape = array.shape
        self.version = version

    def is_of(self, array: Any) -> bool:
        return bool(self.shape == array.shape) and self.array() is array


@final
class Memory:
    """`give` adds a value that was never seen to the graph, `gather` and `scatter` what is read or written."""

    def __init__(
        self,
        give: Callable[[Any, str], int],
        gather: Callable[[int, Any, Any], int],
        scatter: Callable[[int, Any, int, Any], int],
    ) -> None:
        self.give, self.gather, self.scatter = give, gather, scatter
        self.scalars: dict[int, tuple[Any, int]] = {}
        self.literals: dict[int, Any] = {}
        self.buffers: dict[int, Buffer] = {}
        self.views: dict[int, View] = {}

    # --- reading ----------------------------------------------------------------------------------

    def known(self, value: Any) -> int | None:
        """The position of a value that was seen, without reading it anew."""
        if isinstance(value, np.ndarray):
            view = self.views.get(id(value))
            if view is not None and view.is_of(value):
                return view.position
            buffer = self.buffers.get(id(value))
            whole = buffer is not None and buffer.owner() is value and buffer.shape == value.shape
            return buffer.position if buffer is not None and whole else None
        entry = self.scalars.get(id(value))
        if entry is not None and entry[0] is value:
            return entry[1]
        if self.literals.get(id(value)) is value and isinstance(value, float):
            return self.find(value)
        return None

    def find(self, value: Any) -> int:
        if isinstance(value, np.ndarray):
            return self.find_array(value)
        entry = self.scalars.get(id(value))
        if entry is not None and entry[0] is value:
            return entry[1]
        literal = self.literals.get(id(value)) is value
        position = self.give(value, "literal" if literal else "data")
        self.scalars[id(value)] = (value, position)
        return position

    def find_array(self, array: Any) -> int:
        owner = owner_of(array)
        buffer = self.buffers.get(id(owner))
        if buffer is None or buffer.owner() is not owner:
            if array is owner or owner.dtype != array.dtype:
                buffer = self.learn_owner(array, self.give(array, "data"))
                return buffer.position
            view = self.views.get(id(array))
            if view is not None and view.is_of(array):
                return view.position
            position = self.give(array, "data")
            self.views[id(array)] = View(array, position, 0)
            return position
        self.follow_shape(buffer, owner)
        if array is owner:
            return buffer.position
        view = self.views.get(id(array))
        if view is not None and view.is_of(array) and view.version == buffer.version:
            return view.position
        indices = flat_indices(array, owner)
        if indices is None:
            return self.give(array, "data")
        position = self.gather(buffer.position, indices, array)
        self.views[id(array)] = View(array, position, buffer.version)
        return position

    def follow_shape(self, buffer: Buffer, owner: Any) -> None:
        """Where the owner's shape was set since, as by x.shape = (3, 1), its position is one of that shape."""
        before, buffer.shape = buffer.shape, owner.shape
        if before == owner.shape:
            return
        if before and np.prod(before) == owner.size:
            places = np.arange(owner.size).reshape(owner.shape)
            buffer.position = self.gather(buffer.position, unravel(places, before), owner)
        else:
            buffer.position = self.give(owner, "data")

    # --- learning ---------------------------------------------------------------------------------

    def learn_literal(self, value: float) -> None:
        self.literals[id(value)] = value

    def learn(self, value: Any, position: int) -> None:
        """This object is the value at that position."""
        if not isinstance(value, np.ndarray):
            self.scalars[id(value)] = (value, position)
            return
        owner = owner_of(value)
        if value is owner:
            self.learn_owner(value, position)
            return
        buffer = self.buffers.get(id(owner))
        if buffer is None or buffer.owner() is not owner:
            # A result that shows itself as a view of memory that nobody else has, as a reshaped one.
            if same_memory(value, owner):
                reshaped = self.gather_whole(value, owner, position)
                buffer = self.learn_owner(owner, reshaped)
            self.views[id(value)] = View(value, position, 0)
            return
        self.views[id(value)] = View(value, position, buffer.version)

    def gather_whole(self, view: Any, owner: Any, position: int) -> int:
        """The owner's entries, in its own order, from a view that shows all of them."""
        indices = flat_indices(view, owner)
        if indices is None:
            return self.give(owner, "data")
        inverse = np.empty(owner.size, dtype=np.intp)
        flat = np.ravel_multi_index(indices, owner.shape)
        inverse[flat.reshape(-1)] = np.arange(owner.size)
        return self.gather(position, unravel(inverse.reshape(owner.shape), view.shape), owner)

    def learn_owner(self, array: Any, position: int) -> Buffer:
        buffer = Buffer(array, position)
        self.buffers[id(array)] = buffer
        return buffer

    # --- writing ----------------------------------------------------------------------------------

    def before_write(self, array: Any) -> None:
        """What is read later must still be readable: here every value is computed anew, so it is."""
        self.find_array(array)

    def written(self, array: Any, position: int) -> None:
        """The array's memory now holds that value, in the array's entries."""
        owner = owner_of(array)
        buffer = self.buffers.get(id(owner))
        if buffer is None or buffer.owner() is not owner:
            buffer = self.learn_owner(
                owner, position if array is owner else self.give(owner, "data")
            )
            buffer.version += 1
            self.views[id(array)] = View(array, position, buffer.version)
            return
        self.follow_shape(buffer, owner)
        buffer.version += 1
        if array is owner:
            buffer.position = position
            return
        indices = flat_indices(array, owner)
        if indices is None:
            buffer.position = self.give(owner, "data")
        else:
            buffer.position = self.scatter(buffer.position, indices, position, owner)
        self.views[id(array)] = View(array, position, buffer.version)

    def forget(self, array: Any) -> None:
        """The array's memory now holds something that was not followed."""
        owner = owner_of(array)
        buffer = self.buffers.get(id(owner))
        if buffer is None or buffer.owner() is not owner:  # views of it were known by themselves
            buffer = self.learn_owner(owner, self.give(owner, "data"))
        else:
            buffer.position, buffer.shape = self.give(owner, "data"), owner.shape
        buffer.version += 1


def owner_of(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def same_memory(view: Any, owner: Any) -> bool:
    return view.dtype == owner.dtype and view.size == owner.size


def flat_indices(view: Any, owner: Any) -> tuple[Any, ...] | None:
    """For every entry of a view its index in the owner; None where their entries do not match.

    A single number has no index: np.mean(x).reshape(1) is a view of one.
    """
    if view.dtype != owner.dtype or not owner.flags.forc or not owner.ndim:
        return None
    size = owner.itemsize
    offset = view.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    places = np.full(view.shape, offset // size, dtype=np.intp)
    for axis, (count, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        shape = [1] * view.ndim
        shape[axis] = count
        places = places + np.arange(count, dtype=np.intp).reshape(shape) * (stride // size)
    order: Literal["C", "F"] = "C" if owner.flags.c_contiguous else "F"
    if owner.ndim == 1:
        return (places,)
    return unravel(places, owner.shape, order)


def unravel(places: Any, shape: tuple[int, ...], order: Literal["C", "F"] = "C") -> tuple[Any, ...]:
    """The index of every place in an array of that shape, as arrays of the places' own shape.

    The places are put in one line for it: in a column of more than 8,192, np.unravel_index repeats itself.
    """
    indices = np.unravel_index(np.reshape(places, -1), shape, order=order)
    return tuple(np.reshape(along, np.shape(places)) for along in indices)
