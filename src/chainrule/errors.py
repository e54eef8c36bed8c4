"""Every exception that chainrule raises on purpose, as one tree.

    ChainruleError
    ├── InputError        what was given cannot be used       (also a ValueError)
    │   ├── ShapeError    arrays whose shapes do not fit
    │   ├── DomainError   a value where a formula is not defined
    │   └── ProblemError  a problem file that cannot be used
    └── DivergedError     a run whose numbers left the finite (also an ArithmeticError)

Each message is one line: what is wrong, where, and what would be right.
"""

from collections.abc import Iterable


class ChainruleError(Exception):
    """The root of the tree: catch it to catch everything that chainrule raises on purpose.

    >>> import chainrule
    >>> try:
    ...     chainrule.Dense(weights=[[1.0, 2.0]], biases=[0.0, 0.0])
    ... except chainrule.ChainruleError as error:
    ...     print(error)
    biases must have shape (1,), one for each row of weights (1, 2), got (2,)
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class InputError(ChainruleError, ValueError):
    """What was given cannot be used."""


class ShapeError(InputError):
    """Arrays whose shapes do not fit."""


class DomainError(InputError):
    """A value at which a formula is not defined."""


class ProblemError(InputError):
    """A problem file that cannot be used."""


class DivergedError(ChainruleError, ArithmeticError):
    """A training run whose loss or parameters are no longer finite; `epoch` tells when."""

    def __init__(self, epoch: int, message: str) -> None:
        super().__init__(message)
        self.epoch = epoch


def one_line(message: str) -> str:
    """A message with its line breaks and control characters written out: names may hold anything.

    >>> one_line("no file called 'a\\nb'")
    "no file called 'a\\\\nb'"
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in message
    )


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Words for a name that does not exist, with the nearest that does.

    >>> unknown("activation", "sigmiod", ["relu", "sigmoid"])
    "unknown activation 'sigmiod'; did you mean 'sigmoid'? (known: relu, sigmoid)"
    """
    known = list(known)
    return f"unknown {kind} {name!r}{nearest(name, known)} (known: {', '.join(known)})"


def nearest(name: object, known: Iterable[str]) -> str:
    """The question whether a known name was meant, or nothing where none is near."""
    import difflib  # slow to import, and needed only once something went wrong

    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
