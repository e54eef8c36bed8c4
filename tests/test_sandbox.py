"""Whatever a script does, it is ended with a clear reason, and leaves nothing: no process, no file, no harm.

Each program is run twice: with all that this system can keep a process from, and "bare", where it can
make no namespaces, as in many containers. Some also run "alone", where there is not even another
user to become: as for anybody but root.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest

from chainrule.errors import InputError
from chainrule.recording import sandbox
from chainrule.recording.processes import find_by_environment, list_processes
from chainrule.recording.sandbox import GIB, MIB, Limits, Outcome, run_limited

from bare_runs import DRIVER, run_elsewhere

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits bind on Linux")

LIMITS = Limits(
    seconds=20.0, memory=300 * MIB, file_bytes=2 * MIB, processes=16, output_bytes=4 * MIB
)
# How a program under test hands over its result.
DELIVER = "import json, os, sys\ndef deliver(result):\n    os.write(int(sys.argv[1]), json.dumps(result).encode())\n"

Run: TypeAlias = Callable[..., Outcome]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a script's folder in it, and one for scratch copies, that any user can reach."""
    place = Path(tempfile.mkdtemp(prefix="sandbox-test-"))
    place.chmod(0o755)
    for name in ("project", "scratch"):
        (place / name).mkdir(mode=0o755)
    (place / "project" / "data.csv").write_text("1,2\n")
    (place / "project" / "helper.py").write_text("ANSWER = 42\n")
    monkeypatch.setattr(tempfile, "tempdir", str(place / "scratch"))
    monkeypatch.setenv("TMPDIR", str(place / "scratch"))
    yield place
    shutil.rmtree(place)


def describe(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a folder: its mode and bytes, or where it points to."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            os.fsencode(path.readlink())
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(params=["here", "bare"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(place: Path, mode: str) -> Run:
    """Run a program, and look afterwards whether anything is left of it."""

    def run(program: str, limits: Limits = LIMITS) -> Outcome:
        script = place / "project" / "script.py"
        script.write_text(program)
        before = describe(place / "project")
        if mode == "here":
            outcome = run_limited(script, [sys.executable], limits)
        elif (bare := run_elsewhere(mode, script, limits)) is not None:
            outcome = bare
        else:
            pytest.skip("no namespaces can be made, so that the other run is the bare one")
        assert find_by_environment(os.fsencode(place / "scratch" / "chainrule-")) == []
        assert list((place / "scratch").iterdir()) == []
        assert describe(place / "project") == before
        return outcome

    return run


everywhere = pytest.mark.parametrize("mode", ["here", "bare", "alone"], indirect=True)

FORK_BOMB = "import os\nwhile True:\n    os.fork()"
PROGRAMS = {
    "fork bomb": (FORK_BOMB, "started more than 16 processes"),
    "fork bomb that minds no error": (
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        "started more than 16 processes",
    ),
    "fork bomb that leaves the session": (
        "import os\nwhile True:\n    if not os.fork():\n        os.setsid()",
        "started more than 16 processes",
    ),
    "endless output": ("while True:\n    print('x' * 1000)", "printed more than 4 MiB"),
    "endless complaint": (
        "import sys\nwhile True:\n    print('x' * 1000, file=sys.stderr)",
        "printed more than 4 MiB",
    ),
    "memory bomb": (
        "kept = []\nwhile True:\n    kept.append(b'x' * 10**7)",
        "used more than 300 MiB of memory",
    ),
    "memory bomb in many processes": (
        "import os, time\nfor _ in range(3):\n    os.fork()\nkept = b'x' * 60_000_000\ntime.sleep(60)",
        "used more than 300 MiB of memory",
    ),
    "one huge object": ("bytearray(10**12)", "used more than 300 MiB of memory"),
    "huge file": (
        "with open('huge', 'wb') as file:\n    file.write(bytes(3_000_000))",
        "wrote a file of more than 2 MiB",
    ),
    "many files": (
        "import time\nnumber = 0\nwhile True:\n    number += 1\n    time.sleep(0.02)\n    open(f'{number}', 'wb').write(b'x' * 1_000_000)",
        "wrote more than 8 MiB of files",
    ),
    "os._exit": (
        "import os\nos._exit(3)",
        "ended itself with exit code 3 before anything could be judged",
    ),
    "sys.exit": (
        "import sys\nsys.exit(4)",
        "ended itself with exit code 4 before anything could be judged",
    ),
    "nothing": ("", "ended itself with exit code 0 before anything could be judged"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", "was ended by signal KILL"),
    "segmentation fault": ("import os\nos.kill(os.getpid(), 11)", "was ended by signal SEGV"),
    "real segmentation fault": ("import ctypes\nctypes.string_at(0)", "was ended by signal SEGV"),
    "terminates its group": ("import os\nos.killpg(0, 15)", "was ended by signal TERM"),
    "stops itself": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "was stopped by signal STOP",
    ),
    "no Python": ("x = = 1", "ended itself with exit code 1 before anything could be judged"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_end_has_its_reason(name: str, run: Run) -> None:
    program, reason = PROGRAMS[name]
    if (
        "fork bomb" in name
        and os.geteuid() == 0
        and run("import os\nprint(os.getuid())").output == b"0\n"
    ):
        pytest.skip("root, where it can become nobody else, is exempt from the limit on processes")
    outcome = run(program)
    assert (outcome.result, outcome.reason) == (None, reason)


@pytest.mark.parametrize(
    "program",
    [
        "while True:\n    pass",
        "import time\ntime.sleep(60)",
        "import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile True:\n    signal.pause()",
    ],
)
def test_time_ends(program: str, run: Run) -> None:
    started = time.monotonic()
    outcome = run(program, Limits(seconds=1.0))
    assert outcome.reason == "did not finish within 1 second"
    assert time.monotonic() - started < 10.0


def test_memory_that_processes_share_counts_once(run: Run) -> None:
    outcome = run(
        DELIVER + "import time\nkept = b'x' * 100_000_000\n"
        "children = [child for _ in range(4) if (child := os.fork())]\ntime.sleep(0.3)\n"
        "if len(children) == 4:\n    deliver({})"
    )
    assert outcome.result == b"{}"


def test_deep_recursion_ends(run: Run) -> None:
    outcome = run(
        "import sys\nsys.setrecursionlimit(10**9)\ndef deeper(x):\n    return deeper([x])\ndeeper(0)"
    )
    assert outcome.reason in ("used more than 300 MiB of memory", "was ended by signal SEGV")


def test_a_result_is_handed_over_whole(run: Run) -> None:
    outcome = run(DELIVER + "print('words')\ndeliver({'long': 'x' * 500_000})")
    assert outcome.result is not None
    assert len(json.loads(outcome.result)["long"]) == 500_000
    assert (outcome.reason, outcome.output) == (None, b"words\n")


def test_a_result_that_broke_off_is_none(run: Run) -> None:
    outcome = run("import os, sys\nos.write(int(sys.argv[1]), b'{\"a\": ')\nos._exit(1)")
    assert outcome.result is None
    assert outcome.reason == "ended itself with exit code 1 before anything could be judged"


def test_a_result_stands_whatever_comes_after_it(run: Run) -> None:
    outcome = run(DELIVER + "deliver({})\nos.kill(os.getpid(), 9)")
    assert (outcome.result, outcome.reason) == (b"{}", None)


def test_output_is_kept_from_its_start(run: Run) -> None:
    outcome = run(DELIVER + "print('first')\nprint('x' * 1_000_000)\ndeliver({})")
    assert outcome.output.startswith(b"first\nx")
    assert len(outcome.output) == 64 * 1024


@everywhere
def test_its_parent_is_nobody_who_matters(run: Run, mode: str) -> None:
    outcome = run(
        DELIVER
        + "import signal, time\nfor number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):\n"
        "    try:\n        os.kill(os.getppid(), number)\n    except PermissionError:\n        pass\n"
        "time.sleep(0.2)\ndeliver({})"
    )
    if mode == "alone":
        assert outcome.reason == "ended the process that had started it"
    elif outcome.network_cut:
        assert outcome.result == b"{}"
    else:
        assert outcome.result == b"{}" or outcome.reason == "ended the process that had started it"


@pytest.mark.parametrize("mode", ["bare", "alone"], indirect=True)
def test_what_is_left_without_its_watcher_is_found(run: Run, mode: str) -> None:
    outcome = run(
        DELIVER + "import time\nif not os.fork():\n    os.setsid()\n    time.sleep(60)\n"
        "status = open(f'/proc/{os.getppid()}/stat').read()\n"
        "above = int(status.rpartition(')')[2].split()[1])\n"
        "try:\n    os.kill(above, 9)\n    time.sleep(60)\nexcept PermissionError:\n    deliver({})"
    )
    if mode == "alone":
        assert outcome.reason == "ended the process that watched over it"
    else:  # another user's process cannot be signalled
        assert outcome.result == b"{}" or outcome.reason == "ended the process that watched over it"


def test_a_daemon_does_not_outlive(run: Run) -> None:
    outcome = run(
        DELIVER + "import time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n"
        "        time.sleep(60)\n    os._exit(0)\nos.wait()\ndeliver({})"
    )
    assert outcome.result == b"{}"


def test_its_own_folder_may_go(run: Run) -> None:
    outcome = run(
        DELIVER + "import shutil\nos.remove(__file__)\nshutil.rmtree(os.getcwd())\n"
        "shutil.rmtree(os.path.dirname(os.path.dirname(__file__)), ignore_errors=True)\ndeliver({})"
    )
    assert outcome.result == b"{}"


def test_its_own_folder_may_be_closed(run: Run) -> None:
    outcome = run(
        DELIVER + "os.mkdir('deep')\nopen('deep/file', 'w').close()\n"
        "for name in ('deep', '.', '..'):\n    os.chmod(os.path.abspath(name), 0)\ndeliver({})"
    )
    assert outcome.result == b"{}"


def test_the_environment_has_no_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "a secret")
    outcome = run(DELIVER + "deliver(dict(os.environ))")
    assert outcome.result is not None
    environment = json.loads(outcome.result)
    assert "a secret" not in outcome.result.decode()
    assert environment["MPLBACKEND"] == "Agg"
    assert environment["HOME"].endswith("/home")
    assert "DISPLAY" not in environment


def test_nor_have_the_processes_above(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "a secret")
    outcome = run(
        DELIVER
        + "import glob\nfound = []\nfor name in glob.glob('/proc/[0-9]*/environ'):\n    try:\n"
        "        found.append(open(name).read())\n    except OSError:\n        pass\ndeliver({'all': found})"
    )
    assert outcome.result is not None
    if outcome.network_cut:
        assert "a secret" not in outcome.result.decode()
    else:
        assert json.loads(outcome.result)["all"]  # what the docstring admits


def test_the_network_is_cut_or_said_not_to_be(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outcome = run(
            DELIVER
            + f"import socket\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 5)\n"
            "    deliver({'connected': True})\nexcept OSError:\n    deliver({'connected': False})"
        )
    assert outcome.result is not None
    assert json.loads(outcome.result)["connected"] is not outcome.network_cut


def test_bare_means_bare(run: Run, mode: str) -> None:
    assert not (run("").network_cut and mode == "bare")


def test_there_is_no_input(run: Run) -> None:
    outcome = run(
        DELIVER + "text = sys.stdin.read()\ntry:\n    input('name? ')\nexcept EOFError:\n"
        "    deliver({'text': text})"
    )
    assert outcome.result == b'{"text": ""}'


def test_a_script_finds_what_lies_beside_it(run: Run) -> None:
    outcome = run(
        DELIVER
        + "import helper\ndeliver({'answer': helper.ANSWER, 'data': open('data.csv').read(),\n"
        "'name': __file__, 'here': os.getcwd(), 'path': sys.path[0], 'files': sorted(os.listdir())})"
    )
    assert outcome.result is not None
    result = json.loads(outcome.result)
    assert (result["answer"], result["data"]) == (42, "1,2\n")
    assert result["here"] == result["path"] == str(Path(result["name"]).parent)
    assert result["name"].endswith("/project/script.py")
    assert result["files"] == ["data.csv", "helper.py", "script.py"]


def test_links_are_followed_within_the_folder_alone(place: Path, run: Run) -> None:
    project = place / "project"
    (place / "secret.txt").write_text("a secret")
    (project / "inner.csv").symlink_to("data.csv")
    (project / "loop").symlink_to(".")
    (project / "itself").symlink_to("itself")
    (project / "outer.txt").symlink_to(place / "secret.txt")
    outcome = run(
        DELIVER
        + "deliver({'inner': open('loop/loop/inner.csv').read(), 'files': sorted(os.listdir())})"
    )
    assert outcome.result is not None
    result = json.loads(outcome.result)
    assert result["inner"] == "1,2\n"
    assert result["files"] == ["data.csv", "helper.py", "inner.csv", "loop", "script.py"]
    assert sorted(outcome.left_out) == ["itself", "outer.txt"]


def test_what_it_writes_over_is_the_copy(run: Run) -> None:
    outcome = run(
        DELIVER + "open('data.csv', 'w').write('spoilt')\nopen('../beside', 'w').close()\n"
        "open(__file__, 'w').close()\ndeliver({})"
    )
    assert outcome.result == b"{}"


def test_files_by_their_full_path_are_read_only(place: Path) -> None:
    script = place / "project" / "script.py"
    script.write_text(
        DELIVER
        + f"try:\n    open({str(place / 'project' / 'data.csv')!r}, 'w')\nexcept OSError as error:\n"
        "    deliver({'error': error.strerror})"
    )
    outcome = run_limited(script, [sys.executable], LIMITS)
    if not outcome.network_cut:
        pytest.skip("this system can keep no process from the files of its user")
    assert outcome.result in (
        b'{"error": "Read-only file system"}',
        b'{"error": "Permission denied"}',
    )
    assert (place / "project" / "data.csv").read_text() == "1,2\n"


def test_everything_that_it_can_signal_is_its_own(place: Path) -> None:
    script = place / "project" / "script.py"
    script.write_text("")
    if not run_limited(script, [sys.executable], LIMITS).network_cut:
        pytest.skip("this system can keep no process from signals to those of its user")
    script.write_text(
        DELIVER + "try:\n    os.kill(-1, 9)\nexcept ProcessLookupError:\n    pass\ndeliver({})"
    )
    assert run_limited(script, [sys.executable], LIMITS).result == b"{}"


def test_numpy_starts(run: Run) -> None:
    outcome = run(
        DELIVER
        + "import numpy as np\ndeliver({'sum': float((np.ones((200, 200)) @ np.ones((200, 200))).sum())})"
    )
    assert outcome.result == b'{"sum": 8000000.0}'


def test_file_descriptors_may_run_out(run: Run) -> None:
    outcome = run(
        DELIVER + "kept = []\ntry:\n    while True:\n        kept.append(open(os.devnull))\n"
        "except OSError:\n    deliver({'open': len(kept)})"
    )
    assert outcome.result is not None
    assert 100 < json.loads(outcome.result)["open"] < 600


def test_threads_may_run_several_at_once(place: Path) -> None:
    scripts = []
    for number in range(6):
        folder = place / f"project{number}"
        folder.mkdir()
        scripts.append(folder / "script.py")
        scripts[-1].write_text(
            FORK_BOMB if number % 3 == 0 else DELIVER + f"deliver({{'number': {number}}})"
        )
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(
            pool.map(lambda script: run_limited(script, [sys.executable], LIMITS), scripts)
        )
    for number, outcome in enumerate(outcomes):
        if number % 3 == 0:
            assert outcome.reason == "started more than 16 processes"
        else:
            assert outcome.result == json.dumps({"number": number}).encode()


def test_nothing_is_left_when_chainrule_itself_is_killed(place: Path) -> None:
    script = place / "project" / "script.py"
    script.write_text("import time\nopen('begun', 'w').close()\ntime.sleep(60)")
    driver = subprocess.Popen([*DRIVER, "here", str(script), "{}"])
    mark = os.fsencode(place / "scratch" / "chainrule-")
    try:
        wait_until(lambda: any((place / "scratch").glob("*/copy/project/begun")))
        assert find_by_environment(mark)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    wait_until(lambda: not find_by_environment(mark) and not any((place / "scratch").iterdir()))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_cannot_be_started_says_so(place: Path) -> None:
    script = place / "project" / "script.py"
    script.write_text("")
    outcome = run_limited(script, [str(place / "no-python")], LIMITS)
    assert outcome.reason is not None
    assert outcome.reason.startswith("could not be started: ")


def test_a_script_that_is_not_there_is_bad_input(place: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.py: cannot be read: No such file or directory"):
        run_limited(place / "project" / "missing.py", [sys.executable], LIMITS)
    assert list((place / "scratch").iterdir()) == []


def test_a_fault_of_our_own_is_not_put_on_the_script(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = place / "project" / "script.py"
    script.write_text("")
    monkeypatch.setattr(sandbox, "LAUNCHER", [sys.executable, "-c", "raise SystemExit('no luck')"])
    with pytest.raises(RuntimeError, match="the launcher failed: no luck"):
        run_limited(script, [sys.executable], LIMITS)
    assert list((place / "scratch").iterdir()) == []


def test_limits_are_ample() -> None:
    assert Limits() == Limits(60.0, 2 * GIB, 256 * MIB, 64, 32 * MIB)


def test_of_a_namespace_that_has_just_ended_no_processes_are_listed(tmp_path: Path) -> None:
    assert list_processes(tmp_path / "ended" / "proc") == []
