"""One-token edits of right networks, each sorted by the judge: a mistake in the gradient, or none.

Only edits that leave the predictions alone are sorted: an edit of the forward pass makes another
network, whose right gradient the judge doesn't know. A mistake disagrees with every loss of the family.

Sorting takes minutes, so what came of it lies in `networks/mutants.json`; once networks have changed,
`python tests/network_mutants.py` writes it anew.
"""

import io
import json
import keyword
import random
import tokenize
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from autograd.tracer import getval

from network_judge import (
    FAMILY,
    LOSSES,
    Enough,
    Flat,
    Loss,
    disagreement,
    observe,
    read_judgement,
)
from network_variants import NETWORKS, bases, right_networks, without_edits

# What stands in for an operator.
OPERATORS = {
    "*": "+",
    "+": "-",
    "-": "+",
    "/": "*",
    "+=": "-=",
    "-=": "+=",
    "*=": "/=",
    ">": "<=",
    ">=": "<",
    "<=": ">",
}

# Penalties and optimizers are no part of a forward pass: what an edit of theirs ought to do is unclear.
# So is an edit of targets that the judgement makes on its own. In the last row predictions can't be seen.
NOT_MUTATED = (
    "minibatch",
    "weight_decay",
    "l1_penalty",
    "neurons_as_dicts",
    "scalar_autodiff",
    "checks_itself",
    "helper_module",
    "two_networks",  # of which the judge follows the first
    "float32",
    "radial_basis",
    "gradients_accumulated",
    "layers_row_recurrent",
    "kink_at_zero",
)

SORTED = NETWORKS / "mutants.json"
STEPS_WATCHED = 2
EVENTS = 20_000


@dataclass(frozen=True)
class Edit:
    """One token in place of another; lines from 1, columns from 0."""

    line: int
    column: int
    old: str
    new: str

    def apply(self, source: str) -> str:
        lines = source.split("\n")
        text = lines[self.line - 1]
        before, after = text[: self.column], text[self.column :]
        assert after.startswith(self.old), f"stale edit {self} of {text}"
        lines[self.line - 1] = before + self.new + after.removeprefix(self.old)
        return "\n".join(lines)


@dataclass(frozen=True)
class Mutant:
    """A right network with one edit; whether its gradient is now wrong."""

    network: Path
    edit: Edit
    wrong: bool

    @property
    def source(self) -> str:
        return self.edit.apply(without_edits(self.network))


def edits_of(source: str) -> list[Edit]:
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    names = sorted({t.string for t in tokens if t.type == tokenize.NAME and len(t.string) > 1})
    return [
        Edit(token.start[0], token.start[1], old, new)
        for at, token in enumerate(tokens)
        for old, new in replacements(tokens, at, names)
    ]


def replacements(
    tokens: list[tokenize.TokenInfo], at: int, names: list[str]
) -> Iterator[tuple[str, str]]:
    token = tokens[at]
    text = token.string
    if token.type == tokenize.OP and text in OPERATORS:
        yield text, OPERATORS[text]
    elif token.type == tokenize.OP and text == "." and tokens[at + 1].string == "T":
        yield ".T", ""
    elif token.type == tokenize.NUMBER and text.isdigit() and int(text) < 4:
        yield text, str(int(text) + 1)
    elif token.type == tokenize.NAME and not keyword.iskeyword(text):
        for name in names:
            if len(name) == len(text) and sum(a != b for a, b in zip(name, text, strict=True)) == 1:
                yield text, name


class Wanted:
    """Predictions that a program has yet to show: whole, by their rows, or one by one."""

    def __init__(self, a: Flat, t: Flat) -> None:
        self.wholes = [a, a - t, t - a]
        self.rows = dict(enumerate(a)) if a.ndim > 1 else {}
        self.elements = dict(enumerate(a.reshape(-1, 1)))

    def seen(self, value: Flat) -> bool:
        if any(same(whole, value) for whole in self.wholes):
            return True
        for parts in (self.rows, self.elements):
            found = [k for k, part in parts.items() if same(part, value)]
            for k in found:
                del parts[k]
            if found and not parts:
                return True
        return False


class Predictions:
    """Whether a program computes the predictions that its judgement does."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []
        self.seen_all = True
        self.steps = self.events = 0
        self.new = True

    def losses(self) -> dict[str, Loss]:
        return {name: self.recording(loss) for name, loss in LOSSES.items()}

    def recording(self, loss: Loss) -> Loss:
        def recorded(a: Any, t: Any, *weight: Any) -> Any:
            if self.new:
                self.finish_step()
            self.wanted.append(Wanted(np.atleast_1d(getval(a)), np.atleast_1d(getval(t))))
            return loss(a, t, *weight)

        return recorded

    def finish_step(self) -> None:
        self.seen_all = self.seen_all and not self.wanted
        self.wanted, self.new = [], False
        self.steps += 1

    def watch(self, frame: FrameType, argument: object) -> None:
        self.new = True
        self.events += 1
        if self.steps > STEPS_WATCHED or self.events > EVENTS:
            raise Enough
        if not self.wanted:
            return
        for value in numbers_in([*frame.f_locals.values(), argument], depth=2):
            self.wanted = [wanted for wanted in self.wanted if not wanted.seen(value)]

    def kept(self) -> bool:
        return self.steps > STEPS_WATCHED and self.seen_all


def same(a: Flat, b: Flat) -> bool:
    if a.size != b.size:
        return False
    if a.size == 1:
        return bool(abs(a.item() - b.item()) <= 1e-12 + 1e-9 * abs(a.item()))
    return close(a.ravel(), b.ravel()) or (a.ndim == 2 and close(a.T.ravel(), b.ravel()))


def close(a: Flat, b: Flat) -> bool:
    return bool(np.all(np.abs(a - b) <= 1e-12 + 1e-9 * np.abs(a)))


def numbers_in(values: list[Any], depth: int) -> Iterator[Flat]:
    for value in values:
        if isinstance(value, np.ndarray | float | np.floating):
            array = np.asarray(value)
            if array.dtype.kind == "f" and array.size:
                yield array
        elif isinstance(value, list | tuple | dict) and depth:
            inner = list(value.values() if isinstance(value, dict) else value)[:100]
            if inner and all(isinstance(v, float) for v in inner):
                yield np.array(inner)
            yield from numbers_in(inner, depth - 1)
        elif depth and type(value).__module__ == "__main__":
            yield from numbers_in(list(vars(value).values()), depth - 1)


def keeps_predictions(source: str, folder: Path) -> bool:
    predictions = Predictions()
    judgement = replace(read_judgement(source), losses=predictions.losses())
    observe(judgement, source, folder, predictions.watch)
    return predictions.kept()


def lines_of_steps(source: str, folder: Path) -> set[int]:
    """The lines that are executed from the first step on."""
    lines: set[int] = set()
    predictions = Predictions()

    def watch(frame: FrameType, argument: object) -> None:
        if predictions.wanted:
            lines.add(frame.f_lineno)

    judgement = replace(read_judgement(source), losses=predictions.losses())
    observe(judgement, source, folder, watch)
    return lines


def is_wrong(source: str, folder: Path) -> bool | None:
    """Whether the gradient is; None where the judge can't tell, or the program doesn't run."""
    try:
        with np.errstate(all="ignore"):
            if not keeps_predictions(source, folder):
                return None
            best = min(disagreement(source, folder, loss, finite=True) for loss in FAMILY)
    except Exception:  # whatever somebody's edit can do to a program
        return None
    if best < read_judgement(source).tolerance:
        return False
    return True if best > 1e-3 else None


def sort_mutants(network: Path, wrong: int, right: int, attempts: int = 150) -> Iterator[Mutant]:
    """Up to so many mutants of a network that are wrong, and still right; the same ones every time."""
    source = without_edits(network)
    possible = edits_of(source)
    random.Random(network.stem).shuffle(possible)
    of_steps = lines_of_steps(source, network.parent)
    left = {True: wrong, False: right}
    for edit in possible[:attempts]:
        verdict = is_wrong(edit.apply(source), network.parent) if any(left.values()) else None
        if verdict and edit.line not in of_steps:
            continue  # other data, or another start
        if verdict is not None and left[verdict]:
            left[verdict] -= 1
            yield Mutant(network, edit, verdict)


def mutated_networks() -> list[Path]:
    return [
        path
        for path in (*bases(), *right_networks())
        if read_judgement(without_edits(path)).update is None
        and not any(part in path.stem for part in NOT_MUTATED)
    ]


def mutants() -> Iterator[Mutant]:
    """All that have been sorted."""
    for row in json.loads(SORTED.read_text("utf-8")):
        edit = Edit(row["line"], row["column"], row["old"], row["new"])
        yield Mutant(NETWORKS / row["network"], edit, row["wrong"])


def write_mutants() -> None:
    rows = [
        {
            "network": str(mutant.network.relative_to(NETWORKS)),
            **asdict(mutant.edit),
            "wrong": mutant.wrong,
        }
        for network in mutated_networks()
        for mutant in sort_mutants(network, wrong=6, right=2)
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    SORTED.write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    write_mutants()
