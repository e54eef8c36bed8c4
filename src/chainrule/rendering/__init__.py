"""A document as text, in every format that there is."""

from chainrule.rendering.formats import FORMATS, render

__all__ = ["FORMATS", "render"]
