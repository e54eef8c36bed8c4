"""What a program's updates become with other errors than its own: as large twice, of the other sign, or none at all."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.checking.anatomy.updates import Update
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import CLEAR, norm
from chainrule.checking.fitting.general_form import decaying_entries
from chainrule.checking.fitting.rates import drawn_entries
from chainrule.checking.repairing.impossible_slopes import used_mixes

MOST_ASKED = 60  # updates
ROUNDING = 32 * np.finfo(float).eps  # of a parameter: an update this small may be rounding alone


def scaled_update(
    case: Case,
    update: Update,
    factor: float,
    target: int | None = None,
    changes: Mapping[int, Any] | None = None,
) -> Any:
    """What becomes of an update, or of a value on its way, when all errors are so many times as large."""
    values = case.worlds[-1]
    outputs = {mix.output for mix in used_mixes(case)}
    scaled = {p: factor * np.asarray(values[p], dtype=float) for p in outputs}
    return update_with(case, update, scaled, target, changes)


def update_with(
    case: Case,
    update: Update,
    errors: Mapping[int, Any],
    target: int | None = None,
    changes: Mapping[int, Any] | None = None,
) -> Any:
    """The same with other errors, by position."""
    anatomy, program = case.anatomy, case.program
    chain = anatomy.chains[update.chain]
    moving = set(chain.versions[chain.versions.index(update.before) + 1 :])
    fixed = anatomy.stops - moving
    end = update.after if target is None else target
    reach = program.ancestors([end], fixed | set(errors))
    # All steps would be many to go through, for each update of as many numbers.
    cone = [program.step_of[p] for p in sorted(reach - fixed) if p in program.step_of]
    values = case.worlds[-1]
    new = program.rerun(values, changes or {}, cone, fixed, errors)
    result = np.asarray(new.get(end, values[end]), dtype=float)
    return result if target is not None else result - np.asarray(values[update.before], dtype=float)


def doubles(case: Case, update: Update, goal: int | None = None) -> bool:
    at_rest, once, twice = (scaled_update(case, update, factor, goal) for factor in (0.0, 1.0, 2.0))
    return not np.any(at_rest) and norm(twice - 2 * once) <= CLEAR * norm(once)


def is_linear(
    case: Case,
    number: int,
    goals: Mapping[int, int],
    changes: Mapping[int, Any] | None = None,
    size: float = 1.0,
) -> bool:
    """Whether a parameter's updates, or the gradients in them, are linear in all errors, but for a decay.

    The errors are first made so many times as large: small ones are not clipped. A memory has decays of earlier passes.
    """
    anatomy = case.anatomy
    updates = [(k, u) for k, u in enumerate(anatomy.updates) if u.chain == number][:3]
    earlier = [update for _, update in updates]
    for k, update in updates:
        target = goals.get(k)
        at_rest, once, twice = (
            scaled_update(case, update, factor, target, changes) for factor in (0.0, size, 2 * size)
        )
        before = np.asarray(case.worlds[-1][update.before], dtype=float)
        rounding = ROUNDING * norm(before)
        beyond = norm(twice - 2 * once + at_rest)  # no number, where nothing is divided by itself
        if not beyond <= CLEAR * (norm(once) + norm(at_rest)) + rounding:
            return False
        if np.any(at_rest) and np.shape(at_rest) == np.shape(before):
            drawn = drawn_entries(case.anatomy).get(number, 1.0)
            befores = [
                case.worlds[-1][own.before] for own in earlier if own.number <= update.number
            ]
            if np.size(before) < 2 * len(befores):
                befores = befores[-1:]
            columns = np.stack(
                [np.ravel(decaying_entries(np.asarray(one, dtype=float), once, at_rest) * drawn) for one in befores],
                axis=1,
            )  # fmt: skip
            rest = np.ravel(at_rest)
            decays, *_ = np.linalg.lstsq(columns, rest, rcond=1e-12)
            if norm(rest - columns @ decays) > CLEAR * norm(rest) + rounding:
                return False
    return True


def ignores_sign(case: Case) -> bool:
    """Whether errors of the other sign make the same updates: |y - t| or (y - t)**2 in the error's place.

    Such updates move predictions one way, whether these are too large or too small, and whatever penalty they have.
    """
    told = set()
    for update in case.anatomy.updates[:MOST_ASKED]:
        at_rest, once, back = (scaled_update(case, update, factor) for factor in (0.0, 1.0, -1.0))
        rounding = ROUNDING * norm(np.asarray(case.worlds[-1][update.before], dtype=float))
        made = norm(once - at_rest)
        if norm(once - back) > CLEAR * made + rounding:
            return False
        if made > 100 * rounding:
            told.add(update.chain)
    return len(told) > 1


def keeps_sign(case: Case) -> bool:
    """Whether errors of the other sign move all parameters the other way, and as far."""
    for update in case.anatomy.updates[:MOST_ASKED]:
        at_rest, once, back = (scaled_update(case, update, factor) for factor in (0.0, 1.0, -1.0))
        rounding = ROUNDING * norm(np.asarray(case.worlds[-1][update.before], dtype=float))
        if not norm(once + back - 2 * at_rest) <= CLEAR * norm(once - at_rest) + rounding:
            return False
    return True
