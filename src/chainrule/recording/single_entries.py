"""Arrays of one entry where a number belongs: NumPy took that entry until version 2.4, as older programs expect."""

import math
from typing import Any, Protocol

import numpy as np

OF_SEQUENCES = {math.fsum, math.prod, math.dist}


class Methods(Protocol):
    def method(self, site: int, owner: Any, name: str, /, *args: Any, **kwargs: Any) -> Any: ...


def is_single(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size == 1


def takes_numbers(function: Any) -> bool:
    """Whether a function of Python's own takes numbers, and no arrays."""
    if function is float or function is int:
        return True
    return getattr(function, "__module__", "") == "math" and function not in OF_SEQUENCES


def as_numbers(recorder: Methods, site: int, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of such a function."""
    return tuple(recorder.method(site, a, "item") if is_single(a) else a for a in args)


def modulo(left: Any, right: Any) -> Any:
    """left % right; behind a text there may be several numbers."""
    if not isinstance(left, str):
        return left % right
    if isinstance(right, tuple):
        return left % tuple(value.item() if is_single(value) else value for value in right)
    return left % (right.item() if is_single(right) else right)


def is_one_entry(owner: Any, index: Any, value: Any) -> bool:
    """Whether an array of one entry is put where there is room for a number."""
    if not is_single(value) or value.ndim == 0 or not isinstance(owner, np.ndarray):
        return False
    return owner.dtype.kind != "O" and np.ndim(owner[index]) == 0


def put(owner: Any, index: Any, value: Any) -> None:
    """owner[index] = value."""
    owner[index] = value.item() if is_one_entry(owner, index, value) else value
