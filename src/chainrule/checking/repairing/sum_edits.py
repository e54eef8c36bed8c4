"""Sums that could put a mistake right: over another axis, one too many, one that is missing, one sample's value."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import same_entries
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.fitting.case import names_twice
from chainrule.checking.repairing.edits import Edit, each, groups
from chainrule.checking.repairing.scale_edits import scale_of
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.checking.repairing.value_edits import passing, seen_as, with_changed_operand


def reductions(scene: Scene) -> Iterator[Edit]:
    """A sum over another axis, one too many, or one that is missing."""
    for steps, shared in groups(scene):
        first = steps[0]
        if not scene.is_tainted(first.output) or first.output in scene.chain_of:
            continue
        if first.operation in ("sum", "mean"):
            yield from other_sums(scene, steps)
        if first.operation in ("sum", "mean") or shared:
            continue
        key = scene.place_of(first)
        source = scene.case.values[first.inputs[0]]
        if first.operation == "gather" and np.ndim(source) == 2:
            for operation in (np.sum, np.mean):
                for axis in (0, 1):
                    yield Edit(
                        "last-sample-only", steps,
                        each(lambda step, o=operation, a=axis: summed(scene, step, o, a)), first,
                        how=f"sum axis={axis}", cost=1,
                    )  # fmt: skip
        if np.ndim(scene.case.values[first.output]) == 2:
            for operation in (np.sum, np.mean):
                for axis in (0, 1):
                    for keepdims in (True, False):
                        yield Edit(
                            "bias-not-summed", steps,
                            seen_as(
                                scene, key,
                                lambda step, o=operation, a=axis, k=keepdims: (
                                    lambda value, values: o(value, axis=a, keepdims=k)
                                ),
                            ),
                            first, how=f"sum axis={axis}", cost=1,
                        )  # fmt: skip


def other_sums(scene: Scene, steps: Sequence[Instruction]) -> Iterator[Edit]:
    first = steps[0]
    old = first.parameters.get("axis")
    ndim = np.ndim(scene.case.values[first.inputs[0]])
    axes: list[Any] = [axis for axis in (0, 1) if axis < ndim] + [None]
    if ndim in (3, 4):
        axes += [2, *(pair for n in (2, 3) for pair in combinations(range(ndim), n) if n < ndim)]
    for operation in ("sum", "mean"):
        for axis in axes:
            for keepdims in (False, True):
                if axis == old and operation == first.operation:
                    continue
                if axis == old:
                    name = "parameter-mis-scaled"
                elif old is None:
                    name = "bias-summed-over-all"
                else:
                    name = "bias-not-summed" if axis is not None else "wrong-index"
                yield Edit(
                    name, steps,
                    each(
                        lambda step, o=operation, a=axis, k=keepdims: replace(
                            step, operation=o, parameters={"axis": a, "keepdims": k}
                        )
                    ),
                    first, how=f"{operation} axis={axis}", cost=1 if operation == first.operation else 2,
                )  # fmt: skip
    name = "bias-summed-over-all" if old is None or ndim < 2 else "wrong-operator"
    yield Edit(name, steps, each(lambda step: passing(step, 0)), first, how="no sum", cost=1)
    if first.operation == "sum":
        maker = scene.program.step_of.get(first.inputs[0])
        if maker is not None and maker.operation == "stack":
            for end in (0, -1):
                yield Edit(
                    "bias-summed-over-all", steps,
                    each(lambda step, end=end: own_part(scene, step, end)), first, how="own part", cost=1,
                )  # fmt: skip


def own_part(scene: Scene, step: Instruction, end: int) -> Instruction | None:
    """Of a sum over units the part of the unit that this instance belongs to, by its rank."""
    maker = scene.program.step_of.get(step.inputs[0])
    if maker is None or maker.operation != "stack":
        return None
    index, _ = scene.rank(step)
    parts = len(maker.inputs)
    # All sums of these parts: those for dead units are in no update.
    same = [
        other.output for other in scene.program.consumers[maker.inputs[0]]
        if other.inputs == maker.inputs and scene.place_of(other) == scene.place_of(maker)
    ]  # fmt: skip
    position = same.index(maker.output) if len(same) == parts else index % parts
    at = maker.inputs[position if end == 0 else parts - 1 - position]
    return replace(step, compute=lambda values: values[at])


def summed(scene: Scene, step: Instruction, operation: Any, axis: int) -> Instruction:
    at, shape = step.inputs[0], np.shape(scene.case.values[step.output])
    return replace(step, compute=lambda values: np.reshape(operation(values[at], axis=axis), shape))


def unreduced_products(scene: Scene) -> Iterator[Edit]:
    """A product of one sample's values, or of sums, where all samples' belong."""
    for steps in scene.places.values():
        first = steps[0]
        shape = np.shape(scene.case.values[first.output])
        if first.operation not in ("matmul", "outer", "multiply") or not scene.is_tainted(
            first.output
        ):
            continue
        if len(shape) != 2 or len(first.inputs) != 2:
            continue
        depths = [len(wholes(scene, position)) for position in first.inputs]
        for levels in np.ndindex(*depths):
            if not any(levels):
                continue
            for turn in range(4):
                for scale in (False, True):
                    if whole_product(scene, first, levels, turn, scale) is not None:
                        yield Edit(
                            "last-sample-only", steps,
                            each(lambda s, v=levels, t=turn, c=scale: whole_product(scene, s, v, t, c)),
                            first, how=f"whole {turn}", cost=2,
                        )  # fmt: skip


def wholes(scene: Scene, position: int) -> list[int]:
    """A value, and the arrays that it was taken from, one out of the other."""
    found = [position]
    for _ in range(5):
        step = scene.program.step_of.get(position)
        if step is None or step.operation not in ("gather", "sum", "mean", "transpose", "reshape"):
            break
        if position in scene.case.anatomy.stops or step.inputs[0] in scene.chain_of:
            break
        position = step.inputs[0]
        found.append(position)
    return found


def whole_product(
    scene: Scene,
    step: Instruction,
    levels: tuple[int, ...],
    turn: int,
    scale: bool,
) -> Instruction | None:
    sources = [wholes(scene, position) for position in step.inputs]
    if any(level >= len(found) for level, found in zip(levels, sources, strict=True)):
        return None
    left, right = (found[level] for level, found in zip(levels, sources, strict=True))

    def product(values: Any) -> Any:
        p, q = np.asarray(values[left]), np.asarray(values[right])
        if turn % 2:
            result = p @ q.T if turn == 1 else q @ p.T
        else:
            result = p.T @ q if turn == 0 else q.T @ p
        return result / (len(p) if turn in (0, 2) else p.shape[1]) if scale else result

    try:
        made = np.asarray(product(scene.case.values), dtype=float)
    except (ValueError, IndexError):
        return None
    value = np.asarray(scene.case.values[step.output], dtype=float)
    if made.shape != value.shape or scale_of(value, made) is not None:
        return None  # the same product, on another scale
    return replace(step, compute=product)


def sums_over_samples(scene: Scene) -> Iterator[Edit]:
    """One sample's value where the sum over a batch belongs: numbers, and arrays sample by sample."""
    for steps in scene.places.values():
        first = steps[0]
        for slot, position in enumerate(first.inputs):
            key = scene.class_of.get(position)
            if key is None or not scene.is_tainted(position) or position in scene.chain_of:
                continue
            members = scene.members(key, position)
            if (
                len(members) < 2
                or position not in members
                or scene.updated_by(first.output) is None
            ):
                continue
            for count in range(2, len(members) + 1):  # of samples; each has one or several of these
                if len(members) % count:
                    continue

                def change(
                    step: Instruction, slot: int = slot, count: int = count
                ) -> Instruction | None:
                    at = step.inputs[slot]
                    own = scene.members(scene.class_of.get(at), at)
                    if at not in own or len(own) % count:
                        return None
                    stride = len(own) // count
                    parts = own[own.index(at) % stride :: stride]
                    return with_changed_operand(
                        step, slot, lambda value, values: sum(values[p] for p in parts)
                    )

                maker = scene.program.step_of[position]
                yield Edit(
                    "last-sample-only", steps, each(change), maker, None, how=f"sum {count}", cost=2,
                )  # fmt: skip


def forgotten_terms(scene: Scene) -> Iterator[Edit]:
    """The last of several values that one statement makes, where their sum belongs: `=` for `+=` in a loop."""
    unused: dict[Place, list[int]] = {}
    for position in sorted(scene.unused):
        unused.setdefault(scene.place_of(scene.program.step_of[position]), []).append(position)
    for key in unused.keys() & scene.places.keys():
        steps = scene.places[key]
        terms: dict[int, list[int]] = {}  # by the value that is used, those before it that are not
        left = unused[key]
        for step in steps:
            terms[step.output] = [p for p in left if p < step.output]
            left = left[len(terms[step.output]) :]
        if not any(terms.values()):
            continue

        def change(step: Instruction, terms: dict[int, list[int]] = terms) -> Any:
            others = terms.get(step.output, [])
            return lambda value, values: value + sum(values[p] for p in others)

        yield Edit(
            "wrong-operator", steps, seen_as(scene, key, change), steps[0], None,
            how="forgotten", cost=1,
        )  # fmt: skip


def sums_of_repeated(scene: Scene) -> Iterator[Edit]:
    """w[i] += d for an index that names entries more than once: the sum of all that is added to each, not the last of it."""
    for steps in scene.places.values():
        first = steps[0]
        if first.operation == "scatter" and any(adds_repeatedly(scene, step) for step in steps):
            yield Edit("repeated-index", steps, each(with_sums), first, how="repeated")


def adds_repeatedly(scene: Scene, step: Instruction) -> bool:
    """Whether entries are written that were read, with something added, by an index that names some of them twice."""
    program = scene.program
    maker = program.step_of.get(program.source_through(step.inputs[1], {"reshape"}))
    if maker is None or maker.operation not in ("add", "subtract"):
        return False
    read = program.step_of.get(maker.inputs[0])
    if read is None or read.operation != "gather" or read.inputs[0] != step.inputs[0]:
        return False
    return same_entries(program, read, step) and names_twice(step.parameters["indices"])


def with_sums(step: Instruction) -> Instruction:
    target, written = step.inputs
    indices = step.parameters["indices"]

    def compute(values: Any) -> Any:
        result = np.array(values[target], dtype=float)
        np.add.at(result, indices, np.asarray(values[written]) - result[indices])
        return result

    return replace(step, compute=compute)
