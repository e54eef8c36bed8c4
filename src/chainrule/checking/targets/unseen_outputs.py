"""Outputs that are computed and that nothing looks at, with weights of their own: of two, one meets its target.

    D = [y - t for y, t in zip(Y, T)]        T has a single entry, and Y two

What is left of the network is trained rightly, and what goes nowhere is never trained.
"""

from chainrule.checking.anatomy.program import Program
from chainrule.checking.fitting.case import Case

FEWEST = 2  # numbers: a single one may be a bias that stands apart


def unseen_parameters(case: Case) -> str | None:
    """The name of numbers that were drawn with parameters and go into values that nothing is made of; None without any."""
    anatomy, program = case.anatomy, case.program
    births = program.recording.birthplaces
    roots = {chain.root for chain in anatomy.chains}
    born = {births[root]: chain for chain in anatomy.chains if (root := chain.root) in births}
    first = min((update.after for update in anatomy.updates), default=0)
    alike = [
        position
        for position in program.given
        if births.get(position) in born
        and position not in roots
        and serves_as_parameter(case, position, first)
    ]
    if len(alike) < FEWEST:
        return None
    looked_at = what_is_looked_at(case, program)
    unseen = [position for position in alike if position not in looked_at]
    if len(unseen) < FEWEST:
        return None
    return born[births[unseen[0]]].name(program) or "parameters"


def serves_as_parameter(case: Case, position: int, first: int) -> bool:
    """Whether a number is used before the first update, and never with a parameter, as an input is."""
    users = case.program.consumers.get(position, [])
    return any(step.output < first for step in users) and not any(
        p in case.anatomy.stops for step in users for p in step.inputs
    )


def what_is_looked_at(case: Case, program: Program) -> set[int]:
    """All that updates, errors, and numbers that are compared are made of."""
    anatomy = case.anatomy
    ends = {update.after for update in anatomy.updates}
    ends |= {mix.output for mix in anatomy.mixes}
    ends |= {p for guard in program.recording.guards for p in (guard.left, guard.right)}
    return program.ancestors(p for p in ends if p < program.size)
