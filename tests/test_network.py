"""Networks and the four steps: shapes, names, conventions, and what is refused."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from chainrule import (
    Activation,
    ChainruleError,
    Dense,
    GradientDescent,
    Loss,
    Network,
    apply_optimizer,
    backward_propagation,
    calculate_loss,
    central_differences,
    forward_propagation,
    named_activation,
    update_weights,
)


def notebook() -> Network:
    return Network(
        Dense([[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]], [0.1, 0.2, 0.3], "sigmoid"),
        Dense([[0.4, 0.5, 0.6]], [0.4], "sigmoid"),
    )


def test_the_four_steps_by_hand_train_the_notebooks_network() -> None:
    network, x, t = notebook(), [0.9, 0.8], [1.0]
    losses = []
    for _ in range(101):
        forward = forward_propagation(network, x)
        losses.append(calculate_loss(network, forward, t))
        gradients = backward_propagation(network, forward, t)
        network = update_weights(network, gradients, learning_rate=0.1)
    assert f"{losses[0]:.7f} {losses[100]:.8f}" == "0.0168109 0.00726264"


def test_values_and_gradients_bear_their_names_on_paper() -> None:
    network = notebook()
    forward = forward_propagation(network, [0.9, 0.8])
    gradients = backward_propagation(network, forward, [1.0])
    assert list(forward) == ["x", "z1", "a1", "z2", "a2"]
    assert set(gradients) == {"x", "z1", "a1", "z2", "a2", "w1", "b1", "w2", "b2"}
    for name, value in {**forward, **network.parameters}.items():
        assert gradients[name].shape == value.shape


def test_a_batch_is_its_samples_one_by_one() -> None:
    network, rng = notebook(), np.random.default_rng(0)
    x, t = rng.normal(size=(5, 2)), rng.random((5, 1))
    forward = forward_propagation(network, x)
    batch = backward_propagation(network, forward, t, reduction="sum")
    singles = [
        backward_propagation(network, forward_propagation(network, x[n]), t[n]) for n in range(5)
    ]
    for name in network.parameters:
        np.testing.assert_allclose(batch[name], sum(single[name] for single in singles))
    np.testing.assert_allclose(batch["z1"], [single["z1"] for single in singles])
    mean = backward_propagation(network, forward, t, reduction="mean")
    np.testing.assert_allclose(mean["w1"], batch["w1"] / 5)


def test_frozen_biases_have_a_gradient_and_stay() -> None:
    network = Network(Dense([[0.5]], [0.25], train_biases=False))
    gradients = backward_propagation(network, forward_propagation(network, [1.0]), [0.0])
    updated = update_weights(network, gradients, learning_rate=0.1).parameters
    assert gradients["b1"] == 0.75
    assert [updated["w1"], updated["b1"]] == [0.425, 0.25]


@pytest.mark.parametrize("biases", [0.5, [0.5, 0.5, 0.5]])
def test_a_shared_bias_moves_by_the_sum_over_its_units(biases: ArrayLike) -> None:
    network = Network(Dense([[1.0], [2.0], [3.0]], biases, share_bias=True))
    gradients = backward_propagation(network, forward_propagation(network, [1.0]), [0.0] * 3)
    np.testing.assert_array_equal(gradients["b1"], np.full_like(network.parameters["b1"], 7.5))
    updated = update_weights(network, gradients, learning_rate=0.1).parameters["b1"]
    np.testing.assert_allclose(updated, np.full_like(updated, -0.25))


def test_a_threshold_is_subtracted_and_its_gradient_has_the_other_sign() -> None:
    plus = Network(Dense([[2.0]], [-0.5]))
    minus = Network(Dense([[2.0]], [0.5], bias_sign="-"))
    gradients = [
        backward_propagation(network, forward_propagation(network, [1.0]), [0.0])
        for network in (plus, minus)
    ]
    assert plus([1.0]) == minus([1.0]) == 1.5
    assert gradients[0]["b1"] == -gradients[1]["b1"] == 1.5


def test_custom_activations_and_losses_train_like_built_in_ones() -> None:
    swish = Activation("sine", np.sin, np.cos)
    quartic = Loss(
        "quartic", lambda a, t: np.sum((a - t) ** 4, axis=-1), lambda a, t: 4 * (a - t) ** 3
    )
    network = Network(Dense([[0.3, -0.2], [0.1, 0.4]], [0.1, 0.2], swish), Dense([[0.5, -0.6]]))
    x, t = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1.0], [0.0]])
    forward = forward_propagation(network, x)
    found = backward_propagation(network, forward, t, quartic)

    def loss(w1: np.ndarray) -> float:
        changed = network.with_parameters({"w1": w1})
        return calculate_loss(changed, forward_propagation(changed, x), t, quartic)

    np.testing.assert_allclose(
        found["w1"], central_differences(loss, network.parameters["w1"])[0], atol=1e-9
    )


def test_a_forward_pass_keeps_its_own_inputs() -> None:
    x = np.array([0.9, 0.8])
    forward = forward_propagation(notebook(), x)
    before = backward_propagation(notebook(), forward, [1.0])["w1"]
    x[:] = 0.0
    np.testing.assert_array_equal(backward_propagation(notebook(), forward, [1.0])["w1"], before)


def test_a_network_keeps_its_own_numbers() -> None:
    weights = np.array([[1.0, 2.0]])
    network = Network(Dense(weights))
    weights[:] = 0.0
    assert network([1.0, 1.0]) == 3.0
    update_weights(network, {"w1": np.ones((1, 2)), "b1": np.ones(1)}, learning_rate=1.0)
    assert network([1.0, 1.0]) == 3.0


def test_float32_stays_float32_through_all_four_steps() -> None:
    network = notebook().astype(np.float32)
    forward = forward_propagation(network, [0.9, 0.8])
    gradients = backward_propagation(network, forward, [1.0])
    updated, _ = apply_optimizer(network, gradients, GradientDescent(0.1), {})
    for array in [*forward.values(), *gradients.values(), *updated.parameters.values()]:
        assert array.dtype == np.float32
    assert Network(Dense(np.ones((1, 1), dtype=np.float32))).dtype == np.float32


def test_numpy_numbers_as_settings_keep_float32_too() -> None:
    network = Network(
        Dense([[0.5, -2.0]], activation=named_activation("leaky-relu", alpha=np.float64(0.2)))
    ).astype(np.float32)
    forward = forward_propagation(network, [1.0, 1.0])
    gradients = backward_propagation(network, forward, [1.0])
    for rate in (np.float64(0.1), np.float32(0.1)):
        optimizer = GradientDescent(rate)  # type: ignore[arg-type]  # NumPy users pass these
        updated, _ = apply_optimizer(network, gradients, optimizer, {})
        assert updated.dtype == np.float32


def test_an_activation_of_ones_own_in_float64_keeps_a_float32_network() -> None:
    mine = Activation("mine", lambda z: z.astype(np.float64), lambda z: np.ones(z.shape))
    network = Network(Dense([[0.5]], activation=mine)).astype(np.float32)
    forward = forward_propagation(network, [1.0])
    assert forward["a1"].dtype == np.float32
    assert backward_propagation(network, forward, [1.0])["w1"].dtype == np.float32


def test_parameters_are_taken_as_numbers_of_the_networks_dtype() -> None:
    network = Network(Dense([[0.5, 0.5]])).with_parameters({"w1": [[1, 2]]})
    assert network([0.5, 0.5]) == 1.5
    own = np.array([[1.0, 2.0]])
    network = network.with_parameters({"w1": own})
    own[:] = 0.0
    assert network([0.5, 0.5]) == 1.5


def test_random_networks_come_from_their_seed_alone() -> None:
    first, again, other = (
        Network.random([3, 4, 2], ["tanh", "softmax"], seed=seed).parameters["w1"]
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("initial", "spread"),
    [
        ("glorot-uniform", (2 / (300 + 200)) ** 0.5),
        ("glorot-normal", (2 / (300 + 200)) ** 0.5),
        ("he-uniform", (2 / 300) ** 0.5),
        ("he-normal", (2 / 300) ** 0.5),
        ("zeros", 0.0),
        ({"uniform": 0.5}, 0.5 / 3**0.5),
        ({"normal": 0.1}, 0.1),
    ],
)
def test_initial_weights_have_the_spread_of_their_formula(
    initial: str | dict[str, float], spread: float
) -> None:
    network = Network.random([300, 200], ["tanh"], initial=initial, seed=0)
    w = network.parameters["w1"]
    assert w.std() == pytest.approx(spread, rel=0.02)
    assert abs(w.mean()) <= 0.02 * (spread or 1)


def refuse(*arguments: object, **keywords: object) -> Callable[[], object]:
    return lambda: Dense(*arguments, **keywords)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (refuse([1.0, 2.0]), r"weights must have shape \(units, inputs\)"),
        (refuse([[1.0], [2.0, 3.0]]), "its rows differ in length"),
        (refuse([["a"]]), "weights must be real numbers"),
        (refuse([[1.0, float("nan")]]), r"weights\[0, 1\] is nan"),
        (refuse([[1.0]], [1.0, 2.0]), r"biases must have shape \(1,\)"),
        (refuse([[1.0], [1.0]], [1.0, 2.0], share_bias=True), "share_bias needs one number"),
        (refuse([[1.0]], bias_sign="x"), 'bias_sign must be "\\+" or "-"'),
        (refuse([[1.0]], activation="sigmoyd"), "did you mean 'sigmoid'"),
        (lambda: Network(), "at least one layer"),
        (
            lambda: Network(Dense([[1.0, 2.0]]), Dense([[1.0, 2.0]])),
            r"layer 2 takes 2 inputs \(weights \(1, 2\)\), but layer 1 has 1 units",
        ),
        (
            lambda: Network(Dense([[1.0]]), Dense(np.ones((1, 1), dtype=np.float32))),
            "layer 2 is float32, but layer 1 is float64",
        ),
        (lambda: Network.random([2, 1], ["tanh", "relu"], seed=0), "2 sizes make 1 layers"),
        (lambda: Network.random([2, 0], ["tanh"], seed=0), "sizes must be 1 or more"),
        (
            lambda: Network.random([2, 1], ["tanh"], initial="glorot", seed=0),
            "unknown initialisation 'glorot'",
        ),
        (
            lambda: Network.random([2, 1], ["tanh"], initial={"uniform": -1.0}, seed=0),
            "with a positive number",
        ),
        (lambda: notebook().astype(int), "a network is float32 or float64, not int64"),
        (lambda: notebook().with_parameters({"b2": ["x"]}), "b2 must be real numbers"),
        (refuse([[1.0]], activation=np.tanh), "activation must be a name or an Activation"),
        (
            lambda: Activation("sum", np.sum, np.ones_like)(np.ones(3)),
            r"value of activation 'sum' must give the shape of z, \(3,\), got \(\)",
        ),
        (
            lambda: backward_propagation(
                notebook(), forward_propagation(notebook(), np.empty((0, 2))), np.empty((0, 1))
            ),
            "there are no samples",
        ),
        (lambda: notebook().with_parameters({"w3": [1.0]}), "unknown parameter 'w3'"),
        (lambda: notebook().with_parameters({"b2": [1.0, 2.0]}), r"b2 has shape \(1,\)"),
        (lambda: notebook()([1.0, 2.0, 3.0]), r"inputs must have shape \(samples, 2\) or \(2,\)"),
        (lambda: notebook()([1.0, float("inf")]), r"inputs\[1\] is inf"),
        (
            lambda: Network(Dense([[1e300]])).astype(np.float32),
            r"w1\[0, 0\] is 1e\+300; every number must be finite in float32",
        ),
        (lambda: one_loss([1.0, 2.0]), r"targets must have the shape of the outputs, \(1,\)"),
        (lambda: one_loss(None), "loss 'half-squared-error' needs targets"),
        (lambda: one_loss([1.0], reduction="max"), 'reduction must be "mean" or "sum"'),
    ],
)
def test_what_does_not_fit_is_refused_in_words(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        make()


def one_loss(targets: list[float] | None, reduction: str = "mean") -> float:
    network = notebook()
    forward = forward_propagation(network, [0.9, 0.8])
    return calculate_loss(network, forward, targets, reduction=reduction)
