"""chainrule explain: one training step, worked, in any format, on the screen or in a file."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from chainrule.cli.messages import DONE, note
from chainrule.errors import InputError, unknown

if TYPE_CHECKING:
    from chainrule.explanation import Explanation

SUFFIXES = {
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".json": "json",
    ".txt": "terminal",
}


def explain_command(options: argparse.Namespace) -> int:
    from pathlib import Path

    from chainrule.cli.files import as_bytes, require_writable, write_whole
    from chainrule.explanation import explain_problem
    from chainrule.rendering import FORMATS
    from chainrule.rendering.notation import named_notation
    from chainrule.textbook import read_problem

    chosen = chosen_format(options)
    if chosen not in FORMATS:
        raise InputError(unknown("format", chosen, FORMATS))
    if options.notation is not None:
        named_notation(options.notation)
    output = None if options.output is None else Path(options.output)
    if output is not None:
        require_writable(output, options.force)
    elif chosen == "pdf" and sys.stdout.isatty():
        raise InputError("--format pdf needs a file: add --output step.pdf")
    problem = read_problem(options.problem)
    if options.true_gradient and problem.training is not None:
        problem = problem.with_training(mistake=None)
    digits = {} if options.digits is None else {"digits": options.digits}
    explanation = explain_problem(
        problem,
        epoch=options.epoch,
        sample=options.sample,
        value=options.value,
        round_each_step=decimals_of(options.round_each_step),
        **digits,
    )
    if output is not None:
        write_whole(output, as_bytes(explanation.render(chosen, options.notation)))
        note(f"wrote {output}")
    elif chosen == "terminal":
        show(explanation, options.notation)
    else:
        sys.stdout.flush()
        text = explanation.render(chosen, options.notation)
        if isinstance(text, bytes):
            sys.stdout.buffer.write(text)
        else:
            sys.stdout.write(text)
    return DONE


def chosen_format(options: argparse.Namespace) -> str:
    if options.format is not None:
        return str(options.format)
    if options.output is None:
        return "terminal"
    suffix = os.path.splitext(options.output)[1].lower()  # noqa: PTH122  # pathlib is slow to import
    if suffix not in SUFFIXES:
        raise InputError(
            f"the name {options.output!r} does not say which format; add --format, such as html"
        )
    return SUFFIXES[suffix]


def decimals_of(text: str | None) -> int | tuple[int, int] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) > 2 or not all(part.isdecimal() and len(part) < 4 for part in parts):
        raise InputError(f"--round-each-step takes decimals, N or N,M such as 3,4; got {text!r}")
    return int(parts[0]) if len(parts) == 1 else (int(parts[0]), int(parts[1]))


def show(explanation: "Explanation", notation: str | None) -> None:
    """Print with the terminal's width and styles; plainly where there is no terminal."""
    from rich.console import Console

    from chainrule.rendering import FORMATS
    from chainrule.rendering.notation import named_notation
    from chainrule.rendering.terminal import print_document, render_terminal

    symbols = named_notation(notation or FORMATS["terminal"])
    if not sys.stdout.isatty():
        print(render_terminal(explanation.document, symbols), end="")
        return
    console = Console(highlight=False, emoji=False, markup=False)
    print_document(explanation.document, symbols, console)
