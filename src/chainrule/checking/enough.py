"""When a recording may stop: once every parameter was updated a few times."""

import time
from collections.abc import Callable

from chainrule.checking.anatomy import take_apart
from chainrule.checking.program import build_program
from chainrule.recording.recorder import Recorder
from chainrule.recording.recording import EnoughError

FIRST_LOOK = 3000  # values
VERSIONS = 5  # of every chain, the first one included
MOST_VALUES = 200_000
MOST_BYTES = 1_500_000_000


def watch_until_enough(seconds: float) -> Callable[[Recorder], None]:
    """A watch that looks at the recording at 3,000 values, at twice that, and so on."""
    end = time.monotonic() + seconds
    next_look = FIRST_LOOK

    def watch(recorder: Recorder) -> None:
        nonlocal next_look
        size = len(recorder.recording.graph.values)
        full = size > MOST_VALUES or recorder.recording.bytes > MOST_BYTES or time.monotonic() > end
        if size < next_look and not full:
            recorder.next_watch = min(next_look, size + 200)
            return
        next_look = 2 * size
        recorder.next_watch = size + 200
        if full or has_enough(recorder):
            recorder.off = True
            raise EnoughError

    return watch


def has_enough(recorder: Recorder) -> bool:
    anatomy = take_apart(build_program(recorder.recording, recorder.table), finished=False)
    counts: dict[int, int] = {}
    for update in anatomy.updates:
        counts[update.chain] = counts.get(update.chain, 0) + 1
    return (
        bool(counts)
        and len({update.turn for update in anatomy.updates}) >= VERSIONS
        and min(counts.values()) >= VERSIONS - 1
    )
