"""Where a number becomes digits: every displayed digit is that of the exact value, correctly rounded."""

import math
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any, final

from chainrule.errors import InputError

DECIMALS = 8
SIGNIFICANT = 6
LARGEST_PLAIN = Fraction(10) ** 16
MOST_BITS = 20_000
LOG_OF_TWO = math.log10(2)

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

    A 50-digit number beyond 2^20000 or below 2^-20000 becomes that bound: it is as good as endless, or as
    0, wherever a number is rounded to places, and its true fraction may be too large to hold.
    Raises: InputError where it is not finite.
    """
    if isinstance(value, int | float | Fraction):
        if not math.isfinite(value):
            raise InputError(f"{value} has no digits")
        return Fraction(value)
    import mpmath

    if not mpmath.isfinite(value):
        raise InputError(f"{value} has no digits")
    mantissa, exponent = value.man_exp  # the mantissa has no sign
    sign = -1 if value < 0 else 1
    if mantissa and abs(exponent) > MOST_BITS:
        return sign * Fraction(2) ** (MOST_BITS if exponent > 0 else -MOST_BITS)
    return sign * int(mantissa) * Fraction(2) ** int(exponent)


def scaled(value: Any) -> tuple[Fraction, int]:
    """A number as a fraction and a power of ten, for those whose own fraction is too large to hold."""
    if isinstance(value, int | float | Fraction) or abs(value.man_exp[1]) <= MOST_BITS:
        return as_fraction(value), 0
    import mpmath

    context = mpmath.mp.clone()
    # As many digits as the exponent has, and 50 more, or the power of ten would not be exact enough.
    context.dps = 50 + len(str(value.man_exp[1]))
    power = int(context.floor(context.log10(abs(context.mpf(value)))))
    return as_fraction(context.mpf(value) / context.mpf(10) ** power), power


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

    A number that is not 0 but would show as 0 has six digits and a power of ten instead, and so has one
    of more than 16 digits before the point. `fixed` keeps the zeros, for entries that stand below each
    other.

    >>> print(*(show_number(number) for number in (0.52, 1 / 3, -2.3113234e-9, 0.0, 1e-300, 1e300)))
    0.52 0.33333333 -2.31132e-9 0 1e-300 1e300
    """
    exact, power = scaled(value)
    if power or abs(exact) >= LARGEST_PLAIN:
        rounded = Decimal(0)
    else:
        rounded = round_half_even(exact, decimals)
    if rounded == 0 and exact != 0:
        short = round_half_even(exact, SIGNIFICANT - 1 - leading_place(exact))
        exponent = short.adjusted()  # one more where 9.999999 became 10
        return Digits(trimmed(short.scaleb(-exponent, UNLIMITED)), exponent + power)
    if rounded == 0:
        rounded = abs(rounded)  # no minus sign before 0
    return Digits(f"{rounded:f}" if fixed else trimmed(rounded))


def leading_place(value: Fraction) -> int:
    """The power of ten of the first digit that is not 0."""
    # From the lengths in bits, since a number may have more decimals than Python writes out.
    size = abs(value)
    guess = math.floor((size.numerator.bit_length() - size.denominator.bit_length()) * LOG_OF_TWO)
    while size >= Fraction(10) ** (guess + 1):
        guess += 1
    while size < Fraction(10) ** guess:
        guess -= 1
    return guess


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
