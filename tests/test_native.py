"""The native engine computes what the reference engine computes: on every option, shape and instruction set."""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
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
    Run,
    read_problem,
    train,
)
from chainrule.activations import ACTIVATIONS
from chainrule.engine import native
from chainrule.engine.plan import check_plan
from chainrule.errors import DivergedError
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS, named_optimizer
from chainrule.training import draw_orders

from random_networks import any_random_case

pytestmark = pytest.mark.skipif(
    not native.is_built() and not os.environ.get("CHAINRULE_REQUIRE_ALL"),
    reason="the native engine is not built in this installation",
)


def test_the_native_engine_is_built() -> None:
    assert native.is_built()
    assert native.instructions()[0] == "plain"


@dataclass
class Task:
    """A training run over the whole option space."""

    network: Network
    inputs: Any
    targets: Any
    arguments: dict[str, Any]

    def run(self, network: Network | None = None, engine: Any = "reference") -> Run | str:
        """The run, or in words how it ended."""
        try:
            with np.errstate(all="ignore"):
                return train(
                    network or self.network,
                    self.inputs,
                    self.targets,
                    engine=engine,
                    **self.arguments,
                )
        except ChainruleError as error:
            return f"{type(error).__name__} {getattr(error, 'epoch', '')}"

    def run_native(self, instructions: str, threads: int = 1) -> native.NativeRun:
        """The same run on one instruction set; its history is not looked at."""
        kept = dict(self.arguments)
        shuffle, seed = kept.pop("shuffle", False), kept.pop("seed", 0)
        plan = check_plan(
            self.network,
            self.inputs,
            self.targets,
            kept.get("loss", "half-squared-error"),
            kept.get("reduction", "mean"),
            kept["optimizer"],
            kept["epochs"],
            kept.get("batch_size", "all"),
            None,
        )
        order = None
        if shuffle and plan.batch_size < len(plan.x):
            order = draw_orders(np.random.default_rng(seed), len(plan.x))
        return native.fit(
            [self.network],
            plan,
            order,
            lambda epoch, losses: None,
            threads,
            instructions=instructions,
        )


def random_task(rng: np.random.Generator, steps: int) -> Task:
    """A random network, loss, optimizer and batches, for that many updates or a few more."""
    case = any_random_case(rng)
    samples = int(rng.integers(1, 40))
    x = rng.normal(size=(samples, case.network.inputs))
    t = rng.normal(size=(samples, case.network.outputs))
    if case.loss.name == "binary-cross-entropy":
        t = rng.random(t.shape)
    if case.loss.name == "cross-entropy":
        t = rng.random(t.shape)
        t /= t.sum(axis=1, keepdims=True)
    batch_size = [1, 3, 8, 20, 100, "all"][int(rng.integers(6))]
    batches = -(-samples // batch_size) if isinstance(batch_size, int) else 1
    optimizer = named_optimizer(str(rng.choice(sorted(OPTIMIZERS))), float(rng.uniform(1e-3, 0.1)))
    return Task(
        case.network,
        x,
        t,
        {
            "optimizer": optimizer,
            "epochs": -(-steps // batches),
            "loss": case.loss,
            "reduction": case.reduction,
            "batch_size": batch_size,
            "shuffle": bool(rng.random() < 0.5),
            "seed": int(rng.integers(1000)),
        },
    )


def distances(first: Network, second: Network) -> dict[str, float]:
    """Of each tensor the largest difference, as a part of its largest entry."""
    theirs = second.parameters
    return {
        name: float(np.abs(array - theirs[name]).max() / max(np.abs(array).max(), 1e-300))
        for name, array in first.parameters.items()
    }


def nudged(network: Network, rng: np.random.Generator) -> Network:
    """Every parameter one unit in the last place up or down; a shared bias as one."""
    moved = {}
    for name, array in network.parameters.items():
        layer = network.layers[int(name[1:]) - 1]
        shape = (1,) if name[0] == "b" and layer.share_bias else array.shape
        directions = np.where(rng.random(shape) < 0.5, -np.inf, np.inf).astype(array.dtype)
        moved[name] = np.nextafter(array, directions)
    return network.with_parameters(moved)


@pytest.mark.parametrize("steps", [1, 10, 100])
def test_native_equals_reference_wherever_rounding_does_not_grow(steps: int) -> None:
    rng = np.random.default_rng(steps)
    compared = grown = 0
    for number in range(200 if steps < 100 else 60):
        task = random_task(rng, steps)
        expected, found = task.run(), task.run(engine="native")
        if isinstance(expected, str) or isinstance(found, str):
            assert expected == found, (number, task)
            continue
        assert (expected.engine, found.engine) == ("reference", "native")
        growth = largest_growth(task, expected, rng)
        for name, distance in distances(expected.network, found.network).items():
            if growth[name] > 1e-12:
                grown += 1
                continue
            compared += 1
            assert distance <= 1e-12, (number, name, growth[name], task)
        assert list(expected.losses) == list(found.losses)
        if max(growth.values()) <= 1e-12:
            np.testing.assert_allclose(
                list(found.losses.values()), list(expected.losses.values()), rtol=1e-11, atol=1e-11
            )
            np.testing.assert_allclose(
                found.final_output, expected.final_output, rtol=1e-9, atol=1e-11
            )
    assert compared > 4 * grown


def largest_growth(task: Task, run: Run, rng: np.random.Generator) -> dict[str, float]:
    """How far the reference moves, tensor by tensor, when its start moves by one unit in the last place.

    Four such moves, added up: a run rounds at every step, and a nudge happens once.
    """
    growth = dict.fromkeys(run.network.parameters, 0.0)
    for _ in range(4):
        neighbour = task.run(nudged(task.network, rng))
        for name in growth:
            moved = (
                np.inf
                if isinstance(neighbour, str)
                else distances(run.network, neighbour.network)[name]
            )
            growth[name] += moved
    return growth


@pytest.mark.parametrize("instructions", native.instructions())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_instruction_set_computes_the_same(instructions: str, dtype: Any) -> None:
    """float32 within what one unit in its last place, at the start, makes of the run in float64."""
    rng = np.random.default_rng(7)
    for number in range(150):
        task = random_task(rng, 5)
        task.network = task.network.astype(dtype)
        task.inputs, task.targets = task.inputs.astype(dtype), task.targets.astype(dtype)
        exact = replace(task, network=task.network.astype(np.float64))
        expected = exact.run()
        found = task.run_native(instructions)
        if isinstance(expected, str) or found.end != "finished":
            continue
        growth = largest_growth(exact, expected, rng)
        for name, distance in distances(expected.network, found.networks[0]).items():
            digits = np.finfo(dtype).eps / np.finfo(np.float64).eps
            allowed = 64 * digits * max(growth[name], float(np.finfo(np.float64).eps))
            assert distance <= allowed, (number, name, distance, allowed, task)


@pytest.mark.parametrize("instructions", native.instructions())
@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "adamw"])
def test_a_gradient_whose_square_overflows_leaves_the_weight_where_it_is(
    optimizer: str, instructions: str
) -> None:
    """Its root is infinite: what is divided by it is 0, not NaN."""
    task = Task(
        Network(Dense([[0.25]])).astype(np.float32),
        np.full((3, 1), 1e25, np.float32),
        None,
        {"optimizer": named_optimizer(optimizer, 0.125), "epochs": 2, "loss": "output"},
    )
    expected, found = task.run(), task.run_native(instructions)
    assert not isinstance(expected, str)
    weight = expected.network.parameters["w1"]
    assert 0.2 < weight[0, 0] <= 0.25
    np.testing.assert_allclose(found.networks[0].parameters["w1"], weight, rtol=1e-6)


# --- shapes ---------------------------------------------------------------------------------------


def run_both(network: Network, x: Any, t: Any, **arguments: Any) -> tuple[Run, Run]:
    reference = train(network, x, t, engine="reference", **arguments)
    found = train(network, x, t, engine="native", **arguments)
    assert found.engine == "native"
    return reference, found


def assert_equal_runs(reference: Run, found: Run, tolerance: float = 1e-12) -> None:
    for name, distance in distances(reference.network, found.network).items():
        assert distance <= tolerance, name
    assert list(reference.losses) == list(found.losses)
    np.testing.assert_allclose(
        list(found.losses.values()), list(reference.losses.values()), rtol=tolerance
    )
    np.testing.assert_allclose(
        found.final_output, reference.final_output, rtol=1e-10, atol=tolerance
    )
    np.testing.assert_allclose(found.final_loss, reference.final_loss, rtol=tolerance)


@pytest.mark.parametrize(
    "sizes", [(1, 1), (1, 3, 1), (3, 17, 2), (17, 1, 17), (1000, 3, 1000), (2, 1000, 1)]
)
@pytest.mark.parametrize("samples", [1, 2, 15, 16, 17, 33])
def test_odd_shapes(sizes: tuple[int, ...], samples: int) -> None:
    rng = np.random.default_rng(samples)
    network = Network.random(sizes, ["tanh"] * (len(sizes) - 2) + ["sigmoid"], seed=1)
    x, t = rng.normal(size=(samples, sizes[0])), rng.random((samples, sizes[-1]))
    for batch_size in (1, 5, 16, 1000):
        runs = run_both(network, x, t, optimizer=Momentum(0.01), epochs=3, batch_size=batch_size)
        assert_equal_runs(*runs)


def test_batches_of_more_samples_than_fit_into_the_cache() -> None:
    rng = np.random.default_rng(5)
    x, t = rng.normal(size=(1300, 3)), rng.normal(size=(1300, 2))
    layers = Network.random([3, 4, 2], ["tanh", "identity"], seed=2).layers
    shared = Dense(layers[1].weights, [0.25], share_bias=True)
    for network in (Network(*layers), Network(layers[0], shared)):
        for batch_size in (600, 1024, "all"):
            runs = run_both(
                network, x, t, optimizer=Adam(0.01), epochs=4, batch_size=batch_size, shuffle=True
            )
            assert_equal_runs(*runs)


# --- the same bits --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 48, 700])
def test_the_same_run_has_the_same_bits_on_any_number_of_threads(
    dtype: Any, batch_size: int
) -> None:
    rng = np.random.default_rng(0)
    network = Network.random([20, 30, 3], ["relu", "softmax"], seed=1, dtype=dtype)
    x, t = rng.normal(size=(700, 20)), np.eye(3)[rng.integers(0, 3, 700)]
    runs = [
        train(
            network,
            x,
            t,
            optimizer=Adam(0.01),
            loss="cross-entropy",
            epochs=1
            if batch_size == 1
            else 3,  # threads that wait for each other at every sample take long
            batch_size=batch_size,
            shuffle=True,
            engine="native",
            threads=threads,
        )
        for threads in (1, 1, 2, 3, 5)
    ]
    for run in runs[1:]:
        assert run.losses == runs[0].losses
        for name, array in run.network.parameters.items():
            assert array.tobytes() == runs[0].network.parameters[name].tobytes()


def test_two_trainings_at_once_do_not_meet() -> None:
    problem = read_problem("numeric-example").with_training(epochs=20_000, mistake=None)
    alone = problem.train().network.parameters["w1"]
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(problem.train().network.parameters["w1"]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [array.tobytes() for array in found] == [alone.tobytes()] * 4


# --- endings --------------------------------------------------------------------------------------


def test_a_run_that_diverges_says_so_at_the_same_epoch() -> None:
    x, t = np.linspace(-1, 1, 12).reshape(6, 2), np.ones((6, 1))
    network = Network.random([2, 3, 1], ["relu", "identity"], seed=1)
    for batch_size in (1, 4, "all"):
        messages = []
        for engine in ("reference", "native"):
            with pytest.raises(DivergedError) as caught:
                train(
                    network,
                    x,
                    t,
                    optimizer=GradientDescent(1e30),
                    epochs=50,
                    batch_size=batch_size,
                    engine=engine,
                )
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


def test_what_report_raises_comes_through_and_ends_the_run() -> None:
    reported = []

    def stop(epoch: int, loss: float) -> None:
        reported.append(epoch)
        if epoch == 20:
            raise RuntimeError("enough")

    problem = read_problem("numeric-example").with_training(
        epochs=100, report_every=10, mistake=None
    )
    with pytest.raises(RuntimeError, match="enough"):
        problem.train(stop, engine="native")
    assert reported == [0, 10, 20]


def test_sizes_that_overflow_or_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    core: Any = importlib.import_module("chainrule.engine.core")
    right: dict[str, Any] = {}

    def keep(**arguments: Any) -> tuple[int, int, int, float]:
        right.update(arguments)
        return 0, 0, 0, 0.0

    network = Network(Dense([[1.0]]))
    plan = check_plan(network, [[1.0]], [[1.0]], "huber", "mean", Adam(0.1), 1, 1, None)
    with monkeypatch.context() as patched:
        patched.setattr(core, "run", keep)
        native.fit([network], plan, None, lambda epoch, losses: None, 1)
    assert core.run(**right)[0] == 0
    wrong: list[dict[str, Any]] = [
        {"networks": 2**62},
        {"samples": 2**62},
        {"samples": 2},
        {"data_samples": 2},
        {"batch_size": 0},
        {"epochs": 0},
        {"layers": [{**right["layers"][0], "units": 2**40, "inputs": 2**40}]},
        {"layers": [{**right["layers"][0], "units": -1}]},
        {"parameters": np.zeros(3)},
        {"inputs": np.zeros((1, 1), np.float32)},
        {"learning_rates": np.zeros(2)},
        {"rows": np.zeros((1, 2), np.int64)},
    ]
    for change in wrong:
        with pytest.raises(ValueError, match=r"size|count"):
            core.run(**{**right, **change})


def test_ctrl_c_ends_a_long_run_at_once() -> None:
    code = (
        "from chainrule import *\n"
        "print('started', flush=True)\n"
        "problem = read_problem('numeric-example')\n"
        "problem.with_training(mistake=None, epochs=10**12).train(engine='native')\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    time.sleep(1.0)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=5)
    assert errors.splitlines()[-1].startswith("KeyboardInterrupt")


# --- what is not native ---------------------------------------------------------------------------


def test_a_function_of_ones_own_falls_back_and_says_so() -> None:
    cube = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    network = Network(Dense([[0.5]], activation=cube))
    for engine in ("auto", "native"):
        with pytest.warns(UserWarning, match="activation 'cube' is not native"):
            run = train(
                network, [1.0], [1.0], optimizer=GradientDescent(0.1), epochs=2, engine=engine
            )
        assert run.engine == "reference"


def test_a_name_alone_does_not_make_an_activation_native() -> None:
    other = Activation("sigmoid", lambda z: z, np.ones_like)
    network = Network(Dense([[0.5]], activation=other))
    with pytest.warns(UserWarning, match="activation 'sigmoid' is not native"):
        train(network, [1.0], [1.0], optimizer=GradientDescent(0.1), epochs=1)


def test_mistakes_are_made_by_the_reference_engine() -> None:
    problem = read_problem("numeric-example")
    assert problem.train().engine == "reference"
    assert problem.with_training(mistake=None).train().engine == "native"


def test_the_core_knows_every_name() -> None:
    assert sorted(native.NATIVE_LOSSES) == sorted(LOSSES)
    assert sorted(native.NATIVE_OPTIMIZERS) == sorted(OPTIMIZERS)
    assert sorted(native.NATIVE_ACTIVATIONS) == sorted(ACTIVATIONS)
