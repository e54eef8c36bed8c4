"""Displayed digits are those of the exact value, correctly rounded."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.arithmetic import fifty_digits
from chainrule.digits import as_fraction, decimals_for, round_half_even, round_half_up, show_number
from chainrule.errors import ChainruleError

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, st.integers(0, 12))
def test_shown_digits_lie_within_half_a_unit_and_ties_are_even(value: float, decimals: int) -> None:
    shown = show_number(value, decimals)
    exact = Fraction(value)
    found = Fraction(shown.mantissa) * Fraction(10) ** (shown.exponent or 0)
    places = decimals if shown.exponent is None else 5 - shown.exponent
    half_unit = Fraction(1, 2) / Fraction(10) ** places
    assert abs(found - exact) <= half_unit
    if abs(found - exact) == half_unit:
        assert found * Fraction(10) ** places % 2 == 0
    assert (found == 0) == (exact == 0)


@given(st.integers(-(10**9), 10**9), st.integers(0, 9), st.integers(0, 6))
def test_exact_numbers_are_rounded_as_the_decimals_that_were_written(
    digits: int, scale: int, decimals: int
) -> None:
    """0.15 is a tie, although the float 0.15 lies a little below."""
    written = Decimal(digits).scaleb(-scale)
    exact = fifty_digits().array(float(written)).item()
    step = Decimal(1).scaleb(-decimals)
    assert round_half_even(exact, decimals) == written.quantize(step, ROUND_HALF_EVEN)
    assert round_half_up(exact, decimals) == written.quantize(step, ROUND_HALF_UP)


def test_a_product_that_is_a_tie_in_decimals_is_rounded_as_a_tie() -> None:
    m = fifty_digits()
    product = m.array(0.1) * m.array(0.25)
    assert str(show_number(product, 2)) == "0.02"
    assert round_half_up(as_fraction(product), 2) == Decimal("0.03")


def test_sums_that_cancel_in_decimals_show_0() -> None:
    m = fifty_digits()
    assert str(show_number(m.array(0.1) + m.array(0.2) - m.array(0.3))) == "0"


def test_numbers_of_50_digits_keep_their_sign() -> None:
    assert str(show_number(-fifty_digits().exp(np.array(1)).item())) == "-2.71828183"


def test_numbers_of_50_digits_are_taken_exactly() -> None:
    number = fifty_digits().exp(np.array(1)).item()
    assert str(show_number(number, 30)) == "2.718281828459045235360287471353"
    with mpmath.workdps(60):
        exact = mpmath.mpf(as_fraction(number).numerator) / as_fraction(number).denominator
        assert abs(exact - mpmath.e) < 1e-49


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e22, "1e22"),
        (123456789.125, "123456789.125"),
        (-0.0, "0"),
        (-1e-9, "-1e-9"),
        (9.999995e-9, "0.00000001"),
        (4.9999995e-9, "5e-9"),
        (0.999999999, "1"),
        (5e-324, "4.94066e-324"),
    ],
)
def test_numbers_of_every_size_have_readable_digits(value: float, text: str) -> None:
    assert str(show_number(value)) == text


@pytest.mark.parametrize(
    ("power", "text"),
    [("-1e5", "3.56295e-43430"), ("1e5", "2.80666e43429"), ("-1e12", "5.5998e-434294481904")],
)
def test_numbers_far_beyond_floats_have_digits_too(power: str, text: str) -> None:
    """exp(1e5) and its like, against their logarithms in 80 digits."""
    number = fifty_digits().exp(np.array(mpmath.mpf(power), dtype=object)).item()
    assert str(show_number(number)) == text
    with mpmath.workdps(80):
        logarithm = mpmath.mpf(power) / mpmath.log(10)
        mantissa = mpmath.mpf(10) ** (logarithm - mpmath.floor(logarithm))
        assert text.startswith(mpmath.nstr(mantissa, 6))


def test_entries_of_a_matrix_share_their_decimals() -> None:
    assert decimals_for([0.52, 1.4, 1 / 3]) == 8
    assert [str(show_number(value, 2, fixed=True)) for value in (0.96, 1.4)] == ["0.96", "1.40"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_has_no_digits(value: float) -> None:
    with pytest.raises(ChainruleError, match="has no digits"):
        show_number(value)
