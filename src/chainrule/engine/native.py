"""The native engine: a whole run, or many networks' runs, in one call of the compiled core.

The core (`src/core`, C++) computes what `reference` computes, in float32 or float64: epochs, batches, forward,
loss, backward and update, without Python in between. It is optional: `is_built` tells whether this installation has it.
Starting weights and the order of samples are drawn here, by NumPy, so that both engines see the same.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.arrays import Array
from chainrule.engine.plan import Plan
from chainrule.losses import LOSSES, Loss
from chainrule.network import Network
from chainrule.optimizers import OPTIMIZERS, Optimizer

try:
    import chainrule.engine.core as core
except ImportError:
    BUILT = False
else:
    BUILT = True

# What the core knows by number; the order is that of the enumerations in src/core/plan.hpp.
NATIVE_ACTIVATIONS = (
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky-relu",
    "elu",
    "softplus",
    "silu",
    "gelu",
    "softmax",
)
NATIVE_LOSSES = (
    "half-squared-error",
    "squared-error",
    "mean-squared-error",
    "huber",
    "output",
    "binary-cross-entropy",
    "cross-entropy",
)
NATIVE_OPTIMIZERS = ("gradient-descent", "momentum", "nesterov", "rmsprop", "adam", "adamw")
ENDS = ("finished", "loss", "parameter", "domain", "interrupted", "memory")
INSTRUCTIONS = ("plain", "avx2", "avx512")

# From so many multiplications a batch and layer on, two threads gain more than their meeting costs.
THREADED_WORK = 4_000_000
# Threads wait for each other by looking, which many more than there are processors would slow down.
MOST_THREADS = 64


def is_built() -> bool:
    """Whether this installation has the compiled core."""
    return BUILT


def instructions() -> list[str]:
    """The instruction sets that the core can use on this machine; the last one is what it uses."""
    return [INSTRUCTIONS[number] for number in core.available()] if BUILT else []


def what_is_not_native(network: Network, loss: Loss, optimizer: Optimizer) -> str | None:
    """What of a run the core does not know, in words: an activation, loss or optimizer of one's own."""
    for layer in network.layers:
        if not is_built_in(layer.activation, ACTIVATIONS.get(layer.activation.name)):
            return f"activation {layer.activation.name!r}"
    if not is_built_in(loss, LOSSES.get(loss.name)):
        return f"loss {loss.name!r}"
    if type(optimizer) not in OPTIMIZERS.values():
        return f"optimizer {type(optimizer).__name__}"
    return None


def is_built_in(used: Activation | Loss, known: Activation | Loss | None) -> bool:
    """Whether it computes what the one of that name computes: only numbers such as alpha may differ."""
    return known is not None and all(
        getattr(used, field.name) == getattr(known, field.name)
        for field in fields(known)
        if field.name != "parameters"
    )


def default_threads(network: Network, batch_size: int) -> int:
    """All processors where a batch is work enough for them, else 1."""
    weights = sum(layer.weights.size for layer in network.layers)
    if weights * batch_size < THREADED_WORK:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@final
@dataclass(frozen=True)
class NativeRun:
    """How a run ended: `end` is one of ENDS; `parameter` and `value` say what was not finite, or outside."""

    end: str
    epoch: int
    parameter: str
    value: float
    networks: list[Network]
    outputs: Array


def fit(
    networks: Sequence[Network],
    plan: Plan,
    order: Callable[[int], NDArray[np.int64]] | None,
    report: Callable[[int, list[float]], None],
    threads: int,
    learning_rates: NDArray[np.float64] | None = None,
    rows: NDArray[np.int64] | None = None,
    instructions: str | None = None,
) -> NativeRun:
    """Train networks of one shape and dtype; a single one has its samples side by side.

    Shapes: `order(epoch)` gives (S,) row numbers, or (M, S) where each of M networks has its own; `rows` (M, S) are
    the samples that each network sees, S being all N without it; `learning_rates` (M,).
    Raises: what `report` and `order` raise; KeyboardInterrupt; MemoryError; ValueError for sizes that do not fit.
    """
    first = networks[0]
    samples = len(plan.x) if rows is None else rows.shape[1]
    parameters = np.concatenate([flat_parameters(network) for network in networks])
    outputs = np.empty((len(networks), samples, first.outputs), first.dtype)
    end, epoch, parameter, value = core.run(
        layers=[
            {
                "inputs": layer.inputs,
                "units": layer.units,
                "activation": NATIVE_ACTIVATIONS.index(layer.activation.name),
                "alpha": float(layer.activation.parameters.get("alpha", 0.0)),
                "train_biases": bool(layer.train_biases),
                "share_bias": bool(layer.share_bias),
                "bias_sign": layer.sign,
            }
            for layer in first.layers
        ],
        loss=NATIVE_LOSSES.index(plan.loss.name),
        delta=float(plan.loss.parameters.get("delta", 0.0)),
        mean=plan.reduction == "mean",
        optimizer=optimizer_numbers(plan.optimizer),
        inputs=np.ascontiguousarray(plan.x),
        targets=None if plan.t is None else np.ascontiguousarray(plan.t),
        parameters=parameters,
        outputs=outputs,
        learning_rates=learning_rates,
        rows=rows,
        samples=samples,
        data_samples=len(plan.x),
        networks=len(networks),
        batch_size=min(plan.batch_size, samples),
        epochs=plan.epochs,
        report_every=plan.report_every,
        threads=min(threads, MOST_THREADS),
        instructions=-1 if instructions is None else INSTRUCTIONS.index(instructions),
        report=report,
        order=order,
    )
    if ENDS[end] == "memory":
        raise MemoryError
    trained = [
        with_flat_parameters(network, part)
        for network, part in zip(networks, np.split(parameters, len(networks)), strict=True)
    ]
    return NativeRun(ENDS[end], epoch, list(first.parameters)[parameter], value, trained, outputs)


def optimizer_numbers(optimizer: Optimizer) -> dict[str, Any]:
    names = {kind: name for name, kind in OPTIMIZERS.items()}
    settings = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
    return {"kind": NATIVE_OPTIMIZERS.index(names[type(optimizer)]), **settings}


def flat_parameters(network: Network) -> Array:
    """w1, b1, w2, b2 ... one after another; a shared bias stands for every unit."""
    return np.concatenate(
        [
            part
            for layer in network.layers
            for part in (layer.weights.ravel(), np.broadcast_to(layer.biases, layer.units))
        ]
    )


def with_flat_parameters(network: Network, flat: Array) -> Network:
    parameters, start = {}, 0
    for number, layer in enumerate(network.layers, start=1):
        weights = flat[start : start + layer.weights.size]
        start += layer.weights.size
        parameters[f"w{number}"] = weights.reshape(layer.weights.shape)
        parameters[f"b{number}"] = flat[start : start + layer.units][: layer.biases.size]
        start += layer.units
    return network.with_parameters(parameters)
