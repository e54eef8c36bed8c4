"""Random networks over the whole option space, and their loss written a second time, plainly.

`plain_loss` shares no code with chainrule. It is written against a NumPy-like module, so that the same
few lines run on real numbers, on complex ones (for the complex step) and under `autograd`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule import Dense, Loss, Network, named_activation, named_loss
from chainrule.activations import ACTIVATIONS
from chainrule.arrays import Array
from chainrule.losses import LOSSES

PROBABILITIES = ("binary-cross-entropy", "cross-entropy")


@dataclass
class Case:
    """A network, data, a loss and a reduction."""

    network: Network
    inputs: Array
    targets: Array
    loss: Loss
    reduction: Literal["mean", "sum"]

    def __str__(self) -> str:
        layers = ", ".join(
            f"{layer.inputs}->{layer.units} {layer.activation.name} {layer.bias_sign}"
            f"{' shared' if layer.share_bias else ''}"
            for layer in self.network.layers
        )
        return f"{layers}; {self.loss.name}, {self.reduction}, inputs {self.inputs.shape}"


def random_case(rng: np.random.Generator) -> Case:
    """A random network, any option with any other, but for what `is_well_posed` leaves out."""
    while True:
        case = any_random_case(rng)
        if is_well_posed(case):
            return case


def is_well_posed(case: Case) -> bool:
    """Binary cross-entropy has no fused form after softmax: 1 - a loses its digits as a nears 1."""
    if case.loss.name != "binary-cross-entropy":
        return True
    if case.network.layers[-1].activation.name == "sigmoid":
        return True
    return float(case.network(case.inputs).max()) < 0.999


def any_random_case(rng: np.random.Generator) -> Case:
    depth = int(rng.integers(1, 7))
    sizes = rng.integers(1, 5, depth + 1)
    loss_name = str(rng.choice(sorted(LOSSES)))
    parameters = {"delta": float(rng.uniform(0.2, 2.0))} if loss_name == "huber" else {}
    layers = []
    for number in range(depth):
        inputs, units = int(sizes[number]), int(sizes[number + 1])
        names = sorted(ACTIVATIONS)
        if number == depth - 1 and loss_name in PROBABILITIES:
            # A softmax of one unit is always 1, where the binary cross-entropy is infinite.
            names = ["sigmoid"] if units == 1 else ["sigmoid", "softmax"]
        name = str(rng.choice(names))
        alpha = {"alpha": float(rng.uniform(0.05, 1.5))} if ACTIVATIONS[name].parameters else {}
        share = bool(rng.random() < 0.25)
        one_number = bool(rng.random() < 0.5)
        biases = rng.normal(size=1 if share else units)
        layers.append(
            Dense(
                rng.normal(0, 1.2, (units, inputs)),
                np.repeat(biases, units) if share and not one_number else biases,
                named_activation(name, **alpha),
                train_biases=bool(rng.random() < 0.75),
                share_bias=share,
                bias_sign="+" if rng.random() < 0.75 else "-",
            )
        )
    samples = int(rng.integers(0, 6))
    shape = (samples,) if samples else ()
    x = rng.normal(size=(*shape, sizes[0]))
    t = rng.normal(size=(*shape, sizes[-1]))
    if loss_name == "binary-cross-entropy":
        t = rng.choice([rng.random(t.shape), rng.integers(0, 2, t.shape).astype(float)])
    if loss_name == "cross-entropy":
        t = rng.random(t.shape)
        t = t / t.sum(axis=-1, keepdims=True) if rng.random() < 0.5 else np.round(t)
    return Case(
        Network(*layers), x, t, named_loss(loss_name, **parameters), rng.choice(["mean", "sum"])
    )


def plain_loss(m: Any, erf: Any, case: Case, values: Mapping[str, Any]) -> Any:
    """The loss from x and the parameters, by textbook formulas; m is numpy or autograd.numpy."""
    a = values["x"]
    for number, layer in enumerate(case.network.layers, 1):
        w, b = values[f"w{number}"], values[f"b{number}"]
        z = m.dot(a, m.transpose(w)) + (b if layer.bias_sign == "+" else -b)
        a = plain_activation(m, erf, layer.activation.name, dict(layer.activation.parameters), z)
    t, name, last = case.targets, case.loss.name, case.network.layers[-1].activation.name
    if name == "half-squared-error":
        total = m.sum((a - t) ** 2) / 2
    elif name == "squared-error":
        total = m.sum((a - t) ** 2)
    elif name == "mean-squared-error":
        total = m.sum((a - t) ** 2) / t.shape[-1]
    elif name == "output":
        total = m.sum(a)
    elif name == "huber":
        delta, r = case.loss.parameters["delta"], a - t
        sign = m.where(m.real(r) > 0, 1.0, -1.0)
        small = m.real(r) * sign <= delta
        total = m.sum(m.where(small, r * r / 2, delta * (sign * r - delta / 2)))
    elif name == "cross-entropy" and last == "softmax":
        log_of_sum = m.log(m.sum(m.exp(z), axis=-1, keepdims=True))
        total = m.sum(t * (log_of_sum - z))
    elif name == "cross-entropy":
        total = -m.sum(t * m.log(a))
    elif last == "sigmoid":
        total = m.sum(m.log(1 + m.exp(z)) - t * z)
    else:
        assert name == "binary-cross-entropy"
        total = -m.sum(t * m.log(a) + (1 - t) * m.log(1 - a))
    return total / len(t) if case.reduction == "mean" and t.ndim == 2 else total


def plain_activation(m: Any, erf: Any, name: str, parameters: dict[str, float], z: Any) -> Any:
    positive = m.real(z) > 0
    if name == "identity":
        return z
    if name == "sigmoid":
        return 1 / (1 + m.exp(-z))
    if name == "tanh":
        return m.tanh(z)
    if name == "relu":
        return m.where(positive, z, 0.0)
    if name == "leaky-relu":
        return m.where(positive, z, parameters["alpha"] * z)
    if name == "elu":
        return m.where(positive, z, parameters["alpha"] * (m.exp(m.where(positive, 0.0, z)) - 1))
    if name == "gelu":
        return z * (1 + erf(z / np.sqrt(2.0))) / 2
    if name == "silu":
        return z / (1 + m.exp(-z))
    if name == "softplus":
        return m.log(1 + m.exp(z))
    assert name == "softmax"
    e = m.exp(z)
    return e / m.sum(e, axis=-1, keepdims=True)


def vanishes(case: Case, name: str) -> bool:
    """Whether a gradient is 0 whatever the numbers are, since softmax outputs sum to 1."""
    layers = list(enumerate(case.network.layers, 1))
    constant = [n for n, layer in layers if layer.activation.name == "softmax" and layer.units == 1]
    last = layers[-1][1].activation.name
    if case.loss.name == "output" and last == "softmax":
        constant.append(len(layers))
    number = 0 if name == "x" else int(name[1:])
    layer = case.network.layers[number - 1]
    shifted = name[0] == "b" and layer.share_bias and layer.activation.name == "softmax"
    return shifted or any(number <= n for n in constant)
