"""What is done once, or not at all, where nobody asks for more: sweeps that end early, edits that are made once."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.repairing.edits import Remembered
from chainrule.recording.recording import Recording
from chainrule.recording.rewriting import Sites


def products() -> Program:
    """Each value is the one before times x, and less it: w is the first, x the second."""
    program = Program(Recording(), Sites(), size=8)
    program.given = {0: np.array([0.5, -2.0]), 1: np.array([3.0, 0.25])}
    for number in range(6):
        inputs, output = ((number + 1 if number else 0), 1), number + 2
        operation = "multiply" if number % 2 == 0 else "subtract"
        step = Instruction(operation, inputs, output, {}, number)
        program.steps.append(step)
        program.step_of[output] = step
        for position in inputs:
            program.consumers.setdefault(position, []).append(step)
    return program


def test_a_sweep_that_ends_early_is_the_same_as_far_as_it_goes() -> None:
    program = products()
    values, seeds = program.run(), {7: np.ones(2)}
    whole = program.sweep(values, seeds, ())
    for least in range(8):
        short = program.sweep(values, seeds, (), least=least)
        assert short.keys() == {position for position in whole if position >= least}
        assert all(np.array_equal(short[position], whole[position]) for position in short)


def test_a_run_again_computes_what_a_run_does() -> None:
    program = products()
    values = program.run()
    moved = program.run({3: np.array([1.0, 2.0])})
    again = program.rerun(values, {}, program.steps, (), {3: np.array([1.0, 2.0])})
    assert again.keys() == {3, 4, 5, 6, 7}
    assert all(np.array_equal(again[position], moved[position]) for position in again)
    assert all(type(value) is np.ndarray for value in moved)


def test_edits_are_made_once_however_often_one_goes_through_them() -> None:
    made = []

    def make() -> Iterator[Any]:
        for number in range(4):
            made.append(number)
            yield number

    edits: Iterable[Any] = Remembered(make())
    assert next(iter(edits)) == 0
    assert made == [0]
    assert list(edits) == list(edits) == made == [0, 1, 2, 3]
