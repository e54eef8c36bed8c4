"""NumPy's functions that write at chosen places of an array: its diagonal, where a mask is, along an axis."""

from typing import Any

import numpy as np

from chainrule.recording.operations import change
from chainrule.recording.recording import Writer, is_number
from chainrule.recording.walking import WALKERS, Walker, write


def fill_diagonal(recorder: Writer, site: int, a: Any, val: Any, wrap: bool = False) -> Any:
    """a[k, k] = val[k]; where values would be used again, or places go on below, it is not followed."""
    places = np.arange(min(np.shape(a), default=0))
    if followed(a) and np.ndim(a) == 2 and not wrap and np.shape(val) in ((), places.shape):
        write(recorder, a, (places, places), val)
        return None
    return change(recorder, a, np.fill_diagonal, (a, val, wrap), {})


def put_along_axis(
    recorder: Writer, site: int, arr: Any, indices: Any, values: Any, axis: Any
) -> Any:
    """arr[i, indices[i, j]] = values[i, j], if the axis is the last of two."""
    if not followed(arr) or axis is None or np.ndim(indices) != np.ndim(arr):
        return change(recorder, arr, np.put_along_axis, (arr, indices, values, axis), {})
    shape = list(arr.shape)
    shape[axis] = 1
    places: list[Any] = list(np.indices(shape, sparse=True))
    places[axis] = np.asarray(indices)
    write(recorder, arr, tuple(places), values)
    return None


def put_masked(recorder: Writer, site: int, a: Any, mask: Any, values: Any) -> Any:
    """a[mask] = value, for one value."""
    masked = isinstance(mask, np.ndarray) and mask.dtype == bool and mask.shape == np.shape(a)
    if followed(a) and masked and np.size(values) == 1:
        write(recorder, a, mask, values if np.ndim(values) == 0 else np.asarray(values).item())
        return None
    return change(recorder, a, np.putmask, (a, mask, values), {})


def followed(target: Any) -> bool:
    return isinstance(target, np.ndarray) and is_number(target)


SPECIAL: dict[Any, Walker] = WALKERS | {
    np.fill_diagonal: fill_diagonal,
    np.put_along_axis: put_along_axis,
    np.putmask: put_masked,
}
