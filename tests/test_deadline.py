"""Limits of a check are of computing time: a verdict does not depend on what else the machine does."""

import time
from pathlib import Path

import pytest

from chainrule.checking.anatomy.predictions import Mix
from chainrule.checking.anatomy.program import Program, build_program
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.recording import deadline as of_deadline
from chainrule.recording.deadline import PATIENCE, Deadline, held_up, interrupted_at
from chainrule.recording.launcher import Order, is_over
from chainrule.recording.processes import Process
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


def test_being_kept_from_computing_uses_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [0.0]
    monkeypatch.setattr(of_deadline, "held_up", lambda: kept[-1])
    whole = Deadline.after(0.1)
    with interrupted_at(whole, interrupt):
        kept.append(5.0)  # as if others computed all of the time that now passes, and longer
        time.sleep(0.2)
        assert whole.left == pytest.approx(0.1, abs=0.05)
        kept.append(0.0)
        assert whole.over
        with pytest.raises(TooLongError):
            time.sleep(5)


def test_where_waiting_for_a_processor_is_not_told_there_is_more_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_deadline, "held_up", lambda: None)
    whole = Deadline.after(0.1)
    time.sleep(0.15)
    assert not whole.over
    time.sleep(0.2)
    assert whole.over


def order(seconds: float) -> Order:
    return Order([], "", "", [], 0, seconds, 10 * seconds, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("passed", "told", "by_others_of_its_own", "over"),
    [
        (0.9, None, 0.0, False),
        (1.1, "1000000000 0 3", 0.0, True),  # it computed, or slept
        (1.1, "1000000000 500000000 3", 0.0, False),
        (1.6, "1000000000 500000000 3", 0.0, True),
        (1.1, "1000000000 500000000 3", 0.5, True),  # kept from it by processes that it started
        (9.9, "1000000000 9500000000 3", 0.0, False),
        (10.1, "1000000000 9900000000 3", 0.0, True),  # the last guard
        (1.1, "0 0 0", 0.0, False),  # as where the system does not count
        (1.1, None, 0.0, False),
        (PATIENCE + 0.1, None, 0.0, True),
    ],
)
def test_a_script_has_its_seconds_of_computing_and_waiting(
    passed: float, told: str | None, by_others_of_its_own: float, over: bool, tmp_path: Path
) -> None:
    if told is not None:
        (tmp_path / "schedstat").write_text(told)
    family = [Process(2, 1, 0, 1.0), Process(3, 2, 0, by_others_of_its_own)]
    assert is_over(order(1.0), passed, 2, tmp_path, family) is over


def test_what_the_system_does_not_tell_is_not_known(tmp_path: Path) -> None:
    assert held_up(tmp_path) is None
    (tmp_path / "schedstat").write_text("25 4000000000 1")
    assert held_up(tmp_path) == 4.0


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
