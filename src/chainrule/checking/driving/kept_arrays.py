"""The arrays that an object keeps, by where they are: its parameters, and what is the gradient of which.

layer.W, layer.params["W"], layer.W.data           layer.dW, layer.grads["W"], layer.W.grad
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.driving.arguments import plain_name
from chainrule.checking.driving.gradient_names import GRADIENT, is_gradient_name
from chainrule.recording.functions import is_own_module

VALUE = re.compile(r"params?|data|values?|val|array|tensor")
# Gradients, and what optimizers and layers keep beside parameters.
BESIDE = re.compile(
    r"d_?(weights?|bias|w|b)|(\w+_)?(grads?|gradients?|deltas?|velocit|moment)|cache|mem|running|moving|[mvs]_?(d_?)?(w|b|weights?|bias(es)?)\d*$"
)
MOST_PARTS = 60
DEEPEST = 4
Path: TypeAlias = tuple[Any, ...]


def places(thing: Any, path: Path = (), seen: set[int] | None = None) -> dict[Path, Any]:
    """The arrays that an object keeps, and its parts, by where they are."""
    seen = set() if seen is None else seen
    if isinstance(thing, np.ndarray):
        return {path: thing} if thing.dtype.kind == "f" and thing.size else {}
    if id(thing) in seen or len(path) > DEEPEST:
        return {}
    seen.add(id(thing))
    parts: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(thing, Mapping):
        parts = iter(list(thing.items()))
    elif isinstance(thing, list | tuple):
        parts = iter(list(enumerate(thing[:MOST_PARTS])))
    elif hasattr(thing, "__dict__") and is_own_module(type(thing).__module__):
        parts = iter(list(vars(thing).items()))
    found: dict[Path, Any] = {}
    for key, part in parts:
        found |= places(part, (*path, key), seen)
    return found


def array_at(thing: Any, path: Path) -> Any:
    for key in path:
        thing = (
            vars(thing)[key]
            if hasattr(thing, "__dict__") and not isinstance(thing, Mapping)
            else thing[key]
        )
    return thing


def name_at(path: Path) -> str:
    """What a parameter is called: W for W.data, and for params['W']."""
    last = str(path[-1])
    if len(path) > 1 and (VALUE.fullmatch(plain_name(last)) or isinstance(path[-1], int)):
        return f"{path[-2]} {last}" if isinstance(path[-1], int) else str(path[-2])
    return last


def spelled(path: Path) -> str:
    return " ".join(map(str, path))


def gradient_name_at(path: Path, names: Mapping[str, Path]) -> str | None:
    """Which parameter of the same object a place holds the gradient of: dW, W.grad, grads['W'], and grads[0] for params[0]."""
    last, above = str(path[-1]), str(path[-2]) if len(path) > 1 else ""
    for name, place in names.items():
        beside = path[:-1] == place[:-1]
        in_tables = is_gradient_place((above,)) and path[:-2] == place[:-2]
        if is_gradient_name(last, name_at(place)) and (
            beside or in_tables or path[:-1] == place[:-2]
        ):
            return name
        if (
            path[:-1] in (place, place[:-1])
            and GRADIENT.fullmatch(plain_name(last))
            and above == name_at(place)
        ):
            return name
        if len(path) > 1 and in_tables and path[-1] == place[-1]:
            return name
        if (
            len(path) > 1
            and path[:-2] == place[:-1]
            and is_gradient_place((above,))
            and path[-1] == place[-1]
        ):
            return name
    return None


def is_gradient_place(path: Path) -> bool:
    return any(isinstance(key, str) and BESIDE.match(plain_name(key)) for key in path)
