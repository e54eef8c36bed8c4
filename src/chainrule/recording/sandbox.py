"""Somebody's script in a child process, under limits that bind, in a scratch copy of its folder.

On Linux, time, memory, files, output and the number of processes are watched (also of those that leave the
session), and everything is killed when one passes its limit. Root becomes a user who owns nothing; root that
can become nobody is exempt from the system's limit on processes, which then are watched only.

Where chainrule runs as root, or the system lets its users make namespaces, there is also no network, every file
outside of the scratch is read-only (/tmp too), and other processes can be neither seen nor signalled.
`Outcome.network_cut` says whether that was so. Where it wasn't, as in many containers, a script can do
to files by their full path, to the network and to processes what its user can do. Files that its user may
read it may read everywhere.

On macOS, time, memory, output and processes are watched, and a process that leaves its parents is not found
again. On Windows nothing is run: use WSL.
"""

import json
import os
import selectors
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chainrule.errors import InputError
from chainrule.recording.processes import find_by_environment
from chainrule.recording.project import folder_of_start
from chainrule.recording.scratch import copy_folder, remove_folder

MIB, GIB = 1024**2, 1024**3
HEAD = 64 * 1024  # how much output is kept from the start
TAIL = 4 * 1024  # and from the end, for a reason
# Times the seconds that a script has: what others keep it from computing is none of them.
LONGEST = 4.0
GRACE = 10.0  # seconds in which the launcher must have ended after its own limit
LAUNCHER = [sys.executable, "-P", "-m", "chainrule.recording.launcher"]
# What Python needs to start as it was started here. Everything else could be a secret.
KEPT = ("PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
SIGNS = {b"MemoryError": "memory", b"[Errno 27]": "file", b"[Errno 11]": "processes"}


@dataclass(frozen=True)
class Limits:
    """What a script may use. Bytes, but for seconds; `file_bytes` is for one file, four times that for all.

    The seconds are those in which it computes, or waits for other things than a processor.
    """

    seconds: float = 60.0
    memory: int = 2 * GIB
    file_bytes: int = 256 * MIB
    processes: int = 64
    output_bytes: int = 32 * MIB


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its result, or else the reason why there is none, in plain words."""

    result: bytes | None
    reason: str | None
    output: bytes  # the head of what it printed
    left_out: tuple[str, ...]  # files of its folder that its scratch copy lacked
    network_cut: bool


def run_limited(
    script: Path,
    command: Sequence[str],
    limits: Limits = Limits(),
    stopped: threading.Event | None = None,
) -> Outcome:
    """Run `command`, with the path of the script's scratch copy and a file descriptor appended.

    The command writes its result, one JSON object, to the file descriptor. Its working directory is the
    copy of the folder that the script is started in. All that it started is gone when this returns, and so is the copy.
    Several threads may call this at once; `stopped`, once it is set, ends the run.

    Raises: InputError on Windows, which has none of what this is made of, and for a script that cannot be read.
    """
    if os.name != "posix":
        raise InputError("running a script under limits needs Linux or macOS; on Windows use WSL")
    # Resolved, because the path of the current folder, which a script may ask for, is.
    private = Path(tempfile.mkdtemp(prefix="chainrule-")).resolve()
    try:
        for name in ("copy", "home", "tmp"):  # the copy apart, whatever its folder is called
            (private / name).mkdir()
        try:
            copy = copy_folder(script, private / "copy")
        except OSError as error:
            raise InputError(f"{script}: cannot be read: {error.strerror}") from None
        with tempfile.TemporaryFile() as result:
            written = result.fileno()
            order = {
                "command": [*command, str(copy.script), str(written)],
                "folder": str(folder_of_start(copy.script)),
                "private": str(private),
                "needed": _needed_to_start(),
                "seconds": limits.seconds,
                "longest": LONGEST * limits.seconds,
                "memory": limits.memory,
                "file_bytes": limits.file_bytes,
                "all_file_bytes": 4 * limits.file_bytes,
                "processes": limits.processes,
            }
            report, printed = _launch(order, private, written, limits, stopped)
            result.seek(0)
            answer = _whole_object(result.read())
        reason = _in_words(report, printed, limits) if answer is None else None
        network_cut = bool(report.get("network_cut"))
        return Outcome(answer, reason, printed.head, copy.left_out, network_cut)
    finally:
        remove_folder(private)


@dataclass
class _Printed:
    """What a script printed: the head of it, and the end."""

    head: bytes = b""
    tail: bytes = b""
    count: int = 0

    def add(self, part: bytes) -> None:
        self.count += len(part)
        self.head += part[: HEAD - len(self.head)]
        self.tail = (self.tail + part)[-TAIL:]


def _launch(
    order: dict[str, Any],
    private: Path,
    result: int,
    limits: Limits,
    stopped: threading.Event | None,
) -> tuple[dict[str, Any], _Printed]:
    """Run the launcher; its report, empty where it gave none, and what was printed."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as report:
        with os.fdopen(writing, "wb", buffering=0):
            launcher = subprocess.Popen(
                [*LAUNCHER, json.dumps(order | {"report": writing})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(writing, result),
                cwd="/",
                env=_environment(private),
                start_new_session=True,
                bufsize=0,
            )
        with launcher:
            try:
                heard, printed = _listen(launcher, report, limits, stopped)
            finally:
                assert launcher.stdin is not None
                launcher.stdin.close()  # tells the launcher to end everything
                try:
                    launcher.wait(GRACE)
                except subprocess.TimeoutExpired:
                    launcher.kill()
    try:
        return json.loads(heard), printed
    except ValueError:  # the launcher itself was ended, and could not tidy up
        deadline = time.monotonic() + GRACE
        while (left := find_by_environment(os.fsencode(private))) and time.monotonic() < deadline:
            for process in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
        if launcher.returncode >= 0:
            last = printed.tail.decode(errors="replace").strip().rpartition("\n")[2]
            raise RuntimeError(f"the launcher failed: {last}") from None
        return {}, printed


def _listen(
    launcher: subprocess.Popen[bytes],
    report: IO[bytes],
    limits: Limits,
    stopped: threading.Event | None,
) -> tuple[bytes, _Printed]:
    """Read what the launcher reports and what the script prints, until the launcher has ended."""
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    deadline = time.monotonic() + LONGEST * limits.seconds + GRACE
    heard, printed = b"", _Printed()
    with selectors.DefaultSelector() as selector:
        selector.register(launcher.stdout, selectors.EVENT_READ)
        selector.register(report, selectors.EVENT_READ)
        while selector.get_map():
            over = report not in selector.get_map()
            if stopped is not None and stopped.is_set():
                launcher.stdin.close()
            # Afterwards only what is left in the pipe is read: a process that got away may hold it open.
            ready = selector.select(0.1)
            if not ready and (over or time.monotonic() > deadline):
                break
            for key, _ in ready:
                part = os.read(key.fd, 64 * 1024)
                if not part:
                    selector.unregister(key.fileobj)
                elif key.fileobj is report:
                    heard += part
                else:
                    printed.add(part)
                    if printed.count > limits.output_bytes:
                        launcher.stdin.close()
    return heard, printed


def _environment(private: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        "PATH": os.defpath,
        **kept,
        "HOME": str(private / "home"),
        "TMPDIR": str(private / "tmp"),
        "PYTHONUSERBASE": site.getuserbase(),  # HOME no longer leads there
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
    }


def _needed_to_start() -> list[str]:
    """What the script's user must be able to read."""
    package = str(Path(__file__).parent.parent)
    places = [sys.executable, sys.prefix, os.__file__, package, *sys.path]
    return [place for place in places if place and Path(place).exists()]


def _whole_object(answer: bytes) -> bytes | None:
    """The result, unless it is missing or broke off."""
    try:
        return answer if isinstance(json.loads(answer), dict) else None
    except ValueError:
        return None


def _in_words(report: dict[str, Any], printed: _Printed, limits: Limits) -> str:
    """Why there is no result."""
    end, detail = report.get("end"), report.get("detail")
    words = {
        "time": f"did not finish within {limits.seconds:g} second{'s' * (limits.seconds != 1)}",
        "memory": f"used more than {_in_units(limits.memory)} of memory",
        "processes": f"started more than {limits.processes} processes",
        "files": f"wrote more than {_in_units(4 * limits.file_bytes)} of files",
        "file": f"wrote a file of more than {_in_units(limits.file_bytes)}",
        "output": f"printed more than {_in_units(limits.output_bytes)}",
        "abandoned": "was interrupted",
        "stopped": f"was stopped by signal {str(detail).removeprefix('SIG')}",
        "signal": f"was ended by signal {str(detail).removeprefix('SIG')}",
        "guard gone": "ended the process that had started it",
        "not started": f"could not be started: {detail}",
        "exit": f"ended itself with exit code {detail} before anything could be judged",
        None: "ended the process that watched over it",
    }
    if printed.count > limits.output_bytes:
        end = "output"
    elif end == "signal" and detail == "SIGXCPU":
        end = "time"
    elif end == "exit" and detail != 0:
        # A limit that the system enforces is an error in the script, whose last words tell which.
        end = next((limit for sign, limit in SIGNS.items() if sign in printed.tail), end)
    return words[end]


def _in_units(count: int) -> str:
    """Bytes in the unit that suits them.

    >>> _in_units(2 * GIB), _in_units(256 * MIB), _in_units(3 * GIB // 2)
    ('2 GiB', '256 MiB', '1.5 GiB')
    """
    return f"{count / GIB:g} GiB" if count >= GIB else f"{count / MIB:g} MiB"
