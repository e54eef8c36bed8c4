"""Every displayed number is right, and every displayed result follows from what stands on its left."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import iv

from chainrule import Explanation, explain, explain_problem, read_problem
from chainrule.arithmetic import fifty_digits
from chainrule.digits import as_fraction
from chainrule.document import Document, Line
from chainrule.expression import (
    Choice,
    Expression,
    Function,
    Maximum,
    Number,
    Power,
    Rest,
    Sum,
    Symbol,
    children,
    evaluate,
    substitute,
)
from chainrule.formula_text import write
from chainrule.textbook import example_names

from independent_step import IndependentStep, update
from small_steps import SmallStep, small_step

SEEDS = range(200)


# --- every displayed digit ------------------------------------------------------------------------


def numbers_in(part: Any) -> Iterator[Number]:
    """All numbers of a document, wherever they stand."""
    if isinstance(part, Number):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from numbers_in(item)
    elif is_dataclass(part):
        for field in fields(part):
            yield from numbers_in(getattr(part, field.name))


def assert_correctly_rounded(number: Number, exact: Any) -> None:
    """The digits lie within half a unit of their last place of the exact value."""
    assert number.digits is not None
    mantissa, _, exponent = number.digits.partition("e")
    shown = Fraction(mantissa) * Fraction(10) ** int(exponent or 0)
    unit = Fraction(1, 10**8) if not exponent else Fraction(10) ** (int(exponent) - 5)
    off = abs(shown - as_fraction(exact))
    assert off <= unit / 2 + Fraction(1, 10**60), f"{number.of} is {number.digits}, not {exact}"


def judge(document: Document, step: IndependentStep, optimizer: Any, trained: list[str]) -> int:
    """Compare every displayed number that stands for a value with the independent computation."""
    values, gradients = step.values(), step.gradients()
    updated = {
        name: np.frompyfunc(lambda w, g: update(optimizer, w, g), 2, 1)(
            values[name], gradients[name]
        )
        for name in trained
    }
    compared = 0
    for number in numbers_in(document):
        symbol = number.of
        if symbol is None or symbol.letter not in ("x", "w", "b", "z", "a", "t", "losses", "loss"):
            continue
        source = gradients if symbol.gradient else updated if symbol.mark else values
        exact = np.asarray(source[symbol.name.removesuffix("_new")], dtype=object)
        place = tuple(k - 1 for k in symbol.index)
        assert_correctly_rounded(number, exact[place] if place else exact.item())
        compared += 1
    return compared


@pytest.mark.parametrize("seed", SEEDS)
def test_each_displayed_digit_of_random_networks_is_right(seed: int) -> None:
    step = small_step(seed)
    document = small_explanations(seed).document
    assert judge(document, step.independent(), step.optimizer, step.network.trained_parameters) > 20


@pytest.mark.parametrize("name", example_names())
def test_each_displayed_digit_of_the_textbook_is_right(name: str) -> None:
    problem = read_problem(name)
    if problem.training is not None:
        problem = problem.with_training(mistake=None)
    document = explain_problem(problem).document
    schedule = problem.training
    samples = 1 if schedule is not None and schedule.batch_size == 1 else len(problem.data.inputs)
    alone = samples == 1
    targets = problem.data.targets
    step = IndependentStep(
        problem.network,
        problem.data.inputs[0] if alone else problem.data.inputs,
        None if targets is None else targets[0] if alone else targets,
        problem.loss,
        problem.reduction,
    )
    trained = problem.network.trained_parameters if schedule is not None else []
    optimizer = schedule.optimizer if schedule is not None else None
    assert judge(document, step, optimizer, trained) > 50


def test_what_is_0_in_exact_arithmetic_shows_as_0() -> None:
    from chainrule import Dense, Network

    network = Network(Dense([[0.1, 0.2, -0.3]]))
    lines = explain(network, [1.0, 1.0, 1.0], [0.0]).document.lines()
    assert next(iter(lines)).value.digits == "0"


# --- each line follows ----------------------------------------------------------------------------


def all_lines(explanation: Explanation) -> Iterator[Line]:
    for line in explanation.document.lines():
        yield line
        if line.mistaken is not None:
            yield line.mistaken


@cache
def small_explanations(seed: int) -> Explanation:
    return small_step(seed).explain()


@pytest.mark.parametrize("seed", SEEDS)
def test_each_formula_gives_its_number(seed: int) -> None:
    m = fifty_digits()
    for line in all_lines(small_explanations(seed)):
        value = as_fraction(scalar(evaluate(line.numbers, m)))
        expected = as_fraction(scalar(line.value.value))
        bound = max(abs(expected), size_of(line.numbers)) * Fraction(1, 10**44)
        assert abs(value - expected) <= bound, text_of(line)


def size_of(expression: Expression) -> Fraction:
    """The largest number in a formula: what cancels is right to that number's last digit."""
    if isinstance(expression, Number):
        return abs(as_fraction(scalar(expression.value)))
    return max((size_of(part) for part in children(expression)), default=Fraction(0))


def scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) else value


def text_of(line: Line) -> str:
    return f"{line.result} = {write(line.formula)} = {write(line.numbers)} = {line.value.digits}"


@pytest.mark.parametrize("seed", SEEDS)
def test_each_displayed_result_follows_from_the_displayed_numbers(seed: int) -> None:
    """In interval arithmetic over the half-units of what is displayed, as a reader would check it."""
    iv.dps = 40
    for line in all_lines(small_explanations(seed)):
        for step in (line.numbers, line.shares):
            if step is None:
                continue
            left = interval_of(step)
            right = half_unit(str(line.value.digits))
            assert left.a <= right.b, text_of(line)
            assert right.a <= left.b, text_of(line)


def interval_of(expression: Expression) -> Any:
    """What a formula can be, when each displayed number can be anything that rounds to it."""
    match expression:
        case Number(value, digits):
            return iv.mpf(value) if digits is None else half_unit(digits)
        case Choice(yes, condition, no):
            left, right = interval_of(condition.left), interval_of(condition.right)
            surely = left.a > right.b if condition.symbol == ">" else left.b <= right.a
            never = left.b <= right.a if condition.symbol == ">" else left.a > right.b
            sides = [] if never else [interval_of(yes)]
            sides += [] if surely else [interval_of(no)]
            return iv.mpf([min(side.a for side in sides), max(side.b for side in sides)])
        case Function("sigmoid" | "Phi" | "phi" as name, argument):
            return FUNCTIONS[name](interval_of(argument))
        case Maximum((first, second)):
            one, other = interval_of(first), interval_of(second)
            return iv.mpf([max(one.a, other.a), max(one.b, other.b)])
        case Power(base, Number(int(exponent))):
            inner = interval_of(base)
            return abs(inner) ** exponent if exponent == 2 else inner**exponent
    parts = [interval_of(part) for part in children(expression)]
    shown = iter(parts)
    placed = place_holders(expression)
    return evaluate(substitute(placed, lambda symbol: Number(next(shown))), INTERVALS)


def place_holders(expression: Expression) -> Expression:
    """The same operation on symbols, one for each part."""
    from dataclasses import replace

    holders = iter(Symbol(f"part{k}") for k in range(len(children(expression))))
    changes: dict[str, Any] = {}
    for field in fields(expression):
        part = getattr(expression, field.name)
        if isinstance(part, Expression):
            changes[field.name] = next(holders)
        elif isinstance(part, tuple):
            changes[field.name] = tuple(next(holders) for _ in part)
    return replace(expression, **changes)


def as_interval(value: Any) -> Any:
    return value if isinstance(value, type(iv.mpf(0))) else iv.mpf(value)


def monotone(function: Any) -> Any:
    def apply(p: Any) -> Any:
        low, high = mpmath.mpf(p.a), mpmath.mpf(p.b)
        slack = mpmath.mpf("1e-14")
        return iv.mpf([function(low) - slack, function(high) + slack])

    return apply


def density(p: Any) -> Any:
    ends = [mpmath.npdf(mpmath.mpf(p.a)), mpmath.npdf(mpmath.mpf(p.b))]
    top = mpmath.npdf(0) if p.a <= 0 <= p.b else max(ends)
    return iv.mpf([min(ends), top])


FUNCTIONS = {
    "sigmoid": lambda p: 1 / (1 + iv.exp(-p)),
    "Phi": monotone(mpmath.ncdf),
    "phi": density,
}
INTERVALS: Any = SimpleNamespace(
    number=as_interval,
    constant=iv.mpf,
    exp=iv.exp,
    log=iv.log,
    sqrt=lambda p: iv.sqrt(iv.mpf([max(p.a, 0), p.b])),  # of what is squared: never below 0
    abs=abs,
    tanh=monotone(mpmath.tanh),
)


def half_unit(digits: str) -> Any:
    """The numbers that are displayed as these digits."""
    mantissa, _, exponent = digits.partition("e")
    # Trailing zeros are not shown, so a plain decimal may stand for any number that rounds to 8 places.
    places = len(mantissa.partition(".")[2]) - int(exponent) if exponent else 8
    middle = Fraction(mantissa) * Fraction(10) ** int(exponent or 0)
    half = Fraction(1, 2) / Fraction(10) ** places
    low, high = middle - half, middle + half
    return iv.mpf([float_below(low), float_above(high)])


def float_below(value: Fraction) -> float:
    return float(np.nextafter(float(value), -np.inf))


def float_above(value: Fraction) -> float:
    return float(np.nextafter(float(value), np.inf))


# --- what is said ---------------------------------------------------------------------------------


def lines_by_result(explanation: Explanation) -> dict[str, Line]:
    return {str(line.result) + line.relation: line for line in explanation.document.lines()}


def test_the_notebooks_lines_read_as_on_paper() -> None:
    lines = lines_by_result(explain_problem(read_problem("numeric-example")))

    def steps(name: str) -> list[str]:
        return [write(step) for step in lines[name].steps()]

    assert steps("z1[1]=") == [
        "w1[1,1] * x[1] + w1[1,2] * x[2] + b1[1]",
        "0.2 * 0.9 + 0.3 * 0.8 + 0.1",
        "0.52",
    ]
    assert steps("a1[1]=")[0] == "sigmoid(z1[1])"
    assert steps("dL/da2[1]=") == ["a2[1] - t[1]", "0.81663752 - 1", "-0.18336248"]
    assert steps("dL/dw1[2,1]=") == [
        "dL/dz1[2] * dz1[2]/dw1[2,1]",
        "dL/dz1[2] * x[1]",
        "(-0.00274866) * 0.9",
        "-0.00247379",
    ]
    assert steps("w1[2,1]<-")[-1] == "0.40024738"


def test_the_phases_of_a_step_are_all_there_in_order() -> None:
    document = explain_problem(read_problem("numeric-example")).document
    assert [phase.title for phase in document.phases] == ["Forward", "Loss", "Backward", "Update"]
    backward = [section.key for section in document.phases[2].sections]
    assert backward == [
        "dL/da2", "dL/dz2", "dL/dw2", "dL/db2", "dL/da1", "dL/dz1", "dL/dw1", "dL/db1"
    ]  # fmt: skip
    used = {section.key: section.used_in for section in document.sections()}
    assert used["dL/dz1"] == ("3.7", "3.8")
    assert used["a1"] == ("1.3", "3.3", "3.6")


def test_without_training_the_gradients_end_at_the_inputs() -> None:
    document = explain_problem(read_problem("cs231n-neuron")).document
    assert [phase.title for phase in document.phases] == ["Forward", "Loss", "Backward"]
    last = list(document.sections())[-1]
    assert [line.value.digits for line in last.lines] == ["0.39322387", "-0.5898358"]


def test_a_batch_shows_each_samples_share() -> None:
    shares = 0
    for seed in SEEDS:
        step = small_step(seed)
        if np.ndim(step.x) < 2 or len(step.x) < 2:
            continue
        for line in step.explain().document.lines():
            if line.result.gradient and line.result.letter == "w":
                assert isinstance(line.shares, Sum)
                assert len(line.shares.terms) == len(step.x)
                shares += 1
    assert shares > 50


def test_a_large_network_stays_readable_and_says_what_was_left_out() -> None:
    from chainrule import Adam, Network

    rng = np.random.default_rng(0)
    network = Network.random([60, 40, 10], ["relu", "softmax"], seed=0)
    explanation = explain(
        network, rng.random(60), np.eye(10)[2], loss="cross-entropy", optimizer=Adam(0.01)
    )
    document = explanation.document
    of_adam = len(Adam.formulas)
    assert max(len(section.lines) for section in document.sections()) <= 16 * of_adam
    sections = {section.key: section for section in document.sections()}
    assert "dL/dw1 has 40 x 60 entries, with norm" in sections["dL/dw1"].left_out
    assert '--value "w1[40,60]" works that one' in sections["dL/dw1"].left_out
    assert any("computed in float64" in note for note in document.notes)
    sizes = np.abs(np.array(explanation.record["updates"][0]["gradient"]))
    shown = [line.result.index for line in sections["dL/dw1"].lines]
    assert (sizes > min(sizes[o - 1, i - 1] for o, i in shown)).sum() == len(shown) - 1
    assert len(str(explanation).splitlines()) < 1000


def test_a_long_sum_shows_its_largest_terms_and_the_rest_in_one() -> None:
    from chainrule import Dense, Network

    rng = np.random.default_rng(1)
    network = Network(Dense(rng.normal(size=(1, 30)).round(2)))
    line = next(iter(explain(network, rng.normal(size=30).round(2), [0.0]).document.lines()))
    assert isinstance(line.formula, Sum)
    rests = [term for term in line.formula.terms if isinstance(term, Rest)]
    assert [rest.count for rest in rests] == [31 - 4]
    assert evaluate(line.numbers, fifty_digits()) == line.value.value


@pytest.mark.parametrize("step", [small_step(seed) for seed in range(6)])
def test_an_explanation_is_plain_data_that_prints_and_compares(step: SmallStep) -> None:
    assert step.explain().record == step.explain().record
    assert str(step.explain().document) == str(step.explain().document)
