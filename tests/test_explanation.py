"""Worked lines: every formula gives its number, and every displayed result follows from what is displayed."""

import itertools
import re
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mpmath import iv

from chainrule import Dense, Network, named_activation, named_loss, read_problem
from chainrule.activations import ACTIVATIONS
from chainrule.arithmetic import fifty_digits
from chainrule.digits import as_fraction
from chainrule.errors import ChainruleError
from chainrule.explanation import Line, backward_lines, forward_lines
from chainrule.expression import Expression, Number, Symbol, children, evaluate, substitute
from chainrule.gradients import differentiate
from chainrule.worked_step import work_forward_pass

from fifty_digits import ExactRun

# Their formulas have a choice in them, which expressions cannot write yet.
NOT_WRITTEN = {"relu", "leaky-relu", "elu", "gelu", "silu", "softmax", "identity", "softplus"}
WRITTEN = sorted(set(ACTIVATIONS) - NOT_WRITTEN)
LOSSES = ["half-squared-error", "squared-error", "mean-squared-error", "output"]


def lines(network: Network, x: Any, t: Any, loss: str) -> list[Line]:
    m = fifty_digits()
    graph = work_forward_pass(network, x, t, named_loss(loss), m=m)
    return [*forward_lines(graph), *backward_lines(graph, differentiate(graph, "loss", m))]


def random_lines(seed: int) -> list[Line]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, rng.integers(2, 5))
    network = Network(
        *(
            Dense(
                rng.normal(size=(units, inputs)).round(2),
                rng.normal(size=units).round(2),
                named_activation(str(rng.choice(WRITTEN))),
                bias_sign="+" if rng.random() < 0.5 else "-",
            )
            for inputs, units in itertools.pairwise(sizes)
        )
    )
    x, t = rng.normal(size=sizes[0]).round(2), rng.normal(size=sizes[-1]).round(2)
    return lines(network, x, t, LOSSES[seed % len(LOSSES)])


@pytest.mark.parametrize("seed", range(60))
def test_each_formula_gives_its_number(seed: int) -> None:
    m = fifty_digits()
    for line in random_lines(seed):
        value, expected = (
            as_fraction(scalar(evaluate(line.numbers, m))),
            as_fraction(scalar(line.value)),
        )
        assert abs(value - expected) <= abs(expected) * Fraction(1, 10**45), str(line)


def scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) else value


INTERVALS: Any = SimpleNamespace(
    number=lambda value: value if isinstance(value, type(iv.mpf(0))) else iv.mpf(value),
    exp=iv.exp,
    tanh=lambda z: (iv.exp(2 * z) - 1) / (iv.exp(2 * z) + 1),
)


@pytest.mark.parametrize("seed", range(60))
def test_each_displayed_result_follows_from_the_displayed_numbers(seed: int) -> None:
    """In interval arithmetic over the half-units of what is displayed, as a reader would check it."""
    iv.dps = 40
    for line in random_lines(seed):
        result = evaluate(with_intervals(line), INTERVALS)
        final = half_unit(str(line).rpartition(" = ")[2])
        assert result.a <= final.b, str(line)
        assert final.a <= result.b, str(line)


def with_intervals(line: Line) -> Expression:
    shown = displayed(line)
    return substitute(line.formula, lambda symbol: Number(shown[str(symbol)]))


def displayed(line: Line) -> dict[str, Any]:
    """Each symbol of a line with the interval of numbers that are displayed as its digits."""
    return {
        str(symbol): half_unit(str(number.digits))
        for symbol, number in pairs(line.formula, line.numbers)
    }


def pairs(formula: Expression, numbers: Expression) -> list[tuple[Symbol, Number]]:
    if isinstance(formula, Symbol):
        assert isinstance(numbers, Number)
        return [(formula, numbers)]
    return [
        pair
        for part, number in zip(children(formula), children(numbers), strict=True)
        for pair in pairs(part, number)
    ]


def half_unit(digits: str) -> Any:
    mantissa, _, exponent = digits.partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    # Trailing zeros are not shown, so a plain decimal may stand for any number that rounds to 8 places.
    places = decimals if exponent else 8
    middle = Fraction(mantissa) * Fraction(10) ** int(exponent or 0)
    half = Fraction(1, 2) / Fraction(10) ** places
    low, high = middle - half, middle + half
    return iv.mpf([float_below(low), float_above(high)])


def float_below(value: Fraction) -> float:
    return float(np.nextafter(float(value), -np.inf))


def float_above(value: Fraction) -> float:
    return float(np.nextafter(float(value), np.inf))


@pytest.mark.parametrize("name", ["numeric-example", "han-kamber", "cs231n-neuron"])
def test_textbook_lines_are_those_of_the_independent_computation(name: str) -> None:
    problem = read_problem(name)
    exact = ExactRun(problem, None).step(0)
    t = None if problem.data.targets is None else problem.data.targets[0]
    worked = {
        str(line.result): line
        for line in lines(problem.network, problem.data.inputs[0], t, problem.loss.name)
    }
    compared = {name for name in worked if name in exact}
    for name in compared:
        expected = as_fraction(exact[name])
        assert abs(as_fraction(scalar(worked[name].value)) - expected) < Fraction(1, 10**40)
    forward = {name for name in exact if re.match(r"a\d|dL/d[zwb]", name)}
    assert forward <= compared


def test_the_notebooks_lines_read_as_on_paper() -> None:
    network = read_problem("numeric-example").network
    written = {
        str(line.result): str(line)
        for line in lines(network, [0.9, 0.8], [1.0], "half-squared-error")
    }
    assert written["z1[1]"] == (
        "z1[1] = x[1] * w1[1,1] + x[2] * w1[1,2] + b1[1] = 0.9 * 0.2 + 0.8 * 0.3 + 0.1 = 0.52"
    )
    assert written["dL/da2[1]"] == "dL/da2[1] = a2[1] - t[1] = 0.81663752 - 1 = -0.18336248"
    assert (
        written["dL/dw1[2,1]"]
        == "dL/dw1[2,1] = dL/dz1[2] * x[1] = (-0.00274866) * 0.9 = -0.00247379"
    )


def test_what_has_no_name_on_paper_is_said_so() -> None:
    network = Network(Dense([[1.0], [2.0]], [0.5], share_bias=True))
    with pytest.raises(ChainruleError, match="has no name on paper"):
        lines(network, [1.0], [1.0, 0.0], "half-squared-error")
