"""What can be asked for: the verdict on one file, or on many, each checked in a child process."""

import json
import os
import stat
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import final

from chainrule.checking.verdict import Verdict, undecided
from chainrule.errors import InputError, one_line
from chainrule.recording.sandbox import Limits, run_limited

SECONDS = 60.0
PROGRAMS = (".py", ".ipynb")
LEFT_OUT_FOLDERS = {"__pycache__", "node_modules", "site-packages", "venv"}
CHILD = [sys.executable, "-P", "-m", "chainrule.checking.child"]
LEFT_OUT_SHOWN = 3
# What to do, by a word of the reason that the sandbox gives.
ADVICE = {
    "finish": "Give it longer with --timeout S, or less to do.",
    "more than": "Give it less to do: fewer samples, less output.",
    "interrupted": "Check it again.",
}
ENDED = "Take out what ends the process, and check it again."


class FaultError(Exception):
    """Checking failed by a fault of chainrule's own; `report` is the traceback from the child process."""

    def __init__(self, file: str, report: str) -> None:
        super().__init__(f"{one_line(file)}: checking it failed\n{report}")
        self.file, self.report = file, report


@final
@dataclass(frozen=True)
class Subject:
    """What is checked, by the name that the user gave it: a program or, with its verdict, a problem."""

    name: str
    verdict: Verdict | None = None

    def check(self, seconds: float, stopped: threading.Event | None = None) -> Verdict:
        return self.verdict or check_file(self.name, seconds, stopped)


def check(source: str | PathLike[str], seconds: float = SECONDS) -> Verdict:
    """Check hand-written backpropagation: a script or notebook, a problem file or a textbook example.

        w <- w - eta dL/dw,  for one loss L of the usual ones and one eta, in every update that happens

    A program is run, unmodified, in a child process under limits, for at most so many `seconds` of computing: that
    is running somebody's code. `verdict` is "right" (`loss` names the loss that it descends), "wrong" (`findings` say where
    and what) or "undecided" (`reason` says why); printing it gives the report.
    Shapes: `parameters` has one entry for each, with its shape.
    Raises: InputError for a path that is none of these; ProblemError for a problem that cannot be used.
    Source: as `central_differences` and `explain`, which judge the updates.

    >>> verdict = check("numeric-example")
    >>> verdict.verdict, [finding.step for finding in verdict.findings]
    ('wrong', ['dL/dz2', 'dL/dz1'])
    >>> name, found, expected = verdict.findings[0].numbers
    >>> print(f"{name}: {found:.8f} in place of {expected:.8f}")
    dL/dz2[1]: -0.03897355 in place of -0.02745682
    """
    subjects = subjects_of(str(source))
    if len(subjects) != 1 or Path(source).is_dir():
        raise InputError(f"{source} is a folder; check takes one file")
    return subjects[0].check(seconds)


def check_file(
    path: str | PathLike[str], seconds: float = SECONDS, stopped: threading.Event | None = None
) -> Verdict:
    """The verdict on one script or notebook, whose paths are as the caller gave them.

    Raises: InputError where it cannot be run at all; FaultError.
    """
    name = os.fspath(path)
    outcome = run_limited(Path(name), [*CHILD, f"{seconds:g}"], Limits(seconds=seconds), stopped)
    if outcome.result is None:
        reason = f"it {outcome.reason}"
        advice = next((words for sign, words in ADVICE.items() if sign in reason), ENDED)
        verdict = undecided(name, reason, advice=advice)
    else:
        answer = json.loads(outcome.result)
        if "fault" in answer:
            raise FaultError(name, answer["fault"])
        try:
            verdict = with_paths_of(name, Verdict.from_data(answer["verdict"]))
        except (KeyError, TypeError, AttributeError, IndexError):  # no words of ours
            verdict = undecided(name, "it wrote into the place of its verdict", advice=ENDED)
    if verdict.verdict == "undecided" and outcome.left_out:
        verdict.notes.append(words_for_left_out(outcome.left_out))
    return verdict


def with_paths_of(name: str, verdict: Verdict) -> Verdict:
    """The verdict with its paths, relative to the program's folder, joined to what the user wrote."""
    verdict.file = name
    own, folder = os.path.basename(name), os.path.dirname(name)  # noqa: PTH119, PTH120  # "./a.py" stays
    for finding in verdict.findings:
        place = os.path.join(folder, finding.file)  # noqa: PTH118
        above = finding.file.startswith(os.pardir)
        finding.file = name if finding.file == own else os.path.normpath(place) if above else place
    return verdict


def words_for_left_out(names: Sequence[str]) -> str:
    shown = ", ".join(names[:LEFT_OUT_SHOWN])
    more = f" and {len(names) - LEFT_OUT_SHOWN} more" if len(names) > LEFT_OUT_SHOWN else ""
    return f"its scratch copy lacked {shown}{more}"


# --- many -----------------------------------------------------------------------------------------


def check_paths(
    paths: Sequence[str],
    seconds: float = SECONDS,
    jobs: int = 1,
) -> Generator[Verdict | FaultError, None, None]:
    """The verdicts in the order of the arguments; a fault in one does not stop the others.

    Raises: as `find_subjects`, before anything is run.
    """
    return check_subjects(find_subjects(paths), seconds, jobs)


def check_subjects(
    subjects: Sequence[Subject],
    seconds: float,
    jobs: int,
    report: Callable[[], None] = lambda: None,
) -> Generator[Verdict | FaultError, None, None]:
    """As `check_paths`; `report` is called whenever one is done, in whatever order that is."""
    stopped = threading.Event()

    def judge(subject: Subject) -> Verdict | FaultError:
        if stopped.is_set():
            return undecided(subject.name, "the check was interrupted")
        try:
            return subject.check(seconds, stopped)
        except FaultError as fault:
            return fault
        except InputError as error:  # it was there when it was found
            return undecided(subject.name, str(error).removeprefix(f"{subject.name}: "))
        finally:
            report()

    if jobs == 1:
        yield from map(judge, subjects)
        return
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(judge, subjects)
        finally:
            stopped.set()  # what still runs is no longer wanted: an interrupt came, or nobody listens


def find_subjects(paths: Sequence[str]) -> list[Subject]:
    """What the arguments name: programs, folders of programs, problem files, textbook examples.

    Raises: InputError for the first argument that is none of these, cannot be read, or diverges.
    """
    return [subject for path in paths for subject in subjects_of(path)]


def subjects_of(path: str) -> list[Subject]:
    if os.path.isdir(path):  # noqa: PTH112  # false, too, for what is no path at all
        programs = find_programs(path)
        if not programs:
            raise InputError(f"{path}: the folder has no scripts (.py) or notebooks (.ipynb) in it")
        return [Subject(program) for program in programs]
    if path.endswith(PROGRAMS):
        require_readable(path)
        return [Subject(path)]
    # Here, since a script's child process has the slow imports, and this one needs them for problems alone.
    from chainrule.textbook.library import BARE_NAME

    if path.endswith(".toml") or (BARE_NAME.fullmatch(path) and not os.path.exists(path)):  # noqa: PTH110
        from chainrule.checking.problem_step import check_problem
        from chainrule.textbook import read_problem

        # At once, since one that diverges is unusable: that is said before anything is run.
        return [Subject(path, check_problem(path, read_problem(path)))]
    require_readable(path)
    raise InputError(
        f"{path}: is no script (.py), notebook (.ipynb), problem file (.toml) or folder of these"
    )


def require_readable(path: str) -> None:
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
        if regular:  # to open a pipe would wait for its writer
            with open(path, "rb"):  # noqa: PTH123
                pass
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{path!r} is no path") from None
    if not regular:
        raise InputError(f"{path}: is no file")


def find_programs(folder: str) -> list[str]:
    """The scripts and notebooks below a folder, sorted; hidden ones and installed packages left out."""
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in LEFT_OUT_FOLDERS
            and not os.path.exists(os.path.join(place, name, "pyvenv.cfg"))  # noqa: PTH110, PTH118
        ]
        found += [
            os.path.join(place, name)  # noqa: PTH118  # "./a.py" stays, where Path gives "a.py"
            for name in files
            if name.endswith(PROGRAMS) and not name.startswith(".")
        ]
    # What is no file (a pipe, say) is left out; a link that leads nowhere is a file that cannot be read.
    regular = [path for path in found if os.path.isfile(path) or os.path.islink(path)]  # noqa: PTH113, PTH114
    return sorted(regular, key=lambda path: Path(path).parts)
