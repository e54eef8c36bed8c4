"""Every published figure is reproduced: true ones without a mistake, wrong ones with the named one."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

from chainrule import (
    ChainruleError,
    Network,
    apply_optimizer,
    backward_propagation,
    calculate_loss,
    forward_propagation,
    read_problem,
)
from chainrule.mistakes import MISTAKES
from chainrule.optimizers import State
from chainrule.textbook import Figure, example_names, read_example

from fifty_digits import ExactRun
from rounding_by_hand import step_by_hand

EXAMPLES = ("numeric-example", "cs231n-neuron", "goodfellow-xor", "han-kamber", "mazur", "mitchell")
FIGURES = [
    pytest.param(name, figure, id=f"{name}: {figure.value} after {figure.updates}")
    for name in EXAMPLES
    for figure in read_example(name).figures
]


@cache
def exact_values(name: str, mistake: str | None, updates: int, sample: int) -> dict[str, Any]:
    """All values of an example after so many updates, in 50-digit arithmetic."""
    with mp.workdps(50):
        return exact_run(name, mistake, updates).step(sample - 1)


@cache
def exact_runs(name: str, mistake: str | None) -> list[ExactRun]:
    return [ExactRun(read_problem(name), mistake)]


def exact_run(name: str, mistake: str | None, updates: int) -> ExactRun:
    """The run at that update; later figures go on from earlier ones, which come first in the files."""
    runs = exact_runs(name, mistake)
    if runs[0].updates > updates:
        runs[0] = ExactRun(read_problem(name), mistake)
    runs[0].run_to(updates)
    return runs[0]


def exact(name: str, figure: Figure, mistake: str | None, updates: int) -> Any:
    with mp.workdps(50):
        values = exact_values(name, mistake, updates, figure.sample)
        sign = -1 if figure.value.startswith("-") else 1
        return sign * values[figure.value.removeprefix("-")]


def as_printed(value: Any, printed: str) -> str:
    """A value rounded half up to the decimals that were printed, in the same style."""
    decimals = -int(Decimal(printed).as_tuple().exponent)
    with mp.workdps(50):
        text = mpmath.nstr(value, 40, strip_zeros=False, min_fixed=-40, max_fixed=40)
        rounded = round_half_up(Decimal(text), decimals)
    return rounded if printed.lstrip("-").startswith("0") or decimals == 0 else short(rounded)


def round_half_up(value: Decimal, decimals: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP):f}"


def short(text: str) -> str:
    """.5 for 0.5, as many books print."""
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


@pytest.mark.parametrize(("name", "figure"), FIGURES)
def test_exact_figure_is_that_of_50_digit_arithmetic(name: str, figure: Figure) -> None:
    with mp.workdps(50):
        value = exact(name, figure, None, figure.updates)
        assert mpmath.nstr(value, 17, min_fixed=-40, max_fixed=40) == figure.exact or (
            value == mpmath.mpf(figure.exact)
        )


@pytest.mark.parametrize(("name", "figure"), FIGURES)
def test_printed_figure_is_reproduced_to_its_last_digit(name: str, figure: Figure) -> None:
    updates = figure.updates if figure.shown_updates is None else figure.shown_updates
    value = exact(name, figure, figure.mistake, updates)
    if figure.verdict == "right when each step is rounded":
        assert figure.step_rounded is not None
        assert as_printed(mpmath.mpf(figure.step_rounded), figure.printed) == figure.printed
    else:
        assert as_printed(value, figure.printed) == figure.printed


@pytest.mark.parametrize(("name", "figure"), FIGURES)
def test_wrong_figures_are_called_wrong_and_right_ones_right(name: str, figure: Figure) -> None:
    true = as_printed(exact(name, figure, None, figure.updates), figure.printed)
    assert (true == figure.printed) == (figure.verdict == "right")
    explained = figure.mistake or figure.shown_updates is not None or figure.step_rounded
    assert figure.verdict == "right" or explained


@pytest.mark.parametrize(("name", "figure"), FIGURES)
def test_the_engine_gives_the_exact_and_the_printed_figure(name: str, figure: Figure) -> None:
    true = engine_value(name, figure, None, figure.updates)
    np.testing.assert_allclose(true, float(figure.exact), rtol=1e-11, atol=1e-15)
    if figure.mistake is not None or figure.shown_updates is not None:
        updates = figure.updates if figure.shown_updates is None else figure.shown_updates
        mistaken = engine_value(name, figure, figure.mistake, updates)
        assert as_printed(mpmath.mpf(mistaken), figure.printed) == figure.printed


def engine_value(example: str, figure: Figure, mistake: str | None, updates: int) -> float:
    """A figure from the reference engine, by the four steps."""
    problem, network = read_problem(example), engine_network(example, mistake, updates)
    row = figure.sample - 1
    x = problem.data.inputs[row]
    t = None if problem.data.targets is None else problem.data.targets[row]
    forward = forward_propagation(network, x)
    name = figure.value.removeprefix("-")
    if name == "loss":
        return calculate_loss(network, forward, t, problem.loss)
    values = {**network.parameters, **forward}
    if name.startswith("dL/d"):
        values = backward_propagation(network, forward, t, problem.loss)
        name = name.removeprefix("dL/d")
    tensor, _, index = name.removesuffix("]").partition("[")
    position = tuple(int(number) - 1 for number in index.split(","))
    array = values[tensor]
    # A shared bias given as one number stands for every unit of its layer.
    number = array[0] if array.shape == (1,) else array[position]
    return float(-number if figure.value.startswith("-") else number)


@cache
def engine_network(name: str, mistake: str | None, updates: int) -> Network:
    problem = read_problem(name)
    network, states = problem.network, dict[str, State]()
    if problem.training is None:
        return network
    optimizer = problem.training.optimizer
    for update in range(updates):
        row = slice(None)
        if problem.training.batch_size != "all":
            start = update % len(problem.data.inputs)
            row = slice(start, start + 1)
        x = problem.data.inputs[row]
        t = None if problem.data.targets is None else problem.data.targets[row]
        forward = forward_propagation(network, x)
        if mistake is None:
            gradients = backward_propagation(network, forward, t, problem.loss)
        else:
            gradients = MISTAKES[mistake].gradients(
                network, forward, t, problem.loss, "mean", optimizer, states
            )
        network, states = apply_optimizer(network, gradients, optimizer, states)
    return network


def test_step_rounded_figures_are_those_of_decimal_arithmetic() -> None:
    example = read_example("han-kamber")
    by_hand = step_by_hand(example.problem, forward=3, backward=4)
    assert len(example.figures) == 17
    for figure in example.figures:
        assert figure.step_rounded == str(by_hand[figure.value])


def test_the_library_holds_every_example() -> None:
    assert example_names() == list(EXAMPLES)
    assert all(read_example(name).source for name in EXAMPLES)


def test_errata_say_which_examples_are_wrong() -> None:
    wrong = {
        name
        for name in EXAMPLES
        if any("wrong" in figure.verdict for figure in read_example(name).figures)
    }
    assert wrong == {"numeric-example", "mazur"}
    for name in EXAMPLES:
        assert (read_example(name).erratum.startswith("None.")) == (name not in wrong)


def test_a_tuned_figure_would_be_noticed() -> None:
    figure = read_example("mazur").figures[0]
    assert replace(figure, printed=".751365071").verdict == "wrong"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mazurr", "unknown textbook example 'mazurr'; did you mean 'mazur'?"),
        ("no-such.toml", "no-such.toml: cannot be read: No such file or directory"),
    ],
)
def test_a_problem_that_is_not_there_is_said_so(name: str, message: str) -> None:
    with pytest.raises(ChainruleError) as error:
        read_problem(name)
    assert message in str(error.value)
