"""The numbers of a step for JSON: values, loss and updates, at full precision."""

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import DomainError
from chainrule.explanation.formulas import SAMPLE_LOSSES
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.matrices import value_formula
from chainrule.explanation.sections import Teller
from chainrule.explanation.story import MOST_PATHS, count_paths, tell_paths
from chainrule.explanation.work import Ledger, as_floats, entry, place_of, symbol_named
from chainrule.expression import Symbol
from chainrule.formula_text import write
from chainrule.rules import RULES


def record_work(teller: Teller, row: int | None) -> dict[str, Any]:
    """Every value with its formula and its gradient, the loss, and every update.

    With a `row`, what belongs to samples is that sample's alone.
    """
    work, task = teller.work, teller.work.task
    ledger, mistaken = teller.writer.ledger, work.mistaken if teller.exact is None else None

    def numbers(books: Ledger, symbol: Symbol) -> Any:
        if symbol not in books:
            return None
        found = as_floats(books[symbol])
        if not np.isfinite(found).all():
            raise DomainError(f"{symbol} has no float64, so this step cannot be shown")
        by_sample = task.batch and symbol.letter in ("x", "z", "a", "t", "losses")
        return (found[row] if by_sample and row is not None else found).tolist()

    values = []
    for name, _ in work.graph.named():
        symbol = symbol_named(name)
        gradient = replace(symbol, gradient=True)
        value = {
            "name": name,
            "formula": formula_of(teller.writer, symbol),
            "value": numbers(ledger, symbol),
            "gradient": numbers(ledger, gradient),
        }
        if mistaken is not None:
            value["mistaken_gradient"] = numbers(mistaken, gradient)
        if teller.exact is not None:
            value["exact_value"] = numbers(work.ledger, symbol)
            value["exact_gradient"] = numbers(work.ledger, gradient)
        values.append(value)
    updates = []
    for name in task.network.parameters if task.optimizer is not None else ():
        symbol = symbol_named(name)
        new = replace(symbol, mark="new")
        if new not in ledger:  # frozen
            new = symbol
        update = {
            "name": name,
            "before": numbers(ledger, symbol),
            "gradient": numbers(ledger, replace(symbol, gradient=True)),
            "after": numbers(ledger, new),
        }
        if mistaken is not None:
            update["mistaken_gradient"] = numbers(mistaken, replace(symbol, gradient=True))
            update["mistaken_after"] = numbers(mistaken, new)
        if teller.exact is not None:
            update["exact_after"] = numbers(work.ledger, new)
        updates.append(update)
    return {"values": values, "loss": numbers(ledger, Symbol("loss")), "updates": updates}


def record_story(teller: Teller, symbol: Symbol) -> dict[str, Any]:
    """One number with its gradient and the paths that add up to it."""
    work = teller.work
    position = work.graph.value(symbol.name).position
    gradient = replace(symbol, gradient=True)
    count = 0 if symbol.letter == "loss" else count_paths(work, position, place_of(symbol))
    paths = tell_paths(teller.writer, symbol) if 0 < count <= MOST_PATHS else []
    return {
        "name": str(symbol),
        "value": float(entry(teller.writer.ledger, symbol)),
        "gradient": float(entry(teller.writer.ledger, gradient)),
        "paths": [
            {
                "links": [
                    {
                        "of": write(link.partial),
                        "formula": write(link.formula),
                        "value": float(n.value),
                    }
                    for link, n in zip(path.links, path.numbers, strict=True)
                ],
                "product": float(path.value.value),
            }
            for path in paths
        ],
        "path_count": count,
    }


def formula_of(writer: LineWriter, symbol: Symbol) -> str | None:
    """A value's formula over whole arrays; None for what is given."""
    whole = value_formula(writer, symbol)
    if whole is not None:
        return write(whole)
    step = writer.formulas.step_of.get(writer.work.graph.value(symbol.name).position)
    if step is None:
        return None
    names = [writer.work.graph.values[position].name for position in step.inputs]
    if step.operation not in SAMPLE_LOSSES:
        return f"{step.operation}({names[0]})"
    text = RULES[step.operation].symbols
    parts = {"0": names[0], "1": names[1], "O": writer.work.task.network.outputs}
    for key, part in {**parts, **step.parameters}.items():
        text = text.replace("{" + key + "}", str(part))
    return text
