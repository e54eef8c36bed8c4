"""What comes back of an operation by itself, held against its operands: which value is whose gradient."""

from collections.abc import Mapping, Sequence

import numpy as np

from chainrule.checking.anatomy.program import Gradients, Program, build_program
from chainrule.checking.anatomy.updates import Anatomy, seeds_of
from chainrule.checking.driving.arguments import Guess
from chainrule.checking.driving.claims import (
    Pair,
    Reading,
    apply_pairs,
    masks_of,
    mixes_made,
    name_of,
)
from chainrule.checking.driving.factors import ratio
from chainrule.checking.driving.gradient_names import is_gradient_name
from chainrule.checking.driving.operation_pairs import kind_of_operand
from chainrule.recording.execution import Run
from chainrule.recording.recording import Operation

SAME = 1e-9


def read_operation(
    run: Run,
    parameters: Sequence[int],
    stored: Mapping[str, int],
    guess: Guess,
    loss: str,
    whole: bool = False,
) -> Anatomy | None:
    """The anatomy of an operation by itself, in which every value that came back is a claim.

    Whose gradient it is, its name says; else its shape; and of several of one shape its numbers, where they are
    right, or the order. None where that is not known. Of a `whole` layer each parameter must have one, and an
    error may be meant as that of what its activation was given: what is right so is not judged.
    """
    program = build_program(run.recording, run.sites)
    left = list(parameters)
    pairs: list[Pair] = []
    for by_name in (True, False):
        for name, claim in stored.items():
            own = [
                p for p in left
                if (is_gradient_name(name, name_of(program, p)) if by_name
                    else program.recorded[p].shape == program.recorded[claim].shape)
            ]  # fmt: skip
            if len(own) == 1 and not any(pair.claim == claim for pair in pairs):
                pairs.append(Pair(own[0], claim, None, name))
                left.remove(own[0])
    true = gradients_of_made_errors(program, parameters, guess, loss)
    claimed = {pair.claim for pair in pairs}
    rest = [(name, claim) for name, claim in stored.items() if claim not in claimed]
    pairs += pair_alike(program, left, rest, true)
    if not pairs or len(pairs) < len(stored):
        return None
    if any(pair.claim not in program.step_of for pair in pairs):
        return None
    if whole and (
        lacks_gradients(program, left, pairs, true)
        or is_of_inner_error(program, pairs, true, guess)
    ):
        return None
    if takes_means(program, pairs, true, guess):
        multiply_by_samples(run, program, pairs, guess)
        program = build_program(run.recording, run.sites)
    reading = Reading(list(parameters), frozenset({"subtract"}), [], loss, pairs)
    anatomy = apply_pairs(run, program, reading, guess)
    anatomy.loss = loss
    return anatomy if len(anatomy.updates) == len(pairs) else None


def lacks_gradients(
    program: Program, left: Sequence[int], pairs: Sequence[Pair], true: Gradients
) -> bool:
    """Whether parameters that the output depends on have no gradient; the first operand is what comes in."""
    paired = {pair.parameter for pair in pairs}
    return any(
        p not in paired
        and kind_of_operand((name_of(program, p).split() or [""])[-1])
        in ("weights", "bias", "scale")
        and np.any(true.get(p, 0.0))
        for p in left
    )


def is_of_inner_error(
    program: Program, pairs: Sequence[Pair], true: Gradients, guess: Guess
) -> bool:
    """Whether all that came back is right if the error is that of a value before the output."""
    values = program.recorded
    if all(ratio(values[pair.claim], true.get(pair.parameter, 0.0)) is not None for pair in pairs):
        return False
    masks = masks_of(program, [pair.parameter for pair in pairs])
    mixes = mixes_made(guess, program)
    for mix in mixes:
        for position in sorted(program.ancestors([mix.prediction]), reverse=True):
            inner = masks[position] and position != mix.prediction
            if not inner or values[position].shape != values[mix.output].shape:
                continue
            found = program.sweep(values, {position: values[mix.output]}, ())
            if all(
                ratio(values[pair.claim], found.get(pair.parameter, 0.0)) is not None
                for pair in pairs
            ):
                return True
    return False


def gradients_of_made_errors(
    program: Program, parameters: Sequence[int], guess: Guess, loss: str
) -> Gradients:
    """The true gradients of all that went forward."""
    mixes = mixes_made(guess, program)
    seeds = seeds_of(mixes, tuple(range(len(mixes))), loss, program.recorded)
    return program.sweep(program.recorded, seeds, ())


def pair_alike(
    program: Program, parameters: Sequence[int], rest: Sequence[tuple[str, int]], true: Gradients
) -> list[Pair]:
    """Pairs of values without names and parameters of one shape: those that agree, then one after the other."""
    values = program.recorded
    found: list[Pair] = []
    for agreeing_ones in (True, False):
        for name, claim in rest:
            if any(pair.claim == claim for pair in found):
                continue
            free = [p for p in parameters if not any(pair.parameter == p for pair in found)]
            alike = [
                p for p in free
                if values[p].shape == values[claim].shape
                and (not agreeing_ones or ratio(values[claim], true.get(p, 0.0)) is not None)
            ]  # fmt: skip
            if alike:
                found.append(Pair(alike[0], claim, None, name))
    return found


def of_layer(program: Program, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of a layer's own parameters: other operands' gradients flow on."""
    own = ("weights", "bias", "scale")
    return [pair for pair in pairs if kind_of_operand(name_of(program, pair.parameter)) in own]


def takes_means(program: Program, pairs: Sequence[Pair], true: Gradients, guess: Guess) -> bool:
    """Whether parameters have the mean over the samples: of errors that are handed on as each sample's own."""
    factors = [
        ratio(program.recorded[pair.claim], true.get(pair.parameter, 0.0))
        for pair in of_layer(program, pairs)
    ]
    told = [factor for factor in factors if factor is not None]
    samples = guess.layout.inputs.samples
    return bool(told) and all(abs(factor * samples - 1) < SAME for factor in told)


def multiply_by_samples(run: Run, program: Program, pairs: Sequence[Pair], guess: Guess) -> None:
    """Sums over the samples in place of the means, as further steps of the recording."""
    recorder = run.recorder
    assert recorder is not None
    samples = float(guess.layout.inputs.samples)
    for pair in of_layer(program, pairs):
        step = program.step_of[pair.claim]
        recorder.current_site = run.recording.sites[step.number]
        recorder.call_stack = run.recording.calls[step.number]
        operation = Operation("multiply", [pair.claim, recorder.position(samples)])
        pair.claim = recorder.add(operation, samples * program.recorded[pair.claim])
