"""Updates of a run that diverges: from where on they are rounding errors, and follow no gradient for that.

1 - tanh(z)^2 is 0 where tanh(z) is 1 to the last digit, and the true slope is not. Beside numbers of 1e20 that is
no small difference, but another rounding of the same values would make another update.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Values
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.checking.anatomy.updates import Anatomy, Update, steps_taken, true_gradients
from chainrule.checking.fitting.fitting import EXACT, Fit, noise_of, norm

FEWEST = 2  # passes that have to be left
ULPS = 2  # by which values of the forward pass might have been rounded otherwise
MARGIN = 100  # times what that changes is rounding still


def before_rounding(
    anatomy: Anatomy, worlds: Sequence[Values], fits: Mapping[str, Fit]
) -> Anatomy | None:
    """The passes before the first one that goes wrong, if there it is rounding that goes wrong; None otherwise.

    Raises: NoDerivativeError.
    """
    fit = max(fits.values(), key=lambda one: len(one.good), default=None)
    plain = fit is not None and fit.form == "gradient-descent" and not anatomy.claimed
    if fit is None or not plain or not fit.good or not fit.bad:
        return None
    for values in worlds:
        first = first_wrong_update(anatomy, values, fit)
        if first is None:
            continue
        update, residual = first
        left = [one for one in anatomy.updates if one.turn < update.turn]
        if len({one.turn for one in left}) < FEWEST:
            return None
        made = another_rounding(anatomy, values, update)
        step = steps_taken([update], values)[0]
        if made is None or not residual <= MARGIN * norm(made - step):
            return None
        return take_apart(anatomy.program.until(max(one.after for one in left) + 1), False)
    return None


def first_wrong_update(anatomy: Anatomy, values: Values, fit: Fit) -> tuple[Update, float] | None:
    """The first update that does not follow its gradient by the rate of its pass, and by how much it does not."""
    gradients = true_gradients(anatomy, values, fit.loss)
    steps = steps_taken(anatomy.updates, values)
    rows = sorted(zip(anatomy.updates, steps, gradients, strict=True), key=lambda row: row[0].turn)
    for update, step, gradient in rows:
        eta = fit.rate.get(update.turn)
        if update.chain not in fit.bad or eta is None or np.shape(step) != np.shape(gradient):
            continue
        expected, residual = abs(eta) * norm(gradient), norm(step + eta * gradient)
        if not np.isfinite(expected) or not np.isfinite(residual):
            continue
        noise = noise_of(np.asarray(values[update.before], dtype=float), step, gradient)
        if residual > EXACT * max(expected, norm(step)) + 4 * noise * norm(step):
            return update, residual
    return None


def another_rounding(anatomy: Anatomy, values: Values, update: Update) -> Any:
    """What an update would be, had the values of its forward pass been rounded otherwise; None where that says nothing."""
    program = anatomy.program
    versions = anatomy.chains[update.chain].versions
    moving = set(versions[versions.index(update.before) + 1 :])
    fixed = anatomy.stops - moving
    reach = program.ancestors([update.after], fixed)
    predictions = [anatomy.mixes[number].prediction for number in update.mixes]
    forward = program.ancestors(predictions, anatomy.stops) - anatomy.stops
    cone = [
        step
        for step in program.steps
        if step.output in reach and step.output not in fixed and step.output not in forward
    ]
    read = {p for step in cone for p in step.inputs if p in forward and anatomy.masks[p]}
    rng = np.random.default_rng(0)
    rounded = {}
    for position in sorted(read):
        exact = np.asarray(values[position], dtype=float)
        signs = rng.choice([-1.0, 1.0], size=exact.shape)
        rounded[position] = exact * (1 + ULPS * np.finfo(float).eps * signs)
    new = program.rerun(values, {}, cone, fixed, rounded)
    after = np.asarray(new.get(update.after, values[update.after]), dtype=float)
    before = np.asarray(values[update.before], dtype=float)
    return after - before if after.shape == before.shape else None
