"""One offline page: MathML, the drawing, its fonts, readable on a phone, light and dark."""

import base64
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from typing import final

from chainrule.document import Document, Drawing, Line, Link, MatrixLine, Path, Phase, Section
from chainrule.expression import Expression, Matrix, Partial, substitute
from chainrule.rendering.formula import ATOM, POWER
from chainrule.rendering.mathml import MathFormulas, hue_of_link, key_of
from chainrule.rendering.notation import Notation
from chainrule.rendering.svg import draw_small, draw_tall, draw_wide

KEY = (
    ("kx", "given: inputs, targets"),
    ("kw", "weights and biases"),
    ("ka", "sums, activations, slopes"),
    ("kg", "gradients of the loss"),
)
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
# Chains with so many links are open from the start: they are what a reader came for.
LONG_CHAIN = 5


def render_html(document: Document, notation: Notation) -> str:
    page = Page(MathFormulas(notation), MathFormulas(notation, stacked=True))
    body = "".join(page.phase(n, phase) for n, phase in enumerate(document.phases, start=1))
    notes = "".join(f"<p>{escape(note)}</p>" for note in document.notes)
    small = draw_small(document.drawing) if document.drawing else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(document.title)}</title>\n<style>{shared_style()}{asset('page.css')}</style>"
        "<noscript><style>.tools{display:none}.toc ol{display:block}</style></noscript></head>\n"
        '<body><a class="skip" href="#main">to the lines</a><div class="page">\n'
        f'<aside class="rail"><p class="mark">chainrule</p>{small}{contents(document)}'
        f'<ul class="key">{legend()}</ul><p class="tools"><button type="button" id="open">Open all '
        'lines</button><button type="button" id="theme">Dark</button></p></aside>\n'
        f'<main id="main"><h1>{escape(document.title)}</h1><p class="sub">{escape(document.lead)}</p>'
        f'<ul class="key keytop">{legend()}</ul>\n'
        f"{drawing(document.drawing, document.lead)}{body}"
        f"<footer>{notes}</footer></main></div>\n<script>{asset('page.js')}</script></body></html>\n"
    )


# --- the frame ------------------------------------------------------------------------------------


@cache
def asset(name: str) -> str:
    return files("chainrule.rendering").joinpath("page", name).read_text(encoding="utf-8")


@cache
def fonts() -> str:
    """The fonts as part of the page; their licence is OFL.txt beside them."""
    faces = (("CR Math", 400, "math"), ("CR Sans", 400, "sans-400"), ("CR Sans", 600, "sans-600"))
    rules = []
    for family, weight, name in faces:
        data = files("chainrule.rendering").joinpath("page", f"{name}.woff2").read_bytes()
        source = f"url(data:font/woff2;base64,{base64.b64encode(data).decode()})"
        rules.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:block;'
            f'src:{source} format("woff2")}}\n'
        )
    return "".join(rules)


def shared_style() -> str:
    """Fonts, colours and what else all of chainrule's pages have in common."""
    return fonts() + asset("tokens.css")


def framed(page: str, title: str, height: int) -> str:
    """A page for a notebook: in a frame of its own, so that its style stays inside."""
    return (
        f'<iframe srcdoc="{escape(page, quote=True)}" title="{title}" '
        f'style="width:100%;height:{height}px;border:0"></iframe>'
    )


def legend() -> str:
    return "".join(f'<li class="{hue}"><i></i>{escape(words)}</li>' for hue, words in KEY)


def contents(document: Document) -> str:
    items = []
    for number, phase in enumerate(document.phases, start=1):
        inner = "".join(
            f'<li><a href="#L{section.number}"><span class="tn">{section.number}</span>'
            f"<span>{escape(section.title)}</span></a></li>"
            for section in phase.sections
        )
        items.append(
            f'<li><a class="tp" href="#P{number}">{escape(phase.title)}</a><ol>{inner}</ol></li>'
        )
    return f'<nav aria-label="Contents"><ol class="toc">{"".join(items)}</ol></nav>'


def drawing(picture: Drawing | None, title: str) -> str:
    if picture is None:
        return ""
    return (
        f"<figure>{draw_wide(picture, title)}{draw_tall(picture, title)}"
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>\n"
    )


# --- phases, sections, lines ----------------------------------------------------------------------


@final
@dataclass
class Page:
    """What is written so far: formulas in a running line and stacked, and the names that are taken."""

    inline: MathFormulas
    stacked: MathFormulas
    taken: set[str] = field(default_factory=set)

    def name(self, name: str) -> str:
        """An id, the first time it is used."""
        if name in self.taken:
            return ""
        self.taken.add(name)
        return f' id="{name}"'

    def phase(self, number: int, phase: Phase) -> str:
        sections = "".join(
            self.section(section, open_lines=k == 0) for k, section in enumerate(phase.sections)
        )
        return (
            f'<section class="phase" id="P{number}"><h2><span class="pn">{number}</span>'
            f'{escape(phase.title)}</h2><p class="lead">{escape(phase.lead)}</p>{sections}</section>\n'
        )

    def section(self, section: Section, open_lines: bool) -> str:
        used = "".join(f' <a href="#L{number}">{number}</a>' for number in section.used_in)
        used = f'<p class="used">used in{used}</p>' if used else ""
        keys = [key_of(line.value.of) for line in section.lines if line.value.of is not None]
        whole = "" if section.whole is None else self.matrix_line(section.whole, set(keys))
        entries = self.entries(section) if section.whole is not None else ""
        # Without a matrix above them the lines are all there is, so they stand open.
        bare = section.whole is None
        lines = self.lines(section, bare, open_lines)
        chain = self.chain(section) if section.paths else ""
        left_out = f'<p class="why">{escape(section.left_out)}</p>' if section.left_out else ""
        return (
            f'<section class="line" id="L{section.number}"><header><a class="ref" '
            f'href="#L{section.number}">{section.number}</a><h3>{escape(section.title)}</h3>{used}'
            f'</header><p class="why">{escape(section.why)}</p>{whole}{entries}{lines}{chain}'
            f"{left_out}</section>"
        )

    def matrix_line(self, line: MatrixLine, linked: set[str]) -> str:
        left = self.stacked.math(self.stacked.symbol(line.result))
        sign = self.stacked.operator(line.relation)
        steps = [self.stacked.math(sign, self.stacked.write(line.formula))]
        equals = self.stacked.operator("=")
        if line.numbers is not None:
            (first, _), *others = self.stacked.pieces(line.numbers)
            steps.append(self.stacked.math(equals, first))
            steps += [self.stacked.math(piece) for piece, _ in others]
        steps.append(self.stacked.math(equals, self.result(line.value, linked)))
        parts = "".join(f'<span class="part">{step}</span>' for step in steps)
        return (
            f'<div class="eq"><div class="lhs">{left}</div><div class="parts">{parts}</div></div>'
        )

    def result(self, value: Matrix, linked: set[str]) -> str:
        """The resulting matrix, whose entries lead to their own lines."""
        rows = []
        for row in value.rows:
            cells = []
            for cell in row:
                key = key_of(cell.of) if cell.of is not None else ""
                go = ' class="go"' if key in linked else ""
                name = self.name(f"m-{key}") if key else ""
                cells.append(f"<mtd{name}{go}>{self.stacked.write(cell)}</mtd>")
            rows.append(f"<mtr>{''.join(cells)}</mtr>")
        bracket = '<mo stretchy="true" symmetric="true" fence="true" form="{}">{}</mo>'
        left, right = bracket.format("prefix", "["), bracket.format("postfix", "]")
        return f"<mrow>{left}<mtable>{''.join(rows)}</mtable>{right}</mrow>"

    def entries(self, section: Section) -> str:
        """A way from the matrix to each of its lines, by letter."""
        results = {line.value.of: line.result for line in section.lines if line.value.of}
        links = "".join(
            f'<a href="#s-{key_of(of)}">{self.inline.math(self.inline.symbol(result))}</a>'
            for of, result in results.items()
        )
        if not links:
            return ""
        return f'<nav class="ent" aria-label="Lines of {section.number}">{links}</nav>'

    def lines(self, section: Section, bare: bool, open_lines: bool) -> str:
        if not section.lines:
            return ""
        rows = "".join(self.row(line, bare) for line in section.lines)
        grid = f'<div class="scal">{rows}</div>'
        if bare:
            return f'<div class="bare">{grid}</div>'
        marked = any(line.first_difference for line in section.lines)
        state = " open" if open_lines or marked else ""
        return (
            f"<details{state}><summary><span>{escape(section.lines_title)}</span></summary>"
            f'<div class="dbody">{grid}</div></details>'
        )

    def row(self, line: Line, bare: bool) -> str:
        key = key_of(line.value.of) if line.value.of is not None else ""
        name = self.name(f"s-{key}") if key else ""
        back = ""
        if not bare and key:
            back = f'<a class="bk" href="#m-{key}" aria-label="to this entry in the matrix">↑</a>'
        if line.exact is not None and line.departure is not None:
            exact, off = self.inline.number(line.exact), self.inline.number(line.departure)
            words = f"exact {self.inline.math(exact)}, off by {self.inline.math(off)}"
            back += f'<span class="exact">{words}</span>'
        row = f'<div class="srow"{name}>{self.parts(line, back)}</div>'
        if line.mistaken is not None:
            first = line.first_difference
            mark = '<b class="first">the first number that differs</b>' if first else ""
            tag = '<span class="tag">mistaken</span>'
            row += f'<div class="srow wrong">{tag}{self.parts(line.mistaken, mark)}</div>'
        return row

    def parts(self, line: Line, after: str) -> str:
        """The symbol, then each step with its sign; what follows the result stays beside it."""
        pieces = []
        for number, step in enumerate(line.steps()):
            sign = self.inline.operator(line.relation if number == 0 else "=")
            for text, _ in self.inline.pieces(step):
                pieces.append(self.inline.math(sign, text))
                sign = ""
        *before, result = pieces
        left = self.inline.math(self.inline.symbol(line.result))
        shown = "".join(f"<span>{step}</span>" for step in before)
        return (
            f'<span class="c0">{left}</span><span class="steps">{shown}<span class="end">'
            f'<span class="res">{result}</span>{after}</span></span>'
        )

    # --- the chain as a table ---------------------------------------------------------------------

    def chain(self, section: Section) -> str:
        """Columns are links: read down to substitute, across to multiply."""
        links = section.paths[0].links
        dot = '<td class="dot">·</td>'
        names = "<td></td>".join(f'<th scope="col">{escape(link.words)}</th>' for link in links)
        head = self.stacked
        partials = dot.join(
            f"<td>{head.math(head.write(without_index(link.partial)))}</td>" for link in links
        )
        formulas = dot.join(
            f"<td>{self.inline.math(self.inline.at(without_index(link.formula), POWER))}</td>"
            for link in links
        )
        rows = "".join(self.chain_row(path) for path in section.paths)
        first = head.write(without_index(section.paths[0].result))
        table = (
            f'<table class="chain"><thead><tr class="nm"><td></td>{names}<td></td></tr>'
            f'<tr class="pd"><th scope="row">{head.math(first, "<mo>=</mo>")}</th>{partials}<td></td></tr>'
            f'<tr class="fm"><td>{head.math("<mo>=</mo>")}</td>{formulas}<td></td></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
        state = " open" if len(links) >= LONG_CHAIN or not section.lines else ""
        return (
            f"<details{state}><summary><span>{escape(section.paths_title)}</span></summary>"
            f'<div class="dbody chainwrap">{table}</div></details>'
        )

    def chain_row(self, path: Path) -> str:
        cells = '<td class="dot">·</td>'.join(
            f'<td><span class="ph">{self.link_words(link)}</span>'
            f'<span class="{hue_of_link(link)}">{self.inline.math(self.inline.number(number))}</span></td>'
            for link, number in zip(path.links, path.numbers, strict=True)
        )
        left = self.inline.math(self.inline.symbol(path.result), "<mo>=</mo>")
        value = self.inline.math("<mo>=</mo>", self.inline.number(path.value))
        result = f'<td class="res"><span class="kg">{value}</span></td>'
        return f'<tr><th scope="row">{left}</th>{cells}{result}</tr>'

    def link_words(self, link: Link) -> str:
        """On a phone a link is a row of its own, with its partial derivative and its formula."""
        return self.inline.math(
            self.inline.write(link.partial), "<mo>=</mo>", self.inline.at(link.formula, ATOM)
        )


def without_index(expression: Expression) -> Expression:
    if isinstance(expression, Partial):
        return Partial(expression.of.anyone, expression.by.anyone)
    return substitute(expression, lambda symbol: symbol.anyone)
