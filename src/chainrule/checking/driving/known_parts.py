"""What a program may hand to its own classes: a loss or an optimizer, where it defines such."""

import inspect
import re
from typing import Any

from chainrule.checking.driving.arguments import plain_name
from chainrule.checking.driving.known_names import known_names
from chainrule.checking.driving.slopes import is_replaced
from chainrule.recording.execution import Run
from chainrule.recording.functions import is_own_module

# What asks for it, and the names of classes that may be meant: the plainest first.
PARTS = (
    (
        re.compile(r"(loss|cost|criterion|objective)(_?(fn|func|function|class|obj|object|layer))?"),
        re.compile(r"\w*(mse|squared?)\w*|\w*(loss|entropy|cost)\w*"),
    ),
    (
        re.compile(r"opt(im(izer)?)?"),
        re.compile(r"\w*(sgd|gradient_?descent)|\w*optim(izer)?\w*"),
    ),
)  # fmt: skip


def known_values(run: Run, name: str) -> list[Any]:
    """The names that a parameter is compared with; else classes whose objects may be meant by it."""
    return known_names(run, name) or known_parts(run, name)


def known_parts(run: Run, name: str) -> list[type]:
    """Classes of the program's own that a parameter may be meant to have an object of."""
    called = next((named for asks, named in PARTS if asks.fullmatch(plain_name(name))), None)
    if called is None:
        return []
    found = [
        value
        for value in run.namespace.values()
        if isinstance(value, type)
        and is_own_module(value.__module__)
        and called.fullmatch(plain_name(value.__name__))
        and not inspect.isabstract(value)
        and not is_replaced(value)
        and not (type.__subclasses__(value) and value.__bases__ == (object,))
    ]
    return sorted(dict.fromkeys(found), key=is_plain, reverse=True)


def is_plain(owner: type) -> bool:
    name = plain_name(owner.__name__)
    return bool(re.search(r"mse|mean_?sq|squared|^sgd$|descent", name))
