"""LaTeX: an article that compiles with the standard packages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from chainrule.document import Document, Line, MatrixLine, Path, Section
from chainrule.expression import Expression, Number, Symbol
from chainrule.rendering.formula import POWER, ROW, FormulaWriter, split_number, width
from chainrule.rendering.notation import Letters, Notation, is_delta, take_apart

GREEK = {
    "η": r"\eta",
    "μ": r"\mu",
    "ρ": r"\rho",
    "β₁": r"\beta_1",
    "β₂": r"\beta_2",
    "ε": r"\varepsilon",
    "λ": r"\lambda",
    "δ": r"\delta",
    "σ": r"\sigma",
    "Φ": r"\Phi",
    "φ": r"\varphi",
}
OPERATORS = {
    "−": "-",
    "neg": "-",
    "·": r"\cdot",
    "⊙": r"\odot",
    "≥": r"\ge",
    "≤": r"\le",
    "<-": r"\leftarrow",
    "⊤": r"\top",
    ",": r",\;",
}
KNOWN_FUNCTIONS = ("cos", "cosh", "log", "max", "sin", "sinh", "tanh")
SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        '"': r"\textquotedbl{}",
    }
)

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage{amsmath,amssymb}
\usepackage[margin=22mm]{geometry}
\setcounter{MaxMatrixCols}{20}
\setlength{\parindent}{0pt}
\setlength{\parskip}{5pt}
\allowdisplaybreaks
\begin{document}
"""


@final
@dataclass(frozen=True)
class LatexFormulas(FormulaWriter):
    def row(self, parts: Sequence[str]) -> str:
        return " ".join(parts)

    def operator(self, sign: str) -> str:
        return OPERATORS.get(sign, sign)

    def leading(self, sign: str) -> str:
        return "{} " + self.operator(sign)

    def number(self, number: Number) -> str:
        if number.digits is None:
            return str(number.value)
        sign, mantissa, exponent = split_number(number.digits)
        power = rf" \cdot 10^{{{exponent}}}" if exponent else ""
        return ("-" if sign else "") + mantissa + power

    def symbol(self, symbol: Symbol) -> str:
        if is_delta(symbol, self.notation):
            return self.letters(take_apart(symbol, self.notation), r"\delta")
        letters = self.letters(take_apart(symbol, self.notation))
        return rf"\frac{{\partial L}}{{\partial {letters}}}" if symbol.gradient else letters

    def letters(self, letters: Letters, instead: str = "") -> str:
        letter = instead or GREEK.get(letters.letter, letters.letter)
        if letters.whole:
            letter = letter.upper() if letter == "w" else letter
            letter = rf"\boldsymbol{{{letter}}}" if instead else rf"\mathbf{{{letter}}}"
        if letters.hat:
            letter = rf"\hat{{{letter}}}"
        above = letters.above.replace("new", r"\mathrm{new}").replace(" ", r"\,")
        above = f"^{{{above}}}" if above else ""
        below = f"_{{{letters.below}}}" if letters.below else ""
        return (
            f"{letter}{above}{below}"
            if len(letter) == 1 or not (above or below)
            else (f"{{{letter}}}{above}{below}")
        )

    def partial(self, of: Symbol, by: Symbol) -> str:
        return rf"\frac{{\partial {self.symbol(of)}}}{{\partial {self.symbol(by)}}}"

    def fraction(self, numerator: str, denominator: str) -> str:
        return rf"\frac{{{numerator}}}{{{denominator}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def root(self, inner: str) -> str:
        return rf"\sqrt{{{inner}}}"

    def parentheses(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def bars(self, inner: str) -> str:
        return rf"\left|{inner}\right|"

    def function(self, name: str, argument: str) -> str:
        base = name.rstrip("′")
        if base in KNOWN_FUNCTIONS:
            command = "\\" + base
        else:
            command = GREEK.get(base, rf"\operatorname{{{base}}}")
        return f"{command}{chr(39) * (len(name) - len(base))}" + self.parentheses(argument)

    def cases(self, yes: str, condition: str, no: str) -> str:
        return rf"\begin{{cases}}{yes} & {condition}\\{no} & \text{{else}}\end{{cases}}"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        columns = "r" * len(rows[0])
        body = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\left[\begin{{array}}{{{columns}}} {body} \end{{array}}\right]"

    def transposed(self, symbol: Symbol) -> str:
        letters = take_apart(symbol, self.notation)
        raised = replace(letters, above=f"{letters.above}\\top")
        return self.letters(raised, r"\delta" if symbol.gradient else "")

    def words(self, text: str) -> str:
        return text if len(text) == 1 else rf"\text{{{text}}}"

    # --- lines ------------------------------------------------------------------------------------

    def line(self, line: Line | MatrixLine) -> list[str]:
        """A line's rows: the first has what stands on the left, each the steps that fit."""
        if isinstance(line, MatrixLine):
            steps = [line.formula, *([line.numbers] if line.numbers else []), line.value]
        else:
            steps = list(line.steps())
        return self.rows(line.result, line.relation, [self.pieces(step) for step in steps])

    def path(self, path: Path) -> list[str]:
        dot = rf" {self.operator('·')} "
        partials = [link.partial for link in path.links]
        formulas = [link.formula for link in path.links]
        steps = [
            [(dot.join(map(self.write, partials)), width_of_product(partials))],
            [(dot.join(self.at(f, POWER) for f in formulas), width_of_product(formulas))],
            [(dot.join(self.at(n, POWER) for n in path.numbers), width_of_product(path.numbers))],
            self.pieces(path.value),
        ]
        return self.rows(path.result, "=", steps)

    def rows(
        self, result: Symbol, relation: str, steps: Sequence[Sequence[tuple[str, int]]]
    ) -> list[str]:
        rows, room = [f"{self.symbol(result)} &"], 0
        sign = self.operator(relation)
        for pieces in steps:
            for number, (text, wide) in enumerate(pieces):
                if room and room + wide > ROW:
                    rows.append("&" if number == 0 else r"&\quad")
                    room = 0
                rows[-1] += f" {sign} {text}" if number == 0 else f" {text}"
                room += wide + 3
            sign = "="
        return rows


def width_of_product(factors: Sequence[Expression]) -> int:
    return sum(width(factor) + 4 for factor in factors)


def render_latex(document: Document, notation: Notation) -> str:
    writer = LatexFormulas(notation)
    parts = [PREAMBLE, rf"\section*{{{escape(document.title)}}}", escape(document.lead), ""]
    for number, phase in enumerate(document.phases, start=1):
        parts += [rf"\section*{{{number}\quad {escape(phase.title)}}}", escape(phase.lead), ""]
        for section in phase.sections:
            parts += section_parts(section, writer)
    parts += [r"\section*{About these numbers}", r"\begin{itemize}"]
    parts += [rf"\item {escape(note)}" for note in document.notes]
    parts += [r"\end{itemize}", r"\end{document}", ""]
    return "\n".join(parts)


def section_parts(section: Section, writer: LatexFormulas) -> list[str]:
    used = rf"\hfill{{\small used in {', '.join(section.used_in)}}}" if section.used_in else ""
    parts = [rf"\subsection*{{{section.number}\quad {escape(section.title)}{used}}}"]
    parts += [escape(section.why), ""] if section.why else []
    if section.whole is not None:
        parts += aligned([writer.line(section.whole)])
    if section.lines:
        parts += aligned([rows for line in section.lines for rows in with_others(line, writer)])
    if section.paths:
        parts += [escape(section.paths_title) + ":", ""]
        parts += aligned([writer.path(path) for path in section.paths])
    parts += [escape(section.left_out), ""] if section.left_out else []
    return parts


def with_others(line: Line, writer: LatexFormulas) -> list[list[str]]:
    """A line's rows, with the exact value, and the rows of the mistaken line after it."""
    rows = writer.line(line)
    if line.exact is not None and line.departure is not None:
        exact, off = writer.write(line.exact), writer.write(line.departure)
        rows.append(rf"&\quad\text{{(exact ${exact}$, off by ${off}$)}}")
    if line.mistaken is None:
        return [rows]
    wrong = writer.line(line.mistaken)
    wrong[0] = r"\text{mistaken: }" + wrong[0]
    if line.first_difference:
        wrong[-1] += r" \quad\boldsymbol{\leftarrow}\ \text{the first number that differs}"
    return [rows, wrong]


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines aligned at their first sign."""
    body = (r" \\[3pt]" + "\n").join(r" \\".join(rows) for rows in lines)
    return [r"\begin{align*}", body, r"\end{align*}"]


def escape(text: str) -> str:
    """Text with nothing left that LaTeX would read as a command."""
    plain = text.translate(SPECIAL)
    return "".join(letter if ord(letter) < 0x250 else "?" for letter in plain)
