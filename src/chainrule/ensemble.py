"""Ensembles: many networks of one shape, trained side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arrays import as_floats
from chainrule.engine import native
from chainrule.engine.plan import Plan, check_plan, require_count
from chainrule.errors import DivergedError, InputError, ShapeError
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.training import Engine, Run, choose_engine, draw_orders, train


def train_many(
    networks: Sequence[Network],
    inputs: ArrayLike,
    targets: ArrayLike | None = None,
    *,
    optimizer: Optimizer,
    epochs: int,
    learning_rates: ArrayLike | None = None,
    samples: ArrayLike | None = None,
    loss: str | Loss = "half-squared-error",
    reduction: Literal["mean", "sum"] = "mean",
    batch_size: int | Literal["all"] = "all",
    shuffle: bool = False,
    seeds: int | Sequence[int] = 0,
    report_every: int | None = None,
    engine: Engine = "auto",
    threads: int | None = None,
) -> list[Run]:
    """Train many networks of one shape on the same data: seeds, learning rates, starts or resamples compared.

        runs[m] = train(networks[m], inputs[samples[m]], targets[samples[m]], learning rate m, seed m)

    `learning_rates` has one number a network (the optimizer's when left out), `samples` one row of sample numbers a
    network, such as a bootstrap draws (all samples when left out), and `seeds` one number for all or one a network;
    they matter with `shuffle` only. The native engine puts a network into each lane of the processor's vectors, and
    shares them out over `threads`, all processors when left out. A run that diverges does not stop the others: from
    there on its losses are NaN, and so are its parameters.

    Shapes: M networks; inputs (N, I), targets (N, O), learning_rates (M,), samples (M, S).
    Raises: InputError and ShapeError for arguments that cannot be used; DomainError as `train`.
    Source: Breiman, Bagging predictors, Machine Learning 24 (1996), for resamples.

    >>> from chainrule import Dense, GradientDescent, Network, train_many
    >>> networks = [Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))] * 3
    >>> runs = train_many(networks, [1.0, 2.0], [1.0], optimizer=GradientDescent(1.0), epochs=100,
    ...                   learning_rates=[0.1, 1.0, 2.0])
    >>> print(np.array([run.final_loss for run in runs]).round(6))
    [0.006016 0.000464 0.000222]
    """
    networks = list(networks)
    require_one_shape(networks)
    count = len(networks)
    plan = check_plan(
        networks[0], inputs, targets, loss, reduction, optimizer, epochs, batch_size, report_every
    )
    if threads is not None:
        require_count("threads", threads)
    rates = np.full(count, optimizer.learning_rate)
    if learning_rates is not None:
        rates = as_floats(learning_rates, "learning_rates", np.float64)
        require_one_each("learning_rates", rates.shape, count)
    optimizers = [optimizer] * count
    if learning_rates is not None:
        optimizers = [replace(optimizer, learning_rate=float(rate)) for rate in rates]
    rows = None if samples is None else check_rows(samples, count, len(plan.x))
    if rows is not None:  # a resample may be larger than the data, and so may its batches
        size = rows.shape[1]
        plan = replace(plan, batch_size=size if batch_size == "all" else min(batch_size, size))
    each_seed = [seeds] * count if isinstance(seeds, int) else list(seeds)
    require_one_each("seeds", (len(each_seed),), count)
    chosen = choose_engine(engine, networks[0], plan.loss, optimizer, None)
    # Outputs outside 0 to 1 end a run of a loss of probabilities, and here no run may end alone.
    safe = plan.loss.domain is None or networks[0].layers[-1].activation.name in (
        "sigmoid",
        "softmax",
    )
    if chosen == "native" and safe and count > 1:
        orders = None
        if shuffle:
            orders = orders_of_all(seeds, plan, rows)
        return run_side_by_side(networks, plan, rates, rows, orders, threads)
    runs = []
    for m, network in enumerate(networks):
        x, t = plan.x, plan.t
        if rows is not None:
            x, t = x[rows[m]], None if t is None else t[rows[m]]
        losses: dict[int, float] = {}
        try:
            run = train(
                network,
                x,
                t,
                optimizer=optimizers[m],
                epochs=epochs,
                loss=plan.loss,
                reduction=reduction,
                batch_size=batch_size,
                shuffle=shuffle,
                seed=each_seed[m],
                report_every=plan.report_every,
                report=losses.__setitem__,
                engine=chosen,
                threads=threads,
            )
        except DivergedError:
            run = diverged(network, plan, losses, len(x), chosen)
        runs.append(run)
    return runs


def run_side_by_side(
    networks: Sequence[Network],
    plan: Plan,
    learning_rates: NDArray[np.float64],
    rows: NDArray[np.int64] | None,
    order: Callable[[int], NDArray[np.int64]] | None,
    threads: int | None,
) -> list[Run]:
    """All networks in one call of the native engine."""
    histories: dict[int, list[float]] = {}
    left = native.fit(
        networks,
        plan,
        order,
        histories.__setitem__,
        threads or native.default_threads(networks[0], plan.batch_size * len(networks)),
        learning_rates,
        rows,
    )
    last = plan.epochs - 1
    finite = left.finite & np.isfinite(list(histories.values())).all(axis=0)
    runs = []
    for m, (network, output) in enumerate(zip(left.networks, left.outputs, strict=True)):
        losses = {epoch: losses[m] for epoch, losses in histories.items()}
        final_loss = losses[last]
        if last % plan.report_every:
            del losses[last]
        if finite[m]:
            runs.append(Run(network, losses, output, final_loss, plan.epochs, "native"))
        else:
            runs.append(diverged(network, plan, losses, len(output), "native"))
    return runs


def diverged(
    network: Network,
    plan: Plan,
    losses: Mapping[int, float],
    samples: int,
    engine: Literal["native", "reference"],
) -> Run:
    """A run that diverged: its history up to there, and NaN from there on."""
    history, finite = {}, True
    for epoch in range(0, plan.epochs, plan.report_every):
        loss = losses.get(epoch, np.nan)
        finite = finite and bool(np.isfinite(loss))
        history[epoch] = loss if finite else np.nan
    nothing = {name: np.full_like(array, np.nan) for name, array in network.parameters.items()}
    output = np.full((samples, network.outputs), np.nan, network.dtype)
    return Run(network.with_parameters(nothing), history, output, np.nan, plan.epochs, engine)


def orders_of_all(
    seeds: int | Sequence[int], plan: Plan, rows: NDArray[np.int64] | None
) -> Callable[[int], NDArray[np.int64]] | None:
    """The orders of samples of each epoch: one for all networks, or one a network."""
    samples = len(plan.x) if rows is None else rows.shape[1]
    if plan.batch_size >= samples:
        return None
    if isinstance(seeds, int):
        return draw_orders(np.random.default_rng(seeds), samples)
    draws = [draw_orders(np.random.default_rng(seed), samples) for seed in seeds]
    return lambda epoch: np.stack([draw(epoch) for draw in draws])


def require_one_shape(networks: Sequence[Network]) -> None:
    if not networks:
        raise InputError("there are no networks to train")
    if not all(isinstance(network, Network) for network in networks):
        raise InputError("networks must be a sequence of Network")
    kinds = [layers_but_numbers(network) for network in networks]
    for number, kind in enumerate(kinds):
        if kind != kinds[0]:
            raise ShapeError(
                f"networks[{number}] differs from networks[0] in more than its numbers: shapes, dtype, "
                "activations and kinds of biases must be the same"
            )


def layers_but_numbers(network: Network) -> list[object]:
    return [
        (
            layer.weights.shape,
            layer.weights.dtype,
            layer.biases.shape,
            layer.activation,
            layer.train_biases,
            layer.share_bias,
            layer.bias_sign,
        )
        for layer in network.layers
    ]


def require_one_each(name: str, shape: tuple[int, ...], count: int) -> None:
    if shape != (count,):
        raise ShapeError(f"{name} must be one a network, shape ({count},), got {shape}")


def check_rows(samples: ArrayLike, networks: int, available: int) -> NDArray[np.int64]:
    rows = np.asarray(samples)
    if rows.ndim != 2 or len(rows) != networks or rows.shape[1] == 0 or rows.dtype.kind not in "iu":
        raise ShapeError(
            f"samples must be whole numbers, a row a network, shape ({networks}, S), got "
            f"{rows.dtype} of shape {rows.shape}"
        )
    outside = (rows < 0) | (rows >= available)
    if outside.any():
        raise InputError(
            f"samples has {rows[outside][0]}; sample numbers run from 0 to {available - 1}"
        )
    return np.ascontiguousarray(rows, dtype=np.int64)
