"""The worked step and the reference engine are two derivations of one thing, and agree on everything."""

import numpy as np
import pytest

from chainrule import backward_propagation, calculate_loss, forward_propagation
from chainrule.activations import ACTIVATIONS
from chainrule.arithmetic import FLOAT64, Arithmetic, fifty_digits
from chainrule.arrays import Array
from chainrule.gradients import differentiate
from chainrule.losses import LOSSES
from chainrule.rules import RULES
from chainrule.textbook import example_names, read_example
from chainrule.worked_step import work_forward_pass

from random_networks import Case, random_case, vanishes

NETWORKS = 600


def worked(case: Case, m: Arithmetic) -> tuple[dict[str, Array], dict[str, Array]]:
    """Values and gradients by name, from the graph."""
    graph = work_forward_pass(case.network, case.inputs, case.targets, case.loss, case.reduction, m)
    gradients = differentiate(graph, "loss", m).by_position
    values = {name: np.asarray(value.numbers, dtype=float) for name, value in graph.named()}
    return values, {
        name: np.asarray(gradients[value.position], dtype=float)
        for name, value in graph.named()
        if value.position in gradients
    }


def disagreements(case: Case, m: Arithmetic) -> list[str]:
    """The names of values and gradients that differ by more than 1e-12 of their largest entry."""
    forward = forward_propagation(case.network, case.inputs)
    backward = backward_propagation(case.network, forward, case.targets, case.loss, case.reduction)
    loss = calculate_loss(case.network, forward, case.targets, case.loss, case.reduction)
    values, gradients = worked(case, m)
    found = {**forward, **case.network.parameters, "loss": np.asarray(loss)}
    differing = [name for name in found if differs(found[name], values[name])]
    size = max(1.0, *(float(np.abs(gradient).max()) for gradient in backward.values()))
    for name, gradient in backward.items():
        # A gradient of z or a vanishes wherever that of its layer's weights does.
        if vanishes(case, name if name[0] in "xwb" else f"w{name[1:]}"):
            wrong = name[0] in "xwb" and float(np.abs(gradient).max()) > 1e-14 * size
        else:
            wrong = differs(gradient, gradients[name])
        if wrong:
            differing.append(f"dL/d{name}")
    return differing


def differs(found: Array, expected: Array) -> bool:
    assert found.shape == expected.shape
    return bool(np.abs(found - expected).max() > 1e-12 * np.abs(expected).max())


def test_two_derivations_agree_tensor_by_tensor_on_random_networks() -> None:
    rng = np.random.default_rng(99)
    appeals = 0
    for _ in range(NETWORKS):
        case = random_case(rng)
        with np.errstate(all="ignore"):
            agree = not disagreements(case, FLOAT64)
        if not agree:
            # The graph's float64 formulas are not fused: at saturation they lose digits, 50 do not.
            appeals += 1
            assert disagreements(case, fifty_digits()) == [], str(case)
    assert appeals < NETWORKS * 0.03


@pytest.mark.parametrize("name", example_names())
def test_textbook_examples_agree_in_50_digits(name: str) -> None:
    problem = read_example(name).problem
    targets = problem.data.targets if problem.data.targets is not None else np.zeros((1, 1))
    case = Case(problem.network, problem.data.inputs, targets, problem.loss, problem.reduction)
    assert disagreements(case, fifty_digits()) == []


def test_every_activation_and_loss_has_a_rule() -> None:
    assert set(ACTIVATIONS) - {"identity"} <= set(RULES)
    assert set(LOSSES) - {"output"} <= set(RULES)
