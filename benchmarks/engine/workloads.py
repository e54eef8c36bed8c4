"""The five workloads: networks, data and optimizers, as plain arrays that every contender is given."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Workload:
    """`activations` end with the last layer's; `networks` is 1, or how many are trained side by side."""

    name: str
    title: str
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    optimizer: str
    learning_rate: float
    samples: int
    batch: int
    dtype: str
    steps: int
    networks: int = 1

    @property
    def steps_an_epoch(self) -> int:
        return self.samples // self.batch

    def arrays(self) -> Arrays:
        """x (N, I), t (N, O), and w1 (O, I), b1 (O,) ...; with several networks their axis is first."""
        rng = np.random.default_rng(5)
        x = rng.normal(size=(self.samples, self.sizes[0]))
        if self.loss == "cross-entropy":
            t = np.eye(self.sizes[-1])[rng.integers(0, self.sizes[-1], self.samples)]
        else:
            t = np.sin(x.sum(axis=1, keepdims=True))
        arrays = {"x": x, "t": t}
        if self.name == "W1":  # the published example
            arrays = {"x": np.array([[0.9, 0.8]]), "t": np.array([[1.0]])}
        lead = (self.networks,) if self.networks > 1 else ()
        for layer, (inputs, units) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            r = np.sqrt(6 / (inputs + units))
            arrays[f"w{layer}"] = rng.uniform(-r, r, (*lead, units, inputs))
            arrays[f"b{layer}"] = np.zeros((*lead, units))
        if self.name == "W1":
            arrays |= {
                "w1": np.array([[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]]),
                "b1": np.array([0.1, 0.2, 0.3]),
            }
            arrays |= {"w2": np.array([[0.4, 0.5, 0.6]]), "b2": np.array([0.4])}
        return {name: array.astype(self.dtype) for name, array in arrays.items()}

    def multiplications(self) -> int:
        """Multiply-adds a step: z and dL/dw of every layer, dL/da of all but the first."""
        layers = list(zip(self.sizes, self.sizes[1:], strict=False))
        weights = sum((i + 1) * o for i, o in layers)
        return self.networks * self.batch * (2 * weights + sum(i * o for i, o in layers[1:]))

    def parameters(self) -> int:
        return self.networks * sum(
            (i + 1) * o for i, o in zip(self.sizes, self.sizes[1:], strict=False)
        )


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "W1", "2-3-1 sigmoid, one sample, float64", (2, 3, 1), ("sigmoid", "sigmoid"),
            "half-squared-error", "gradient-descent", 0.1, 1, 1, "float64", 100_000,
        ),
        Workload(
            "W2", "8-32-32-1 tanh, Adam, batch 32", (8, 32, 32, 1), ("tanh", "tanh", "identity"),
            "half-squared-error", "adam", 1e-3, 1024, 32, "float32", 1_600,
        ),
        Workload(
            "W3", "64-64-10 relu, cross-entropy, Adam, batch 64", (64, 64, 10), ("relu", "softmax"),
            "cross-entropy", "adam", 1e-3, 1024, 64, "float32", 800,
        ),
        Workload(
            "W4", "784-256-128-10 relu, cross-entropy, Adam, batch 128", (784, 256, 128, 10),
            ("relu", "relu", "softmax"), "cross-entropy", "adam", 1e-3, 1280, 128, "float32", 200,
        ),
        Workload(
            "W5", "1,000 networks 2-8-1 tanh, 256 samples", (2, 8, 1), ("tanh", "identity"),
            "half-squared-error", "gradient-descent", 0.05, 256, 256, "float32", 200, 1000,
        ),
    )
}  # fmt: skip
