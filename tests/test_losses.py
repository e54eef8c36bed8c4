"""Losses: right to the last digits on logits, at saturation too, and refused where not defined."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from chainrule import (
    Activation,
    ChainruleError,
    Dense,
    Loss,
    Network,
    backward_propagation,
    calculate_loss,
    forward_propagation,
    named_activation,
    named_loss,
)
from chainrule.activations import sigmoid, sigmoid_derivative
from chainrule.arrays import Array
from chainrule.losses import LOSSES, OnPreActivation

EPS = np.finfo(np.float64).eps
SIZES = [1e-300, 1e-8, 0.5, 3.0, 20.0, 36.0, 40.0, 700.0, 750.0, 1e5, 1e15, 1e300, 4e307]


@pytest.fixture(autouse=True)
def fifty_digits() -> None:
    mp.dps = 50


def fused(loss: str, activation: str) -> OnPreActivation:
    form = named_loss(loss).fused_with(named_activation(activation))
    assert form is not None
    return form


def exact_binary(z: Array, t: Array) -> tuple[Any, list[Any]]:
    loss, gradient = mpf(0), []
    for v, target in zip(map(mpf, z.tolist()), map(mpf, t.tolist()), strict=True):
        small = mpmath.exp(-abs(v))
        softplus = max(v, mpf(0)) + mpmath.log1p(small)
        loss += softplus - target * v
        a, rest = (1 / (1 + small), small / (1 + small))
        a, rest = (a, rest) if v >= 0 else (rest, a)
        gradient.append(a * (1 - target) - rest * target)
    return loss, gradient


def exact_softmax(z: Array, t: Array) -> tuple[Any, list[Any]]:
    top = max(map(mpf, z.tolist()))
    exponentials = [mpmath.exp(mpf(v) - top) for v in z.tolist()]
    total = mpmath.fsum(exponentials)
    targets = [mpf(v) for v in t.tolist()]
    loss = mpmath.fsum(
        q * (mpmath.log(total) + top - mpf(v)) for q, v in zip(targets, z.tolist(), strict=True)
    )
    gradient = []
    for i, target in enumerate(targets):
        a = exponentials[i] / total
        rest = mpmath.fsum(e for j, e in enumerate(exponentials) if j != i) / total
        others = mpmath.fsum(q for j, q in enumerate(targets) if j != i)
        gradient.append(a * others - rest * target)
    return loss, gradient


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("loss", "activation", "exact"),
    [
        ("binary-cross-entropy", "sigmoid", exact_binary),
        ("cross-entropy", "softmax", exact_softmax),
    ],
)
def test_on_logits_is_right_to_a_few_eps_of_their_size(
    loss: str,
    activation: str,
    exact: Callable[[Array, Array], tuple[Any, list[Any]]],
    size: float,
) -> None:
    rng = np.random.default_rng(3)
    form = fused(loss, activation)
    for trial in range(20):
        z = rng.uniform(-size, size, 4)
        t = np.eye(4)[trial % 4] if trial < 12 else rng.dirichlet(np.ones(4))
        with np.errstate(all="raise", under="ignore"):
            value, gradient = form.value(z, t), form.derivative(z, t)
        with mp.workdps(340 if size > 1e200 else 60):
            exact_value, exact_gradient = exact(z, t)
        assert abs(mpf(float(value)) - exact_value) <= 8 * EPS * max(1.0, np.abs(z).max())
        for g, e in zip(gradient, exact_gradient, strict=True):
            # Relative to each entry for hard targets; soft ones may cross 0, and are held to eps.
            scale = abs(e) + mpf("1e-300") if trial < 12 else max(abs(e), mpf(1))
            assert abs(mpf(float(g)) - e) <= 16 * EPS * scale


@pytest.mark.parametrize(
    ("loss", "activation"), [("binary-cross-entropy", "sigmoid"), ("cross-entropy", "softmax")]
)
def test_fused_gradient_is_that_of_the_two_steps_where_both_exist(
    loss: str, activation: str
) -> None:
    rng = np.random.default_rng(5)
    z, t = rng.normal(size=(50, 3)), rng.dirichlet(np.ones(3), 50)
    a = named_activation(activation)(z)
    two_steps = named_activation(activation).backward(z, named_loss(loss).differentiate(a, t))
    np.testing.assert_allclose(fused(loss, activation).derivative(z, t), two_steps, atol=1e-14)
    np.testing.assert_allclose(fused(loss, activation).value(z, t), named_loss(loss)(a, t))


def test_logits_as_far_apart_as_floats_can_be_need_no_warning() -> None:
    form, z = fused("cross-entropy", "softmax"), np.array([1e308, -1e308])
    with np.errstate(all="raise", under="ignore"):
        assert form.value(z, np.array([1.0, 0.0])) == 0.0
        np.testing.assert_array_equal(form.derivative(z, np.array([0.0, 1.0])), [1.0, -1.0])


def test_gradient_does_not_vanish_at_saturation() -> None:
    network = Network(Dense([[1.0]], activation="sigmoid"))
    forward = forward_propagation(network, [50.0])
    gradients = backward_propagation(network, forward, [0.0], "binary-cross-entropy")
    assert gradients["z1"] == 1.0
    network = Network(Dense([[1.0], [0.0]], activation="softmax"))
    forward = forward_propagation(network, [800.0])
    assert calculate_loss(network, forward, [0.0, 1.0], "cross-entropy") == 800.0
    gradients = backward_propagation(network, forward, [0.0, 1.0], "cross-entropy")
    np.testing.assert_array_equal(gradients["z1"], [1.0, -1.0])


def test_fused_gradient_stays_right_for_targets_that_do_not_sum_to_1() -> None:
    network = Network(Dense([[0.3], [-0.2], [0.1]], activation="softmax"))
    t = [0.9, 0.7, 0.1]
    forward = forward_propagation(network, [1.0])
    fused_gradient = backward_propagation(network, forward, t, "cross-entropy")["z1"]
    a = forward["a1"]
    np.testing.assert_allclose(fused_gradient, a * sum(t) - t, atol=1e-15)
    assert np.abs(fused_gradient - (a - t)).max() > 0.1


def test_an_activation_of_ones_own_is_not_fused_so_its_own_derivative_counts() -> None:
    loss = named_loss("binary-cross-entropy")
    other_value = Activation("sigmoid", lambda z: 0.5 + 0.1 * np.tanh(z), np.ones_like)
    assert loss.fused_with(other_value) is None
    assert loss.fused_with(Activation("sigmoid", sigmoid, np.zeros_like)) is None
    network = Network(Dense([[1.0]], activation=Activation("mine", sigmoid, np.zeros_like)))
    forward = forward_propagation(network, [1.0])
    assert backward_propagation(network, forward, [0.0], loss)["w1"] == 0.0
    mine = Activation("sigmoid", sigmoid, sigmoid_derivative)
    assert loss.fused_with(mine) is not None


@pytest.mark.parametrize("loss", ["binary-cross-entropy", "cross-entropy"])
@pytest.mark.parametrize("target", [2.0, -1.0])
def test_targets_outside_0_to_1_are_refused_in_words(loss: str, target: float) -> None:
    network = Network(Dense([[1.0], [0.5]], activation="softmax"))
    forward = forward_propagation(network, [1.0])
    for step in (calculate_loss, backward_propagation):
        with pytest.raises(ChainruleError, match=f"targets from 0 to 1, got {target:g}"):
            step(network, forward, [0.0, target], loss)


def test_a_derivative_of_another_shape_is_refused_in_words() -> None:
    loss = Loss("bad", lambda a, t: np.sum(a - t, axis=-1), lambda a, t: np.sum(a - t))
    with pytest.raises(
        ChainruleError, match=r"must give the shape of the outputs, \(2,\), got \(\)"
    ):
        loss.differentiate(np.array([1.0, 2.0]), np.array([0.0, 0.0]))


@pytest.mark.parametrize("loss", ["binary-cross-entropy", "cross-entropy"])
def test_outputs_outside_0_to_1_are_refused_in_words(loss: str) -> None:
    with pytest.raises(ChainruleError, match=r"outputs from 0 to 1, and the network gives -0.5"):
        named_loss(loss)(np.array([0.5, -0.5]), np.array([1.0, 0.0]))


@pytest.mark.parametrize("loss", ["binary-cross-entropy", "cross-entropy"])
def test_0_log_0_is_0_and_log_0_is_infinite(loss: str) -> None:
    a = np.array([0.0, 1.0])
    assert named_loss(loss)(a, np.array([0.0, 1.0])) == 0.0
    assert named_loss(loss)(a, np.array([1.0, 0.0])) == np.inf
    assert np.isfinite(named_loss(loss).differentiate(a, np.array([0.0, 1.0]))).all()


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_dtype_and_sums_over_outputs_only(name: str, dtype: Any) -> None:
    a = np.array([[0.25, 0.5, 0.75], [0.1, 0.2, 0.3]], dtype=dtype)
    t = np.array([[0, 1, 0], [0, 0, 1]], dtype=dtype)
    loss = named_loss(name)
    assert loss(a, t).dtype == dtype
    assert loss.differentiate(a, t).dtype == dtype
    assert loss(a, t).shape == (2,)
    assert loss(a, t)[1] == loss(a[1], t[1])


def test_values_are_those_of_the_formulas() -> None:
    a, t = np.array([0.5, -1.0]), np.array([1.0, 1.5])
    values = {
        name: float(named_loss(name)(a, t))
        for name in ("half-squared-error", "squared-error", "mean-squared-error", "output")
    }
    assert values == {
        "half-squared-error": 3.25,
        "squared-error": 6.5,
        "mean-squared-error": 3.25,
        "output": -0.5,
    }
    assert named_loss("huber")(a, t) == 0.125 + 2.0
    assert named_loss("huber", delta=2.0)(a, t) == 0.125 + 3.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: named_loss("cross_entropy"), "did you mean 'cross-entropy'?"),
        (lambda: named_loss("output", delta=1.0), "'output' takes no delta"),
        (lambda: named_loss("huber", delta=0.0), "delta of 'huber' must be more than 0, got 0.0"),
        (
            lambda: Loss("bad", lambda a, t: a - t, lambda a, t: a)(np.zeros((2, 3)), np.zeros(1)),
            r"one number a sample, shape \(2,\), got \(2, 3\): sum over the last axis",
        ),
    ],
)
def test_wrong_losses_are_refused_in_words(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        make()
