"""What the child process runs: one program is checked, and its verdict handed back as JSON.

    python -m chainrule.checking.child SECONDS SCRIPT DESCRIPTOR

The object is {"verdict": ...}, or {"fault": traceback} where chainrule itself failed. A program that ends the
process leaves nothing; whoever started it then has the reason.
"""

import gc
import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.checking.verdict import Verdict


def main(arguments: list[str]) -> None:
    # A recording is many objects that stay: collecting as often as usual would walk them all time and again.
    gc.set_threshold(200_000, 20, 1000)
    seconds, script, descriptor = float(arguments[0]), Path(arguments[1]), int(arguments[2])
    # The program cannot take these from us by naming something alike.
    write, end, dump = os.write, os._exit, json.dumps
    answer: dict[str, Any]
    try:
        # All of it before the program runs: a file of its folder may have the name of a module. Here, since a
        # module of ours that cannot be imported is a fault of ours, too.
        from chainrule.checking.deciding import check_program

        answer = {"verdict": as_seen_from_outside(check_program(script, seconds), script.parent)}
    except MemoryError:
        raise  # its limit: who started this process puts it in words
    except Exception:
        answer = {"fault": traceback.format_exc()}
    left = dump(answer, default=as_plain_number).encode()
    while left:
        left = left[write(descriptor, left) :]
    # Without the program's own exit handlers and threads, which may never end.
    end(0)


def as_seen_from_outside(verdict: "Verdict", folder: Path) -> dict[str, Any]:
    """The verdict as data, paths relative to the program's folder: that is a scratch copy, soon gone."""
    inside = f"{folder}{os.sep}"
    verdict.reason = verdict.reason.replace(inside, "")
    verdict.notes = [note.replace(inside, "") for note in verdict.notes]
    for finding in verdict.findings:
        finding.file = os.path.relpath(finding.file, folder)
    return verdict.as_data()


def as_plain_number(number: Any) -> Any:
    return number.item()


if __name__ == "__main__":
    main(sys.argv[1:])
