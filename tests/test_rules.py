"""Rules: each backward is the derivative of its forward, in float64 and in 50 digits."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.arithmetic import FLOAT64, Arithmetic, Numbers, fifty_digits
from chainrule.expression import evaluate
from chainrule.formula_text import read_formula
from chainrule.gradients import differentiate
from chainrule.graph import Graph
from chainrule.numerical import central_differences
from chainrule.rules import RULES, elementwise
from chainrule.rules.linear import sum_to

RNG = np.random.default_rng(17)


def draw(*shape: int, low: float = -2.0, high: float = 2.0) -> Numbers:
    return RNG.uniform(low, high, shape)


POSITIVE = {"low": 0.3, "high": 2.0}
PROBABILITY = {"low": 0.1, "high": 0.9}

# Every rule with inputs to try it on: several shapes where it takes several.
TRIALS: dict[str, list[tuple[list[Numbers], dict[str, Any]]]] = {
    **{
        name: [
            ([draw(2, 3), draw(2, 3)], {}),
            ([draw(2, 3), draw(3)], {}),
            ([draw(2, 1), draw()], {}),
        ]
        for name in ("add", "subtract", "multiply", "maximum", "minimum")
    },
    "divide": [([draw(2, 3), draw(3, **POSITIVE)], {}), ([draw(), draw(2, **POSITIVE)], {})],
    "power": [([draw(3, **POSITIVE)], {"exponent": e}) for e in (0, 1, 2, 3, -1, 0.5)],
    **{
        name: [([draw(2, 3)], {}), ([draw()], {})]
        for name in [
            "negate",
            "square",
            "absolute",
            "exp",
            "expm1",
            "sin",
            "cos",
            "sinh",
            "cosh",
            "tanh",
            "sigmoid",
            "relu",
            "gelu",
            "silu",
            "softplus",
            "sign",
        ]
    },
    **{name: [([draw(2, 3, **POSITIVE)], {})] for name in ("sqrt", "log", "log1p")},
    "leaky-relu": [([draw(2, 3)], {"alpha": 0.2})],
    "elu": [([draw(2, 3)], {"alpha": 1.5})],
    "affine": [
        ([draw(4, 3), draw(2, 3), draw(2)], {"sign": 1}),
        ([draw(3), draw(2, 3), draw(1)], {"sign": -1}),
    ],
    "matmul": [
        ([draw(2, 3), draw(3, 4)], {}),
        ([draw(3), draw(3, 4)], {}),
        ([draw(2, 3), draw(3)], {}),
        ([draw(3), draw(3)], {}),
        ([draw(5, 2, 3), draw(5, 3, 4)], {}),
        ([draw(5, 2, 3), draw(3, 4)], {}),
        ([draw(5, 2, 3), draw(3)], {}),
    ],
    "outer": [([draw(2), draw(3)], {}), ([draw(2, 2), draw(3, 1)], {})],
    "einsum": [
        ([draw(2, 3), draw(3, 4)], {"subscripts": "ij,jk->ik"}),
        ([draw(2, 3), draw(2, 3)], {"subscripts": "ij, ij ->"}),
        ([draw(2, 3)], {"subscripts": "ij->j"}),
        ([draw(2, 3), draw(4), draw(3)], {"subscripts": "ij,k,j->ki"}),
    ],
    **{
        name: [
            ([draw(2, 3)], {}),
            ([draw(2, 3)], {"axis": 0}),
            ([draw(2, 3)], {"axis": -1, "keepdims": True}),
            ([draw(2, 3, 2)], {"axis": [0, 2]}),
        ]
        for name in ("sum", "mean", "max", "min")
    },
    "softmax": [([draw(4, 3)], {}), ([draw(4, 3)], {"axis": 0}), ([draw(3)], {})],
    "reshape": [([draw(2, 3)], {"shape": [3, 2]}), ([draw(2, 3)], {"shape": [-1]})],
    "transpose": [([draw(2, 3)], {}), ([draw(2, 3, 4)], {"axes": [1, 2, 0]})],
    "broadcast": [([draw(3)], {"shape": [2, 3]}), ([draw(2, 1)], {"shape": [4, 2, 3]})],
    "concatenate": [([draw(2, 3), draw(1, 3)], {}), ([draw(2, 3), draw(2, 2)], {"axis": 1})],
    "stack": [([draw(3), draw(3)], {}), ([draw(2, 3), draw(2, 3)], {"axis": 1})],
    "gather": [
        ([draw(4, 3)], {"indices": 2}),
        ([draw(4, 3)], {"indices": [0, 2, 2]}),
        ([draw(4, 3)], {"indices": {"slice": [0, 4, 2]}}),
        ([draw(4, 3)], {"indices": {"tuple": [[0, 1, 3], [2, 2, 0]]}}),
        ([draw(4, 3)], {"indices": {"tuple": [{"slice": [None, None, None]}, 1]}}),
    ],
    "scatter": [
        ([draw(4, 3), draw(3)], {"indices": 2}),
        ([draw(4, 3), draw()], {"indices": {"slice": [0, 2, None]}}),
        ([draw(4, 3), draw(2)], {"indices": {"tuple": [[0, 1], [2, 0]]}}),
    ],
    "where": [([np.array([[True], [False]]), draw(2, 3), draw(3)], {})],
    **{
        name: [([draw(4, 3), draw(4, 3)], {}), ([draw(3), draw(3)], {})]
        for name in ("half-squared-error", "squared-error", "mean-squared-error")
    },
    "huber": [([draw(4, 3), draw(4, 3)], {"delta": 0.7})],
    **{
        name: [([draw(4, 3, **PROBABILITY), draw(4, 3, **PROBABILITY)], {})]
        for name in ("cross-entropy", "binary-cross-entropy")
    },
    **{
        name: [([draw(4, 3), draw(4, 3)], {})]
        for name in ["greater", "greater-equal", "less", "less-equal", "equal", "not-equal"]
    },
}
CASES = [(name, *trial) for name in RULES if name != "share" for trial in TRIALS[name]]


def one_step(
    m: Arithmetic, name: str, inputs: list[Numbers], parameters: dict[str, Any], weights: Numbers
) -> Graph:
    """A graph of that one operation, its result weighed and summed to one number."""
    graph = Graph()
    positions = [
        graph.add_value(array if array.dtype == bool else m.array(array)) for array in inputs
    ]
    result = RULES[name](m, *(graph.values[p].numbers for p in positions), **parameters)
    y = graph.add_step(name, positions, result, "y", **parameters)
    w = graph.add_value(m.array(weights))
    weighted = RULES["multiply"](m, result, graph.values[w].numbers)
    product = graph.add_step("multiply", [y, w], weighted)
    graph.add_step("sum", [product], RULES["sum"](m, weighted), "L")
    return graph


@pytest.mark.parametrize(("name", "inputs", "parameters"), CASES)
def test_backward_is_the_derivative_of_forward(
    name: str, inputs: list[Numbers], parameters: dict[str, Any]
) -> None:
    weights = RNG.normal(size=np.shape(RULES[name](FLOAT64, *inputs, **parameters)))
    graph = one_step(FLOAT64, name, inputs, parameters, weights)
    found = differentiate(graph, "L").by_position

    def loss(*arrays: Numbers) -> float:
        given = [
            a.astype(bool) if b.dtype == bool else a for a, b in zip(arrays, inputs, strict=True)
        ]
        return float(np.sum(RULES[name](FLOAT64, *given, **parameters) * weights))

    judged = central_differences(loss, *inputs)
    for position, (array, judge) in enumerate(zip(inputs, judged, strict=True)):
        gradient = found.get(position, np.zeros(array.shape))
        assert gradient.shape == array.shape
        if array.dtype != bool:
            np.testing.assert_allclose(gradient, judge, atol=1e-8)


@pytest.mark.parametrize(("name", "inputs", "parameters"), CASES)
def test_fifty_digits_and_float64_agree(
    name: str, inputs: list[Numbers], parameters: dict[str, Any]
) -> None:
    weights = RNG.normal(size=np.shape(RULES[name](FLOAT64, *inputs, **parameters)))
    m = fifty_digits()
    short = one_step(FLOAT64, name, inputs, parameters, weights)
    long = one_step(m, name, inputs, parameters, weights)
    np.testing.assert_allclose(
        np.asarray(long.value("y").numbers, dtype=float),
        short.value("y").numbers,
        rtol=1e-13,
        atol=1e-14,
    )
    first, second = differentiate(short, "L"), differentiate(long, "L", m)
    assert set(first.by_position) == set(second.by_position)
    for position, gradient in first.by_position.items():
        exact = np.asarray(second.by_position[position], dtype=float)
        np.testing.assert_allclose(gradient, exact, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_has_words_and_symbols_for_each_input(name: str) -> None:
    rule = RULES[name]
    assert name == "share" or name in TRIALS
    assert rule.words.endswith(".")
    assert rule.symbols
    assert rule.local


def test_a_value_used_twice_keeps_both_contributions() -> None:
    graph = Graph()
    x = graph.add_value(np.array([1.0, 2.0]), "x")
    y = graph.add_step("sin", [x], np.sin([1.0, 2.0]))
    z = graph.add_step("multiply", [x, y], np.array([1.0, 2.0]) * np.sin([1.0, 2.0]))
    graph.add_step("sum", [z], np.asarray(0.0), "L")
    gradients = differentiate(graph, "L")
    edges = gradients.to(x)
    assert [edge.step for edge in edges] == [1, 0]
    np.testing.assert_allclose(edges[0].gradient + edges[1].gradient, gradients.by_position[x])


def test_a_chain_of_100_000_steps_is_swept_without_recursion() -> None:
    graph = Graph()
    position = graph.add_value(np.array(1.0), "x")
    for _ in range(100_000):
        position = graph.add_step("negate", [position], np.array(1.0))
    graph.add_step("negate", [position], np.array(1.0), "L")
    assert differentiate(graph, "L").by_position[0] == -1.0


def test_a_graph_is_json_and_back_the_same_bits() -> None:
    inputs = [draw(4, 3), draw(3)]
    graph = one_step(FLOAT64, "scatter", inputs, {"indices": 2}, draw(4, 3))
    copy = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert copy.steps == graph.steps
    for value, again in zip(graph.values, copy.values, strict=True):
        assert value.name == again.name
        np.testing.assert_array_equal(value.numbers, again.numbers)
    first, second = differentiate(graph, "L"), differentiate(copy, "L")
    np.testing.assert_array_equal(first.by_position[0], second.by_position[0])


def add_twice() -> object:
    graph = Graph()
    graph.add_value(np.array(1.0), "x")
    return graph.add_value(np.array(1.0), "x")


def differentiate_a_vector() -> object:
    graph = Graph()
    graph.add_value(np.array([1.0, 2.0]), "L")
    return differentiate(graph, "L")


def differentiate_the_unknown() -> object:
    graph = Graph()
    x = graph.add_value(np.array(1.0))
    graph.add_step("teleport", [x], np.array(1.0), "L")
    return differentiate(graph, "L")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (add_twice, "has a value named 'x' already"),
        (differentiate_a_vector, r"L has shape \(2,\); a gradient is that of one number"),
        (differentiate_the_unknown, "no rule for the operation 'teleport'"),
        (lambda: Graph().value("x"), "no value named 'x'"),
        (
            lambda: Graph().add_step("exp", [0], np.array(1.0)),
            "takes value 0, which the graph does",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# Formulas with a choice or a named part in them, which are words rather than arithmetic so far.
NOT_ARITHMETIC = {
    "maximum",
    "minimum",
    "relu",
    "leaky-relu",
    "elu",
    "gelu",
    "silu",
    "absolute",
    "sign",
}
ARITHMETIC = [
    (name, inputs, parameters)
    for name, inputs, parameters in CASES
    if RULES[name] in vars(elementwise).values() and name not in NOT_ARITHMETIC
]


@pytest.mark.parametrize(("name", "inputs", "parameters"), ARITHMETIC)
def test_the_formulas_that_are_shown_are_those_that_are_computed(
    name: str, inputs: list[Numbers], parameters: dict[str, Any]
) -> None:
    rule = RULES[name]
    y = rule(FLOAT64, *inputs, **parameters)
    assert rule.backward is not None
    contributions = rule.backward(FLOAT64, np.ones(y.shape), y, *inputs, **parameters)
    operands = [np.broadcast_to(array, y.shape) for array in inputs]
    for index in np.ndindex(y.shape):
        parts = {str(k): float(array[index]) for k, array in enumerate(operands)}
        values = parts | parameters | {"y": float(y[index])}
        shown = evaluate(read_formula(rule.symbols, values), FLOAT64)
        assert shown == pytest.approx(float(y[index]), rel=1e-12, abs=1e-14)
        for local, contribution in zip(rule.local, contributions, strict=True):
            assert contribution is not None
            factor = evaluate(read_formula(local, values), FLOAT64)
            expected = np.broadcast_to(contribution, y.shape)[index]
            assert factor == pytest.approx(float(expected), rel=1e-11, abs=1e-13)


def test_axes_of_length_1_that_an_assignment_drops_come_back() -> None:
    gradient = np.arange(6.0).reshape(
        2, 3
    )  # of out[i] = value, where value has the shape (1, 2, 3)
    assert sum_to(gradient, (1, 2, 3)).tolist() == [gradient.tolist()]
    assert sum_to(gradient, (1, 1, 1, 3)).tolist() == [[[[3.0, 5.0, 7.0]]]]
