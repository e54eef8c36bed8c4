"""chainrule check: verdicts on programs and problems, for a person or as JSON, and their exit code."""

import argparse
import math
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from chainrule.cli.messages import DONE, OUR_FAULT, UNDECIDED, WRONG, note
from chainrule.errors import InputError, one_line

if TYPE_CHECKING:
    from chainrule.checking.request import FaultError, Subject
    from chainrule.checking.verdict import Verdict

MOST_JOBS = 256
COLOURS = {"right": "bold green", "wrong": "bold red", "undecided": "bold yellow"}


def check_command(options: argparse.Namespace) -> int:
    require_possible(options)
    from chainrule.checking.request import FaultError, find_subjects

    write_any_text()
    subjects = find_subjects(options.paths)
    alone = len(options.paths) == 1 and not os.path.isdir(options.paths[0])  # noqa: PTH112
    answers = check_with_progress(subjects, options)
    rulings: list[str] = []
    faults = 0
    for answer in report_rows(answers, subjects, options.json, alone):
        if isinstance(answer, FaultError):
            faults += 1
            sys.stdout.flush()
            print(answer.report, file=sys.stderr, end="")
            note(
                f"{answer.file}: this is a fault of chainrule itself; please report the lines above"
            )
        else:
            rulings.append(answer.verdict)
    if not options.json and not alone:
        from chainrule.checking.report import write_summary

        print(write_summary(rulings, faults))
    if faults:
        return OUR_FAULT
    return WRONG if "wrong" in rulings else UNDECIDED if "undecided" in rulings else DONE


def require_possible(options: argparse.Namespace) -> None:
    if not (options.timeout > 0 and math.isfinite(options.timeout)):
        raise InputError(f"--timeout must be more than 0 seconds, got {options.timeout:g}")
    if not 1 <= options.jobs <= MOST_JOBS:
        raise InputError(f"--jobs must be from 1 to {MOST_JOBS}, got {options.jobs}")


def write_any_text() -> None:
    """Other people's code may hold letters that the terminal's encoding lacks: they are written out."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def check_with_progress(
    subjects: "list[Subject]", options: argparse.Namespace
) -> "Iterator[Verdict | FaultError]":
    """The answers in order; at a terminal, a bar that counts those that are done."""
    from tqdm import tqdm

    from chainrule.checking.request import check_subjects

    # disable=None: no bar unless standard error is a terminal.
    quiet = True if len(subjects) == 1 else None
    with tqdm(total=len(subjects), disable=quiet, leave=False, unit="file") as bar:
        yield from check_subjects(subjects, options.timeout, options.jobs, bar.update)


def report_rows(
    answers: "Iterable[Verdict | FaultError]", subjects: "list[Subject]", as_json: bool, alone: bool
) -> "Iterator[Verdict | FaultError]":
    """Print each verdict as it comes, and hand it on."""
    import json

    from tqdm import tqdm

    from chainrule.checking.report import WIDTH, write_report, write_row
    from chainrule.checking.request import FaultError

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    file_width = max(len(one_line(subject.name)) for subject in subjects)
    for answer in answers:
        if not isinstance(answer, FaultError):
            with tqdm.external_write_mode(sys.stdout):  # a bar makes room
                if as_json:
                    print(json.dumps(answer.as_json(), allow_nan=False))
                elif alone:
                    show(write_report(answer, width or WIDTH), answer.verdict)
                else:
                    show(write_row(answer, file_width, width), answer.verdict)
                sys.stdout.flush()
        yield answer


def show(text: str, verdict: str) -> None:
    """Print; at a terminal with the verdict and what is underlined in colour."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    first = text.split("\n", 1)[0]
    place = 0 if first.startswith(verdict) else first.rfind(f": {verdict}") + 2
    styled.stylize(COLOURS[verdict], place, place + len(verdict))
    styled.highlight_regex(r"(?m)^ {7}\| +(?P<red>\^+)$")
    Console(highlight=False, emoji=False, markup=False).print(styled, soft_wrap=True)
