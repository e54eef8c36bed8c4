"""chainrule check on the command line: its JSON, its exit codes, and an answer to whatever it is given."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chainrule.checking import request
from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict
from chainrule.cli import main

EXAMPLES = Path(__file__).parent.parent / "examples"
RIGHT = (EXAMPLES / "two_layers.py").read_text("utf-8")
KEYS = ["file", "verdict", "reason", "driven", "loss", "factor", "parameters", "findings"]


def notebook(*cells: str) -> str:
    """A notebook of code cells, after one of text."""
    code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    text = {"cell_type": "markdown", "metadata": {}, "source": ["# A network\n", "and words"]}
    return json.dumps({"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


# What is in a file, and what is said of it: a verdict, and words of the reason.
FILES: dict[str, tuple[str | bytes, str, str]] = {
    "right.py": (RIGHT, "right", "every update follows the gradient"),
    "sub.py/inner.py": (RIGHT, "right", ""),
    "new\nline.py": (RIGHT, "right", ""),
    "[bold]red.py": (RIGHT, "right", ""),
    "random.py": (RIGHT, "right", ""),
    "-dash.py": (RIGHT, "right", ""),
    "exit_at_the_end.py": (f"{RIGHT}\nimport sys\nsys.exit(1)\n", "right", ""),
    "thread.py": (
        f"{RIGHT}\nimport threading\nthreading.Thread(target=threading.Event().wait).start()\n",
        "right",
        "",
    ),
    "asks.py": (f"input('Your name? ')\n{RIGHT}", "right", ""),
    "magics.ipynb": (
        notebook("%matplotlib inline\n!ls -l", *RIGHT.split("\n\n\n"), "%%bash\nls | wc", "w1?"),
        "right",
        "",
    ),
    "empty.py": ("", "undecided", "it computes nothing"),
    "syntax.py": ("a = 1\nb = = 2\n", "undecided", "line 2: it is no valid Python"),
    "python_2.py": ("print 'loss', 1\n", "undecided", "line 1: it is written for Python 2"),
    "no_text.py": (b"\xff\xfe\x00\x00x\x00", "undecided", "it is no valid Python"),
    "data.py": ("a = 1\nopen('numbers.csv')\n", "undecided", "line 2: it reads 'numbers.csv'"),
    "own_folder.py": (
        "import os\nopen(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'a.csv'))\n",
        "undecided",
        "line 2: it reads 'a.csv', which is not there",
    ),
    "package.py": (
        "import there_is_no_such_package\n",
        "undecided",
        "line 1: it needs the package 'there_is_no_such_package', which is not installed",
    ),
    "raises.py": ("raise ValueError('a\\nb')\n", "undecided", "stops with ValueError: a b"),
    "exits.py": ("import sys\nsys.exit(3)\n", "undecided", "it computes nothing"),
    "ends.py": ("import os\nos._exit(0)\n", "undecided", "it ended itself with exit code 0"),
    "kills.py": (
        "import os\nos.kill(os.getpid(), 9)\n",
        "undecided",
        "it was ended by signal KILL",
    ),
    "prints.py": ("while True:\n    print('x' * 10**6)\n", "undecided", "it printed more than"),
    "forges.py": (
        "import os, sys\nos.write(int(sys.orig_argv[-1]), b'{}')\nos._exit(0)\n",
        "undecided",
        "it wrote into the place of its verdict",
    ),
    "deep.py": ("def f(): f()\nf()\n", "undecided", "stops with RecursionError"),
    "no_notebook.ipynb": ("{}", "undecided", "it is no notebook"),
    "no_json.ipynb": ("a = 1", "undecided", "it is no notebook"),
}
LEFT_OUT = [".hidden.py", ".git/a.py", "venv/a.py", "env/b.py", "__pycache__/c.py", "notes.txt"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name, content in [
        *((name, content) for name, (content, _, _) in FILES.items()),
        *((name, RIGHT) for name in LEFT_OUT),
        ("env/pyvenv.cfg", ""),
    ]:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "leads_nowhere.py").symlink_to("nothing.py")
    os.mkfifo(folder / "pipe.py")
    return folder


@pytest.fixture(scope="module")
def of_folder(folder: Path) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the objects and standard error of one check of everything."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["check", str(folder), "--json", "--jobs", "4"])
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chainrule", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# --- a folder -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_every_file_gets_its_answer(
    name: str, of_folder: tuple[int, list[dict[str, Any]], str], folder: Path
) -> None:
    _, verdict, words = FILES[name]
    (found,) = [row for row in of_folder[1] if row["file"] == str(folder / name)]
    assert found["verdict"] == verdict, found
    assert words in found["reason"]
    assert "chainrule-" not in found["reason"], "the scratch copy is nobody's business"


def test_a_folder_is_sorted_and_leaves_out_what_is_hidden_or_installed(
    of_folder: tuple[int, list[dict[str, Any]], str], folder: Path
) -> None:
    files = [row["file"] for row in of_folder[1]]
    expected = [*FILES, "leads_nowhere.py"]
    assert files == sorted((str(folder / name) for name in expected), key=lambda p: Path(p).parts)


def test_a_link_that_leads_nowhere_stops_nothing(
    of_folder: tuple[int, list[dict[str, Any]], str],
) -> None:
    (found,) = [row for row in of_folder[1] if row["file"].endswith("leads_nowhere.py")]
    assert (found["verdict"], found["reason"]) == (
        "undecided",
        "cannot be read: No such file or directory",
    )


def test_undecided_files_among_right_ones_make_3(
    of_folder: tuple[int, list[dict[str, Any]], str],
) -> None:
    assert of_folder[0] == 3
    assert of_folder[2] == "", "no progress where there is no terminal"


def test_every_object_has_exactly_the_keys_of_the_contract(
    of_folder: tuple[int, list[dict[str, Any]], str],
) -> None:
    for row in of_folder[1]:
        assert list(row) == KEYS
        assert isinstance(row["driven"], bool)
        for parameter in row["parameters"]:
            assert list(parameter) == ["name", "verdict", "cosine", "ratio"]
    right = [row for row in of_folder[1] if row["verdict"] == "right"]
    assert {len(row["parameters"]) for row in right} == {4}


def test_rows_for_a_person_are_one_line_a_file_and_a_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(folder / name) for name in ("new\nline.py", "[bold]red.py", "ends.py")]
    assert main(["check", *files, "--jobs", "2"]) == 3
    printed = capsys.readouterr()
    rows = printed.out.splitlines()
    assert len(rows) == 4
    assert rows[0].startswith("right      ")
    assert "new\\nline.py" in rows[0]
    assert "[bold]red.py  " in rows[1]
    assert rows[2].endswith(
        "ends.py       it ended itself with exit code 0 before anything could be judged"
    )
    assert rows[3] == "3 files: 2 right, 0 wrong, 1 undecided"


# --- one file -------------------------------------------------------------------------------------


def test_a_right_script_is_right_and_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(EXAMPLES / "two_layers.py")
    assert main(["check", file]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith(
        f"{file}: right\n\nEvery update follows the gradient; the loss is"
    )
    for row in ("w1         2 x 4", "b1         4    ", "w2         4 x 1", "b2         1    "):
        assert f"{row}  1.000000   1.000000  right" in printed.out


@pytest.mark.parametrize("seconds", ["0.5", "1"])
def test_an_endless_loop_ends(
    seconds: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "endless.py"
    script.write_text(
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    )
    started = time.monotonic()
    assert main(["check", str(script), "--timeout", seconds]) == 3
    assert time.monotonic() - started < 15
    assert "undecided" in capsys.readouterr().out


def test_a_path_is_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/a.py").write_text("")
    monkeypatch.chdir(tmp_path)
    for given, file in [
        ("inner/a.py", "inner/a.py"),
        ("./inner/a.py", "./inner/a.py"),
        ("inner/../inner/a.py", "inner/../inner/a.py"),
        ("inner", "inner/a.py"),
        ("inner/", "inner/a.py"),
        (".", "./inner/a.py"),
    ]:
        assert main(["check", "--json", given]) == 3
        assert json.loads(capsys.readouterr().out)["file"] == file


@pytest.mark.parametrize("name", ["tmp", "home", "copy", "with space"])
def test_a_folder_may_have_any_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "empty.py").write_text("")
    assert main(["check", str(tmp_path / name / "empty.py")]) == 3
    assert "computes nothing" in capsys.readouterr().out


def test_a_helper_beside_the_script_is_named_from_where_the_user_stands() -> None:
    def named(file: str, given: str) -> str:
        finding = Finding(file, 3, "sign-error", "", "", None, True)
        verdict = Verdict("net.py", "wrong", "", findings=[finding])
        found = request.with_paths_of(given, verdict)
        assert found.file == given
        return found.findings[0].file

    assert named("net.py", "work/net.py") == "work/net.py"
    assert named("layers.py", "work/net.py") == "work/layers.py"
    assert named("lib/layers.py", "net.py") == "lib/layers.py"
    assert named("net.py", "./net.py") == "./net.py"


def test_what_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    (tmp_path / "b.py").write_text("while True: pass")
    started = time.monotonic()
    verdicts = request.check_paths([str(tmp_path)], jobs=2)
    first = next(verdicts)
    assert isinstance(first, Verdict)
    assert first.file == str(tmp_path / "a.py")
    verdicts.close()
    assert time.monotonic() - started < 15


# --- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rulings", "code"),
    [
        (["right"], 0),
        (["right", "right"], 0),
        (["wrong"], 1),
        (["undecided"], 3),
        (["right", "undecided"], 3),
        (["undecided", "wrong", "right"], 1),
    ],
)
def test_any_wrong_is_1_else_any_undecided_is_3(
    rulings: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = iter(rulings)
    monkeypatch.setattr(request, "check_file", lambda name, *_: Verdict(name, next(given), ""))  # type: ignore[arg-type]
    paths = [tmp_path / f"{number}.py" for number in range(len(rulings))]
    for path in paths:
        path.write_text("")
    assert main(["check", *map(str, paths)]) == code
    given = iter(rulings)
    assert main(["check", "--json", str(tmp_path)]) == code


# Checks b.py as it should, and stumbles over everything else.
STUMBLING = """
import sys
from chainrule.checking import child, deciding
right = deciding.check_program
deciding.check_program = lambda path, seconds: right(path, seconds) if path.name == "b.py" else 1 / 0
child.main(sys.argv[1:])
"""


def test_a_fault_of_our_own_is_70_with_its_traceback_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(request, "CHILD", [sys.executable, "-P", "-c", STUMBLING])
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(RIGHT)
    assert main(["check", str(tmp_path), "--json"]) == 70
    printed = capsys.readouterr()
    assert [json.loads(line)["file"] for line in printed.out.splitlines()] == [f"{tmp_path}/b.py"]
    assert "ZeroDivisionError: division by zero\n" in printed.err
    assert f"{tmp_path}/a.py: this is a fault of chainrule itself" in printed.err
    assert main(["check", str(tmp_path / "a.py")]) == 70
    assert capsys.readouterr().out == ""
    with pytest.raises(request.FaultError, match="ZeroDivisionError"):
        request.check(tmp_path / "a.py")


def test_a_module_of_our_own_that_cannot_be_imported_is_no_fault_of_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "import sys; sys.modules['chainrule.checking.deciding'] = None\n"
    broken += "from chainrule.checking import child; child.main(sys.argv[1:])"
    monkeypatch.setattr(request, "CHILD", [sys.executable, "-P", "-c", broken])
    (tmp_path / "a.py").write_text(RIGHT)
    with pytest.raises(request.FaultError, match="ModuleNotFoundError"):
        request.check(tmp_path / "a.py")


# --- what cannot be used --------------------------------------------------------------------------


def make_folder(path: Path) -> str:
    path.mkdir()
    return str(path)


def make_pipe(path: Path) -> str:
    os.mkfifo(path)
    return str(path)


def make_file(path: Path) -> str:
    path.write_text("")
    return str(path)


UNUSABLE: list[tuple[Callable[[Path], str], str]] = [
    (
        lambda path: str(path / "missing.py"),
        "missing.py: cannot be read: No such file or directory",
    ),
    (lambda path: make_folder(path / "none.py"), "the folder has no scripts (.py) or notebooks"),
    (
        lambda path: make_file(path / "net.cpp"),
        "net.cpp: is no script (.py), notebook (.ipynb), pro",
    ),
    (lambda path: make_pipe(path / "pipe.py"), "pipe.py: is no file"),
    (lambda path: str(path / "no.toml"), "no.toml: cannot be read: No such file or directory"),
    (lambda path: "mazurr", "unknown textbook example 'mazurr'; did you mean 'mazur'?"),
    (lambda path: "no\0path.py", "is no path"),
    (lambda path: "", "cannot be read: No such file"),
    (lambda path: str(path / ("long" * 100 + ".py")), "cannot be read: File name too long"),
]


@pytest.mark.parametrize(("make", "words"), UNUSABLE, ids=[words for _, words in UNUSABLE])
def test_an_unusable_path_gets_one_line_and_nothing_is_run(
    make: Callable[[Path], str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(request, "check_file", lambda *_: pytest.fail("something was run"))
    good = tmp_path / "good.py"
    good.write_text(RIGHT)
    path = make(tmp_path)
    for flags in ([], ["--json"]):
        assert main(["check", *flags, str(good), path]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert words in printed.err
        assert printed.err.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_file_that_may_not_be_read_is_unusable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "secret.py"
    script.write_text(RIGHT)
    script.chmod(0)
    assert main(["check", str(script)]) == 2
    assert "secret.py: cannot be read: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--timeout", "0"], "--timeout must be more than 0 seconds, got 0"),
        (["--timeout", "nan"], "--timeout must be more than 0 seconds, got nan"),
        (["--timeout", "inf"], "--timeout must be more than 0 seconds, got inf"),
        (["--jobs", "0"], "--jobs must be from 1 to 256, got 0"),
        (["--jobs", "9999"], "--jobs must be from 1 to 256, got 9999"),
    ],
)
def test_impossible_options_are_refused(
    flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *flags]) == 2
    assert capsys.readouterr().err == f"chainrule: {words}\n"


# --- as a process ---------------------------------------------------------------------------------


def test_an_interrupt_ends_everything_that_runs(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(f"open('started-{name}', 'w')\nwhile True: pass\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", "check", str(tmp_path), "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("chainrule-*/copy/*/started-*"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == "chainrule: interrupted; nothing was saved\n"
    assert list(tmp_path.glob("chainrule-*")) == []


def test_a_terminal_gets_colours_and_its_own_width() -> None:
    script = (
        "import fcntl, os, pty, struct, sys, termios\n"
        "process, terminal = pty.fork()\n"
        "if process == 0:\n"
        "    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 60, 0, 0))\n"
        "    os.execv(sys.executable, [sys.executable, '-m', 'chainrule', 'check'])\n"
        "try:\n"
        "    while part := os.read(terminal, 4096):\n"
        "        sys.stdout.buffer.write(part)\n"
        "except OSError:\n"  # the terminal is closed
        "    pass\n"
    )
    decided = {"NO_COLOR", "COLUMNS", "LINES"}  # by the environment instead
    environment = {name: value for name, value in os.environ.items() if name not in decided}
    printed = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"TERM": "xterm"},
    ).stdout
    assert "\x1b[1;31mwrong\x1b[0m" in printed
    assert "\x1b[31m^^^^" in printed
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    assert all(len(line) <= 60 for line in plain.splitlines())


def test_letters_that_the_terminal_lacks_are_written_out(tmp_path: Path) -> None:
    script = tmp_path / "δ.py"
    script.write_text("", encoding="utf-8")
    result = run(str(script), env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 3
    assert result.stdout.startswith(f"{tmp_path}/\\u03b4.py: undecided\n")


def test_numbers_that_are_not_to_be_had_are_null(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ParameterVerdict("w", "wrong", float("nan"), float("inf"), (2,))
    found = Verdict("net.py", "wrong", "", factor=float("nan"), parameters=[row])
    monkeypatch.setattr(request, "check_file", lambda *_: found)
    (tmp_path / "net.py").write_text("")
    assert main(["check", "--json", str(tmp_path / "net.py")]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["factor"] is None
    assert shown["parameters"] == [{"name": "w", "verdict": "wrong", "cosine": None, "ratio": None}]
