"""When a recording may stop: once every parameter was updated a few times."""

from collections import Counter
from collections.abc import Callable, Sequence

from chainrule.checking.anatomy.program import build_program
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.own_readings import has_own_loss, moves_by_own_loss
from chainrule.recording.deadline import Deadline
from chainrule.recording.loops import Place
from chainrule.recording.recorder import Recorder
from chainrule.recording.recording import MOST_BYTES, EnoughError

FIRST_LOOK = 3000  # values
FIRST_BYTES = (
    30_000_000  # of values: large arrays take long to be computed again, and are seldom many
)
FEW = 2  # passes
VERSIONS = 5  # of every chain, the first one included
LARGE = 20_000  # values, from where on the slower half of the parameters is not waited for
MOST_VALUES = 200_000
LONG_PASS = 40_000  # values
# Ways back of an engine: when the last of them begins, all updates but one and their losses are known. An optimizer
# takes more of them to be told.
ENOUGH = (3, 7)
LONG_ENGINE = 20_000  # values before the first one
MANY = 60  # passes, of which all but one count for nothing: the next ones are like these


def watch_until_enough(
    deadline: Deadline, long_loops: list[Place] | None = None
) -> Callable[[Recorder], None]:
    """A watch that looks at the recording at 3,000 values, at twice that, and so on; earlier where they are large.

    A recording that is full and has no update in it was of what comes before training: it begins anew.
    With `long_loops`, one whose passes are long ends instead, if they are long by a loop: that is told there.
    """
    next_look, next_bytes, looked_at = FIRST_LOOK, FIRST_BYTES, 0

    def watch(recorder: Recorder) -> None:
        nonlocal next_look, next_bytes, looked_at
        if recorder.begins_anew:
            return
        size = len(recorder.recording.graph.values)
        over = deadline.over
        full = over or size > MOST_VALUES or recorder.recording.bytes > MOST_BYTES
        if size < FIRST_LOOK and recorder.recording.bytes < FIRST_BYTES:
            next_look, next_bytes = min(next_look, FIRST_LOOK), min(next_bytes, FIRST_BYTES)
        engine = recorder.table.have_operators and not over
        if engine and size > LONG_ENGINE and not recorder.ways_back and long_loops is not None:
            end_at_long_loop(recorder, long_loops)
        due = next((n for n in ENOUGH if looked_at < n), None)
        if engine and due is not None and recorder.ways_back >= due:
            looked_at, next_look = due, size
        elif engine and due is not None and not full:
            recorder.next_watch = size + 50
            return
        if size < next_look and recorder.recording.bytes < next_bytes and not full:
            recorder.next_watch = min(next_look, size + 50)
            return
        next_look, next_bytes = 2 * max(size, FIRST_LOOK // 2), 2 * recorder.recording.bytes
        recorder.next_watch = size + 200
        program = build_program(recorder.recording, recorder.table)
        if engine and has_own_loss(program, looked_at - 1, looked_at == ENOUGH[0]):
            recorder.end_part()
            return
        anatomy = take_apart(program, finished=False)
        turns = {update.turn for update in anatomy.updates}
        is_long = (full or size > LONG_PASS) and len(turns) < FEW and not over
        if long_loops is not None and is_long:
            end_at_long_loop(recorder, long_loops)
        if not turns and not over and moves_by_own_loss(program, VERSIONS):
            recorder.end_part()
        elif full and not turns and not over:
            recorder.begins_anew = True
        elif over:
            recorder.off = True
            raise EnoughError
        elif full or has_enough(anatomy.updates, size) or stays_as_it_is(anatomy):
            recorder.end_part()

    return watch


def end_at_long_loop(recorder: Recorder, long_loops: list[Place]) -> None:
    """Raises: EnoughError where a loop has gone round many times, which is then known."""
    loop = recorder.loop.long_one()
    if loop is not None:
        long_loops.append(loop)
        recorder.off = True
        raise EnoughError


def has_enough(updates: Sequence[Update], size: int) -> bool:
    counts = sorted(Counter(update.chain for update in updates).values())
    turns = {update.turn for update in updates}
    slowest = len(counts) // 2 if size > LARGE else 0
    return len(turns) >= VERSIONS and counts[slowest] >= VERSIONS - 1


def stays_as_it_is(anatomy: Anatomy) -> bool:
    """Whether predictions are made of moved parameters again and again, and only the first errors count.

    A parameter without errors hides those that come after it.
    """
    consumers = anatomy.program.consumers
    trained = [anatomy.chains[number] for number in {one.chain for one in anatomy.updates}]
    return len({update.turn for update in anatomy.updates}) == 1 and all(
        sum(len(consumers.get(version, ())) > 1 for version in chain.versions) > MANY
        for chain in trained
    )
