"""The page's engine computes what the reference engine computes, over the whole option space."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule import (
    ChainruleError,
    Dense,
    Network,
    backward_propagation,
    calculate_loss,
    forward_propagation,
    train,
)
from chainrule.activations import ACTIVATIONS, named_activation
from chainrule.engine.reference import apply_optimizer
from chainrule.explorer.content import layers_as_data
from chainrule.losses import LOSSES, Loss
from chainrule.mistakes import MISTAKES
from chainrule.optimizers import OPTIMIZERS, SYMBOLS, Optimizer, State, named_optimizer

from explorer_script import needs_javascript, run_script
from random_networks import Case, random_case

pytestmark = needs_javascript

TO_PROBLEM = """
  const flat = (array) => Float64Array.from(array.flat());
  const problemOf = (one) => ({
    network: {
      layers: one.layers.map((layer, k) => ({
        inputs: layer.inputs, units: layer.units, activation: layer.activation, trainBiases: layer.train_biases,
        shareBias: layer.share_bias, sign: layer.bias_sign === "+" ? 1 : -1, biases: one.parameters[`b${k + 1}`].length,
      })),
      loss: one.loss, reduction: one.reduction,
    },
    parameters: Object.fromEntries(Object.entries(one.parameters).map(([name, array]) => [name, flat(array)])),
    x: flat(one.x), t: flat(one.t), samples: one.x.length, batchSize: one.batch_size, orders: one.orders,
    optimizer: one.optimizer, alphas: {},
  });
"""


def test_every_activation_loss_optimizer_and_mistake_is_on_the_page() -> None:
    """The places where an operation must exist, here the page's; CONTRIBUTING.md lists all of them."""
    found = run_script(
        ("activations", "losses", "optimizers", "engine"),
        "return [activations.ACTIVATIONS, losses.LOSSES, optimizers.OPTIMIZERS, engine.MISTAKES].map(Object.keys)",
        None,
    )
    expected = [ACTIVATIONS, LOSSES, OPTIMIZERS, MISTAKES]
    assert [sorted(names) for names in found] == [sorted(names) for names in expected]


def as_data(
    case: Case, optimizer: Optimizer | None = None, batch_size: int | None = None
) -> dict[str, Any]:
    x = np.atleast_2d(case.inputs)
    return {
        "layers": layers_as_data(case.network),
        "loss": {"name": case.loss.name, **case.loss.parameters},
        "reduction": case.reduction,
        "parameters": case.network.parameters,
        "x": x,
        "t": np.atleast_2d(case.targets),
        "batch_size": batch_size or len(x),
        "orders": None,
        "optimizer": optimizer and settings_of(optimizer),
    }


def settings_of(optimizer: Optimizer) -> dict[str, Any]:
    name = next(key for key, kind in OPTIMIZERS.items() if kind is type(optimizer))
    settings = {
        letter: getattr(optimizer, field)
        for letter, field in SYMBOLS.items()
        if hasattr(optimizer, field)
    }
    return {"name": name, "settings": settings}


def batched(case: Case) -> Case:
    return replace(case, inputs=np.atleast_2d(case.inputs), targets=np.atleast_2d(case.targets))


def distance(found: Any, expected: Any) -> float:
    """The largest difference as a part of the largest entry."""
    expected = np.ravel(expected)
    size = max(float(np.abs(expected).max()), 1e-300)
    return float(np.abs(np.ravel(found) - expected).max() / size)


def test_products_of_matrices_are_plain_sums_whatever_their_sizes() -> None:
    """They are worked in tiles, and what does not fill a tile by itself: each sum in the same order."""
    rng = np.random.default_rng(64)
    sizes = [(1, 1, 1), (1, 5, 3), (2, 4, 7), (3, 9, 2), (5, 4, 1), (64, 10, 31), (7, 13, 784)]
    given: list[dict[str, Any]] = [
        {
            "sizes": size,
            "x": rng.normal(size=(samples, inputs)),
            "w": rng.normal(size=(units, inputs)),
            "d": rng.normal(size=(samples, units)),
        }
        for size in sizes
        for samples, units, inputs in [size]
    ]
    found = run_script(
        ("matrices",),
        """
        const flat = (array) => Float64Array.from(array.flat());
        return given.map(({ sizes, x, w, d }) => [
          matrices.timesTransposed(flat(x), flat(w), ...sizes),
          matrices.transposedTimes(flat(d), flat(x), ...sizes),
          matrices.times(flat(d), flat(w), ...sizes),
        ]);
        """,
        given,
    )
    for one, products in zip(given, found, strict=True):
        x, w, d = one["x"], one["w"], one["d"]
        expected = [in_order(x, w), in_order(d.T, x.T), in_order(d, w.T)]
        for product, plain in zip(products, expected, strict=True):
            assert product == plain.ravel().tolist(), one["sizes"]


def in_order(rows: Any, others: Any) -> Any:
    """Rows times rows, each sum added up from its first term on."""
    return np.cumsum(rows[:, np.newaxis, :] * others, axis=2)[:, :, -1]


def test_values_and_gradients_equal_the_reference_engines() -> None:
    rng = np.random.default_rng(6)
    cases = [batched(random_case(rng)) for _ in range(1000)]
    found = run_script(
        ("engine",),
        TO_PROBLEM
        + """
        return given.map(problemOf).map((p) => {
          const forward = engine.forwardPropagation(p.network, p.parameters, p.x, p.samples);
          let loss;
          try { loss = engine.reducedLoss(p.network, engine.sampleLosses(p.network, forward, p.t)); }
          catch (error) { return { outside: error.output }; }
          return { forward, loss, gradients: engine.backwardPropagation(p.network, p.parameters, forward, p.t) };
        });
        """,
        [as_data(case) for case in cases],
    )
    compared = 0
    for case, result in zip(cases, found, strict=True):
        forward = forward_propagation(case.network, case.inputs)
        try:
            loss = calculate_loss(case.network, forward, case.targets, case.loss, case.reduction)
        except ChainruleError:
            assert "outside" in result, str(case)
            continue
        gradients = backward_propagation(
            case.network, forward, case.targets, case.loss, case.reduction
        )
        assert abs(result["loss"] - loss) <= 1e-12 * max(1.0, abs(loss)), str(case)
        for name, values in forward.items():
            assert distance(result["forward"][name], values) <= 1e-12, (name, str(case))
        for name, values in gradients.items():
            # What cancels to nothing has no digits to agree in.
            if np.abs(values).max() < 1e-13:
                assert np.abs(np.array(result["gradients"][name])).max() < 1e-12, (name, str(case))
                continue
            compared += 1
            assert distance(result["gradients"][name], values) <= growth(case, gradients, name), (
                name, str(case),
            )  # fmt: skip
    assert compared > 5000


def growth(case: Case, gradients: Mapping[str, Any], name: str) -> float:
    """1e-12, or what moving every parameter by one unit in its last place makes of a gradient."""
    moved = {key: np.nextafter(array, np.inf) for key, array in case.network.parameters.items()}
    network = case.network.with_parameters(moved)
    forward = forward_propagation(network, case.inputs)
    there = backward_propagation(network, forward, case.targets, case.loss, case.reduction)
    return max(1e-12, 30 * distance(there[name], gradients[name]))


@pytest.mark.parametrize("mistake", [None, *MISTAKES])
def test_runs_equal_the_reference_engines(mistake: str | None) -> None:
    """Batches, optimizers with their memory, and the classic mistakes, over a few epochs."""
    rng = np.random.default_rng(60)
    tasks = [
        task
        for _ in range(60 if mistake else 160)
        if (task := random_task(rng, mistake)) is not None
    ]
    found = run_script(
        ("training",),
        TO_PROBLEM
        + """
        return given.map((one) => {
          const run = new training.Run(problemOf(one), one.mistake);
          run.extend(one.epochs * run.batches);
          return { losses: run.losses, end: run.end !== null, parameters: run.tip.parameters };
        });
        """,
        [task["data"] for task in tasks],
    )
    compared = 0
    for task, result in zip(tasks, found, strict=True):
        expected = run_of(task, task["case"].network)
        if isinstance(expected, str):
            assert result["end"], task
            continue
        growth = growth_of(task, expected, rng)
        for name, values in expected.network.parameters.items():
            if growth[name] > 1e-12:
                continue
            compared += 1
            assert distance(result["parameters"][name], values) <= 1e-12, (name, task)
        if max(growth.values()) <= 1e-12:
            losses = [result["losses"][epoch] for epoch in expected.losses]
            np.testing.assert_allclose(
                losses, list(expected.losses.values()), rtol=1e-11, atol=1e-11
            )
    assert compared > 60


def random_task(rng: np.random.Generator, mistake: str | None) -> dict[str, Any] | None:
    case = batched(random_case(rng))
    if mistake is not None and not MISTAKES[mistake].places(case.network, case.loss):
        return None
    samples = len(case.inputs)
    batch_size = int(rng.integers(1, samples + 1))
    optimizer = named_optimizer(str(rng.choice(sorted(OPTIMIZERS))), float(rng.uniform(1e-3, 0.1)))
    data = as_data(case, optimizer, batch_size)
    return {
        "case": case,
        "optimizer": optimizer,
        "data": {**data, "epochs": 4, "mistake": mistake},
    }


def run_of(task: dict[str, Any], network: Network) -> Any:
    case, data = task["case"], task["data"]
    try:
        with np.errstate(all="ignore"):
            return train(
                network, case.inputs, case.targets, optimizer=task["optimizer"],
                epochs=data["epochs"], loss=case.loss, reduction=case.reduction,
                batch_size=data["batch_size"], report_every=1, mistake=data["mistake"],
                engine="reference",
            )  # fmt: skip
    except ChainruleError as error:
        return str(error)


def growth_of(task: dict[str, Any], run: Any, rng: np.random.Generator) -> dict[str, float]:
    """How far four runs get that start one unit in the last place away, tensor by tensor, added up."""
    growth = dict.fromkeys(run.network.parameters, 0.0)
    for _ in range(4):
        neighbour = run_of(task, nudged(task["case"].network, rng))
        for name, values in run.network.parameters.items():
            growth[name] += (
                np.inf
                if isinstance(neighbour, str)
                else distance(neighbour.network.parameters[name], values)
            )
    return growth


def nudged(network: Network, rng: np.random.Generator) -> Network:
    """Every parameter one unit in the last place up or down; a shared bias as one."""
    moved = {}
    for name, array in network.parameters.items():
        shared = name[0] == "b" and network.layers[int(name[1:]) - 1].share_bias
        up = rng.random((1,) if shared else array.shape) < 0.5
        moved[name] = np.nextafter(array, np.where(up, np.inf, -np.inf))
    return network.with_parameters(moved)


def test_activations_keep_their_digits() -> None:
    """In the tails too, where plain formulas lose them."""
    z = np.concatenate([np.linspace(-12, 12, 1201), [-700.0, -40.0, 40.0, 700.0]])
    names = [name for name in ACTIVATIONS if name != "softmax"]
    found = run_script(
        ("activations",),
        """
        return given.names.map((name, k) => given.z.map((z) =>
          ["value", "slope"].map((what) => activations.ACTIVATIONS[name][what](z, given.alphas[k]))));
        """,
        {"z": z, "names": names, "alphas": [ACTIVATIONS[n].parameters.get("alpha") for n in names]},
    )
    for name, values in zip(names, found, strict=True):
        activation = named_activation(name)
        assert activation.derivative is not None
        exact = [activation(z), activation.derivative(z, **activation.parameters)]
        for column, expected in enumerate(exact):
            got = np.array([pair[column] for pair in values])
            np.testing.assert_allclose(got, expected, rtol=2e-13, atol=3e-16, err_msg=name)


def test_an_edit_is_made_before_its_update_and_what_was_before_stays() -> None:
    rng = np.random.default_rng(3)
    network = Network(
        Dense(rng.normal(size=(3, 2)), rng.normal(size=3), activation="tanh"),
        Dense(rng.normal(size=(1, 3)), rng.normal(size=1)),
    )
    case = Case(network, rng.normal(size=(4, 2)), rng.normal(size=(4, 1)), LOSSES["huber"], "mean")
    optimizer = named_optimizer("adam", 0.05)
    edits = [
        {"at": 5, "key": "w2-1-3", "value": 0.75},
        {"at": 5, "key": "rate", "value": 0.2},
        {"at": 9, "key": "x-2-1", "value": -1.5},
        {"at": 9, "key": "act-1", "value": "sigmoid"},
    ]
    found = run_script(
        ("training",),
        TO_PROBLEM
        + """
        const run = new training.Run(problemOf(given.problem));
        run.extend(30);
        const before = run.losses.slice();
        run.edit(given.edits);
        run.extend(14);
        const edited = { losses: run.losses.slice(), last: run.at(14).parameters, middle: run.at(7).parameters };
        run.edit([]);
        run.extend(30);
        return { before, edited, undone: run.losses };
        """,
        {"problem": as_data(case, optimizer), "edits": edits},
    )
    losses, last, middle = by_hand(case, optimizer)
    assert found["undone"] == found["before"]
    np.testing.assert_allclose(found["edited"]["losses"], losses, rtol=1e-12)
    for name, values in last.items():
        assert distance(found["edited"]["last"][name], values) <= 1e-12
        assert distance(found["edited"]["middle"][name], middle[name]) <= 1e-12


def by_hand(case: Case, optimizer: Optimizer) -> tuple[list[float], Any, Any]:
    """The same run with the same edits, by the reference engine's four steps."""
    network, x, states = case.network, case.inputs.copy(), dict[str, State]()
    losses, middle = [], {}
    for update in range(15):
        if update == 5:
            w2 = network.parameters["w2"].copy()
            w2[0, 2] = 0.75
            network = network.with_parameters({"w2": w2})
            optimizer = replace(optimizer, learning_rate=0.2)
        if update == 9:
            x[1, 0] = -1.5
            first = Dense(network.layers[0].weights, network.layers[0].biases, "sigmoid")
            network = Network(first, network.layers[1])
        forward = forward_propagation(network, x)
        losses.append(calculate_loss(network, forward, case.targets, loss_of(case)))
        if update == 7:
            middle = network.parameters
        if update == 14:
            break
        gradients = backward_propagation(network, forward, case.targets, loss_of(case))
        network, states = apply_optimizer(network, gradients, optimizer, states)
    return losses, network.parameters, middle


def loss_of(case: Case) -> Loss:
    return case.loss
