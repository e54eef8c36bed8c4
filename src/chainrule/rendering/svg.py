"""The network as a drawing: inputs left, loss right; and the same from top to bottom for phones."""

from collections.abc import Callable
from html import escape

from chainrule.document import Drawing, Neuron
from chainrule.expression import Number, Symbol
from chainrule.rendering.formula import split_number
from chainrule.rendering.mathml import key_of

MOST_LABELS = 24

Place = tuple[float, float]


def draw_wide(drawing: Drawing, title: str) -> str:
    """800 wide, columns from left to right."""
    rows = max(len(column) for column in drawing.columns)
    pitch = 136 if rows <= 3 else max(72, 408 / rows)
    height = max(rows * pitch + 16, 230)
    columns = len(drawing.columns)
    xs = [72 + (540 / (columns - 1)) * c for c in range(columns)]

    def place(column: int, row: int) -> Place:
        count = len(drawing.columns[column])
        return xs[column], height / 2 + (row - (count - 1) / 2) * pitch

    radius = 34 if pitch >= 110 else min(26, pitch * 0.3)
    parts = [*edges(drawing, place, radius, 0.22)]
    for c, column in enumerate(drawing.columns):
        for r, neuron in enumerate(column):
            x, y = place(c, r)
            parts.append(
                input_node(neuron, x, y, 21, "left")
                if c == 0
                else neuron_node(neuron, x, y, radius, "right", pitch)
            )
    x, y = 757, height / 2
    parts.insert(0, loss_edges(drawing, place, x - 43))
    parts.append(loss_box(drawing, x, y))
    return figure("net wide", 800, height, parts, title)


def draw_tall(drawing: Drawing, title: str) -> str:
    """358 wide, columns from top to bottom."""
    columns, widest = len(drawing.columns), max(len(column) for column in drawing.columns)
    pitch = min(117.0, 340 / widest)
    radius = 25 if pitch >= 80 else max(12, pitch * 0.3)
    step = 172

    def place(column: int, row: int) -> Place:
        count = len(drawing.columns[column])
        return 179 + (row - (count - 1) / 2) * pitch, 64 + column * step

    height = 64 + (columns - 1) * step + 190
    parts = [*edges(drawing, place, radius, 0.2, staggered=True)]
    for c, column in enumerate(drawing.columns):
        for r, neuron in enumerate(column):
            x, y = place(c, r)
            parts.append(
                input_node(neuron, x, y, 22, "above")
                if c == 0
                else neuron_node(neuron, x, y, radius, "below", pitch)
            )
    x, y = 179.0, float(height - 64)
    last = place(columns - 1, 0)[1]
    below = last + radius + 40  # the last neuron's z and a stand above it
    parts.insert(0, f'<line class="ed err" x1="179" y1="{below:.1f}" x2="179" y2="{y - 27:.1f}"/>')
    parts.append(loss_box(drawing, x, y))
    return figure("net tall", 358, height, parts, title)


def draw_small(drawing: Drawing) -> str:
    """The map in the margin: dots and lines."""
    columns = len(drawing.columns)
    rows = max(len(column) for column in drawing.columns)
    height = max(60, rows * 36)

    def place(column: int, row: int) -> Place:
        count = len(drawing.columns[column])
        return 20 + column * 150 / (columns - 1), height / 2 + (row - (count - 1) / 2) * (
            height / rows
        )

    lines = [
        f'<line class="me" x1="{a[0]:.0f}" y1="{a[1]:.0f}" x2="{b[0]:.0f}" y2="{b[1]:.0f}"/>'
        for c in range(columns - 1)
        for i in range(len(drawing.columns[c]))
        for o in range(len(drawing.columns[c + 1]))
        for a, b in [(place(c, i), place(c + 1, o))]
    ]
    dots = [
        f'<circle class="mb" cx="{place(c, r)[0]:.0f}" cy="{place(c, r)[1]:.0f}" r="9"/>'
        for c, column in enumerate(drawing.columns)
        for r in range(len(column))
    ]
    body = "".join(lines + dots)
    return f'<svg class="mini" viewBox="0 0 190 {height:.0f}" aria-hidden="true">{body}</svg>'


def figure(kind: str, width: int, height: float, parts: list[str], title: str) -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height:.0f}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'
    )


# --- parts ----------------------------------------------------------------------------------------


def edges(
    drawing: Drawing,
    place: Callable[[int, int], Place],
    radius: float,
    along: float,
    staggered: bool = False,
) -> list[str]:
    lines, labels = [], []
    for layer, matrix in enumerate(drawing.weights, start=1):
        largest = max([1.0, *(abs(float(cell.value)) for row in matrix.rows for cell in row)])
        count = sum(map(len, matrix.rows))
        for o, row in enumerate(matrix.rows):
            for i, cell in enumerate(row):
                (x1, y1), (x2, y2) = place(layer - 1, i), place(layer, o)
                weight = float(cell.value)
                key = key_of(Symbol("w", layer, (o + 1, i + 1)))
                dash = ' stroke-dasharray="6 4"' if weight < 0 else ""
                width = 1 + 5 * abs(weight) / largest
                lines.append(
                    f'<line class="ed" data-k="{key}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" '
                    f'y2="{y2:.1f}" stroke-width="{width:.1f}"{dash}/>'
                )
                if count > MOST_LABELS:
                    continue
                single = len(matrix.rows) == 1 and len(row) > 1
                spot = (
                    0.6
                    if single and not staggered
                    else along + (0.14 * (o % 3) if staggered else 0)
                )
                spot = 0.5 if staggered and single else spot
                labels.append(
                    text(
                        short(cell), x1 + (x2 - x1) * spot, y1 + (y2 - y1) * spot + 5, "wl kw", key
                    )
                )
    return lines + labels


def loss_edges(drawing: Drawing, place: Callable[[int, int], Place], x: float) -> str:
    last = len(drawing.columns) - 1
    lines = []
    for r in range(len(drawing.columns[last])):
        x1, y1 = place(last, r)
        y2 = (
            place(last, 0)[1]
            if len(drawing.columns[last]) == 1
            else y1 * 0.3 + 0.7 * centre(drawing, place)
        )
        lines.append(
            f'<line class="ed err" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x:.1f}" y2="{y2:.1f}"/>'
        )
    return "".join(lines)


def centre(drawing: Drawing, place: Callable[[int, int], Place]) -> float:
    last = len(drawing.columns) - 1
    ys = [place(last, r)[1] for r in range(len(drawing.columns[last]))]
    return sum(ys) / len(ys)


def input_node(neuron: Neuron, x: float, y: float, radius: float, side: str) -> str:
    key = key_of(neuron.symbol)
    name = math_italic("x") + subscripted(neuron.symbol.index[0])
    at = (x - radius - 22, y + 6) if side == "left" else (x, y - radius - 12)
    return (
        f'<circle class="body kx" data-k="{key}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'
        + text(short(neuron.value), x, y + 5.5, "kx", key, halo=False)
        + text(name, *at, "lb kx", key)
    )


def neuron_node(neuron: Neuron, x: float, y: float, radius: float, side: str, pitch: float) -> str:
    assert neuron.z is not None
    assert neuron.bias is not None
    key = key_of(neuron.symbol)
    z = Symbol("z", neuron.symbol.layer, neuron.symbol.index)
    b = Symbol("b", neuron.symbol.layer, neuron.symbol.index)
    parts = [
        f'<circle class="plate" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>',
        f'<circle class="body ka" data-k="{key}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>',
    ]
    if radius >= 20 and neuron.curve:
        parts.append(curve(neuron, x, y, radius))
    small = pitch < 110
    if side == "right":
        parts.append(text(short(neuron.value), x + radius + 8, y - 8, "bd ka", key, "start"))
        if not small:
            parts.append(text(f"b {short(neuron.bias)}", x, y - radius - 8, "sm kw", key_of(b)))
            parts.append(text(f"z {short(neuron.z)}", x, y + radius + 17, "sm ka", key_of(z)))
    else:
        parts.append(text(f"a {short(neuron.value)}", x, y + radius + 33, "sm ka", key))
        if pitch >= 80:
            parts.append(text(f"b {short(neuron.bias)}", x, y - radius - 8, "sm kw", key_of(b)))
            parts.append(text(f"z {short(neuron.z)}", x, y + radius + 16, "sm ka", key_of(z)))
    return "".join(parts)


def curve(neuron: Neuron, x: float, y: float, radius: float) -> str:
    """The neuron's activation between -5 and 5, the dot at z and the tangent there."""
    *points, dot = neuron.curve
    low, high = min(v for _, v in points), max(v for _, v in points)
    low, high = min(low, 0.0), max(high, low + 1e-9)
    across, up = radius * 0.78 / 5, radius * 0.95 / (high - low)

    def at(z: float, value: float) -> Place:
        inside = min(max(z, -5.0), 5.0)
        return x + inside * across, y + radius * 0.52 - (value - low) * up

    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (at(*point) for point in points))
    parts = [f'<polyline class="cv" points="{path}"/>']
    z, value = dot
    base = at(-5, 0)[1]
    parts.append(
        f'<line class="ax" x1="{x - 5 * across:.1f}" y1="{base:.1f}" x2="{x + 5 * across:.1f}" y2="{base:.1f}"/>'
    )
    if abs(z) <= 5:
        px, py = at(z, value)
        dx, dy = across, -neuron.slope * up
        scale = radius * 0.28 / max((dx * dx + dy * dy) ** 0.5, 1e-9)
        parts.append(
            f'<line class="tg" x1="{px - dx * scale:.1f}" y1="{py - dy * scale:.1f}" '
            f'x2="{px + dx * scale:.1f}" y2="{py + dy * scale:.1f}"/>'
        )
        parts.append(f'<circle class="pt" cx="{px:.1f}" cy="{py:.1f}" r="2.6"/>')
    return "".join(parts)


def loss_box(drawing: Drawing, x: float, y: float) -> str:
    parts = [
        f'<rect class="lossb" x="{x - 43:.1f}" y="{y - 27:.1f}" width="86" height="54"/>',
        text("L", x, y - 6, "bd", "loss", halo=False, italic=True),
        text(short(drawing.loss), x, y + 16, "sm", "loss", halo=False),
    ]
    if len(drawing.targets) == 1:
        parts.append(text(f"t {short(drawing.targets[0])}", x, y + 44, "sm kx", "t-1"))
    return "".join(parts)


def text(
    words: str,
    x: float,
    y: float,
    kind: str,
    key: str,
    anchor: str = "middle",
    halo: bool = True,
    italic: bool = False,
) -> str:
    first, _, rest = words.partition(" ")
    body = f"<tspan>{math_italic(first)}</tspan> {escape(rest)}" if rest else escape(words)
    if italic:
        body = math_italic(words)
    plate = " halo" if halo else ""
    return (
        f'<text class="n {kind}{plate}" data-k="{key}" x="{x:.1f}" y="{y:.1f}" '
        f'text-anchor="{anchor}">{body}</text>'
    )


def math_italic(letter: str) -> str:
    if len(letter) == 1 and "a" <= letter <= "z":
        return chr(0x1D44E + ord(letter) - ord("a"))
    if len(letter) == 1 and "A" <= letter <= "Z":
        return chr(0x1D434 + ord(letter) - ord("A"))
    return escape(letter)


def subscripted(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def short(number: Number) -> str:
    """A number as it is drawn: four significant digits, with the sign that mathematics has."""
    digits = number.digits or str(number.value)
    if len(digits.lstrip("-").replace(".", "")) > 7:
        digits = f"{float(number.value):.4g}"
    sign, mantissa, exponent = split_number(digits)
    return sign + mantissa + (f"e{exponent}".replace("-", "−") if exponent else "")
