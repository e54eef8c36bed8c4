"""Which names in sight may be the target of an error: numbers of its shape that no update depends on.

A target belongs to the inputs: where these come again, it does. What is drawn anew, counts up, or goes into
the predictions is none, and neither is what never changes, such as a literal.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.targets.error_places import ErrorPlace, lasting_chains
from chainrule.recording.looking import Look, Sight


@final
@dataclass(frozen=True)
class Turn:
    """One instance of the error: what is in sight, its prediction, the data behind that, and which output it is."""

    sight: Sight
    step: Instruction
    prediction: Any
    data: tuple[int, ...]
    output: str


@final
class Surroundings:
    """All instances of an error, in a recording in which the program was looked at."""

    def __init__(self, program: Program, place: ErrorPlace, look: Look) -> None:
        self.program, self.place = program, place
        chains, self.masks, _ = lasting_chains(program)
        self.stops = {position for chain in chains for position in chain.versions}
        ends = [chain.versions[-1] for chain in chains]
        self.used = program.ancestors(ends)
        self.turns = self.match(look)

    def match(self, look: Look) -> list[Turn]:
        """Each look with its step: the recorder looks at every step of the site, in order."""
        sites = self.program.recording.sites
        steps = [step for step in self.program.steps if sites[step.number] == self.place.site]
        operation = self.place.steps[0].operation
        values = self.program.recorded
        return [
            Turn(
                sight,
                step,
                np.asarray(values[self.prediction_of(step)]),
                self.data_of(step),
                self.output_of(step),
            )
            for step, sight in zip(steps, look.seen, strict=False)
            if step.operation == operation
        ]

    def prediction_of(self, step: Instruction) -> int:
        return step.inputs[self.place.slot]

    def data_of(self, step: Instruction) -> tuple[int, ...]:
        """The values without parameters in them that a prediction is made from."""
        found: set[int] = set()
        waiting, seen = [self.prediction_of(step)], set()
        while waiting:
            position = waiting.pop()
            if position in seen or position in self.stops:
                continue
            seen.add(position)
            made = self.program.step_of.get(position)
            if self.masks[position] and made is not None:
                waiting.extend(made.inputs)
            else:
                found.add(position)
        return tuple(sorted(found))

    def output_of(self, step: Instruction) -> str:
        """Which of the outputs of a sample a prediction is, where each is an entry or a number of its own."""
        position = self.prediction_of(step)
        made = self.program.step_of.get(position)
        entry = made is not None and made.operation == "gather"
        return f"{self.masks[position]} {made.parameters['indices'] if made and entry else ''}"

    def depends(self, text: str) -> bool:
        """Whether what a text stands for depends on parameters."""
        return any(self.masks[p] for turn in self.turns for p in turn.sight.known.get(text, ()))

    def inputs(self, turn: Turn) -> bytes:
        values = (np.asarray(self.program.recorded[p], dtype=float) for p in turn.data)
        return turn.output.encode() + b"".join(value.tobytes() for value in values)

    # --- targets ----------------------------------------------------------------------------------

    def targets(self, unread: Collection[str] = ()) -> list[str]:
        """The texts of what may be the target, nearest names first; of equal values one.

        `unread` names are read nowhere in the program: those are no inputs.
        """
        if not self.turns:
            return []
        found: list[tuple[int, str]] = []
        for text in self.turns[0].sight.values:
            if all(text in turn.sight.values for turn in self.turns) and self.is_target(
                text, text in unread
            ):
                found.append((self.turns[0].sight.distances[text], text))
        found += ((0, text) for text in self.indicators())
        found += self.next_values()
        found.sort(key=lambda pair: pair[0])
        alone: dict[bytes, str] = {}
        for _, text in found:
            numbers = self.numbers(text) if text in self.turns[0].sight.values else [text]
            key = b"".join(np.asarray(v).tobytes() for v in numbers)
            alone.setdefault(key, text)
        return list(alone.values())

    def numbers(self, text: str) -> list[Any]:
        return [turn.sight.values[text] for turn in self.turns]

    def is_target(self, text: str, unread: bool) -> bool:
        values = self.numbers(text)
        if not all(self.fits(v, turn) for v, turn in zip(values, self.turns, strict=True)):
            return False
        known = {p for turn in self.turns for p in turn.sight.known[text]}
        if known & self.used or any(self.masks[p] for p in known):
            return False
        if len(np.unique(np.concatenate([np.ravel(v) for v in values]))) < 2:
            return False
        if self.is_index(values) or (not known and not unread and self.is_input(values)):
            return False
        return self.belongs_to_inputs(values, known)

    def indicators(self) -> Iterator[str]:
        """1 for the output whose number is the class, else 0: where single outputs are counted and classes too."""
        if self.place.kind != "another" or any(np.size(t.prediction) != 1 for t in self.turns):
            return
        whole = [
            text
            for text, value in self.turns[0].sight.values.items()
            if text.isidentifier()
            and all(text in t.sight.values for t in self.turns)
            and all(v.dtype.kind in "iu" and v.ndim == 0 for v in self.numbers(text))
        ]
        counted = [[int(v) for v in self.numbers(text)] for text in whole]
        for count, counts in zip(whole, counted, strict=True):
            size = max(counts) + 1
            cycles = len(counts) // size if size > 1 else 0
            if not cycles or counts[: cycles * size] != list(range(size)) * cycles:
                continue
            for name, classes in zip(whole, counted, strict=True):
                rows = [classes[k * size : (k + 1) * size] for k in range(cycles)]
                steady = all(len(set(row)) == 1 and 0 <= row[0] < size for row in rows)
                if steady and len({row[0] for row in rows}) > 1 and self.comes_again(rows):
                    yield f"(1.0 if {count} == {name} else 0.0)"

    def next_values(self) -> Iterator[tuple[int, str]]:
        """What comes after each entry of a series at hand, of which all but the last one are what predictions are made of."""
        behind = [self.program.ancestors(turn.data) for turn in self.turns]
        for text, distance in self.turns[0].sight.distances.items():
            if distance or not all(text in turn.sight.values for turn in self.turns):
                continue
            shapes = {
                (np.shape(turn.sight.values[text]), np.shape(turn.prediction))
                for turn in self.turns
            }
            whole, predicted = next(iter(shapes))
            known = [turn.sight.known[text] for turn in self.turns]
            longer = whole[:1] == tuple(size + 1 for size in predicted[:1]) != ()
            if len(shapes) > 1 or not longer or not all(known):
                continue
            if all(not given.isdisjoint(own) for given, own in zip(behind, known, strict=True)):
                following = predicted[:1] + whole[1:]
                if predicted == (*following, 1):
                    yield distance, f"{text}[1:, None]"
                elif predicted == following:
                    yield distance, f"{text}[1:]"

    def comes_again(self, rows: Sequence[Sequence[int]]) -> bool:
        """Whether classes come in the same order again, pass after pass: what is counted or drawn does not."""
        classes = [row[0] for row in rows]
        return any(
            classes[: len(classes) - period] == classes[period:]
            for period in range(2, len(classes) - 9)
        )

    def fits(self, value: Any, turn: Turn) -> bool:
        shape = np.shape(turn.prediction)
        if self.place.kind == "classes":
            axes = shape[:-1] if len(shape) > 1 else ()
            whole = value.dtype.kind in "iu" and np.shape(value) == axes
            return whole and bool(np.all((value >= 0) & (value < shape[-1])))
        if value.dtype.kind in "iu" and not np.all(np.isin(value, (-1, 0, 1))):
            return False  # a count or a class number is no entry of a target
        try:
            together = np.broadcast_shapes(np.shape(value), shape)
        except ValueError:
            return False
        return together == shape and np.size(value) == np.prod(shape, dtype=int)

    def is_index(self, values: Sequence[Any]) -> bool:
        """Whether these are numbers of rows that predictions are made from, as words of an embedding."""
        if values[0].dtype.kind not in "iu" or not np.shape(values[0]):
            return False
        behind = (step for step in self.program.steps if step.output in self.used)
        indices = [
            part
            for step in behind
            if step.operation in ("gather", "scatter")
            for part in parts_of(step.parameters["indices"])
        ]
        return any(np.array_equal(part, value) for value in values for part in indices)

    def is_input(self, values: Sequence[Any]) -> bool:
        """Whether single numbers are always among those that their prediction is made from, as bits of a series."""
        if any(np.size(value) != 1 for value in values):
            return False
        for value, turn in zip(values, self.turns, strict=True):
            given = self.program.ancestors(turn.data)
            numbers = (self.program.recorded[p] for p in given if self.program.origin(p) == "data")
            if value.item() not in [number.item() for number in numbers if np.size(number) == 1]:
                return False
        return True

    def belongs_to_inputs(self, values: Sequence[Any], known: set[int]) -> bool:
        """Whether the same inputs have the same numbers, and these were there before training or come again."""
        by_inputs: dict[bytes, bytes] = {}
        repeated, again = False, False
        seen: set[bytes] = set()
        for value, turn in zip(values, self.turns, strict=True):
            numbers = np.asarray(value, dtype=float).tobytes()
            key = self.inputs(turn)
            if key in by_inputs:
                repeated = True
                if by_inputs[key] != numbers:
                    return False
            by_inputs[key] = numbers
            again = again or (numbers in seen and np.size(value) > 1)
            seen.add(numbers)
        given = self.program.ancestors(known) & set(self.program.given)
        first = self.prediction_of(self.turns[0].step)
        return repeated or again or (bool(known) and all(position < first for position in given))


def parts_of(indices: Any) -> list[Any]:
    parts = indices if isinstance(indices, tuple) else (indices,)
    return [np.asarray(part) for part in parts if isinstance(part, np.ndarray | list)]
