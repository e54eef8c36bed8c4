"""PDF, set by Typst: the extra "pdf" brings it, and it needs no network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from chainrule.document import Document, Line, MatrixLine, Path, Section
from chainrule.errors import InputError
from chainrule.expression import Expression, Number, Symbol
from chainrule.rendering.formula import POWER, FormulaWriter, split_number
from chainrule.rendering.mathml import hue_of, hue_of_partial
from chainrule.rendering.notation import Letters, Notation, is_delta, take_apart

PREAMBLE = """#set page(paper: "a4", margin: (x: 18mm, y: 18mm), numbering: "1")
#set text(size: 10pt, lang: "en")
#set par(leading: .6em, spacing: .7em)
#let kx(body) = text(fill: rgb("#00755a"), body)
#let kw(body) = text(fill: rgb("#1a5fd0"), body)
#let ka(body) = text(fill: rgb("#732a80"), body)
#let kg(body) = text(fill: rgb("#bd3b00"), body)
#let kn(body) = body
#let quiet(body) = text(fill: rgb("#555c66"), body)
#let worked(result, ..steps) = block(breakable: false, above: 1em, below: 1em, par(
  hanging-indent: 2.2em, leading: .9em,
  box(result) + h(.35em) + steps.pos().map(step => box(step)).join(h(.6em, weak: true))))
#let phase(number, title, lead) = block(above: 2em, below: 1em, sticky: true)[
  #line(length: 100%, stroke: .6pt)
  #text(size: 17pt)[#if number != "" [#quiet(number) #h(.4em)] #title] \\ #quiet(lead)]
#let section(number, title, used, why) = block(above: 1.4em, below: .8em, sticky: true)[
  #text(weight: "bold")[#quiet(number) #h(.5em) #title] #h(1fr) #quiet(text(size: 8.5pt, used)) \\
  #quiet(why)]
"""


@final
@dataclass(frozen=True)
class TypstFormulas(FormulaWriter):
    def math(self, *parts: str) -> str:
        return f"[$display({' '.join(parts)})$]"

    def row(self, parts: Sequence[str]) -> str:
        return " ".join(parts)

    def operator(self, sign: str) -> str:
        return {"neg": "-", "−": "-", ",": "\\,", "(": "\\(", ")": "\\)", "/": "\\/"}.get(
            sign, sign
        )

    def leading(self, sign: str) -> str:
        return '"" ' + self.operator(sign)

    def number(self, number: Number) -> str:
        if number.digits is None:
            return str(number.value)
        sign, mantissa, exponent = split_number(number.digits)
        text = ("-" if sign else "") + mantissa + (f" times 10^({exponent})" if exponent else "")
        return coloured(text, "kn" if number.of is None else hue_of(number.of))

    def symbol(self, symbol: Symbol) -> str:
        letters = take_apart(symbol, self.notation)
        if is_delta(symbol, self.notation):
            return coloured(self.letters(letters, "delta"), "kg")
        text = self.letters(letters)
        if symbol.gradient:
            text = f"frac(partial L, partial {text})"
        return coloured(text, hue_of(symbol))

    def letters(self, letters: Letters, instead: str = "") -> str:
        letter = letters.letter
        name, digits = letter.rstrip("0123456789"), letter[len(letter.rstrip("0123456789")) :]
        text = instead or name
        if letters.whole:
            text = "W" if text == "w" else text
            text = f"bold({text})" if instead else f"bold(upright({text}))"
        text = f"hat({text})" if letters.hat else text
        text += f' "{digits}"' if digits and not instead else ""
        above = letters.above.replace("new", '"new"').replace("⊤", " top")
        result = text if not digits else f"{text}"
        if letters.below:
            result += f"_({','.join(map(word, letters.below.split(',')))})"
        return result + (f"^({above})" if above else "")

    def partial(self, of: Symbol, by: Symbol) -> str:
        top = self.letters(take_apart(of, self.notation))
        bottom = self.letters(take_apart(by, self.notation))
        return coloured(f"frac(partial {top}, partial {bottom})", hue_of_partial(of, by))

    def fraction(self, numerator: str, denominator: str) -> str:
        return f"frac({numerator}, {denominator})"

    def power(self, base: str, exponent: str) -> str:
        return f"attach({base}, t: {exponent})"

    def root(self, inner: str) -> str:
        return f"sqrt({inner})"

    def parentheses(self, inner: str) -> str:
        return f"lr(({inner}))"

    def bars(self, inner: str) -> str:
        return f"abs({inner})"

    def function(self, name: str, argument: str) -> str:
        base = name.rstrip("′")
        shown = base if len(base) == 1 else f'op("{base}")'
        return f"{shown}{chr(39) * (len(name) - len(base))} {self.parentheses(argument)}"

    def cases(self, yes: str, condition: str, no: str) -> str:
        return f'cases({yes} & "if" {condition}, {no} & "else")'

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return f'mat(delim: "[", align: #right, {"; ".join(", ".join(row) for row in rows)})'

    def transposed(self, symbol: Symbol) -> str:
        letters = take_apart(symbol, self.notation)
        raised = replace(letters, above=f"{letters.above}⊤")
        return coloured(self.letters(raised, "delta" if symbol.gradient else ""), hue_of(symbol))

    def words(self, text: str) -> str:
        return text if len(text) == 1 else quoted(text)


def render_pdf(document: Document, notation: Notation) -> bytes:
    """The explanation as a PDF. Raises: InputError where Typst is not installed."""
    try:
        import typst
    except ImportError:
        raise InputError(
            "a PDF needs the extra 'pdf': pip install 'chainrule[pdf]'; --format html prints well too"
        ) from None
    return bytes(typst.compile(write_typst(document, notation).encode()))


def write_typst(document: Document, notation: Notation) -> str:
    writer = TypstFormulas(notation)
    parts = [
        PREAMBLE,
        f"#set document(title: {quoted(document.title)})",
        f"#text(size: 22pt, {quoted(document.title)})",
        f"#text(size: 11.5pt, {quoted(document.lead)})",
    ]
    for number, phase in enumerate(document.phases, start=1):
        parts.append(f'#phase("{number}", {quoted(phase.title)}, {quoted(phase.lead)})')
        for section in phase.sections:
            parts += section_parts(section, writer)
    parts.append('#phase("", "About these numbers", "")')
    parts += [f"#par({quoted(note)})" for note in document.notes]
    return "\n\n".join(parts) + "\n"


def section_parts(section: Section, writer: TypstFormulas) -> list[str]:
    used = f"used in {', '.join(section.used_in)}" if section.used_in else ""
    parts = [
        f'#section("{section.number}", {quoted(section.title)}, {quoted(used)}, {quoted(section.why)})'
    ]
    if section.whole is not None:
        parts.append(worked(section.whole.result, matrix_steps(section.whole, writer), writer))
    for line in section.lines:
        parts.append(worked(line.result, line_steps(line, writer), writer))
        if line.mistaken is not None:
            first = "  ← the first number that differs" if line.first_difference else ""
            steps = [*line_steps(line.mistaken, writer), f"quiet({quoted(first)})"]
            parts.append(worked(line.mistaken.result, steps, writer, label="mistaken "))
    if section.paths:
        parts.append(f"#quiet({quoted(section.paths_title + ':')})")
        parts += [worked(path.result, path_steps(path, writer), writer) for path in section.paths]
    if section.left_out:
        parts.append(f"#quiet({quoted(section.left_out)})")
    return parts


def worked(result: Symbol, steps: Sequence[str], writer: TypstFormulas, label: str = "") -> str:
    left = f"quiet({quoted(label)}) + " if label else ""
    return f"#worked({left}{writer.math(writer.symbol(result))}, {', '.join(steps)})"


def matrix_steps(line: MatrixLine, writer: TypstFormulas) -> list[str]:
    steps: list[Expression] = [line.formula, *([line.numbers] if line.numbers else []), line.value]
    return pieces(steps, line.relation, writer)


def pieces(steps: Sequence[Expression], relation: str, writer: TypstFormulas) -> list[str]:
    """The steps of a line, each with its sign, in parts that may wrap."""
    parts = []
    for number, step in enumerate(steps):
        sign = writer.operator(relation if number == 0 else "=")
        for text, _ in writer.pieces(step):
            parts.append(writer.math(sign, text))
            sign = ""
    return parts


def line_steps(line: Line, writer: TypstFormulas) -> list[str]:
    parts = pieces(list(line.steps()), line.relation, writer)
    if line.exact is not None and line.departure is not None:
        exact, off = writer.number(line.exact), writer.number(line.departure)
        parts.append(f"quiet([exact ${exact}$, off by ${off}$])")
    return parts


def path_steps(path: Path, writer: TypstFormulas) -> list[str]:
    return [
        writer.math("=", " · ".join(writer.write(link.partial) for link in path.links)),
        writer.math("=", " · ".join(writer.at(link.formula, POWER) for link in path.links)),
        writer.math("=", " · ".join(writer.at(number, POWER) for number in path.numbers)),
        writer.math("=", writer.number(path.value)),
    ]


def word(text: str) -> str:
    """A name of several letters, which Typst would look up, as it stands."""
    return text if text.isdigit() or len(text) == 1 else quoted(text)


def coloured(text: str, hue: str) -> str:
    return text if hue == "kn" else f"{hue}({text})"


def quoted(text: str) -> str:
    """A Typst string: nothing in it is markup."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
