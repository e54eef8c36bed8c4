"""The problem file: TOML in, a network with its data and its training out."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from chainrule.activations import ACTIVATIONS, Activation, named_activation
from chainrule.arrays import Array, as_floats
from chainrule.errors import DomainError, InputError, ProblemError
from chainrule.initialisation import INITIALISATIONS, draw_weights
from chainrule.losses import LOSSES, Loss, named_loss
from chainrule.mistakes import MISTAKES
from chainrule.network import Dense, Network
from chainrule.optimizers import OPTIMIZERS, Optimizer, named_optimizer
from chainrule.problem.dataset import (
    Dataset,
    class_indices,
    encode_targets,
    read_samples,
    split_dataset,
)
from chainrule.problem.table import Table, words
from chainrule.training import Engine, Run, train

# Independent streams of random numbers from one seed, so that a layer more leaves the split as it was.
SPLIT, WEIGHTS, SHUFFLE = range(3)

LARGEST_LAYER = 10**8


@final
@dataclass(frozen=True)
class Schedule:
    """The [training] section beyond loss and reduction: how a run goes."""

    optimizer: Optimizer
    epochs: int
    batch_size: int | Literal["all"]
    shuffle: bool
    seed: int
    report_every: int | None
    mistake: str | None


@final
@dataclass(frozen=True)
class Problem:
    """A problem file as data: a network with its starting parameters, its samples and its training.

    `training` is None where the file has no [training] section: forward pass and gradients only.
    `published` is the [published] section as it stands; training ignores it.
    Shapes: `data.inputs` (N, I) and `data.targets` (N, O), with the sample axis also for one sample.

    >>> import chainrule
    >>> problem = chainrule.read_problem("mazur")
    >>> problem.network
    Network(Dense(inputs=2, units=2, activation='sigmoid'), Dense(inputs=2, units=2, activation='sigmoid'))
    >>> problem.data.inputs, problem.data.targets
    (array([[0.05, 0.1 ]]), array([[0.01, 0.99]]))
    >>> problem.training.optimizer
    GradientDescent(learning_rate=0.5)
    """

    title: str
    network: Network
    data: Dataset
    loss: Loss
    reduction: Literal["mean", "sum"]
    training: Schedule | None
    published: Mapping[str, Any]

    def train(
        self, report: Callable[[int, float], None] | None = None, engine: Engine = "auto"
    ) -> Run:
        """Run the training that the file asks for. Raises: as `chainrule.train`.

        >>> import chainrule
        >>> run = chainrule.read_problem("numeric-example").with_training(epochs=101).train()
        >>> {epoch: round(loss, 8) for epoch, loss in run.losses.items()}
        {0: 0.0168109, 100: 0.00464662}
        """
        if self.training is None:
            raise InputError("the problem has no [training] section")
        schedule = self.training
        return train(
            self.network,
            self.data.inputs,
            self.data.targets,
            optimizer=schedule.optimizer,
            epochs=schedule.epochs,
            loss=self.loss,
            reduction=self.reduction,
            batch_size=schedule.batch_size,
            shuffle=schedule.shuffle,
            seed=self.order_of_samples(),
            report_every=schedule.report_every,
            mistake=schedule.mistake,
            report=report,
            engine=engine,
        )

    def order_of_samples(self) -> np.random.Generator:
        """The random numbers that shuffle the samples, from their start."""
        seed = 0 if self.training is None else self.training.seed
        return np.random.default_rng([seed, SHUFFLE])

    def with_training(self, **changes: Any) -> "Problem":
        """The same problem with parts of its schedule changed, such as `epochs` or `mistake`."""
        if self.training is None:
            raise InputError("the problem has no [training] section")
        return replace(self, training=replace(self.training, **changes))

    def forward_pass(self) -> Array:
        """The outputs of the starting network. Raises: DomainError where they are not finite."""
        with np.errstate(all="ignore"):
            output = self.network(self.data.inputs)
        if not np.isfinite(output).all():
            raise DomainError("the forward pass overflows: weights or inputs are too large")
        return output

    def accuracy(self, network: Network) -> tuple[int, int] | None:
        """How many samples the network puts in their class, and of how many: of the test samples
        where there are any, else of the training samples. None where there are no classes.
        """
        data = self.data
        inputs, targets = data.inputs, data.targets
        if len(data.test_inputs):
            inputs, targets = data.test_inputs, data.test_targets
        if data.classes is None or targets is None:
            return None
        with np.errstate(all="ignore"):  # an output may overflow; nan is in no class but the first
            hits = class_indices(network(inputs)) == class_indices(targets)
        return int(hits.sum()), len(hits)


def load_problem(path: str | PathLike[str]) -> Problem:
    """Read a problem file. Raises: ProblemError, one line that names the file, the place and the mend.

    Paths of data files are relative to the problem file.
    """
    path = Path(path)
    if "\0" in str(path):
        raise ProblemError(f"{path}: no file can have that name")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ProblemError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ProblemError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    return parse_problem(text, str(path), path.parent)


def parse_problem(text: str, file: str, folder: Path) -> Problem:
    """A problem from the text of its file; `folder` is where relative paths start."""
    try:
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise ProblemError(f"{file}: is nested too deeply") from None
    except ValueError as error:
        reason = re.sub(r"\s+", " ", str(error))
        raise ProblemError(f"{file}: is not TOML: {reason}") from None
    top = Table(file, "", document)
    top.require_known(("title", "data", "layers", "training", "published"))
    title = top.text("title", Path(file).stem)
    for key in ("data", "layers"):
        top.require(key, f"a section [{key}]" if key == "data" else "a section [[layers]]")
    training = top.table("training")
    loss, reduction, dtype, seed = read_loss(training)
    data = top.table("data")
    layers = top.tables("layers", "layer")
    assert data is not None
    if not layers:
        top.fail("layers", "is empty; a network needs at least one [[layers]]")
    samples = read_samples(data, folder)
    if loss is None:
        loss = named_loss("output" if samples.targets is None else "half-squared-error")
    network = read_network(layers, samples.inputs.shape[1], seed)
    with (data if training is None else training).blamed():
        network = network.astype(dtype)
        as_floats(samples.inputs, "inputs", network.dtype)
    schedule = None if training is None else read_schedule(training, seed)
    if training is not None and schedule is not None:
        require_possible(training, schedule.mistake, network, loss)
    targets, classes = encode_targets(samples, loss.name, network.outputs)
    published = top.table("published")
    return Problem(
        title=title,
        network=network,
        data=split_dataset(samples, targets, classes, np.random.default_rng([seed, SPLIT])),
        loss=loss,
        reduction=reduction,
        training=schedule,
        published={} if published is None else published.values,
    )


# --- [[layers]] -----------------------------------------------------------------------------------


LAYER_KEYS = (
    "weights",
    "biases",
    "units",
    "initial",
    "activation",
    "alpha",
    "train_biases",
    "share_bias",
    "bias_sign",
)


def read_network(tables: list[Table], inputs: int, seed: int) -> Network:
    rng = np.random.default_rng([seed, WEIGHTS])
    layers: list[Dense] = []
    for table in tables:
        source = (
            f"layer {len(layers)} has {inputs} units" if layers else f"data has {inputs} inputs"
        )
        layers.append(read_layer(table, inputs, source, rng))
        inputs = layers[-1].units
    return Network(*layers)


def read_layer(table: Table, inputs: int, source: str, rng: np.random.Generator) -> Dense:
    table.require_known(LAYER_KEYS)
    weights = read_weights(table, inputs, source, rng)
    share_bias = table.flag("share_bias", False)
    with table.blamed():
        return Dense(
            weights,
            table.numbers("biases", (0, 1) if share_bias else (1,)) if "biases" in table else None,
            read_activation(table),
            train_biases=table.flag("train_biases", True),
            share_bias=share_bias,
            bias_sign="-" if table.choice("bias_sign", ("+", "-"), "+") == "-" else "+",
        )


def read_weights(
    table: Table, inputs: int, source: str, rng: np.random.Generator
) -> NDArray[np.float64]:
    if "weights" in table:
        for key in ("units", "initial"):
            if key in table:
                table.fail(key, "stands beside 'weights'; give the weights in one way")
        weights = table.numbers("weights", (2,))
        if weights.shape[1] != inputs:
            table.fail(
                "weights",
                f"have shape {weights.shape}, (units, inputs), but {source}: "
                f"({len(weights)}, {inputs}) would fit",
            )
        return weights
    if "units" not in table:
        table.fail("", "key 'weights' is missing, or 'units' for random ones")
    units = table.count("units", 1)
    if units * inputs > LARGEST_LAYER:
        table.fail("units", f"{units} x {inputs} inputs are more weights than {LARGEST_LAYER}")
    initial = table.values.get("initial", "glorot-uniform")
    if isinstance(initial, dict):
        for key in ("uniform", "normal"):
            if set(initial) == {key}:
                scale = Table(table.file, f"{table.place} initial", initial).number(key, 0.0)
                if scale <= 0:
                    table.fail("initial", f"{key} must be more than 0, got {scale:g}")
                return draw_weights({key: scale}, units, inputs, rng)
        table.fail("initial", "must be a name, {uniform = r} or {normal = s}")
    return draw_weights(
        table.choice("initial", INITIALISATIONS, "glorot-uniform"), units, inputs, rng
    )


def read_activation(table: Table) -> Activation:
    name = table.choice("activation", ACTIVATIONS, "identity")
    if "alpha" not in table:
        return named_activation(name)
    return named_activation(name, alpha=table.number("alpha", 0.0))


# --- [training] -----------------------------------------------------------------------------------

TRAINING_KEYS = (
    "loss",
    "delta",
    "reduction",
    "optimizer",
    "learning_rate",
    "momentum",
    "decay",
    "beta1",
    "beta2",
    "epsilon",
    "weight_decay",
    "epochs",
    "batch_size",
    "shuffle",
    "seed",
    "dtype",
    "report_every",
    "mistake",
)


def read_loss(table: Table | None) -> tuple[Loss | None, Literal["mean", "sum"], str, int]:
    """Loss, reduction, dtype and seed: what data and layers need of [training]."""
    if table is None:
        return None, "mean", "float64", 0
    table.require_known(TRAINING_KEYS)
    name = table.choice("loss", LOSSES, "half-squared-error")
    with table.blamed():
        delta = {"delta": table.number("delta", 1.0)} if "delta" in table else {}
        loss = named_loss(name, **delta)
    return (
        loss,
        "sum" if table.choice("reduction", ("mean", "sum"), "mean") == "sum" else "mean",
        table.choice("dtype", ("float64", "float32"), "float64"),
        table.count("seed", 0, least=0),
    )


def read_schedule(table: Table, seed: int) -> Schedule:
    table.require("learning_rate", "learning_rate = 0.1")
    table.require("epochs", "epochs = 1000")
    name = table.choice("optimizer", OPTIMIZERS, "gradient-descent")
    settings = ("momentum", "decay", "beta1", "beta2", "epsilon", "weight_decay")
    numbers = {key: table.number(key, 0.0) for key in settings if key in table}
    with table.blamed():
        optimizer = named_optimizer(name, table.number("learning_rate", 0.0), **numbers)
    batch_size = table.values.get("batch_size", "all")
    if isinstance(batch_size, str) and batch_size != "all":
        table.fail("batch_size", f'must be "all" or a whole number, got {words(batch_size)}')
    return Schedule(
        optimizer=optimizer,
        epochs=table.count("epochs", 1),
        batch_size="all" if batch_size == "all" else table.count("batch_size", 1),
        shuffle=table.flag("shuffle", False),
        seed=seed,
        report_every=table.count("report_every", 1) if "report_every" in table else None,
        mistake=table.choice("mistake", MISTAKES, "") if "mistake" in table else None,
    )


def require_possible(table: Table, mistake: str | None, network: Network, loss: Loss) -> None:
    """A mistake that this network has no place for would repeat the true run and call it mistaken."""
    if mistake is not None and not MISTAKES[mistake].places(network, loss):
        table.fail("mistake", f"{mistake!r} cannot happen in this network; leave it out")
