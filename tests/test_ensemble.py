"""Many networks side by side are what they are alone."""

from typing import Any

import numpy as np
import pytest

from chainrule import (
    Adam,
    Dense,
    GradientDescent,
    Network,
    Run,
    named_activation,
    train,
    train_many,
)
from chainrule.engine import native
from chainrule.engine.plan import check_plan
from chainrule.errors import InputError, ShapeError
from chainrule.optimizers import OPTIMIZERS, named_optimizer

from test_native import assert_equal_runs

RNG = np.random.default_rng(3)
X, T = RNG.normal(size=(30, 3)), RNG.random((30, 2))
T /= T.sum(axis=1, keepdims=True)
ENGINES = ["native", "reference"] if native.is_built() else ["reference"]


def networks(
    count: int, last: str = "identity", hidden: str = "tanh", dtype: Any = np.float64
) -> list[Network]:
    return [Network.random([3, 4, 2], [hidden, last], seed=k, dtype=dtype) for k in range(count)]


def assert_same(one: Run, other: Run) -> None:
    assert_equal_runs(one, other, tolerance=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 7, "all"])
@pytest.mark.parametrize("count", [2, 19])
def test_each_run_is_that_of_train(count: int, batch_size: Any, shuffle: bool, engine: Any) -> None:
    rates = RNG.uniform(0.001, 0.05, count)
    rows = RNG.integers(0, 30, (count, 25))
    arguments: dict[str, Any] = {
        "loss": "cross-entropy",
        "epochs": 7,
        "batch_size": batch_size,
        "shuffle": shuffle,
    }
    runs = train_many(
        networks(count, "softmax"),
        X,
        T,
        optimizer=Adam(0.1),
        learning_rates=rates,
        samples=rows,
        seeds=list(range(count)),
        engine=engine,
        threads=2,
        **arguments,
    )
    for m, network in enumerate(networks(count, "softmax")):
        alone = train(
            network,
            X[rows[m]],
            T[rows[m]],
            optimizer=Adam(rates[m]),
            seed=m,
            engine="reference",
            **arguments,
        )
        assert_same(alone, runs[m])
        assert runs[m].engine == engine


@pytest.mark.parametrize("instructions", native.instructions())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_instruction_set_trains_ensembles(instructions: str, dtype: Any) -> None:
    starts = networks(19, "softmax", "sigmoid", dtype)
    x, t = X.astype(dtype), T.astype(dtype)
    plan = check_plan(starts[0], x, t, "cross-entropy", "mean", Adam(0.01), 5, 11, None)
    found = native.fit(
        starts, plan, None, lambda epoch, losses: None, 2, instructions=instructions
    ).networks
    for start, trained in zip(starts, found, strict=True):
        alone = train(
            start.astype(np.float64),
            X,
            T,
            optimizer=Adam(0.01),
            loss="cross-entropy",
            epochs=5,
            batch_size=11,
            engine="reference",
        )
        for name, array in alone.network.parameters.items():
            np.testing.assert_allclose(
                trained.parameters[name], array, rtol=0, atol=3e4 * np.finfo(dtype).eps
            )


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize(
    "hidden", ["relu", "leaky-relu", "elu", "gelu", "silu", "softplus", "softmax", "sigmoid"]
)
def test_every_activation_and_optimizer(hidden: str, optimizer: str) -> None:
    method = named_optimizer(optimizer, 0.01)
    runs = train_many(
        networks(5, hidden=hidden), X, T, optimizer=method, epochs=5, batch_size=8, reduction="sum"
    )
    for network, run in zip(networks(5, hidden=hidden), runs, strict=True):
        alone = train(
            network,
            X,
            T,
            optimizer=method,
            epochs=5,
            batch_size=8,
            reduction="sum",
            engine="reference",
        )
        assert_same(alone, run)


def test_thresholds_shared_and_frozen_biases() -> None:
    def network(seed: int) -> Network:
        rng = np.random.default_rng(seed)
        return Network(
            Dense(rng.normal(size=(4, 3)), [0.3], "tanh", share_bias=True, bias_sign="-"),
            Dense(
                rng.normal(size=(3, 4)),
                [0.1, 0.2, 0.3],
                named_activation("elu", alpha=0.5),
                train_biases=False,
            ),
            Dense(rng.normal(size=(2, 3)), [0.4, 0.4], "sigmoid", share_bias=True),
        )

    several = [network(seed) for seed in range(9)]
    arguments: dict[str, Any] = {
        "optimizer": Adam(0.01),
        "epochs": 6,
        "batch_size": 7,
        "loss": "binary-cross-entropy",
    }
    for start, run in zip(several, train_many(several, X, T, **arguments), strict=True):
        assert_same(train(start, X, T, engine="reference", **arguments), run)
        np.testing.assert_array_equal(run.network.parameters["b2"], start.parameters["b2"])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_that_diverges_does_not_stop_the_others(engine: Any) -> None:
    rates = [0.01, 1e200, 0.02, 1e250]
    runs = train_many(
        networks(4),
        X,
        T,
        optimizer=GradientDescent(1.0),
        learning_rates=rates,
        epochs=20,
        engine=engine,
    )
    assert [bool(np.isfinite(run.final_loss)) for run in runs] == [True, False, True, False]
    for run in runs:
        assert list(run.losses) == list(range(0, 20, 2))
    assert np.isfinite(runs[1].losses[0])
    assert np.isnan(runs[1].losses[18])
    assert np.isnan(runs[1].network.parameters["w1"]).all()
    alone = train(
        networks(4)[2], X, T, optimizer=GradientDescent(0.02), epochs=20, engine="reference"
    )
    assert_same(alone, runs[2])


@pytest.mark.parametrize("batch_size", [40, "all"])
def test_a_resample_may_be_larger_than_the_data(batch_size: Any) -> None:
    rows = RNG.integers(0, 30, (3, 50))
    arguments: dict[str, Any] = {"optimizer": Adam(0.01), "epochs": 4, "batch_size": batch_size}
    runs = train_many(networks(3), X, T, samples=rows, shuffle=True, **arguments)
    for m, network in enumerate(networks(3)):
        alone = train(
            network, X[rows[m]], T[rows[m]], shuffle=True, engine="reference", **arguments
        )
        assert_same(alone, runs[m])


def test_the_same_bits_on_any_number_of_threads() -> None:
    runs = [
        train_many(
            networks(70, dtype=np.float32),
            X,
            T,
            optimizer=Adam(0.01),
            epochs=5,
            shuffle=True,
            batch_size=8,
            threads=threads,
        )
        for threads in (1, 2, 5)
    ]
    for one, *others in zip(*runs, strict=True):
        for other in others:
            assert one.losses == other.losses
            assert (
                one.network.parameters["w1"].tobytes() == other.network.parameters["w1"].tobytes()
            )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"networks": []}, "there are no networks to train"),
        ({"networks": [1]}, "networks must be a sequence of Network"),
        (
            {"networks": [*networks(1), *networks(1, "softmax")]},
            r"networks\[1\] differs from networks\[0\]",
        ),
        (
            {"learning_rates": [0.1]},
            r"learning_rates must be one a network, shape \(2,\), got \(1,\)",
        ),
        ({"learning_rates": [0.1, -1.0]}, "learning_rate must be more than 0"),
        ({"seeds": [1, 2, 3]}, r"seeds must be one a network, shape \(2,\), got \(3,\)"),
        ({"samples": [[0, 30], [1, 2]]}, "samples has 30; sample numbers run from 0 to 29"),
        ({"samples": [[0.5], [1.0]]}, "samples must be whole numbers"),
        ({"targets": None}, "needs targets"),
        ({"epochs": 0}, "epochs must be a whole number"),
        ({"threads": 0}, "threads must be a whole number"),
        ({"engine": "gpu"}, "engine must be"),
    ],
)
def test_wrong_arguments_are_refused_in_words(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "networks": networks(2),
        "inputs": X,
        "targets": T,
        "optimizer": Adam(0.1),
        "epochs": 3,
    }
    with pytest.raises((InputError, ShapeError), match=message):
        train_many(**{**arguments, **changes})
