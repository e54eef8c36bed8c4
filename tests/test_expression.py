"""Expressions: what is written is what is computed."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from chainrule.arithmetic import FLOAT64, fifty_digits
from chainrule.errors import ChainruleError
from chainrule.expression import (
    Expression,
    Function,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    evaluate,
    substitute,
    symbols_in,
)
from chainrule.formula_text import read_formula, write
from chainrule.rules import elementwise

VALUES = {"X": 0.75, "Y": -1.5, "Z": 2.25}

atoms = st.sampled_from([Symbol(name) for name in VALUES]) | st.integers(-3, 3).map(Number)


def compound(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(Sum),
        several.map(Product),
        st.builds(Quotient, parts, parts),
        st.builds(Power, parts, st.integers(0, 3).map(Number)),
        st.builds(Negative, parts),
        st.builds(Function, st.sampled_from(["exp", "tanh", "sin"]), parts),
    )


expressions = st.recursive(atoms, compound, max_leaves=12)


def numbers(expression: Expression) -> Expression:
    return substitute(expression, lambda symbol: Number(VALUES[symbol.name]))


def value(expression: Expression) -> float:
    with np.errstate(all="ignore"):
        return float(evaluate(numbers(expression), FLOAT64))


@given(expressions)
def test_python_reads_the_text_as_the_expression_it_came_from(expression: Expression) -> None:
    assume(abs(value(expression)) < 1e100)
    functions = {"exp": math.exp, "tanh": math.tanh, "sin": math.sin}
    for shown in (expression, numbers(expression)):
        try:
            found = eval(write(shown), functions | VALUES)
        except ZeroDivisionError:  # which float64 arrays take for infinity, and 1 / infinity for 0
            reject()
        assert found == pytest.approx(value(expression), rel=1e-12)


@given(expressions)
def test_a_formula_is_read_back_as_the_expression_it_came_from(expression: Expression) -> None:
    assume(abs(value(expression)) < 1e100)
    parts = {name: Symbol(name) for name in VALUES}
    again = read_formula(re.sub("([XYZ])", r"{\1}", write(expression)), parts)
    assert value(again) == pytest.approx(value(expression), rel=1e-12)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (
            Symbol("w", 1, (2, 1)) * Symbol("x", None, (1,)) + Symbol("b", 1, (2,)),
            "w1[2,1] * x[1] + b1[2]",
        ),
        (Number(0.5) * (Symbol("a") - Symbol("t")) ** 2, "0.5 * (a - t) ** 2"),
        (Number(2) * Number(-3), "2 * (-3)"),
        (Number(-3) * Number(2), "(-3) * 2"),
        (Number(1) - Number(-3), "1 - (-3)"),
        (1 / (1 + Function("exp", -Symbol("z"))), "1 / (1 + exp(-z))"),
        (Symbol("x") * (Symbol("y") / Symbol("z")), "x * (y / z)"),
        (-(Symbol("x") + 1), "-(x + 1)"),
        ((-Symbol("x")) ** 2, "(-x) ** 2"),
    ],
)
def test_parentheses_stand_where_they_must_and_nowhere_else(
    expression: Expression, text: str
) -> None:
    assert write(expression) == text


def test_symbols_come_in_reading_order_each_once() -> None:
    x, y = Symbol("x"), Symbol("y")
    assert symbols_in(y * x + y) == [y, x]


def test_a_formula_of_a_rule_becomes_an_expression() -> None:
    z = Symbol("z", 1, (2,))
    assert write(read_formula(elementwise.SIGMOID.symbols, {"0": z})) == "1 / (1 + exp(-z1[2]))"


def test_evaluation_in_fifty_digits_is_exact_on_decimals() -> None:
    m = fifty_digits()
    total = evaluate(Number(0.1) + Number(0.2) - Number(0.3), m)
    assert abs(total) < 1e-50


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluate(Symbol("x"), FLOAT64), "x has no value here"),
        (lambda: read_formula("__import__('os')", {}), "is no formula of"),
        (lambda: read_formula("1 +", {}), "is no formula"),
        (lambda: read_formula("{0} if {0} else 1", {"0": 1}), "is no formula of"),
    ],
)
def test_what_is_no_formula_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        call()
