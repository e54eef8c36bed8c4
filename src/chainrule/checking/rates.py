"""Numbers that a program takes its steps by."""

import numpy as np

from chainrule.checking.updates import Anatomy

RATE_WORDS = ("rate", "lr", "eta", "alpha", "learn", "step")


def is_rate_name(name: str | None) -> bool:
    """Whether that is what people call a learning rate."""
    return name is not None and any(word in name.lower() for word in RATE_WORDS)


def step_sizes_of(anatomy: Anatomy) -> set[int]:
    """Single numbers by which updates are multiplied last, as positions."""
    found: set[int] = set()
    program = anatomy.program
    for update in anatomy.updates:
        link = program.step_of.get(update.after)
        for position in link.inputs if link is not None else ():
            step = program.step_of.get(position)
            for _ in range(3):
                if step is None or step.operation not in ("multiply", "negate", "reshape"):
                    break
                found |= {
                    p for p in step.inputs if p in program.given and np.size(program.given[p]) == 1
                }
                tainted = (program.step_of.get(p) for p in step.inputs if anatomy.error_masks[p])
                step = next(tainted, None)
    return found
