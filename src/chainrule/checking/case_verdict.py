"""The verdict on one case: what explains its updates, or what is wrong with them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.case_doubts import (
    MEETS_ITSELF,
    WITHOUT_ERROR,
    doubt_about_case,
    listed,
    meets_itself,
    words_for_other_class,
)
from chainrule.checking.driving.driving import left_to_choose
from chainrule.checking.finding.comparisons import is_compared_elsewhere, is_taken_off_elsewhere
from chainrule.checking.finding.findings import findings_of
from chainrule.checking.finding.frozen import (
    Frozen,
    birthplace,
    find_frozen,
    given_name,
    without_error,
)
from chainrule.checking.finding.left_random import (
    doubt_about,
    find_left_random,
    notes_on,
)
from chainrule.checking.finding.made_anew import find_made_anew
from chainrule.checking.finding.never_updated import frozen_findings, frozen_rows
from chainrule.checking.fitting.case import (
    Case,
    adds_targets,
    right_losses,
    uses_data,
)
from chainrule.checking.fitting.fitting import Fit, common_factor
from chainrule.checking.fitting.other_classes import loss_of_other_class
from chainrule.checking.fitting.own_losses import fit_own_loss, stated_losses
from chainrule.checking.fitting.penalties import words_for_penalties
from chainrule.checking.fitting.truncated import are_recurrent, time_steps_back
from chainrule.checking.fitting.unlike_optimizers import Unlike, unlike_optimizers
from chainrule.checking.repairing.certainty import (
    cannot_meet,
    is_believable,
    is_clearly_wrong,
    is_seen_as_recorded,
)
from chainrule.checking.repairing.impossible_slopes import lifts_slope
from chainrule.checking.repairing.other_losses import (
    is_of_another_loss,
    rounds_on_its_way,
    shapes_errors,
)
from chainrule.checking.repairing.own_steps import find_solved_step
from chainrule.checking.repairing.repair import fits_last_layer, repair_case
from chainrule.checking.targets.blind_updates import (
    is_changed_alone,
    with_blind_updates,
)
from chainrule.checking.targets.corrected_text import Correction
from chainrule.checking.targets.feedback import feedback_of
from chainrule.checking.targets.missing_target import (
    find_missing_target,
    uses_own_targets,
)
from chainrule.checking.targets.other_targets import (
    find_other_classes,
    find_other_targets,
    loss_of_other_targets,
)
from chainrule.checking.targets.slips import find_self_difference
from chainrule.checking.targets.unread_errors import find_unread_error
from chainrule.checking.targets.unused_parameters import find_unfollowed, find_unused
from chainrule.checking.verdict import ParameterVerdict, Verdict, joined_losses, undecided
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

NO_DATA = "its predictions are made of parameters alone: no data go into them"
ALL_ZERO = "every update is 0: nothing comes back from its errors, and no parameter ever moves"
MAYBE_TRUNCATED = (
    "its recurrent parameters do not follow the whole gradient: no single mistake explains that, and some of the ways "
    "back through time may be left out on purpose"
)
UNEXPLAINED = "no loss of the family explains its updates, and no single mistake either"
OTHER_LOSS = "no loss of the family explains its updates, and what it makes of its errors may be the gradient of another one"
FREEZING = re.compile("freez|frozen|trainable", re.IGNORECASE)
ENOUGH_ENTRIES = 2  # that follow their gradients by one rate
SERVING = {"add", "matmul"}
TARGET_SHARE = 0.5  # of what is left, for finding a target that is not used


def decide_case(
    name: str, case: Case, run: Run, deadline: Deadline, driven: bool = False
) -> Verdict:
    """The verdict on updates: what explains them, or what is wrong with them."""
    if case.unknown_function is not None:
        return undecided(
            name, f"it uses {case.unknown_function}(), whose derivative is not known here and which is too "
            "large to be differentiated numerically",
        )  # fmt: skip
    if not uses_data(case) and case.anatomy.loss is None:
        return undecided(name, NO_DATA)
    losses = right_losses(case)
    if not driven:
        own_targets, missing = judge_targets(run, case, bool(losses), sooner(deadline))
        if missing is not None:
            return without_target(name, missing)
        if own_targets:
            return undecided(
                name,
                "its targets are made from its own predictions: rounded, or drawn with their probabilities",
            )
    blind = with_blind_updates(case, run.finished, bool(losses))
    if blind is not None and not right_losses(blind):
        return decide_blind(name, blind, run, deadline)
    if losses:
        return (
            (None if driven else decide_other_targets(name, case, run, deadline))
            or doubt_about_case(name, case, run, driven)
            or decide_right(name, case, losses, run, driven)
        )
    own = fit_own_loss(case)
    if own is not None and not cannot_meet(case):
        fit, step = own
        if adds_targets(case):
            return undecided(
                name, "its errors add predictions and targets: the loss is least where these are opposite",
                advice="Where that is meant, turn the targets' signs and subtract them.",
            )  # fmt: skip
        return Verdict(
            name, "right",
            f"every update follows the gradient of the loss that line {case.program.site(step).line} computes",
            parameters=parameter_rows(case, fit),
        )  # fmt: skip
    for fit in case.fits.values():
        frozen = without_error(case, fit, run)
        if any(one.whole for one in frozen):
            return never_reached(name, case, fit, run, frozen)
    solved = find_solved_step(case)
    if solved is not None:
        return undecided(
            name, f"line {case.program.site(solved).line} solves a system of equations for its steps, as Newton's method "
            "and its kin do: such steps are no multiples of gradients",
        )  # fmt: skip
    return decide_truncated(name, case) or blame(name, run, case, deadline)


def decide_truncated(name: str, case: Case) -> Verdict | None:
    """Right, where all updates follow a gradient that goes back through the last few time steps, as it is meant to."""
    truncated = time_steps_back(case)
    if truncated is None:
        return None
    loss, count = truncated
    fit = replace(case.fits[loss], good=case.fits[loss].good | case.fits[loss].bad, bad=set())
    return Verdict(
        name, "right",
        f"every update follows the gradient, truncated: it goes back through the last {count} time steps of each "
        "prediction", loss=loss, parameters=parameter_rows(case, fit),
    )  # fmt: skip


def decide_other_targets(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, or undecided, where errors are of other targets than the loss that is computed of the same predictions."""
    stated = loss_of_other_targets(case)
    if stated is None:
        return decide_other_classes(name, case, run, deadline)
    line = case.program.site(stated).line
    reason = f"its errors compare predictions with other targets than the loss does that line {line} computes"
    mended = find_other_targets(run, case, sooner(deadline))
    return undecided(name, reason) if mended is None else corrected_verdict(name, mended, reason)


def decide_other_classes(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict | None:
    other = loss_of_other_class(case)
    if other is None:
        return None
    reason = words_for_other_class(case, other)
    mended = find_other_classes(run, case, sooner(deadline))
    return undecided(name, reason) if mended is None else corrected_verdict(name, mended, reason)


def words_for_unused(parameter: str) -> str:
    return f"errors update {parameter}, and no prediction is made with it"


def words_for_unfollowed(case: Case, parameter: str, step: Instruction) -> str:
    return (
        f"errors update {parameter}, and how predictions are made of what line {case.program.site(step).line} "
        "computes with it could not be followed"
    )


def decide_right(name: str, case: Case, losses: Sequence[str], run: Run, driven: bool) -> Verdict:
    """Right, where a loss explains every update: unless a parameter has none, or one of another optimizer."""
    fit = case.fits[losses[0]]
    frozen = find_frozen(case, fit, run)
    for one in frozen:
        one.intended = one.intended or (driven and left_to_choose(run, one.name))
    drawn = [] if case.anatomy.claimed else find_left_random(case, fit, run)
    frozen += [] if driven else find_made_anew(case, fit, run)
    frozen += [one.frozen for one in drawn]
    findings = frozen_findings(case, fit, frozen, run)
    unsure = [one for one in drawn if one.meant is None]
    unused = None if driven or findings else find_unused(case)
    unfollowed = None if findings else find_unfollowed(case)
    unlike = unlike_optimizers(case, fit)
    rows = parameter_rows(case, fit, {one.position for one in frozen}) + frozen_rows(frozen)
    if unused is not None:
        return undecided(name, words_for_unused(unused), parameters=rows)
    if unfollowed is not None:
        return undecided(name, words_for_unfollowed(case, *unfollowed), parameters=rows)
    if unsure and not findings:
        return undecided(name, doubt_about(unsure[0]), parameters=rows)
    if not driven and not findings and is_changed_alone(case, idly=True):
        return undecided(name, WITHOUT_ERROR, parameters=rows)
    if unlike is not None and not unlike.stated and not findings:
        return undecided(name, words_for_unlike(case, unlike), parameters=rows)
    apart = [words_for_unlike(case, unlike)] if unlike is not None else []
    return Verdict(
        name, "wrong" if findings else "right",
        "a parameter is never updated" if findings else "every update follows the gradient",
        loss=joined_losses(losses), factor=common_factor(case.anatomy, fit),
        parameters=rows, findings=findings,
        notes=[
            *notes_on(drawn), *words_for_weights(case), *words_for_stated(case, losses),
            *words_for_penalties(case, losses), *apart,
        ],
    )  # fmt: skip


def judge_targets(
    run: Run, case: Case, right: bool, deadline: Deadline
) -> tuple[bool, Correction | None]:
    """Whether targets are a program's own predictions; and a target that updates should depend on."""
    if right:
        if meets_itself(case):
            missing = find_self_difference(run, case, deadline) or find_missing_target(
                run, case.program, deadline
            )
            if missing is not None:
                return False, missing
        return uses_own_targets(run, case, deadline)
    if is_compared_with_data(case) or any(is_explained(case, fit) for fit in case.fits.values()):
        return False, None
    return False, find_missing_target(run, case.program, deadline)


def is_compared_with_data(case: Case) -> bool:
    """Whether every update comes from differences of predictions and data: then no target is missing.

    A parameter's first value is subtracted from as well, but serves a layer, too; that of a velocity is 0.
    """
    numbers = {number for update in case.anatomy.updates for number in update.mixes}
    mixes = [case.anatomy.mixes[number] for number in numbers]
    return all(
        mix.by_difference
        or (
            mix.step.operation == "subtract"
            and np.any(case.values[mix.target])
            and not any(s.operation in SERVING for s in case.program.consumers[mix.target])
        )
        for mix in mixes
    )


def is_explained(case: Case, fit: Fit) -> bool:
    """Whether targets explain most of the parameters, or so many entries by one rate that it is no chance."""
    chains = case.anatomy.chains
    entries = sum(np.size(case.values[chains[number].root]) for number in fit.good)
    plain = fit.form != "adaptive" and len(case.worlds) > 1
    next_to_error = len(fit.good) > 1 and fits_last_layer(case, fit)
    return 2 * len(fit.good) >= len(chains) or (
        plain and (next_to_error or entries >= ENOUGH_ENTRIES)
    )


def decide_blind(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict:
    """Wrong, where a repair shows which error a parameter's updates lack; else nobody knows what they mean."""
    for fit in case.fits.values():
        frozen = without_error(case, fit, run)
        if frozen:
            return never_reached(name, case, fit, run, frozen)
    verdict = blame(name, run, case, deadline)
    if verdict.verdict == "wrong" and all(finding.proved for finding in verdict.findings):
        return verdict
    unread = find_unread_error(run, deadline)
    if unread is not None:
        return corrected_verdict(name, unread, "some updates depend on no error")
    errors, program = case.anatomy.error_masks, case.program
    for chain in case.anatomy.chains:
        blind = not any(errors[p] for step in chain.steps for p in step.inputs)
        if blind and not case.anatomy.forward.isdisjoint(chain.versions):
            site = program.site(chain.steps[0])
            of_file = f" of {run.sources[site.file].path.name}" if site.file else ""
            where = f"by line {site.line}{of_file}: {chain.name(program) or 'a parameter'}"
            return undecided(
                name, f"{WITHOUT_ERROR}, {where}", advice="Does this update use the gradient?"
            )
    return undecided(name, WITHOUT_ERROR)


def never_reached(name: str, case: Case, fit: Fit, run: Run, frozen: Sequence[Frozen]) -> Verdict:
    """Wrong: statements add 0 to parameters in every pass; undecided, where the program speaks of freezing some."""
    rows = parameter_rows(case, fit, {one.position for one in frozen}) + frozen_rows(frozen)
    held = all(one.intended for one in frozen)
    if held or any(FREEZING.search(source.text) for source in run.sources):
        return undecided(
            name, "some of its parameters stay as they are, perhaps on purpose", parameters=rows
        )
    return Verdict(
        name, "wrong", "a parameter is never updated", loss=joined_losses([fit.loss]),
        factor=common_factor(case.anatomy, fit), parameters=rows,
        findings=frozen_findings(case, fit, frozen, run),
    )  # fmt: skip


def sooner(deadline: Deadline) -> Deadline:
    """When a search must have ended that comes before another."""
    return deadline.share(TARGET_SHARE)


def without_target(name: str, missing: Correction) -> Verdict:
    """Wrong: the corrected program shows that a target is all that the error lacks, or a prediction."""
    if all(finding.mistake == "target-unused" for finding in missing.findings):
        return corrected_verdict(name, missing, "no update depends on the targets")
    return corrected_verdict(name, missing, MEETS_ITSELF)


def corrected_verdict(name: str, correction: Correction, reason: str) -> Verdict:
    """Wrong: the corrected program shows what its finding says, of the parameters that this names."""
    case, losses, findings = correction.case, correction.losses, correction.findings
    rows = parameter_rows(case, case.fits[losses[0]])
    named = {name for finding in findings for name in finding.parameters}
    for row in rows:
        if row.name in named:
            row.verdict, row.cosine, row.ratio = "wrong", None, None
    return Verdict(
        name, "wrong", reason, loss=joined_losses(losses), parameters=rows, findings=findings
    )


def blame(name: str, run: Run, case: Case, deadline: Deadline) -> Verdict:
    """Wrong, with the mistake put right and proved; or localised; or undecided."""
    if lifts_slope(case):
        return undecided(
            name, "a small number is added to derivatives, as is done so that saturated units go on to learn: "
            "that is no gradient",
        )  # fmt: skip
    if rounds_on_its_way(case):
        return undecided(
            name, "its predictions are made of numbers that it rounds, whose slopes are 0: what goes back past them "
            "is no gradient, but may be meant to take the place of one",
        )  # fmt: skip
    repair = repair_case(case, deadline)
    fit = repair.before
    assert fit is not None
    proved = repair.proved and is_believable(
        case,
        repair,
        lambda: is_taken_off_elsewhere(case) or is_compared_elsewhere(repair, run.sources),
    )
    if not (proved or is_clearly_wrong(case, fit, repair.goals)) or not is_seen_as_recorded(
        case, fit
    ):
        other = not fit.good and (
            shapes_errors(case)
            or (repair.proved and is_of_another_loss(case, repair.edits, repair.loss))
        )
        unexplained = OTHER_LOSS if other else UNEXPLAINED
        return undecided(name, unexplained if moves_anything(case) else ALL_ZERO)
    feedback = feedback_of(case)
    if feedback is not None:
        named = case.program.name(feedback) or "random numbers"
        return undecided(
            name, f"its errors go back through {named}, which no prediction is made with: that is no gradient",
        )  # fmt: skip
    findings = findings_of(case, repair, run.sources)
    if not findings:
        return undecided(
            name, "some parameters do not follow their gradients, and why could not be found"
        )
    if all(one.mistake == "unknown" for one in findings) and are_recurrent(case, fit):
        return undecided(name, MAYBE_TRUNCATED)
    count = len(fit.bad)
    return Verdict(
        name, "wrong", f"{count} of {count + len(fit.good)} parameters do not follow their gradients",
        loss=joined_losses([fit.loss]), factor=common_factor(case.anatomy, fit),
        parameters=parameter_rows(case, fit), findings=findings,
        agreement=repair.fit.apart if proved and repair.fit is not None else None,
        notes=words_for_weights(case),
    )  # fmt: skip


def moves_anything(case: Case) -> bool:
    values = case.values
    updates = case.anatomy.updates
    return any(not np.array_equal(values[one.before], values[one.after]) for one in updates)


def words_for_weights(case: Case) -> list[str]:
    """What a loss has in front of its terms, where a program gives them weights."""
    positions = {weight.position for mix in case.anatomy.mixes for weight in mix.weights}
    names = sorted({case.program.name(position) or "" for position in positions} - {""})
    if not positions:
        return []
    by = f" by {' and '.join(names)}" if names else ""
    return [f"the loss's terms are weighted{by}"]


def words_for_stated(case: Case, losses: Sequence[str]) -> list[str]:
    """That a program computes another loss than the one that its updates descend."""
    stated = stated_losses(case)
    if not stated or stated & set(losses):
        return []
    told = sorted(stated - {"huber"} or stated)  # of small errors Huber's is the square
    return [f"it computes {listed(told)}, up to a factor, which is not the loss that it descends"]


def words_for_unlike(case: Case, unlike: Unlike) -> str:
    """Whose optimizer differs, from whose, and whether the program says so."""
    some, others = (
        listed(sorted({case.anatomy.chains[n].name(case.program) or "parameter" for n in numbers}))
        for numbers in (unlike.chains, unlike.usual)
    )
    said = "by numbers of its own" if unlike.stated else "and no number of its own says so"
    return f"to the same gradients {some} would move otherwise than {others}, {said}"


def parameter_rows(
    case: Case, fit: Fit, without: Collection[int] = (), run: Run | None = None
) -> list[ParameterVerdict]:
    """One row a parameter; numbers that one line updates are one parameter, and one that goes on under its name.

    With the `run` of an engine, whose numbers all go on under one name, they go by what the source calls their first values.
    """
    stops = case.anatomy.stops
    rows: dict[tuple[str, str, int], ParameterVerdict] = {}
    for number, chain in enumerate(case.anatomy.chains):
        if number not in fit.good | fit.bad | fit.silent or chain.root in without:
            continue
        own = None if run is None else birthplace(case.program, chain.root, run)
        name = chain.name(case.program) if run is None else own and given_name(run, own)
        name = name or "parameter"
        shape = case.program.recorded[chain.root].shape
        ruling: Literal["right", "wrong"] = "wrong" if number in fit.bad else "right"
        goes_on = case.program.ancestors([chain.root], stops - {chain.root}) & stops - {chain.root}
        if goes_on and any(key[:2] == (name, ruling) for key in rows):
            continue
        alone = number if shape else -1
        told = number not in fit.silent  # of gradients that are 0 there is no direction
        cosine, ratio = (kept.get(number) if told else None for kept in (fit.cosine, fit.ratio))
        row = ParameterVerdict(name, ruling, cosine, ratio, shape)
        rows.setdefault((name, ruling, alone), row)
    return list(rows.values())
