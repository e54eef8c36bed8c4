"""The page's modules as one script: each a function of its own, in the order in which they need each other.

A page that is a file, or that stands in a notebook's frame, cannot load modules from beside it. So every
`import { a } from "./b.js"` becomes a constant taken from what module b gives, and nothing else changes.
"""

import re
from functools import cache
from importlib.resources import files

from chainrule.errors import ChainruleError

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:const|let|class|function\*?) ([\w$]+)", re.MULTILINE)


@cache
def asset(name: str) -> str:
    return files("chainrule.explorer").joinpath("page", name).read_text(encoding="utf-8")


@cache
def bundle(*entries: str) -> str:
    """The script that runs the modules named, with all that they import.

    >>> bundle("digits").splitlines()[0]
    'const digits_module = (() => {'
    """
    return "\n".join(wrapped(name) for name in in_order(entries))


def in_order(entries: tuple[str, ...]) -> list[str]:
    """The modules that are needed, each after those that it imports."""
    found: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ChainruleError(f"modules of the page import each other: {' > '.join(path)}")
        if name in found:
            return
        for _, other in IMPORT.findall(asset(f"{name}.js")):
            visit(other, (*path, name))
        found.append(name)

    for entry in entries:
        visit(entry, ())
    return found


def wrapped(name: str) -> str:
    source = asset(f"{name}.js")
    given = ", ".join(EXPORT.findall(source))
    body = IMPORT.sub(lambda found: f"const {{{renamed(found[1])}}} = {found[2]}_module;", source)
    body = re.sub(r"^export ", "", body, flags=re.MULTILINE)
    return f"const {name}_module = (() => {{\n{body}\nreturn {{ {given} }};\n}})();"


def renamed(names: str) -> str:
    """What an import calls "a as b", a constant calls "a: b"."""
    return re.sub(r"(\w+) as (\w+)", r"\1: \2", names)
