"""How symbols are written: the one table that decides, and the letters behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from chainrule.errors import InputError, unknown
from chainrule.expression import Symbol


@final
@dataclass(frozen=True)
class Notation:
    """Where the layer stands, and whether dL/dz has the letter delta."""

    name: str
    layer_above: bool
    delta: bool


NOTATIONS: Mapping[str, Notation] = {
    notation.name: notation
    for notation in (
        Notation("notebook", layer_above=False, delta=False),  # w1[2,1], dL/dz1[2]
        Notation("superscript", layer_above=True, delta=True),  # w^(1)_21, delta^(1)_2
    )
}

SUPERSCRIPTS = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")

# Symbols that are a letter of their own: plain text, and Greek where there is mathematics.
GREEK: Mapping[str, str] = {
    "eta": "η",
    "mu": "μ",
    "rho": "ρ",
    "beta1": "β₁",
    "beta2": "β₂",
    "epsilon": "ε",
    "lambda": "λ",
    "delta": "δ",
}


@final
@dataclass(frozen=True)
class Letters:
    """A symbol taken apart: its letter, what stands above and below it, and what it is."""

    letter: str
    above: str
    below: str
    whole: bool
    hat: bool = False


def named_notation(name: str) -> Notation:
    """The notation of that name. Raises: InputError for one that does not exist."""
    if name not in NOTATIONS:
        raise InputError(unknown("notation", name, NOTATIONS))
    return NOTATIONS[name]


def is_delta(symbol: Symbol, notation: Notation) -> bool:
    return symbol.gradient and symbol.letter == "z" and notation.delta


def take_apart(symbol: Symbol, notation: Notation) -> Letters:
    """The letter of a symbol, without its gradient, and where the rest of its name goes."""
    letter, _, parameter = symbol.letter.partition("_")
    hat = letter in ("mhat", "shat")
    letter = letter.removesuffix("hat")
    letter = {"loss": "L", "losses": "L"}.get(letter, GREEK.get(letter, letter))
    layer = "" if symbol.layer is None else str(symbol.layer)
    above, below = "", parameter
    if notation.layer_above:
        above = f"({layer})" if layer else ""
    elif parameter:
        below += layer
    else:
        letter += layer
    if symbol.mark:
        above = f"{above} {symbol.mark}".strip()
    numbers = [str(number) for number in symbol.index if number > 0]  # 0 stands for any
    apart = symbol.letter in ("x", "z", "a", "t") or any(len(number) > 1 for number in numbers)
    index = ("," if apart else "").join(numbers)
    below = f"{below},{index}" if below and index else below or index
    arrays = ("x", "w", "b", "z", "a", "t", "losses")
    whole = not symbol.index and (symbol.letter in arrays or bool(parameter))
    return Letters(letter, above, below, whole, hat)


def write_symbol(symbol: Symbol, notation: Notation) -> str:
    """A symbol as plain text.

    >>> symbol = Symbol("z", 1, (2,), gradient=True)
    >>> [write_symbol(symbol, notation) for notation in NOTATIONS.values()]
    ['dL/dz1[2]', 'δ⁽¹⁾[2]']
    """
    if not notation.layer_above:
        return str(symbol)
    letter = symbol.letter
    if symbol.layer is not None:
        letter += f"({symbol.layer})".translate(SUPERSCRIPTS)
    letter += f"_{symbol.mark}" if symbol.mark else ""
    entry = f"[{','.join(map(str, symbol.index))}]" if symbol.index else ""
    if is_delta(symbol, notation):
        return "δ" + letter[1:] + entry
    return ("dL/d" if symbol.gradient else "") + letter + entry
