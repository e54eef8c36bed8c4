"""The processes that run, as the system lists them: who started whom, and how much memory each has."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One running process; `resident` is its memory in bytes, pages shared with others included.

    `computed` are the seconds of it and of what it started and saw end, where they are known.
    """

    number: int
    parent: int
    resident: int
    computed: float = 0.0


def list_processes(proc: Path = PROC) -> list[Process]:
    """All processes, from the folder in which Linux lists them; elsewhere from `ps`."""
    if sys.platform != "linux":
        listed = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=False
        ).stdout
        rows = [[int(part) for part in line.split()] for line in listed.splitlines()]
        return [Process(number, parent, 1024 * resident) for number, parent, resident in rows]
    page, ticks = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    found: list[Process] = []
    try:
        names = os.listdir(proc)  # noqa: PTH208  # fifty times a second: no Path for each entry
    except OSError:
        return found  # the namespace whose processes it lists has ended
    for name in names:
        if not name.isdecimal():
            continue
        try:
            with open(f"{proc}/{name}/stat", "rb") as file:  # noqa: PTH123  # as above
                # The name, in parentheses, may itself hold blanks and parentheses.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # ended since the folder was read
        computed = sum(map(int, fields[11:15])) / ticks
        found.append(Process(int(name), int(fields[1]), page * int(fields[21]), computed))
    return found


def descendants(ancestor: int, processes: Iterable[Process]) -> list[Process]:
    """Those that a process has started, and those that they have started, at any depth."""
    children = defaultdict(list)
    for process in processes:
        children[process.parent].append(process)
    found: list[Process] = []
    ahead = [ancestor]
    while ahead:
        started = children.pop(ahead.pop(), [])
        found += started
        ahead += [process.number for process in started]
    return found


def memory_of(processes: Iterable[Process], bound: int, proc: Path = PROC) -> int:
    """The memory that processes have together, in bytes.

    A forked process shares its parent's pages. Counting each page once is slow, so that is done only
    when counting them all exceeds `bound`.
    """
    processes = list(processes)
    total = sum(process.resident for process in processes)
    if total <= bound or len(processes) == 1:
        return total
    return sum(_proportional(process, proc) for process in processes)


def _proportional(process: Process, proc: Path) -> int:
    try:
        lines = (proc / str(process.number) / "smaps_rollup").read_text("utf-8").splitlines()
    except OSError:
        return process.resident
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def find_by_environment(mark: bytes) -> list[int]:
    """The processes that were started with `mark` in their environment, where Linux shows it."""
    found = []
    for process in list_processes() if sys.platform == "linux" else []:
        try:
            environment = (PROC / str(process.number) / "environ").read_bytes()
        except OSError:
            continue  # somebody else's, or ended
        if mark in environment and process.number != os.getpid():
            found.append(process.number)
    return found
