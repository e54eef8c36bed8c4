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
    """How a run ended: `end` is one of ENDS; `parameter` and `value` say what was not finite, or outside.

    `finite` tells of each network whether all its parameters are.
    """

    end: str
    epoch: int
    parameter: str
    value: float
    networks: list[Network]
    outputs: Array
    finite: NDArray[np.bool_]


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
    parameters = flat_parameters(networks)
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
        parameters=parameters.reshape(-1),
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
    finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(parameters), axis=1)
    trained = with_flat_parameters(networks, parameters)
    return NativeRun(
        ENDS[end], epoch, list(first.parameters)[parameter], value, trained, outputs, finite
    )


def optimizer_numbers(optimizer: Optimizer) -> dict[str, Any]:
    names = {kind: name for name, kind in OPTIMIZERS.items()}
    settings = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
    return {"kind": NATIVE_OPTIMIZERS.index(names[type(optimizer)]), **settings}


def flat_parameters(networks: Sequence[Network]) -> Array:
    """w1, b1, w2, b2 ... one after another, a row a network; a shared bias stands for every unit."""
    count, first = len(networks), networks[0]
    parts = []
    for number, layer in enumerate(first.layers):
        weights = np.array([network.layers[number].weights for network in networks])
        biases = np.array([network.layers[number].biases for network in networks])
        parts += [weights.reshape(count, -1), np.broadcast_to(biases, (count, layer.units))]
    return np.concatenate(parts, axis=1)


def with_flat_parameters(networks: Sequence[Network], flat: Array) -> list[Network]:
    columns, start = [], 0
    for layer in networks[0].layers:
        end = start + layer.weights.size
        columns.append(flat[:, start:end].reshape(len(networks), *layer.weights.shape))
        # The numbers of a network are its own: no view keeps those of all others alive.
        columns.append(flat[:, end : end + layer.biases.size])
        start = end + layer.units
    return [
        network.with_arrays([array.copy() for array in arrays])
        for network, *arrays in zip(networks, *columns, strict=True)
    ]
