"""Markdown with LaTeX formulas, as GitHub, Jupyter and pandoc read it."""

import re

from chainrule.document import Document, Section
from chainrule.rendering.latex import LatexFormulas, with_others
from chainrule.rendering.notation import Notation


def render_markdown(document: Document, notation: Notation) -> str:
    writer = LatexFormulas(notation)
    parts = [f"# {escape(document.title)}", escape(document.lead)]
    for number, phase in enumerate(document.phases, start=1):
        parts += [f"## {number}. {escape(phase.title)}", escape(phase.lead)]
        for section in phase.sections:
            parts += section_parts(section, writer)
    parts += ["## About these numbers", "\n".join(f"- {escape(note)}" for note in document.notes)]
    return "\n\n".join(parts) + "\n"


def section_parts(section: Section, writer: LatexFormulas) -> list[str]:
    used = f" (used in {', '.join(section.used_in)})" if section.used_in else ""
    parts = [f"### {section.number} {escape(section.title)}", escape(section.why) + used]
    if section.whole is not None:
        parts.append(block([writer.line(section.whole)]))
    if section.lines:
        parts.append(block([rows for line in section.lines for rows in with_others(line, writer)]))
    if section.paths:
        parts += [escape(section.paths_title) + ":"]
        parts.append(block([writer.path(path) for path in section.paths]))
    if section.left_out:
        parts.append(escape(section.left_out))
    return [part for part in parts if part]


def block(lines: list[list[str]]) -> str:
    body = (r" \\" + "\n").join(r" \\".join(rows) for rows in lines)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def escape(text: str) -> str:
    """Text with nothing left that Markdown would read as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text)
