"""A mistake in a graph is the mistake in the engine, and its lines say what it does."""

from fractions import Fraction

import numpy as np
import pytest

from chainrule import explain, explain_problem, read_problem
from chainrule.arithmetic import FLOAT64, fifty_digits
from chainrule.digits import as_fraction
from chainrule.engine.reference import forward_propagation
from chainrule.expression import evaluate
from chainrule.formula_text import write
from chainrule.gradients import differentiate
from chainrule.mistakes import MISTAKES
from chainrule.optimizers import OPTIMIZERS, named_optimizer
from chainrule.worked_step import work_forward_pass

from random_networks import random_case
from small_steps import small_step


@pytest.mark.parametrize("name", sorted(MISTAKES))
@pytest.mark.parametrize("seed", range(40))
def test_the_mistake_in_a_graph_is_the_mistake_in_the_engine(name: str, seed: int) -> None:
    rng = np.random.default_rng([seed, 11])
    mistake = MISTAKES[name]
    case = random_case(rng)
    while not mistake.places(case.network, case.loss):
        case = random_case(rng)
    network, loss = case.network, case.loss
    optimizer = named_optimizer(sorted(OPTIMIZERS)[seed % len(OPTIMIZERS)], 0.1)
    forward = forward_propagation(network, case.inputs)
    expected = mistake.gradients(
        network, forward, case.targets, loss, case.reduction, optimizer, {}
    )
    graph = work_forward_pass(network, case.inputs, case.targets, loss, case.reduction)
    handed = mistake.hand(network, graph, loss, optimizer, {}, FLOAT64)
    found = differentiate(graph, "loss", FLOAT64, handed)
    for key, gradient in expected.items():
        again = found.by_position[graph.value(key).position]
        size = max(float(np.abs(gradient).max()), 1e-6)  # 0 by symmetry: rounding error alone
        if name == "updated-weights" and type(optimizer).__name__ in ("RMSProp", "Adam", "AdamW"):
            size *= (
                1e3  # these divide by the gradient's own size, which may be rounding error alone
            )
        np.testing.assert_allclose(again, gradient, rtol=0, atol=1e-9 * size, err_msg=str(case))


@pytest.mark.parametrize("name", sorted(MISTAKES))
@pytest.mark.parametrize("seed", range(40))
def test_each_mistaken_line_gives_its_mistaken_number(name: str, seed: int) -> None:
    step = small_step(seed)
    if not MISTAKES[name].places(step.network, step.loss):
        return
    m, differing = fifty_digits(), 0
    document = step.explain(mistake=name).document
    for line in document.lines():
        if line.mistaken is None:
            continue
        differing += 1
        assert line.mistaken.value.value != line.value.value
        value = as_fraction(np.asarray(evaluate(line.mistaken.numbers, m)).item())
        expected = as_fraction(line.mistaken.value.value)
        assert abs(value - expected) <= Fraction(1, 10**40), write(line.mistaken.formula)
    marked = [line.result for line in document.lines() if line.first_difference]
    assert len(marked) == (1 if differing else 0)


def test_the_published_mistake_stands_beside_the_right_step() -> None:
    document = explain_problem(read_problem("numeric-example")).document
    lines = {str(line.result): line for line in document.lines() if line.result.gradient}
    assert lines["dL/da2[1]"].mistaken is None
    marked = lines["dL/dz2[1]"]
    assert marked.first_difference
    assert marked.mistaken is not None
    assert write(marked.mistaken.formula) == ("dL/da2[1] * sigmoid(a2[1]) * (1 - sigmoid(a2[1]))")
    assert marked.mistaken.value.digits == "-0.03897355"
    assert any(
        note == "The first number that differs is dL/dz2[1]: -0.02745682 is right, -0.03897355 is "
        "what the mistake gives."
        for note in document.notes
    )


def test_updated_weights_show_as_the_new_ones() -> None:
    document = explain_problem(read_problem("mazur")).document
    lines = {str(line.result): line for line in document.lines() if line.result.gradient}
    assert lines["dL/dw2[1,1]"].mistaken is None
    wrong = lines["dL/da1[1]"].mistaken
    assert wrong is not None
    assert write(wrong.formula) == "dL/dz2[1] * w2_new[1,1] + dL/dz2[2] * w2_new[2,1]"


def test_a_mistake_that_cannot_happen_is_refused() -> None:
    from chainrule import Dense, Network
    from chainrule.errors import ChainruleError

    with pytest.raises(ChainruleError, match="cannot happen in this network"):
        explain(Network(Dense([[1.0]])), [1.0], [1.0], mistake="updated-weights")
    with pytest.raises(ChainruleError, match="unknown mistake 'updated-weight'; did you mean"):
        explain(Network(Dense([[1.0]])), [1.0], [1.0], mistake="updated-weight")
