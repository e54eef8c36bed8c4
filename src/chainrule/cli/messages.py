"""What all commands share: exit codes, notes on standard error, and where a problem comes from."""

import sys

DONE, WRONG, UNUSABLE, UNDECIDED, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 70, 130
DEFAULT_PROBLEM = "numeric-example"


def note(message: str) -> None:
    """One line on standard error, after everything that went to standard output."""
    sys.stdout.flush()
    print(f"chainrule: {message}", file=sys.stderr)
