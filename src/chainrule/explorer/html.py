"""The page as one file: style, script, fonts and data in it, and nothing that it asks for."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from chainrule.explorer.bundle import asset, bundle
from chainrule.rendering.html import legend, shared_style

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
STYLES = ("layout.css", "parts.css", "print.css")


def render_page(content: Mapping[str, Any]) -> str:
    """The whole page; titles and names of classes are text in it, whatever they hold."""
    style = shared_style() + "".join(map(asset, STYLES))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(content['title'])}</title>\n<style>{style}</style></head>\n"
        f"<body>{asset('body.html').replace('{legend}', legend())}\n"
        f'<script type="application/json" id="content">{as_script_data(content)}</script>\n'
        f"<script>'use strict';\n{bundle('main')}</script></body></html>\n"
    )


def as_script_data(content: Mapping[str, Any]) -> str:
    """JSON that no text in it can end: a script ends at its closing tag, wherever that stands."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
