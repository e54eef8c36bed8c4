"""A training step a further time: plain scalar formulas in 120 digits, and no derivative at all.

Gradients are central differences of the loss, with a step of 1e-40: about 75 of their digits are right.
Nothing here is shared with chainrule but the numbers that were given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from chainrule import Loss, Network
from chainrule.optimizers import Optimizer

MP = mpmath.mp.clone()
MP.dps = 120
STEP = MP.mpf("1e-40")

Values = dict[str, Any]


def exactly(array: Any) -> Any:
    """Floats as the decimals that they are written as."""
    source = np.asarray(array, dtype=float)
    result = np.empty(source.shape, dtype=object)
    for index in np.ndindex(source.shape):
        result[index] = MP.mpf(repr(float(source[index])))
    return result


def activate(name: str, row: list[Any], alpha: float) -> list[Any]:
    slope = MP.mpf(repr(alpha))
    if name == "softmax":
        exponentials = [MP.exp(z) for z in row]
        return [e / sum(exponentials) for e in exponentials]
    functions: dict[str, Callable[[Any], Any]] = {
        "identity": lambda z: z,
        "sigmoid": lambda z: 1 / (1 + MP.exp(-z)),
        "tanh": lambda z: (MP.exp(z) - MP.exp(-z)) / (MP.exp(z) + MP.exp(-z)),
        "relu": lambda z: z if z > 0 else MP.mpf(0),
        "leaky-relu": lambda z: z if z > 0 else slope * z,
        "elu": lambda z: z if z > 0 else slope * (MP.exp(z) - 1),
        "gelu": lambda z: z * MP.ncdf(z),
        "silu": lambda z: z / (1 + MP.exp(-z)),
        "softplus": lambda z: MP.log(1 + MP.exp(z)),
    }
    return [functions[name](z) for z in row]


def lose(loss: Loss, a: list[Any], t: list[Any]) -> Any:
    pairs = list(zip(a, t, strict=True))
    if loss.name == "half-squared-error":
        return sum((p - q) ** 2 for p, q in pairs) / 2
    if loss.name == "squared-error":
        return sum((p - q) ** 2 for p, q in pairs)
    if loss.name == "mean-squared-error":
        return sum((p - q) ** 2 for p, q in pairs) / len(pairs)
    if loss.name == "output":
        return sum(a)
    if loss.name == "huber":
        delta = MP.mpf(repr(loss.parameters["delta"]))
        return sum(
            abs(p - q) ** 2 / 2 if abs(p - q) <= delta else delta * (abs(p - q) - delta / 2)
            for p, q in pairs
        )
    if loss.name == "cross-entropy":
        return -sum(q * MP.log(p) for p, q in pairs if q != 0)
    assert loss.name == "binary-cross-entropy"
    return -sum(
        (q * MP.log(p) if q != 0 else 0) + ((1 - q) * MP.log(1 - p) if q != 1 else 0)
        for p, q in pairs
    )


@dataclass
class IndependentStep:
    """The values of a step by name, and their gradients; a batch where x has two axes."""

    network: Network
    x: Any
    targets: Any
    loss: Loss
    reduction: str

    def values(self, nudged: str = "", place: tuple[int, ...] = (), by: Any = 0) -> Values:
        """All values, with one entry of one value moved."""

        def moved(name: str, array: Any) -> Any:
            if name == nudged:
                array = array.copy()
                array[place] += by
            return array

        batch = np.ndim(self.x) == 2
        a = moved("x", exactly(self.x))
        found: Values = {"x": a}
        rows = a if batch else a[None]
        for number, layer in enumerate(self.network.layers, start=1):
            w, b = moved(f"w{number}", exactly(layer.weights)), exactly(layer.biases)
            one_for_all = layer.share_bias and nudged == f"b{number}"
            b = b + by if one_for_all else moved(f"b{number}", b)
            found |= {f"w{number}": w, f"b{number}": b}
            sign = 1 if layer.bias_sign == "+" else -1
            z = np.array(
                [
                    [
                        sum(p * q for p, q in zip(unit, row, strict=True)) + sign * b[k % len(b)]
                        for k, unit in enumerate(w)
                    ]
                    for row in rows
                ],
                dtype=object,
            )
            z = moved(f"z{number}", z if batch else z[0])
            alpha = float(layer.activation.parameters.get("alpha", 0))
            rows = np.array(
                [activate(layer.activation.name, list(row), alpha) for row in np.atleast_2d(z)],
                dtype=object,
            )
            a = moved(f"a{number}", rows if batch else rows[0])
            rows = np.atleast_2d(a)
            found |= {f"z{number}": z, f"a{number}": a}
        t = exactly(np.zeros(rows.shape) if self.targets is None else self.targets)
        if self.targets is not None:
            found["t"] = t
        losses = np.array(
            [lose(self.loss, list(p), list(q)) for p, q in zip(rows, np.atleast_2d(t), strict=True)]
        )
        if batch:
            losses = found["losses"] = moved("losses", losses)
        found["loss"] = sum(losses) / (len(losses) if self.reduction == "mean" and batch else 1)
        return found

    def gradient(self, name: str, place: tuple[int, ...]) -> Any:
        above, below = (self.values(name, place, h)["loss"] for h in (STEP, -STEP))
        return (above - below) / (2 * STEP)

    def gradients(self) -> Values:
        found: Values = {}
        for name, array in self.values().items():
            if name in ("t", "loss"):
                continue
            found[name] = np.empty(np.shape(array), dtype=object)
            for place in np.ndindex(np.shape(array)):
                found[name][place] = self.gradient(name, place)
        return found


def update(optimizer: Optimizer, w: Any, g: Any, k: int = 1) -> Any:
    """The first update of one parameter, from a state of zeros."""
    settings: Mapping[str, Any] = {
        name: MP.mpf(repr(value)) for name, value in vars(optimizer).items()
    }
    eta = settings["learning_rate"]
    name = type(optimizer).__name__
    if name == "Nesterov":
        return w - eta * (g + settings["momentum"] * g)
    if name == "RMSProp":
        root = MP.sqrt((1 - settings["decay"]) * g**2)
        return w - eta * g / (root + settings["epsilon"])
    if name in ("Adam", "AdamW"):
        m = (1 - settings["beta1"]) * g / (1 - settings["beta1"])
        s = (1 - settings["beta2"]) * g**2 / (1 - settings["beta2"])
        decay = eta * settings.get("weight_decay", 0) * w
        return w - decay - eta * m / (MP.sqrt(s) + settings["epsilon"])
    return w - eta * g
