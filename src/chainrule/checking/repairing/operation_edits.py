"""Changes of a recorded computation that could put a mistake right: another operation, or another entry."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.alternatives import squares, turned_instance
from chainrule.checking.repairing.edits import Edit, each, flattens, groups, is_link
from chainrule.checking.repairing.operand_names import name_operator
from chainrule.checking.repairing.scene import Scene
from chainrule.rules import RULES

SWAPS = {
    "add": ("subtract", "multiply"),
    "subtract": ("add", "multiply"),
    "multiply": ("add", "divide", "subtract"),
    "divide": ("multiply",),
    "greater": ("less", "less-equal"),
    "less": ("greater", "greater-equal"),
    "greater-equal": ("less", "less-equal"),
    "less-equal": ("greater", "greater-equal"),
    "sum": ("mean",),
    "mean": ("sum",),
}
MOST_MOVED = 3  # of one index
MOST_INDICES = 40
MOST_MADE_EARLIER = 200  # steps


def transposes(scene: Scene) -> Iterator[Edit]:
    """A matrix and its transpose, or the operands of a product the other way round."""
    for steps, shared in groups(scene):
        first = steps[0]
        if first.operation == "matmul" and not shared:
            for turn in ("left", "right", "both", "swap", "result", "swap-result"):
                if turned_product(scene, first, turn) is not None:
                    slot = {"left": 0, "right": 1}.get(turn)
                    yield Edit(
                        "wrong-transpose", steps,
                        each(lambda step, turn=turn: turned_product(scene, step, turn)),
                        first, slot, how=turn, cost=1,
                    )  # fmt: skip
        if first.operation == "outer":
            yield Edit(
                "wrong-transpose", steps, each(lambda step: replace(step, inputs=step.inputs[::-1])), first,
                how="swap", cost=1,
            )  # fmt: skip
        shape = np.shape(scene.case.values[first.output])
        if first.operation == "matmul" and len(shape) == 2 and shape[0] == shape[1]:
            yield Edit(
                "wrong-transpose", steps, each(turned_result), first, None, how="turn", cost=2
            )


def turned_links(scene: Scene) -> Iterator[Edit]:
    """Numbers that are moved by the gradients of other ones: w[k][j] by what w[j][k] should be moved by."""
    for steps in scene.places.values():
        first = steps[0]
        lone = np.size(scene.case.values[first.output]) == 1
        if first.operation not in ("add", "subtract") or not (lone and is_link(scene, first, 0)):
            continue
        _, count = scene.rank(first)
        for rows in squares(count):
            yield Edit(
                "wrong-transpose", steps,
                each(lambda step, rows=rows: moved_as(scene, step, turned_instance(scene, step, rows))),
                first, None, how="turn", cost=1,
            )  # fmt: skip


def moved_as(scene: Scene, step: Instruction, other: Instruction | None) -> Instruction | None:
    """A step that moves a number by what another step moves its own by, made when it is asked for."""
    if other is None:
        return None
    program, own, gradient = scene.program, step.inputs[0], other.inputs[1]
    behind = program.ancestors([gradient], range(step.output))
    made = [program.step_of[p] for p in sorted(behind) if p > step.output and p in program.step_of]
    if len(made) > MOST_MADE_EARLIER:
        return None

    def compute(values: Any) -> Any:
        earlier: dict[int, Any] = {}
        for one in made:
            inputs = (earlier[p] if p in earlier else values[p] for p in one.inputs)
            earlier[one.output] = RULES[one.operation].forward(FLOAT64, *inputs, **one.parameters)
        step_by = earlier[gradient] if gradient in earlier else values[gradient]
        return RULES[step.operation].forward(FLOAT64, values[own], step_by)

    return replace(step, compute=compute)


def turned_result(step: Instruction) -> Instruction:
    left, right = step.inputs
    return replace(
        step, compute=lambda values: (np.asarray(values[left]) @ np.asarray(values[right])).T
    )


def turned_product(scene: Scene, step: Instruction, turn: str) -> Instruction | None:
    left, right = step.inputs

    def product(values: Any) -> Any:
        p, q = np.asarray(values[left]), np.asarray(values[right])
        if turn in ("left", "both"):
            p = p.T
        if turn in ("right", "both"):
            q = q.T
        if turn in ("swap", "swap-result"):
            p, q = q, p
        result = p @ q
        return result.T if turn in ("result", "swap-result") else result

    try:
        if np.shape(product(scene.case.values)) != np.shape(scene.case.values[step.output]):
            return None
    except ValueError:
        return None
    return replace(step, compute=product)


def operator_edits(scene: Scene) -> Iterator[Edit]:
    """Another operation on the same operands."""
    for steps, _ in groups(scene):
        first = steps[0]
        link = first.output in scene.chain_of and any(
            is_link(scene, first, k) for k in range(len(first.inputs))
        )
        for other in SWAPS.get(first.operation, ()):
            if link and other not in ("add", "subtract"):
                continue
            if flattens(scene, steps, lambda step, other=other: replace(step, operation=other)):
                continue
            yield Edit(
                name_operator(scene, first, other, link), steps,
                each(lambda step, other=other: replace(step, operation=other)),
                first, how=other, cost=(4 if is_usual(scene, steps) else 0) if link else 1,
            )  # fmt: skip
        if first.operation in ("subtract", "divide") and not link:
            name = "sign-error" if first.operation == "subtract" else "wrong-operator"
            yield Edit(
                name,
                steps,
                each(lambda step: replace(step, inputs=step.inputs[::-1])),
                first,
                how="exchange",
                cost=2,
            )
        if first.operation in ("power", "square"):
            for exponent in (1, 2, 3):
                if first.parameters.get("exponent", 2) != exponent:
                    yield Edit(
                        "wrong-operator", steps, each(lambda step, e=exponent: with_exponent(step, e)),
                        first, how=f"**{exponent}", cost=1,
                    )  # fmt: skip
        if first.operation == "scatter" and link:
            yield from scattered_links(scene, steps)
        if first.operation == "add" and multiplied(scene, first) is not None:
            yield Edit(
                "wrong-operator", steps, each(lambda step: multiplied(scene, step)), first,
                how="multiply",
            )  # fmt: skip


def multiplied(scene: Scene, step: Instruction) -> Instruction | None:
    """p - q * r, where the source has p - q + r."""
    maker = scene.program.step_of.get(step.inputs[0])
    if maker is None or maker.operation not in ("add", "subtract"):
        return None
    (p, q), r, sign = maker.inputs, step.inputs[1], 1 if maker.operation == "add" else -1
    shape = np.shape(scene.case.values[step.output])

    def compute(values: Any) -> Any:
        result = values[p] + sign * (np.asarray(values[q]) * values[r])
        if np.shape(result) != shape:
            raise ValueError("the product has another shape")
        return result

    return replace(step, compute=compute)


def is_usual(scene: Scene, steps: Sequence[Instruction]) -> bool:
    """Whether right parameters go on as wrong ones do: at the same place, or all of them by the same operation."""
    chains, good = scene.case.anatomy.chains, scene.fit.good
    here = scene.instances[scene.place_of(steps[0])]
    return any(scene.chain_of.get(position) in good for position in here) or (
        {step.operation for number in good for step in chains[number].steps[:1]}
        == {steps[0].operation}
    )


def scattered_links(scene: Scene, steps: Sequence[Instruction]) -> Iterator[Edit]:
    """w[i] += d, where the link is a scatter and the sum stands before it."""
    maker = scene.program.step_of.get(steps[0].inputs[1])
    while maker is not None and maker.operation == "reshape":
        maker = scene.program.step_of.get(maker.inputs[0])
    if maker is None or maker.operation not in ("add", "subtract"):
        return
    own = scene.places.get(scene.place_of(maker), [])
    other = "add" if maker.operation == "subtract" else "subtract"
    if own:
        yield Edit(
            "sign-error",
            own,
            each(lambda step: replace(step, operation=other)),
            own[0],
            how=other,
            cost=0,
        )


def index_edits(scene: Scene) -> Iterator[Edit]:
    """Another part of the same array: a slice of the same length, a neighbour."""
    for steps in scene.places.values():
        first = steps[0]
        if first.operation != "gather" or len(first.inputs) != 1:
            continue
        yield Edit("wrong-index", steps, each(whole_array), first, None, how="no index", cost=1)
        if scene.is_tainted(first.output):
            yield from counted_indices(scene, steps)
        of_weight = scene.updated_by(first.output) is not None or scene.comes_from_weights(
            first.inputs[0]
        )
        slope = not scene.is_tainted(first.output) and not of_weight
        for axis, distance in shifts(first, np.shape(scene.case.values[first.inputs[0]])):
            yield Edit(
                "derivative-at-activation" if slope else "wrong-index", steps,
                each(lambda step, a=axis, d=distance: shifted(scene, step, a, d)), first, 0,
                how="index", cost=1,
            )  # fmt: skip


def counted_indices(scene: Scene, steps: Sequence[Instruction]) -> Iterator[Edit]:
    """An index that a loop around counts, where the source has one and the same number: a[0, i] for a[k, i]."""
    first = steps[0]
    parts = first.parameters["indices"]
    parts = parts if isinstance(parts, tuple) else (parts,)
    _, count = scene.rank(first)
    for axis, part in enumerate(parts):
        size = np.shape(scene.case.values[first.inputs[0]])[axis] if is_place(part) else 0
        if size < 2 or len({index_at(step, axis) for step in steps}) > 1:
            continue
        for inner in range(1, count // size + 1):  # how many times the loops within go round
            if count % (inner * size) == 0:
                yield Edit(
                    "wrong-index", steps,
                    each(lambda s, a=axis, i=inner, n=size: placed(s, a, scene.rank(s)[0] // i % n)),
                    first, 0, how="index", cost=2,
                )  # fmt: skip


def is_place(part: Any) -> bool:
    return isinstance(part, int | np.integer) and not isinstance(part, bool)


def index_at(step: Instruction, axis: int) -> int | None:
    parts = step.parameters["indices"]
    parts = parts if isinstance(parts, tuple) else (parts,)
    return int(parts[axis]) if axis < len(parts) and is_place(parts[axis]) else None


def placed(step: Instruction, axis: int, index: int) -> Instruction:
    indices = step.parameters["indices"]
    parts = list(indices) if isinstance(indices, tuple) else [indices]
    parts[axis] = index
    new = tuple(parts) if isinstance(indices, tuple) else parts[0]
    return replace(step, parameters={**step.parameters, "indices": new})


def whole_array(step: Instruction) -> Instruction:
    at = step.inputs[0]
    return replace(step, compute=lambda values: values[at])


def shifts(step: Instruction, shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """By how much a basic index may be moved, axis by axis."""
    indices = step.parameters["indices"]
    parts = indices if isinstance(indices, tuple) else (indices,)
    for axis, part in enumerate(parts[: len(shape)]):
        size = shape[axis]
        if isinstance(part, slice) and part != slice(None) and part.step in (None, 1):
            start, stop, _ = part.indices(size)
            distances = [d for d in range(-start, size - stop + 1) if d]
        elif is_place(part):
            distances = [d for d in range(-MOST_MOVED, MOST_MOVED + 1) if d]
        else:
            continue
        yield from ((axis, distance) for distance in distances[:MOST_INDICES])


def shifted(scene: Scene, step: Instruction, axis: int, distance: int) -> Instruction | None:
    indices = step.parameters["indices"]
    parts = list(indices) if isinstance(indices, tuple) else [indices]
    size = np.shape(scene.case.values[step.inputs[0]])[axis]
    part = parts[axis]
    if isinstance(part, slice):
        start, stop, _ = part.indices(size)
        if start + distance < 0 or stop + distance > size:
            return None
        parts[axis] = slice(start + distance, stop + distance)
    else:
        moved = int(part) + distance
        if not 0 <= moved < size:
            return None
        parts[axis] = moved
    new = tuple(parts) if isinstance(indices, tuple) else parts[0]
    return replace(step, parameters={**step.parameters, "indices": new})


def with_exponent(step: Instruction, exponent: int) -> Instruction:
    return replace(
        step, operation="power", inputs=step.inputs[:1], parameters={"exponent": exponent}
    )
