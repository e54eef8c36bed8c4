"""`check_gradients` calls right what is right, wrong what is wrong, and nothing by a guess."""

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import (
    ChainruleError,
    GradientReport,
    assert_gradients,
    check_gradients,
)
from chainrule.errors import InputError, ShapeError

# --- laws -------------------------------------------------------------------------------------

PARTS: list[Callable[[Any], Any]] = [
    anp.sin,
    lambda x: anp.exp(-(x**2)),
    anp.arctan,
    lambda x: x**3,
    lambda x: 1.0 / (2.0 + x**2),
    lambda x: anp.logaddexp(0.0, x),
    lambda x: anp.sqrt(1.0 + x**2),
]
seeds = st.integers(0, 2**32 - 1)


class Case:
    """A random smooth loss of a matrix and a vector, its gradient by autograd, and a point."""

    def __init__(self, seed: int, *, magnitude: float = 1.0, offset: float = 0.0) -> None:
        random = np.random.default_rng(seed)
        shape = tuple(random.integers(1, 4, size=2))
        self.w = magnitude * random.normal(size=shape)
        self.x = random.normal(size=shape[1])
        first, second = (PARTS[random.integers(len(PARTS))] for _ in range(2))
        mixing = random.normal(size=shape[0])

        def loss(w: Any, x: Any) -> Any:
            return offset + anp.sum(mixing * second(0.3 * first(0.5 * w @ x))) + anp.sum(w**2) / 2

        self.loss = loss
        self.true = (autograd.grad(loss, 0)(self.w, self.x), autograd.grad(loss, 1)(self.w, self.x))


@given(seeds, st.sampled_from([1e-3, 1.0, 10.0]), st.sampled_from([0.0, 100.0]))
@settings(max_examples=150, deadline=None)
def test_the_gradient_of_a_smooth_function_is_right(
    seed: int, magnitude: float, offset: float
) -> None:
    case = Case(seed, magnitude=magnitude, offset=offset)
    report = check_gradients(case.loss, case.true, case.w, case.x)
    assert report.verdict != "wrong", report
    smallest = min(np.abs(part).max() for part in case.true)
    if magnitude <= 1.0 and smallest > 1e-5 * (1.0 + offset):
        assert report.verdict == "right", report


@given(seeds, st.integers(0, 100), st.sampled_from([1e-4, -1e-4, 1e-2, 1.0, -2.0]))
@settings(max_examples=150, deadline=None)
def test_one_entry_off_by_a_ten_thousandth_is_wrong(seed: int, which: int, off: float) -> None:
    case = Case(seed)
    spoilt = case.true[0].copy()
    index = np.unravel_index(which % spoilt.size, spoilt.shape)
    if abs(spoilt[index]) < 1e-3 * np.abs(spoilt).max():
        return
    spoilt[index] *= 1.0 + off
    report = check_gradients(case.loss, (spoilt, case.true[1]), case.w, case.x)
    assert report.verdict == "wrong", report
    (entry,) = report.arguments[0].entries
    assert (entry.index, entry.kind) == (tuple(map(int, index)), "mistake")
    assert entry.true == pytest.approx(case.true[0][index], rel=1e-6)
    assert report.arguments[1].verdict != "wrong"


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_rounding_to_float32_is_never_a_mistake(seed: int) -> None:
    case = Case(seed)
    w, x = case.w.astype(np.float32), case.x.astype(np.float32)
    rounded = tuple(
        autograd.grad(case.loss, number)(w.astype(float), x.astype(float)).astype(np.float32)
        for number in range(2)
    )
    assert check_gradients(case.loss, rounded, w, x).verdict != "wrong"
    for argument in check_gradients(case.loss, rounded, w, x).arguments:
        assert argument.verdict == "right" or max(abs(e.found) for e in argument.entries) < 1e-5


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_a_function_that_computes_in_float32_is_never_called_wrong(seed: int) -> None:
    case = Case(seed)

    def loss(w: Any, x: Any) -> Any:
        return case.loss(w.astype(np.float32), x.astype(np.float32)).astype(np.float32)

    report = check_gradients(loss, case.true, case.w, case.x)
    assert report.verdict != "wrong", report
    off = (3.0 * case.true[0], case.true[1])
    assert check_gradients(loss, off, case.w, case.x).arguments[0].verdict != "right"


@given(seeds, st.sampled_from([2.0, 0.5, -1.0, 1.0 / 3.0]))
@settings(max_examples=40, deadline=None)
def test_a_constant_factor_is_named(seed: int, factor: float) -> None:
    case = Case(seed)
    if min(np.count_nonzero(np.abs(part) > 1e-6) for part in case.true) < 2:
        return
    report = check_gradients(case.loss, [factor * part for part in case.true], case.w, case.x)
    assert [part.reason for part in report.arguments] == 2 * [
        f"it is {factor:.6g} times the gradient"
    ]


# --- what is said of each kind ----------------------------------------------------------------


def check(function: Callable[..., Any], gradient: object, *arrays: Any) -> tuple[str, str]:
    """The verdict and reason on a single argument."""
    (argument,) = check_gradients(function, gradient, *arrays).arguments
    return argument.verdict, argument.reason


def relu(x: Any) -> Any:
    return np.sum(np.maximum(x, 0.0) * np.arange(1.0, 1.0 + x.size))


def test_a_report_prints_itself() -> None:
    report = check_gradients(
        lambda w, b: np.sum(np.sin(w) * b),
        lambda w, b: (np.cos(w) * b * [1.0, 1.0, 1.01], np.sin(w)),
        np.array([0.1, 0.2, 0.3]),
        np.array([1.0, 2.0, 3.0]),
    )
    assert str(report) == (
        "w: wrong, 1 of 3 entries differs\n"
        "    w[2]: 2.86600947 would be right, found 2.89466956\n"
        "b: right, 3 entries agree"
    )


def test_only_the_worst_entries_are_printed_and_all_are_kept() -> None:
    x = np.linspace(0.1, 2.0, 30)
    report = check_gradients(lambda x: np.sum(np.exp(x)), lambda x: np.cos(x), x)
    assert len(report.arguments[0].entries) == 30
    assert [entry.index for entry in report.arguments[0].entries[:2]] == [(29,), (28,)]
    assert str(report).endswith("\n    and 27 more")


def test_names_are_those_of_the_function() -> None:
    def loss(weights: Any, *rest: Any) -> Any:
        return np.sum(weights) + sum(np.sum(part) for part in rest)

    report = check_gradients(loss, ([1.0], 1.0, 1.0), [2.0], 3.0, 4.0)
    assert [argument.name for argument in report.arguments] == [
        "weights",
        "argument 1",
        "argument 2",
    ]
    assert report.verdict == "right"


@pytest.mark.parametrize("found", [0.0, 0.5, 1.0])
def test_a_kink_at_the_point_is_a_kink(found: float) -> None:
    report = check_gradients(relu, np.array([found, 2.0]), np.array([0.0, 1.0]))
    (argument,) = report.arguments
    assert argument.verdict == "undecided"
    assert argument.reason == "1 of 2 entries lies at a kink, where there is no gradient"
    (entry,) = argument.entries
    assert (entry.kind, entry.true) == ("kink", None)
    assert entry.below == 0.0
    assert entry.above == pytest.approx(1.0)


@pytest.mark.parametrize("found", [-0.1, 1.1, np.nan])
def test_no_kink_excuses_what_lies_outside_of_its_slopes(found: float) -> None:
    assert check(relu, np.array([found]), np.array([0.0]))[0] == "wrong"


def test_a_mistake_elsewhere_is_found_beside_a_kink() -> None:
    assert check(relu, np.array([0.0, 5.0]), np.array([0.0, 1.0]))[0] == "wrong"


@pytest.mark.parametrize("distance", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_kink_nearby_disturbs_nothing(distance: float, side: float) -> None:
    x = np.array([side * distance, 1.0])
    assert check(relu, np.where(x > 0, [1.0, 2.0], 0.0), x)[0] == "right"
    assert check(relu, np.where(x > 0, [1.1, 2.0], 0.1), x)[0] == "wrong"


@pytest.mark.parametrize("distance", [1e-6, 1e-7, 1e-9, 1e-12])
def test_nor_makes_a_right_gradient_wrong_however_near(distance: float) -> None:
    assert check(relu, np.array([1.0]), np.array([distance]))[0] != "wrong"
    assert check(relu, np.array([0.0]), np.array([-distance]))[0] != "wrong"


def test_the_absolute_value_at_zero_is_a_kink() -> None:
    assert check(lambda x: np.sum(np.abs(x)), np.sign, np.array([0.0, -2.0]))[0] == "undecided"


def test_ties_of_a_maximum_are_kinks() -> None:
    report = check_gradients(np.max, np.array([1.0, 0.0, 0.0]), np.array([3.0, 3.0, 1.0]))
    assert [entry.kind for entry in report.arguments[0].entries] == ["kink", "kink"]


def test_a_jump_is_undecided() -> None:
    assert check(lambda x: float(x[0] >= 0.0), np.array([0.0]), np.array([0.0]))[0] == "undecided"


def test_a_slope_without_bound_is_undecided() -> None:
    assert check(lambda x: np.sum(np.cbrt(x)), np.array([1e6]), np.array([0.0]))[0] == "undecided"


@pytest.mark.parametrize("power", [2, 3, 4])
def test_a_stationary_point_has_the_gradient_0(power: int) -> None:
    assert check(lambda x: np.sum(x**power), np.array([0.0, 0.0]), np.zeros(2))[0] == "right"
    assert check(lambda x: np.sum(x**power), np.array([0.0, 1e-2]), np.zeros(2))[0] == "wrong"


def test_what_the_function_ignores_has_the_gradient_0() -> None:
    assert check(lambda x: 5.0, np.zeros(2), np.ones(2))[0] == "right"
    assert check(lambda x: 5.0, np.ones(2), np.ones(2))[0] == "wrong"
    assert check(lambda x: x[0], np.array([1.0, 0.0]), np.ones(2))[0] == "right"


def test_a_slope_that_rounding_hides_is_undecided() -> None:
    function = lambda x: 1e14 + x[0]  # noqa: E731
    assert check(function, np.array([1.0]), np.array([1.0]))[0] == "undecided"


def test_a_ripple_finer_than_the_steps_is_not_called_wrong() -> None:
    function = lambda x: x[0] + 1e-7 * np.sin(1e7 * x[0])  # noqa: E731
    assert check(function, np.array([2.0]), np.array([0.0]))[0] == "undecided"


@pytest.mark.parametrize("at", [1e-6, 1e-3, 1e3, 1e6])
def test_functions_of_small_and_large_numbers(at: float) -> None:
    x = np.array([at, 2.0 * at])
    assert check(lambda x: np.sum(np.log(x)), 1.0 / x, x)[0] == "right"
    assert check(lambda x: np.sum(np.log(x)), 1.0001 / x, x)[0] == "wrong"


def test_a_random_function_is_undecided_and_told_so() -> None:
    random = np.random.default_rng(0)

    def loss(x: Any) -> float:
        return float(np.sum(x * (random.random(x.shape) < 0.5)))

    verdict, reason = check(loss, np.ones(20), np.ones(20))
    assert verdict == "undecided"
    assert reason.startswith("the function gives different values for the same arguments, ")
    assert reason.endswith(": fix its seed")


def test_a_random_gradient_is_undecided_and_told_so() -> None:
    random = np.random.default_rng(0)
    assert check(lambda x: np.sum(x), lambda x: random.random(x.shape), np.ones(3)) == (
        "undecided",
        "the gradient gives different values for the same arguments: fix its seed",
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_function_that_is_not_finite_is_undecided(value: float) -> None:
    assert check(lambda x: value, np.ones(1), np.ones(1)) == (
        "undecided",
        f"the function is {value} there",
    )


def test_the_edge_of_a_domain_is_undecided() -> None:
    assert check(lambda x: np.sum(np.sqrt(x)), np.array([1.0]), np.array([0.0]))[0] == "undecided"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_wrong(value: float) -> None:
    report = check_gradients(np.sum, np.array([1.0, value]), np.ones(2))
    assert report.verdict == "wrong"
    assert report.arguments[0].entries[0].words == f"1 would be right, found {value}"


def test_zero_throughout_is_named() -> None:
    assert check(np.sum, np.zeros(3), np.ones(3)) == ("wrong", "it is 0 throughout")


def test_a_transpose_is_named() -> None:
    random = np.random.default_rng(1)
    w, x, square = random.normal(size=(2, 3)), random.normal(size=3), random.normal(size=(3, 3))

    def loss(w: Any) -> Any:
        return np.sum(np.tanh(w @ x))

    def gradient(w: Any) -> Any:
        return np.outer(1.0 - np.tanh(w @ x) ** 2, x)

    assert check(loss, lambda w: gradient(w).T, square) == ("wrong", "its transpose agrees")
    assert check(loss, lambda w: gradient(w).T, w) == (
        "wrong",
        "it has shape (3, 2), and (2, 3) would be right; its transpose agrees",
    )


def test_a_wrong_shape_is_wrong() -> None:
    x = np.ones(3)
    assert check(np.sum, np.ones((3, 1)), x) == (
        "wrong",
        "it has shape (3, 1), and (3,) would be right; in that shape it agrees",
    )
    assert check(np.sum, 1.0, x) == ("wrong", "it has shape (), and (3,) would be right")


def test_an_empty_array_has_nothing_wrong() -> None:
    assert check(lambda x: np.sum(x), lambda x: x, np.zeros((0, 3))) == (
        "right",
        "it has no entries",
    )


def test_whole_numbers_are_numbers() -> None:
    assert check(lambda x: np.sum(x**2), lambda x: 2 * x, [1, 2, 3])[0] == "right"
    assert (
        check(lambda x: np.sum(x**2) / 4, lambda x: np.ones_like(x) * x / 2, np.array([1, 2]))[0]
        == "right"
    )


def test_labels_have_no_gradient() -> None:
    labels = np.array([0, 2])
    scores = np.array([[1.0, 2.0, 0.5], [0.1, 0.2, 0.3]])

    def loss(scores: Any, labels: Any) -> Any:
        shifted = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        return -np.sum(shifted[np.arange(len(labels)), labels])

    def gradient(scores: Any, labels: Any) -> Any:
        p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
        p[np.arange(len(labels)), labels] -= 1.0
        return p, None

    report = check_gradients(loss, gradient, scores, labels)
    assert (report.verdict, len(report.arguments)) == ("right", 1)


def test_arguments_stay_as_they_were() -> None:
    x = np.array([1.0, 2.0])

    def loss(x: Any) -> Any:
        x *= 2.0
        return np.sum(x**2)

    def gradient(x: Any) -> Any:
        x *= 8.0
        return x

    assert check(loss, gradient, x)[0] == "right"
    assert x.tolist() == [1.0, 2.0]


def test_single_numbers_work() -> None:
    assert check(lambda x: x**2, lambda x: 2 * x, 3.0)[0] == "right"


def test_float32_cannot_tell_a_small_difference() -> None:
    x = np.array([1.0, 2.0], dtype=np.float32)
    verdict, reason = check(lambda x: np.sum(x**2), (2.0002 * x).astype(np.float32), x)
    assert (verdict, reason) == ("undecided", "2 of 2 entries cannot be told from rounding")
    assert check(lambda x: np.sum(x**2), (2.02 * x).astype(np.float32), x)[0] == "wrong"


def test_float32_within_the_function_is_told() -> None:
    def loss(x: Any) -> Any:
        return np.sum(np.exp(x.astype(np.float32)), dtype=np.float64)

    x = np.array([0.1, -0.2, 0.7])
    verdict, reason = check(loss, np.exp, x)
    assert verdict == "right"
    assert reason.startswith("3 entries agree, to 3 digits: ")
    assert check(loss, lambda x: 1.01 * np.exp(x), x)[0] == "wrong"


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "gradient", "arrays", "error", "words"),
    [
        (np.sum, np.ones(1), [[np.nan]], InputError, r"\[0\] is nan; every number must be finite"),
        (np.sum, np.ones(1), [[1j]], InputError, "must be real numbers, got complex128 entries"),
        (np.sum, np.ones(1), [[[1.0], [1.0, 2.0]]], ShapeError, "a must be a regular array"),
        (np.sum, [[1.0], [1.0, 2.0]], [[1.0]], ShapeError, "gradient of a must be a regular array"),
        (np.sum, [1j], [[1.0]], InputError, "gradient of a must be real numbers, got complex128"),
        (np.sum, ["a"], [[1.0]], InputError, "gradient of a must be real numbers, got <U1 entries"),
        (lambda x: 1j * x[0], [1.0], [[1.0]], InputError, "must give a real number, got 1j"),
        (lambda x: x, [1.0, 1.0], [[1.0, 1.0]], ShapeError, "must give one number, got shape"),
        (lambda x, y: 1.0, [1.0], [1.0, 1.0], ShapeError, "a tuple of 2 arrays.*got 1 of them"),
        (lambda x, y: 1.0, 1.0, [1.0, 1.0], ShapeError, "a tuple of 2 arrays.*got one"),
        (lambda x: 1.0, lambda x: None, [1.0], InputError, "there is no gradient to check"),
        (lambda: 1.0, lambda: (), [], InputError, "there is no gradient to check"),
    ],
)
def test_what_cannot_be_checked_is_bad_input(
    function: Callable[..., Any],
    gradient: object,
    arrays: list[Any],
    error: type[ChainruleError],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        check_gradients(function, gradient, *arrays)


def test_errors_of_the_function_are_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        check_gradients(lambda x: 1 / 0, np.ones(1), np.ones(1))


# --- in tests ---------------------------------------------------------------------------------


def test_assert_gradients_says_nothing_of_a_right_one() -> None:
    assert_gradients(lambda x: np.sum(x**2), lambda x: 2 * x, np.ones((2, 2)))


@pytest.mark.parametrize(
    ("function", "gradient"),
    [(np.sum, np.zeros(2)), (relu, np.array([0.0, 2.0]))],
    ids=["wrong", "undecided"],
)
def test_assert_gradients_fails_with_the_report(function: Any, gradient: Any) -> None:
    x = np.array([0.0, 1.0])
    report: GradientReport = check_gradients(function, gradient, x)
    with pytest.raises(AssertionError) as failure:
        assert_gradients(function, gradient, x)
    assert str(failure.value) == str(report)
