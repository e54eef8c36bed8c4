"""The verdict on a program that is given as text, or as a file: run in a child, as `check` runs it."""

import contextlib
import gc
import json
import os
import tempfile
import traceback
from pathlib import Path
from typing import Any

from chainrule.checking.deciding import check_program

# What was said of programs as text: several tests begin with one that is right.
ANSWERS: dict[tuple[str, float], str] = {}
NEVER_RIGHT = 8.0  # seconds: what is right is seen at once, and a mistake is not looked for


def verdict_on(program: str | Path, seconds: float = 60.0) -> dict[str, Any]:
    """What `check --json` says. The program changes its process for good, so that is a fork of this one."""
    if isinstance(program, Path):
        return dict(json.loads(answer_on(program, seconds)))
    if (program, seconds) not in ANSWERS:
        ANSWERS[program, seconds] = answer_on(program, seconds)
    return dict(json.loads(ANSWERS[program, seconds]))


def answer_on(program: str | Path, seconds: float) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = program if isinstance(program, Path) else Path(folder) / "network.py"
        if isinstance(program, str):
            path.write_text(program, encoding="utf-8")
        answer = Path(folder) / "answer"
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                answer_into(answer, path, seconds)
            os._exit(0)
        os.waitpid(child, 0)
        assert answer.exists(), f"check broke on {path}"
        said = answer.read_text(encoding="utf-8")
    verdict = json.loads(said)
    assert "traceback" not in verdict, verdict["traceback"]
    return said


def answer_into(answer: Path, path: Path, seconds: float) -> None:
    gc.set_threshold(200_000, 20, 1000)  # as in the child that `check` starts
    try:
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):
            verdict = check_program(path, seconds).as_json()
    except BaseException:  # the parent shows it
        verdict = {"traceback": traceback.format_exc()}
    answer.write_text(json.dumps(verdict), encoding="utf-8")
