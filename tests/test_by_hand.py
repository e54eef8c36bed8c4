"""Rounding at each step: the same lines in decimal arithmetic, rounded the same way."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np
import pytest

from chainrule import (
    Dense,
    Explanation,
    GradientDescent,
    Network,
    explain,
    explain_problem,
    read_problem,
)
from chainrule.errors import ChainruleError

Row = list[Decimal]
PRECISE = Context(prec=60)


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=PRECISE)


def dot(p: Row, q: Row) -> Decimal:
    return sum((a * b for a, b in zip(p, q, strict=True)), start=Decimal())


def step_in_decimals(
    network: Network, x: Any, t: Any, rate: float, forward: int, backward: int
) -> dict[str, Decimal]:
    """Every line of a step of a sigmoid network with half squared error, by its name."""
    found: dict[str, Decimal] = {}

    def decimals(array: Any) -> Row:
        return [Decimal(repr(float(v))) for v in np.ravel(array)]

    def keep(name: str, values: Row) -> Row:
        found.update({f"{name}[{k}]": v for k, v in enumerate(values, 1)})
        return values

    activations = [decimals(x)]
    weights = [[decimals(row) for row in layer.weights] for layer in network.layers]
    biases = [decimals(layer.biases) for layer in network.layers]
    for number, (w, b) in enumerate(zip(weights, biases, strict=True), 1):
        z = [rounded(dot(row, activations[-1]) + c, forward) for row, c in zip(w, b, strict=True)]
        keep(f"z{number}", z)
        a = [rounded(1 / (1 + (-v).exp(PRECISE)), forward) for v in z]
        activations.append(keep(f"a{number}", a))
    target = decimals(t)
    errors = [a - c for a, c in zip(activations[-1], target, strict=True)]
    found["loss"] = rounded(dot(errors, errors) / 2, forward)
    dL_da = [rounded(e, backward) for e in errors]
    eta = Decimal(repr(rate))
    for number in range(len(network), 0, -1):
        keep(f"dL/da{number}", dL_da)
        a, inputs = activations[number], activations[number - 1]
        dL_dz = [rounded(g * v * (1 - v), backward) for g, v in zip(dL_da, a, strict=True)]
        keep(f"dL/dz{number}", dL_dz)
        for unit, g in enumerate(dL_dz):
            found[f"dL/db{number}[{unit + 1}]"] = g
            found[f"b{number}[{unit + 1}]"] = rounded(biases[number - 1][unit] - eta * g, backward)
            for i, v in enumerate(inputs):
                gradient = rounded(g * v, backward)
                name = f"w{number}[{unit + 1},{i + 1}]"
                found[f"dL/d{name}"] = gradient
                found[name] = rounded(weights[number - 1][unit][i] - eta * gradient, backward)
        columns = zip(*weights[number - 1], strict=True)
        dL_da = [rounded(dot(list(column), dL_dz), backward) for column in columns]
    return found


def shown(explanation: Explanation) -> dict[str, Decimal]:
    return {
        str(line.result): Decimal(line.value.digits or "") for line in explanation.document.lines()
    }


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("decimals", [(3, 4), (2, 2), (4, 6)])
def test_every_rounded_line_is_that_of_decimal_arithmetic(
    seed: int, decimals: tuple[int, int]
) -> None:
    rng = np.random.default_rng([seed, *decimals])
    sizes = rng.integers(1, 4, 3)
    network = Network(
        *(
            Dense(
                rng.normal(size=(o, i)).round(2), rng.normal(size=o).round(2), activation="sigmoid"
            )
            for i, o in ((sizes[0], sizes[1]), (sizes[1], sizes[2]))
        )
    )
    x, t = rng.normal(size=sizes[0]).round(2), rng.random(sizes[2]).round(2)
    explanation = explain(network, x, t, optimizer=GradientDescent(0.5), round_each_step=decimals)
    expected = step_in_decimals(network, x, t, 0.5, *decimals)
    found = shown(explanation)
    assert set(found) == set(expected)
    assert {name: value for name, value in found.items() if value != expected[name]} == {}


def test_han_and_kambers_error_comes_out_of_3_and_4_decimals() -> None:
    explanation = explain_problem(read_problem("han-kamber"), round_each_step=(3, 4))
    found = shown(explanation)
    assert found["dL/dz2[1]"] == Decimal("-0.1311")
    printed = {
        "w2[1,1]": "-.261", "w2[1,2]": "-.138", "w1[1,1]": ".192", "w1[2,1]": "-.306",
        "w1[1,2]": ".4", "w1[2,2]": ".1", "w1[1,3]": "-.508", "w1[2,3]": ".194",
        "b2[1]": ".218", "b1[2]": ".194", "b1[1]": "-.408",
    }  # fmt: skip
    for name, value in printed.items():
        assert rounded(found[name], 3) == Decimal(value)


def test_each_departure_from_the_exact_run_is_shown() -> None:
    problem = read_problem("han-kamber")
    by_hand = explain_problem(problem, round_each_step=(3, 4)).document
    exact = {
        str(line.result) + line.relation: line for line in explain_problem(problem).document.lines()
    }
    for line in by_hand.lines():
        right = exact[str(line.result) + line.relation]
        assert line.exact is not None
        assert line.exact.digits == right.value.digits
        off = abs(float(line.value.value) - float(right.value.value))
        assert (line.departure is None) == (off < 1e-14), line.result
    assert any(
        note == "Rounding first shows in a1[1]; it departs most in z2[1], -0.105 in place of "
        "-0.10453951, off by -0.00046049."
        for note in by_hand.notes
    )


def test_halves_are_rounded_up_as_people_do() -> None:
    network = Network(Dense([[0.5]]))
    found = shown(explain(network, [0.25], [0.0], round_each_step=2))
    assert found["z1[1]"] == Decimal("0.13")
    assert shown(explain(network, [-0.25], [0.0], round_each_step=2))["z1[1]"] == Decimal("-0.13")


def test_later_epochs_start_from_rounded_parameters() -> None:
    problem = read_problem("han-kamber").with_training(epochs=5)
    explanation = explain_problem(problem, epoch=3, round_each_step=3)
    before = np.array(explanation.record["updates"][0]["before"])
    np.testing.assert_array_equal(before, before.round(3))


def test_what_rounding_makes_impossible_is_said() -> None:
    network = Network(Dense([[9.0], [-9.0]], activation="softmax"))
    with pytest.raises(
        ChainruleError, match="has no value once its operands are rounded; keep more"
    ):
        explain(network, [1.0], [0.0, 1.0], loss="cross-entropy", round_each_step=2)


@pytest.mark.parametrize("decimals", [-1, 21, (3,), (3, 4, 5), (3, -1), "3"])
def test_decimals_that_make_no_sense_are_refused(decimals: Any) -> None:
    with pytest.raises(ChainruleError, match="takes decimals from 0 to 20"):
        explain(Network(Dense([[1.0]])), [1.0], [1.0], round_each_step=decimals)


def test_a_large_network_is_not_worked_by_hand() -> None:
    network = Network.random([100, 30], ["tanh"], seed=0)
    with pytest.raises(ChainruleError, match="up to 2,000 parameters, this one has 3,030"):
        explain(network, np.ones(100), np.zeros(30), round_each_step=3)
