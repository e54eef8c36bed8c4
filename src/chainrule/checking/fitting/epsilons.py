"""A recording without the small numbers that keep logarithms and quotients finite: log(a + 1e-8), y / (a + 1e-8)."""

from dataclasses import replace

import numpy as np

from chainrule.checking.anatomy.program import Program
from chainrule.checking.fitting.case import Case, open_case

SMALL = 1e-6  # what is added for safety's sake is no larger


def open_without_epsilons(case: Case, finished: bool) -> Case | None:
    """The same case with 0 for such numbers; None where there are none."""
    program = without_epsilons(case)
    return None if program is None else open_case(program, finished)


def without_epsilons(case: Case) -> Program | None:
    """The program with 0 for the small numbers that are added to what predictions are made with, and to nothing else."""
    anatomy, program = case.anatomy, case.program
    zeros: dict[int, np.ndarray] = {}
    for position, numbers in program.given.items():
        if np.size(numbers) != 1 or not 0 < float(np.reshape(numbers, -1)[0]) <= SMALL:
            continue
        users = program.consumers.get(position, [])
        if users and all(
            step.operation == "add"
            and all(
                other == position or (anatomy.masks[other] and not anatomy.error_masks[other])
                for other in step.inputs
            )
            for step in users
        ):
            zeros[position] = np.zeros(np.shape(numbers))
    return replace(program, given={**program.given, **zeros}) if zeros else None
