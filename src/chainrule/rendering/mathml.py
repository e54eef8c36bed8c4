"""MathML Core, as browsers set it without help.

Every number and symbol carries its key in `data-k`, the same wherever it stands, and the class of its
hue. Spacing that browsers take from their own dictionary is spelled out where they get it wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import final

from chainrule.document import Link
from chainrule.expression import Number, Symbol
from chainrule.rendering.formula import FormulaWriter, split_number
from chainrule.rendering.notation import Letters, is_delta, take_apart

OPEN = '<mo stretchy="{}" lspace="0" rspace="0">(</mo>'
CLOSE = '<mo stretchy="{}" lspace="0" rspace="0">)</mo>'
OPERATORS = {
    "neg": '<mo lspace="0" rspace="0">−</mo>',
    "·": '<mo lspace=".22em" rspace=".22em">·</mo>',
    ",": '<mo separator="true" lspace="0" rspace=".2em">,</mo>',
    "<-": "<mo>←</mo>",
    "(": '<mo stretchy="false" lspace="0" rspace="0">(</mo>',
    ")": '<mo stretchy="false" lspace="0" rspace="0">)</mo>',
}
# The letter of a value and the class of its hue: given, weights, computed, gradients.
HUES = {"x": "kx", "t": "kx", "w": "kw", "b": "kw", "z": "ka", "a": "ka", "slope": "ka"}


@final
@dataclass(frozen=True)
class MathFormulas(FormulaWriter):
    """`stacked` sets gradients as fractions, which a running line has no room for."""

    stacked: bool = False

    def math(self, *parts: str) -> str:
        """A whole formula: one element, so that it is read as one."""
        return f'<math displaystyle="true">{"".join(parts)}</math>'

    def row(self, parts: Sequence[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def operator(self, sign: str) -> str:
        return OPERATORS.get(sign, f"<mo>{escape(sign)}</mo>")

    def leading(self, sign: str) -> str:
        return f'<mo form="infix">{sign}</mo>'

    def number(self, number: Number) -> str:
        marks = attributes(number.of)
        if number.digits is None:
            return f"<mn{marks}>{escape(str(number.value))}</mn>"
        sign, mantissa, exponent = split_number(number.digits)
        if not exponent:
            return f"<mn{marks}>{sign}{mantissa}</mn>"
        power = f"<msup><mn>10</mn><mn>{exponent.replace('-', '−')}</mn></msup>"
        return f'<mrow{marks}><mn>{sign}{mantissa}</mn><mo lspace=".1em" rspace=".1em">×</mo>{power}</mrow>'

    def symbol(self, symbol: Symbol) -> str:
        letters = take_apart(symbol, self.notation)
        if is_delta(symbol, self.notation):
            return self.letters(letters, attributes(symbol), "δ")
        if not symbol.gradient:
            return self.letters(letters, attributes(symbol))
        inner = self.letters(letters, "")
        marks, top = attributes(symbol), "<mi>∂</mi><mi>L</mi>"
        if self.stacked:
            return f"<mfrac{marks}><mrow>{top}</mrow><mrow><mi>∂</mi>{inner}</mrow></mfrac>"
        slash = '<mo lspace="0" rspace="0">/</mo>'
        return f"<mrow{marks}>{top}{slash}<mi>∂</mi>{inner}</mrow>"

    def letters(self, letters: Letters, marks: str, instead: str = "") -> str:
        letter = instead or letters.letter
        letter, digits = letter.rstrip("0123456789"), letter[len(letter.rstrip("0123456789")) :]
        if letters.whole:
            letter = "".join(map(bold, letter.upper() if letter == "w" else letter))
        base = f"<mi>{letter}</mi>" + (f"<mn>{digits}</mn>" if digits else "")
        if letters.hat:
            base = f'<mover accent="true"><mrow>{base}</mrow><mo stretchy="false">ˆ</mo></mover>'
        base = f"<mrow>{base}</mrow>" if digits else base
        above, below = superscript(letters.above), subscript(letters.below)
        if above and below:
            return f"<msubsup{marks}>{base}{below}{above}</msubsup>"
        if above:
            return f"<msup{marks}>{base}{above}</msup>"
        if below:
            return f"<msub{marks}>{base}{below}</msub>"
        return f"<mrow{marks}>{base}</mrow>"

    def partial(self, of: Symbol, by: Symbol) -> str:
        top, bottom = self.letters_of(of), self.letters_of(by)
        marks = f' class="{hue_of_partial(of, by)}"'
        if self.stacked:
            return (
                f"<mfrac{marks}><mrow><mi>∂</mi>{top}</mrow><mrow><mi>∂</mi>{bottom}</mrow></mfrac>"
            )
        slash = '<mo lspace="0" rspace="0">/</mo>'
        return f"<mrow{marks}><mi>∂</mi>{top}{slash}<mi>∂</mi>{bottom}</mrow>"

    def letters_of(self, symbol: Symbol) -> str:
        return self.letters(take_apart(symbol, self.notation), "")

    def fraction(self, numerator: str, denominator: str) -> str:
        return f"<mfrac><mrow>{numerator}</mrow><mrow>{denominator}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        close = CLOSE.format("false")
        if base.endswith(close):  # on the row as a whole, browsers hang the exponent too high
            return f"{base.removesuffix(close)}<msup>{close}<mrow>{exponent}</mrow></msup>"
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def root(self, inner: str) -> str:
        return f"<msqrt>{inner}</msqrt>"

    def parentheses(self, inner: str) -> str:
        tall = str("<mtable" in inner or "<mfrac" in inner).lower()
        return OPEN.format(tall) + inner + CLOSE.format(tall)

    def bars(self, inner: str) -> str:
        bar = '<mo stretchy="false" lspace="0" rspace="0">|</mo>'
        return f"<mrow>{bar}{inner}{bar}</mrow>"

    def function(self, name: str, argument: str) -> str:
        applied = "<mo>\u2061</mo>"
        return f"<mrow><mi>{escape(name)}</mi>{applied}{self.parentheses(argument)}</mrow>"

    def cases(self, yes: str, condition: str, no: str) -> str:
        brace = '<mo stretchy="true" symmetric="true" form="prefix" lspace="0" rspace=".1em">{</mo>'
        rows = [(yes, f"<mtext>if </mtext>{condition}"), (no, "<mtext>else</mtext>")]
        cells = "".join(f"<mtr><mtd>{a}</mtd><mtd>{b}</mtd></mtr>" for a, b in rows)
        return f'<mrow>{brace}<mtable class="cases">{cells}</mtable></mrow>'

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        body = "".join(
            "<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in row) + "</mtr>" for row in rows
        )
        bracket = '<mo stretchy="true" symmetric="true" fence="true" form="{}">{}</mo>'
        left, right = bracket.format("prefix", "["), bracket.format("postfix", "]")
        return f"<mrow>{left}<mtable>{body}</mtable>{right}</mrow>"

    def transposed(self, symbol: Symbol) -> str:
        letters = take_apart(symbol, self.notation)
        raised = replace(letters, above=f"{letters.above}⊤")
        return self.letters(raised, attributes(symbol), "δ" if symbol.gradient else "")

    def words(self, text: str) -> str:
        return f"<mi>{text}</mi>" if len(text) == 1 else f"<mtext>{escape(text)}</mtext>"


def key_of(symbol: Symbol) -> str:
    """The key of an entry: gw1-2-1 for dL/dw1[2,1]; separators, so that 12 units do not collide."""
    return "-".join([("g" if symbol.gradient else "") + symbol.name, *map(str, symbol.index)])


def hue_of_partial(of: Symbol, by: Symbol) -> str:
    """A local derivative has the hue of its value: dz/dw that of the input, dz/da that of the weight."""
    if of.letter == "z":
        return {"w": "ka" if (by.layer or 0) > 1 else "kx", "b": "kn"}.get(by.letter, "kw")
    return "ka" if of.letter == "a" else "kg"


def hue_of_link(link: Link) -> str:
    partial = link.partial
    return "kg" if isinstance(partial, Symbol) else hue_of_partial(partial.of, partial.by)


def hue_of(symbol: Symbol) -> str:
    return "kg" if symbol.gradient else HUES.get(symbol.letter, "kn")


def attributes(symbol: Symbol | None) -> str:
    if symbol is None:
        return ""
    hue = f' class="{hue_of(symbol)}"'
    return hue + (f' data-k="{key_of(symbol)}"' if symbol.index or symbol.letter == "loss" else "")


def bold(letter: str) -> str:
    """Mathematical bold by its own code points: browsers ignore the attribute for it."""
    if "a" <= letter <= "z":
        return chr(0x1D41A + ord(letter) - ord("a"))
    if "A" <= letter <= "Z":
        return chr(0x1D400 + ord(letter) - ord("A"))
    return "𝛅" if letter == "δ" else letter


def superscript(text: str) -> str:
    if not text:
        return ""
    parts = []
    for piece in text.replace("⊤", " ⊤").split():
        if piece.startswith("("):
            inner = f"<mn>{piece[1:-1]}</mn>"
            parts.append(OPEN.format("false") + inner + CLOSE.format("false"))
        elif piece == "⊤":
            parts.append('<mo lspace="0" rspace="0">⊤</mo>')
        else:
            parts.append(f"<mtext>{escape(piece)}</mtext>")
    return f"<mrow>{''.join(parts)}</mrow>"


def subscript(text: str) -> str:
    if not text:
        return ""
    if text.isdigit():
        return f"<mn>{text}</mn>"
    comma = '<mo separator="true" lspace="0" rspace="0">,</mo>'
    pieces = [f"<mn>{p}</mn>" if p.isdigit() else f"<mi>{escape(p)}</mi>" for p in text.split(",")]
    return f"<mrow>{comma.join(pieces)}</mrow>"
