"""Formulas for media that set mathematics: what is the same in LaTeX, MathML and Typst."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    children,
)
from chainrule.formula_text import is_negative
from chainrule.rendering.notation import Notation, is_delta

SUM, PRODUCT, POWER, ATOM = range(4)

# So many letters fit on a row of a page, beside what stands on the left.
ROW = 68

COMPARISONS = {">": ">", "<": "<", ">=": "≥", "<=": "≤"}
NAMES = {"sigmoid": "σ", "Phi": "Φ", "phi": "φ"}


@dataclass(frozen=True)
class FormulaWriter(ABC):
    """Writes an expression; a medium says how a fraction, a matrix or a symbol looks."""

    notation: Notation

    # --- what a medium says -----------------------------------------------------------------------

    @abstractmethod
    def row(self, parts: Sequence[str]) -> str: ...

    @abstractmethod
    def operator(self, sign: str) -> str: ...

    @abstractmethod
    def number(self, number: Number) -> str: ...

    @abstractmethod
    def symbol(self, symbol: Symbol) -> str: ...

    @abstractmethod
    def partial(self, of: Symbol, by: Symbol) -> str: ...

    @abstractmethod
    def fraction(self, numerator: str, denominator: str) -> str: ...

    @abstractmethod
    def power(self, base: str, exponent: str) -> str: ...

    @abstractmethod
    def root(self, inner: str) -> str: ...

    @abstractmethod
    def parentheses(self, inner: str) -> str: ...

    @abstractmethod
    def bars(self, inner: str) -> str: ...

    @abstractmethod
    def function(self, name: str, argument: str) -> str: ...

    @abstractmethod
    def cases(self, yes: str, condition: str, no: str) -> str: ...

    @abstractmethod
    def matrix(self, rows: Sequence[Sequence[str]]) -> str: ...

    @abstractmethod
    def transposed(self, symbol: Symbol) -> str: ...

    @abstractmethod
    def words(self, text: str) -> str: ...

    # --- the same everywhere ----------------------------------------------------------------------

    def write(self, expression: Expression) -> str:
        match expression:
            case Symbol():
                return self.symbol(expression)
            case Number():
                return self.number(expression)
            case Sum(terms):
                parts = [self.at(terms[0], PRODUCT, first=True)]
                for term in terms[1:]:
                    negative = isinstance(term, Negative)
                    parts.append(self.operator("−" if negative else "+"))
                    parts.append(self.term(term.operand if isinstance(term, Negative) else term))
                return self.row(parts)
            case Product(factors):
                return self.product(factors)
            case Elementwise(factors):
                signs = [self.operator("⊙")] * (len(factors) - 1)
                return self.row(interleaved([self.at(f, POWER) for f in factors], signs))
            case MatrixProduct(factors):
                return self.row([self.at(factor, POWER) for factor in factors])
            case Quotient(numerator, denominator):
                return self.fraction(self.write(numerator), self.write(denominator))
            case Power(base, exponent):
                return self.power(self.at(base, ATOM), self.write(exponent))
            case Negative(operand):
                return self.row([self.operator("neg"), self.term(operand)])
            case Function("exp", argument):
                return self.power(self.words_of_e(), self.write(argument))
            case Function("sqrt", argument):
                return self.root(self.write(argument))
            case Function("abs", argument):
                return self.bars(self.write(argument))
            case Function(name, argument):
                return self.function(named(name), self.write(argument))
            case Maximum(operands):
                inner = interleaved(
                    [self.write(o) for o in operands], [self.operator(",")] * (len(operands) - 1)
                )
                return self.function("max", self.row(inner))
            case Comparison(left, sign, right):
                return self.row(
                    [self.write(left), self.operator(COMPARISONS[sign]), self.write(right)]
                )
            case Choice(yes, condition, no):
                return self.cases(self.write(yes), self.write(condition), self.write(no))
            case Partial(of, by):
                return self.partial(of, by)
            case Rest(count, _):
                return self.words(f"({count:,} more terms)")
            case Matrix(rows):
                return self.matrix([[self.write(cell) for cell in row] for row in rows])
            case Transpose(operand):
                return self.transpose(operand)
        raise AssertionError(expression)

    def pieces(self, expression: Expression) -> list[tuple[str, int]]:
        """An expression with its width; one too long for a row, in parts that each begin with a sign."""
        if width(expression) > ROW:
            match expression:
                case Sum(terms):
                    return [piece for k, term in enumerate(terms) for piece in self.signed(term, k)]
                case Negative(Sum() as operand):
                    return self.enclosed([self.operator("neg")], self.pieces(operand), [])
                case Quotient(Sum() as numerator, denominator):
                    below = [self.operator("/"), self.at(denominator, ATOM)]
                    return self.enclosed([], self.pieces(numerator), below)
                case Quotient(numerator, Sum() as denominator):
                    above = [self.at(numerator, PRODUCT), self.operator("/")]
                    return self.enclosed(above, self.pieces(denominator), [])
                case MatrixProduct(factors):
                    return [(self.at(factor, POWER), width(factor)) for factor in factors]
                case Elementwise((first, *others)):
                    sign = self.leading("⊙")
                    return [
                        (self.at(first, POWER), width(first)),
                        *((self.row([sign, self.at(f, POWER)]), width(f) + 3) for f in others),
                    ]
        return [(self.write(expression), width(expression))]

    def enclosed(
        self, before: Sequence[str], pieces: Sequence[tuple[str, int]], after: Sequence[str]
    ) -> list[tuple[str, int]]:
        """Parts in parentheses that open in the first and close in the last."""
        first, *others = pieces
        opened = (self.row([*before, self.operator("("), first[0]]), first[1] + 6)
        *inner, (last, wide) = [opened, *others]
        return [*inner, (self.row([last, self.operator(")"), *after]), wide + 6)]

    def signed(self, term: Expression, number: int) -> list[tuple[str, int]]:
        """One term of a sum in parts, the first with its sign."""
        if number == 0:
            return self.pieces(term)
        inner = term.operand if isinstance(term, Negative) else term
        sign = self.leading("−" if isinstance(term, Negative) else "+")
        if isinstance(inner, MatrixProduct):
            (text, wide), *others = self.pieces(inner)
            return [(self.row([sign, text]), wide + 3), *others]
        return [(self.row([sign, self.term(inner)]), width(inner) + 3)]

    def term(self, expression: Expression) -> str:
        """A term after an operator: a negative factor at its start needs parentheses."""
        if isinstance(expression, Product):
            return self.product(expression.factors, first=False)
        return self.at(expression, PRODUCT)

    def transpose(self, operand: Expression) -> str:
        """A symbol's sign stands beside its layer; that of anything else, above its parentheses."""
        if isinstance(operand, Symbol) and (
            not operand.gradient or is_delta(operand, self.notation)
        ):
            return self.transposed(operand)
        return self.power(self.parentheses(self.write(operand)), self.operator("⊤"))

    def leading(self, sign: str) -> str:
        """An operator at the start of a part, which has an operand before it all the same."""
        return self.operator(sign)

    def words_of_e(self) -> str:
        return self.words("e")

    def at(self, part: Expression, least: int, first: bool = False) -> str:
        if binding(part, first) >= least:
            return self.write(part)
        return self.parentheses(self.write(part))

    def product(self, factors: Sequence[Expression], first: bool = True) -> str:
        parts = [self.at(factors[0], PRODUCT, first)]
        for before, factor in pairwise(factors):
            if needs_dot(before) or needs_dot(factor):
                parts.append(self.operator("·"))
            parts.append(self.at(factor, POWER))
        return self.row(parts)


def width(expression: Expression) -> int:
    """About how many letters wide an expression is set."""
    match expression:
        case Number(_, digits):
            return len(digits or "1")
        case Symbol():
            return 3
        case Partial():
            return 4
        case Matrix(rows):
            return 3 + sum(max(map(width, column)) + 2 for column in zip(*rows, strict=True))
        case Quotient(numerator, denominator):
            return max(width(numerator), width(denominator))
        case Power(base, exponent):
            return width(base) + width(exponent) // 2
        case Choice(yes, condition, no):
            return max(width(yes), width(no)) + width(condition) + 4
        case Rest():
            return 16
    return sum(width(part) + 2 for part in children(expression)) + 2


def binding(expression: Expression, first: bool) -> int:
    """How tightly an expression binds as it is set; a fraction is an atom."""
    match expression:
        case Number() if is_negative(expression):
            return PRODUCT if first else SUM
        case Number(_, digits) if digits is not None and "e" in digits:
            return POWER
        case Negative():
            return PRODUCT if first else SUM
        case Sum() | Comparison() | Choice():
            return ATOM if isinstance(expression, Choice) else SUM
        case Product() | Elementwise() | MatrixProduct():
            return PRODUCT
        case Power() | Function("exp", _):
            return POWER
    return ATOM


def needs_dot(factor: Expression) -> bool:
    """Symbols and parentheses stand side by side; numbers, fractions and choices need a sign."""
    if isinstance(factor, Symbol):
        return factor.gradient
    return not isinstance(factor, Sum | Power | Function)


def named(function: str) -> str:
    """A function's name as it is set: the sigmoid is sigma, and so is its derivative."""
    base, prime = (function[:-1], "′") if function.endswith("'") else (function, "")
    return NAMES.get(base, base) + prime


def interleaved(parts: Sequence[str], signs: Sequence[str]) -> list[str]:
    return [
        piece for pair in zip(parts, [*signs, ""], strict=True) for piece in pair if piece != ""
    ]


def split_number(digits: str) -> tuple[str, str, str]:
    """The sign, the mantissa and the power of ten of a number's digits."""
    mantissa, _, exponent = digits.partition("e")
    negative = mantissa.startswith("-")
    return ("−" if negative else ""), mantissa.lstrip("-"), exponent
