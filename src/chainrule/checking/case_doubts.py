"""What is odd about a recording though a loss explains every update: then nothing is called right."""

from collections.abc import Sequence

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.fitting.case import (
    Case,
    crossed_shapes,
    learns_from_older,
    passed_over,
    serves_two_targets,
    takes_input_for_target,
)
from chainrule.checking.fitting.left_out_errors import loss_of_more_errors
from chainrule.checking.fitting.other_classes import loss_of_other_class
from chainrule.checking.targets.blind_updates import (
    changed_without_error,
    is_changed_alone,
    is_drawn_alone,
    wastes_errors,
)
from chainrule.checking.targets.foreign_updates import goes_astray
from chainrule.checking.targets.lost_updates import find_lost
from chainrule.checking.targets.overwritten import replaced_start
from chainrule.checking.targets.raw_predictions import find_raw_prediction
from chainrule.checking.targets.unseen_outputs import unseen_parameters
from chainrule.checking.verdict import Verdict, undecided
from chainrule.recording.execution import Run

WITHOUT_ERROR = "something that its predictions are made with is changed without any error"
MEETS_ITSELF = "an error is a value less itself, which is 0"


def doubt_about_case(name: str, case: Case, run: Run, driven: bool) -> Verdict | None:
    """Undecided, where a loss explains every update, and still something is odd about what it is a loss of."""
    crossed = crossed_shapes(case)
    if crossed is not None:
        return undecided(
            name, "its error holds the difference of every prediction and every target: shapes "
            f"{crossed[0]} and {crossed[1]} are broadcast to {crossed[2]}",
            advice="Give predictions and targets one shape.",
        )  # fmt: skip
    squashed = find_raw_prediction(case)
    if squashed is not None:
        line = case.program.site(case.program.step_of[squashed]).line
        return undecided(
            name, f"its errors are those of a value before the activation of line {line}, which goes into no update",
            advice="If that is not meant: compare the activation with the targets.",
        )  # fmt: skip
    if serves_two_targets(case):
        return undecided(name, "one prediction is compared with two targets, for different updates")
    if takes_input_for_target(case):
        return undecided(
            name, "its updates compare predictions with inputs, while it compares them with something else elsewhere"
        )  # fmt: skip
    if driven:
        other = loss_of_other_class(case)
        return None if other is None else undecided(name, words_for_other_class(case, other))
    more = loss_of_more_errors(case)
    if more is not None:
        return undecided(
            name, f"in every pass some errors that the loss of line {case.program.site(more).line} counts move nothing"
        )  # fmt: skip
    if meets_itself(case):
        return undecided(name, MEETS_ITSELF)
    astray = goes_astray(case)
    if astray is not None:
        lost = case.anatomy.chains[astray].name(case.program) or "a parameter"
        return undecided(
            name, f"updates of {lost} are lost: in every pass it is made of another value"
        )
    replaced = replaced_start(case)
    if replaced is not None:
        named = case.program.name(replaced) or "a parameter"
        return undecided(
            name, f"another value stands in the place of {named} from the second pass on"
        )
    unused = find_lost(run, case)
    if unused is not None:
        return undecided(
            name, f"nothing uses what line {unused.statement.lineno} adds to a value that each pass computes anew",
            advice="Is it the update of a parameter?",
        )  # fmt: skip
    unseen = unseen_parameters(case)
    if unseen is not None:
        return undecided(
            name, f"some numbers that are drawn as {unseen} is make outputs that nothing looks at, and are never updated",
            advice="Have predictions and targets as many entries?",
        )  # fmt: skip
    if is_changed_alone(case, idly=False):
        return undecided(name, WITHOUT_ERROR)
    if is_drawn_alone(case):
        return undecided(
            name, "in some passes a parameter is changed by itself alone, and by no error"
        )
    unmoved = changed_without_error(case)
    if unmoved is not None:
        changed = case.anatomy.chains[unmoved].name(case.program) or "a parameter"
        return undecided(
            name, f"in some passes {changed} is changed by another parameter alone, and by no error"
        )
    if wastes_errors(case):
        return undecided(
            name, "in most passes errors go back through its weights and update nothing"
        )
    over = passed_over(case)
    if over:
        names = sorted({case.anatomy.chains[number].name(case.program) or "" for number in over})
        return undecided(
            name, f"in most passes errors that move other parameters leave {listed(names)} as it is",
            advice="If that is not meant: is its update outside of the loop?",
        )  # fmt: skip
    older = learns_from_older(case)
    if older:
        names = sorted({case.anatomy.chains[number].name(case.program) or "" for number in older})
        return undecided(
            name, f"some passes predict with an older {listed(names)} than the one that they update",
            advice="Compute what depends on it anew in every pass.",
        )  # fmt: skip
    return None


def meets_itself(case: Case) -> bool:
    """Whether something that updates are made from is a prediction, or a target, less itself: the other should stand there."""
    anatomy, program = case.anatomy, case.program
    afters = {update.after for update in anatomy.updates}
    behind = program.ancestors(afters, anatomy.stops - afters)
    return any(
        step.operation == "subtract"
        and step.inputs[0] == step.inputs[1]
        and step.inputs[0] not in anatomy.stops  # w - w are zeros of its shape
        and step.output in behind - anatomy.forward
        and (anatomy.masks[step.output] or scales_predictions(case, step.output))
        for step in program.steps
    )


def scales_predictions(case: Case, position: int) -> bool:
    """Whether a value is multiplied by what depends on parameters, as an error is by a slope."""
    masks = case.anatomy.masks
    return any(
        step.operation == "multiply" and any(masks[p] for p in step.inputs if p != position)
        for step in case.program.consumers.get(position, ())
    )


def words_for_other_class(case: Case, other: Instruction) -> str:
    line = case.program.site(other).line
    return f"its errors make other classes likelier than the loss does that line {line} computes"


def listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
