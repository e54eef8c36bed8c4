"""Limits within a check are of computing time: a verdict does not depend on what else the machine does."""

import time

import pytest

from chainrule.checking.anatomy.predictions import Mix
from chainrule.checking.anatomy.program import Program, build_program
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.recording.deadline import Deadline, interrupted_at
from chainrule.recording.recording import Recording
from chainrule.recording.rewriting import Sites


def compute(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class TooLongError(Exception):
    pass


def interrupt() -> None:
    raise TooLongError


def test_waiting_uses_up_the_whole_and_no_limit_within_it() -> None:
    whole = Deadline.after(10)
    within = whole.within(0.1)
    time.sleep(0.2)
    assert within.left > 0.05
    assert whole.left < 9.85


def test_computing_uses_up_a_limit_and_the_whole() -> None:
    whole = Deadline.after(10)
    within = whole.within(0.1)
    compute(0.15)
    assert within.over
    assert not whole.over
    assert whole.left < 9.9


def test_a_limit_within_is_never_later_than_the_whole() -> None:
    whole = Deadline.after(1)
    assert whole.within(5).left <= 1
    assert whole.share(0.5).left == pytest.approx(0.5, abs=0.05)


def test_a_program_that_computes_too_long_is_interrupted() -> None:
    with pytest.raises(TooLongError), interrupted_at(Deadline.after(60).within(0.05), interrupt):
        compute(5)


def test_a_program_that_waits_too_long_is_interrupted() -> None:
    with pytest.raises(TooLongError), interrupted_at(Deadline.after(0.05), interrupt):
        time.sleep(5)


def test_nothing_is_interrupted_that_ends_in_time() -> None:
    with interrupted_at(Deadline.after(0.05), interrupt):
        pass
    compute(0.1)
    time.sleep(0.1)


def test_a_recording_is_taken_apart_no_further_once_time_is_over() -> None:
    """Nothing is found in a program without updates, however often it is looked at: once is enough then."""
    rounds: list[int] = []

    def finder(program: Program, masks: object, stops: object) -> list[Mix]:
        rounds.append(len(rounds))
        return []

    program = build_program(Recording(), Sites())
    take_apart(program, finders=[finder] * 4)
    assert len(rounds) == 8
    take_apart(program, finders=[finder] * 4, deadline=Deadline.after(-1))
    assert len(rounds) == 9
