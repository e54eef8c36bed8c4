"""The first turns of a changed program: most changes are none that put it right, which these tell long before the rest."""

from collections import Counter
from collections.abc import Callable
from typing import final

import numpy as np

from chainrule.checking.anatomy.program import NoDerivativeError, Program, build_program
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.checking.anatomy.updates import Anatomy
from chainrule.checking.fitting.case import Case, open_case, possible_losses, right_losses
from chainrule.checking.fitting.epsilons import open_without_epsilons
from chainrule.checking.fitting.judging import judge_plainly
from chainrule.recording.recorder import Recorder
from chainrule.recording.recording import EnoughError

FIRST_SHARE = 1 / 20  # of what was recorded before
FURTHER = 1.6  # where there were too few turns
AGAIN = 3  # times as much, where these are right
TURNS, UPDATES = 3, 2  # that tell: of all, and of each parameter
LONGER = 2  # than what was recorded before


@final
class FirstTurns:
    """A watch that gives a changed program up once its first turns of updates follow no loss.

    `size` is that of what was recorded before it was changed. Where the change is none to a program that was seen to
    the end, it may wait forever: it has enough at twice that.
    """

    def __init__(self, watch: Callable[[Recorder], None], size: int) -> None:
        self.watch, self.most = watch, LONGER * size
        self.next_look: float = FIRST_SHARE * size
        self.given_up = False

    def __call__(self, recorder: Recorder) -> None:
        size = len(recorder.recording.graph.values)
        if size > self.most:
            raise EnoughError
        if size >= self.next_look and not recorder.begins_anew:
            self.look(recorder, size)
        self.watch(recorder)

    def look(self, recorder: Recorder, size: int) -> None:
        """Raises: EnoughError where enough is seen, and is not right."""
        promising = None
        if not recorder.table.have_operators:
            promising = promises(build_program(recorder.recording, recorder.table))
        self.next_look = (AGAIN if promising else FURTHER) * size
        if promising is False:
            self.given_up = recorder.off = True
            raise EnoughError


def promises(program: Program) -> bool | None:
    """Whether the first turns of updates follow a loss; None where there are too few."""
    anatomy = take_apart(program, finished=False)
    counts = Counter(update.chain for update in anatomy.updates)
    turns = {update.turn for update in anatomy.updates}
    if len(turns) < TURNS or min(counts.values()) < UPDATES:
        return None
    if not all(np.all(np.isfinite(program.recorded[u.after])) for u in anatomy.updates):
        return False
    if follows_plainly(anatomy):
        return True
    case = open_case(program, finished=False)
    return bool(right_losses(case) or right_losses(open_without_epsilons(case, False) or case))


def follows_plainly(anatomy: Anatomy) -> bool:
    case = Case(anatomy, [anatomy.program.recorded])
    try:
        return any(
            judge_plainly(anatomy, case.worlds, loss)[0].is_right for loss in possible_losses(case)
        )
    except NoDerivativeError:
        return False
