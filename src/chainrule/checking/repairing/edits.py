"""Changes of a recorded computation that could put a mistake right: another operand.

An edit changes all instances of a place, as an edit of the source would. Nothing here judges: `repair`
tries edits, and believes only those that make gradients agree. Each edit bears the name of the mistake
that it puts right; `operation_edits` has those that change an operation, `value_edits` a result.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.repairing.alternatives import (
    Label,
    alternative,
    alternatives,
)
from chainrule.checking.repairing.operand_names import decays_later, name_operand
from chainrule.checking.repairing.scene import Scene

Changes: TypeAlias = dict[int, Instruction]
Change: TypeAlias = Callable[..., Instruction | None]  # of one step


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
    test: int | None = None  # the site of a test that should have come out otherwise
    early: int | None = None  # the version that was made too early


@final
class Remembered:
    """Edits that are made once, however often one goes through them: some are long looked for."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.made: list[Edit] = []
        self.further = iter(edits)

    def __iter__(self) -> Iterator[Edit]:
        for number in count():
            if number == len(self.made):
                edit = next(self.further, None)
                if edit is None:
                    return
                self.made.append(edit)
            yield self.made[number]


def remembered(scene: Scene, make: Callable[[Scene], Iterable[Edit]]) -> Iterable[Edit]:
    """What `make` finds in a scene: the same edits beside whatever else is changed there."""
    if make not in scene.edits:
        scene.edits[make] = Remembered(make(scene))
    return scene.edits[make]


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


def merged(
    program: Program, before: Mapping[int, Instruction], own: Mapping[int, Instruction]
) -> Changes:
    """Changes and further ones: of a step that both change what the further ones leave is as it was changed before."""
    together = dict(before)
    for number, new in own.items():
        old = before.get(number)
        together[number] = new if old is None else both(program.steps[number], old, new)
    return together


def both(step: Instruction, old: Instruction, new: Instruction) -> Instruction:
    def chosen(name: str) -> Any:
        value = getattr(new, name)
        return getattr(old, name) if value is getattr(step, name) else value

    inputs = chosen("inputs")
    if len(old.inputs) == len(new.inputs) == len(step.inputs):
        pairs = zip(step.inputs, old.inputs, new.inputs, strict=True)
        inputs = tuple(q if q != own else p for own, p, q in pairs)
    other = any(
        getattr(new, name) is not getattr(step, name)
        for name in ("operation", "inputs", "parameters")
    )
    return replace(
        new,
        operation=chosen("operation"),
        inputs=inputs,
        parameters=chosen("parameters"),
        compute=new.compute
        if other
        else chosen("compute"),  # which knows nothing of other operands
        seen=old.seen + new.seen,
    )


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
    inputs = (*step.inputs[:slot], position, *step.inputs[slot + 1 :])
    return Instruction(
        step.operation, inputs, step.output, step.parameters, step.number, step.compute, step.seen
    )


def old_versions(scene: Scene) -> Iterator[Edit]:
    """Weights that this turn has updated already, put back to those of the forward pass."""
    found: dict[Any, list[Instruction]] = {}
    shown: dict[Any, tuple[Instruction, int, int, int]] = {}

    def put_back(step: Instruction) -> Instruction | None:
        slots = early_slots(scene, step)
        for slot, used, _ in slots:
            step = with_operand(step, slot, used)
        return step if slots else None

    for step in scene.suspects:
        slots = early_slots(scene, step)
        for key in ("all", scene.place_of(step)) if slots else ():
            found.setdefault(key, []).append(step)
            shown.setdefault(key, (step, *slots[0]))
    for key, steps in found.items():
        step, slot, used, early = shown[key]
        cost = 1 if key == "all" else 0
        yield Edit(
            "updated-weights", steps, each(put_back), step, slot, used, cost=cost, early=early
        )


def early_slots(scene: Scene, step: Instruction) -> list[tuple[int, int, int]]:
    """The operands of a step that are weights which were updated already: slot, version before, version that stands there."""
    slots = []
    for slot, position in enumerate(step.inputs):
        chain = scene.chain_of.get(position)
        if chain is None or is_link(scene, step, slot) or decays_later(scene, step, slot):
            continue
        used = scene.version_used(chain, step.output)
        if used is not None and used < position:
            slots.append((slot, used, position))
    return slots


def is_link(scene: Scene, step: Instruction, slot: int) -> bool:
    """Whether the step makes the next version from this operand."""
    chain = scene.chain_of.get(step.output)
    return chain is not None and chain == scene.chain_of.get(step.inputs[slot])


def own_operand_edits(scene: Scene) -> Iterator[Edit]:
    return operand_edits(scene, shared=False)


def shared_operand_edits(scene: Scene) -> Iterator[Edit]:
    return operand_edits(scene, shared=True)


def operand_edits(scene: Scene, shared: bool) -> Iterator[Edit]:
    """Another value of the same turn in an operand's place."""
    for steps, is_shared in groups(scene):
        first = steps[0]
        if is_shared != shared or (first.operation == "gather" and len(first.inputs) > 1):
            continue
        for slot in range(len(first.inputs)):
            if is_link(scene, first, slot) or (
                first.operation == "stack" and len(first.inputs) > 1
            ):
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
                if is_negative_of(scene, shown.inputs[slot], other):
                    mistake, cost = "sign-error", 2  # -x for x: the sign is what is wrong
                yield Edit(
                    mistake, steps, each(change), shown, slot, other, how=f"{label[0]}", cost=cost,
                )  # fmt: skip


def is_negative_of(scene: Scene, position: int, other: int) -> bool:
    value, instead = (np.asarray(scene.case.values[p]) for p in (position, other))
    floats = value.dtype.kind == instead.dtype.kind == "f"
    return bool(floats and np.any(value) and np.array_equal(value, -instead))


def label_cost(label: Label) -> int:
    return {
        "z": 0,
        "a": 0,
        "before": 0,
        "now": 0,
        "partner": 0,
        "name": 1,
        "scaled": 1,
        "summed": 1,
        "shift": 1,
        "net": 1,
        "turn": 1,
        "class": 2,
        "listed": 2,
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


def spread(numbers: Any) -> float:
    with np.errstate(all="ignore"):  # of infinities
        return float(np.ptp(numbers))


def is_flat_beside(
    scene: Scene, edit: Edit, own: Changes, together: Mapping[int, Instruction]
) -> bool:
    """Whether an edit makes, beside earlier changes, one number of a value that varies: a + (1 - a)."""
    steps = [step for step in edit.steps[:4] if step.number in own]
    if not steps or any(scene.is_tainted(step.output) for step in steps):
        return False
    outputs = [step.output for step in steps]
    behind = scene.program.ancestors(outputs, scene.forward | scene.fixed)
    cone = [one for one in scene.program.steps if one.output in behind]
    new = scene.program.rerun(scene.case.values, together, cone, scene.fixed)
    varied = np.concatenate([np.ravel(scene.case.values[p]) for p in outputs])
    made = np.concatenate([np.ravel(np.asarray(new.get(p, 0.0))) for p in outputs])
    if made.size < 2 or varied.dtype.kind == "b" or not spread(varied) > 0:
        return False
    return spread(made.astype(float)) <= 1e-12 * abs(float(made[0]))


def flattens(scene: Scene, steps: Sequence[Instruction], change: Change) -> bool:
    """Whether a change makes one number of an untainted value that varies: s + (1 - s) for s * (1 - s)."""
    some = steps[:4]
    if any(scene.is_tainted(step.output) for step in some):
        return False
    varied = np.concatenate([np.ravel(scene.case.values[step.output]) for step in some])
    if varied.dtype.kind == "b" or not varied.size or not spread(varied) > 0:
        return False
    after: list[Any] = []
    for step in some:
        changed = change(step)
        if changed is None:
            return False
        try:
            after.append(np.ravel(scene.program.apply(changed, scene.case.values)))
        except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError):
            return False
        flat = np.concatenate(after).astype(float)
        if flat.size and not spread(flat) <= 1e-12 * abs(flat[0]):
            return False  # nor is it with more of them
    return flat.size > 1
