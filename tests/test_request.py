"""What can be asked for: the step at an epoch, of a sample, and what JSON says of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import (
    Activation,
    Dense,
    GradientDescent,
    Network,
    Problem,
    apply_optimizer,
    backward_propagation,
    calculate_loss,
    explain,
    explain_problem,
    forward_propagation,
    read_problem,
)
from chainrule.errors import ChainruleError
from chainrule.optimizers import OPTIMIZERS, named_optimizer
from chainrule.textbook import example_names
from chainrule.worked_step import work_update

EXAMPLES = Path(__file__).parent.parent / "examples"


def by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in items}


def test_json_has_the_contracts_names_formulas_and_shapes() -> None:
    record = explain_problem(read_problem("numeric-example")).record
    assert json.loads(json.dumps(record)) == record
    values = by_name(record["values"])
    assert list(values) == ["x", "w1", "b1", "z1", "a1", "w2", "b2", "z2", "a2", "t", "loss"]
    assert {name: value["formula"] for name, value in values.items() if value["formula"]} == {
        "z1": "w1 @ x + b1",
        "a1": "sigmoid(z1)",
        "z2": "w2 @ a1 + b2",
        "a2": "sigmoid(z2)",
        "loss": "sum((a2 - t) ** 2) / 2",
    }
    assert values["x"]["value"] == [0.9, 0.8]
    assert np.shape(values["w1"]["value"]) == np.shape(values["w1"]["gradient"]) == (3, 2)
    assert record["loss"] == values["loss"]["value"] == pytest.approx(0.016810900180421588, 1e-15)
    assert values["loss"]["gradient"] == 1.0
    updates = by_name(record["updates"])
    assert list(updates) == ["w1", "b1", "w2", "b2"]
    assert set(updates["w1"]) == {
        "name", "before", "gradient", "after", "mistaken_gradient", "mistaken_after"
    }  # fmt: skip
    assert "mistaken_gradient" in values["z2"]


@pytest.mark.parametrize("name", [*example_names(), "xor.toml", "iris.toml"])
@pytest.mark.parametrize("epoch", [0, 3])
def test_json_agrees_with_the_engine(name: str, epoch: int) -> None:
    problem = read_problem(EXAMPLES / name if name.endswith(".toml") else name)
    schedule = problem.training
    if schedule is None:
        if epoch:
            return
        network = problem.network
    else:
        problem = problem.with_training(epochs=4, mistake=None)
        assert problem.training is not None
        network = problem.network
        if epoch:
            # To the last bit: an explanation starts from the reference engine's run.
            network = problem.with_training(epochs=epoch).train(engine="reference").network
    record = explain_problem(problem, epoch=epoch).record
    values = by_name(record["values"])
    for key, parameter in network.parameters.items():
        np.testing.assert_array_equal(values[key]["value"], parameter)
    x = np.array(values["x"]["value"])
    t: Any = None
    if "t" in values:
        t = np.array(values["t"]["value"])
    forward = forward_propagation(network, x)
    gradients = backward_propagation(network, forward, t, problem.loss, problem.reduction)
    for key, array in gradients.items():
        scale = max(float(np.abs(array).max()), 1e-12)
        np.testing.assert_allclose(values[key]["gradient"], array, rtol=0, atol=1e-12 * scale)
    loss = calculate_loss(network, forward, t, problem.loss, problem.reduction)
    assert record["loss"] == pytest.approx(loss, rel=1e-13, abs=1e-15)


def test_the_parameters_at_an_epoch_are_those_of_the_problems_own_run() -> None:
    problem = read_problem("numeric-example")
    assert explain_problem(problem, epoch=100).record["loss"] == pytest.approx(0.00464662, abs=5e-9)
    true = problem.with_training(mistake=None)
    assert explain_problem(true, epoch=100).record["loss"] == pytest.approx(0.00726264, abs=5e-9)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizers_state_at_an_epoch_is_that_of_the_run(name: str) -> None:
    problem = read_problem("numeric-example").with_training(
        mistake=None, optimizer=named_optimizer(name, 0.1), epochs=10
    )
    after = by_name(explain_problem(problem, epoch=6).record["updates"])
    trained = problem.with_training(epochs=7).train().network
    for key, parameter in trained.parameters.items():
        np.testing.assert_allclose(after[key]["after"], parameter, rtol=1e-13)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizers_formulas_are_its_update(name: str) -> None:
    rng = np.random.default_rng(3)
    optimizer = named_optimizer(name, 0.05)
    w = rng.normal(size=(2, 3))
    state = optimizer.initial_state(w)
    for _ in range(5):
        g = rng.normal(size=w.shape)
        worked = work_update(optimizer, w, g, state)
        w, state = optimizer.update(w, g, state)  # type: ignore[assignment]
        np.testing.assert_allclose(worked["w"], w, rtol=1e-14)
        for key, kept in zip(optimizer.remembers, state, strict=True):
            np.testing.assert_allclose(worked[key], kept, rtol=1e-14)


def test_a_sample_chooses_its_own_update() -> None:
    """Mitchell's exercise trains sample by sample; its second update is published."""
    problem = read_problem("mitchell")
    first = by_name(explain_problem(problem).record["updates"])
    assert np.round(first["w1"]["after"], 6).tolist() == [[0.100851, 0.1]]
    second = explain_problem(problem, sample=2)
    updates = by_name(second.record["updates"])
    assert updates["w1"]["before"] == pytest.approx(np.array(first["w1"]["after"]), rel=1e-15)
    assert np.round(updates["w1"]["after"], 6).tolist() == [[0.101617, 0.098799]]
    assert np.round(updates["b2"]["after"], 6).tolist() == [0.124522]
    assert by_name(second.record["values"])["x"]["value"] == [0.0, 1.0]
    assert "This update takes sample 2 of 2." in second.document.notes


def test_of_a_batch_one_sample_is_worked_and_the_gradients_take_all() -> None:
    problem = read_problem("goodfellow-xor")
    whole, third = explain_problem(problem), explain_problem(problem, sample=3)
    assert by_name(whole.record["values"])["x"]["value"] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert by_name(third.record["values"])["x"]["value"] == [1, 0]
    assert by_name(third.record["values"])["w1"] == by_name(whole.record["values"])["w1"]
    results = {str(line.result) for line in third.document.lines()}
    assert "z1[3,1]" in results
    assert "z1[1,1]" not in results


def test_a_shuffled_run_explains_the_batch_that_a_sample_is_in(tmp_path: Path) -> None:
    problem = read_problem(EXAMPLES / "iris.toml").with_training(epochs=3)
    for sample in (1, 40, 120):
        explanation = explain_problem(problem, epoch=2, sample=sample)
        x = by_name(explanation.record["values"])["x"]["value"]
        np.testing.assert_array_equal(x, problem.data.inputs[sample - 1])


def test_a_large_batch_works_one_sample_and_says_so() -> None:
    rng = np.random.default_rng(0)
    network = Network(Dense(rng.normal(size=(2, 2)).round(2), activation="tanh"))
    explanation = explain(network, rng.normal(size=(20, 2)).round(2), np.zeros((20, 2)))
    assert any(
        note.startswith("The batch has 20 samples. Worked") for note in explanation.document.notes
    )
    assert {
        line.result.index[0] for line in explanation.document.lines() if line.result.letter == "z"
    } == {1}
    for line in explanation.document.lines():
        if str(line.result).startswith("dL/dw1"):
            assert "dL/dz1[1," in " ".join(map(str, _symbols(line.formula)))


def _symbols(expression: Any) -> list[Any]:
    from chainrule.expression import symbols_in

    return symbols_in(expression)


def test_explain_in_python_takes_a_network_and_arrays() -> None:
    network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    explanation = explain(network, [1.0, 2.0], [1.0], optimizer=GradientDescent(0.1))
    gradients = backward_propagation(network, forward_propagation(network, [1.0, 2.0]), [1.0])
    after, _ = apply_optimizer(network, gradients, GradientDescent(0.1), {})
    found = by_name(explanation.record["updates"])["w1"]["after"]
    np.testing.assert_allclose(found, after.parameters["w1"], rtol=1e-15)
    assert "z1[1] = w1[1,1] * x[1] + w1[1,2] * x[2] + b1[1]" in str(explanation)


def no_training() -> Problem:
    return read_problem("cs231n-neuron")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epoch": 1000}, "there is no epoch 1000: the run's epochs are 0 to 999"),
        ({"epoch": -1}, "there is no epoch -1"),
        ({"sample": 0}, "there is no sample 0: the training samples are 1 to 1"),
        ({"sample": 2}, "there is no sample 2"),
        ({"digits": -1}, "digits must be a whole number from 0 to 30, got -1"),
        ({"digits": 31}, "digits must be"),
        ({"digits": 2.5}, "digits must be"),
    ],
)
def test_what_does_not_exist_is_answered_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        explain_problem(read_problem("numeric-example"), **options)


def test_without_training_there_is_one_epoch() -> None:
    with pytest.raises(ChainruleError, match="no \\[training\\] section, so 0 is the only one"):
        explain_problem(no_training(), epoch=1)


def test_what_cannot_be_worked_is_said() -> None:
    cube = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    with pytest.raises(ChainruleError, match="there is no rule for 'cube'"):
        explain(Network(Dense([[1.0]], activation=cube)), [1.0], [1.0])
    network = Network(Dense([[1.0]]))
    with pytest.raises(ChainruleError, match="needs targets"):
        explain(network, [1.0])
    with pytest.raises(ChainruleError, match="targets must have shape"):
        explain(network, [1.0], [1.0, 2.0])


@pytest.mark.parametrize("decimals", [0, 1, 5, 20])
def test_digits_are_decimals_with_ties_to_even(decimals: int) -> None:
    network = Network(Dense([[0.5]]))
    lines = list(explain(network, [0.25], [0.0], digits=decimals).document.lines())
    assert lines[0].value.digits == {0: "1.25e-1", 1: "0.1", 5: "0.125", 20: "0.125"}[decimals]
