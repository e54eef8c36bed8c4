"""Formulas as text: read from a rule, and written so that Python reads the same."""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.expression import (
    Choice,
    Comparison,
    Elementwise,
    Expression,
    Function,
    Matrix,
    MatrixProduct,
    Maximum,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Quotient,
    Rest,
    Sum,
    Symbol,
    Transpose,
    as_expression,
)

# --- reading --------------------------------------------------------------------------------------

FUNCTIONS = (
    "Phi",
    "abs",
    "cos",
    "cosh",
    "erfc",
    "exp",
    "expm1",
    "log",
    "log1p",
    "phi",
    "sigmoid",
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


Part = Expression | int | float | Sequence[Expression]
SYMBOLS: Mapping[type, str] = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}


def read_formula(formula: str, parts: Mapping[str, Part], entry: int = 0) -> Expression:
    """An expression from a rule's text, such as "1 / (1 + exp(-{0}))", and what stands for {0}.

    Where a row of entries stands for {0}, "sum({0} ** 2)" is written out term by term, and {0} outside
    a sum is its entry number `entry`.
    Raises: InputError where the text is no formula of sums, products, quotients, powers, functions.

    >>> write(read_formula("{y} * (1 - {y})", {"y": Symbol("a", 1, (2,))}))
    'a1[2] * (1 - a1[2])'
    >>> write(read_formula("exp({0}) / sum(exp({0}))", {"0": [Symbol("p"), Symbol("q")]}, entry=1))
    'exp(q) / (exp(p) + exp(q))'
    """
    names = {f"part_{key}": part for key, part in parts.items()}
    source = re.sub(r"\{(\w+)\}", r"part_\1", formula)
    rows = {len(part) for part in parts.values() if isinstance(part, Sequence)}

    def build(node: ast.expr, entry: int) -> Expression:
        match node:
            case ast.BinOp(left, kind, right) if type(kind) in OPERATORS:
                result: Expression = OPERATORS[type(kind)](build(left, entry), build(right, entry))
                return result
            case ast.UnaryOp(ast.USub(), operand):
                return -build(operand, entry)
            case ast.Name(name) if name in names:
                part = names[name]
                return as_expression(part[entry] if isinstance(part, Sequence) else part)
            case ast.Constant(value) if type(value) in (int, float):
                return Number(value)
            case ast.Call(ast.Name("sum"), [argument], []) if len(rows) == 1:
                entries = [build(argument, place) for place in range(*rows)]
                return sum(entries[1:], start=entries[0])
            case ast.Call(ast.Name("max"), [first, second], []):
                return Maximum((build(first, entry), build(second, entry)))
            case ast.Call(ast.Name(name), [argument], []) if name in FUNCTIONS:
                return Function(name, build(argument, entry))
            case ast.IfExp(ast.Compare(left, [kind], [right]), yes, no) if type(kind) in SYMBOLS:
                comparison = Comparison(
                    build(left, entry), SYMBOLS[type(kind)], build(right, entry)
                )
                return Choice(build(yes, entry), comparison, build(no, entry))
        raise InputError(f"{formula!r} is no formula of sums, products, quotients and functions")

    try:
        tree = ast.parse(source, mode="eval")
    except SyntaxError:
        raise InputError(f"{formula!r} is no formula") from None
    return build(tree.body, entry)


# --- writing --------------------------------------------------------------------------------------

CHOICE_LEVEL, SUM_LEVEL, NEGATIVE_LEVEL, PRODUCT_LEVEL, POWER_LEVEL, ATOM_LEVEL = range(6)


def level(expression: Expression) -> int:
    """How tightly an expression binds: a part that binds less tightly needs parentheses."""
    match expression:
        case Choice() | Comparison():
            return CHOICE_LEVEL
        case Sum():
            return SUM_LEVEL
        case Negative():
            return NEGATIVE_LEVEL
        case Number() if is_negative(expression):
            return NEGATIVE_LEVEL
        case Product() | Quotient() | MatrixProduct() | Elementwise():
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

    return write_with(expression, str)


def write_with(expression: Expression, name: Callable[[Symbol], str]) -> str:
    """The same with another notation for symbols."""

    def all_of(part: Expression) -> str:
        return write_with(part, name)

    def at(part: Expression, least: int) -> str:
        return all_of(part) if level(part) >= least else f"({all_of(part)})"

    def joined(factors: Sequence[Expression], sign: str) -> str:
        # A quotient that is not the first factor would take the factors before it along.
        first, *rest = factors
        return sign.join([at(first, PRODUCT_LEVEL), *(at(factor, POWER_LEVEL) for factor in rest)])

    match expression:
        case Symbol():
            return name(expression)
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
        case Product(factors) | Elementwise(factors):
            return joined(factors, " * ")
        case MatrixProduct(factors):
            return joined(factors, " @ ")
        case Quotient(numerator, denominator):
            return f"{at(numerator, PRODUCT_LEVEL)} / {at(denominator, POWER_LEVEL)}"
        case Power(base, exponent):
            return f"{at(base, ATOM_LEVEL)} ** {at(exponent, ATOM_LEVEL)}"
        case Negative(operand):
            return f"-{at(operand, PRODUCT_LEVEL)}"
        case Function(function, argument):
            return f"{function}({all_of(argument)})"
        case Maximum(operands):
            return f"max({', '.join(map(all_of, operands))})"
        case Comparison(left, symbol, right):
            return f"{at(left, SUM_LEVEL)} {symbol} {at(right, SUM_LEVEL)}"
        case Choice(yes, condition, no):
            return f"{at(yes, SUM_LEVEL)} if {all_of(condition)} else {at(no, SUM_LEVEL)}"
        case Partial(of, by):
            return f"d{name(of)}/d{name(by)}"
        case Rest(count, _):
            return f"({count:,} more terms)"
        case Transpose(operand):
            return f"{at(operand, ATOM_LEVEL)}.T"
        case Matrix(rows):
            cells = ["[" + ", ".join(map(all_of, row)) + "]" for row in rows]
            return "[" + ", ".join(cells) + "]"
    raise AssertionError(expression)
