"""When a search or a program under a recorder must end."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Deadline:
    """An end in computing time of this process and in time on the clock, whichever is reached first.

    A limit within the whole is one of computing time alone: what is found must not depend on what else the
    machine does at the time.
    """

    computed: float  # seconds, as time.process_time() counts
    passed: float  # seconds, as time.monotonic() counts

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.process_time() + seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds; at most 0 once it is over."""
        return min(self.computed - time.process_time(), self.passed - time.monotonic())

    @property
    def over(self) -> bool:
        return self.left <= 0

    def within(self, seconds: float) -> "Deadline":
        """The end of so many seconds of computing, or this one where that is sooner."""
        return Deadline(min(self.computed, time.process_time() + seconds), self.passed)

    def share(self, part: float) -> "Deadline":
        """The end of so large a part of what is left."""
        return self.within(part * self.left)


@contextlib.contextmanager
def interrupted_at(deadline: Deadline, interrupt: Callable[[], None]) -> Iterator[None]:
    """Calls `interrupt` at the deadline and each half second after it, within whatever is running then."""
    with contextlib.suppress(AttributeError, ValueError):  # no such signals here, or no main thread
        for number in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(number, lambda *_: interrupt())
        signal.setitimer(signal.ITIMER_REAL, soon(deadline.passed - time.monotonic()), 0.5)
        hasten(deadline)
    try:
        yield
    finally:
        with contextlib.suppress(AttributeError, ValueError):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_PROF, 0)


def hasten(deadline: Deadline) -> None:
    """Has the interruption come at another computing time."""
    with contextlib.suppress(AttributeError, ValueError):
        signal.setitimer(signal.ITIMER_PROF, soon(deadline.computed - time.process_time()), 0.5)


def soon(seconds: float) -> float:
    """As a timer takes it, for which 0 is never."""
    return max(seconds, 0.01)
