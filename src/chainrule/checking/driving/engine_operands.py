"""What an engine's operation is held against: numbers, and small arrays whose axes meet as those of the program do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.anatomy.program import Program
from chainrule.checking.driving.engines import EnginePlan

Shape: TypeAlias = tuple[int, ...]

NUMBERS: tuple[tuple[float, float, float, float], ...] = (
    (0.7, -0.4, 1.3, -0.9), (-0.6, 0.8, -1.1, 0.5), (0.7, 0.4, 1.3, 0.9), (1.2, 0.6, 0.5, 0.8),
)  # fmt: skip
SIZES = (3, 2, 4)  # of the axes of small arrays, from the last one on
ALONG = ("axis", "keepdims")
MOST = 3  # ways in which axes meet
# Of what is used nowhere it is not known whether it is meant for arrays, and for which that meet otherwise.
SAME: tuple[Shape, Shape, tuple[tuple[str, Any], ...]] = ((2, 3), (2, 3), ())


@final
@dataclass(frozen=True)
class Operands:
    """Four operands; `along` are the axes that the operation is asked for, where it takes one operand."""

    values: tuple[Any, ...]
    along: Mapping[str, Any] = field(default_factory=dict)


def operands_of(program: Program, plan: EnginePlan) -> list[Operands]:
    """Those of an operation: numbers first."""
    found = [Operands(numbers) for numbers in NUMBERS]
    ways: dict[tuple[Any, ...], None] = {}
    for step in program.steps:
        site = program.site(step)
        if site.of_operators and site.function == plan.operation:
            shapes = [np.shape(program.recorded[position]) for position in step.inputs]
            along = tuple((name, step.parameters.get(name)) for name in ALONG)
            ways |= dict.fromkeys(ways_to_meet(step.operation, shapes, along))
    for first, second, along in list(ways)[:MOST] or [SAME]:
        found += [
            Operands(drawn(first, second, positive), dict(along)) for positive in (False, True)
        ]
    return found


def ways_to_meet(
    operation: str, shapes: list[Shape], along: tuple[tuple[str, Any], ...]
) -> Iterator[tuple[Shape, Shape, tuple[tuple[str, Any], ...]]]:
    """The shapes of two small arrays that meet as larger ones do."""
    if not shapes or not any(shapes) or max(map(len, shapes)) > len(SIZES):
        return
    if len(shapes) == 1:
        small = SIZES[: len(shapes[0])][::-1]
        axes = [value for name, value in along if name == "axis"]
        known = axes[0] is not None and np.ndim(axes[0]) == 0
        yield small, small, tuple((n, v) for n, v in along if v is not None) if known else ()
    elif operation == "matmul":
        left, right = (len(shape) for shape in shapes[:2])
        if max(left, right) <= 2:
            yield (2, 3)[2 - left :], (3, 2)[:right], ()
    elif len(shapes) == 2:
        yield small_shape(shapes[0]), small_shape(shapes[1]), ()


def small_shape(own: Shape) -> Shape:
    """A small array's shape for a large one's: axes of 1, which others are stretched along, stay."""
    lengths = zip(own[::-1], SIZES, strict=False)
    return tuple(1 if length == 1 else size for length, size in lengths)[::-1]


def drawn(first: Shape, second: Shape, positive: bool) -> tuple[Any, ...]:
    rng = np.random.default_rng(7)
    signs = (1, 1, 1, 1) if positive else (1, -1, 1, -1)
    shapes = (first, second, first, second)
    return tuple(
        sign * rng.uniform(0.3, 1.4, size=shape) for sign, shape in zip(signs, shapes, strict=True)
    )
