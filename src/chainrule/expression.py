"""Formulas as data: what stands between "=" signs, before it is text, LaTeX or MathML.

Expressions are built with Python's operators, from symbols such as w1[2,1]. The same tree is shown
with its symbols, shown with numbers in their place, and evaluated: a line cannot say one thing and
compute another.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

from chainrule.arithmetic import Arithmetic
from chainrule.errors import InputError


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

    >>> str(Symbol("w", 1, (2, 1))), str(Symbol("w", 1, (2, 1), gradient=True))
    ('w1[2,1]', 'dL/dw1[2,1]')
    """

    letter: str
    layer: int | None = None
    index: tuple[int, ...] = ()
    gradient: bool = False

    @property
    def name(self) -> str:
        """The name of the value that this is an entry of."""
        return self.letter + ("" if self.layer is None else str(self.layer))

    def __str__(self) -> str:
        entry = f"[{','.join(map(str, self.index))}]" if self.index else ""
        return ("dL/d" if self.gradient else "") + self.name + entry


@final
@dataclass(frozen=True)
class Number(Expression):
    """A number, exact or of 50 digits; `digits` is how it is written, once that is decided."""

    value: Any
    digits: str | None = None


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


def is_unit(factor: Any) -> bool:
    """Whether a factor is the plain number 1, not a 1 that stands for a symbol."""
    if isinstance(factor, Number):
        return factor.digits is None and factor.value == 1
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
        case Negative(operand) | Function(_, operand):
            return (operand,)
    return ()


def symbols_in(expression: Expression) -> list[Symbol]:
    """The symbols of an expression in reading order, each once."""
    if isinstance(expression, Symbol):
        return [expression]
    found = [symbol for part in children(expression) for symbol in symbols_in(part)]
    return list(dict.fromkeys(found))


def substitute(expression: Expression, replacement: Callable[[Symbol], Expression]) -> Expression:
    """The same expression with every symbol replaced.

    >>> x = Symbol("x")
    >>> write(substitute(2 * x + 1, lambda symbol: Number(-3)))
    '2 * (-3) + 1'
    """

    def again(part: Expression) -> Expression:
        return substitute(part, replacement)

    match expression:
        case Symbol():
            return replacement(expression)
        case Sum(terms):
            return Sum(tuple(map(again, terms)))
        case Product(factors):
            return Product(tuple(map(again, factors)))
        case Quotient(numerator, denominator):
            return Quotient(again(numerator), again(denominator))
        case Power(base, exponent):
            return Power(again(base), again(exponent))
        case Negative(operand):
            return Negative(again(operand))
        case Function(name, argument):
            return Function(name, again(argument))
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
            return getattr(m, name)(evaluate(argument, m))
    raise AssertionError(expression)


# --- formulas from text ---------------------------------------------------------------------------

FUNCTIONS = (
    "abs",
    "cos",
    "cosh",
    "erfc",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "sinh",
    "sqrt",
    "tanh",
)
OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def read_formula(formula: str, parts: Mapping[str, Expression | int | float]) -> Expression:
    """An expression from a rule's text, such as "1 / (1 + exp(-{0}))", and what stands for {0}.

    Raises: InputError where the text is no formula of sums, products, quotients, powers, functions.

    >>> write(read_formula("{y} * (1 - {y})", {"y": Symbol("a", 1, (2,))}))
    'a1[2] * (1 - a1[2])'
    """
    names = {f"part_{key}": as_expression(part) for key, part in parts.items()}
    source = re.sub(r"\{(\w+)\}", r"part_\1", formula)

    def build(node: ast.expr) -> Expression:
        match node:
            case ast.BinOp(left, kind, right) if type(kind) in OPERATORS:
                result: Expression = OPERATORS[type(kind)](build(left), build(right))
                return result
            case ast.UnaryOp(ast.USub(), operand):
                return -build(operand)
            case ast.Name(name) if name in names:
                return names[name]
            case ast.Constant(value) if type(value) in (int, float):
                return Number(value)
            case ast.Call(ast.Name(name), [argument], []) if name in FUNCTIONS:
                return Function(name, build(argument))
        raise InputError(f"{formula!r} is no formula of sums, products, quotients and functions")

    try:
        tree = ast.parse(source, mode="eval")
    except SyntaxError:
        raise InputError(f"{formula!r} is no formula") from None
    return build(tree.body)


# --- text -----------------------------------------------------------------------------------------

SUM_LEVEL, NEGATIVE_LEVEL, PRODUCT_LEVEL, POWER_LEVEL, ATOM_LEVEL = range(5)


def level(expression: Expression) -> int:
    """How tightly an expression binds: a part that binds less tightly needs parentheses."""
    match expression:
        case Sum():
            return SUM_LEVEL
        case Negative():
            return NEGATIVE_LEVEL
        case Number() if is_negative(expression):
            return NEGATIVE_LEVEL
        case Product() | Quotient():
            return PRODUCT_LEVEL
        case Power():
            return POWER_LEVEL
    return ATOM_LEVEL


def is_negative(number: Number) -> bool:
    return str(number.digits or "").startswith("-") or bool(number.value < 0)


def write(expression: Expression) -> str:
    """An expression as plain text, which Python reads the same way.

    >>> x, y = Symbol("x", None, (1,)), Symbol("y")
    >>> write(x - (y - 1)), write((x + 1) * -y), write((x / y) ** 2)
    ('x[1] - (y - 1)', '(x[1] + 1) * (-y)', '(x[1] / y) ** 2')
    """

    def at(part: Expression, least: int) -> str:
        return write(part) if level(part) >= least else f"({write(part)})"

    match expression:
        case Symbol():
            return str(expression)
        case Number(value, digits):
            return digits if digits is not None else str(value)
        case Sum(terms):
            text = at(terms[0], NEGATIVE_LEVEL)
            for term in terms[1:]:
                if isinstance(term, Negative):
                    text += f" - {at(term.operand, PRODUCT_LEVEL)}"
                else:
                    text += f" + {at(term, PRODUCT_LEVEL)}"
            return text
        case Product(factors):
            first, *rest = factors
            # A quotient that is not the first factor would take the factors before it along.
            others = (at(factor, POWER_LEVEL) for factor in rest)
            return " * ".join([at(first, PRODUCT_LEVEL), *others])
        case Quotient(numerator, denominator):
            return f"{at(numerator, PRODUCT_LEVEL)} / {at(denominator, POWER_LEVEL)}"
        case Power(base, exponent):
            return f"{at(base, ATOM_LEVEL)} ** {at(exponent, ATOM_LEVEL)}"
        case Negative(operand):
            return f"-{at(operand, PRODUCT_LEVEL)}"
        case Function(name, argument):
            return f"{name}({write(argument)})"
    raise AssertionError(expression)
