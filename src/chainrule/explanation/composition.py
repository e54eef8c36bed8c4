"""The document of a whole step, or of the story of one number."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

from chainrule.digits import as_fraction
from chainrule.document import Document, Line, Path, Phase, Section
from chainrule.explanation.by_hand import Rounding
from chainrule.explanation.drawing import draw_network
from chainrule.explanation.lines import LONGEST_SUM, LineWriter
from chainrule.explanation.sections import (
    Teller,
    compared,
    compared_updates,
    count_of,
    position_of,
    tell_phases,
)
from chainrule.explanation.story import MOST_PATHS, aligned, count_paths, tell_paths
from chainrule.explanation.work import Task
from chainrule.expression import Number, Rest, Sum, Symbol
from chainrule.optimizers import OPTIMIZERS

MOST_FED = 12
GIVEN_WORDS = {
    "x": "An input: it is given.",
    "t": "A target: it is given.",
    "w": "A weight, as it is before the update.",
    "b": "A bias, as it is before the update.",
}


def compose(
    teller: Teller, title: str, notes: tuple[str, ...], rounding: Rounding | None, epoch: int | None
) -> Document:
    """The document of a whole training step."""
    phases = mark_first_difference(tell_phases(teller))
    document = Document(title, lead_of(teller.work.task, epoch), phases, ())
    said = (*notes, *notes_on_numbers(teller, rounding), *notes_on_differences(teller, document))
    return replace(document, notes=said, drawing=draw_network(teller.writer))


def compose_story(
    teller: Teller,
    symbol: Symbol,
    title: str,
    notes: tuple[str, ...],
    rounding: Rounding | None,
    epoch: int | None,
) -> Document:
    """The document of one number: what it feeds, how the loss comes back to it, its update."""
    work, task = teller.work, teller.work.task
    phases = [Phase("The number", "Where it comes from.", (own_section(teller, symbol),))]
    fed = feeding_sections(teller, symbol)
    if fed:
        phases.append(Phase("Forward", "What it feeds, on the way to the loss.", fed))
    if replace(symbol.whole, gradient=True) in work.ledger and symbol.letter != "loss":
        lead = "The ways by which the loss comes back to it."
        phases.append(Phase("Backward", lead, path_sections(teller, symbol)))
    if task.optimizer is not None and symbol.letter in "wb":
        if symbol.name in task.network.trained_parameters:
            lines = tuple(compared_updates(teller, symbol))
            section = Section("", "update", "Update", task.optimizer.words, lines=lines)
        else:
            section = Section("", "update", "Update", "Not trained, so it stays as it is.")
        phases.append(Phase("Update", "What the step makes of it.", (section,)))
    numbered = tuple(
        replace(
            phase,
            sections=tuple(
                replace(section, number=f"{p}.{s}")
                for s, section in enumerate(phase.sections, start=1)
            ),
        )
        for p, phase in enumerate(phases, start=1)
    )
    story = Document(f"{symbol} in: {title}", lead_of(task, epoch), numbered, ())
    said = (*notes, *notes_on_numbers(teller, rounding), *notes_on_differences(teller, story))
    return replace(story, notes=said)


# --- the parts of a story -------------------------------------------------------------------------


def own_section(teller: Teller, symbol: Symbol) -> Section:
    line = compared(teller, symbol, LineWriter.value_line)
    if line is None:
        given = teller.writer.number(symbol)
        line = Line(symbol, given, given, given)
    why = GIVEN_WORDS.get(symbol.letter, "It is computed.")
    return Section("", "own", f"The value of {symbol}", why, lines=(line,))


def feeding_sections(teller: Teller, symbol: Symbol) -> tuple[Section, ...]:
    """The lines that take the number, then those that take these, up to the loss."""
    found = fed_entries(teller, symbol)
    if not found:
        return ()
    direct = [entry for entry, distance in found if distance == 1]
    sections = []
    for title, why, entries in (
        ("It enters", "Every line that has it on its right side.", direct),
        (
            "Through these it reaches",
            "Every line that moves when it moves.",
            [entry for entry, distance in found if distance > 1],
        ),
    ):
        lines = [
            line
            for entry in entries[:MOST_FED]
            if (line := compared(teller, entry, LineWriter.value_line)) is not None
        ]
        left = len(entries) - len(lines)
        if lines:
            said = f"{left:,} more lines are not shown." if left else ""
            sections.append(Section("", title, title, why, lines=tuple(lines), left_out=said))
    return tuple(sections)


def fed_entries(teller: Teller, symbol: Symbol) -> list[tuple[Symbol, int]]:
    """The entries that depend on one, with the number of steps between, nearest first."""
    formulas, found = teller.work.formulas, dict[Symbol, int]()
    front, distance = [symbol], 0
    while front and len(found) <= MOST_FED * 4:
        distance += 1
        following: dict[Symbol, int] = {}
        for entry in front:
            _, position, index = position_of(teller.work, entry)
            for use in formulas.uses(position, index):
                following[formulas.symbol(use.position, use.index)] = distance
        found |= {entry: near for entry, near in following.items() if entry not in found}
        front = list(following)
    return list(found.items())


def path_sections(teller: Teller, symbol: Symbol) -> tuple[Section, ...]:
    work, gradient = teller.work, replace(symbol, gradient=True)
    _, position, index = position_of(work, symbol)
    count = count_paths(work, position, index)
    stop = "loss"
    if count > MOST_PATHS:  # gathered where they meet: at the next value on the way
        use = work.formulas.uses(position, index)[0]
        stop = work.graph.values[use.position].name or "loss"
        if symbol.letter in "wb" and not work.task.batch:
            stop = f"a{symbol.layer}"
    paths = tell_paths(teller.writer, symbol, stop)
    shown = sorted(paths, key=lambda path: -abs(as_fraction(path.value.value)))[:LONGEST_SUM]
    kept = [path for path in paths if any(path is other for other in shown)]
    said = ""
    if stop != "loss":
        said = (
            f"{count:,} paths lead to the loss; they are gathered in dL/d{stop}, where they meet."
        )
    if len(kept) < len(paths):
        said += f" Shown are the {len(kept)} largest of {len(paths):,} here."
    sections = [
        Section(
            "",
            "paths",
            "Back from the loss",
            "Along a path the links multiply.",
            paths_title=count_of(len(kept), "path", "one a row"),
            paths=aligned(kept, teller.writer),
            left_out=said.strip(),
        )
    ]
    if len(paths) > 1 and teller.exact is None:
        sections.append(
            Section(
                "",
                "sum",
                "Their sum",
                "The paths add up to the gradient.",
                lines=(sum_of_paths(teller, gradient, paths, kept),),
            )
        )
    line = compared(teller, gradient, LineWriter.gradient_line)
    assert line is not None
    why = "The same number as the backward pass works it, from the gradients of what it feeds."
    sections.append(Section("", "gradient", "In the backward pass", why, lines=(line,)))
    return tuple(sections)


def sum_of_paths(teller: Teller, gradient: Symbol, paths: list[Path], kept: list[Path]) -> Line:
    terms: list[Number | Rest] = [path.value for path in kept]
    rest = [path.value.value for path in paths if not any(path is other for other in kept)]
    if rest:
        terms.append(Rest(len(rest), teller.writer.shown(sum(rest[1:], start=rest[0]))))
    formula = Sum(tuple(terms))
    numbers = Sum(tuple(term.total if isinstance(term, Rest) else term for term in terms))
    return Line(gradient, formula, numbers, teller.writer.number(gradient))


# --- words ----------------------------------------------------------------------------------------


def lead_of(task: Task, epoch: int | None) -> str:
    """The network, the loss and the optimizer in words."""
    network = task.network
    sizes = "-".join(map(str, [network.inputs, *(layer.units for layer in network.layers)]))
    names = [layer.activation.name for layer in network.layers]
    if len(names) == 1:
        activations = f"a single layer of {names[0]}"
    elif len(set(names)) == 1:
        activations = (
            f"{names[0]} in {'both' if len(names) == 2 else 'all ' + str(len(names))} layers"
        )
    else:
        activations = ", then ".join(
            f"{name} in {where}" for name, where in zip(names, where_of(len(names)), strict=True)
        )
    words = [f"A {sizes} network with {activations}", f"the loss is {task.loss.name}"]
    if task.loss.parameters:
        words[-1] += "".join(f" with {k} = {v:g}" for k, v in task.loss.parameters.items())
    if task.optimizer is not None:
        name = next(key for key, kind in OPTIMIZERS.items() if kind is type(task.optimizer))
        words.append(f"{name} with learning rate {task.optimizer.learning_rate:g}")
    moment = "" if epoch is None else f" The step at epoch {epoch}."
    return "; ".join(words) + "." + moment


def where_of(layers: int) -> Iterable[str]:
    if layers == 2:
        return ("the hidden layer", "the output")
    return (*(f"hidden layer {number}" for number in range(1, layers)), "the output")


def notes_on_numbers(teller: Teller, rounding: Rounding | None) -> Iterable[str]:
    work = teller.work
    if rounding is not None:
        yield (
            f"Every line is rounded to {rounding}, half up, before its result is used: the arithmetic of "
            "paper and pencil. Beside it stands the exact value."
        )
    elif work.exact:
        yield (
            "Numbers are those of exact arithmetic on the decimals as written (50 digits once a function "
            f"such as exp is met); shown are {teller.writer.decimals} decimals, rounded, and nothing is "
            "computed from what is shown."
        )
    else:
        yield (
            f"With {work.task.parameters:,} parameters the numbers are computed in float64, about 16 "
            "digits; up to 2,000 they would be exact."
        )


def notes_on_differences(teller: Teller, document: Document) -> Iterable[str]:
    mistake = teller.work.task.mistake
    if mistake is not None and teller.mistaken is None:
        yield f"The problem's mistake, {mistake.name}, is not made here: the right step is rounded."
    elif mistake is not None:
        task = teller.work.task
        yield (
            f"The problem makes a mistake on purpose, {mistake.name}: "
            f"{mistake.explain(task.network, task.loss)}. Beside each right number stands the mistaken one."
        )
        marked = [line for line in document.lines() if line.first_difference]
        for line in marked:
            assert line.mistaken is not None
            yield (
                f"The first number that differs is {line.result}: {line.value.digits} is right, "
                f"{line.mistaken.value.digits} is what the mistake gives."
            )
    if teller.exact is not None:
        departed = [line for line in document.lines() if line.departure is not None]
        if departed:
            most = max(
                departed, key=lambda line: abs(line.departure.value if line.departure else 0)
            )
            assert most.exact is not None
            assert most.departure is not None
            yield (
                f"Rounding first shows in {departed[0].result}; it departs most in {most.result}, "
                f"{most.value.digits} in place of {most.exact.digits}, off by {most.departure.digits}."
            )
        else:
            yield "Rounding changed nothing here."


def mark_first_difference(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    """Mark the first line whose mistaken value is another than the right one."""
    unmarked = itertools.count()

    def marked(line: Line) -> Line:
        if line.mistaken is None:
            return line
        return replace(line, first_difference=next(unmarked) == 0)

    return tuple(
        replace(
            phase,
            sections=tuple(
                replace(section, lines=tuple(map(marked, section.lines)))
                for section in phase.sections
            ),
        )
        for phase in phases
    )
