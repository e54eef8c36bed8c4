"""When a search or a program under a recorder must end.

Time is what a process computes, and what it waits for other things than a processor: sleep, input, a network.
That others compute meanwhile is none of it, since what is found must not depend on what else the machine does.
"""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

OWN = Path("/proc/self")
# Where the system does not tell waiting for a processor from other waiting, so much longer is waited.
PATIENCE = 3.0


def held_up(process: Path = OWN) -> float | None:
    """Seconds in which a process, by its folder in /proc, was ready to compute and others did; None where that is not told."""
    try:
        # Computed, waited for a processor (both in ns), and how often.
        computed, waited, _ = (process / "schedstat").read_bytes().split()
    except (OSError, ValueError):
        return None
    return int(waited) / 1e9 if int(computed) else None


def passing() -> float:
    """A clock that stands still while others keep this process from computing."""
    return time.monotonic() - (held_up() or 0.0)


@final
@dataclass(frozen=True)
class Deadline:
    """An end in computing time of this process and in time that passes for it, whichever is reached first.

    A limit within the whole is one of computing time alone.
    """

    computed: float  # seconds, as time.process_time() counts
    passed: float  # seconds, as passing() counts

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        patience = 1.0 if held_up() is not None or seconds <= 0 else PATIENCE
        return cls(time.process_time() + seconds, passing() + patience * seconds)

    @property
    def left(self) -> float:
        """Seconds; at most 0 once it is over."""
        return min(self.computed - time.process_time(), self.passed - passing())

    @property
    def over(self) -> bool:
        if self.computed <= time.process_time():
            return True
        return (
            self.passed <= time.monotonic() and self.left <= 0
        )  # asked often: mostly by clocks alone

    def within(self, seconds: float) -> "Deadline":
        """The end of so many seconds of computing, or this one where that is sooner."""
        return Deadline(min(self.computed, time.process_time() + seconds), self.passed)

    def share(self, part: float) -> "Deadline":
        """The end of so large a part of what is left."""
        return self.within(part * self.left)


@contextlib.contextmanager
def interrupted_at(deadline: Deadline, interrupt: Callable[[], None]) -> Iterator[None]:
    """Calls `interrupt` at the deadline and each half second after it, within whatever is running then."""

    def look_at_clock(*_: object) -> None:
        if deadline.over:  # else it was held up, and the timer went on
            interrupt()

    with contextlib.suppress(AttributeError, ValueError):  # no such signals here, or no main thread
        signal.signal(signal.SIGALRM, look_at_clock)
        signal.signal(signal.SIGPROF, lambda *_: interrupt())
        signal.setitimer(signal.ITIMER_REAL, soon(deadline.passed - passing()), 0.5)
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
