"""Training: batches in order, histories, the same bits from the same seed, and runs that diverge."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import (
    Activation,
    Adam,
    ChainruleError,
    Dense,
    GradientDescent,
    Momentum,
    Network,
    apply_optimizer,
    backward_propagation,
    forward_propagation,
    named_loss,
    read_problem,
    train,
    update_weights,
)
from chainrule.errors import DivergedError, DomainError
from chainrule.mistakes import MISTAKES, named_mistake
from chainrule.optimizers import State

RNG = np.random.default_rng(11)
X, T = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))


def small_network() -> Network:
    return Network.random([3, 4, 2], ["tanh", "identity"], seed=3)


def by_hand(network: Network, batches: list[list[int]]) -> Network:
    for rows in batches:
        forward = forward_propagation(network, X[rows])
        network = update_weights(network, backward_propagation(network, forward, T[rows]), 0.1)
    return network


def assert_same(first: Network, second: Network) -> None:
    for name, array in first.parameters.items():
        np.testing.assert_allclose(array, second.parameters[name], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("batch_size", "batches"),
    [
        ("all", [[0, 1, 2, 3, 4, 5, 6]]),
        (1, [[0], [1], [2], [3], [4], [5], [6]]),
        (3, [[0, 1, 2], [3, 4, 5], [6]]),
        (100, [[0, 1, 2, 3, 4, 5, 6]]),
    ],
)
def test_batches_are_the_samples_in_order_the_last_one_smaller(
    batch_size: Any, batches: list[list[int]]
) -> None:
    run = train(
        small_network(), X, T, optimizer=GradientDescent(0.1), epochs=2, batch_size=batch_size
    )
    assert_same(run.network, by_hand(small_network(), batches * 2))


def test_shuffled_epochs_see_every_sample_once_in_a_new_order() -> None:
    seen: list[float] = []

    def spy(z: np.ndarray) -> np.ndarray:
        if len(z) == 1:
            seen.append(float(z[0, 0]))
        return z

    network = Network(Dense([[1.0]], activation=Activation("spy", spy, np.ones_like)))
    x = np.arange(6.0).reshape(6, 1)
    train(
        network,
        x,
        x,
        optimizer=GradientDescent(1e-300),
        epochs=2,
        batch_size=1,
        shuffle=True,
        seed=0,
        engine="reference",
    )
    first, second = seen[:6], seen[6:]
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4, 5]
    assert first != second


def test_shuffled_orders_are_those_of_the_seed() -> None:
    run = train(
        small_network(),
        X,
        T,
        optimizer=GradientDescent(0.1),
        epochs=2,
        batch_size=3,
        shuffle=True,
        seed=4,
    )
    rng = np.random.default_rng(4)
    orders = [list(rng.permutation(7)) for _ in range(2)]
    assert orders[0] != orders[1]
    batches = [order[k : k + 3] for order in orders for k in (0, 3, 6)]
    assert_same(run.network, by_hand(small_network(), batches))


def test_updated_weights_are_those_that_the_optimizer_gives() -> None:
    """With momentum the step before counts: the error goes back through w2 after all of that."""
    network = Network.random([3, 4, 2], ["tanh", "identity"], seed=3)
    optimizer, states = Momentum(0.3), dict[str, State]()
    for _ in range(2):
        forward = forward_propagation(network, X)
        true = backward_propagation(network, forward, T)
        ahead, _ = apply_optimizer(network, true, optimizer, states)
        dL_da1 = true["z2"] @ ahead.parameters["w2"]
        expected = (dL_da1 * (1 - forward["a1"] ** 2)).T @ X
        wrong = named_mistake("updated-weights").gradients(
            network, forward, T, named_loss("half-squared-error"), "mean", optimizer, states
        )
        np.testing.assert_allclose(wrong["w1"], expected, rtol=1e-12)
        network, states = apply_optimizer(network, wrong, optimizer, states)


def test_a_last_update_that_overflows_is_found() -> None:
    network = Network(Dense([[1.0]]))
    with pytest.raises(DivergedError, match="epoch 0: w1 is no longer finite"):
        train(network, [[1e100]], [[0.0]], optimizer=GradientDescent(1e200), epochs=1)


def test_the_same_seed_gives_the_same_bits() -> None:
    first, again, other = (
        train(
            small_network(),
            X,
            T,
            optimizer=Adam(0.01),
            epochs=20,
            batch_size=2,
            shuffle=True,
            seed=s,
        ).network.parameters["w1"]
        for s in (5, 5, 6)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_losses_are_those_before_an_epochs_first_update() -> None:
    reported = []
    run = train(
        small_network(),
        X,
        T,
        optimizer=Momentum(0.05),
        epochs=25,
        batch_size=2,
        report_every=10,
        report=lambda epoch, loss: reported.append((epoch, loss)),
    )
    assert list(run.losses.items()) == reported
    assert list(run.losses) == [0, 10, 20]
    longer = train(
        small_network(), X, T, optimizer=Momentum(0.05), epochs=26, batch_size=2, report_every=25
    )
    np.testing.assert_allclose(longer.final_output, run.network(X), rtol=1e-13)
    expected = named_loss("half-squared-error")(longer.final_output, T).mean()
    assert longer.final_loss == longer.losses[25] == pytest.approx(expected, rel=1e-14)


def test_report_every_is_a_tenth_of_the_run_when_left_out() -> None:
    run = train(small_network(), X, T, optimizer=GradientDescent(0.1), epochs=50)
    assert list(run.losses) == list(range(0, 50, 5))


def test_one_output_takes_flat_targets() -> None:
    network = Network.random([3, 1], ["identity"], seed=0)
    flat, column = (
        train(network, X, t, optimizer=GradientDescent(0.1), epochs=3) for t in (T[:, 0], T[:, :1])
    )
    assert_same(flat.network, column.network)


def test_the_loss_output_needs_no_targets() -> None:
    run = train(small_network(), X, optimizer=GradientDescent(0.1), epochs=2, loss="output")
    assert run.losses[1] < run.losses[0]


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_mistake_departs_from_the_gradient_and_says_where(mistake: str) -> None:
    network = Network.random([3, 4, 3, 2], ["tanh", "sigmoid", "sigmoid"], seed=1)
    loss = named_loss("half-squared-error")
    forward = forward_propagation(network, X)
    true = backward_propagation(network, forward, T)
    made = named_mistake(mistake)
    wrong = made.gradients(network, forward, T, loss, "mean", GradientDescent(0.5), {})
    differ = {name for name in true if not np.allclose(true[name], wrong[name], rtol=1e-9)}
    assert set(wrong) == set(true)
    expected = {
        "derivative-at-activation": set(true) - {"a3"},
        "updated-weights": {"a2", "z2", "w2", "b2", "a1", "z1", "w1", "b1", "x"},
    }[mistake]
    assert differ == expected
    words = made.explain(network, loss)
    assert {
        "derivative-at-activation": "tanh'(a1) where the chain rule has sigmoid'(z3)",
        "updated-weights": "send the error back through w3 and w2 after this step's update",
    }[mistake] in words


def test_derivative_at_activation_leaves_the_fused_step_alone() -> None:
    network = Network.random([3, 4, 2], ["tanh", "softmax"], seed=1)
    loss, t = named_loss("cross-entropy"), np.eye(2)[[0, 1, 0, 1, 0, 1, 0]]
    forward = forward_propagation(network, X)
    true = backward_propagation(network, forward, t, loss)
    made = named_mistake("derivative-at-activation")
    wrong = made.gradients(network, forward, t, loss, "mean", GradientDescent(0.5), {})
    np.testing.assert_array_equal(true["w2"], wrong["w2"])
    assert not np.allclose(true["w1"], wrong["w1"])
    assert made.explain(network, loss) == (
        "dL/dz1 uses tanh'(a1) where the chain rule has tanh'(z1)"
    )


def test_a_run_that_diverges_stops_at_that_epoch_and_says_what_to_change() -> None:
    network = Network(Dense([[1.0]]))
    with pytest.raises(DivergedError) as error:
        train(network, [[3.0]], [[1.0]], optimizer=GradientDescent(10.0), epochs=10_000)
    assert 50 < error.value.epoch < 100
    assert f"diverged in epoch {error.value.epoch}" in str(error.value)
    assert "try a smaller learning rate than 10" in str(error.value)
    with pytest.raises(DivergedError):
        train(
            network, [[3.0]], [[1.0]], optimizer=GradientDescent(10.0), epochs=error.value.epoch + 1
        )
    epochs = error.value.epoch
    run = train(network, [[3.0]], [[1.0]], optimizer=GradientDescent(10.0), epochs=epochs)
    assert np.isfinite(run.network.parameters["w1"]).all()


def test_an_output_that_leaves_the_losss_domain_is_told_in_words() -> None:
    network = Network(Dense([[1.0]]))
    with pytest.raises(DomainError, match="end it with 'sigmoid'"):
        train(
            network,
            [[3.0]],
            [[1.0]],
            optimizer=GradientDescent(0.1),
            epochs=10,
            loss="binary-cross-entropy",
        )


def test_a_problems_run_is_that_of_train() -> None:
    problem = read_problem("mitchell")
    assert problem.training is not None
    run = train(
        problem.network,
        problem.data.inputs,
        problem.data.targets,
        optimizer=problem.training.optimizer,
        epochs=1,
        batch_size=1,
    )
    assert_same(problem.train().network, run.network)


def call(**changes: Any) -> Callable[[], object]:
    arguments: dict[str, Any] = {"optimizer": GradientDescent(0.1), "epochs": 1} | changes
    inputs, targets = arguments.pop("inputs", X), arguments.pop("targets", T)
    return lambda: train(small_network(), inputs, targets, **arguments)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (call(epochs=0), "epochs must be a whole number, 1 or more, got 0"),
        (call(epochs=1.5), "epochs must be a whole number"),
        (call(batch_size=0), "batch_size must be a whole number, 1 or more, got 0"),
        (call(report_every=-1), "report_every must be a whole number"),
        (call(loss="hinge"), "unknown loss 'hinge'"),
        (call(optimizer="adam"), r"optimizer must be one such as Adam\(0.01\), got 'adam'"),
        (call(mistake="oops"), "unknown mistake 'oops'"),
        (call(reduction="max"), 'reduction must be "mean" or "sum"'),
        (call(inputs=np.empty((0, 3)), targets=np.empty((0, 2))), "no samples to train on"),
        (call(targets=T[:3]), r"targets must have shape \(7, 2\), samples x outputs, got \(3, 2\)"),
        (call(targets=None), "needs targets"),
        (call(inputs=X[:, :2]), r"inputs must have shape \(samples, 3\)"),
        (lambda: read_problem("goodfellow-xor").train(), r"no \[training\] section"),
    ],
)
def test_wrong_arguments_are_refused_in_words(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        run()
