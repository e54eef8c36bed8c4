"""Judging a recording by one loss: gradients, updates, and the plainest form that explains them."""

from chainrule.checking.fitting import Fit, fit_general, fit_plain, fit_with_rates, traces_of
from chainrule.checking.program import Values
from chainrule.checking.responses import fit_by_response
from chainrule.checking.updates import Anatomy, steps_taken, true_gradients


def judge(anatomy: Anatomy, values: Values, loss: str, afters: Values | None = None) -> Fit:
    """How well all updates follow the gradients of a loss.

    Gradients are those of `values`; the updates may be others, from `afters`.
    Raises: NoDerivativeError.
    """
    gradients = true_gradients(anatomy, values, loss)
    steps = steps_taken(anatomy.updates, values if afters is None else afters)
    traces = traces_of(anatomy, values, gradients, steps)
    fit = fit_plain(anatomy, traces, loss)
    if not fit.bad:
        return fit
    by_rates = fit_with_rates(anatomy, traces, fit)
    if by_rates is not None:
        return by_rates
    general = fit_general(anatomy, traces, fit)
    if general.is_right:
        return general
    responding = fit_by_response(anatomy, values, traces, fit)
    return max((responding, general, fit), key=lambda one: (len(one.good), one is fit))
