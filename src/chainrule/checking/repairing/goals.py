"""What is held against the gradient: an update, or the hand-made gradient inside an optimizer's.

Adam divides by a root of squared gradients, clipping caps entries or scales all parameters by one norm,
Nesterov's momentum counts a gradient twice: such an update is no multiple of its gradient. From the update
we go back to where that begins.
"""

from collections.abc import Collection, Mapping

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.repairing.scene import Place, Scene

WALKED = {
    "add", "subtract", "multiply", "divide", "negate", "reshape", "scatter", "maximum", "minimum", "sqrt",
    "transpose", "where",
}  # fmt: skip
MOST_STEPS = 40
MOST_PAIRS = 400


def find_goals(scene: Scene) -> dict[int, int]:
    """For each update, by number, the hand-made gradient behind what is not linear in it."""
    goals: dict[int, int] = {}
    splits: set[tuple[int, int]] = set()  # sites and slots where others' gradients were found
    numbered = list(enumerate(scene.case.anatomy.updates))
    for _ in range(2):
        for number, update in numbered:
            if number not in goals:
                goal = walk_back(scene, update, splits)
                if goal is not None:
                    goals[number] = goal
        if not goals:
            break
    goals = goals or remembered_goals(scene)
    return goals | goals_without_error(scene, goals)


def goals_without_error(scene: Scene, goals: Mapping[int, int]) -> dict[int, int]:
    """What stands in a gradient's place in updates that no error reaches: where that of another parameter stands.

    The same lines make both updates.
    """
    updates, masks = scene.case.anatomy.updates, scene.case.anatomy.error_masks
    patterns: dict[Place, tuple[int, int]] = {}
    for number, goal in goals.items():
        after = updates[number].after
        patterns[scene.place_of(scene.program.step_of[after])] = after, goal
    found = {}
    for number, update in enumerate(updates):
        own = sum(1 << mix for mix in update.mixes)
        step = scene.program.step_of.get(update.after)
        pattern = None if step is None else patterns.get(scene.place_of(step))
        if number in goals or pattern is None or masks[update.after] & own:
            continue
        counterpart = made_alike(scene, *pattern, update.after)
        if counterpart is not None:
            found[number] = counterpart
    return found


def made_alike(scene: Scene, start: int, end: int, other: int) -> int | None:
    """The value that another was made from as a first one was made from an end, step by step."""
    waiting, seen = [(start, other)], {start}
    for one, two in waiting:  # grows as it goes
        if one == end:
            return two
        steps = [scene.program.step_of.get(position) for position in (one, two)]
        if None in steps or len(waiting) > MOST_PAIRS:
            continue
        first, second = (step for step in steps if step is not None)
        if scene.place_of(first) != scene.place_of(second):
            continue
        for pair in zip(first.inputs, second.inputs, strict=False):
            if pair[0] not in seen:
                seen.add(pair[0])
                waiting.append(pair)
    return None


def remembered_goals(scene: Scene) -> dict[int, int]:
    """The gradients of updates that are several terms, one of which has this turn's errors and earlier ones."""
    masks, goals = scene.case.anatomy.error_masks, {}
    places: dict[int, Place] = {}
    pending: list[tuple[int, set[int]]] = []
    for number, update in enumerate(scene.case.anatomy.updates):
        own = sum(1 << mix for mix in update.mixes)
        earlier = (1 << min(update.mixes)) - 1
        shape = np.shape(scene.case.values[update.before])
        terms = terms_of(scene, update, earlier)
        mine = [p for p in terms if masks[p] & own]
        if not mine:
            continue
        shared = set.intersection(*(ways(scene, p, own, ()) for p in mine))
        shared = {p for p in shared if not masks[p] & earlier}
        whole = {p for p in shared if np.shape(scene.case.values[p]) == shape}
        # One number for all entries is a gradient too, a wrong one.
        shared = whole or {p for p in shared if np.size(scene.case.values[p]) == 1}
        if not shared or len(terms) < 2 or not any(masks[p] & earlier for p in mine):
            pending.append((number, shared))
            continue
        goals[number] = max(shared)
        places[update.chain] = scene.place_of(scene.program.step_of[max(shared)])
    for number, shared in pending:  # the first turn remembers nothing yet
        place = places.get(scene.case.anatomy.updates[number].chain)
        own_place = [p for p in shared if scene.place_of(scene.program.step_of[p]) == place]
        if own_place:
            goals[number] = max(own_place)
    return goals


def terms_of(scene: Scene, update: Update, earlier: int) -> list[int]:
    """The values with errors in them that an update adds up."""
    anatomy = scene.case.anatomy
    chain = anatomy.chains[update.chain]
    first, last = chain.versions.index(update.before), chain.versions.index(update.after)
    waiting = [p for step in chain.steps[first:last] for p in step.inputs]
    found = []
    while waiting:
        position = waiting.pop()
        if position in anatomy.stops or not anatomy.error_masks[position]:
            continue
        step = scene.program.step_of.get(position)
        sums = step is not None and step.operation in ("add", "subtract")
        if step is not None and sums and anatomy.error_masks[position] & earlier:
            waiting += step.inputs
        else:
            found.append(position)
    return found


def walk_back(scene: Scene, update: Update, splits: set[tuple[int, int]]) -> int | None:
    program, anatomy = scene.program, scene.case.anatomy
    shape = np.shape(scene.case.values[update.before])
    own = sum(1 << number for number in update.mixes)
    chain = set(anatomy.chains[update.chain].versions) - {update.before}
    position, nonlinear, split = update.after, False, False
    for _ in range(MOST_STEPS):
        step = program.step_of.get(position)
        if (
            step is None
            or step.operation not in WALKED
            or (position in anatomy.stops and position not in chain)
        ):
            break
        tainted = list(dict.fromkeys(
            p for p in step.inputs
            if anatomy.error_masks[p] & own and (p not in anatomy.stops or p in chain)
        ))  # fmt: skip
        if len(tainted) == 1:
            capped = step.operation in ("maximum", "minimum")
            if nonlinear and not capped:
                break
            nonlinear = nonlinear or capped
            (position,) = tainted
        elif len(tainted) == 2:
            following = after_split(scene, step, tainted, shape, own, chain, splits)
            if following is None:
                break
            position, nonlinear, split = following, True, True
        else:
            break
    if not nonlinear or (np.shape(scene.case.values[position]) != shape and not split):
        return None
    return position


def after_split(
    scene: Scene,
    step: Instruction,
    tainted: list[int],
    shape: tuple[int, ...],
    own: int,
    chain: Collection[int],
    splits: set[tuple[int, int]],
) -> int | None:
    """Where the two ways of an error into a step part: a gradient over a root of squares, or times a norm."""
    values, site = scene.case.values, scene.program.recording.sites[step.number]
    arrays = [p for p in tainted if np.shape(values[p]) == shape]
    if step.operation in ("multiply", "divide"):
        if (
            len(arrays) == 1
            and shape
            and (
                step.operation == "multiply" or arrays[0] == step.inputs[0]
            )  # 1 / norm is a number
            and all(np.size(values[p]) == 1 for p in tainted if p not in arrays)
        ):
            splits.add((site, step.inputs.index(arrays[0])))
            return arrays[0]
        if not shape:  # a number of a list, times a norm that it goes into
            within = [
                p
                for p, other in (tainted, tainted[::-1])
                if p in scene.program.ancestors([other], scene.case.anatomy.stops)
            ]
            if len(within) == 1:
                splits.add((site, step.inputs.index(within[0])))
                return within[0]
        for slot, position in enumerate(step.inputs):
            if (site, slot) in splits:
                return position
    if step.operation != "divide" or not has_root(scene, step.inputs[1]):
        return None
    numerator, denominator = (ways(scene, p, own, chain) for p in step.inputs)
    common = [p for p in numerator & denominator if np.shape(values[p]) == shape]
    return max(common or numerator & denominator, default=None)


def has_root(scene: Scene, position: int) -> bool:
    for _ in range(6):
        step = scene.program.step_of.get(position)
        if step is None:
            return False
        if step.operation == "sqrt" or (
            step.operation == "power" and step.parameters.get("exponent") == 0.5
        ):
            return True
        position = next((p for p in step.inputs if scene.is_tainted(p)), step.inputs[0])
    return False


def ways(scene: Scene, position: int, own: int, chain: Collection[int]) -> set[int]:
    """Everything tainted by the update's own errors that a value is made from, entry by entry."""
    found: set[int] = set()
    waiting = [position]
    while waiting:
        here = waiting.pop()
        if (
            here in found
            or not scene.case.anatomy.error_masks[here] & own
            or here in scene.case.anatomy.stops
        ):
            continue
        found.add(here)
        step = scene.program.step_of.get(here)
        if step is not None and step.operation in WALKED | {"square", "power", "absolute"}:
            waiting.extend(step.inputs)
    return found
