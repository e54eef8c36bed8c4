"""How many samples a program's passes have, as products of its data with its parameters show."""

from chainrule.checking.anatomy.program import Values
from chainrule.checking.anatomy.updates import Anatomy

MOVERS = {"transpose", "reshape", "gather"}


def sample_sizes(anatomy: Anatomy, values: Values) -> set[int] | None:
    """The axes of data over which products with parameters do not sum, by their sizes. None without any product."""
    program = anatomy.program
    sizes: set[int] | None = None
    for step in program.steps:
        if step.operation != "matmul" or step.output not in anatomy.forward:
            continue
        for slot, position in enumerate(step.inputs):
            partner = program.source_through(step.inputs[1 - slot], MOVERS, anatomy.stops)
            if partner in anatomy.stops and not anatomy.masks[position]:
                shape = values[position].shape
                left = shape[:-1] if slot == 0 else shape[:-2] + shape[-1:] * (len(shape) > 1)
                sizes = (sizes or set()) | set(left)
    return sizes
