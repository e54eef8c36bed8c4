"""Optimizers: how a gradient becomes an update.

Each is a pure pair, and says the same as formulas, for those who work the numbers: one assignment after
another, in which w is the parameter, g its gradient, and the rest what `remembers` and `SYMBOLS` name.
`initial_state(parameter)` gives the arrays that it remembers between updates, and
`update(parameter, gradient, state)` the new parameter and the new state; it changes nothing in place.
g is the gradient dL/dw of a parameter w, and eta the learning rate.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, final

import numpy as np

from chainrule.arrays import Array, as_float
from chainrule.errors import InputError, unknown

State = tuple[Array, ...]
Formulas = tuple[tuple[str, str], ...]

# The letters that stand for an optimizer's settings in its formulas.
SYMBOLS: Mapping[str, str] = {
    "eta": "learning_rate",
    "mu": "momentum",
    "rho": "decay",
    "beta1": "beta1",
    "beta2": "beta2",
    "epsilon": "epsilon",
    "lambda": "weight_decay",
}


@dataclass(frozen=True)
class Optimizer(ABC):
    """What all optimizers share: a learning rate, and the check of their numbers."""

    learning_rate: float

    formulas: ClassVar[Formulas]
    remembers: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[str]

    def __post_init__(self) -> None:
        for field in fields(self):
            number = as_float(getattr(self, field.name), field.name)
            object.__setattr__(self, field.name, number)
            what, holds = {
                "learning_rate": ("more than 0", number > 0),
                "epsilon": ("more than 0", number > 0),
                "weight_decay": ("0 or more", number >= 0),
            }.get(field.name, ("from 0 up to, but not including, 1", 0 <= number < 1))
            if not (holds and math.isfinite(number)):
                finite = "" if math.isfinite(number) else "finite and "
                raise InputError(f"{field.name} must be {finite}{what}, got {number}")

    @abstractmethod
    def initial_state(self, parameter: Array) -> State: ...

    @abstractmethod
    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]: ...


@final
@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """Plain gradient descent.

        w <- w - eta g

    Shapes: parameter and gradient alike, any; no state.
    Raises: InputError unless learning_rate > 0.
    Source: Cauchy, Comptes rendus 25 (1847), pages 536-538.

    >>> GradientDescent(0.1).update(np.array([1.0]), np.array([2.0]), ())
    (array([0.8]), ())
    """

    formulas = (("w", "{w} - {eta} * {g}"),)
    words = "Each parameter moves against its gradient, by the learning rate times the slope."

    def initial_state(self, parameter: Array) -> State:
        return ()

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]:
        return parameter - self.learning_rate * gradient, ()


@final
@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent with momentum mu: the step remembers the steps before.

        v <- mu v + g,        w <- w - eta v

    Shapes: parameter, gradient and the state v alike; v starts at 0.
    Raises: InputError unless learning_rate > 0 and 0 <= momentum < 1.
    Source: Polyak, USSR Computational Mathematics and Mathematical Physics 4 (1964).

    >>> optimizer = Momentum(0.1, momentum=0.9)
    >>> w, state = optimizer.update(np.array([1.0]), np.array([2.0]), (np.array([1.0]),))
    >>> print(w, state)
    [0.71] (array([2.9]),)
    """

    momentum: float = 0.9

    formulas = (("v", "{mu} * {v} + {g}"), ("w", "{w} - {eta} * {v}"))
    remembers = ("v",)
    words = (
        "The velocity v keeps a part of itself and takes the gradient up; the parameter follows it."
    )

    def initial_state(self, parameter: Array) -> State:
        return (np.zeros_like(parameter),)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]:
        (velocity,) = state
        velocity = self.momentum * velocity + gradient
        return parameter - self.learning_rate * velocity, (velocity,)


@final
@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Nesterov's momentum: the gradient counts once more, as if taken one step ahead.

        v <- mu v + g,        w <- w - eta (g + mu v)

    Shapes: parameter, gradient and the state v alike; v starts at 0.
    Raises: InputError unless learning_rate > 0 and 0 <= momentum < 1.
    Source: Nesterov, Soviet Mathematics Doklady 27 (1983), in the form of Sutskever, Martens, Dahl and
    Hinton, ICML 2013, equations 3-4, with w the point that is looked ahead to.

    >>> optimizer = Nesterov(0.1, momentum=0.9)
    >>> w, state = optimizer.update(np.array([1.0]), np.array([2.0]), (np.array([1.0]),))
    >>> print(w, state)
    [0.539] (array([2.9]),)
    """

    momentum: float = 0.9

    formulas = (("v", "{mu} * {v} + {g}"), ("w", "{w} - {eta} * ({g} + {mu} * {v})"))
    remembers = ("v",)
    words = "The velocity v takes the gradient up, and the step looks one velocity ahead."

    def initial_state(self, parameter: Array) -> State:
        return (np.zeros_like(parameter),)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]:
        (velocity,) = state
        velocity = self.momentum * velocity + gradient
        step = gradient + self.momentum * velocity
        return parameter - self.learning_rate * step, (velocity,)


@final
@dataclass(frozen=True)
class RMSProp(Optimizer):
    """Steps divided by the root of a running mean of squared gradients, rho being `decay`.

        s <- rho s + (1 - rho) g^2,        w <- w - eta g / (sqrt(s) + epsilon)

    Shapes: parameter, gradient and the state s alike; s starts at 0.
    Raises: InputError unless learning_rate > 0, 0 <= decay < 1 and epsilon > 0.
    Source: Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012).

    >>> w, state = RMSProp(0.1).update(np.array([1.0]), np.array([2.0]), (np.array([0.0]),))
    >>> print(w, state)
    [0.68377224] (array([0.4]),)
    """

    decay: float = 0.9
    epsilon: float = 1e-8

    formulas = (
        ("s", "{rho} * {s} + (1 - {rho}) * {g} ** 2"),
        ("w", "{w} - {eta} * {g} / (sqrt({s}) + {epsilon})"),
    )
    remembers = ("s",)
    words = "s is a running mean of the squared gradient, and its root scales the step."

    def initial_state(self, parameter: Array) -> State:
        return (np.zeros_like(parameter),)

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]:
        (mean_square,) = state
        mean_square = self.decay * mean_square + (1.0 - self.decay) * gradient**2
        step = gradient / (np.sqrt(mean_square) + self.epsilon)
        return parameter - self.learning_rate * step, (mean_square,)


@final
@dataclass(frozen=True)
class Adam(Optimizer):
    """Running means of the gradient and of its square, each corrected for its start at 0.

        m <- beta1 m + (1 - beta1) g,        s <- beta2 s + (1 - beta2) g^2
        w <- w - eta m' / (sqrt(s') + epsilon),        m' = m / (1 - beta1^k),  s' = s / (1 - beta2^k)

    k counts the updates from 1. Shapes: parameter, gradient, m and s alike; the state is (m, s, k).
    Raises: InputError unless learning_rate > 0, 0 <= beta1, beta2 < 1 and epsilon > 0.
    Source: Kingma and Ba, Adam, ICLR 2015, algorithm 1.

    >>> w, state = Adam(0.1).update(np.array([1.0]), np.array([2.0]), Adam(0.1).initial_state(np.array([1.0])))
    >>> print(w, *state)
    [0.9] [0.2] [0.004] 1.0
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    formulas = (
        ("m", "{beta1} * {m} + (1 - {beta1}) * {g}"),
        ("s", "{beta2} * {s} + (1 - {beta2}) * {g} ** 2"),
        ("mhat", "{m} / (1 - {beta1} ** {k})"),
        ("shat", "{s} / (1 - {beta2} ** {k})"),
        ("w", "{w} - {eta} * {mhat} / (sqrt({shat}) + {epsilon})"),
    )
    remembers = ("m", "s", "k")
    words = (
        "m and s are running means of the gradient and of its square; both start at 0, which mhat and shat "
        "correct; k counts the updates."
    )

    def initial_state(self, parameter: Array) -> State:
        return np.zeros_like(parameter), np.zeros_like(parameter), np.zeros(())

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]:
        step, state = adam_step(gradient, state, self.beta1, self.beta2, self.epsilon)
        return parameter - self.learning_rate * step, state


@final
@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with the decay of the weights kept out of the means.

        w <- w - eta lambda w - eta m' / (sqrt(s') + epsilon)        m', s' as in Adam

    lambda is `weight_decay`; it acts on every trained parameter, biases included. As in PyTorch, the
    decay is scaled by the learning rate, where the paper has a schedule of its own.
    Shapes: as in Adam. Raises: as Adam, and InputError unless weight_decay >= 0.
    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2.

    >>> w, state = AdamW(0.1).update(np.array([1.0]), np.array([2.0]), AdamW(0.1).initial_state(np.array([1.0])))
    >>> print(w)
    [0.899]
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    formulas = (
        *Adam.formulas[:-1],
        ("w", "{w} - {eta} * {lambda} * {w} - {eta} * {mhat} / (sqrt({shat}) + {epsilon})"),
    )
    remembers = Adam.remembers
    words = (
        "As Adam, with m and s running means of the gradient and of its square, corrected for their start "
        "at 0; each parameter also decays towards 0 on its own, by lambda."
    )

    def initial_state(self, parameter: Array) -> State:
        return np.zeros_like(parameter), np.zeros_like(parameter), np.zeros(())

    def update(self, parameter: Array, gradient: Array, state: State) -> tuple[Array, State]:
        step, state = adam_step(gradient, state, self.beta1, self.beta2, self.epsilon)
        decayed = parameter - self.learning_rate * self.weight_decay * parameter
        return decayed - self.learning_rate * step, state


def adam_step(
    g: Array, state: State, beta1: float, beta2: float, epsilon: float
) -> tuple[Array, State]:
    """m' / (sqrt(s') + epsilon) and the new (m, s, k)."""
    m, s, k = state
    m = beta1 * m + (1.0 - beta1) * g
    s = beta2 * s + (1.0 - beta2) * g**2
    k = k + 1
    m_corrected = m / (1.0 - beta1 ** float(k))
    s_corrected = s / (1.0 - beta2 ** float(k))
    return m_corrected / (np.sqrt(s_corrected) + epsilon), (m, s, k)


OPTIMIZERS: Mapping[str, type[Optimizer]] = {
    "gradient-descent": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}


def named_optimizer(name: str, learning_rate: float, **settings: float) -> Optimizer:
    """The optimizer of that name.

    Raises: InputError for a name or a setting that does not exist, or a number out of range.

    >>> named_optimizer("momentum", 0.1, momentum=0.5)
    Momentum(learning_rate=0.1, momentum=0.5)
    """
    if name not in OPTIMIZERS:
        raise InputError(unknown("optimizer", name, OPTIMIZERS))
    optimizer = OPTIMIZERS[name]
    taken = [field.name for field in fields(optimizer)]
    for setting in settings:
        if setting not in taken:
            raise InputError(f"optimizer {name!r} takes no {setting}; it takes {', '.join(taken)}")
    return optimizer(learning_rate, **settings)
