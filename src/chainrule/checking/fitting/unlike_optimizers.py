"""Parameters that one optimizer moves otherwise than the rest: Adam without its correction, or with another decay.

Their gradients are right, and each step alone is one that an optimizer takes. But to the same gradients all
parameters must answer alike, unless the program has numbers for some of them that others do not have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Values
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit

HISTORIES = (
    (1.0, 1.0, 1.0, 1.0),
    (1.0, 2.0, 3.0, 4.0),
    (3.0, 0.5, 2.0, 1.0),
)  # gradients, pass by pass
SAME = 1e-5  # relative: by how much answers that are alike may differ


@final
@dataclass(frozen=True)
class Unlike:
    """Chains that answer otherwise than most, those that answer as most do, and whether numbers of their own say so."""

    chains: list[int]
    usual: list[int]
    stated: bool


@final
@dataclass(frozen=True)
class Answers:
    """What one chain does after some histories of gradients, by turn, and the numbers that this is made with."""

    chain: int
    turns: tuple[int, ...]
    steps: Any
    numbers: frozenset[tuple[str | None, float]]


def unlike_optimizers(case: Case, fit: Fit) -> Unlike | None:
    """The parameters that answer otherwise, where all can be compared."""
    answers = [answers_of(case.anatomy, case.values, n, fit.made) for n in sorted(fit.made)]
    known = [one for one in answers if one is not None]
    if len(known) < max(2, len(answers)) or len({one.turns for one in known}) > 1:
        return None
    groups: list[list[Answers]] = []
    for one in known:
        like = next(
            (g for g in groups if np.allclose(g[0].steps, one.steps, rtol=SAME, atol=0)), None
        )
        if like is None:
            groups.append([one])
        else:
            like.append(one)
    if len(groups) < 2:
        return None
    groups.sort(key=len)
    usual = groups.pop()
    others = [one for group in groups for one in group]
    shared = frozenset().union(*(one.numbers for one in usual))
    stated = all(one.numbers - shared for one in others)
    return Unlike([one.chain for one in others], [one.chain for one in usual], stated)


def answers_of(
    anatomy: Anatomy, values: Values, number: int, made: Mapping[int, tuple[int, ...]]
) -> Answers | None:
    """The answers of a chain that depend on its own gradients alone, entry by entry; None for others."""
    program, positions = anatomy.program, made[number]
    afters = [u for u in anatomy.updates if u.chain == number]
    # A pass without a gradient moves nothing, and has no place among the histories.
    updates = [u for u in afters if any(p < u.after for p in positions)][: len(positions)]
    if len(updates) < len(positions) or len(positions) < 2:
        return None
    others = {p for other, own in made.items() if other != number for p in own}
    steps: list[float] = []
    for k, update in enumerate(updates):
        for history in HISTORIES:
            gradients = dict(zip(positions[: k + 1], history, strict=False))
            moved = answer(anatomy, values, update, positions, gradients)
            turned = answer(anatomy, values, update, positions, gradients, 2.0)
            size = float(np.max(np.abs(moved)))
            if (
                not size
                or np.ptp(moved) > SAME * size
                or np.any(np.abs(moved - turned) > SAME * size)
            ):
                return None  # a norm, or decay
            steps.append(float(np.reshape(moved, -1)[0]))
    own = set(anatomy.chains[number].versions[1:])
    behind = program.ancestors([updates[-1].after], (anatomy.stops - own) | set(positions))
    if behind & others or not np.all(np.isfinite(steps)):
        return None
    numbers = {
        (program.name(p), float(np.reshape(program.given[p], -1)[0]))
        for p in behind
        if p in program.given and np.size(program.given[p]) == 1
    }
    return Answers(number, tuple(u.turn for u in updates), np.asarray(steps), frozenset(numbers))


def answer(
    anatomy: Anatomy,
    values: Values,
    update: Update,
    positions: Sequence[int],
    gradients: Mapping[int, float],
    scale: float = 1.0,
) -> Any:
    """What an update does after other gradients, from a first version so many times as large."""
    program, chain = anatomy.program, anatomy.chains[update.chain]
    fixed = anatomy.stops - set(chain.versions)
    reach = program.ancestors([update.after, update.before], fixed | set(positions))
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    replaced = {p: np.full(np.shape(values[p]), number) for p, number in gradients.items()}
    root = {chain.root: scale * np.asarray(values[chain.root], dtype=float)}
    new = program.rerun(values, {}, cone, fixed, {**root, **replaced})
    after, before = (
        np.asarray(new.get(p, values[p]), dtype=float) for p in (update.after, update.before)
    )
    return after - before
