"""What a program has at hand where it stands: the numbers that its names reach at some sites.

A value that no step takes is in no recording. Here it is found as a person finds it: by looking at the
names in sight, and at what their attributes, keys and entries are.
"""

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, final

import numpy as np

from chainrule.recording.memory import Memory
from chainrule.recording.recording import is_number
from chainrule.recording.rewriting import RECORDER

MOST_LOOKS = 400
LARGEST = 200_000  # entries of an array that is copied
INNER = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>")


@final
@dataclass
class Sight:
    """One look: the value that the site makes, and by its text every value in sight that has numbers.

    `known` has the positions of those that the recording knows, of a list those of its entries, `distances`
    how far a name was looked for.
    """

    made: Any
    values: dict[str, Any] = field(default_factory=dict)
    known: dict[str, list[int]] = field(default_factory=dict)
    distances: dict[str, int] = field(default_factory=dict)


@final
@dataclass
class Look:
    """Where to look, and what was seen. `indices` are read beside: t, where the site reads out[t]."""

    sites: Collection[int]
    indices: Collection[str] = ()
    seen: list[Sight] = field(default_factory=list)
    looking: bool = False

    def around(self, made: Any, memory: Memory) -> None:
        """Note what is in sight of the program now, as the recorder writes a step down."""
        if self.looking or len(self.seen) >= MOST_LOOKS:
            return
        self.looking = True
        sight = Sight(np.array(made, dtype=float))
        for text, (value, owner, distance) in reached(self.indices).items():
            numbers = as_numbers(value)
            if numbers is None:
                continue
            sight.values[text], sight.distances[text] = numbers, distance
            parts = [*(value if isinstance(value, list | tuple) else [value]), owner]
            positions = (memory.known(part) for part in parts)
            sight.known[text] = [position for position in positions if position is not None]
        self.seen.append(sight)
        self.looking = False


def as_numbers(value: Any) -> Any | None:
    """A copy of a number, an array, or a list of numbers, integers as such."""
    if is_number(value) and not isinstance(value, bool | np.bool_):
        return np.array(value) if np.size(value) <= LARGEST else None
    if isinstance(value, list | tuple) and 0 < len(value) <= 1000 and all(map(is_number, value)):
        try:
            return np.array(value)
        except ValueError:
            return None
    return None


def frames_in_sight() -> Iterator[FrameType]:
    """The frames of the program whose names the current line can use, the innermost first."""
    frame: FrameType | None = sys._getframe(2)
    inner = True
    while frame is not None:
        if RECORDER in frame.f_globals and (inner or frame.f_code.co_name == "<module>"):
            yield frame
            if frame.f_code.co_name == "<module>":
                return
            inner = frame.f_code.co_name in INNER
        frame = frame.f_back


def reached(indices: Collection[str]) -> dict[str, tuple[Any, Any, int]]:
    """What names, attributes, keys and entries at some indices stand for; the owner of an entry; how far away."""
    names: dict[str, tuple[Any, int]] = {}
    for distance, frame in enumerate(frames_in_sight()):
        for name, value in frame.f_locals.items():
            if not name.startswith("__"):
                names.setdefault(name, (value, distance))
    found = {name: (value, None, distance) for name, (value, distance) in names.items()}
    for name, (value, distance) in names.items():
        found |= {text: (part, None, distance) for text, part in parts_of(name, value)}
    for index in indices:
        place = evaluated(index, {name: value for name, (value, _) in names.items()})
        for text, (owner, _, distance) in list(found.items()):
            try:
                entry = owner[place] if isinstance(owner, list | tuple | np.ndarray) else None
            except (IndexError, TypeError, KeyError):
                continue
            if place is not None and entry is not None:
                found[f"{text}[{index}]"] = (entry, owner, distance)
    return found


def parts_of(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(f'{name}["{key}"]', part) for key, part in value.items() if isinstance(key, str)]
    module = getattr(type(value), "__module__", "")
    owner = sys.modules.get(module)
    if owner is None or RECORDER not in vars(owner) or isinstance(value, type):
        return []
    attributes = getattr(value, "__dict__", {})
    return [(f"{name}.{key}", part) for key, part in attributes.items()]


def evaluated(index: str, names: Mapping[str, Any]) -> Any:
    """An index that is made of names and numbers alone; None for any other."""
    tree = ast.parse(index, mode="eval")
    plain = (ast.Expression, ast.Name, ast.Load, ast.Constant, ast.UnaryOp, ast.USub, ast.BinOp)
    signs = (ast.Add, ast.Sub, ast.Tuple)
    if not all(isinstance(node, (*plain, *signs)) for node in ast.walk(tree)):
        return None
    try:
        return eval(compile(tree, "<index>", "eval"), {}, dict(names))
    except Exception:
        return None
