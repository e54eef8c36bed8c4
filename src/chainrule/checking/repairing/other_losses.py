"""What errors may be the gradient of, though the family of losses has none such."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.fitting.case import Case
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.forward_pass import ELEMENTWISE, STRAIGHT
from chainrule.checking.repairing.impossible_slopes import used_mixes
from chainrule.checking.repairing.other_errors import MOST_ASKED, keeps_sign

SIDES = {"greater", "greater-equal", "less", "less-equal", "sign", "absolute", "maximum", "minimum"}
SUMS = {"add", "subtract"}
STAIRS = {"around", "ceil", "fix", "floor", "rint", "round", "trunc"}
OF_SLOPES = {"derivative-at-activation", "missing-derivative", "raw-error-backpropagated"}
# Losses whose own gradients depend on an error's sign.
OF_SIGNS = {"huber", "absolute-error"}


def predicts_differences(case: Case) -> bool:
    """Whether what targets meet adds up two predictions, as a value less the next one: gradients may be meant to go through one."""
    anatomy, program = case.anatomy, case.program
    makers = (program.step_of.get(mix.prediction) for mix in used_mixes(case))
    return any(
        step is not None
        and step.operation in SUMS
        and all(anatomy.masks[p] and p not in anatomy.stops for p in step.inputs)
        for step in makers
    )


def is_of_another_loss(case: Case, edits: Sequence[Edit], loss: str) -> bool:
    """Whether what edits change is what makes another loss of this one, where no parameter follows this one."""
    if any(
        adds_mean(case, edit) or picks_samples(case, edit) or is_weighed(case, edit)
        for edit in edits
    ):
        return True
    if loss in OF_SIGNS:
        return False
    if any(weighs_by_sign(case, edit) for edit in edits):
        return True
    # f' at an error is odd as well, and a mistake.
    taken = any(edit.mistake in OF_SLOPES for edit in edits)
    return not taken and shapes_errors(case)


def changes_term(case: Case, edits: Sequence[Edit]) -> bool:
    """Whether an edit changes what is made of the forward pass and added to errors: penalties of activations or predictions.

    A decay is none: no data are behind what is made of parameters alone. Nor is what another edit makes a factor.
    """
    program, stops = case.program, case.anatomy.stops
    mended = {step.number for edit in edits for step in edit.steps}
    return any(
        join.operation in SUMS
        and join.number not in mended
        and bool(data_behind(program, program.ancestors([at], stops) - stops))
        for edit in edits
        for join, at in meetings(case, edit)
    )


def is_weighed(case: Case, edit: Edit) -> bool:
    """Whether an edit changes what errors are multiplied by and no slope can be: it is made of targets.

    Or it is taken away, and made of data that no prediction is made of. A softmax's slopes have zeros and ones beside.
    """
    program, known = case.program, known_values(case)
    removed = edit.how == "remove" or undoes(case, edit)
    targets = {mix.target for mix in used_mixes(case)}
    for join, at in meetings(case, edit):
        behind = program.ancestors([at], known)
        data = removed and bool(data_behind(program, behind - known))
        if join.operation not in SUMS and (data or not behind.isdisjoint(targets)):
            return True
    return False


def meetings(case: Case, edit: Edit) -> Iterator[tuple[Instruction, int]]:
    """Where errors meet what an edit changes, and that: a factor of errors, or a term that is added to them."""
    program, errors = case.program, case.anatomy.error_masks
    if errors[edit.step.output]:
        if edit.how == "remove" or undoes(case, edit):
            for position in edit.step.inputs:
                if not errors[position] and any(errors[p] for p in edit.step.inputs):
                    yield edit.step, position
        return
    waiting, seen = [edit.step.output], {edit.step.output}
    while waiting:
        position = waiting.pop()
        for step in program.consumers.get(position, ()):
            if step.output in seen or step.output in case.anatomy.stops:
                continue
            seen.add(step.output)
            if not errors[step.output]:
                waiting.append(step.output)
            elif any(errors[p] for p in step.inputs):
                yield step, position


def shapes_errors(case: Case) -> bool:
    """Whether errors are bent before they meet anything else, and keep their signs: e / sqrt(1 + e**2), e**3, tanh(e).

    Of some loss of the differences that is the gradient.
    """
    program, anatomy = case.program, case.anatomy
    # Errors, and what is made of them and of data alone.
    made = {mix.output for mix in used_mixes(case)}
    bent: set[int] = set()
    for step in program.steps:
        own = made.intersection(step.inputs)
        if not own or step.output in anatomy.stops:
            continue
        if all(p in made or not anatomy.masks[p] for p in step.inputs):
            made.add(step.output)
            if bends(step, own) or not bent.isdisjoint(own):
                bent.add(step.output)
    ways = program.ancestors((one.after for one in anatomy.updates[:MOST_ASKED]), made - bent)
    return not bent.isdisjoint(ways) and keeps_sign(case)


def bends(step: Instruction, errors: Collection[int]) -> bool:
    """Whether a step makes of errors, entry by entry, what is not twice as large of errors twice as large."""
    if step.operation in PRODUCTS:
        return all(position in errors for position in step.inputs)
    if step.operation == "divide":
        return step.inputs[1] in errors
    return step.operation in ELEMENTWISE - STRAIGHT - {"where"}


def rounds_on_its_way(case: Case) -> bool:
    """Whether predictions are made of rounded numbers that parameters are behind: what goes back past them is a choice."""
    program, masks = case.program, case.anatomy.masks
    return any(
        step.operation.startswith("call:")
        and step.operation.split(":")[1] in STAIRS
        and any(masks[p] for p in step.inputs)
        for step in (program.step_of.get(position) for position in known_values(case))
        if step is not None
    )


def known_values(case: Case) -> set[int]:
    """Parameters, and what predictions are made of in each pass: the way back begins behind them."""
    stops = case.anatomy.stops
    return case.program.ancestors((mix.prediction for mix in used_mixes(case)), stops) | stops


def undoes(case: Case, edit: Edit) -> bool:
    """Whether an edit puts in a value's place what that is made of on the way back."""
    if edit.slot is None or edit.instead is None:
        return False
    ends = known_values(case)
    return edit.instead in case.program.ancestors([edit.step.inputs[edit.slot]], ends)


def unbends(case: Case, edit: Edit) -> bool:
    """Whether an edit puts an error in the place of what is made of it alone, as its square."""
    if edit.slot is None or edit.instead is None or not undoes(case, edit):
        return False
    known = known_values(case)
    ends = known | {edit.instead}
    return case.program.ancestors([edit.step.inputs[edit.slot]], ends).isdisjoint(known)


def adds_mean(case: Case, edit: Edit) -> bool:
    """Whether an edit changes that errors' own mean is added to them, or taken off: that is the gradient of a loss, too."""
    program, values, step = case.program, case.values, edit.step
    near = {step.output, *step.inputs} if step.operation in SUMS else {step.output}
    means = (made for p in near if (made := program.step_of.get(p)) and made.operation == "mean")
    return any(
        np.array_equal(values[mean.inputs[0]], values[other])
        for mean in means
        if case.anatomy.error_masks[mean.output]
        for consumer in program.consumers.get(mean.output, ())
        if consumer.operation in SUMS
        for other in consumer.inputs
    )


def picks_samples(case: Case, edit: Edit) -> bool:
    """Whether an edit changes which samples' errors go back, of those that were picked: of a batch some may be left out."""
    program, errors = case.program, case.anatomy.error_masks
    makers = (program.step_of.get(p) for p in (edit.step.output, *edit.step.inputs))
    for step in makers:
        if step is not None and step.operation == "gather" and errors[step.output]:
            rows, picked = (np.shape(case.values[p]) for p in (step.inputs[0], step.output))
            if picked and len(rows) == len(picked) and rows[0] > picked[0] > 1:
                return True
    return False


def is_of_parameters(case: Case, edit: Edit) -> bool:
    """Whether all that an edit changes is made of parameters alone, as a penalty is: no loss's errors are part of it."""
    program, stops, step = case.program, case.anatomy.stops, edit.step
    if step.operation not in SUMS | PRODUCTS or len(step.inputs) < 2:
        return False
    behind = program.ancestors([step.output], stops)
    return not behind.isdisjoint(stops) and (behind - stops).isdisjoint(known_values(case) - stops)


def weighs_by_sign(case: Case, edit: Edit) -> bool:
    """Whether what an edit changes depends on which of prediction and target is larger: a loss may weigh errors by that.

    Errors that have come back through weights are compared with 0 by mistake alone.
    """
    anatomy, program = case.anatomy, case.program
    ends = known_values(case)
    met = {position for mix in used_mixes(case) for position in (mix.target, mix.output)}
    changed = program.ancestors((step.output for step in edit.steps), ends)
    for step in (program.step_of[p] for p in changed - ends if p in program.step_of):
        if step.operation in SIDES and any(anatomy.masks[p] for p in step.inputs):
            behind = program.ancestors(step.inputs, ends)
            if not behind.isdisjoint(met) and behind.isdisjoint(anatomy.stops):
                return True
    return False


def data_behind(program: Program, positions: Collection[int]) -> list[int]:
    """What of some positions is given from outside: no number, and no array that the source writes down."""
    return [
        p for p in positions
        if p in program.given and program.origin(p) != "literal" and np.size(program.given[p]) > 1
    ]  # fmt: skip
