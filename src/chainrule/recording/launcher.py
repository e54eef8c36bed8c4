"""The process between chainrule and a script that it runs: starts it, watches it, ends it.

    chainrule -- launcher -- guard -- the script and whatever it starts

It is a program of its own, so that it may fork and change what it is (chainrule has threads), and so
that the script's parent is nobody who matters. The guard is process 1 of the script's namespace where
there is one; else its task is to be the parent that a script can end. The launcher reads what to do
from its argument, and writes what came of it to the file descriptor `report`, as JSON. It ends
when the script does, when a limit is passed, or when its standard input, held open by chainrule, closes.
"""

import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.recording.deadline import PATIENCE, held_up
from chainrule.recording.isolation import (
    User,
    adopt_orphans,
    choose_user,
    die_with_parent,
    give_up_privileges,
    leave_shared_namespaces,
    make_files_read_only,
    mount_own_processes,
)
from chainrule.recording.processes import (
    PROC,
    Process,
    descendants,
    list_processes,
    memory_of,
)
from chainrule.recording.scratch import remove_folder

POLL = 0.02  # seconds between two looks at the processes
POLL_FILES = 1.0  # and at the files
# Address space beyond the memory that may be used: interpreters and libraries reserve more than they touch.
ADDRESS_SLACK = 2 * 1024**3
MOST_FILES = 100_000
SPARE_SECONDS = (2, 5)  # of computing, beyond which the system ends the script, and does so at once


@dataclass(frozen=True)
class Order:
    """What the launcher is asked to do."""

    command: list[str]
    folder: str  # where the script starts
    private: str  # the only place where it may write
    needed: list[str]  # what it must be able to read
    report: int
    seconds: float
    longest: float  # on the clock
    memory: int
    file_bytes: int
    all_file_bytes: int
    processes: int


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    os.set_inheritable(order.report, False)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    adopt_orphans()
    user = choose_user([*order.needed, str(Path(order.private).parent)])
    isolated = leave_shared_namespaces()
    if user is not None:
        _give_away(Path(order.private), user.number)
    messages, status = os.pipe()
    guard = os.fork()
    if guard == 0:
        try:
            os.close(messages)
            _guard(order, user, isolated, status)
        finally:
            os._exit(70)
    os.close(status)
    report = {"network_cut": isolated} | _watch(order, guard, isolated, messages)
    if report["end"] == "abandoned":  # nobody else is left to do it
        remove_folder(Path(order.private))
    with os.fdopen(order.report, "w") as file:
        json.dump(report, file)


def _give_away(folder: Path, user: int) -> None:
    for place, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            os.chown(f"{place}/{name}", user, user, follow_symlinks=False)


def _guard(order: Order, user: User | None, isolated: bool, status: int) -> None:
    """Start the script, wait for it, and collect orphans meanwhile."""
    die_with_parent(signal.SIGKILL)
    adopt_orphans()
    os.setsid()
    own_processes = False
    if isolated:
        make_files_read_only(Path(order.private), order.needed)
        own_processes = mount_own_processes()
    script = os.fork()
    if script == 0:
        try:
            _become_script(order, user)
        except OSError as error:
            _tell(status, {"end": "not started", "detail": str(error)})
        finally:
            os._exit(70)
    _tell(status, {"own_processes": own_processes, "script": script})
    while True:
        ended, how = os.waitpid(-1, os.WUNTRACED)
        if ended != script:
            continue
        if os.WIFSTOPPED(how):
            _tell(status, {"end": "stopped", "detail": signal.Signals(os.WSTOPSIG(how)).name})
        elif os.WIFSIGNALED(how):
            _tell(status, {"end": "signal", "detail": _signal_name(os.WTERMSIG(how))})
        else:
            _tell(status, {"end": "exit", "detail": os.WEXITSTATUS(how)})
        os._exit(0)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)  # a real-time signal


def _become_script(order: Order, user: User | None) -> None:
    os.setsid()
    os.chdir(order.folder)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    give_up_privileges(user)
    die_with_parent(signal.SIGKILL)
    seconds, at_once = (int(order.seconds) + spare for spare in SPARE_SECONDS)
    processes = _processes_of_user() + 2 * order.processes
    space = order.memory + ADDRESS_SLACK
    limits = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (order.file_bytes, order.file_bytes),
        resource.RLIMIT_CPU: (seconds, at_once),
        resource.RLIMIT_NOFILE: (512, 512),
        resource.RLIMIT_AS: (space, space),
        resource.RLIMIT_NPROC: (processes, processes),
    }
    for kind, bounds in limits.items():
        # macOS refuses some of them.
        with suppress(OSError, ValueError):
            _, most = resource.getrlimit(kind)
            if most != resource.RLIM_INFINITY:
                bounds = (min(bounds[0], most), min(bounds[1], most))
            resource.setrlimit(kind, bounds)
    os.execvp(order.command[0], order.command)


def _processes_of_user() -> int:
    """How many threads the user has already, all of which the system's limit counts."""
    threads = 0
    for place in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if place.stat().st_uid == os.getuid():
                threads += sum(1 for _ in (place / "task").iterdir())
    return threads


def _tell(status: int, message: dict[str, Any]) -> None:
    os.write(status, json.dumps(message).encode() + b"\n")


def _watch(order: Order, guard: int, isolated: bool, messages: int) -> dict[str, Any]:
    """Until the script ends or must be ended; afterwards nothing that it started is left."""
    own = os.getpid()
    started = looked_at_files = time.monotonic()
    heard = b""
    places = (PROC, False)
    script = 0
    try:
        while True:
            ready, _, _ = select.select([0, messages], [], [], POLL)
            if messages in ready:
                part = os.read(messages, 4096)
                heard += part
                for line in heard.splitlines():
                    message: dict[str, Any] = json.loads(line)
                    if "end" in message:
                        return message
                    places = (Path(f"/proc/{guard}/root/proc"), message["own_processes"])
                    script = message["script"]
                if not part:
                    return {"end": "guard gone", "detail": None}
            if 0 in ready and not os.read(0, 1):
                return {"end": "abandoned", "detail": None}
            now = time.monotonic()
            proc, alone = places if places[1] else (PROC, False)
            processes = list_processes(proc) if proc.exists() else []
            family = processes if alone else descendants(own, processes)
            # A number of a namespace of its own means nothing elsewhere.
            place = proc / str(script) if alone or not isolated else None
            if is_over(order, now - started, script, place, family):
                return {"end": "time", "detail": None}
            mine = [p for p in family if p.number != 1] if alone else family
            if len(mine) > order.processes + (not alone):
                return {"end": "processes", "detail": None}
            if memory_of(mine, order.memory, proc) > order.memory:
                return {"end": "memory", "detail": None}
            if now - looked_at_files > POLL_FILES:
                looked_at_files = now
                if _too_many_files(order):
                    return {"end": "files", "detail": None}
    finally:
        _end_all(guard, isolated)


def is_over(
    order: Order, passed: float, script: int, place: Path | None, family: list[Process]
) -> bool:
    """Whether a script has had its time: what passed since it started, but for what others kept it from computing.

    What it has started itself are no others.
    """
    if passed <= order.seconds:
        return False
    waited = held_up(place) if place is not None else None
    if waited is None:
        return passed > PATIENCE * order.seconds
    by_itself = sum(one.computed for one in family if one.number != script)
    return passed - max(waited - by_itself, 0.0) > order.seconds or passed > order.longest


def _too_many_files(order: Order) -> bool:
    count = size = 0
    for place, folders, files in os.walk(order.private):
        count += len(folders) + len(files)
        for name in files:
            with suppress(OSError):
                size += os.lstat(f"{place}/{name}").st_blocks * 512
        if size > order.all_file_bytes or count > MOST_FILES:
            return True
    return False


def _end_all(guard: int, isolated: bool) -> None:
    """Kill all that the script has started. With the namespace's process 1, all of it ends."""
    if isolated:
        os.kill(guard, signal.SIGKILL)
        os.waitpid(guard, 0)
        return
    with suppress(ChildProcessError):  # none is left
        while True:
            # Stopped first, they cannot start others while they are being killed. One may have been
            # about to, so this goes on until the system knows of no child, alive or orphaned.
            stopped: set[int] = set()
            while (
                started := {p.number for p in descendants(os.getpid(), list_processes())} - stopped
            ):
                _signal_all(started, signal.SIGSTOP)
                stopped |= started
            _signal_all(stopped, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.002)


def _signal_all(processes: set[int], wanted: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, wanted)


if __name__ == "__main__":
    main()
