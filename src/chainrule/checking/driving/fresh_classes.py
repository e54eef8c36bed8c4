"""Lists and tables that belong to a class and not to its objects: what one attempt leaves in them, the next must not find."""

from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.recording.execution import Run
from chainrule.recording.functions import is_own_module


@contextmanager
def classes_as_they_were(run: Run) -> Iterator[None]:
    """The program's classes keep nothing of what is done meanwhile."""
    kept = [
        (value, value.copy())
        for owner in list(run.namespace.values())
        if isinstance(owner, type) and is_own_module(owner.__module__)
        for value in vars(owner).values()
        if isinstance(value, list | dict | set)
    ]
    try:
        yield
    finally:
        for value, before in kept:
            value.clear()
            if isinstance(value, list) and isinstance(before, list):
                value.extend(before)
            elif not isinstance(value, list) and not isinstance(before, list):
                value.update(before)
