"""A computation as plain data: named values, the steps that made them, and their source lines.

A graph knows no calculus. A step names its operation, and `rules` knows what that is. Graphs turn into
JSON and back, and print.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, final

import numpy as np

from chainrule.arithmetic import Numbers
from chainrule.errors import InputError


@final
@dataclass(frozen=True)
class Value:
    """One value of a computation: its place in the graph, its name (or none) and its numbers."""

    position: int
    name: str | None
    numbers: Numbers


@final
@dataclass(frozen=True)
class Step:
    """One operation on earlier values: `inputs` and `output` are positions of values.

    `parameters` are what the operation needs beside numbers, such as an axis: plain JSON values.
    `line` is the source line that the step comes from, where it comes from one.
    """

    operation: str
    inputs: tuple[int, ...]
    output: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None


@final
class Graph:
    """Values and steps in the order in which they were computed.

    >>> graph = Graph()
    >>> x = graph.add_value(np.array([1.0, 2.0]), "x")
    >>> y = graph.add_step("multiply", [x, x], np.array([1.0, 4.0]), "y")
    >>> graph.steps
    [Step(operation='multiply', inputs=(0, 0), output=1, parameters={}, line=None)]
    >>> Graph.from_json(graph.to_json()).value("y").numbers
    array([1., 4.])
    """

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.steps: list[Step] = []
        self._positions: dict[str, int] = {}

    def add_value(self, numbers: Numbers, name: str | None = None) -> int:
        """Put a given value into the graph; its position is returned."""
        position = len(self.values)
        if name is not None:
            if name in self._positions:
                raise InputError(f"the graph has a value named {name!r} already")
            self._positions[name] = position
        self.values.append(Value(position, name, numbers))
        return position

    def add_step(
        self,
        operation: str,
        inputs: Sequence[int],
        numbers: Numbers,
        name: str | None = None,
        line: int | None = None,
        **parameters: Any,
    ) -> int:
        """Record an operation with its result; the result's position is returned."""
        for position in inputs:
            if not 0 <= position < len(self.values):
                raise InputError(
                    f"{operation} takes value {position}, which the graph does not have"
                )
        output = self.add_value(numbers, name)
        self.steps.append(Step(operation, tuple(inputs), output, parameters, line))
        return output

    def value(self, name: str) -> Value:
        """The value of that name. Raises: InputError where there is none."""
        if name not in self._positions:
            raise InputError(f"the graph has no value named {name!r}")
        return self.values[self._positions[name]]

    def named(self) -> Iterator[tuple[str, Value]]:
        """All values that have a name, in order."""
        return ((name, self.values[position]) for name, position in self._positions.items())

    def to_json(self) -> dict[str, Any]:
        """The graph as lists, text and numbers; float64 values come back the same, bit by bit."""
        return {
            "values": [
                {"name": value.name, "numbers": np.asarray(value.numbers, dtype=float).tolist()}
                for value in self.values
            ],
            "steps": [asdict(step) | {"inputs": list(step.inputs)} for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Graph":
        """The graph that `to_json` described."""
        graph = cls()
        made_by = {step["output"]: step for step in data["steps"]}
        for position, value in enumerate(data["values"]):
            numbers = np.array(value["numbers"], dtype=np.float64)
            if position not in made_by:
                graph.add_value(numbers, value["name"])
                continue
            step = made_by[position]
            graph.add_step(
                step["operation"],
                step["inputs"],
                numbers,
                value["name"],
                step["line"],
                **step["parameters"],
            )
        return graph
