"""Random small training steps, over the whole option space, with numbers of two decimals."""

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule import Dense, Explanation, Loss, Network, explain, named_activation, named_loss
from chainrule.activations import ACTIVATIONS
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS, Optimizer, named_optimizer

from independent_step import IndependentStep

PROBABILITIES = ("binary-cross-entropy", "cross-entropy")


@dataclass
class SmallStep:
    network: Network
    x: Any
    targets: Any
    loss: Loss
    reduction: Literal["mean", "sum"]
    optimizer: Optimizer

    def explain(self, **options: Any) -> Explanation:
        return explain(
            self.network,
            self.x,
            self.targets,
            loss=self.loss,
            reduction=self.reduction,
            optimizer=self.optimizer,
            **options,
        )

    def independent(self) -> IndependentStep:
        return IndependentStep(self.network, self.x, self.targets, self.loss, self.reduction)


def small_step(seed: int, largest: int = 3) -> SmallStep:
    rng = np.random.default_rng([seed, 5])
    while True:
        step = any_small_step(rng, seed, largest)
        if not has_kink(step):
            return step


def any_small_step(rng: np.random.Generator, seed: int, largest: int) -> SmallStep:
    sizes = rng.integers(1, largest + 1, rng.integers(2, 5)).tolist()
    loss_name = sorted(LOSSES)[seed % len(LOSSES)]
    layers = []
    for number, (inputs, units) in enumerate(itertools.pairwise(sizes), start=1):
        names = sorted(ACTIVATIONS)
        if number == len(sizes) - 1 and loss_name in PROBABILITIES:
            names = ["sigmoid"] if units == 1 else ["sigmoid", "softmax"]
        name = str(rng.choice(names))
        alpha = {"alpha": float(rng.choice([0.2, 1.5]))} if ACTIVATIONS[name].parameters else {}
        share = bool(rng.random() < 0.25)
        biases = rng.normal(size=1 if share else units).round(2)
        layers.append(
            Dense(
                rng.normal(size=(units, inputs)).round(2),
                np.repeat(biases, units) if share and rng.random() < 0.5 else biases,
                named_activation(name, **alpha),
                train_biases=bool(rng.random() < 0.8),
                share_bias=share,
                bias_sign="+" if rng.random() < 0.75 else "-",
            )
        )
    samples = int(rng.integers(0, 4))
    shape = (samples,) if samples else ()
    x = rng.normal(size=(*shape, sizes[0])).round(2)
    t: Any = rng.normal(size=(*shape, sizes[-1])).round(2)
    if loss_name in PROBABILITIES:
        t = rng.integers(0, 2, t.shape).astype(float)
        if loss_name == "cross-entropy":
            t = np.eye(sizes[-1])[rng.integers(0, sizes[-1], shape)]
    huber = {"delta": 0.5} if loss_name == "huber" else {}
    return SmallStep(
        Network(*layers),
        x,
        None if loss_name == "output" else t,
        named_loss(loss_name, **huber),
        "mean" if rng.random() < 0.5 else "sum",
        named_optimizer(sorted(OPTIMIZERS)[seed % len(OPTIMIZERS)], 0.1),
    )


def has_kink(step: SmallStep) -> bool:
    """Whether a number lies where its function has no derivative, which a difference cannot judge."""
    values = step.independent().values()
    for number, layer in enumerate(step.network.layers, start=1):
        kinked = layer.activation.name in ("relu", "leaky-relu", "elu")
        if kinked and any(z == 0 for z in values[f"z{number}"].ravel()):
            return True
    last = values[f"a{len(step.network)}"]
    if step.loss.name == "huber":
        return any(abs(abs(r) - 0.5) < 1e-30 for r in (last - values["t"]).ravel())
    return False
