"""What a run is asked to do, checked, as data: it means the same to either engine."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arrays import Array, as_floats
from chainrule.engine.reference import reduction_factor, require_targets
from chainrule.errors import InputError, ShapeError
from chainrule.losses import Loss, named_loss
from chainrule.network import Network
from chainrule.optimizers import Optimizer


@final
@dataclass(frozen=True)
class Plan:
    """Shapes: x (N, I) and t (N, O), in the network's dtype. `batch_size` is a number of samples."""

    x: Array
    t: Array | None
    loss: Loss
    reduction: Literal["mean", "sum"]
    optimizer: Optimizer
    epochs: int
    batch_size: int
    report_every: int

    def is_reported(self, epoch: int) -> bool:
        """Whether the loss over all samples is computed before this epoch's first update."""
        return epoch % self.report_every == 0 or epoch == self.epochs - 1


def check_plan(
    network: Network,
    inputs: ArrayLike,
    targets: ArrayLike | None,
    loss: str | Loss,
    reduction: Literal["mean", "sum"],
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | Literal["all"],
    report_every: int | None,
) -> Plan:
    """A plan of what can be used. Raises: InputError and ShapeError for what cannot."""
    loss = named_loss(loss) if isinstance(loss, str) else loss
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer must be one such as Adam(0.01), got {optimizer!r}")
    x = np.atleast_2d(network.as_inputs(inputs))
    if len(x) == 0:
        raise InputError("there are no samples to train on")
    require_targets(targets, loss)
    t = None if targets is None else targets_by_sample(targets, len(x), network)
    reduction_factor(reduction, x)
    require_count("epochs", epochs)
    if report_every is None:
        report_every = max(1, epochs // 10)
    require_count("report_every", report_every)
    if batch_size == "all":
        batch_size = len(x)
    require_count("batch_size", batch_size)
    return Plan(x, t, loss, reduction, optimizer, epochs, min(batch_size, len(x)), report_every)


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


def require_count(name: str, number: object) -> None:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise InputError(f"{name} must be a whole number, 1 or more, got {number!r}")
