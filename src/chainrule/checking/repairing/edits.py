"""Changes of a recorded computation that could put a mistake right: another operand, another operation.

An edit changes all instances of a place, as an edit of the source would. Nothing here judges: `repair`
tries edits, and believes only those that make gradients agree. Each edit bears the name of the mistake
that it puts right; `value_edits` has those that change a result.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.alternatives import (
    Label,
    alternative,
    alternatives,
    squares,
    turned_instance,
)
from chainrule.checking.repairing.operand_names import name_operand, name_operator
from chainrule.checking.repairing.scene import Scene
from chainrule.rules import RULES

Changes: TypeAlias = dict[int, Instruction]
Change: TypeAlias = Callable[..., Instruction | None]  # of one step

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


@final
@dataclass
class Edit:
    """One edit: the steps that it concerns, how it changes some of them, and the mistake that it mends.

    `step` is the instance that is shown, `slot` the operand that is wrong there, None for the result;
    `instead` is the position (in that instance) of what belongs there, where it is a value. Of edits that
    mend as much a lower `cost` is the likelier one.
    """

    mistake: str
    steps: Sequence[Instruction]
    make: Callable[[Sequence[Instruction]], Changes | None]
    step: Instruction
    slot: int | None = None
    instead: int | None = None
    how: str = ""
    cost: int = 0
    call: int | None = None  # the site of the call whose argument is replaced
    early: int | None = None  # the version that was made too early


def each(change: Change) -> Callable[[Sequence[Instruction]], Changes | None]:
    """The change of every step, or of none."""

    def make(steps: Sequence[Instruction]) -> Changes | None:
        changes: Changes = {}
        for step in steps:
            changed = change(step)
            if changed is None:
                return None
            changes[step.number] = changed
        return changes or None

    return make


def groups(scene: Scene) -> Iterator[tuple[list[Instruction], bool]]:
    """The suspects by place; then those of one line of a helper, whoever calls it."""
    by_site: dict[tuple[int, str], list[list[Instruction]]] = {}
    for (site, operation, calls), steps in scene.places.items():
        yield steps, False
        if calls:
            by_site.setdefault((site, operation), []).append(steps)
    for several in by_site.values():
        if len(several) > 1:
            yield sorted((s for steps in several for s in steps), key=lambda s: s.number), True


# --- operands -------------------------------------------------------------------------------------


def with_operand(step: Instruction, slot: int, position: int) -> Instruction:
    inputs = list(step.inputs)
    inputs[slot] = position
    return replace(step, inputs=tuple(inputs))


def old_versions(scene: Scene) -> Iterator[Edit]:
    """Weights that this turn has updated already, put back to those of the forward pass."""
    found: dict[Any, list[Instruction]] = {}
    shown: dict[Any, tuple[Instruction, int, int, int]] = {}

    def early_slots(step: Instruction) -> list[tuple[int, int, int]]:
        slots = []
        for slot, position in enumerate(step.inputs):
            chain = scene.chain_of.get(position)
            if chain is None or is_link(scene, step, slot):
                continue
            used = scene.version_used(chain, step.output)
            if used is not None and used < position:
                slots.append((slot, used, position))
        return slots

    def put_back(step: Instruction) -> Instruction | None:
        slots = early_slots(step)
        for slot, used, _ in slots:
            step = with_operand(step, slot, used)
        return step if slots else None

    for step in scene.suspects:
        slots = early_slots(step)
        for key in ("all", scene.place_of(step)) if slots else ():
            found.setdefault(key, []).append(step)
            shown.setdefault(key, (step, *slots[0]))
    for key, steps in found.items():
        step, slot, used, early = shown[key]
        cost = 1 if key == "all" else 0
        yield Edit(
            "updated-weights", steps, each(put_back), step, slot, used, cost=cost, early=early
        )


def is_link(scene: Scene, step: Instruction, slot: int) -> bool:
    """Whether the step makes the next version from this operand."""
    chain = scene.chain_of.get(step.output)
    return chain is not None and chain == scene.chain_of.get(step.inputs[slot])


def operand_edits(scene: Scene, shared: bool) -> Iterator[Edit]:
    """Another value of the same turn in an operand's place."""
    for steps, is_shared in groups(scene):
        first = steps[0]
        if is_shared != shared or (first.operation == "gather" and len(first.inputs) > 1):
            continue
        for slot in range(len(first.inputs)):
            if is_link(scene, first, slot) or first.operation == "stack":
                continue
            for label, shown, other in alternatives(scene, first, slot):
                mistake = name_operand(scene, shown, slot, label, other)
                if mistake is None or (shared and label[0] not in ("z", "a")):
                    continue

                def change(
                    step: Instruction, slot: int = slot, label: Label = label
                ) -> Instruction | None:
                    if slot >= len(step.inputs):
                        return None
                    found = alternative(scene, step, slot, label)
                    return None if found is None else with_operand(step, slot, found)

                if flattens(scene, steps, change):
                    continue
                # A test that is always true is wrong, whatever else may make up for it.
                cost = 0 if mistake == "relu-derivative-at-output" else label_cost(label)
                yield Edit(
                    mistake, steps, each(change), shown, slot, other, how=f"{label[0]}", cost=cost,
                )  # fmt: skip


def label_cost(label: Label) -> int:
    return {
        "z": 0,
        "a": 0,
        "before": 0,
        "partner": 0,
        "name": 1,
        "scaled": 1,
        "shift": 1,
        "turn": 1,
        "class": 2,
        "chain": 3,
        "given": 3,
    }[label[0]]


def argument_edits(scene: Scene) -> Iterator[Edit]:
    """Another argument of a call: all steps in the call that take the old one take the new one."""
    members: dict[tuple[int, Any], list[tuple[Instruction, int]]] = {}
    for step in scene.suspects:
        for slot, position in enumerate(step.inputs):
            key = scene.class_of.get(position, ("given", position))
            for call in calls_from_outside(scene, step, position):
                members.setdefault((call, key), []).append((step, slot))
    seen: set[tuple[tuple[int, int], ...]] = set()
    for (call, _), pairs in members.items():
        same = tuple((step.number, slot) for step, slot in pairs)
        if same in seen:
            continue  # of calls in calls the innermost
        seen.add(same)
        places = {(scene.place_of(step), slot) for step, slot in pairs}
        if len(places) < 2:
            continue
        step, slot = pairs[0]
        slots: dict[int, list[int]] = {}
        for one, at in pairs:
            slots.setdefault(one.number, []).append(at)
        steps = list({one.number: one for one, _ in pairs}.values())
        for label, shown, other in alternatives(scene, step, slot):
            mistake = name_operand(scene, shown, slot, label, other)
            if mistake is None:
                continue

            def change(
                one: Instruction, label: Label = label, slots: dict[int, list[int]] = slots
            ) -> Instruction | None:
                for at in slots[one.number]:
                    found = alternative(scene, one, at, label)
                    if found is None:
                        return None
                    one = with_operand(one, at, found)
                return one

            yield Edit(
                mistake, steps, each(change), shown, slot, other,
                how=f"{label[0]}", cost=label_cost(label), call=call,
            )  # fmt: skip


def calls_from_outside(scene: Scene, step: Instruction, position: int) -> Iterator[int]:
    """The calls around a step in which a value was not made: it came in as an argument, or by another way."""
    maker = scene.program.step_of.get(position)
    inside = set()
    call = None if maker is None else scene.program.call(maker)
    while call is not None:
        inside.add(id(call))
        call = call.outer
    call = scene.program.call(step)
    while call is not None and id(call) not in inside:
        yield call.site
        call = call.outer


# --- operations -----------------------------------------------------------------------------------


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

    def at(values: Any, position: int) -> Any:
        maker = program.step_of.get(position)
        if maker is None or position < step.output:
            return values[position]
        return RULES[maker.operation].forward(
            FLOAT64, *(at(values, p) for p in maker.inputs), **maker.parameters
        )

    def compute(values: Any) -> Any:
        return RULES[step.operation].forward(FLOAT64, values[own], at(values, gradient))

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
                first, how=other, cost=(4 if is_shared(scene, steps) else 0) if link else 1,
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
                        first, how=f"**{exponent}", cost=2,
                    )  # fmt: skip
        if first.operation == "scatter" and link:
            yield from scattered_links(scene, steps)
        if first.operation == "add" and multiplied(scene, first) is not None:
            yield Edit(
                "wrong-operator", steps, each(lambda step: multiplied(scene, step)), first,
                how="multiply", cost=1,
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


def is_shared(scene: Scene, steps: Sequence[Instruction]) -> bool:
    """Whether a place makes right values, too: an edit of the line would change those as well."""
    return len(scene.instances[scene.place_of(steps[0])]) > len(steps)


def flattens(scene: Scene, steps: Sequence[Instruction], change: Change) -> bool:
    """Whether a change makes one number of an untainted value that varies: s + (1 - s) for s * (1 - s)."""
    before, after = [], []
    for step in steps[:4]:
        changed = None if scene.is_tainted(step.output) else change(step)
        if changed is None:
            return False
        before.append(np.ravel(scene.case.values[step.output]))
        try:
            after.append(np.ravel(scene.program.apply(changed, scene.case.values)))
        except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError):
            return False
    flat, varied = np.concatenate(after), np.concatenate(before)
    if varied.dtype.kind == "b":
        return False
    flat = flat.astype(float)
    return bool(flat.size > 1 and np.ptp(flat) <= 1e-12 * abs(flat[0]) and np.ptp(varied) > 0)


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
        elif isinstance(part, int | np.integer) and not isinstance(part, bool):
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
