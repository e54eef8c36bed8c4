"""How many layers lie between parameters and the predictions that are made with them."""

from collections.abc import Collection

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.updates import Anatomy


def by_depth(anatomy: Anatomy, members: Collection[int]) -> list[list[int]]:
    """Some parameters, layer by layer: those next to the predictions first.

    A layer is counted wherever a value that depends on a parameter is multiplied by another one.
    """
    program, stops = anatomy.program, anatomy.stops
    depth: dict[int, int] = {}
    for position in sorted(anatomy.forward | stops, reverse=True):
        most = 0
        for step in program.consumers.get(position, ()):
            if step.output not in anatomy.forward or step.output in stops:
                continue
            further = (
                position not in stops
                and step.operation in PRODUCTS
                and any(other in stops for other in step.inputs)
            )
            most = max(most, depth.get(step.output, 0) + further)
        depth[position] = most
    found: dict[int, list[int]] = {}
    for number in members:
        found.setdefault(depth.get(anatomy.chains[number].root, 0), []).append(number)
    return [found[one] for one in sorted(found)]
