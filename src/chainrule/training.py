"""Training: epochs, batches and the history of a run."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arrays import Array, as_floats
from chainrule.engine.reference import (
    apply_optimizer,
    backward_propagation,
    calculate_loss,
    forward_propagation,
)
from chainrule.errors import DivergedError, InputError, ShapeError
from chainrule.losses import Loss, named_loss
from chainrule.mistakes import Mistake, named_mistake
from chainrule.network import Network
from chainrule.optimizers import Optimizer, State


@final
@dataclass(frozen=True)
class Run:
    """What a training run leaves: the trained network and its history, as plain data.

    `losses` maps a reported epoch to the loss over all samples before that epoch's first update.
    `final_output` and `final_loss` are those of the last such forward pass, before the last epoch's
    updates; `network` is the one after them. `epochs` counts the epochs that were run.
    Shapes: `final_output` (N, O), always with its sample axis.

    >>> from chainrule import Dense, GradientDescent, Network, train
    >>> network = Network(Dense([[0.5]], [0.0]))
    >>> run = train(network, [1.0], [1.0], optimizer=GradientDescent(0.25), epochs=2)
    >>> run.losses, run.final_output, run.network([1.0])
    ({0: 0.125, 1: 0.03125}, array([[0.75]]), array([0.875]))
    """

    network: Network
    losses: dict[int, float]
    final_output: Array
    final_loss: float
    epochs: int


def train(
    network: Network,
    inputs: ArrayLike,
    targets: ArrayLike | None = None,
    *,
    optimizer: Optimizer,
    epochs: int,
    loss: str | Loss = "half-squared-error",
    reduction: Literal["mean", "sum"] = "mean",
    batch_size: int | Literal["all"] = "all",
    shuffle: bool = False,
    seed: int | np.random.Generator = 0,
    report_every: int | None = None,
    mistake: str | None = None,
    report: Callable[[int, float], None] | None = None,
) -> Run:
    """Train a network: forward, loss, backward, update, for so many epochs.

        w <- update(w, dL/dw),  L the loss of a batch, once for each batch of each epoch

    Computes in the network's dtype; the same call gives the same bits. Without `shuffle` the batches
    are the samples in order, the last one may be smaller. The loss is kept every `report_every` epochs
    (a tenth of the run when left out) and handed to `report(epoch, loss)` at once. `mistake` names a
    classic mistake to make on purpose, as a published run did.

    Shapes: inputs (N, I), targets (N, O), or one sample without the N.
    Raises: DivergedError when the loss or a parameter is no longer finite; ShapeError and InputError
    for arguments that cannot be used; DomainError when an output leaves the loss's domain.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), algorithm 8.1.

    >>> from chainrule import Dense, GradientDescent, Network, train
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> run = train(network, [1.0, 2.0], [1.0], optimizer=GradientDescent(1.0), epochs=100)
    >>> {epoch: round(loss, 6) for epoch, loss in run.losses.items() if epoch % 50 == 0}
    {0: 0.112822, 50: 0.000947}
    >>> run.network.parameters["b1"]
    array([0.6610132])
    """
    loss = named_loss(loss) if isinstance(loss, str) else loss
    made = named_mistake(mistake) if mistake is not None else None
    if made is not None and not made.places(network, loss):
        raise InputError(f"the mistake {made.name!r} cannot happen in this network")
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer must be one such as Adam(0.01), got {optimizer!r}")
    x = np.atleast_2d(network.as_inputs(inputs))
    if len(x) == 0:
        raise InputError("there are no samples to train on")
    t = None if targets is None else targets_by_sample(targets, len(x), network)
    require_count("epochs", epochs)
    if report_every is None:
        report_every = max(1, epochs // 10)
    require_count("report_every", report_every)
    if batch_size != "all":
        require_count("batch_size", batch_size)
    losses: dict[int, float] = {}
    reported = -1
    # A run may overflow on its way to diverging: it is told so in words below, not by a warning.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in training_steps(
            network, x, t, optimizer, epochs, loss, reduction, batch_size, shuffle, seed, made
        ):
            network, epoch = step.network, step.epoch
            if epoch in (reported, epochs) or not (
                epoch % report_every == 0 or epoch == epochs - 1
            ):
                continue
            reported = epoch
            forward = forward_propagation(network, x)
            final_output = forward[f"a{len(network)}"]
            final_loss = calculate_loss(network, forward, t, loss, reduction)
            if epoch == 0 and not np.isfinite(final_loss):
                raise DivergedError(
                    0,
                    f"the loss is {final_loss} before the first update: the data or the starting "
                    "weights are too large",
                )
            require_finite(epoch, "the loss", final_loss, optimizer)
            if epoch % report_every == 0:
                losses[epoch] = final_loss
                if report is not None:
                    report(epoch, final_loss)
    return Run(network, losses, final_output, final_loss, epochs)


@final
@dataclass(frozen=True)
class TrainingStep:
    """One update of a run, before it is made: the batch's rows, the network and its optimizer's states.

    The last one, with no rows, is what the run leaves.
    """

    epoch: int
    rows: NDArray[np.intp]
    network: Network
    states: Mapping[str, State]


def training_steps(
    network: Network,
    x: Array,
    t: Array | None,
    optimizer: Optimizer,
    epochs: int,
    loss: Loss,
    reduction: str,
    batch_size: int | Literal["all"],
    shuffle: bool,
    seed: int | np.random.Generator,
    mistake: Mistake | None,
) -> Iterator[TrainingStep]:
    """Every update of a run, in order, each before it is made.

    Raises: DivergedError when a batch's loss or a parameter is no longer finite.
    """
    rng = np.random.default_rng(seed)
    states: dict[str, State] = {}
    order = np.arange(len(x))
    for epoch in range(epochs):
        for rows in batches(len(x), batch_size, shuffle, rng):
            yield TrainingStep(epoch, order[rows], network, states)
            x_batch, t_batch = x[rows], None if t is None else t[rows]
            forward = forward_propagation(network, x_batch)
            batch_loss = calculate_loss(network, forward, t_batch, loss, reduction)
            require_finite(epoch, "the loss", batch_loss, optimizer)
            if mistake is None:
                gradients = backward_propagation(network, forward, t_batch, loss, reduction)
            else:
                gradients = mistake.gradients(
                    network, forward, t_batch, loss, reduction, optimizer, states
                )
            network, states = apply_optimizer(network, gradients, optimizer, states)
        for name, parameter in network.parameters.items():
            require_finite(epoch, name, parameter, optimizer)
    yield TrainingStep(epochs, order[:0], network, states)


def targets_by_sample(targets: ArrayLike, samples: int, network: Network) -> Array:
    """Targets as (samples, outputs); a flat list is one sample's outputs, or the samples' one output."""
    t, outputs = as_floats(targets, "targets", network.dtype), network.outputs
    if t.ndim == 1 and t.size == samples * outputs and 1 in (samples, outputs):
        t = t.reshape(samples, outputs)
    if t.shape != (samples, outputs):
        raise ShapeError(
            f"targets must have shape ({samples}, {outputs}), samples x outputs, got {t.shape}"
        )
    return t


def batches(
    samples: int, batch_size: int | Literal["all"], shuffle: bool, rng: np.random.Generator
) -> Iterator[NDArray[np.intp] | slice]:
    """The rows of each batch of one epoch. One batch of all is not shuffled: a sum has no order."""
    if batch_size == "all" or batch_size >= samples:
        yield slice(None)
        return
    order = rng.permutation(samples) if shuffle else None
    for start in range(0, samples, batch_size):
        rows = slice(start, start + batch_size)
        yield rows if order is None else order[rows]


def require_count(name: str, number: object) -> None:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise InputError(f"{name} must be a whole number, 1 or more, got {number!r}")


def require_finite(epoch: int, name: str, values: Array | float, optimizer: Optimizer) -> None:
    if not np.isfinite(values).all():
        raise DivergedError(
            epoch,
            f"the run diverged in epoch {epoch}: {name} is no longer finite; try a smaller learning "
            f"rate than {optimizer.learning_rate:g}, smaller starting weights, or standardized inputs",
        )
