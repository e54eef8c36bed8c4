"""What the page is about, as data: a network, its samples, its training, and the numbers of its first step."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.digits import show_number
from chainrule.errors import InputError
from chainrule.explanation.composition import GIVEN_WORDS
from chainrule.explanation.request import task_of
from chainrule.explanation.work import EXACT_PARAMETERS, Ledger, Task, work_step
from chainrule.explorer.vocabulary import (
    activations_as_data,
    divergence_message,
    links_as_data,
    losses_as_data,
    mistakes_as_data,
    optimizer_as_data,
    sections_as_data,
)
from chainrule.losses import LOSSES
from chainrule.mistakes import MISTAKES
from chainrule.network import Network
from chainrule.optimizers import OPTIMIZERS
from chainrule.problem import Problem
from chainrule.rendering.mathml import key_of
from chainrule.rules import RULES
from chainrule.training import batches

# Parameters times samples: so much is worked in 50 digits while a page is made, which takes about a second.
EXACT_WORK = 4000
# Recorded orders of shuffled samples hold so many numbers at most; the page says what it does beyond.
MOST_ORDERS = 200_000
# Longer arrays are written in base 64, which is shorter, and read at once.
LONG = 256


def describe(problem: Problem) -> dict[str, Any]:
    """Everything that the page needs to know of a problem.

    Raises: InputError for functions of one's own, which the page cannot compute.
    """
    require_known(problem)
    network, schedule = problem.network, problem.training
    x, t = problem.data.inputs, problem.data.targets
    orders = recorded_orders(problem)
    task = first_step(problem, orders)
    return {
        "title": problem.title,
        "layers": layers_as_data(network),
        "loss": {"name": problem.loss.name, **problem.loss.parameters},
        "reduction": problem.reduction,
        "parameters": {name: packed(written(a)) for name, a in network.parameters.items()},
        "x": packed(x),
        "t": None if t is None else packed(t),
        "samples": len(x),
        "left_out": len(problem.data.test_inputs),
        "classes": problem.data.classes,
        "dtype": np.dtype(network.dtype).name,
        "training": None if schedule is None else schedule_as_data(problem),
        "orders": None if orders is None else packed(orders),
        "activations": activations_as_data(),
        "losses": losses_as_data(),
        "links": links_as_data(),
        "given": GIVEN_WORDS,
        "sections": sections_as_data(task),
        "mistakes": mistakes_as_data(len(network)),
        "diverged": divergence_message(),
        "exact": exact_digits(task),
    }


def require_known(problem: Problem) -> None:
    for number, layer in enumerate(problem.network.layers, start=1):
        name = layer.activation.name
        if name not in RULES and name != "identity":
            raise InputError(
                f"layer {number} has the activation {name!r}, which is not built in: the page computes by itself, "
                "and knows the activations of chainrule.named_activation"
            )
    if problem.loss.name not in LOSSES:
        raise InputError(
            f"the loss {problem.loss.name!r} is not built in: the page computes by itself, and knows the losses of "
            "chainrule.named_loss"
        )


def layers_as_data(network: Network) -> list[dict[str, Any]]:
    return [
        {
            "inputs": layer.inputs,
            "units": layer.units,
            "activation": {"name": layer.activation.name, **layer.activation.parameters},
            "train_biases": layer.train_biases,
            "share_bias": layer.share_bias,
            "bias_sign": layer.bias_sign,
        }
        for layer in network.layers
    ]


def schedule_as_data(problem: Problem) -> dict[str, Any]:
    schedule = problem.training
    assert schedule is not None
    name = next(key for key, kind in OPTIMIZERS.items() if kind is type(schedule.optimizer))
    return {
        "optimizer": optimizer_as_data(schedule.optimizer, name),
        "epochs": schedule.epochs,
        "batch_size": schedule.batch_size,
        "shuffle": schedule.shuffle,
        "seed": schedule.seed,
        "report_every": schedule.report_every,
        "mistake": schedule.mistake,
    }


def recorded_orders(problem: Problem) -> NDArray[np.int64] | None:
    """The order of samples in each epoch of a shuffled run, as many epochs as are recorded."""
    schedule, samples = problem.training, len(problem.data.inputs)
    if schedule is None or not schedule.shuffle or schedule.batch_size == "all":
        return None
    if schedule.batch_size >= samples:
        return None
    rng = problem.order_of_samples()
    epochs = max(1, min(schedule.epochs, MOST_ORDERS // samples))
    rows = np.arange(samples)
    orders = [
        np.concatenate([rows[batch] for batch in batches(samples, schedule.batch_size, True, rng)])
        for _ in range(epochs)
    ]
    return np.array(orders)


# --- the first step -------------------------------------------------------------------------------


def first_step(problem: Problem, orders: NDArray[np.int64] | None) -> Task:
    """The first update that the problem's run makes, or would make."""
    schedule, samples = problem.training, len(problem.data.inputs)
    size: int | Literal["all"] = "all" if schedule is None else schedule.batch_size
    rows = np.arange(samples) if orders is None else orders[0]
    return task_of(problem, problem.network, rows if size == "all" else rows[:size])


def exact_digits(task: Task) -> dict[str, Any] | None:
    """The digits of every number of the first step in exact arithmetic; None where that would take long.

    `mistaken` has them for each mistake that can be made here.
    """
    samples = len(task.x) if task.batch else 1
    if task.parameters > EXACT_PARAMETERS or task.parameters * samples > EXACT_WORK:
        return None
    found: dict[str, Any] = {}
    for name, mistake in MISTAKES.items():
        if mistake.places(task.network, task.loss) and (task.optimizer or not mistake.of_update):
            work = work_step(replace(task, mistake=mistake))
            assert work.mistaken is not None
            found[name] = digits_of(work.mistaken)
            right = digits_of(work.ledger)
    if not found:
        right = digits_of(work_step(replace(task, mistake=None)).ledger)
    return {"right": right, "mistaken": found}


def digits_of(ledger: Ledger) -> Mapping[str, list[str]]:
    return {
        key_of(symbol): [str(show_number(value)) for value in np.ravel(numbers)]
        for symbol, numbers in ledger.items()
        if not isinstance(numbers, int)
    }


# --- arrays ---------------------------------------------------------------------------------------


def written(array: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers as the decimals that they are written as: 0.1 in float32 is 0.1 here, too."""
    if array.dtype == np.float64:
        return array
    return array.astype(str).astype(np.float64)


def packed(array: NDArray[Any]) -> Any:
    """An array, row after row: a list, or bytes in base 64 where that is shorter."""
    flat = np.ravel(array)
    if flat.size <= LONG:
        return flat.tolist()
    small = flat.astype(np.uint8)
    if (flat == small).all():
        return {"u1": base64.b64encode(small.tobytes()).decode()}
    return {"f8": base64.b64encode(flat.astype("<f8").tobytes()).decode()}
