"""Backpropagation gives the gradient: judges that share nothing with it agree, on random networks.

Each of the 2,000 networks is judged by the complex step and by autograd, on a plain second writing of
the loss in float64. Plain formulas lose digits in a few networks (saturated softmax layers, above
all); there the judge is a central difference in 100-digit arithmetic. The bound is the same everywhere.
"""

from collections import Counter
from dataclasses import replace

import autograd
import autograd.numpy as autograd_numpy
import mpmath
import numpy as np
import pytest
import scipy.special
from autograd.scipy.special import erf as autograd_erf

from chainrule import (
    backward_propagation,
    calculate_loss,
    central_differences,
    complex_step,
    forward_propagation,
)
from chainrule.activations import ACTIVATIONS
from chainrule.arrays import Array
from chainrule.errors import DomainError
from chainrule.losses import LOSSES

from random_networks import Case, plain_loss, random_case, vanishes

NETWORKS = 2000
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    rng = np.random.default_rng(20240229)
    return [random_case(rng) for _ in range(NETWORKS)]


def starting_values(case: Case) -> dict[str, Array]:
    return {"x": case.inputs, **case.network.parameters}


def engine_gradients(case: Case) -> dict[str, Array]:
    forward = forward_propagation(case.network, case.inputs)
    gradients = backward_propagation(case.network, forward, case.targets, case.loss, case.reduction)
    return {name: gradients[name] for name in starting_values(case)}


def tied(case: Case, gradients: dict[str, Array]) -> dict[str, Array]:
    """A judge's gradients, entry by entry; behind a shared bias stands one number, so they add up."""
    for number, layer in enumerate(case.network.layers, 1):
        if layer.share_bias:
            gradients[f"b{number}"] = np.full_like(layer.biases, gradients[f"b{number}"].sum())
    return gradients


def judged_by_complex_step(case: Case) -> dict[str, Array]:
    values = starting_values(case)

    def loss(*arrays: Array) -> object:
        return plain_loss(np, scipy.special.erf, case, dict(zip(values, arrays, strict=True)))

    return tied(case, dict(zip(values, complex_step(loss, *values.values()), strict=True)))


def judged_by_autograd(case: Case) -> dict[str, Array]:
    def loss(values: dict[str, Array]) -> object:
        return plain_loss(autograd_numpy, autograd_erf, case, values)

    return tied(case, autograd.grad(loss)(starting_values(case)))


def judged_by_central_differences(case: Case) -> dict[str, Array]:
    """On the engine's own forward pass and loss, from end to end."""
    values = starting_values(case)

    def loss(x: Array, *parameters: Array) -> float:
        network = case.network.with_parameters(
            dict(zip(case.network.parameters, parameters, strict=True))
        )
        forward = forward_propagation(network, x)
        return calculate_loss(network, forward, case.targets, case.loss, case.reduction)

    return tied(case, dict(zip(values, central_differences(loss, *values.values()), strict=True)))


class HundredDigits:
    """As much of NumPy as `plain_loss` needs, on arrays of mpmath numbers."""

    exp = staticmethod(np.frompyfunc(mpmath.exp, 1, 1))
    log = staticmethod(np.frompyfunc(mpmath.log, 1, 1))
    tanh = staticmethod(np.frompyfunc(mpmath.tanh, 1, 1))
    erf = staticmethod(np.frompyfunc(mpmath.erf, 1, 1))
    dot, transpose, where, sum = np.dot, np.transpose, np.where, np.sum

    @staticmethod
    def real(z: object) -> object:
        return z


@mpmath.workdps(100)  # type: ignore[untyped-decorator]  # mpmath has no types
def judged_in_a_hundred_digits(case: Case) -> dict[str, Array]:
    """Central differences with a step of 1e-30: for cases where float64 loses the judges' digits.

    100 digits, so that 50 remain of the difference of two losses that agree in their first 50.
    """
    to_mpf = np.frompyfunc(mpmath.mpf, 1, 1)
    values = {name: to_mpf(array) for name, array in starting_values(case).items()}
    exact_case = replace(case, targets=to_mpf(case.targets))
    step = mpmath.mpf("1e-30")
    gradients = {}
    for name, array in values.items():
        gradients[name] = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            centre = array[index]
            array[index] = centre + step
            above = plain_loss(HundredDigits, HundredDigits.erf, exact_case, values)
            array[index] = centre - step
            below = plain_loss(HundredDigits, HundredDigits.erf, exact_case, values)
            array[index] = centre
            gradients[name][index] = float((above - below) / (2 * step))
    return tied(case, gradients)


def disagreement(found: Array, judged: Array) -> float:
    """The largest difference, relative to the tensor's largest entry."""
    largest = np.abs(judged).max()
    return float(np.abs(found - judged).max() / largest) if largest else float(np.abs(found).max())


def agrees(case: Case, found: dict[str, Array], judged: dict[str, Array]) -> bool:
    """To 1e-12 of each tensor's largest entry; what vanishes by symmetry must be 0 to rounding."""
    size = max(float(np.abs(gradient).max()) for gradient in [*found.values(), np.ones(1)])
    return all(
        bool(np.abs(found[name]).max() <= 1e-14 * size)
        if vanishes(case, name)
        else disagreement(found[name], judged[name]) <= TOLERANCE
        for name in found
    )


def test_2000_random_networks_agree_with_complex_step_autograd_and_100_digits(
    cases: list[Case],
) -> None:
    appeals = 0
    for case in cases:
        found = engine_gradients(case)
        try:
            with np.errstate(all="ignore"):
                judged = [judged_by_complex_step(case), judged_by_autograd(case)]
        except DomainError:
            judged = []
        if not judged or not all(agrees(case, found, gradients) for gradients in judged):
            appeals += 1
            assert agrees(case, found, judged_in_a_hundred_digits(case)), str(case)
    assert appeals < NETWORKS * 0.03


def test_the_random_networks_cover_the_option_space(cases: list[Case]) -> None:
    hidden, last, losses, options = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for case in cases:
        hidden.update(layer.activation.name for layer in case.network.layers[:-1])
        last[case.network.layers[-1].activation.name] += 1
        losses[f"{case.loss.name} {case.reduction}"] += 1
        options[f"depth {len(case.network)}"] += 1
        options["one sample" if case.inputs.ndim == 1 else "batch"] += 1
        for layer in case.network.layers:
            options[f"bias {layer.bias_sign}{' shared' if layer.share_bias else ''}"] += 1
    assert set(hidden) == set(last) == set(ACTIVATIONS)
    assert set(losses) == {f"{name} {way}" for name in LOSSES for way in ("mean", "sum")}
    assert len(options) == 6 + 2 + 4
    assert min([*hidden.values(), *last.values(), *losses.values(), *options.values()]) > 50


def test_the_engines_own_loss_agrees_with_central_differences(cases: list[Case]) -> None:
    judged_cases = 0
    for case in cases[:300]:
        if near_a_kink(case):
            continue
        judged_cases += 1
        found, judged = engine_gradients(case), judged_by_central_differences(case)
        size = max(float(np.abs(gradient).max()) for gradient in [*judged.values(), np.ones(1)])
        for name in found:
            np.testing.assert_allclose(
                found[name], judged[name], atol=2e-7 * size, err_msg=str(case)
            )
    assert judged_cases > 150


def near_a_kink(case: Case) -> bool:
    """Whether a difference quotient might straddle the kink of relu, leaky-relu, elu or huber."""
    forward = forward_propagation(case.network, case.inputs)
    kinks = [
        np.abs(forward[f"z{number}"]).min()
        for number, layer in enumerate(case.network.layers, 1)
        if layer.activation.name in ("relu", "leaky-relu", "elu")
    ]
    if case.loss.name == "huber":
        r = np.abs(forward[f"a{len(case.network)}"] - case.targets)
        kinks.append(np.abs(r - case.loss.parameters["delta"]).min())
    return bool(kinks) and float(min(kinks)) < 0.05


def test_the_judge_rejects_a_gradient_that_is_off_by_one_part_in_a_million(
    cases: list[Case],
) -> None:
    rng = np.random.default_rng(8)
    rejected = 0
    for case in cases[:200]:
        found = engine_gradients(case)
        names = [name for name in found if not vanishes(case, name) and np.any(found[name])]
        if not names:
            continue
        name = str(rng.choice(names))
        off = found | {name: found[name] * (1 + 1e-6)}
        assert not agrees(case, off, judged_by_complex_step(case)), f"{name} of {case}"
        rejected += 1
    assert rejected > 150
