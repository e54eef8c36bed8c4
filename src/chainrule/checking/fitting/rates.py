"""Numbers that updates are multiplied by last, and parameters that decay."""

from collections.abc import Collection

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.anatomy.updates import Anatomy

RATE_WORDS = ("rate", "lr", "eta", "alpha", "learn", "step")


def is_rate_name(name: str | None) -> bool:
    """Whether that is what people call a learning rate."""
    return name is not None and any(word in name.lower() for word in RATE_WORDS)


def find_step_sizes(anatomy: Anatomy) -> set[int]:
    """Positions of given numbers by which an update is multiplied last."""
    found: set[int] = set()
    program = anatomy.program
    for update in anatomy.updates:
        link = program.step_of.get(update.after)
        for position in link.inputs if link is not None else ():
            step = program.step_of.get(position)
            for _ in range(3):
                if step is None or step.operation not in ("multiply", "negate", "reshape"):
                    break
                sizes = (p for p in step.inputs if not anatomy.error_masks[p])
                found |= {number for p in sizes for number in numerators(program, p)}
                tainted = (p for p in step.inputs if anatomy.error_masks[p])
                step = next((program.step_of.get(p) for p in tainted), None)
    return found


def numerators(program: Program, position: int, depth: int = 3) -> set[int]:
    """The given numbers that a number is a product of, divisors left out: rate in rate / samples."""
    if position in program.given:
        return {position} if np.size(program.given[position]) == 1 else set()
    step = program.step_of.get(position)
    if step is None or not depth or step.operation not in ("multiply", "divide"):
        return set()
    factors = step.inputs[:1] if step.operation == "divide" else step.inputs
    return {number for factor in factors for number in numerators(program, factor, depth - 1)}


def find_decaying(anatomy: Anatomy, forward: Collection[int]) -> set[int]:
    """Parameters of which a multiple goes into their own update, beside the version that goes on."""
    program, found = anatomy.program, set()
    for number, chain in enumerate(anatomy.chains):
        for version in chain.versions[:3]:
            for step in uses_of_entries(program, version):
                scaled = step.operation in ("multiply", "divide") and step.output not in forward
                if (
                    scaled
                    and not anatomy.error_masks[step.output]
                    and step.output not in chain.versions
                ):
                    found.add(number)
    return found


def uses_of_entries(program: Program, position: int) -> list[Instruction]:
    """Where a value is used, its entries and their entries included."""
    uses = list(program.consumers.get(position, ()))
    for step in uses:  # grows as it goes
        if step.operation == "gather":
            uses += program.consumers.get(step.output, ())
    return uses
