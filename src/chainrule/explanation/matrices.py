"""A whole value at once: z1 = w1 x + b1, with matrices of numbers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.digits import decimals_for, show_number
from chainrule.document import MatrixLine
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.work import symbol_named
from chainrule.expression import (
    Elementwise,
    Expression,
    Function,
    Matrix,
    MatrixProduct,
    Negative,
    Number,
    Product,
    Sum,
    Symbol,
    Transpose,
    children,
    evaluate,
    substitute,
)
from chainrule.formula_text import read_formula
from chainrule.graph import Step
from chainrule.optimizers import GradientDescent
from chainrule.rules import RULES

# A matrix with more entries, or columns, is not written out.
MOST_ENTRIES, MOST_COLUMNS = 48, 8


def matrix_line(writer: LineWriter, whole: Symbol) -> MatrixLine | None:
    """The line of a whole value or gradient; None where it has no matrix form, or is too large."""
    formula = gradient_formula(writer, whole) if whole.gradient else value_formula(writer, whole)
    return None if formula is None else written_out(writer, whole, formula)


def update_line(writer: LineWriter, parameter: Symbol) -> MatrixLine | None:
    """w <- w - eta dL/dw, for plain gradient descent."""
    if not isinstance(writer.work.task.optimizer, GradientDescent):
        return None
    step = Product((Symbol("eta"), replace(parameter, gradient=True)))
    line = written_out(writer, replace(parameter, mark="new"), Sum((parameter, Negative(step))))
    return line and replace(line, result=parameter, relation="<-")


def value_formula(writer: LineWriter, whole: Symbol) -> Expression | None:
    step = writer.formulas.step_of.get(writer.work.graph.value(whole.name).position)
    if step is None or whole.layer is None:
        return None
    first, *others = (symbol_of(writer, position) for position in step.inputs)
    if step.operation == "affine":
        w, b = others
        product = [first, Transpose(w)] if writer.work.task.batch else [w, first]
        return MatrixProduct(tuple(product)) + step.parameters["sign"] * b
    return first if step.operation == "reshape" else Function(step.operation, first)


def gradient_formula(writer: LineWriter, whole: Symbol) -> Expression | None:
    graph, batch = writer.work.graph, writer.work.task.batch
    value = replace(whole, gradient=False)
    ((step, operand), *_) = writer.formulas.consumers[graph.value(value.name).position]
    result = graph.values[step.output].name
    assert result is not None
    flowing = replace(symbol_named(result), gradient=True)
    symbols = [symbol_of(writer, position) for position in step.inputs]
    match step.operation, operand:
        case "affine", 0:
            w = symbols[1]
            return MatrixProduct((flowing, w) if batch else (Transpose(w), flowing))
        case "affine", 1:
            x = symbols[0]
            return MatrixProduct((Transpose(flowing), x) if batch else (flowing, Transpose(x)))
        case "affine", 2:
            shared = writer.formulas.source(step.inputs[2]) != step.inputs[2]
            return None if batch or shared else step.parameters["sign"] * flowing
        case "half-squared-error", _ if not batch:
            return symbols[0] - symbols[1]
        case "squared-error", _ if not batch:
            return 2 * (symbols[0] - symbols[1])
        case "reshape", _:
            return flowing
        case operation, _ if value.letter == "z" and operation != "softmax":
            return Elementwise((flowing, Function(f"{operation}'", value)))
    return None


def written_out(writer: LineWriter, whole: Symbol, formula: Expression) -> MatrixLine | None:
    """The formula with matrices of numbers in the place of symbols, where all are small enough."""

    def numbers(part: Expression) -> Expression:
        if isinstance(part, Function) and part.name.endswith("'"):
            values, z = slopes(writer, part.argument), part.argument
            assert isinstance(z, Symbol)
            return matrix(writer, values, replace(z, letter="slope"))
        if isinstance(part, Transpose) and isinstance(part.operand, Symbol):
            return transposed(matrix(writer, as_columns(writer.ledger[part.operand]), part.operand))
        if isinstance(part, Elementwise):
            return Elementwise(tuple(map(numbers, part.factors)))
        if isinstance(part, MatrixProduct):
            return MatrixProduct(tuple(map(numbers, part.factors)))
        if isinstance(part, Sum):
            return Sum(tuple(map(numbers, part.terms)))
        return substitute(part, matrix_of)

    def matrix_of(symbol: Symbol) -> Expression:
        values = writer.ledger[symbol]
        if np.ndim(values) == 0:
            return writer.number(symbol)
        row = symbol.letter == "b" and not symbol.gradient and writer.work.task.batch
        shown = matrix(writer, as_columns(values), symbol)
        units = as_columns(writer.ledger[whole]).shape[-1 if row else 0]
        if symbol.letter == "b" and whole.letter == "z" and len(shown.rows) < units:
            shown = Matrix(shown.rows * units)  # shared: one number for every unit
        return transposed(shown) if row else shown

    shown, value = numbers(formula), matrix_of(whole)
    if not isinstance(value, Matrix):
        return None
    parts = (value, *matrices_in(shown))
    if not all(map(is_small, parts)) or all(is_one_number(part) for part in parts):
        return None
    return MatrixLine(whole, formula, shown, value)


def slopes(writer: LineWriter, z: Expression) -> Any:
    """f'(z), entry by entry."""
    assert isinstance(z, Symbol)
    step = activation_step(writer, z)
    y = symbol_of(writer, step.output)
    parts: dict[str, Any] = {
        **step.parameters,
        "0": Number(writer.ledger[z]),
        "y": Number(writer.ledger[y]),
    }
    slope = evaluate(read_formula(RULES[step.operation].local[0], parts), writer.work.m)
    return as_columns(np.broadcast_to(np.asarray(slope), np.shape(writer.ledger[z])))


def activation_step(writer: LineWriter, z: Symbol) -> Step:
    ((step, _),) = writer.formulas.consumers[writer.work.graph.value(z.name).position]
    return step


def symbol_of(writer: LineWriter, position: int) -> Symbol:
    name = writer.work.graph.values[writer.formulas.source(position)].name
    assert name is not None
    return symbol_named(name)


def as_columns(values: Any) -> Any:
    """A vector as one column, a matrix as it is."""
    array = np.asarray(values)
    return array[:, None] if array.ndim == 1 else array


def matrix(writer: LineWriter, values: Any, of: Symbol | None = None) -> Matrix:
    """Numbers below each other with the same decimals; one that is too large is left empty."""
    rows, columns = values.shape
    if rows * columns > MOST_ENTRIES or columns > MOST_COLUMNS:
        return Matrix(())
    decimals = decimals_for(list(values.ravel()), writer.decimals)
    source = of and (replace(of, letter="z") if of.letter == "slope" else of)
    flat = source is not None and np.ndim(writer.ledger[source]) == 1

    def cell(row: int, column: int) -> Number:
        value = values[row, column]
        symbol = of and replace(of, index=(row + 1,) if flat else (row + 1, column + 1))
        return Number(value, str(show_number(value, decimals, fixed=True)), symbol)

    return Matrix(tuple(tuple(cell(r, c) for c in range(columns)) for r in range(rows)))


def transposed(part: Matrix) -> Matrix:
    return Matrix(tuple(zip(*part.rows, strict=True)))


def is_small(part: Matrix) -> bool:
    return len(part.rows) > 0


def is_one_number(part: Matrix) -> bool:
    """Then the line of the entry says the same."""
    return len(part.rows) == 1 and len(part.rows[0]) == 1


def matrices_in(expression: Expression) -> Iterable[Matrix]:
    if isinstance(expression, Matrix):
        yield expression
    for part in children(expression):
        yield from matrices_in(part)
