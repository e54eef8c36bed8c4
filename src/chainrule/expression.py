"""Formulas as data: what stands between "=" signs, before it is text, LaTeX or MathML.

Expressions are built with Python's operators, from symbols such as w1[2,1]. The same tree is shown
with its symbols, shown with numbers in their place, and evaluated: a line cannot say one thing and
compute another.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, final

import numpy as np

from chainrule.arithmetic import Arithmetic
from chainrule.errors import InputError

ROOT_OF_TWO_PI_INVERSE = "0.39894228040143267793994605993438186847585863116493465766592583"
ROOT_OF_HALF = "0.70710678118654752440084436210484903928483593768847403658833987"


@dataclass(frozen=True)
class Expression:
    """What all formulas share: Python's operators, which build larger ones."""

    def __add__(self, other: Any) -> "Expression":
        return Sum((*terms_of(self), *terms_of(as_expression(other))))

    def __radd__(self, other: Any) -> "Expression":
        return as_expression(other) + self

    def __sub__(self, other: Any) -> "Expression":
        return self + -as_expression(other)

    def __rsub__(self, other: Any) -> "Expression":
        return as_expression(other) - self

    def __mul__(self, other: Any) -> "Expression":
        # A factor 1 is not shown, and -1 is a sign: rules multiply by both.
        if is_unit(other):
            return self
        if is_unit(self):
            return as_expression(other)
        if type(other) is int and other == -1:
            return -self
        return Product((*factors_of(self), *factors_of(as_expression(other))))

    def __rmul__(self, other: Any) -> "Expression":
        if type(other) is int and abs(other) == 1:
            return self * other
        return as_expression(other) * self

    def __truediv__(self, other: Any) -> "Expression":
        return Quotient(self, as_expression(other))

    def __rtruediv__(self, other: Any) -> "Expression":
        return Quotient(as_expression(other), self)

    def __pow__(self, exponent: Any) -> "Expression":
        return Power(self, as_expression(exponent))

    def __rpow__(self, base: Any) -> "Expression":
        return Power(as_expression(base), self)

    def __neg__(self) -> "Expression":
        return Negative(self)


@final
@dataclass(frozen=True)
class Symbol(Expression):
    """A named entry of a value, as on paper: w, layer 1, entry [2,1]; or its gradient dL/d(...).

    Without an index it is the whole array. `mark` tells a second value of that name, such as "new".

    >>> str(Symbol("w", 1, (2, 1))), str(Symbol("w", 1, (2, 1), gradient=True))
    ('w1[2,1]', 'dL/dw1[2,1]')
    """

    letter: str
    layer: int | None = None
    index: tuple[int, ...] = ()
    gradient: bool = False
    mark: str = ""

    @property
    def name(self) -> str:
        """The name of the value that this is an entry of."""
        mark = f"_{self.mark}" if self.mark else ""
        return self.letter + ("" if self.layer is None else str(self.layer)) + mark

    @property
    def whole(self) -> "Symbol":
        """The value itself, all entries: w1 for w1[2,1]."""
        return replace(self, index=())

    @property
    def anyone(self) -> "Symbol":
        """Any entry of the value: what heads a table of entries."""
        return replace(self, index=(0,) if self.index else ())

    def __str__(self) -> str:
        entry = f"[{','.join(map(str, self.index))}]" if self.index else ""
        return ("dL/d" if self.gradient else "") + self.name + entry


@final
@dataclass(frozen=True)
class Number(Expression):
    """A number, exact or of 50 digits; `digits` is how it is written, once that is decided.

    `of` is the symbol whose value it is, where it stands for one.
    """

    value: Any
    digits: str | None = None
    of: Symbol | None = None


@final
@dataclass(frozen=True)
class Sum(Expression):
    terms: tuple[Expression, ...]


@final
@dataclass(frozen=True)
class Product(Expression):
    factors: tuple[Expression, ...]


@final
@dataclass(frozen=True)
class Quotient(Expression):
    numerator: Expression
    denominator: Expression


@final
@dataclass(frozen=True)
class Power(Expression):
    base: Expression
    exponent: Expression


@final
@dataclass(frozen=True)
class Negative(Expression):
    operand: Expression


@final
@dataclass(frozen=True)
class Function(Expression):
    """A function of one variable by name: exp, log, sqrt, tanh, ..."""

    name: str
    argument: Expression


@final
@dataclass(frozen=True)
class Maximum(Expression):
    """The largest of its operands."""

    operands: tuple[Expression, ...]


@final
@dataclass(frozen=True)
class Comparison(Expression):
    """left > right, or another of the comparisons of Python."""

    left: Expression
    symbol: str
    right: Expression


@final
@dataclass(frozen=True)
class Choice(Expression):
    """`yes` where the condition holds, `no` elsewhere."""

    yes: Expression
    condition: Comparison
    no: Expression


@final
@dataclass(frozen=True)
class Partial(Expression):
    """The derivative of one entry with respect to another, to be written and not evaluated."""

    of: Symbol
    by: Symbol


@final
@dataclass(frozen=True)
class Rest(Expression):
    """The terms of a long sum that are not written out: how many, and what they add up to."""

    count: int
    total: Number


@final
@dataclass(frozen=True)
class Matrix(Expression):
    """Rows of numbers; a vector is one column."""

    rows: tuple[tuple[Number, ...], ...]


@final
@dataclass(frozen=True)
class MatrixProduct(Expression):
    factors: tuple[Expression, ...]


@final
@dataclass(frozen=True)
class Elementwise(Expression):
    """A product entry by entry."""

    factors: tuple[Expression, ...]


@final
@dataclass(frozen=True)
class Transpose(Expression):
    operand: Expression


def is_unit(factor: Any) -> bool:
    """Whether a factor is the plain number 1, not a 1 that stands for a symbol."""
    if isinstance(factor, Number):
        return factor.digits is None and type(factor.value) is int and factor.value == 1
    return type(factor) is int and factor == 1


def as_expression(value: Any) -> Expression:
    return value if isinstance(value, Expression) else Number(value)


def terms_of(expression: Expression) -> tuple[Expression, ...]:
    return expression.terms if isinstance(expression, Sum) else (expression,)


def factors_of(expression: Expression) -> tuple[Expression, ...]:
    return expression.factors if isinstance(expression, Product) else (expression,)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The parts that an expression is made of, in reading order."""
    match expression:
        case Sum(terms):
            return terms
        case Product(factors):
            return factors
        case Quotient(numerator, denominator):
            return (numerator, denominator)
        case Power(base, exponent):
            return (base, exponent)
        case Negative(operand) | Function(_, operand) | Transpose(operand):
            return (operand,)
        case Maximum(parts) | MatrixProduct(parts) | Elementwise(parts):
            return parts
        case Comparison(left, _, right):
            return (left, right)
        case Choice(yes, condition, no):
            return (yes, condition, no)
    return ()


def symbols_in(expression: Expression) -> list[Symbol]:
    """The symbols of an expression in reading order, each once."""
    if isinstance(expression, Symbol):
        return [expression]
    found = [symbol for part in children(expression) for symbol in symbols_in(part)]
    return list(dict.fromkeys(found))


def substitute(expression: Expression, replacement: Callable[[Symbol], Expression]) -> Expression:
    """The same expression with every symbol replaced.

    >>> substitute(-Symbol("x"), lambda symbol: Symbol("y"))
    Negative(operand=Symbol(letter='y', layer=None, index=(), gradient=False, mark=''))
    """

    if isinstance(expression, Symbol):
        return replacement(expression)
    if isinstance(expression, Rest):
        return expression.total
    parts = tuple(substitute(part, replacement) for part in children(expression))
    match expression:
        case Sum() | Product() | Maximum() | MatrixProduct() | Elementwise():
            return type(expression)(parts)
        case Quotient() | Power() | Negative() | Transpose():
            return type(expression)(*parts)
        case Function(name, _):
            return Function(name, *parts)
        case Comparison(_, symbol, _):
            return Comparison(parts[0], symbol, parts[1])
        case Choice():
            yes, condition, no = parts
            assert isinstance(condition, Comparison)
            return Choice(yes, condition, no)
    return expression


def evaluate(expression: Expression, m: Arithmetic) -> Any:
    """The value of an expression without symbols, in an arithmetic's numbers.

    Raises: InputError where a symbol is left.

    >>> from chainrule.arithmetic import FLOAT64
    >>> float(evaluate(Function("exp", Number(0)) / 4, FLOAT64))
    0.25
    """
    match expression:
        case Number(value):
            return m.number(value)
        case Symbol():
            raise InputError(f"{expression} has no value here")
        case Sum(terms):
            return reduce(operator.add, (evaluate(term, m) for term in terms))
        case Product(factors):
            return reduce(operator.mul, (evaluate(factor, m) for factor in factors))
        case Quotient(numerator, denominator):
            return evaluate(numerator, m) / evaluate(denominator, m)
        case Power(base, Number(int(exponent))):
            return evaluate(base, m) ** exponent
        case Power(base, exponent):
            return evaluate(base, m) ** evaluate(exponent, m)
        case Negative(operand):
            return -evaluate(operand, m)
        case Function(name, argument):
            return apply_function(name, evaluate(argument, m), m)
        case Maximum(operands):
            return reduce(np.maximum, (evaluate(operand, m) for operand in operands))
        case Comparison(left, symbol, right):
            return COMPARISONS[symbol](evaluate(left, m), evaluate(right, m))
        case Choice(yes, condition, no):
            # The side that is not taken may have no value, so one number takes one side only.
            holds = np.asarray(evaluate(condition, m), dtype=bool)
            if holds.ndim == 0:
                return evaluate(yes if holds else no, m)
            return m.where(holds, evaluate(yes, m), evaluate(no, m))
    raise InputError(f"{expression!r} has no value")


COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def apply_function(name: str, p: Any, m: Arithmetic) -> Any:
    """A function by name: those of the arithmetic, and the three that formulas name by one letter."""
    match name:
        case "sigmoid":
            small = m.exp(-m.abs(p))  # an exponential that does not overflow
            return m.where(p < 0, small, 1 + 0 * small) / (1 + small)
        case "Phi":  # the normal distribution
            return m.erfc(-p * m.constant(ROOT_OF_HALF)) / 2
        case "phi":  # and its density
            return m.exp(-p * p / 2) * m.constant(ROOT_OF_TWO_PI_INVERSE)
    return getattr(m, name)(p)
