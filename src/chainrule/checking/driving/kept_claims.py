"""Gradients that a program keeps or hands back as it keeps its parameters, in lists and tables: whose is which.

    params = {"W1": .., "W2": ..}         grads = {"W1": .., "W2": ..}
    layers = [[w, b], [w, b]]             grads = [[dw, db], [dw, db]], from the first layer or from the last

What stands in a parameter's place is meant for it, if most of what stands beside it is the gradient of what that
is meant for. And a parameter of which there is nothing has no gradient, whatever is right of others.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.checking.anatomy.updates import Anatomy
from chainrule.checking.driving.arguments import plain_name
from chainrule.checking.driving.gradient_names import is_gradient_name
from chainrule.checking.driving.kept_arrays import Path, places, spelled
from chainrule.recording.execution import Run
from chainrule.recording.recording import NUMBERS

MOST_ENTRIES = 1000
FEWEST = 2  # entries that must agree before others are meant to
PARAMETER = re.compile(
    r"(\w+_)?(w|weights?|b|bias|biases|thetas?|kernels?|filters?|syn(apse)?s?)(_?\d+|_\w+)?|[wbu]\w{1,2}"
    r"|(\w+_)?(params?|parameters?)"
)
OF_SEVERAL = re.compile(r"(.+) (\d+)")
NUMBER = re.compile(r"\d+")

# Each a parameter, what stands in its place, and where that is.
Entries: TypeAlias = Sequence[tuple[int, int, str]]


def entries_alike(
    parameters: Mapping[Path, int], kept: Mapping[Path, int]
) -> list[tuple[Entries, ...]]:
    """Tables and lists of parameters beside those of the same structure with other values, in each order that they may have."""
    found: list[tuple[Entries, ...]] = []
    own = set(parameters.values())
    others = {place: of for place, of in structures(kept).items() if not own & set(of.values())}
    for of in structures(parameters).values():
        for place, claims in others.items():
            if claims.keys() != of.keys():
                continue
            orders = [{rest: rest for rest in of}]
            if all(isinstance(rest[0], int) for rest in of):
                last = max(rest[0] for rest in of)
                orders.append({rest: (last - rest[0], *rest[1:]) for rest in of})
            found.append(tuple(
                [(of[rest], claims[order[rest]], spelled((*place, *order[rest]))) for rest in of]
                for order in orders
                if all(there in claims for there in order.values())
            ))  # fmt: skip
    return found


def structures(kept: Mapping[Path, int]) -> dict[Path, dict[Path, int]]:
    """What is kept in each list or table, by its place within; only those of several values."""
    found: dict[Path, dict[Path, int]] = {}
    for path, position in kept.items():
        for end in range(1, len(path)):
            found.setdefault(path[:end], {})[path[end:]] = position
    return {place: of for place, of in found.items() if len(of) > 1}


def places_of_results(results: Mapping[str, Any]) -> dict[Path, Any]:
    """What was returned, by places: of several values together each by its number."""
    found: dict[Path, Any] = {}
    for path, array in places(results).items():
        numbered = OF_SEVERAL.fullmatch(str(path[0]))
        head: Path = (numbered[1], int(numbered[2])) if numbered else path[:1]
        found[(*head, *path[1:])] = array
    return found


def names_of(kept: Mapping[str, int], parameters: Collection[int]) -> dict[int, str]:
    """The name under which each parameter is kept: one of its own before a place among several."""
    found: dict[int, str] = {}
    for name, position in kept.items():
        known = found.get(position)
        if position in parameters and (known is None or not OF_SEVERAL.fullmatch(name)):
            found[position] = name
    return found


def meant_by_place(
    alike: Sequence[tuple[Entries, ...]], agreeing: Collection[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    """Entries that are no parameter's gradient in whose place they are, where most of those beside them are."""
    for orders in alike:
        told = [sum((p, claim) in agreeing for p, claim, _ in entries) for entries in orders]
        best = max(told, default=0)
        entries = orders[told.index(best)] if orders else ()
        if best >= FEWEST and 2 * best >= len(entries):
            yield from (one for one in entries if one[:2] not in agreeing)


def is_of_another_number(names: Collection[str], own: str, others: Collection[str]) -> bool:
    """Whether a parameter's gradient is kept as that of one with another number alone: dW0 for W1, beside dW2 for W2."""
    if any(is_gradient_name(name, own) for name in names) or not distances(names, own):
        return False
    return any(other != own and NUMBER.sub("", other) == NUMBER.sub("", own) for other in others)


def distances(names: Collection[str], own: str) -> set[int]:
    """How far the numbers in names of gradients are from that of a parameter: -1 for dW0 and W1."""
    numbers = NUMBER.findall(own)
    return {
        int(number) - int(numbers[0])
        for name in names if len(numbers) == 1
        for number in NUMBER.findall(name)
        if is_gradient_name(name, NUMBER.sub(number, own))
    }  # fmt: skip


def are_counted_otherwise(
    agreeing: Collection[tuple[int, int]],
    kept_as: Mapping[int, Collection[str]],
    called: Mapping[int, str],
) -> bool:
    """Whether the gradients of all parameters with numbers are kept under numbers that begin elsewhere: dW0, dW1 of W1, W2."""
    found = []
    for parameter, name in called.items():
        if not NUMBER.search(name):
            continue
        spoken = [one for p, claim in agreeing if p == parameter for one in kept_as.get(claim, ())]
        found.append(distances(spoken, name))
    return len(found) > 1 and bool(set.intersection(*found) - {0})


def without_gradients(anatomy: Anatomy, parameters: Mapping[Path, int]) -> list[str]:
    """The names of parameters that predictions are made with, and of which nothing is a gradient."""
    told = {chain.root for chain in anatomy.chains}
    lacking = {
        position: spelled(path)
        for path, position in sorted(parameters.items(), key=lambda place: -len(place[0]))
        if position in anatomy.forward and position not in told and is_parameter_place(path)
        and anatomy.program.recorded[position].size > 1
    }  # fmt: skip
    return list(lacking.values())


def is_parameter_place(path: Path) -> bool:
    named = [key for key in path if isinstance(key, str)]
    return any(PARAMETER.fullmatch(plain_name(key)) for key in named[-2:])


def stored_values(run: Run, values: Mapping[str, Any]) -> dict[str, int]:
    """Positions of what a program keeps under a name: numbers, arrays, and lists of recorded numbers."""
    recorder = run.recorder
    found: dict[str, int] = {}
    assert recorder is not None
    recorder.next_watch = 1 << 60
    for name, value in values.items():
        if isinstance(value, NUMBERS):
            position = recorder.memory.known(value)
            if position is not None:
                found[name] = position
        elif isinstance(value, list | tuple) and value and len(value) <= MOST_ENTRIES:
            known = [
                recorder.memory.known(entry) if isinstance(entry, NUMBERS) else None
                for entry in value
            ]
            if all(position is not None for position in known):
                if all(np.ndim(entry) == 0 for entry in value):
                    found[name] = recorder.position(value)
                else:
                    found |= {f"{name} {k}": p for k, p in enumerate(known) if p is not None}
    return found
