"""A verdict as text for a person: the line, what it computes, what it should, and what was seen to agree."""

import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict
from chainrule.errors import one_line

WIDTH = 100  # where there is no terminal
NARROWEST = 40
TAB = "    "
CLOSEST = 1e-12  # agreement is never said to be closer
CHECK_ALONE = (
    "A gradient alone can be checked in Python: "
    "chainrule.check_gradients(loss, gradient, *arrays) compares it with slopes of the loss."
)


def write_report(verdict: Verdict, width: int = WIDTH) -> str:
    """All that is known of one file, in lines of at most `width` columns, code lines cut to it.

    >>> from chainrule.checking.verdict import undecided
    >>> print(write_report(undecided("net.py", "it trains nothing", advice="Call its train method.")))
    net.py: undecided
    <BLANKLINE>
    It trains nothing.
    Call its train method.
    """
    width = max(width, NARROWEST)
    parts = {"right": right_parts, "wrong": wrong_parts, "undecided": undecided_parts}
    blocks = [heading(verdict), *parts[verdict.verdict](verdict, width)]
    if verdict.notes:
        blocks.append("\n".join(paragraph(f"Note: {note}", width) for note in verdict.notes))
    return "\n\n".join(blocks)


def heading(verdict: Verdict) -> str:
    driven = ", driven with made-up data" if verdict.driven else ""
    return f"{one_line(verdict.file)}: {verdict.verdict}{driven}"


# --- wrong ----------------------------------------------------------------------------------------


def wrong_parts(verdict: Verdict, width: int) -> Iterator[str]:
    of_problem = all(finding.line is None for finding in verdict.findings)
    if verdict.reason and (of_problem or not verdict.findings):
        yield paragraph(verdict.reason, width)
    for finding in verdict.findings:
        yield "\n".join(finding_lines(finding, width))
    if verdict.parameters and not verdict.findings:
        yield parameter_table(verdict.parameters)
    if verdict.findings and all(finding.proved for finding in verdict.findings):
        yield paragraph(words_for_proof(verdict), width)
    elif verdict.findings:
        yield paragraph("That no other line is wrong was not proved.", width)


def finding_lines(finding: Finding, width: int) -> Iterator[str]:
    yield f"{finding.place}: {finding.mistake}"
    number, columns = finding.cell_line or finding.line, finding.columns
    for line in finding.source.split("\n") if finding.source else []:
        yield from code_lines(line, columns, width, number)
        number, columns = number and number + 1, None  # a statement may go on below
    if finding.line is not None:
        yield paragraph(f"It computes {finding.found}", width)
        yield paragraph(f"It should compute {finding.expected}", width)
    if finding.numbers is not None:
        name, found, expected = finding.numbers
        yield paragraph(f"{name} is {found:.9g}, and {expected:.9g} would be right", width)
    if finding.fix:
        yield "Corrected:"
        for line in finding.fix.split("\n"):
            yield from code_lines(line, None, width, None)


def words_for_proof(verdict: Verdict) -> str:
    count = len(verdict.findings)
    kind = "step" if verdict.findings[0].line is None else "line"
    changed = f"this {kind}" if count == 1 else f"these {count} {kind}s"
    if all(finding.mistake == "parameter-never-updated" for finding in verdict.findings):
        return "The other parameters follow their gradients"
    if all(finding.mistake == "update-missing" for finding in verdict.findings):
        return "The steps follow their gradients"
    if verdict.agreeing:
        return f"With {changed} changed, {verdict.agreeing}"
    gradients = sum(row.verdict != "never-updated" for row in verdict.parameters)
    words = {1: "the gradient agrees", 2: "both gradients agree"}
    agree = words.get(gradients, f"all {gradients} gradients agree")
    return f"With {changed} changed, {agree}{words_for_agreement(verdict.agreement)}"


def words_for_agreement(agreement: float | None) -> str:
    """To which power of ten.

    >>> words_for_agreement(3e-10), words_for_agreement(0.0)
    (' to 1e-09', ' to 1e-12')
    """
    if agreement is None:
        return ""
    return f" to {10.0 ** math.ceil(math.log10(max(agreement, CLOSEST)) - 1e-9):.0e}"


def code_lines(
    source: str, columns: tuple[int, int] | None, width: int, number: int | None
) -> Iterator[str]:
    """One line of code with its number, and a line below that underlines some of its columns."""
    gutter = f"{number or '':>6} | "
    start, end = columns if columns is not None else (0, 0)
    end = min(max(end, start), len(source))
    pieces = [as_shown(letter) for letter in source]
    first, last = cut(pieces, start, end, width - len(gutter))
    left, right = "..." * (first > 0), "..." * (last < len(pieces))
    yield f"{gutter}{left}{''.join(pieces[first:last])}{right}".rstrip()
    if columns is not None and end > start:
        before = cell_len(left + "".join(pieces[first:start]))
        marked = cell_len("".join(pieces[start : min(end, last)]))
        yield f"{' ' * 6} | {' ' * before}{'^' * max(marked, 1)}"


def cut(pieces: Sequence[str], start: int, end: int, width: int) -> tuple[int, int]:
    """Which letters of a line to show where it is too long: those that are underlined, and around."""
    if cell_len("".join(pieces)) <= width:
        return 0, len(pieces)
    width -= 6  # what is left out on either side shows as dots
    first = 0
    while first < start and cell_len("".join(pieces[first:end])) > width:
        first += 1
    last = first
    while last < len(pieces) and cell_len("".join(pieces[first : last + 1])) <= width:
        last += 1
    return first, last


def as_shown(letter: str) -> str:
    return TAB if letter == "\t" else one_line(letter)


# --- right and undecided --------------------------------------------------------------------------


def right_parts(verdict: Verdict, width: int) -> Iterator[str]:
    if verdict.loss is None:
        yield paragraph(verdict.reason, width)
    else:
        losses = verdict.loss.split("|")
        words = f"{verdict.reason}; the loss is {any_of(losses)}"
        if len(losses) > 1:
            words += ", which cannot be told apart here"
        if verdict.factor is not None:
            words += f". The common factor is {verdict.factor:.9g}"
        yield paragraph(words, width)
    if verdict.parameters:
        yield parameter_table(verdict.parameters)


def any_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def parameter_table(parameters: Iterable[ParameterVerdict]) -> str:
    """One row a parameter: direction is the cosine between update and gradient, length their ratio."""
    rows = [("parameter", "shape", "direction", "length", "")]
    for one in parameters:
        ruling = one.verdict.replace("-", " ")
        shape = " x ".join(map(str, one.shape)) or "one number"
        rows.append((one_line(one.name), shape, decimals(one.cosine), decimals(one.ratio), ruling))
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  "
        + "  ".join(
            cell + " " * (size - cell_len(cell)) for cell, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def decimals(number: float | None) -> str:
    return "" if number is None or not math.isfinite(number) else f"{number:.6f}"


def undecided_parts(verdict: Verdict, width: int) -> Iterator[str]:
    # A reason with a semicolon says itself what to do.
    advice = verdict.advice or ("" if ";" in verdict.reason else CHECK_ALONE)
    yield "\n".join(paragraph(words, width) for words in (verdict.reason, advice) if words)


# --- many files -----------------------------------------------------------------------------------


def write_row(verdict: Verdict, file_width: int, width: int | None) -> str:
    """One file in one line, cut to `width` where there is one."""
    file = one_line(verdict.file)
    row = f"{verdict.verdict:<9}  {file}{' ' * (file_width - cell_len(file))}  {gist(verdict)}"
    if width is not None and cell_len(row) > width:
        while cell_len(row) > width - 3:
            row = row[:-1]
        row += "..."
    return row.rstrip()


def gist(verdict: Verdict) -> str:
    if verdict.verdict == "undecided":
        return one_line(verdict.reason)
    if verdict.verdict == "right":
        return f"descends {any_of(verdict.loss.split('|'))}" if verdict.loss else verdict.reason
    return ", ".join(
        f"{finding.mistake} ({where(finding)})" for finding in verdict.findings
    ) or one_line(verdict.reason)


def where(finding: Finding) -> str:
    if finding.line is None:
        return finding.step or "step"
    if finding.cell is not None:
        return f"cell {finding.cell}, line {finding.cell_line}"
    return f"line {finding.line}"


def write_summary(verdicts: Iterable[str], faults: int) -> str:
    """How many there were of each.

    >>> write_summary(["right", "wrong", "right"], 0)
    '3 files: 2 right, 1 wrong, 0 undecided'
    """
    counts = Counter(verdicts)
    total = counts.total() + faults
    each = [f"{counts[name]} {name}" for name in ("right", "wrong", "undecided")]
    if faults:
        each.append(f"{faults} not checked, by a fault of chainrule")
    return f"{total} file{'s' * (total != 1)}: {', '.join(each)}"


def paragraph(words: str, width: int) -> str:
    """A sentence, wrapped; its first letter becomes a capital where that is a plain word."""
    words = one_line(words)
    first = words.split(" ", 1)[0]
    if first.isalpha() and first.islower() and len(words) > len(first):
        words = words[0].upper() + words[1:]
    if words and words[-1] not in ".!?":
        words += "."
    return "\n".join(
        textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False) or [""]
    )
