"""What an update does for other gradients than those that a program made by hand, and whether an optimizer would.

It moves each entry against that entry's own gradient, and with no gradient it rests, or draws the parameter towards 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.fitting import CLEAR, Trace, norm
from chainrule.checking.fitting.hand_gradients import EVENTS, Found
from chainrule.checking.fitting.memories import climbs_later, forgets_nothing, never_fades
from chainrule.checking.fitting.resting import away_from_zero, decays, step_of

FAR, ODD = 1e6, 1e-3  # gradients so many times as large, and by how much answers to them may differ
LARGER = 4.0  # times the gradients: no step may then be much smaller
SMALL = 1e-4  # times the gradients: what is clipped is then not


def ask(anatomy: Anatomy, values: Values, trace: Trace, found: Found, moving: set[int]) -> Found:
    """The same with its rates, or with its fault: what no optimizer does, in any update looked into.

    A turn that is not `moving` changes no parameter, as in a schedule that begins with a rate of 0.
    """
    updates = [
        update for k, update in enumerate(trace.updates[:EVENTS]) if norm(trace.gradients[k]) > 0
    ]
    answers: list[tuple[float | None, float | None]] = []
    for number, update in enumerate(updates):
        if update.turn not in moving:
            answers.append((None, None))
            continue
        answer = ask_once(anatomy, values, trace, found, number, update)
        if isinstance(answer, str):
            return replace(found, fault=answer)
        answers.append(answer)
    return replace(
        found,
        rates=tuple(rate for rate, _ in answers),
        gentle=tuple(rate for _, rate in answers),
        turns=tuple(update.turn for update in updates),
    )


def ask_once(
    anatomy: Anatomy, values: Values, trace: Trace, found: Found, number: int, update: Update
) -> tuple[float | None, float | None] | str:
    """How one update answers: by a rate, or as an optimizer does that has none, but for small gradients perhaps; or by a fault."""
    positions = (*found.earlier, *found.positions[: number + 1])
    question = Question(anatomy, values, update, positions)
    respond, shapes, nothing = question.respond, question.shapes, question.nothing
    root = question.root
    u = trace.first[trace.updates.index(update)][0]
    a = np.asarray(values[positions[-1]], dtype=float)
    rest = respond(nothing)
    scales = find_scales(anatomy, values, question.cone) if a.size > 1 else {}
    sign = float(np.sign(found.factors[number]))
    size = sign * (float(np.max(np.abs(a))) or 1.0)
    if not goes_down(question, size, rest, scales):
        return "it does not move each entry against its gradient"
    for first in away_from_zero(values[root]):
        resting = {**nothing, root: first}
        drawn, start = step_of(question.taken, resting)
        if np.any(drawn) and not decays(drawn, start):
            # A memory goes on past 0, where decay once drew: only before it remembers anything it is seen.
            drawn, start = step_of(partial(question.taken, update=trace.updates[0]), resting)
            if not np.any(drawn) or not decays(drawn, start):
                grows = np.any(drawn) and np.all(drawn * start >= 0)
                return "decay-sign" if grows else "it moves without a gradient"
    if a.size > 1 and not is_elementwise(
        lambda given: respond({**scales, **given}), positions[-1], a, u
    ):
        return "an entry's gradient moves other entries"
    without = respond({**scales, positions[-1]: np.zeros(np.shape(a))})
    if not is_whole(anatomy, values, update, scales, without):
        return "more than this gradient goes into it"

    # What is remembered shows from where it was: a step past 0 turns a penalty by signs round.
    def respond_there(given: Mapping[int, Any]) -> Any:
        return respond({**given, update.before: values[update.before]})

    # The second pass cannot tell a memory of one pass from one of all.
    telling = number > 1 or number == len(found.positions) - 1
    if number and telling and forgets_nothing(respond_there, shapes):
        return "it remembers all gradients as well as the last"
    if number > 1 and never_fades(respond_there, shapes):
        return "its memory never fades"
    last = number == len(found.positions) - 1
    if last and not is_odd(question.ends_at, np.asarray(values[root], float)):
        return "it answers otherwise to the opposite gradients"
    shaped = (
        a if a.shape == np.shape(u) else a.T if a.T.shape == np.shape(u) else a.reshape(np.shape(u))
    )
    slope = find_slope(lambda factor: respond({positions[-1]: factor * a}), shaped)
    if slope is not None and abs(slope) * norm(shaped) > 1e-3 * norm(u):
        if number and climbs_later(respond_there, shapes, respond_there(nothing), size):
            return "it climbs by the gradient of the pass before"
        return -slope * found.factors[number], None
    # Where decay comes after the step, what is left of an entry is left of its step, too.
    start = np.asarray(values[update.before], dtype=float)
    with np.errstate(all="ignore"):
        kept = np.where(start == 0, 1.0, 1 + respond_there(nothing) / start)
    if all(
        has_several_slopes(lambda factor: respond({positions[-1]: factor * a}), shaped * left)
        for left in (1.0, kept)
    ):
        return "some of its entries go by another rate than others"
    larger = respond({p: LARGER * np.asarray(values[p], dtype=float) for p in positions})
    if norm(larger - rest) < 0.5 * norm(u - rest):
        return "its steps get smaller as gradients grow"
    slope = find_slope(
        lambda factor: respond({**nothing, positions[-1]: SMALL * factor * a}), SMALL * shaped
    )
    return None, None if slope is None else -slope * found.factors[number]


@final
@dataclass
class Question:
    """An update, computed anew with other values in the place of hand-made gradients at some positions, one a pass.

    The parameter itself is computed anew from its first version on; all others stay as they were.
    """

    anatomy: Anatomy
    values: Values
    update: Update
    positions: tuple[int, ...]

    def __post_init__(self) -> None:
        chain, program = self.anatomy.chains[self.update.chain], self.anatomy.program
        self.root = chain.root
        self.fixed = self.anatomy.stops - set(chain.versions)
        ends = [self.update.after, self.update.before]
        reach = program.ancestors(ends, self.fixed | set(self.positions))
        self.cone = [
            step for step in program.steps if step.output in reach and step.output not in self.fixed
        ]
        self.shapes = {position: np.shape(self.values[position]) for position in self.positions}
        self.nothing = {position: np.zeros(shape) for position, shape in self.shapes.items()}

    def taken(self, given: Mapping[int, Any], update: Update | None = None) -> tuple[Any, Any]:
        """What an update does, and where it starts."""
        update = update or self.update
        new = self.anatomy.program.rerun(self.values, {}, self.cone, self.fixed, given)
        ends = (new.get(p, self.values[p]) for p in (update.after, update.before))
        after, start = (np.asarray(value, dtype=float) for value in ends)
        return after - start, start

    def respond(self, given: Mapping[int, Any]) -> Any:
        return step_of(self.taken, given)[0]

    def filled(self, size: float) -> dict[int, Any]:
        """The same number for each entry of all gradients."""
        return {position: np.full(shape, size) for position, shape in self.shapes.items()}

    def ends_at(self, scale: float, first: Any) -> tuple[Any, Any]:
        """What it does for so many times the gradients from a first version, and where it ends."""
        given = {p: scale * np.asarray(self.values[p], dtype=float) for p in self.positions}
        step, start = self.taken({**given, self.root: first})
        return step, start + step


def goes_down(question: Question, size: float, rest: Any, scales: Mapping[int, Any]) -> bool:
    """Whether each entry goes further down its gradient, of this size and sign, than it does without one."""

    def pulled(direction: float, given: Mapping[int, Any], times: float = 1.0) -> Any:
        ends = question.filled(times * direction * size)
        idle = question.respond({**question.nothing, **given})
        return (idle - question.respond({**ends, **given})) * direction

    # A penalty's gradient alone may take the longest step there is, one way or, from the opposite numbers, the other.
    first = away_from_zero(question.values[question.root])[0]
    far = np.abs(first) + 2 * EVENTS * np.max(np.abs(rest))  # where no step leads past 0
    steady = np.where(first < 0, -far, far)
    for direction in (1.0, -1.0):
        if np.all(pulled(direction, {}) > 0):
            continue
        here, there = (
            pulled(direction, {**scales, question.root: root}, FAR) for root in (steady, -steady)
        )
        least = ODD * max(float(np.max(np.abs(one))) for one in (here, there))
        if np.any(np.minimum(here, there) < -least) or np.any(np.maximum(here, there) <= least):
            return False
    return True


def find_slope(respond: Callable[[float], Any], shaped: Any) -> float | None:
    """By how much an update grows with its gradient, where that is in proportion; else None."""
    ends = [respond(factor) for factor in (1.0, 1.001, 1.5)]
    growth = (ends[1] - ends[0]) / 0.001
    slope = float(np.sum(growth * shaped) / np.sum(shaped**2))
    close = 1e-6 * norm(growth)
    even = norm(growth - slope * shaped) <= close
    return slope if even and norm((ends[2] - ends[0]) - 0.5 * growth) <= close else None


def has_several_slopes(respond: Callable[[float], Any], shaped: Any) -> bool:
    """Whether each entry grows in proportion to its own gradient, but not all of them by one rate: no optimizer's way."""
    ends = [respond(factor) for factor in (1.0, 1.001, 1.5)]
    growth = (ends[1] - ends[0]) / 0.001
    if norm((ends[2] - ends[0]) - 0.5 * growth) > 1e-6 * norm(growth):
        return False
    told = np.abs(shaped) > ODD * np.max(np.abs(shaped))
    told &= np.abs(growth) > ODD * ODD * np.max(np.abs(growth))  # what is clipped does not grow
    slopes = growth[told] / shaped[told]
    return slopes.size > 1 and float(np.ptp(slopes)) > CLEAR * float(np.max(np.abs(slopes)))


def is_odd(ends_at: Callable[[float, Any], tuple[Any, Any]], root: Any) -> bool:
    """Whether the opposite gradients make a step from the opposite numbers the opposite one, as in any optimizer.

    The gradients are large: what was remembered before the recording is then nothing beside them. An entry that ends
    where it ends from anywhere is held at a bound.
    """
    elsewhere = 1.5 * root + 1.0
    there, back = ends_at(FAR, root), ends_at(-FAR, -root)
    others = ends_at(FAR, elsewhere), ends_at(-FAR, -elsewhere)
    free = (there[1] != others[0][1]) & (back[1] != others[1][1])
    apart = np.abs(there[0] + back[0])[free]
    return not np.all(np.isfinite(apart)) or norm(apart) <= ODD * norm(there[0][free])


def find_scales(anatomy: Anatomy, values: Values, cone: Sequence[Instruction]) -> dict[int, Any]:
    """Single numbers made of errors that arrays of errors are multiplied by, as a common norm's are, with their values."""
    scales, others = dict[int, Any](), set[int]()
    for step in cone:
        if np.size(values[step.output]) == 1:
            continue
        for position in step.inputs:
            if np.size(values[position]) != 1 or not anatomy.error_masks[position]:
                continue
            rest = [p for p in step.inputs if p != position]
            if step.operation in ("multiply", "divide") and all(
                map(anatomy.error_masks.__getitem__, rest)
            ):
                scales[position] = values[position]
            else:
                others.add(position)
    return {position: value for position, value in scales.items() if position not in others}


def is_whole(
    anatomy: Anatomy, values: Values, update: Update, scales: Mapping[int, Any], without: Any
) -> bool:
    """Whether an update without its gradient is the update without its errors: all goes through it.

    `scales` are common norms, which stay: without any error there would be nothing to be shortened.
    """
    if anatomy.loss == OWN:  # there every way back was seen to lead through it
        return True
    program = anatomy.program
    outputs = {anatomy.mixes[number].output for number in update.mixes}
    fixed = anatomy.stops - set(anatomy.chains[update.chain].versions)
    reach = program.ancestors([update.after, update.before], fixed | outputs)
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    nothing = {position: np.zeros(np.shape(values[position])) for position in outputs}
    new = program.rerun(values, {}, cone, fixed, {**scales, **nothing})
    ends = (new.get(position, values[position]) for position in (update.after, update.before))
    after, before = (np.asarray(value, dtype=float) for value in ends)
    rest = after - before
    if not np.all(np.isfinite(rest)):
        return True  # a norm of nothing, which somebody divides by
    size = norm(
        np.asarray(values[update.after], dtype=float)
        - np.asarray(values[update.before], dtype=float)
    )
    return norm(rest - without) <= 1e-9 * max(size, norm(rest))


def is_elementwise(respond: Any, position: int, a: Any, u: Any) -> bool:
    """Whether an entry of the gradient moves that entry alone."""
    for flat in {int(np.argmax(np.abs(a))), int(np.argmin(np.abs(a)))}:
        changed = a.copy()
        changed.reshape(-1)[flat] = 1.5 * changed.reshape(-1)[flat] + 1e-3 * float(
            np.max(np.abs(a))
        )
        difference = np.reshape(respond({position: changed}) - u, -1)
        if a.ndim == 2 and a.shape != np.shape(u) and a.T.shape == np.shape(u):
            flat = int(np.ravel_multi_index(np.unravel_index(flat, a.shape)[::-1], np.shape(u)))
        if norm(np.delete(difference, flat)) > 1e-9 * max(norm(difference), norm(u)):
            return False
    return True
