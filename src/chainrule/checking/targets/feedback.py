"""Errors that go back through random numbers of their own, which no prediction is made with: feedback alignment.

It is a way to learn that is no gradient, and nobody writes it by mistake.
Source: Lillicrap and others, "Random synaptic feedback weights support error backpropagation for deep
learning", Nature Communications 7, 2016.
"""

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.fitting.case import Case

SHAPES = {"transpose", "reshape", "gather"}


def feedback_of(case: Case) -> int | None:
    """The position of given random numbers that errors are multiplied by, and nothing else is."""
    anatomy, program = case.anatomy, case.program
    afters = {update.after for update in anatomy.updates}
    behind = program.ancestors(afters, anatomy.stops - afters)
    served = program.ancestors(
        (position for mix in anatomy.mixes for position in (mix.prediction, mix.target)),
        anatomy.stops,
    )
    # Of an input whose units are all dead no prediction is made, though it is multiplied by weights.
    multiplied = {
        program.source_through(position, SHAPES, anatomy.stops)
        for step in program.steps
        if step.operation in PRODUCTS and not any(anatomy.error_masks[p] for p in step.inputs)
        for position in step.inputs
    }
    served |= multiplied
    for step in program.steps:
        if step.output not in behind or step.operation not in PRODUCTS or len(step.inputs) != 2:
            continue
        for position, other in (step.inputs, step.inputs[::-1]):
            source = program.source_through(position, SHAPES, anatomy.stops)
            if (
                anatomy.error_masks[other]
                and np.any(case.values[other])  # dead units send nothing back
                and program.origin(source) == "random"
                and source not in served | anatomy.stops
            ):
                return source
    return None
