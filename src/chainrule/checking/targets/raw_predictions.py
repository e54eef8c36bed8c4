"""Errors of an output's pre-activation, where its activation is what the program predicts with.

`z - t` in the place of `softmax(z) - t` descends squared errors of z, which nobody asked for.
"""

from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Program
from chainrule.checking.fitting.case import Case

MOST_MADE = 60  # values that are made of a prediction and looked at
FEW = 4  # predictions


def find_raw_prediction(case: Case) -> int | None:
    """A sigmoid or softmax of a prediction that goes into no update."""
    anatomy, program = case.anatomy, case.program
    used = sorted({number for update in anatomy.updates for number in update.mixes})
    behind = program.ancestors({update.after for update in anatomy.updates})
    for prediction in dict.fromkeys(anatomy.mixes[number].prediction for number in used[:FEW]):
        for position in made_of(program, prediction):
            squashed = is_squashed(case.values[prediction], case.values[position])
            if squashed and position not in behind:
                return position
    return None


def made_of(program: Program, position: int) -> list[int]:
    """Values that are made of one, the nearest first."""
    found = [position]
    for here in found:  # grows as it goes
        if len(found) > MOST_MADE:
            break
        outputs = (step.output for step in program.consumers.get(here, ()))
        found += [output for output in outputs if output not in found]
    return found[1:]


def is_squashed(z: Any, a: Any) -> bool:
    """Whether a is the sigmoid or the softmax of z, and not z itself: probabilities that are all alike are their own softmax."""
    z, a = np.asarray(z, dtype=float), np.asarray(a, dtype=float)
    if z.shape != a.shape or not np.all((a > 0) & (a < 1)) or np.allclose(a, z):
        return False
    power = np.exp(-np.abs(z))
    sigmoid = np.where(z < 0, power, 1.0) / (1 + power)
    candidates = [sigmoid]
    for axis in range(z.ndim):
        powers = np.exp(z - z.max(axis=axis, keepdims=True))
        candidates.append(powers / powers.sum(axis=axis, keepdims=True))
    return any(np.allclose(a, one, rtol=1e-9, atol=0.0) for one in candidates)
