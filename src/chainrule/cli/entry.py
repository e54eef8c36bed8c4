"""Where a command starts and ends: every outcome becomes an exit code and at most one line.

NumPy, and whatever else only a command needs, is imported inside it, so that `--help` answers at once.
"""

import os
import sys
from collections.abc import Sequence

from chainrule.cli.messages import DONE, INTERRUPTED, OUR_FAULT, UNUSABLE, note
from chainrule.cli.parser import build_parser
from chainrule.errors import ChainruleError, DivergedError, DomainError


def main(arguments: Sequence[str] | None = None) -> int:
    # A stream that the caller has closed is None: what is written to it is lost, and that is no fault.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115  # open until the exit
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except (DivergedError, DomainError) as error:
        note(f"{options.problem}: {error}")
        return UNUSABLE
    except ChainruleError as error:
        note(str(error))
        return UNUSABLE
    except MemoryError as error:
        note(f"there is not enough memory for this: {error}")
        return UNUSABLE
    except KeyboardInterrupt:
        note("interrupted; nothing was saved")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        discard_output()
        return DONE
    except OSError as error:
        discard_output()  # first: a note writes out what waits before it
        note(f"the output cannot be written: {error.strerror or error}")
        return UNUSABLE
    except Exception:
        import traceback

        traceback.print_exc()
        note("this is a fault of chainrule itself; please report the lines above")
        return OUR_FAULT
    return code


def discard_output() -> None:
    """Keep Python from trying to write the rest, and complaining, at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
