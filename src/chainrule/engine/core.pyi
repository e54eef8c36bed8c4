"""The compiled part of the native engine; its source is src/core, and `native` its only caller."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arrays import Array

def run(
    *,
    layers: list[dict[str, Any]],
    loss: int,
    delta: float,
    mean: bool,
    optimizer: dict[str, Any],
    inputs: Array,
    targets: Array | None,
    parameters: Array,
    outputs: Array,
    learning_rates: NDArray[np.float64] | None,
    rows: NDArray[np.int64] | None,
    samples: int,
    data_samples: int,
    networks: int,
    batch_size: int,
    epochs: int,
    report_every: int,
    threads: int,
    instructions: int,
    report: Callable[[int, list[float]], None],
    order: Callable[[int], NDArray[np.int64]] | None,
) -> tuple[int, int, int, float]: ...
def evaluate(
    function: int, x: Array, value: Array, slope: Array, alpha: float, instructions: int
) -> tuple[Array, Array]: ...
def available() -> list[int]: ...
