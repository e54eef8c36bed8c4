"""The table of formats: what each is called, its default notation, and who renders it."""

import json
from collections.abc import Mapping
from typing import Any

from chainrule.document import Document
from chainrule.errors import InputError, unknown
from chainrule.rendering.notation import named_notation

# Each format with the notation that its readers are used to.
FORMATS: Mapping[str, str] = {
    "terminal": "notebook",
    "markdown": "superscript",
    "latex": "superscript",
    "html": "superscript",
    "pdf": "superscript",
    "json": "notebook",
}


def render(
    document: Document, record: Mapping[str, Any], chosen: str, notation: str | None = None
) -> str | bytes:
    """A document in a format; `record` is what JSON holds.

    Raises: InputError for a format or a notation that does not exist, and for a PDF without the extra.
    """
    if chosen not in FORMATS:
        raise InputError(unknown("format", chosen, FORMATS))
    symbols = named_notation(notation or FORMATS[chosen])
    match chosen:
        case "json":
            return json.dumps(record) + "\n"
        case "markdown":
            from chainrule.rendering.markdown import render_markdown

            return render_markdown(document, symbols)
        case "latex":
            from chainrule.rendering.latex import render_latex

            return render_latex(document, symbols)
        case "html":
            from chainrule.rendering.html import render_html

            return render_html(document, symbols)
        case "pdf":
            from chainrule.rendering.pdf import render_pdf

            return render_pdf(document, symbols)
    from chainrule.rendering.terminal import render_terminal

    return render_terminal(document, symbols)
