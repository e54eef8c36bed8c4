"""A training step of small networks in 50-digit arithmetic: scalar sums, written out unit by unit.

It shares nothing with chainrule but the problem's numbers, which it takes as the decimals that stand
in the file: float 0.1 becomes exactly 1/10.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mp, mpf

from chainrule.problem import Problem

mp.dps = 50

Row = list[Any]


def exactly(number: float) -> Any:
    return mpf(repr(float(number)))


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sigmoid": (
        lambda z: 1 / (1 + mpmath.exp(-z)),
        lambda z: mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2,
    ),
    "relu": (lambda z: max(z, mpf(0)), lambda z: mpf(z > 0)),
    "identity": (lambda z: z, lambda z: mpf(1)),
}


@dataclass
class ExactLayer:
    weights: list[Row]
    biases: Row
    activation: str
    train_biases: bool


class ExactRun:
    """A problem's training, update by update: sample by sample, or one sample as the whole batch."""

    def __init__(self, problem: Problem, mistake: str | None) -> None:
        self.problem, self.mistake = problem, mistake
        self.layers = [
            ExactLayer(
                [[exactly(w) for w in row] for row in layer.weights],
                [exactly(b) for b in (list(layer.biases) * layer.units)[: layer.units]],
                layer.activation.name,
                layer.train_biases,
            )
            for layer in problem.network.layers
        ]
        schedule = problem.training
        self.rate = exactly(schedule.optimizer.learning_rate) if schedule else mpf(0)
        self.momentum = (
            exactly(getattr(schedule.optimizer, "momentum", 0.0)) if schedule else mpf(0)
        )
        self.velocity: dict[tuple[int, int, int], Any] = {}
        self.updates = 0

    def sample(self, number: int) -> tuple[Row, Row]:
        data = self.problem.data
        x = [exactly(v) for v in data.inputs[number]]
        t = [] if data.targets is None else [exactly(v) for v in data.targets[number]]
        return x, t

    def run_to(self, updates: int) -> None:
        while self.updates < updates:
            self.step(self.updates % len(self.problem.data.inputs), update=True)
            self.updates += 1

    def step(self, number: int, update: bool = False) -> dict[str, Any]:
        """Every value and gradient of one sample; with `update`, the parameters move."""
        x, t = self.sample(number)
        names: dict[str, Any] = {}
        zs, activations = [], [x]
        for depth, layer in enumerate(self.layers, 1):
            f, _ = FUNCTIONS[layer.activation]
            z = [
                mpmath.fdot(row, activations[-1]) + b
                for row, b in zip(layer.weights, layer.biases, strict=True)
            ]
            zs.append(z)
            activations.append([f(v) for v in z])
            for unit, row in enumerate(layer.weights, 1):
                names[f"b{depth}[{unit}]"] = layer.biases[unit - 1]
                names[f"a{depth}[{unit}]"] = activations[-1][unit - 1]
                for i, w in enumerate(row, 1):
                    names[f"w{depth}[{unit},{i}]"] = w
        a = activations[-1]
        if self.problem.loss.name == "output":
            names["loss"] = mpmath.fsum(a)
            error = [mpf(1)] * len(a)
        else:
            assert self.problem.loss.name == "half-squared-error"
            names["loss"] = mpmath.fsum((p - q) ** 2 for p, q in zip(a, t, strict=True)) / 2
            error = [p - q for p, q in zip(a, t, strict=True)]
        new_layers = []
        for depth in range(len(self.layers), 0, -1):
            layer = self.layers[depth - 1]
            _, slope = FUNCTIONS[layer.activation]
            at = activations[depth] if self.mistake == "derivative-at-activation" else zs[depth - 1]
            delta = [e * slope(v) for e, v in zip(error, at, strict=True)]
            new = ExactLayer([], [], layer.activation, layer.train_biases)
            for unit, (row, b) in enumerate(zip(layer.weights, layer.biases, strict=True)):
                names[f"dL/dz{depth}[{unit + 1}]"] = delta[unit]
                names[f"dL/db{depth}[{unit + 1}]"] = delta[unit]
                new_row = []
                for i, w in enumerate(row):
                    gradient = delta[unit] * activations[depth - 1][i]
                    names[f"dL/dw{depth}[{unit + 1},{i + 1}]"] = gradient
                    new_row.append(self.moved((depth, unit, i), w, gradient, update))
                new.weights.append(new_row)
                trained = layer.train_biases
                new.biases.append(
                    self.moved((depth, unit, -1), b, delta[unit], update) if trained else b
                )
            back = new if self.mistake == "updated-weights" else layer
            error = [
                mpmath.fsum(delta[unit] * back.weights[unit][i] for unit in range(len(delta)))
                for i in range(len(layer.weights[0]))
            ]
            new_layers.append(new)
        for i, e in enumerate(error, 1):
            names[f"dL/dx[{i}]"] = e
        if update:
            self.layers = new_layers[::-1]
        return names

    def moved(self, key: tuple[int, int, int], value: Any, gradient: Any, update: bool) -> Any:
        velocity = self.momentum * self.velocity.get(key, mpf(0)) + gradient
        if update:
            self.velocity[key] = velocity
        return value - self.rate * velocity
