"""What the mistake is called that an edit of an operand or an operation puts right."""

from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.repairing.alternatives import Label, parameter_behind
from chainrule.checking.repairing.scene import PLAIN, Scene

JOINED = {"concatenate", "stack", "transpose", "reshape"}
INSIDE = {
    "add", "subtract", "negate", "square", "power", "exp", "tanh", "divide", "absolute", "multiply",
    "maximum", "sigmoid", "cosh", "sqrt", "where", "astype", "greater", "less", "greater-equal", "less-equal",
}  # fmt: skip
MOST_INSIDE = 12  # steps of a slope's formula
COMPARISONS = {"greater", "less", "greater-equal", "less-equal"}


def name_operand(
    scene: Scene, step: Instruction, slot: int, label: Label, other: int
) -> str | None:
    """What the mistake is called when an operand should have been another; None for what nobody writes."""
    position = step.inputs[slot]
    if step.operation in COMPARISONS and other in step.inputs:
        return None  # p > p for p > t chooses nothing
    if is_choice(scene, position) and not is_choice(scene, other):
        return None
    if label[0] in ("before", "now"):
        if decays_later(scene, step, slot):
            return None
        version = parameter_behind(scene, position)
        early = version is not None and version in scene.chain_of and other < version
        return "updated-weights" if early else "wrong-variable"
    was, should = scene.is_tainted(position), scene.is_tainted(other)
    if was:
        if not should:
            if is_error_twice(scene, step):
                return "wrong-variable"
            inside = other in scene.activation_of or other in scene.activations
            return "derivative-at-activation" if inside and is_slope_of_error(scene, step) else None
        maker = scene.program.step_of.get(position)
        if (
            maker is not None
            and other in maker.inputs
            and (
                maker.operation in ("multiply", "divide")
                or any(scene.is_decay(p) or not scene.is_tainted(p) for p in maker.inputs)
            )
        ):
            return None
        if scales_to(scene, position, other):
            raw = scene.is_error(position) and scene.updated_by(step.output) is None
            return "raw-error-backpropagated" if raw else "missing-derivative"
        if (
            scene.updated_by(step.output) is None
            and scene.is_error(position)
            and not scene.is_error(other)
            and comes_entry_by_entry(scene, other)
        ):
            return "raw-error-backpropagated"
        if sums_units(scene, position, other) and makes_bias(scene, step):
            return "bias-summed-over-all"
        listed = label[0] == "shift" or is_turned(label) or is_peer(scene, position, other)
        return "wrong-index" if listed else "wrong-variable"
    if should:
        moves = scene.updated_by(step.output) is not None
        return "wrong-variable" if moves or lack_errors(scene) else None
    if is_number(scene, position) and label[0] not in ("listed", "partner"):
        return None
    if scene.is_decay(position) and scene.is_decay(other):
        same = scene.chain_of.get(position) == scene.chain_of.get(other) is not None
        if is_turned(label):
            return "wrong-transpose"
        listed = same or label[0] == "shift" or alike(scene, position, other)
        return "wrong-index" if listed or are_listed(scene, position, other) else "wrong-variable"
    product = scene.is_gradient_product(step, slot)
    if is_before_mask(scene, position, other) and (not product or scene.masked[other] == position):
        return "dropout-mask"
    if product:
        if is_part_of(scene, position, other) or is_same_state(scene, position, other):
            return "wrong-index"
        number = np.size(scene.case.values[other]) == 1 and other in scene.program.given
        if scene.comes_from_weights(other) or (number and label[0] != "partner"):
            return None
        if repeats_part_of(scene, position, other):
            return "last-sample-only"
        given = number and position in scene.program.given  # of a sample that is a list of numbers
        return "wrong-index" if given or is_peer(scene, position, other) else "wrong-layer-input"
    if scene.is_decay(position) or scene.is_decay(other):
        return "wrong-variable"
    if is_before_mask(scene, other, position):
        return "dropout-mask"
    if step.operation == "multiply" and is_gate(scene, other):
        return "wrong-variable"
    if label[0] in ("z", "a") or leads_to_slope(scene, step.output):
        comparing = step.operation in COMPARISONS or step.operation in ("maximum", "where", "sign")
        if comparing and is_constant(scene.case.values[step.output]):
            return "relu-derivative-at-output"
        return "derivative-at-activation"
    if label[0] == "shift" or is_turned(label) or alike(scene, position, other):
        return "wrong-index"
    return "wrong-variable"


def decays_later(scene: Scene, step: Instruction, slot: int) -> bool:
    """Whether a parameter decays from its own value after the update: that serves as well as from before it."""
    chain = scene.chain_of.get(step.inputs[slot])
    decay = chain is not None and not scene.is_tainted(step.output)
    return decay and scene.updated_by(step.output) == chain


def lack_errors(scene: Scene) -> bool:
    """Whether no error goes into any update that is wrong: then one belongs where none is."""
    return all(map(scene.case.anatomy.is_blind, scene.fit.bad))


def is_error_twice(scene: Scene, step: Instruction) -> bool:
    """Whether a step multiplies an error by an error, or turns it for such a product."""
    turned = step.operation in ("transpose", "reshape")
    users = scene.program.consumers.get(step.output, ()) if turned else (step,)
    return any(scene.multiplies_errors(user) for user in users)


def is_slope_of_error(scene: Scene, step: Instruction) -> bool:
    """Whether a step begins a function of an error that an error is multiplied by: e * f'(e)."""
    waiting = [step]
    for here in waiting:  # grows as it goes
        users = scene.program.consumers.get(here.output, ())
        if any(map(scene.multiplies_errors, users)):
            numbered = here is not step and any(p in scene.program.given for p in here.inputs)
            return here.operation not in PRODUCTS or scene.multiplies_errors(here) or numbered
        waiting += [
            user for user in users if user.operation in INSIDE and len(waiting) < MOST_INSIDE
        ]
    return False


def scales_to(scene: Scene, position: int, other: int) -> bool:
    """Whether an error is another times local factors alone: before and after a derivative."""
    for _ in range(4):
        maker = scene.program.step_of.get(other)
        if maker is None or maker.operation not in ("multiply", "where"):
            return False
        tainted = [p for p in maker.inputs if scene.is_tainted(p)]
        if len(tainted) != 1:
            return False
        (other,) = tainted
        if other == position:
            return True
    return False


def comes_entry_by_entry(scene: Scene, position: int) -> bool:
    """Whether a value is an output's error times other values, and was multiplied by no weights."""
    for _ in range(8):
        if scene.is_error(position):
            return True
        maker = scene.program.step_of.get(position)
        tainted = [p for p in maker.inputs if scene.is_tainted(p)] if maker is not None else []
        if maker is None or maker.operation not in (*PLAIN, "where") or len(tainted) != 1:
            return False
        if any(scene.comes_from_weights(p) for p in maker.inputs):
            return False
        (position,) = tainted
    return False


def is_before_mask(scene: Scene, before: int, after: int) -> bool:
    """Whether one value is another before dropout, or what that was an activation of."""
    source = scene.masked.get(after)
    return source is not None and before in (source, scene.activations.get(source))


def is_choice(scene: Scene, position: int) -> bool:
    return bool(np.asarray(scene.case.values[position]).dtype.kind == "b")


def is_number(scene: Scene, position: int) -> bool:
    """Whether an operand is a number of the source, such as a rate: nobody means another value there.

    Data that have a name may be such numbers, too, where a sample is written out.
    """
    if position not in scene.program.given or scene.program.origin(position) != "literal":
        return False
    if np.size(scene.case.values[position]) != 1:
        return False
    data = position in scene.forward or any(m.target == position for m in scene.case.anatomy.mixes)
    return not (data and scene.program.name(position) is not None)


def is_turned(label: Label) -> bool:
    return label[0] == "turn" or (label[0] == "class" and isinstance(label[2], tuple))


def alike(scene: Scene, position: int, other: int) -> bool:
    """Whether two values are entries of the same thing: made in one place, or read out of one value.

    Or joined of such in two places: of a state and a 1, forward and backward.
    """
    one, two = scene.program.step_of.get(position), scene.program.step_of.get(other)
    if is_part_of(scene, position, other):
        return True
    if one is None or two is None:
        return False
    if scene.place_of(one)[0] == scene.place_of(two)[0]:
        return True
    if one.operation != two.operation or one.operation not in JOINED:
        return False
    pairs = list(zip(one.inputs, two.inputs, strict=False))
    joined = [pair for pair in pairs if alike(scene, *pair)]
    values = scene.case.values
    rest = (pair for pair in pairs if pair not in joined)
    return bool(joined) and all(np.array_equal(values[p], values[q]) for p, q in rest)


def is_peer(scene: Scene, position: int, other: int) -> bool:
    """Whether two values are made in one place and neither from the other: units of one layer, inputs of time steps.

    Arrays in one place of one call: a helper makes values of all kinds.
    """
    one, two = scene.program.step_of.get(position), scene.program.step_of.get(other)
    lone = np.size(scene.case.values[position]) == 1
    listed = one is not None and two is not None and scene.place_of(one) == scene.place_of(two)
    if not (alike(scene, position, other) if lone else listed):
        return False
    early, late = sorted((position, other))
    return early not in scene.program.ancestors([late], {early})


def repeats_part_of(scene: Scene, position: int, other: int) -> bool:
    """Whether a value is one row or column of another, again and again."""
    value, whole = (np.asarray(scene.case.values[p]) for p in (position, other))
    return (
        value.ndim == 2
        and any(
            np.all(value == np.take(value, [0], axis)) and value.shape[axis] > 1
            and np.any(whole != np.take(whole, [0], axis))
            for axis in (0, 1)
        )
        and other in scene.program.ancestors([position], {other})
    )  # fmt: skip


def is_part_of(scene: Scene, position: int, other: int) -> bool:
    """Whether a value is read out of another by an index, or both out of a third."""
    one, two = scene.program.step_of.get(position), scene.program.step_of.get(other)
    if one is None or one.operation != "gather":
        return False
    source = same_array(scene, one.inputs[0])
    if source in (other, same_array(scene, other)):
        return True
    return (
        two is not None and two.operation == "gather" and same_array(scene, two.inputs[0]) == source
    )


def is_same_state(scene: Scene, position: int, other: int) -> bool:
    """Whether two values are one state at two times: made in one place with the same parameters."""
    masks = scene.case.anatomy.masks
    return masks[position] == masks[other] != 0 and alike(scene, position, other)


def same_array(scene: Scene, position: int) -> int:
    """The first version of an array that was written into."""
    return scene.program.source_through(position, {"scatter"})


def are_listed(scene: Scene, position: int, other: int) -> bool:
    """Whether two weights are updated by one line, as those of one list are."""
    versions = [scene.version_behind(p) for p in (position, other)]
    numbers = [scene.chain_of[version] for version in versions if version is not None]
    return len(numbers) == 2 and numbers[1] in scene.case.anatomy.listed[numbers[0]]


def is_gate(scene: Scene, position: int) -> bool:
    """Whether the forward pass multiplies a value by another that is made from parameters: no slope, but a factor."""
    return any(
        step.operation == "multiply"
        and step.output in scene.forward
        and scene.forward_pass.other_depends(step, position)
        for step in scene.program.consumers.get(position, ())
    )


def is_constant(value: Any) -> bool:
    flat = np.asarray(value).reshape(-1)
    return flat.size > 0 and bool(np.all(flat == flat[0]))


def leads_to_slope(scene: Scene, position: int) -> bool:
    """Whether an untainted value goes into nothing but a factor of an error."""
    return not scene.is_tainted(position)


def sums_units(scene: Scene, position: int, other: int) -> bool:
    """Whether an operand is a sum that the value in its place is one part of."""
    maker = scene.program.step_of.get(position)
    return (
        maker is not None
        and maker.operation in ("sum", "add")
        and other in scene.program.ancestors([position], {other})
    )


def makes_bias(scene: Scene, step: Instruction) -> bool:
    """Whether a step makes the gradient of a parameter that multiplies nothing."""
    chain = scene.updated_by(step.output)
    if chain is None:
        return False
    root = scene.case.anatomy.chains[chain].root
    uses = scene.program.consumers.get(root, ())
    return not any(use.output in scene.forward and use.operation in PRODUCTS for use in uses)


def scales_parameter(scene: Scene, position: int) -> bool:
    """Whether a number multiplies a parameter."""
    return any(
        step.operation == "multiply" and any(p in scene.chain_of for p in step.inputs)
        for step in scene.program.consumers.get(position, ())
    )


def moves_parameter(scene: Scene, position: int) -> bool:
    """Whether a value is a parameter less something, on its way to the next version."""
    step = scene.program.step_of.get(position)
    return (
        step is not None
        and step.operation in ("add", "subtract")
        and step.inputs[0] in scene.chain_of
    )


def name_operator(scene: Scene, step: Instruction, other: str, link: bool) -> str:
    if link:
        decaying = any(scene.is_decay(p) and p not in scene.chain_of for p in step.inputs)
        return "decay-sign" if decaying else "sign-error"
    if step.operation in ("sum", "mean"):
        return "parameter-mis-scaled"
    if step.operation in COMPARISONS:
        return (
            "relu-derivative-at-output"
            if is_constant(scene.case.values[step.output])
            else "wrong-operator"
        )
    if {step.operation, other} == {"add", "subtract"}:
        decays = [scene.is_decay(p) for p in step.inputs]
        tainted = [scene.is_tainted(p) or moves_parameter(scene, p) for p in step.inputs]
        if any(d and not t for d, t in zip(decays, tainted, strict=True)) and any(tainted):
            return "decay-sign"
        if not scene.is_tainted(step.output) and scales_parameter(scene, step.output):
            return "decay-sign"
    return "wrong-operator"
