"""Training: epochs, batches and the history of a run."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arrays import Array
from chainrule.engine import native
from chainrule.engine.plan import Plan, check_plan, require_count
from chainrule.engine.reference import (
    apply_optimizer,
    backward_propagation,
    calculate_loss,
    forward_propagation,
)
from chainrule.errors import DivergedError, InputError
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.optimizers import Optimizer, State

if TYPE_CHECKING:
    from chainrule.mistakes import Mistake

Engine = Literal["auto", "native", "reference"]


@final
@dataclass(frozen=True)
class Run:
    """What a training run leaves: the trained network and its history, as plain data.

    `losses` maps a reported epoch to the loss over all samples before that epoch's first update.
    `final_output` and `final_loss` are those of the last such forward pass, before the last epoch's
    updates; `network` is the one after them. `epochs` counts the epochs that were run, and `engine` names the
    one that computed them, "native" or "reference".
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
    engine: str


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
    engine: Engine = "auto",
    threads: int | None = None,
) -> Run:
    """Train a network: forward, loss, backward, update, for so many epochs.

        w <- update(w, dL/dw),  L the loss of a batch, once for each batch of each epoch

    Computes in the network's dtype. Without `shuffle` the batches are the samples in order, the last one may
    be smaller. The loss is kept every `report_every` epochs (a tenth of the run when left out) and handed to
    `report(epoch, loss)` at once. `mistake` names a classic mistake to make on purpose, as a published run did.

    `engine` is "native" (compiled), "reference" (NumPy), or "auto": native where it is built. Functions of your
    own, and mistakes, are computed by the reference engine, the former with a warning. The same call gives the same
    bits on one machine, whatever `threads` is; the two engines, and other machines, agree up to rounding.
    `threads` is chosen by the size of a batch when left out.

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
    plan = check_plan(
        network, inputs, targets, loss, reduction, optimizer, epochs, batch_size, report_every
    )
    made = find_mistake(mistake, network, plan.loss) if mistake is not None else None
    if threads is not None:
        require_count("threads", threads)
    losses: dict[int, float] = {}

    def record(epoch: int, loss_over_all: float) -> None:
        if epoch == 0 and not np.isfinite(loss_over_all):
            raise DivergedError(
                0,
                f"the loss is {loss_over_all} before the first update: the data or the starting "
                "weights are too large",
            )
        require_finite(epoch, "the loss", loss_over_all, optimizer)
        if epoch % plan.report_every == 0:
            losses[epoch] = loss_over_all
            if report is not None:
                report(epoch, loss_over_all)

    chosen = choose_engine(engine, network, plan.loss, optimizer, made)
    if chosen == "native":
        left = run_native(network, plan, shuffle, seed, threads, record)
    else:
        left = run_reference(network, plan, shuffle, seed, made, record)
    trained, final_output, final_loss = left
    return Run(trained, losses, final_output, final_loss, epochs, chosen)


def find_mistake(name: str, network: Network, loss: Loss) -> "Mistake":
    # Not at the top: loading all formulas takes as long as a small training, and only a mistake needs them.
    from chainrule.mistakes import named_mistake

    mistake = named_mistake(name)
    if not mistake.places(network, loss):
        raise InputError(f"the mistake {mistake.name!r} cannot happen in this network")
    return mistake


def run_reference(
    network: Network,
    plan: Plan,
    shuffle: bool,
    seed: int | np.random.Generator,
    mistake: "Mistake | None",
    record: Callable[[int, float], None],
) -> tuple[Network, Array, float]:
    """The trained network, and outputs and loss of the last recorded epoch."""
    reported = -1
    # A run may overflow on its way to diverging: it is told so in words, not by a warning.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in training_steps(
            network,
            plan.x,
            plan.t,
            plan.optimizer,
            plan.epochs,
            plan.loss,
            plan.reduction,
            plan.batch_size,
            shuffle,
            seed,
            mistake,
        ):
            network, epoch = step.network, step.epoch
            if epoch in (reported, plan.epochs) or not plan.is_reported(epoch):
                continue
            reported = epoch
            forward = forward_propagation(network, plan.x)
            final_output = forward[f"a{len(network)}"]
            final_loss = calculate_loss(network, forward, plan.t, plan.loss, plan.reduction)
            record(epoch, final_loss)
    return network, final_output, final_loss


def run_native(
    network: Network,
    plan: Plan,
    shuffle: bool,
    seed: int | np.random.Generator,
    threads: int | None,
    record: Callable[[int, float], None],
) -> tuple[Network, Array, float]:
    """The same from the native engine, which tells what went wrong by name."""
    final_loss = 0.0

    def record_first(epoch: int, losses: list[float]) -> None:
        nonlocal final_loss
        (final_loss,) = losses
        record(epoch, final_loss)

    samples, loss = len(plan.x), plan.loss
    if loss.domain is not None and plan.t is not None:
        loss.domain(np.clip(plan.t, 0.0, 1.0), plan.t)  # of the targets; the core sees to outputs
    left = native.fit(
        [network],
        plan,
        draw_orders(np.random.default_rng(seed), samples)
        if shuffle and plan.batch_size < samples
        else None,
        record_first,
        threads or native.default_threads(network, plan.batch_size),
    )
    if left.end == "domain":
        loss.require_domain(np.array([left.value]), np.zeros(1))
    if left.end == "loss":
        require_finite(left.epoch, "the loss", left.value, plan.optimizer)
    if left.end == "parameter":
        require_finite(left.epoch, left.parameter, np.inf, plan.optimizer)
    return left.networks[0], left.outputs[0], final_loss


def choose_engine(
    engine: str, network: Network, loss: Loss, optimizer: Optimizer, mistake: "Mistake | None"
) -> Literal["native", "reference"]:
    """Which engine computes a run: "auto" is native where it is built and knows all that the run needs.

    Warns where a run falls back to the reference engine for something of one's own. Raises: InputError for
    "native" where it is not built.
    """
    if engine not in ("auto", "native", "reference"):
        raise InputError(f'engine must be "auto", "native" or "reference", got {engine!r}')
    if engine == "native" and not native.is_built():
        raise InputError(
            "the native engine is not built here; install chainrule where GCC or Clang is found, or "
            'use engine "auto" or "reference"'
        )
    if engine == "reference" or not native.is_built():
        return "reference"
    unknown = native.what_is_not_native(network, loss, optimizer)
    if mistake is not None and engine == "native":
        unknown = f"mistake {mistake.name!r}"
    if unknown is not None:
        warnings.warn(
            f"{unknown} is not native: the reference engine computes", UserWarning, stacklevel=3
        )
    return "reference" if unknown is not None or mistake is not None else "native"


def draw_orders(rng: np.random.Generator, samples: int) -> Callable[[int], NDArray[np.int64]]:
    """The order of samples of each epoch, drawn when it is asked for: the same as the reference engine's."""

    def order(epoch: int) -> NDArray[np.int64]:
        return rng.permutation(samples).astype(np.int64, copy=False)

    return order


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
    mistake: "Mistake | None",
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


def require_finite(epoch: int, name: str, values: Array | float, optimizer: Optimizer) -> None:
    if not np.isfinite(values).all():
        raise DivergedError(
            epoch,
            f"the run diverged in epoch {epoch}: {name} is no longer finite; try a smaller learning "
            f"rate than {optimizer.learning_rate:g}, smaller starting weights, or standardized inputs",
        )
