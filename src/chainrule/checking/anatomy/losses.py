"""The losses that a hand-made gradient may descend: their gradients at the prediction.

The family is that of problem files. Which one a program means is not asked: the one whose gradient
explains its updates is the one.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

OWN = "own"  # a number that the program computes itself, whatever it is made of

SeedOf: TypeAlias = Callable[[Any, Any], Any]


def squared(p: Any, t: Any) -> Any:
    return p - t


def binary_cross_entropy(p: Any, t: Any) -> Any:
    """(p - t) / (p (1 - p))"""
    return (p - t) / (p * (1 - p))


def cross_entropy(p: Any, t: Any) -> Any:
    """-t / p, through a softmax p - t"""
    return -t / p


def absolute(p: Any, t: Any) -> Any:
    return np.sign(p - t)


def huber(p: Any, t: Any) -> Any:
    return np.clip(p - t, -1, 1)


# In the order in which they are tried.
SEEDS: Mapping[str, SeedOf] = {
    "half-squared-error": squared,
    "binary-cross-entropy": binary_cross_entropy,
    "cross-entropy": cross_entropy,
    "huber": huber,
    "absolute-error": absolute,
}
