"""One-token edits of right networks, each sorted by the judge: a mistake in the gradient, or none.

Only edits that leave the predictions alone are sorted: an edit of the forward pass makes another
network, whose right gradient the judge doesn't know. A mistake disagrees with every loss of the family.
"""

import io
import keyword
import random
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from network_variants import bases, right_networks, without_edits

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
# So is an edit of targets that the judgement makes on its own, and of a loss that is what is trained.
NOT_MUTATED = (
    "minibatch",
    "weight_decay",
    "l1_penalty",
    "neurons_as_dicts",
    "scalar_autodiff",
    "checks_itself",
)

STEPS_WATCHED = 2
EVENTS = 20_000


@dataclass(frozen=True)
class Mutant:
    """A right program with one token changed; whether its gradient is now wrong."""

    path: Path
    line: int
    edit: str
    source: str
    wrong: bool


def edits_of(source: str) -> Iterator[tuple[int, str, str]]:
    """Every edit of one token: its line, what it is, and the program that it makes."""
    lines = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    names = sorted({t.string for t in tokens if t.type == tokenize.NAME and len(t.string) > 1})
    for at, token in enumerate(tokens):
        for old, new, width in replacements(tokens, at, names):
            row, start = token.start
            line = lines[row - 1]
            changed = line[:start] + new + line[start + width :]
            yield row, f"{old} -> {new}", "".join([*lines[: row - 1], changed, *lines[row:]])


def replacements(
    tokens: list[tokenize.TokenInfo], at: int, names: list[str]
) -> Iterator[tuple[str, str, int]]:
    token = tokens[at]
    text = token.string
    if token.type == tokenize.OP and text in OPERATORS:
        yield text, OPERATORS[text], len(text)
    elif token.type == tokenize.OP and text == "." and tokens[at + 1].string == "T":
        yield ".T", "", 2
    elif token.type == tokenize.NUMBER and text.isdigit() and int(text) < 4:
        yield text, str(int(text) + 1), len(text)
    elif token.type == tokenize.NAME and not keyword.iskeyword(text):
        for name in names:
            if len(name) == len(text) and sum(a != b for a, b in zip(name, text, strict=True)) == 1:
                yield text, name, len(text)


class Predictions:
    """Whether a program computes the predictions that its judgement does."""

    def __init__(self) -> None:
        self.wanted: list[tuple[Flat, Flat]] = []
        self.seen_all = True
        self.steps = self.events = 0
        self.new = True

    def losses(self) -> dict[str, Loss]:
        return {name: self.recording(loss) for name, loss in LOSSES.items()}

    def recording(self, loss: Loss) -> Loss:
        def recorded(a: Any, t: Any) -> Any:
            if self.new:
                self.finish_step()
            self.wanted.append((np.atleast_1d(getval(a)), np.atleast_1d(getval(t))))
            return loss(a, t)

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
        for value in numbers_in([*frame.f_locals.values(), argument], depth=2):
            self.wanted = [left for pair in self.wanted for left in still_wanted(pair, value)]

    def kept(self) -> bool:
        return self.steps > STEPS_WATCHED and self.seen_all


def still_wanted(pair: tuple[Flat, Flat], value: Flat) -> list[tuple[Flat, Flat]]:
    """What is left to be seen of predictions, by their rows or one by one, once a value is seen."""
    a, t = pair
    if same(a, value) or same(a - t, value) or same(t - a, value):
        return []
    if a.ndim == t.ndim and a.ndim > 1 and value.size == a[0].size < a.size:
        left = [k for k in range(len(a)) if not same(a[k], value)]
        return [(a[left], t[left])] if left else []
    if a.size > 1 and value.size == 1 and a.shape == t.shape:
        left = [k for k in range(a.size) if not same(a.ravel()[k : k + 1], value)]
        if len(left) == a.size:
            return [pair]
        return [(a.ravel()[left], t.ravel()[left])] if left else []
    return [pair]


def same(a: Flat, b: Flat) -> bool:
    if a.size != b.size:
        return False
    flat = b.ravel()
    return bool(
        np.allclose(a.ravel(), flat, rtol=1e-9, atol=1e-12)
        or (a.ndim == 2 and np.allclose(a.T.ravel(), flat, rtol=1e-9, atol=1e-12))
    )


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


def is_wrong(source: str, folder: Path) -> bool | None:
    """Whether the gradient is; None where the judge can't tell, or the program doesn't run."""
    try:
        with np.errstate(all="ignore"):
            if not keeps_predictions(source, folder):
                return None
            best = min(disagreement(source, folder, loss) for loss in FAMILY)
    except Exception:  # whatever somebody's edit can do to a program
        return None
    if best < read_judgement(source).tolerance:
        return False
    return True if best > 1e-3 else None


def mutants_of(path: Path, wrong: int, right: int, attempts: int = 60) -> Iterator[Mutant]:
    """Up to so many mutants of a right network that are wrong, and still right; the same ones every time."""
    source = without_edits(path)
    possible = list(edits_of(source))
    random.Random(path.stem).shuffle(possible)
    left = {True: wrong, False: right}
    for line, edit, changed in possible[:attempts]:
        verdict = is_wrong(changed, path.parent) if any(left.values()) else None
        if verdict is not None and left[verdict]:
            left[verdict] -= 1
            yield Mutant(path, line, edit, changed, verdict)


def mutated_networks() -> list[Path]:
    return [
        path
        for path in (*bases(), *right_networks())
        if read_judgement(without_edits(path)).update is None
        and not any(part in path.stem for part in NOT_MUTATED)
    ]


def mutants(wrong: int = 3, right: int = 1) -> Iterator[Mutant]:
    """Mutants of all right networks."""
    for path in mutated_networks():
        yield from mutants_of(path, wrong, right)
