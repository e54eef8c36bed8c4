"""The numerical judge: right on any smooth function, and outspoken where it does not apply."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import ChainruleError, central_differences, complex_step

numbers = st.floats(-3, 3)


@given(st.lists(numbers, min_size=1, max_size=5))
def test_complex_step_is_exact_to_rounding(values: list[float]) -> None:
    x = np.array(values)
    (gradient,) = complex_step(lambda x: np.sum(np.exp(x) * np.sin(x)), x)
    exact = np.exp(x) * (np.sin(x) + np.cos(x))
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=1e-14 * np.abs(np.exp(x)).max())


@given(st.lists(numbers, min_size=1, max_size=5))
def test_central_differences_are_exact_to_nine_digits(values: list[float]) -> None:
    x = np.array(values)
    (gradient,) = central_differences(lambda x: np.sum(np.exp(x) * np.sin(x)), x)
    exact = np.exp(x) * (np.sin(x) + np.cos(x))
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=1e-9 * np.exp(np.abs(x)).sum())


@pytest.mark.parametrize("judge", [central_differences, complex_step])
def test_every_argument_of_any_shape_gets_its_gradient(
    judge: Callable[..., tuple[np.ndarray, ...]],
) -> None:
    a, b, c = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0]), 7.0
    da, db, dc = judge(lambda a, b, c: np.sum(a @ b) * c, a, b, c)
    np.testing.assert_allclose(da, [[35, 42], [35, 42]])
    np.testing.assert_allclose(db, [28, 42])
    np.testing.assert_allclose(dc, 17 + 39)
    assert dc.shape == ()


@pytest.mark.parametrize("judge", [central_differences, complex_step])
def test_arguments_are_left_as_they_were(judge: Callable[..., object]) -> None:
    x = np.array([0.1, 0.2])
    judge(lambda x: np.sum(x * x), x)
    np.testing.assert_array_equal(x, [0.1, 0.2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: complex_step(lambda x: np.sum(np.abs(x)), [1.0]), "use central_differences"),
        (lambda: complex_step(lambda x: np.sum(x / 0), [1.0]), "at the point"),
        (lambda: central_differences(lambda x: x, [1.0, 2.0]), r"one number, got shape \(2,\)"),
        (lambda: central_differences(lambda x: np.sum(x / 0), [1.0]), "beside the point"),
        (lambda: central_differences(np.sum, [1.0], step=0.0), "step must be more than 0"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_says_where_it_does_not_apply(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        call()
