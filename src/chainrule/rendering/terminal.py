"""The terminal: worked lines that Python can read, matrices in brackets, as wide as there is room."""

from collections.abc import Callable, Iterator, Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

from chainrule.document import Document, Line, MatrixLine, Path, Section
from chainrule.expression import (
    Elementwise,
    Expression,
    Function,
    Matrix,
    MatrixProduct,
    Negative,
    Product,
    Sum,
    Symbol,
)
from chainrule.formula_text import write_with
from chainrule.rendering.notation import Notation, write_symbol

WIDTH = 100
LABEL = "mistaken: "
MARK = "  <-- the first number that differs"

Write = Callable[[Expression], str]


def render_terminal(document: Document, notation: Notation, width: int = WIDTH) -> str:
    """The explanation as plain text."""
    text = StringIO()
    console = Console(file=text, width=width, color_system=None, highlight=False)
    print_document(document, notation, console)
    return text.getvalue()


def print_document(document: Document, notation: Notation, console: Console) -> None:
    """Print the explanation, with what the console can do."""

    def name(symbol: Symbol) -> str:
        return write_symbol(symbol, notation)

    def write(expression: Expression) -> str:
        return write_with(expression, name)

    def say(text: str, style: str = "", indent: int = 0) -> None:
        for line in Text(text, style).wrap(console, console.width - indent):
            line.rstrip()
            console.print(Text(" " * indent) + line, soft_wrap=True)

    say(document.title, "bold")
    console.print()
    say(document.lead)
    for number, phase in enumerate(document.phases, start=1):
        console.print()
        console.print(Text(f"{number}  {phase.title}", "bold"), soft_wrap=True)
        say(phase.lead, "dim", indent=3)
        for section in phase.sections:
            console.print()
            print_section(section, write, say, console)
    console.print()
    for note in document.notes:
        say(note, "dim")


def print_section(
    section: Section, write: Write, say: Callable[..., None], console: Console
) -> None:
    def put(text: str, style: str = "", indent: int = 5) -> None:
        for line in text.splitlines():
            console.print(Text((" " * indent + line).rstrip(), style), soft_wrap=True)

    room = console.width - 5
    used = f"  (used in {', '.join(section.used_in)})" if section.used_in else ""
    say(f"{section.number}  {section.title}{used}", "bold")
    say(section.why, "dim", indent=5)
    if section.whole is not None:
        console.print()
        put(matrix_text(section.whole, write, room))
        console.print()
    for line in section.lines:
        put(line_text(line, write, room))
        if line.exact is not None and line.departure is not None:
            indent = 5 + len(write(line.result)) + 1
            off = f"exact: {line.exact.digits}, off by {line.departure.digits}"
            put(off, "dim", indent)
        if line.mistaken is not None:
            mark = MARK if line.first_difference else ""
            wrong = line_text(line.mistaken, write, room - len(LABEL))
            put(beside_label(wrong) + mark, "italic")
    # A chain for every weight would double the length; a value's own story has nothing else.
    if section.paths and not section.lines:
        say(section.paths_title + ":", "dim", indent=5)
        for path in section.paths:
            put(path_text(path, write, room))
    if section.left_out:
        say(section.left_out, "dim", indent=5)


def beside_label(text: str) -> str:
    return LABEL + text.replace("\n", "\n" + " " * len(LABEL))


def line_text(line: Line, write: Write, room: int) -> str:
    steps = [write(step) for step in line.steps()]
    return steps_text(write(line.result), line.relation, steps, room)


def path_text(path: Path, write: Write, room: int) -> str:
    steps = [
        " * ".join(write(link.partial) for link in path.links),
        " * ".join(in_product(write(link.formula)) for link in path.links),
        " * ".join(in_product(write(number)) for number in path.numbers),
        write(path.value),
    ]
    return steps_text(write(path.result), "=", steps, room)


def in_product(text: str) -> str:
    return f"({text})" if text.startswith("-") or " " in text else text


def steps_text(result: str, relation: str, steps: Sequence[str], room: int) -> str:
    """result = step = step, on one row where it fits, else a row for what fits."""
    sign, margin = f" {relation} ", " " * len(result)
    rows = [result + sign + steps[0]]
    for step in steps[1:]:
        if len(rows[-1]) + len(step) + 3 <= room:
            rows[-1] += f" = {step}"
        else:
            rows.append(f"{margin} {'=':>{len(relation)}} {step}")
    indent = " " * (len(margin) + len(relation) + 4)
    return "\n".join(piece for row in rows for piece in broken(row, room, indent))


def broken(row: str, room: int, indent: str) -> list[str]:
    """A row that is too long, broken before a sign: a plus before a times, outside parentheses first."""
    pieces = []
    while len(row) > room:
        cuts = [cut for cut in breaks(row) if len(indent) < cut[-1] < room]
        if not cuts:
            break
        *_, cut = min(cuts, key=lambda cut: (*cut[:-1], -cut[-1]))
        pieces.append(row[:cut])
        row = indent + row[cut + 1 :]
    return [*pieces, row]


def breaks(row: str) -> Iterator[tuple[int, int, int]]:
    """Where a row may be broken: how deep in parentheses, 0 for a plus and 1 for a times, and where."""
    depth = 0
    for place, letter in enumerate(row):
        depth += (letter in "([") - (letter in ")]")
        sign = row[place : place + 3]
        if sign in (" + ", " - ", " * "):
            yield depth, int(sign == " * "), place


# --- matrices -------------------------------------------------------------------------------------

Block = list[str]


def matrix_text(line: MatrixLine, write: Write, room: int) -> str:
    """The whole value: its formula, then the same with matrices, side by side where they fit."""
    head = f"{write(line.result)} {line.relation} {write(line.formula)}"
    numbers = [] if line.numbers is None else [beside(["="], block(line.numbers, write))]
    value = beside(["="], block(line.value, write))
    together = value
    for part in reversed(numbers):
        together = beside(part, together)
    if max(map(len, together)) <= room:
        return "\n".join([head, *together])
    return "\n".join([head, *(row for part in (*numbers, value) for row in part)])


def block(expression: Expression, write: Write) -> Block:
    match expression:
        case Matrix(rows):
            cells = [[write(cell) for cell in row] for row in rows]
            widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
            return [
                "[" + " ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + "]"
                for row in cells
            ]
        case Sum(terms):
            blocks = [block(terms[0], write)]
            for term in terms[1:]:
                negative = isinstance(term, Negative)
                blocks.append(["-" if negative else "+"])
                blocks.append(block(term.operand if isinstance(term, Negative) else term, write))
            return joined(blocks)
        case MatrixProduct(factors):
            return joined(interleave([block(f, write) for f in factors], "@"))
        case Product(factors) | Elementwise(factors):
            return joined(interleave([block(f, write) for f in factors], "*"))
        case Function(name, argument):
            return joined([[f"{name}("], block(argument, write), [")"]], space="")
        case Negative(operand):
            return joined([["-"], block(operand, write)], space="")
    text = write(expression)
    return [in_product(text) if text.startswith("-") else text]


def interleave(blocks: Sequence[Block], sign: str) -> list[Block]:
    return [piece for b in blocks for piece in ([sign], b)][1:]


def joined(blocks: Sequence[Block], space: str = " ") -> Block:
    result = blocks[0]
    for following in blocks[1:]:
        result = beside(result, following, space)
    return result


def beside(left: Block, right: Block, space: str = " ") -> Block:
    """Two blocks side by side, both centred on the same row."""
    height = max(len(left), len(right))
    return [
        a + space + b for a, b in zip(centred(left, height), centred(right, height), strict=True)
    ]


def centred(rows: Block, height: int) -> Block:
    width = max(map(len, rows))
    above = (height - len(rows)) // 2
    blank = " " * width
    filled = [row.ljust(width) for row in rows]
    return [blank] * above + filled + [blank] * (height - len(rows) - above)
