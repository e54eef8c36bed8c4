"""Two kinds of numbers that a computation can run on: float64, and exact ones.

A formula is written once, against an `Arithmetic`. What NumPy's operators do on arrays of either kind
(+, *, @, sum, indexing) is left to them; functions such as exp come from here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers: TypeAlias = NDArray[Any]
Function: TypeAlias = Callable[[Numbers], Numbers]

DIGITS = 50


@final
@dataclass(frozen=True)
class Arithmetic:
    """Arrays of one kind of number: how to make them, and the functions of one variable on them.

    `array` takes floats as the decimals that they are written as; `constant` a decimal of any length.
    """

    name: str
    array: Callable[[ArrayLike], Numbers]
    constant: Callable[[str], Any]
    power: Callable[[Numbers, float], Numbers]
    abs: Function
    cos: Function
    cosh: Function
    erfc: Function
    exp: Function
    expm1: Function
    log: Function
    log1p: Function
    sin: Function
    sinh: Function
    sqrt: Function
    tanh: Function

    def where(self, condition: Numbers, yes: ArrayLike, no: ArrayLike) -> Numbers:
        """`yes` where the condition holds, `no` elsewhere; plain numbers become this kind."""
        return np.where(np.asarray(condition, dtype=bool), self.number(yes), self.number(no))

    def number(self, value: ArrayLike) -> Numbers:
        """A plain number as one of this kind; arrays of this kind stay as they are."""
        return self.array(value) if type(value) in (int, float) else np.asarray(value)


def elementwise(function: Callable[[Any], Any], dtype: type) -> Function:
    """A function of one number as one of arrays."""
    ufunc: Any = np.frompyfunc(function, 1, 1)
    return lambda values: np.asarray(ufunc(values), dtype=dtype)


FLOAT64 = Arithmetic(
    name="float64",
    array=lambda values: np.asarray(values, dtype=np.float64),
    constant=float,
    power=lambda values, exponent: np.asarray(values**exponent),
    abs=np.abs,
    cos=np.cos,
    cosh=np.cosh,
    erfc=elementwise(math.erfc, float),
    exp=np.exp,
    expm1=np.expm1,
    log=np.log,
    log1p=np.log1p,
    sin=np.sin,
    sinh=np.sinh,
    sqrt=np.sqrt,
    tanh=np.tanh,
)


def fifty_digits() -> Arithmetic:
    """`exact_numbers` with the 50 digits that displayed numbers have."""
    return exact_numbers(DIGITS)


@cache
def exact_numbers(digits: int) -> Arithmetic:
    """Exact numbers, made from the decimals that floats are written as: 0.1 is 1/10.

    They are fractions as long as only + - * / are done to them, so 0.1 + 0.2 - 0.3 is 0 and a tie is a
    tie. What exp and its like give has so many digits, and so has everything computed from that; the
    precision belongs to the numbers, not to mpmath's global context, and their exponent has no limit.
    Source: mpmath, https://mpmath.org.

    >>> m = exact_numbers(50)
    >>> print(m.array(0.1) + m.array(0.2) - m.array(0.3))
    0
    >>> print(str(m.exp(m.array(1.0)))[:22])
    2.71828182845904523536
    """
    import mpmath  # 0.1 s, and only exact work needs it

    context = mpmath.mp.clone()
    context.dps = digits

    def as_written(number: Any) -> Any:
        if isinstance(number, float | np.floating):
            # The shortest decimal that is this float: for 0.1 and float32(0.1) alike, what was typed.
            return Fraction(np.format_float_scientific(number))
        return Fraction(int(number))

    def array(values: ArrayLike) -> Numbers:
        source = np.asarray(values)
        result = np.empty(source.shape, dtype=object)
        for index in np.ndindex(source.shape):
            result[index] = as_written(source[index])
        return result

    def power(values: Numbers, exponent: float) -> Numbers:
        if exponent == int(exponent):
            return np.asarray(values ** int(exponent))
        return elementwise(lambda value: context.power(value, as_written(exponent)), object)(values)

    names = ["cos", "cosh", "erfc", "exp", "expm1", "log", "log1p", "sin", "sinh", "sqrt", "tanh"]
    functions = {name: elementwise(getattr(context, name), object) for name in names}
    return Arithmetic(
        name=f"{digits} digits",
        array=array,
        constant=context.mpf,
        power=power,
        abs=elementwise(abs, object),
        **functions,
    )
