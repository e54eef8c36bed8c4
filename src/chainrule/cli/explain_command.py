"""chainrule explain: one training step, worked, in any format, on the screen or in a file."""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
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
    suffix = Path(options.output).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"the name {options.output!r} does not say which format; add --format, such as html"
        )
    return SUFFIXES[suffix]


def decimals_of(text: str | None) -> int | tuple[int, int] | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,3}(,[0-9]{1,3})?", text):
        raise InputError(f"--round-each-step takes decimals, N or N,M such as 3,4; got {text!r}")
    first, _, second = text.partition(",")
    return (int(first), int(second)) if second else int(first)


def show(explanation: "Explanation", notation: str | None) -> None:
    """Print with the terminal's width and styles; plainly where there is no terminal."""
    from rich.console import Console

    from chainrule.rendering import FORMATS
    from chainrule.rendering.notation import named_notation
    from chainrule.rendering.terminal import WIDTH, print_document

    symbols = named_notation(notation or FORMATS["terminal"])
    width = None if sys.stdout.isatty() else WIDTH
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    print_document(explanation.document, symbols, console)


# --- files ----------------------------------------------------------------------------------------


def require_writable(path: Path, force: bool) -> None:
    """Say so before the work is done, not after."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; --output takes a file")
    if path.exists() and not force:
        raise InputError(f"{path} exists; add --force to replace it")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}; make it first")


def write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing: a failure leaves what was there before."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".chainrule-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o666 & ~current_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
