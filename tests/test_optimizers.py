"""Optimizers: each follows its published formula, in 50-digit arithmetic, over many steps."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from chainrule import Adam, AdamW, ChainruleError, GradientDescent, Momentum, Nesterov, RMSProp
from chainrule.optimizers import OPTIMIZERS, Optimizer, named_optimizer

STEPS = 25


def gradients() -> list[float]:
    return [float(g) for g in np.random.default_rng(4).normal(size=STEPS)]


def momentum(nesterov: bool) -> Callable[[Any, list[Any]], Any]:
    """In Sutskever's form: the step is taken from where the momentum leads, v <- mu v - eta g."""

    def run(w: Any, gs: list[Any]) -> Any:
        v = mpf(0)
        for g in gs:
            previous, v = v, mpf("0.8") * v - mpf("0.3") * g
            w += v + mpf("0.8") * (v - previous) if nesterov else v
        return w

    return run


def gradient_descent(w: Any, gs: list[Any]) -> Any:
    return w - mpf("0.3") * mpmath.fsum(gs)


def rmsprop(w: Any, gs: list[Any]) -> Any:
    s = mpf(0)
    for g in gs:
        s = mpf("0.7") * s + mpf("0.3") * g**2
        w -= mpf("0.3") * g / (mpmath.sqrt(s) + mpf("0.001"))
    return w


def adam(decay: str) -> Callable[[Any, list[Any]], Any]:
    """The means written as the weighted sums that they are."""

    def run(w: Any, gs: list[Any]) -> Any:
        b1, b2 = mpf("0.6"), mpf("0.95")
        for k in range(1, len(gs) + 1):
            weights = [(1 - b1) * b1 ** (k - i) for i in range(1, k + 1)]
            squares = [(1 - b2) * b2 ** (k - i) for i in range(1, k + 1)]
            m = mpmath.fdot(weights, gs[:k]) / mpmath.fsum(weights)
            s = mpmath.fdot(squares, [g**2 for g in gs[:k]]) / mpmath.fsum(squares)
            w = w - mpf("0.3") * mpf(decay) * w - mpf("0.3") * m / (mpmath.sqrt(s) + mpf("0.001"))
        return w

    return run


@pytest.mark.parametrize(
    ("optimizer", "formula"),
    [
        (GradientDescent(0.3), gradient_descent),
        (Momentum(0.3, momentum=0.8), momentum(nesterov=False)),
        (Nesterov(0.3, momentum=0.8), momentum(nesterov=True)),
        (RMSProp(0.3, decay=0.7, epsilon=0.001), rmsprop),
        (Adam(0.3, beta1=0.6, beta2=0.95, epsilon=0.001), adam("0")),
        (AdamW(0.3, beta1=0.6, beta2=0.95, epsilon=0.001, weight_decay=0.1), adam("0.1")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Optimizer) else "",
)
def test_follows_its_formula(
    optimizer: Optimizer, formula: Callable[[Any, list[Any]], Any]
) -> None:
    w = np.array([0.5])
    state = optimizer.initial_state(w)
    for g in gradients():
        w, state = optimizer.update(w, np.array([g]), state)
    with mpmath.mp.workdps(50):
        exact = formula(mpf("0.5"), [mpf(g) for g in gradients()])
        assert abs(mpf(float(w[0])) - exact) < 1e-13


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_is_pure_and_keeps_dtype(name: str) -> None:
    optimizer = named_optimizer(name, 0.1)
    w, g = np.ones((2, 3), dtype=np.float32), np.full((2, 3), 0.5, dtype=np.float32)
    state = optimizer.initial_state(w)
    copies = [array.copy() for array in state]
    first, _ = optimizer.update(w, g, state)
    second, _ = optimizer.update(w, g, state)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(w, 1.0)
    for array, copy in zip(state, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert first.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GradientDescent(-0.1), "learning_rate must be more than 0, got -0.1"),
        (
            lambda: GradientDescent(float("nan")),
            "learning_rate must be finite and more than 0, got nan",
        ),
        (
            lambda: Momentum(0.1, momentum=1.0),
            "momentum must be from 0 up to, but not including, 1",
        ),
        (lambda: RMSProp(0.1, epsilon=0.0), "epsilon must be more than 0"),
        (lambda: AdamW(0.1, weight_decay=-1.0), "weight_decay must be 0 or more"),
        (lambda: Adam(True), "learning_rate must be a number, got True"),
        (lambda: named_optimizer("sgd", 0.1), "unknown optimizer 'sgd'"),
        (lambda: named_optimizer("adam", 0.1, momentum=0.9), "'adam' takes no momentum; it takes"),
    ],
)
def test_wrong_settings_are_refused_in_words(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        make()
