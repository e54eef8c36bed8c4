"""Trying edits on one turn, in all worlds: how many more parameters do they put right?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Values
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.fitting import join, named_factors, norm, update_line
from chainrule.checking.fitting.general_form import decaying_entries
from chainrule.checking.fitting.rates import drawn_entries
from chainrule.checking.repairing.edits import Edit, merged
from chainrule.checking.repairing.refitting import (
    TOLERANCE,
    affected,
    former_update,
    momentum_of,
    read_by,
    steps_of,
)
from chainrule.checking.repairing.scene import Scene

FAILURES = (
    ValueError,
    TypeError,
    IndexError,
    ZeroDivisionError,
    KeyError,
)  # an edit that cannot be
MOST_PROBES = 6
LARGEST_DECAY = 0.5  # of a parameter in one step


@final
class Trial:
    """One turn of a scene; `missing` is the number of its parameters that are wrong."""

    def __init__(
        self, scene: Scene, changes: Mapping[int, Any], passed: Collection[int] = ()
    ) -> None:
        self.scene, self.changes = scene, dict(changes)
        anatomy = scene.case.anatomy
        self.turn = turn = self.choose_turn(passed)
        self.numbers = [k for k, update in enumerate(anatomy.updates) if update.turn == turn]
        self.updates: list[Update] = [anatomy.updates[k] for k in self.numbers]
        self.momentum, decay = momentum_of(scene)
        self.former = {
            k: former
            for k, update in zip(self.numbers, self.updates, strict=True)
            if self.momentum and (former := former_update(anatomy, update)) is not None
        }
        self.gradients = [[gradients[k] for _, gradients in scene.worlds] for k in self.numbers]
        self.befores = [
            join([self.drawn_part(u, values) for values, _ in scene.worlds]) for u in self.updates
        ]
        self.cone = self.cone_of(range(len(self.updates)))
        self.places = list(range(len(self.updates)))
        self.start: list[list[Any]] = []
        steps = affected(scene, self.changes, self.cone)
        for values, _ in scene.worlds:
            new = scene.program.rerun(values, self.changes, steps, scene.fixed)
            self.start.append(self.steps_in(self.numbers, values, new))
        self.joined_gradients: dict[int, Any] = {}
        self.reached: dict[tuple[bool, frozenset[int]], list[Instruction]] = {}
        self.known: list[tuple[Any, Any] | None] = []
        self.known = now = self.pairs(self.start)
        self.befores = [
            before if pair is None else decaying_entries(before, *pair)
            for before, pair in zip(self.befores, now, strict=True)
        ]
        found = (self.decay_of(now[k], k) for k in self.places)
        self.decays = [decay] if decay else sorted({one for one in found if one is not None})
        self.rate = self.common_rate(now)
        marks = self.marks(now)
        self.good = sum(marks)
        self.missing = len(marks) - self.good
        self.probes = self.choose_probes(marks)
        self.probe_cone = self.cone_of(self.probes)

    def cone_of(self, places: Iterable[int]) -> set[int]:
        """The numbers of the steps that some of the updates are made from, or errors that nobody uses."""
        scene, numbers = self.scene, [self.numbers[k] for k in places]
        numbers += [self.former[k] for k in numbers if k in self.former]
        reach = scene.behind([scene.case.anatomy.updates[k] for k in numbers]) | scene.unused
        return {step.number for step in scene.cone if step.output in reach}

    def choose_turn(self, passed: Collection[int]) -> int:
        """Of the first turns the one in which most parameters have a gradient, and most wrong ones show it.

        Those that were `passed` show nothing.
        """
        anatomy, scene = self.scene.case.anatomy, self.scene
        last = scene.worlds[-1][1]
        counts: dict[int, int] = {}
        wrong: dict[int, int] = {}
        # What is trained in a second place has turns of its own, all of them later.
        turns = sorted({u.turn for u in anatomy.updates if u.chain in scene.fit.bad} - set(passed))[
            :6
        ]
        rates = list(scene.fit.rate.values())
        numbers = [k for k, update in enumerate(anatomy.updates) if update.turn in turns]
        steps = steps_of(scene, numbers, scene.worlds[-1][0], {})
        for k, u in zip(numbers, steps, strict=True):
            update, g = anatomy.updates[k], last[k]
            shape = np.shape(scene.case.values[anatomy.chains[update.chain].root])
            if norm(g) > 0 and np.shape(scene.case.values[update.before]) == shape:
                counts[update.turn] = counts.get(update.turn, 0) + 1
                rate = scene.fit.rate.get(update.turn, rates[0] if rates else None)
                fits = (
                    rate is not None
                    and u.shape == np.shape(g)
                    and norm(u + rate * g) <= 1e-6 * norm(u)
                )
                if update.chain in scene.fit.bad and not fits:
                    wrong[update.turn] = wrong.get(update.turn, 0) + 1
        if scene.fit.form == "momentum":  # wrong ones cannot be told by one step
            return max(counts, key=lambda turn: (counts[turn], -turn), default=-1)
        return max(
            counts, key=lambda turn: (counts[turn] + 2 * wrong.get(turn, 0), -turn), default=-1
        )

    def choose_probes(self, marks: Sequence[bool]) -> list[int]:
        """One wrong parameter of every line that updates some."""
        best: dict[Any, int] = {}
        for k, good in enumerate(marks):
            if good:
                continue
            chain = self.scene.case.anatomy.chains[self.updates[k].chain]
            site = self.scene.program.recording.sites[chain.steps[0].number]
            size = norm(self.gradients[k][-1])
            if site not in best or size > norm(self.gradients[best[site]][-1]):
                best[site] = k
        return list(best.values())[:MOST_PROBES]

    def steps_in(self, numbers: Sequence[int], values: Values, new: Mapping[int, Any]) -> list[Any]:
        """The steps less what momentum keeps of the steps before."""
        steps = steps_of(self.scene, numbers, values, new)
        for place, number in enumerate(numbers):
            if number in self.former:
                (before,) = steps_of(self.scene, [self.former[number]], values, new)
                if np.shape(before) == np.shape(steps[place]):
                    steps[place] = steps[place] - self.momentum * before
        return steps

    # --- steps ------------------------------------------------------------------------------------

    def pairs(self, everywhere: Sequence[Sequence[Any]]) -> list[tuple[Any, Any] | None]:
        """u and g of each parameter, all worlds joined; None where their shapes differ, or u has no bounds."""
        found: list[tuple[Any, Any] | None] = []
        for k in self.places:
            us, gs = [steps[k] for steps in everywhere], self.gradients[k]
            if self.known and all(u is row[k] for u, row in zip(us, self.start, strict=True)):
                found.append(self.known[k])  # most edits change few parameters
                continue
            fits = all(
                np.shape(u) == np.shape(g) and np.all(np.isfinite(u))
                for u, g in zip(us, gs, strict=True)
            )
            if k not in self.joined_gradients:
                self.joined_gradients[k] = join(gs)
            found.append((join(us), self.joined_gradients[k]) if fits else None)
        return found

    @cached_property
    def read(self) -> list[set[int]]:
        """For each update what its step is computed from, those of momentum included."""
        return [
            read_by(self.scene, number)
            | (read_by(self.scene, self.former[number]) if number in self.former else set())
            for number in self.numbers
        ]

    def affected_by(self, changed: Mapping[int, Any], cone: set[int]) -> list[Instruction]:
        """`affected`, asked once for all edits of the same steps."""
        key = cone is self.cone, frozenset(changed)
        if key not in self.reached:
            self.reached[key] = affected(self.scene, changed, cone)
        return self.reached[key]

    def steps_with(
        self,
        own: Mapping[int, Any],
        places: Sequence[int],
        worlds: Sequence[int],
        cone: set[int],
    ) -> list[list[Any]]:
        """The steps with an edit: those of other parameters as they were."""
        together = merged(self.scene.program, self.changes, own)
        steps = self.affected_by(together, cone)
        found = []
        for number in worlds:
            values, _ = self.scene.worlds[number]
            new = self.scene.program.rerun(values, together, steps, self.scene.fixed)
            row = list(self.start[number])
            touched = [k for k in places if not self.read[k].isdisjoint(new)]
            for k, u in zip(
                touched, self.steps_in([self.numbers[k] for k in touched], values, new), strict=True
            ):
                row[k] = u
            found.append(row)
        return found

    # --- what counts as right ---------------------------------------------------------------------

    def decay_of(self, pair: tuple[Any, Any] | None, k: int) -> float | None:
        """lambda of an update -eta g - lambda V that fits exactly, where there are entries enough."""
        if (
            pair is None
            or np.size(self.gradients[k][0]) < 3
            or self.updates[k].chain not in self.scene.fit.good
        ):
            return None
        u, g = pair
        matrix = np.stack([g, self.befores[k]], axis=1)
        if not np.all(np.isfinite(matrix)) or not np.all(np.isfinite(u)) or norm(g) == 0:
            return None
        solution = np.linalg.lstsq(matrix, u, rcond=None)[0]
        if norm(matrix @ solution - u) > TOLERANCE * norm(u) or solution[1] >= -1e-12:
            return None
        return float(f"{-solution[1]:.6g}")

    def common_rate(self, pairs: Sequence[tuple[Any, Any] | None]) -> float | None:
        """The rate of the parameters that are right already."""
        self.measured: dict[int, float] = {}
        for k, pair in enumerate(pairs):
            if pair is None or self.updates[k].chain not in self.scene.fit.good:
                continue
            u, g = pair
            for decay in (0.0, *self.decays):
                step = u + decay * self.befores[k]
                if norm(g) > 0:
                    rate = -float(np.sum(step * g)) / norm(g) ** 2
                    if norm(step + rate * g) <= 1e-6 * norm(step) and rate > 0:
                        self.measured[k] = rate
                        break
        return float(np.median(list(self.measured.values()))) if self.measured else None

    def follows(self, pair: tuple[Any, Any] | None, k: int, rate: float) -> bool:
        """Whether u = -eta g, or -eta g - lambda V with a lambda that is in use, or fits a whole array."""
        if pair is None:
            return False
        u, g = pair
        size = max(norm(u), rate * norm(g))
        left = u + rate * g
        allowed = TOLERANCE * size + 1e-15 * norm(self.befores[k])
        if norm(left) <= allowed:
            return True
        for decay in self.decays:
            if norm(left + decay * self.befores[k]) <= 2e-6 * size:
                return True
        before = self.befores[k]
        if np.size(u) < 2 or not norm(before) or not self.has_decay(k):
            return False
        decay = -float(np.sum(left * before)) / norm(before) ** 2
        return 0 < decay < LARGEST_DECAY and norm(left + decay * before) <= allowed

    def drawn_part(self, update: Update, values: Any) -> Any:
        """The version before an update, but for entries that no decay draws where it draws others."""
        mask = drawn_entries(self.scene.case.anatomy).get(update.chain, 1.0)
        return np.asarray(values[update.before], dtype=float) * mask

    def has_decay(self, k: int) -> bool:
        """Whether a multiple of the parameter itself goes into its update."""
        chain = self.updates[k].chain
        return chain in self.scene.decaying

    def marks(self, pairs: Sequence[tuple[Any, Any] | None]) -> list[bool]:
        rate = self.majority(pairs) if self.rate is None else self.rate
        if rate is None or rate <= 0 or not np.isfinite(rate):
            return [False] * len(pairs)
        marks = [
            self.known_marks[k]
            if self.rate is not None and pair is self.known[k]
            else self.is_followed(pair, k, rate)
            for k, pair in enumerate(pairs)
        ]
        for members in self.decaying_numbers.values():
            if not all(marks[k] for k in members) and self.follow_together(pairs, members, rate):
                for k in members:
                    marks[k] = True
        return marks

    def is_followed(self, pair: tuple[Any, Any] | None, k: int, rate: float) -> bool:
        return any(self.follows(pair, k, rate * own) for own in self.own_rates[k])

    @cached_property
    def known_marks(self) -> list[bool]:
        assert self.rate is not None
        return [self.is_followed(pair, k, self.rate) for k, pair in enumerate(self.known)]

    @cached_property
    def own_rates(self) -> list[tuple[float, ...]]:
        """For each update the rates that it may be made by, relative to that of the right ones.

        That itself, and where right ones are made by rates of their own and this one by another, the other.
        """
        anatomy, factors = self.scene.case.anatomy, list[float]()
        for written in (False, True):  # with names, or as numbers in the source
            named = [named_factors(anatomy, update, written) for update in self.updates]
            factors = [abs(found[0][1]) if len(found) == 1 else 0.0 for found in named]
            if self.rate and all(factors[k] for k in self.measured):
                break
        else:
            return [(1.0,)] * len(factors)
        assert self.rate
        units = [rate / factors[k] for k, rate in self.measured.items()]
        if np.ptp(units) > 1e-6 * abs(units[0]):
            return [(1.0,)] * len(factors)
        own = [units[0] * factor / self.rate for factor in factors]
        return [(1.0, ratio) if ratio and abs(ratio - 1) > 1e-6 else (1.0,) for ratio in own]

    @cached_property
    def decaying_numbers(self) -> dict[Any, list[int]]:
        """Numbers, not arrays, that decay, by the line that updates them: one number alone has some decay."""
        found: dict[Any, list[int]] = {}
        for k, update in enumerate(self.updates):
            if np.size(self.gradients[k][0]) == 1 and self.has_decay(k):
                key = update_line(self.scene.case.anatomy, update.chain)
                found.setdefault(key, []).append(k)
        return {key: members for key, members in found.items() if len(members) > 2}

    def follow_together(
        self, pairs: Sequence[tuple[Any, Any] | None], members: Sequence[int], rate: float
    ) -> bool:
        """Whether numbers follow their gradients with one decay that is common to them."""
        own = [pair for k in members if (pair := pairs[k]) is not None]
        if len(own) < len(members):
            return False
        u, g = (np.concatenate([pair[side] for pair in own]) for side in (0, 1))
        before = np.concatenate([self.befores[k] for k in members])
        left = u + rate * g
        decay = -float(np.sum(left * before)) / max(norm(before) ** 2, np.finfo(float).tiny)
        allowed = TOLERANCE * np.maximum(np.abs(u), rate * np.abs(g)) + 1e-15 * np.abs(before)
        return 0 < decay < LARGEST_DECAY and bool(np.all(np.abs(left + decay * before) <= allowed))

    def majority(self, pairs: Sequence[tuple[Any, Any] | None]) -> float | None:
        """A rate that at least two parameters, or one array, agree on in all worlds."""
        rates = [
            (rate, np.size(pair[0]))
            for k, pair in enumerate(pairs)
            if pair is not None
            and (rate := self.known_rates[k] if pair is self.known[k] else self.rate_of(pair, k))
        ]
        best, most = None, len(self.scene.worlds)
        for rate, _ in rates:
            weight = sum(size for other, size in rates if abs(other - rate) <= 1e-6 * abs(rate))
            if weight > most:
                best, most = rate, weight
        return best

    def rate_of(self, pair: tuple[Any, Any], k: int) -> float | None:
        """The rate that one parameter follows its gradient by in all worlds, where it does."""
        u, g = pair
        if norm(g) == 0 or norm(u) == 0:
            return None
        if self.has_decay(k) and np.size(u) > 4:
            matrix = np.stack([g, self.befores[k]], axis=1)
            if not (np.all(np.isfinite(matrix)) and np.all(np.isfinite(u))):
                return None
            solution = np.linalg.lstsq(matrix, u, rcond=None)[0]
            rate, left = -float(solution[0]), norm(matrix @ solution - u)
        else:
            rate = -float(np.sum(u * g)) / norm(g) ** 2
            left = norm(u + rate * g)
        return rate if left <= TOLERANCE * norm(u) and rate > 0 else None

    @cached_property
    def known_rates(self) -> list[float | None]:
        return [pair and self.rate_of(pair, k) for k, pair in enumerate(self.known)]

    # --- edits ------------------------------------------------------------------------------------

    def gain(self, edit: Edit) -> int:
        """How many more parameters an edit puts right; below 0 where it puts some wrong."""
        here = [step for step in edit.steps if step.number in self.cone]
        if not here:
            return 0
        try:
            if self.rate is not None and not self.helps_a_probe(edit):
                return 0
            own = edit.make(here)
            if not own or not any(number in self.cone for number in own):
                return 0
            worlds = range(len(self.scene.worlds))
            everywhere = self.steps_with(own, self.places, worlds, self.cone)
            return sum(self.marks(self.pairs(everywhere))) - self.good
        except FAILURES:
            return 0

    def wrong_steps(self, edit: Edit) -> list[tuple[Any, Any]] | None:
        """What becomes of the wrong steps with an edit, in the last world, beside their gradients; None where nothing does."""
        here = [step for step in edit.steps if step.number in self.cone]
        last = len(self.scene.worlds) - 1
        wrong = [k for k in self.places if self.updates[k].chain in self.scene.fit.bad]
        try:
            own = edit.make(here) if here else None
            if not own:
                return None
            (steps,) = self.steps_with(own, wrong, [last], self.cone)
        except FAILURES:
            return None
        pairs = [(steps[k], self.gradients[k][last]) for k in wrong]
        same = all(np.array_equal(steps[k], self.start[last][k]) for k in wrong)
        return None if same or not all(np.all(np.isfinite(u)) for u, _ in pairs) else pairs

    def helps_a_probe(self, edit: Edit) -> bool:
        """Whether an edit puts any of the probes right, in the last world alone: quickly seen."""
        assert self.rate is not None
        here = [step for step in edit.steps if step.number in self.probe_cone]
        own = edit.make(here) if here else None
        if not own or not any(number in self.probe_cone for number in own):
            return False
        last, cone = len(self.scene.worlds) - 1, self.probe_cone
        step_of = self.scene.program.step_of
        read = {step_of[p].number for one in own.values() for p in one.inputs if p in step_of}
        if not read & self.cone <= cone:  # what they read now may change with the edit as well
            cone = self.cone
            own = edit.make([step for step in edit.steps if step.number in cone]) or own
        (steps,) = self.steps_with(own, self.probes, [last], cone)
        return any(
            self.probe_as_it_was[k]
            if steps[k] is self.start[last][k]
            else self.is_put_right(k, steps[k])
            for k in self.probes
        )

    @cached_property
    def probe_as_it_was(self) -> dict[int, bool]:
        return {k: self.is_put_right(k, self.start[-1][k]) for k in self.probes}

    def is_put_right(self, k: int, step: Any) -> bool:
        """Whether a step of the last world follows its gradient by the common rate, or one that it may have."""
        assert self.rate is not None
        u, g = np.reshape(step, -1), np.reshape(self.gradients[k][-1], -1)
        if u.shape != g.shape or not np.all(np.isfinite(u)):
            return False
        whole = np.reshape(self.drawn_part(self.updates[k], self.scene.worlds[-1][0]), -1)
        before = decaying_entries(whole, u, g)
        for ratio in reversed(self.own_rates[k]):
            left, size = u + ratio * self.rate * g, max(norm(u), ratio * self.rate * norm(g))
            if norm(left) <= 2e-6 * size + 1e-15 * norm(before):
                return True
            if any(norm(left + decay * before) <= 2e-6 * size for decay in self.decays):
                return True
        if self.has_decay(k) and norm(before):
            decay = -float(np.sum(left * before)) / norm(before) ** 2
            if decay > 0 and norm(left + decay * before) <= 2e-6 * size:
                return True
        return False

    def constant_ratios(self) -> dict[int, float]:
        """Parameters whose update is their gradient's but for a constant factor, and that factor."""
        if self.rate is None:
            return {}
        found = {}
        for k, pair in enumerate(self.pairs(self.start)):
            if pair is None or norm(pair[1]) == 0:
                continue
            u, g = pair
            rate = -float(np.sum(u * g)) / norm(g) ** 2
            if rate and norm(u + rate * g) <= 1e-6 * norm(u) and abs(rate / self.rate - 1) > 1e-6:
                found[self.updates[k].chain] = rate / self.rate
        return found

    def all_constant(self) -> bool:
        """Whether all that is wrong is off by constant factors alone, in arrays that show it."""
        ratios = self.constant_ratios()
        wrong = [u.chain for u in self.updates if u.chain in self.scene.fit.bad]
        entries = sum(
            np.size(self.scene.case.values[u.before])
            for u in self.scene.case.anatomy.updates
            if u.chain in ratios
        )
        # One number has some ratio in any one turn, and one sample's one output: only all turns tell whether it is
        # constant. Steps that remember earlier ones, or are made of other values, tell it of single numbers alone.
        scene, cosines = self.scene, self.scene.fit.cosine
        whole = scene.fit.form != "momentum" and not scene.goals
        told = [
            u.chain for k, u in enumerate(self.updates)
            if u.chain in ratios and (whole or np.size(self.gradients[k][0]) == 1)
        ]  # fmt: skip
        constant = all(abs(cosines.get(chain, 1.0)) > 1 - 1e-9 for chain in told)
        return bool(wrong) and all(c in ratios for c in wrong) and entries > 1 and constant
