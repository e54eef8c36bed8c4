"""The sections of a training step: which entries are worked, under which words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.digits import show_number
from chainrule.document import Line, Path, Phase, Section
from chainrule.explanation.formulas import SAMPLE_LOSSES, Index
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.matrices import matrix_line, update_line
from chainrule.explanation.story import aligned, count_paths, tell_paths
from chainrule.explanation.work import Work, as_floats, as_number, symbol_named
from chainrule.expression import Symbol, symbols_in
from chainrule.network import Network
from chainrule.rules import RULES

# A section with more entries works so many of the largest, and says so.
MOST_LINES, LINES_SHOWN = 16, 3
# Of what has no rule of its own: what the identity does, how it passes a gradient, and the loss "output".
IDENTITY_MEANING = "The identity passes every sum on."
IDENTITY_WORDS = "The identity has slope 1 everywhere."
OUTPUT_WORDS = "The sum of the outputs."


@final
@dataclass(frozen=True)
class Teller:
    """What sections are told from: a writer of lines, and those to compare it with.

    `exact` writes the same lines without rounding at each step, `mistaken` those of a mistake; None
    where there is none. `samples` are the rows of the batch that are worked, None for all.
    """

    writer: LineWriter
    exact: LineWriter | None
    mistaken: LineWriter | None
    samples: tuple[int, ...] | None

    @property
    def work(self) -> Work:
        return self.writer.work

    def focused_on(self, symbols: Iterable[Symbol]) -> "Teller":
        """The same, told for some numbers: no long sum leaves their terms out."""
        focus = frozenset(symbols)

        def focused(writer: LineWriter) -> LineWriter:
            return replace(writer, focus=focus)

        return Teller(
            focused(self.writer),
            self.exact and focused(self.exact),
            self.mistaken and focused(self.mistaken),
            self.samples,
        )

    @property
    def network(self) -> Network:
        return self.writer.work.task.network


def tell_phases(teller: Teller) -> tuple[Phase, ...]:
    """Forward, loss, backward, update; sections numbered, and told where their numbers are used."""
    phases = [
        Phase("Forward", "From the inputs to an answer.", tuple(forward_sections(teller))),
        Phase("Loss", "How far the answer is from the target.", tuple(loss_sections(teller))),
        Phase(
            "Backward",
            "From the loss back to every number, one link of the chain rule at a time.",
            tuple(backward_sections(teller)),
        ),
    ]
    if teller.work.task.optimizer is not None:
        lead = "Each parameter moves a little, so that the loss falls."
        phases.append(Phase("Update", lead, tuple(update_sections(teller))))
    if teller.work.task.loss.name == "output":
        phases[1] = replace(phases[1], lead="No target here: the output itself is differentiated.")
    return numbered(phases)


def numbered(phases: list[Phase]) -> tuple[Phase, ...]:
    numbers: dict[str, str] = {}
    for p, phase in enumerate(phases, start=1):
        for s, section in enumerate(phase.sections, start=1):
            numbers[section.key] = f"{p}.{s}"
    used: dict[str, list[str]] = {}
    for phase in phases:
        for section in phase.sections:
            for key in keys_used(section):
                used.setdefault(key, []).append(numbers[section.key])
    return tuple(
        replace(
            phase,
            sections=tuple(
                replace(
                    section,
                    number=numbers[section.key],
                    used_in=tuple(used.get(section.key, ())),
                )
                for section in phase.sections
            ),
        )
        for phase in phases
    )


def keys_used(section: Section) -> Iterable[str]:
    """The keys of the sections whose numbers this one takes."""
    found = [symbol for line in section.lines for symbol in symbols_in(line.formula)]
    keys = [("dL/d" if symbol.gradient else "") + symbol.name for symbol in found]
    return [key for key in dict.fromkeys(keys) if key != section.key]


# --- the four phases ------------------------------------------------------------------------------


def forward_sections(teller: Teller) -> Iterable[Section]:
    for number, layer in enumerate(teller.network.layers, start=1):
        several = layer.units > 1 or teller.work.task.batch
        sums = "Weighted sums into" if several else "Weighted sum into"
        bias = "adds its bias" if layer.bias_sign == "+" else "takes its threshold off"
        if layer.share_bias:
            bias = bias.replace("its", "the shared")
        neuron = "Each neuron" if layer.units > 1 else "The neuron"
        yield value_section(
            teller,
            f"z{number}",
            f"{sums} {the_layer(teller.network, number)}",
            f"{neuron} multiplies what it receives by its own row of weights and {bias}.",
        )
        name = layer.activation.name
        meaning = RULES[name].meaning if name != "identity" else IDENTITY_MEANING
        title = f"Activations of {the_layer(teller.network, number)}"
        if number == len(teller.network):
            title = "Outputs" if several else "Output"
        yield value_section(teller, f"a{number}", title, meaning)


def loss_sections(teller: Teller) -> Iterable[Section]:
    loss = teller.work.task.loss
    words = RULES[loss.name].words if loss.name in SAMPLE_LOSSES else OUTPUT_WORDS
    if not teller.work.task.batch:
        yield value_section(teller, "loss", "Loss", words)
        return
    yield value_section(teller, "losses", "Loss of each sample", words)
    mean = teller.work.task.reduction == "mean"
    title = "Loss of the batch"
    why = "The mean over the samples." if mean else "The sum over the samples."
    yield value_section(teller, "loss", title, why)


def backward_sections(teller: Teller) -> Iterable[Section]:
    network, task = teller.network, teller.work.task
    if task.batch:
        n = len(task.x)
        why = f"Each of the {n} samples counts 1/{n}." if task.reduction == "mean" else ""
        yield gradient_section(
            teller, "losses", "Share of each sample", why or "Each sample counts once."
        )
    for number in range(len(network), 0, -1):
        layer, last = network.layers[number - 1], number == len(network)
        the = the_layer(network, number)
        one = layer.units == 1 and not task.batch
        if last:
            slope = "The slope of the loss at each output." if not one else "The slope of the loss."
            yield gradient_section(teller, f"a{number}", f"Error at {the}", slope)
        else:
            yield gradient_section(
                teller,
                f"a{number}",
                f"Error that reaches {the}",
                "The error signals of the next layer come back along the weights, and add up.",
            )
        name = layer.activation.name
        words = RULES[name].words if name != "identity" else IDENTITY_WORDS
        signal = "Error signal of" if one else "Error signals of"
        yield gradient_section(teller, f"z{number}", f"{signal} {the}", words)
        samples = ", summed over the samples" if task.batch else ""
        yield gradient_section(
            teller,
            f"w{number}",
            f"Gradient of the weights into {the}",
            f"Each weight: its neuron's error signal times what came in{samples}.",
        )
        factor = "1" if layer.bias_sign == "+" else "-1"
        shared = " All neurons share it, so their error signals add up." if layer.share_bias else ""
        bias = "bias" if layer.bias_sign == "+" else "threshold"
        plural = (
            bias
            if layer.units == 1 or layer.share_bias
            else bias + ("es" if bias == "bias" else "s")
        )
        yield gradient_section(
            teller,
            f"b{number}",
            f"Gradient of the {plural} of {the}",
            f"A {bias} enters its sum with factor {factor}{samples}.{shared}",
        )
    if task.optimizer is None:
        why = "The error signals of the first layer come back along the weights, and add up."
        yield gradient_section(teller, "x", "Gradient of the inputs", why)


def update_sections(teller: Teller) -> Iterable[Section]:
    network, task = teller.network, teller.work.task
    assert task.optimizer is not None
    for name in network.parameters:
        symbol, number = symbol_named(name), int(name[1:])
        the = the_layer(network, number)
        layer = network.layers[number - 1]
        what = "Weights into" if name.startswith("w") else "Biases of"
        if name.startswith("b") and layer.bias_sign == "-":
            what = "Thresholds of"
        if name.startswith("b") and (layer.units == 1 or layer.share_bias):
            what = what.replace("Biases", "Bias").replace("Thresholds", "Threshold")
        if name not in network.trained_parameters:
            why = "Not trained (train_biases = false): the gradient is there, and the values stay."
            yield Section("", f"new {name}", f"{what} {the}", why)
            continue
        places, left_out = chosen(teller, symbol, teller.writer.ledger[replace(symbol, mark="new")])
        lines = [
            line
            for place in places
            for line in compared_updates(teller, replace(symbol, index=place))
        ]
        yield Section(
            "",
            f"new {name}",
            f"{what} {the}",
            task.optimizer.words,
            whole=update_line(teller.writer, symbol),
            lines_title=count_of(len(places), "parameter", "one at a time"),
            lines=tuple(lines),
            left_out=left_out,
        )


def the_layer(network: Network, number: int) -> str:
    """A layer by its place."""
    if number == len(network):
        return "the output"
    return "the hidden layer" if len(network) == 2 else f"hidden layer {number}"


# --- sections -------------------------------------------------------------------------------------


def value_section(teller: Teller, name: str, title: str, why: str) -> Section:
    symbol = symbol_named(name)
    places, left_out = chosen(teller, symbol, teller.writer.ledger[symbol])
    lines = (
        compared(teller, replace(symbol, index=place), LineWriter.value_line) for place in places
    )
    return Section(
        "",
        name,
        title,
        why,
        whole=None if teller.samples is not None else matrix_line(teller.writer, symbol),
        lines_title=count_of(len(places), "entry" if symbol.layer else "number", "one at a time"),
        lines=tuple(line for line in lines if line is not None),
        left_out=left_out,
    )


def gradient_section(teller: Teller, name: str, title: str, why: str) -> Section:
    symbol = replace(symbol_named(name), gradient=True)
    places, left_out = chosen(teller, symbol, teller.writer.ledger[symbol])
    entries = [replace(symbol, index=place) for place in places]
    lines = [compared(teller, entry, LineWriter.gradient_line) for entry in entries]
    paths: tuple[Path, ...] = ()
    paths_title = ""
    if symbol.letter == "w" and not teller.work.task.batch and teller.exact is None:
        single = count_paths(*position_of(teller.work, entries[0])) == 1
        stop = "loss" if single else f"a{symbol.layer}"
        told = [path for entry in entries for path in tell_paths(teller.writer, entry, stop)]
        paths = aligned(told, teller.writer)
        start = "from the loss" if single else "from the error that arrives"
        paths_title = count_of(len(paths), "chain", f"{start} to the weight")
    return Section(
        "",
        f"dL/d{name}",
        title,
        why,
        whole=None if teller.samples is not None else matrix_line(teller.writer, symbol),
        lines_title=count_of(len(places), "entry", "one at a time"),
        lines=tuple(line for line in lines if line is not None),
        paths_title=paths_title,
        paths=paths,
        left_out=left_out,
    )


def position_of(work: Work, symbol: Symbol) -> tuple[Work, int, Index]:
    place = tuple(number - 1 for number in symbol.index)
    return work, work.graph.value(symbol.name).position, place


def compared(
    teller: Teller, symbol: Symbol, line_of: Callable[[LineWriter, Symbol], Line | None]
) -> Line | None:
    """A line, with the exact value where it was rounded and the mistaken one where there is one."""
    line = line_of(teller.writer, symbol)
    if line is not None and teller.exact is not None:
        line = replace(line, exact=teller.exact.number(symbol))
    if line is not None and teller.mistaken is not None and symbol.gradient:
        wrong = teller.mistaken.mistaken_line(symbol)
        line = line if same(line, wrong) else replace(line, mistaken=wrong)
    return line


def same(line: Line, wrong: Line) -> bool:
    """Whether a mistake leaves a number as it is."""
    return bool(line.value.value == wrong.value.value)


def compared_updates(teller: Teller, parameter: Symbol) -> Iterable[Line]:
    lines = teller.writer.update_lines(parameter)
    exact = teller.exact.update_lines(parameter) if teller.exact else lines
    mistaken = teller.mistaken.update_lines(parameter) if teller.mistaken else lines
    for line, without_rounding, wrong in zip(lines, exact, mistaken, strict=True):
        yield replace(
            line,
            exact=without_rounding.value if teller.exact else None,
            mistaken=wrong if teller.mistaken and not same(line, wrong) else None,
        )


def chosen(teller: Teller, symbol: Symbol, numbers: Any) -> tuple[list[Index], str]:
    """The entries that are worked, from 1, and what is said of the others.

    Few are all worked; of many, the largest. Of a batch, the samples that were asked for.
    """
    shape = np.shape(numbers)
    by_sample = teller.work.task.batch and symbol.letter in ("x", "z", "a", "t", "losses")
    values = np.abs(as_floats(numbers))
    which = "those of one sample"
    if by_sample and teller.samples is not None:
        others = np.setdiff1d(np.arange(shape[0]), teller.samples)
        values[others] = -1.0
    worked = np.flatnonzero(values >= 0)
    if len(worked) > MOST_LINES:
        order = np.argsort(-values, axis=None, kind="stable")[:LINES_SHOWN]
        worked, which = np.sort(order), f"the {LINES_SHOWN} largest"
    said = left_out_words(teller, symbol, shape, which) if len(worked) < values.size else ""
    places = zip(*np.unravel_index(worked, shape), strict=True) if shape else [()]
    return [tuple(int(k) + 1 for k in place) for place in places], said


def left_out_words(teller: Teller, symbol: Symbol, shape: Index, which: str) -> str:
    numbers = np.asarray(teller.writer.ledger[symbol])
    norm = as_number(teller.work.m.sqrt(np.asarray(np.sum(numbers * numbers)))).value
    size = " x ".join(f"{number:,}" for number in shape)
    example = str(replace(symbol, index=shape, gradient=False))
    return (
        f"{symbol} has {size} entries, with norm {show_number(norm, teller.writer.decimals)}; worked "
        f'here: {which}. --value "{example}" works that one, and so for any other.'
    )


def count_of(count: int, noun: str, how: str = "") -> str:
    plural = noun if count == 1 else {"entry": "entries"}.get(noun, noun + "s")
    return f"{count} {plural}" + (f", {how}" if how and count > 1 else "")
