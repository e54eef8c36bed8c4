"""Worked lines, entry by entry: of a value, of a gradient, of an update.

A line's formula has the same symbols as the ledger, so its numbers are looked up and never typed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.digits import show_number
from chainrule.document import Line
from chainrule.explanation.formulas import Formulas, Use
from chainrule.explanation.work import Ledger, Work, as_number, entry, place_of, state_symbol
from chainrule.expression import (
    Expression,
    Negative,
    Number,
    Partial,
    Product,
    Quotient,
    Rest,
    Sum,
    Symbol,
    as_expression,
    evaluate,
    substitute,
    symbols_in,
)
from chainrule.formula_text import read_formula
from chainrule.graph import Step
from chainrule.optimizers import Optimizer

# Longer sums show so many of their largest terms, and what the rest adds up to.
LONGEST_SUM, TERMS_SHOWN = 12, 4


@final
@dataclass(frozen=True)
class LineWriter:
    """Writes the lines of a step from one ledger, with so many decimals.

    A long sum leaves out neither the share of `row`, the sample of a large batch that is worked, nor
    the terms that have a symbol of `focus`, those of the number whose story is told.
    """

    work: Work
    ledger: Ledger
    decimals: int
    row: int | None = None
    focus: frozenset[Symbol] = frozenset()

    @property
    def formulas(self) -> Formulas:
        return self.work.formulas

    # --- one line for each kind of number ---------------------------------------------------------

    def value_line(self, symbol: Symbol) -> Line | None:
        """A value's entry from its step; None for what is given."""
        position = self.work.graph.value(symbol.name).position
        step = self.formulas.step_of.get(position)
        if step is None:
            return None
        index = place_of(symbol)
        formula = self.formulas.forward(step, index)
        return self.line(symbol, self.fold(formula), self.formulas.name_of_function(step, index))

    def gradient_line(self, symbol: Symbol) -> Line:
        """A gradient's entry by the chain rule: the sum over everything that the entry feeds."""
        value = replace(symbol, gradient=False)
        position = self.work.graph.value(value.name).position
        index = place_of(symbol)
        terms, partials, own = [], [], set()
        by_sample = self.work.task.batch and symbol.letter in "wb"
        for k, use in enumerate(self.formulas.uses(position, index)):
            if by_sample and use.index[0] == self.row:
                own.add(k)
            local, flowing = self.formulas.local(use, index), self.flowing(use)
            terms.append(as_expression(local if flowing is None else flowing * local))
            by = Partial(self.formulas.symbol(use.position, use.index), value)
            partials.append(None if flowing is None else Product((flowing, by)))
        shares = by_sample and len(terms) > 1
        formula = self.fold(total(terms), own)
        rule = None
        if None not in partials:
            kept = [k for k, term in enumerate(terms) if len(terms) == 1 or term in parts(formula)]
            rule = total([partials[k] for k in kept])
            if len(kept) < len(terms):
                rule = Sum((*parts(rule), Rest(len(terms) - len(kept), Number(0))))
        return self.line(symbol, formula, rule, shares)

    def mistaken_line(self, symbol: Symbol) -> Line:
        """The same entry as the mistake computes it; its ledger is the mistaken one."""
        task, graph = self.work.task, self.work.graph
        assert task.mistake is not None
        mistake = task.mistake
        position = graph.value(symbol.name).position
        index = place_of(symbol)
        terms = []
        for use in self.formulas.uses(position, index):
            local, flowing = self.formulas.local(use, index), self.flowing(use)
            if isinstance(local, Expression):
                local = substitute(local, swapped(self.work, mistake.swap, use.step))
            terms.append(as_expression(local if flowing is None else flowing * local))
        return self.line(symbol, self.fold(total(terms)), None)

    def update_lines(self, parameter: Symbol) -> list[Line]:
        """The lines of one entry's update, one for each assignment of the optimizer."""
        optimizer = self.work.task.optimizer
        assert optimizer is not None
        lines, assigned = [], set[str]()
        for letter, text in optimizer.formulas:
            parts = update_parts(optimizer, parameter, assigned)
            formula = read_formula(text, parts)
            own = parameter if letter == "w" else state_symbol(letter, parameter)
            line = self.line(replace(own, mark="new"), formula, None)
            # As in code, a name means its last assignment, so what is new needs no mark here.
            lines.append(
                replace(
                    line,
                    result=own,
                    relation="<-" if letter in ("w", *optimizer.remembers) else "=",
                    formula=substitute(line.formula, without_mark),
                )
            )
            assigned.add(letter)
        return lines

    # --- parts ------------------------------------------------------------------------------------

    def flowing(self, use: Use) -> Symbol | None:
        """dL/d of what an entry feeds; None for the loss itself, whose own is 1."""
        symbol = self.formulas.symbol(use.position, use.index, gradient=True)
        return None if symbol.letter == "loss" else symbol

    def line(
        self,
        result: Symbol,
        formula: Expression,
        rule: Expression | None,
        shares: bool = False,
    ) -> Line:
        numbers = substitute(formula, self.number)
        return Line(
            result,
            formula,
            numbers,
            self.number(result),
            rule,
            self.shares(numbers) if shares else None,
        )

    def number(self, symbol: Symbol) -> Number:
        return self.shown(entry(self.ledger, symbol), symbol)

    def shown(self, value: Any, of: Symbol | None = None) -> Number:
        value = as_number(value).value
        digits = str(value) if isinstance(value, int) else str(show_number(value, self.decimals))
        return Number(value, digits, of)

    def value_of(self, expression: Expression) -> Any:
        with np.errstate(over="ignore"):
            return as_number(evaluate(substitute(expression, self.raw), self.work.m)).value

    def raw(self, symbol: Symbol) -> Number:
        return Number(entry(self.ledger, symbol))

    def fold(self, formula: Expression, own: Collection[int] = ()) -> Expression:
        """A formula with its long sum cut to the largest terms; their order stays."""
        match formula:
            case Negative(operand):
                return Negative(self.fold(operand))
            case Quotient(numerator, denominator):
                return Quotient(self.fold(numerator), self.fold(denominator))
            case Sum(terms) if len(terms) > LONGEST_SUM:
                values = [self.value_of(term) for term in terms]
                kept = self.largest(terms, values, own)
                left = [value for k, value in enumerate(values) if k not in kept]
                rest = Rest(len(left), self.shown(sum(left[1:], start=left[0])))
                return Sum((*(terms[k] for k in kept), rest))
        return formula

    def largest(
        self, terms: Sequence[Expression], values: Sequence[Any], own: Collection[int]
    ) -> list[int]:
        """Which terms of a long sum are written out: the largest, and before them those asked for."""
        wanted = set(own)
        if self.focus:
            wanted |= {k for k, term in enumerate(terms) if self.focus & set(symbols_in(term))}
        order = sorted(range(len(terms)), key=lambda k: (k not in wanted, -abs(values[k])))
        return sorted(order[:TERMS_SHOWN])

    def shares(self, numbers: Expression) -> Expression:
        """What each sample adds to a sum, as a number of its own."""
        assert isinstance(numbers, Sum)
        terms = (
            term if isinstance(term, Number) else self.shown(evaluate(term, self.work.m))
            for term in numbers.terms
        )
        return Sum(tuple(terms))


def total(terms: Sequence[Any]) -> Any:
    """The sum of what flows back."""
    return Sum(tuple(terms)) if len(terms) > 1 else terms[0]


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The terms of a sum; of anything else, itself."""
    return expression.terms if isinstance(expression, Sum) else (expression,)


def swapped(work: Work, swap: Any, step: Step) -> Callable[[Symbol], Expression]:
    task = work.task
    return lambda symbol: swap(task.network, work.graph, task.loss, step, symbol)


def without_mark(symbol: Symbol) -> Symbol:
    return replace(symbol, mark="")


def update_parts(optimizer: Optimizer, parameter: Symbol, assigned: set[str]) -> dict[str, Any]:
    """What stands for each letter of an optimizer's formulas, for one entry."""
    parts: dict[str, Any] = {
        letter: Symbol(letter)
        for letter in ("eta", "mu", "rho", "beta1", "beta2", "epsilon", "lambda")
    }
    parts |= {"w": parameter, "g": replace(parameter, gradient=True), "k": Symbol("k")}
    for letter in {*optimizer.remembers, *assigned} - {"w", "k"}:
        mark = "new" if letter in assigned else ""
        parts[letter] = replace(state_symbol(letter, parameter), mark=mark)
    return parts
