"""Layers that join several operands: forward(x, y), and backward(dout) gives the gradient of each, in their order."""

import inspect
from collections.abc import Iterator

from chainrule.checking.driving.layer_operations import BACK, FORWARD, way
from chainrule.checking.driving.operation_pairs import (
    OperationPlan,
    kind_of_operand,
    parts_returned,
)
from chainrule.checking.driving.slopes import own_parameters
from chainrule.recording.execution import Run


def joining_plans(run: Run) -> Iterator[OperationPlan]:
    """An object of each class that goes back to as many operands as it goes forward from."""
    for owner in list(run.namespace.values()):
        if not isinstance(owner, type) or owner.__module__ != "__main__":
            continue
        forward, backward = way(owner, FORWARD), way(owner, BACK)
        if forward is None or backward is None or own_parameters(owner, "__init__"):
            continue
        operands, flowing = own_parameters(owner, forward), own_parameters(owner, backward)
        returned = parts_returned(run, backward, owner.__name__)
        if not 2 <= len(operands) == len(returned) or len(flowing) != 1:
            continue
        if kind_of_operand(flowing[0]) != "error":
            continue
        try:
            thing = owner()
        except Exception:  # whatever a constructor raises
            continue
        ways = [getattr(thing, name) for name in (forward, backward)]
        if all(map(inspect.ismethod, ways)):
            yield OperationPlan(ways[0], ways[1], returned, owner=owner.__name__)
