"""Where a number becomes digits: every displayed digit is that of the exact value, correctly rounded."""

import math
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any, final

from chainrule.errors import InputError

DECIMALS = 8
SIGNIFICANT = 6

# Decimals hold digits here and never round: all rounding is done on fractions.
UNLIMITED = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


@final
@dataclass(frozen=True)
class Digits:
    """A number as it is shown: a decimal, or a mantissa with a power of ten.

    >>> str(Digits("2.31132", -9)), str(Digits("0.52"))
    ('2.31132e-9', '0.52')
    """

    mantissa: str
    exponent: int | None = None

    def __str__(self) -> str:
        return self.mantissa if self.exponent is None else f"{self.mantissa}e{self.exponent}"


def as_fraction(value: Any) -> Fraction:
    """The exact value of a float, a fraction or a 50-digit number.

    Raises: InputError where it is not finite.
    """
    if isinstance(value, int | float | Fraction):
        finite = math.isfinite(value)
    else:
        import mpmath

        finite = bool(mpmath.isfinite(value))
    if not finite:
        raise InputError(f"{value} has no digits")
    if isinstance(value, int | float | Fraction):
        return Fraction(value)
    mantissa, exponent = value.man_exp  # the mantissa has no sign
    return (-1 if value < 0 else 1) * int(mantissa) * Fraction(2) ** int(exponent)


def round_half_even(value: Fraction, decimals: int) -> Decimal:
    """Rounded to so many decimals, ties to even.

    >>> round_half_even(Fraction(1, 8), 2), round_half_even(Fraction(3, 8), 2)
    (Decimal('0.12'), Decimal('0.38'))
    """
    return Decimal(round(value * Fraction(10) ** decimals)).scaleb(-decimals, UNLIMITED)


def round_half_up(value: Fraction, decimals: int) -> Decimal:
    """Rounded to so many decimals, ties away from 0, as people do by hand.

    >>> round_half_up(Fraction(1, 8), 2), round_half_up(Fraction(-1, 8), 2)
    (Decimal('0.13'), Decimal('-0.13'))
    """
    units = math.floor(abs(value) * Fraction(10) ** decimals + Fraction(1, 2))
    return Decimal(-units if value < 0 else units).scaleb(-decimals, UNLIMITED)


def show_number(value: Any, decimals: int = DECIMALS, fixed: bool = False) -> Digits:
    """The digits of a number: so many decimals, ties to even, without trailing zeros.

    A number that is not 0 but would show as 0 has six digits and a power of ten instead. `fixed` keeps
    the zeros, for entries that stand below each other.

    >>> print(*(show_number(number) for number in (0.52, 1 / 3, -2.3113234e-9, 0.0, 1e-300)))
    0.52 0.33333333 -2.31132e-9 0 1e-300
    """
    exact = as_fraction(value)
    rounded = round_half_even(exact, decimals)
    if rounded == 0 and exact != 0:
        short = round_half_even(exact, SIGNIFICANT - 1 - leading_place(exact))
        exponent = short.adjusted()  # one more where 9.999999 became 10
        return Digits(trimmed(short.scaleb(-exponent, UNLIMITED)), exponent)
    if rounded == 0:
        rounded = abs(rounded)  # no minus sign before 0
    return Digits(f"{rounded:f}" if fixed else trimmed(rounded))


def leading_place(value: Fraction) -> int:
    """The power of ten of the first digit that is not 0."""
    guess = len(str(abs(value.numerator))) - len(str(value.denominator))
    return guess if abs(value) >= Fraction(10) ** guess else guess - 1


def trimmed(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals_for(values: list[Any], decimals: int = DECIMALS) -> int:
    """How many decimals the entries of one matrix share: as many as the longest of them needs.

    >>> decimals_for([1.5, 0.25, 2.0])
    2
    """
    shown = [show_number(value, decimals) for value in values]
    plain = [digits.mantissa for digits in shown if digits.exponent is None]
    return max((len(text.partition(".")[2]) for text in plain), default=0)
