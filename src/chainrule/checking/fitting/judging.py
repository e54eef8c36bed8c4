"""Judging a recording by one loss: gradients, updates, and the plainest form that explains them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Values
from chainrule.checking.anatomy.updates import Anatomy, steps_taken, true_gradients
from chainrule.checking.fitting.fitting import Fit, Trace, fit_plain, fit_with_rates, traces_of
from chainrule.checking.fitting.general_form import fit_general, says_more
from chainrule.checking.fitting.responses import fit_by_response

STRAIGHT = 1 - 1e-9  # a cosine

World: TypeAlias = tuple[Values, Sequence[Any], Sequence[Any]]  # values, gradients, steps


def judge_plainly(
    anatomy: Anatomy, worlds: Sequence[Values], loss: str
) -> tuple[Fit, Mapping[int, Trace]]:
    """How well all updates are multiples of the gradients of a loss, in all worlds at once.

    Raises: NoDerivativeError.
    """
    rows = [
        (values, true_gradients(anatomy, values, loss), steps_taken(anatomy.updates, values))
        for values in worlds
    ]
    return fit_rows(anatomy, rows, loss)


def judge_by_response(
    anatomy: Anatomy, worlds: Sequence[Values], fit: Fit, traces: Mapping[int, Trace]
) -> Fit:
    """The same where updates are no multiples: how they answer to their gradients, if that says more."""
    if fit.is_right or anatomy.claimed:
        return fit
    responding = fit_by_response(anatomy, worlds, traces, fit)
    best = max((responding, fit), key=lambda one: (len(one.good), one is fit))
    if (
        best.bad
        and sum(np.size(worlds[0][anatomy.chains[number].root]) for number in best.good) < 2
    ):
        best.bad |= best.good  # one number alone fits by chance
        best.good = set()
    return best


def fit_rows(anatomy: Anatomy, rows: Sequence[World], loss: str) -> tuple[Fit, Mapping[int, Trace]]:
    """The plainest form in which updates follow gradients."""
    traces = traces_of(anatomy, rows)
    fit = fit_plain(anatomy, traces, loss)
    if not fit.bad:
        return fit, traces
    by_rates = fit_with_rates(anatomy, traces, fit)
    if by_rates is not None and by_rates.is_right:
        return by_rates, traces
    general = fit_general(anatomy, traces, fit)
    fit = by_rates or fit
    plainly = len(fit.good), all(fit.cosine.get(n, 0.0) > STRAIGHT for n in fit.bad)
    return (general if says_more(general) > plainly else fit), traces
