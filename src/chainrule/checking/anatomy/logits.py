"""What a prediction is the sigmoid of, where its own digits do not tell it any more.

Through a sigmoid the gradient of cross-entropy is p - t whatever z is. By way of p it is (p - t) / (p (1 - p))
times p (1 - p), where 1 - p has the fewer digits the nearer p is to 1, as with data that are not scaled: none
once p is rounded to it.
"""

import numpy as np

from chainrule.checking.anatomy.program import Program, Values

SURE = 1e-6  # so near to 0 or 1 a prediction has lost digits that matter
LOST = 36.0  # beyond it 1 / (1 + exp(-z)) is rounded to 1, and a bound on z changes nothing


def lost_logit(program: Program, prediction: int, values: Values) -> int | None:
    """z of p = 1 / (1 + exp(-z)), where p is nearly 0 or 1, or z is cut off; None elsewhere."""
    bounded = sigmoid_input(program, prediction)
    if bounded is None:
        return None
    z = without_bounds(program, bounded)
    p = np.asarray(values[prediction])
    cut_off = z != bounded and np.any(values[z] != values[bounded])
    return z if cut_off or np.any((p < SURE) | (p > 1 - SURE)) else None


def sigmoid_input(program: Program, position: int) -> int | None:
    """z, where a value is 1 / (1 + exp(-z)), however it is written."""
    step = program.step_of.get(position)
    if step is None:
        return None
    if step.operation == "sigmoid":
        return step.inputs[0]
    if step.operation != "divide" or not is_constant(program, step.inputs[0], 1.0):
        return None
    added = program.step_of.get(step.inputs[1])
    if added is None or added.operation != "add":
        return None
    terms = [p for p in added.inputs if not is_constant(program, p, 1.0)]
    power = program.step_of.get(terms[0]) if len(terms) == 1 else None
    if power is None or power.operation != "exp":
        return None
    minus = program.step_of.get(power.inputs[0])
    if minus is None:
        return None
    if minus.operation == "negate":
        return minus.inputs[0]
    factors = [p for p in minus.inputs if not is_constant(program, p, -1.0)]
    return factors[0] if minus.operation == "multiply" and len(factors) == 1 else None


def without_bounds(program: Program, position: int) -> int:
    """What a value was before it was kept within bounds that a sigmoid does not tell."""
    while (step := program.step_of.get(position)) is not None:
        if step.operation not in ("maximum", "minimum"):
            break
        free = [p for p in step.inputs if not is_far_bound(program, p)]
        if len(free) != 1:
            break
        position = free[0]
    return position


def is_constant(program: Program, position: int, number: float) -> bool:
    return position in program.given and bool(np.all(program.given[position] == number))


def is_far_bound(program: Program, position: int) -> bool:
    given = program.given.get(position)
    return given is not None and np.size(given) == 1 and bool(np.all(np.abs(given) >= LOST))
