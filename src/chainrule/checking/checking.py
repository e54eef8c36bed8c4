"""Deciding on one recording: which loss explains it, at the recorded numbers and at others."""

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy import take_apart
from chainrule.checking.fitting import Fit, named_factors
from chainrule.checking.judging import judge
from chainrule.checking.losses import SEEDS
from chainrule.checking.program import NoDerivativeError, Program, Values
from chainrule.checking.updates import Anatomy

DISTURBANCES = (0.3, 0.03, 0.003)


@final
@dataclass
class Case:
    """A recording with all that deciding needs: its numbers, and others, and the fits of each loss."""

    anatomy: Anatomy
    values: Values
    disturbed: Values | None = None
    fits: dict[str, Fit] = field(default_factory=dict)
    unknown_function: str | None = None

    @property
    def program(self) -> Program:
        return self.anatomy.program


def open_case(program: Program, finished: bool) -> Case:
    """Take a recording apart and try all losses on it."""
    values = program.recorded
    case = Case(take_apart(program, finished), values)
    if not case.anatomy.updates:
        return case
    case.disturbed = disturb(case.anatomy)
    for loss in SEEDS:
        try:
            case.fits[loss] = judge(case.anatomy, values, loss)
        except NoDerivativeError as error:
            case.unknown_function = str(error)
            return case
    return case


def disturb(anatomy: Anatomy, seed: int = 1) -> Values | None:
    """The same computation from other starting weights: its values, where its way stays the same.

    Small weights, zeros and equal numbers hide mistakes; so the weights are moved by a third, or less
    where a comparison would come out otherwise.
    """
    program = anatomy.program
    roots = [chain.root for chain in anatomy.chains]
    start = program.recorded
    for amount in DISTURBANCES:
        rng = np.random.default_rng(seed)
        given: dict[int, Any] = {}
        for root in roots:
            numbers = np.asarray(start[root], dtype=float)
            size = float(np.sqrt(np.mean(numbers**2))) if numbers.size else 0.0
            given[root] = numbers + amount * (size or 0.3) * rng.standard_normal(numbers.shape)
        values = program.run(given)
        finite = all(
            np.all(np.isfinite(values[position]))
            for update in anatomy.updates
            for position in (update.before, update.after)
        )
        if finite and program.keeps_its_way(values):
            return values
    return None


def right_losses(case: Case) -> list[str]:
    """The losses that explain every update, at the recorded numbers and at disturbed ones.

    Where only the disturbed numbers fit, a kink was hit exactly; where only the recorded ones do, a
    mistake hides there.
    """
    found = []
    for loss, fit in case.fits.items():
        if loss in ("huber", "absolute-error") and found:
            continue
        if not fit.is_right and not is_kinked(case, fit):
            continue
        if holds_elsewhere(case, loss):
            found.append(loss)
    return found


def holds_elsewhere(case: Case, loss: str) -> bool:
    if case.disturbed is None:
        return case.fits[loss].is_right
    try:
        return judge(case.anatomy, case.disturbed, loss).is_right
    except NoDerivativeError:
        return False


def is_kinked(case: Case, fit: Fit) -> bool:
    """Whether some comparison of the forward pass compares equals: there both slopes are right."""
    program = case.program
    for step in program.steps:
        if step.output in case.anatomy.forward and step.operation in ("maximum", "minimum", "greater", "where"):
            left, right = (np.asarray(case.values[position]) for position in step.inputs[:2])
            if step.operation != "where" and np.any(left == right):
                return True
    return False


def common_factor(case: Case, fit: Fit) -> float | None:
    """eta over the one named learning rate that multiplies every update; None without one."""
    if not fit.rate:
        return None
    found = []
    for update in case.anatomy.updates:
        factors = named_factors(case.anatomy, update)
        if len(factors) != 1:
            return None
        found.append(factors[0])
    if len({name for name, _ in found}) != 1:
        return None
    ratios = [
        fit.rate[update.turn] / rate
        for update, (_, rate) in zip(case.anatomy.updates, found, strict=True)
        if update.turn in fit.rate and rate
    ]
    if not ratios or np.ptp(ratios) > 1e-6 * abs(ratios[0]):
        return None
    return float(ratios[0])
