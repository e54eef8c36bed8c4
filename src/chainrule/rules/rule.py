"""What a rule is: everything that chainrule knows of one operation, in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.arithmetic import Numbers

# forward(m, *inputs, **parameters), m the arithmetic
Forward: TypeAlias = Callable[..., Numbers]
# backward(m, dL_dy, y, *inputs, **parameters): one contribution an input, None where there is none
Backward: TypeAlias = Callable[..., tuple[Numbers | None, ...]]


@final
@dataclass(frozen=True)
class Rule:
    """One operation y = f(inputs): its forward, its backward, and its words.

    `backward` gives dL/d(input) from dL/dy, for each input; where NumPy broadcast an input, in the
    shape of y, and the sweep sums it back. None: the operation is constant between its jumps.
    `symbols` is the formula, and `local` the factor by which dL/dy reaches each input, both with
    {0}, {1} ... for the inputs and {y} for the result; `kinks` tells where f has no derivative.
    `words` say how the gradient passes, and `meaning`, for activations, what f does.
    """

    name: str
    forward: Forward
    backward: Backward | None
    symbols: str
    local: tuple[str, ...]
    words: str
    kinks: str = ""
    source: str = ""
    meaning: str = ""

    def __call__(self, m: Any, *inputs: Numbers, **parameters: Any) -> Numbers:
        # NumPy turns 0-d results into scalars; here a number is always an array.
        return np.asarray(self.forward(m, *inputs, **parameters))
