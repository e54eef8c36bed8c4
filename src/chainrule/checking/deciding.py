"""From a program to its verdict: run it, take it apart, try losses, find and prove the mistake."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chainrule.checking.anatomy.program import Program, build_program
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.checking.driving.discarded import Discarded, discarded_finding, find_discarded
from chainrule.checking.driving.driving import Driven, judge_untrained, left_to_choose
from chainrule.checking.finding.comparisons import is_compared_elsewhere
from chainrule.checking.finding.findings import findings_of
from chainrule.checking.finding.frozen import find_frozen, without_error
from chainrule.checking.finding.left_random import (
    doubt_about,
    find_left_random,
    idle_loop,
    notes_on,
)
from chainrule.checking.finding.never_updated import frozen_findings, frozen_rows
from chainrule.checking.fitting.case import (
    Case,
    adds_targets,
    common_factor,
    crossed_shapes,
    open_case,
    right_losses,
    serves_two_targets,
    takes_input_for_target,
    uses_data,
)
from chainrule.checking.fitting.components import joined_verdict, models_of
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.own_losses import fit_own_loss
from chainrule.checking.fitting.unlike_optimizers import Unlike, unlike_optimizers
from chainrule.checking.repairing.certainty import (
    cannot_meet,
    is_believable,
    is_clearly_wrong,
    is_seen_as_recorded,
)
from chainrule.checking.repairing.repair import fits_last_layer, repair_case
from chainrule.checking.targets.blind_updates import with_blind_updates
from chainrule.checking.targets.missing_target import (
    MissingTarget,
    find_missing_target,
    uses_own_targets,
)
from chainrule.checking.verdict import ParameterVerdict, Verdict, joined_losses, undecided
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.source import UnreadableError

RECORDING_SHARE = 0.4  # of the time that there is, for running the program
# What a later part shows no more than that it leaves to an earlier one.
UNCERTAIN_LATER = {"parameter-never-updated", "update-missing"}
REPAIR_SHARE = 0.85  # when looking for a mistake must have ended
LONGER = "Give it longer with --timeout S, or less to do before it trains."
NO_DATA = "its predictions are made of parameters alone: no data go into them"
UNEXPLAINED = "no loss of the family explains its updates, and no single mistake either"
HUGE = 1e8
FREEZING = re.compile("freez|frozen|trainable", re.IGNORECASE)
ENOUGH_ENTRIES = 2  # that follow their gradients by one rate
FEW = 2  # passes
FIRST_PASSES = 5
TARGET_SHARE = 0.5  # of what is left, for finding a target that is not used
DRIVING_SECONDS = 20.0  # at most, for training what a program only defines


def check_program(path: Path, seconds: float = 60.0) -> Verdict:
    """The verdict on a script or notebook. It is run here, in this process: call it in a child."""
    recording = Deadline.after(RECORDING_SHARE * seconds)
    deadline = Deadline.after(REPAIR_SHARE * seconds)
    try:
        run = run_recorded(path, watch_until_enough(recording), recording)
    except UnreadableError as error:
        return undecided(path.name, str(error))
    return decide_later(decide(path.name, run, deadline), run, deadline)


def decide(name: str, run: Run, deadline: Deadline) -> Verdict:
    """The verdict on what was recorded, at the deadline at the latest."""
    program = build_program(run.recording, run.sites)
    parting = program.first_disagreement(program.recorded)
    if parting is not None:  # of a run that diverges the beginning can be followed
        program = program.until(parting)
    case = open_beginning(program) or open_case(program, run.finished and parting is None)
    if parting is not None and not case.anatomy.updates:
        return undecided(
            name,
            "its computation could not be followed exactly: played again, it gave other numbers",
        )
    if not case.anatomy.updates:
        missing = find_missing_target(run, program, sooner(deadline))
        if missing is not None:
            return without_target(name, missing)
        return decide_untrained(name, case, run, deadline)
    discarded = None if is_applied(case) else find_discarded(run)
    if discarded is not None:
        return decide_discarded(name, discarded, run)
    verdicts = []
    for model in models_of(case):
        verdict = decide_case(name, model, run, deadline)
        if any(finding.mistake == "target-unused" for finding in verdict.findings):
            return verdict  # that was judged by running the whole program
        if verdict not in verdicts:  # what no error reaches was judged with the whole program
            verdicts.append(verdict)
    verdict = joined_verdict(verdicts)
    if [verdict.reason for verdict in verdicts] == [UNEXPLAINED]:
        return decide_first_passes(name, case, run, deadline) or verdict
    return verdict


def decide_first_passes(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, with a proof, where the first passes show it: a wrong step may lead to where no digits are left."""
    turns = sorted({update.turn for update in case.anatomy.updates})
    if len(turns) <= FIRST_PASSES:
        return None
    end = case.anatomy.mixes[turns[FIRST_PASSES]].prediction
    first = open_case(case.program.until(end), finished=False)
    if not first.fits or right_losses(first) or len(models_of(first)) > 1:
        return None
    verdict = blame(name, run, first, deadline)
    proved = all(finding.proved for finding in verdict.findings)
    return verdict if verdict.verdict == "wrong" and proved else None


def decide_later(verdict: Verdict, run: Run, deadline: Deadline) -> Verdict:
    """The verdict with what the program trains by other statements later on: it is right if all of it is.

    What comes later is recorded from the middle of its first pass. So it is wrong only with a proof.
    """
    if verdict.reason == NO_DATA and run.later:
        first = replace(run.later[0], later=run.later[1:])
        return decide_instead(verdict, first, deadline)
    if verdict.verdict != "right" or verdict.driven or not run.later:
        return verdict
    seen = updating_sites(run)
    for part in run.later:
        sites = updating_sites(part)
        if sites <= seen:
            continue
        line = part.sites[min(sites - seen)].line
        seen |= sites
        later = decide(verdict.file, part, deadline)
        wrong = [one for one in later.findings if one.mistake not in UNCERTAIN_LATER]
        if later.verdict == "wrong" and not wrong:
            later.verdict = "right"
        if later.verdict == "wrong" and all(finding.proved for finding in wrong):
            later.parameters = verdict.parameters + later.parameters
            later.reason = f"of what is trained from line {line} on, {later.reason}"
            return later
        if later.verdict != "right":
            return undecided(
                verdict.file,
                f"what it trains first is right; of what line {line} updates later: {later.reason}",
                parameters=verdict.parameters,
            )
        verdict.parameters += later.parameters
        verdict.factor = None
    return verdict


def decide_instead(verdict: Verdict, run: Run, deadline: Deadline) -> Verdict:
    """The verdict on what comes later, where what comes first, such as running averages, learns nothing."""
    later = decide(verdict.file, run, deadline)
    proved = all(one.proved and one.mistake not in UNCERTAIN_LATER for one in later.findings)
    if later.verdict == "undecided" or not proved:
        return verdict
    return decide_later(later, run, deadline)


def updating_sites(run: Run) -> set[int]:
    """Where a recording updates parameters."""
    anatomy = take_apart(build_program(run.recording, run.sites), run.finished)
    updated = {update.chain for update in anatomy.updates}
    return {
        run.recording.sites[step.number]
        for number, chain in enumerate(anatomy.chains)
        for step in chain.steps
        if number in updated
    }


def open_beginning(program: Program) -> Case | None:
    """Of a run that diverges what comes before its numbers are beyond all bounds, where that is a few passes."""
    end = program.first_beyond(HUGE)
    if end is None:
        return None
    case = open_case(program.until(end), finished=False)
    turns = {update.turn for update in case.anatomy.updates}
    return case if len(turns) >= FEW else None


def decide_untrained(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict:
    """The verdict on gradients that are never applied, or on what the program only defines."""
    # What comes after the use of a package that is not there may train, and nobody saw it.
    unseen = run.failure is not None and "needs the package" in run.failure
    driven, unjudged = (
        ([], []) if unseen else judge_untrained(run, deadline.within(DRIVING_SECONDS))
    )
    if not driven:
        advice = LONGER if run.interrupted else ""
        return undecided(name, run.failure or why_nothing_is_trained(case, run), advice=advice)
    if driven[0].discarded is not None:
        return decide_discarded(name, driven[0].discarded, run)
    verdicts = [decide_driven(name, one, deadline) for one in driven]
    notes = dict.fromkeys(note for verdict in verdicts for note in verdict.notes)
    # A proof is one of what was found wrong, and says nothing of other operations.
    wrong = [verdict for verdict in verdicts if verdict.verdict == "wrong"]
    verdict = joined_verdict(wrong or verdicts)
    if verdict.verdict == "right" and unjudged:
        verdict.verdict = "undecided"
        verdict.reason = f"what {listed(unjudged)} should give is not known; all others are right"
    idle = idle_loop(run) if verdict.verdict == "right" else None
    if idle is not None:
        return undecided(
            name,
            f"no parameter is updated: the loop of line {idle.line}, which would, never goes round",
        )
    if verdict.verdict == "undecided" and run.failure is not None:
        return undecided(
            name, run.failure
        )  # what stops it matters more than what was tried instead
    words = driven[0].words
    if driven[0].operation:
        were = "was" if len(driven) == 1 else "were"
        words = f"{listed([one.words for one in driven])} {were} called with random data"
    verdict.driven = True
    verdict.notes = [*notes, f"it trains nothing by itself: {words}"]
    return verdict


def listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def decide_driven(name: str, driven: Driven, deadline: Deadline) -> Verdict:
    """The verdict on one network, or on one operation; wrong only with a proof."""
    verdict = decide_case(name, driven.case, driven.run, deadline, driven=True)
    if verdict.verdict == "wrong" and not any(finding.proved for finding in verdict.findings):
        return undecided(
            name, "trained on random data its gradients agree with no loss, and why was not found"
        )
    if driven.operation:  # its loss is one that was made here
        verdict.loss = None
        for row in verdict.parameters:
            row.name = f"{driven.operation}({row.name})"
        if verdict.verdict == "right":
            verdict.reason = "every gradient that comes back is right"
    return verdict


def decide_discarded(name: str, discarded: Discarded, run: Run) -> Verdict:
    """The verdict on right updates that are thrown away."""
    case, site = discarded.case, discarded.site
    losses = right_losses(case)
    rows = parameter_rows(case, case.fits[losses[0]])
    for row in rows:
        row.verdict, row.cosine, row.ratio = "never-updated", None, None
    return Verdict(
        name, "wrong", "gradients are computed, and no parameter ever changes", loss=joined_losses(losses),
        parameters=rows, findings=[discarded_finding(site, discarded.parameter, run.sources[site.file])],
    )  # fmt: skip


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
    crossed = crossed_shapes(case)
    if losses and crossed is not None:
        return undecided(
            name, "its error holds the difference of every prediction and every target: shapes "
            f"{crossed[0]} and {crossed[1]} are broadcast to {crossed[2]}",
            advice="Give predictions and targets one shape.",
        )  # fmt: skip
    if losses and serves_two_targets(case):
        return undecided(name, "one prediction is compared with two targets, for different updates")
    if losses and takes_input_for_target(case):
        return undecided(
            name, "its updates compare predictions with inputs, while it compares them with something else elsewhere"
        )  # fmt: skip
    if losses:
        fit = case.fits[losses[0]]
        frozen = find_frozen(case, fit, run)
        for one in frozen:
            one.intended = one.intended or (driven and left_to_choose(run, one.name))
        drawn = [] if driven else find_left_random(case, fit, run)
        frozen += [one.frozen for one in drawn]
        findings = frozen_findings(case, fit, frozen, run)
        unsure = [one for one in drawn if one.meant is None]
        unlike = unlike_optimizers(case, fit)
        rows = parameter_rows(case, fit, {one.position for one in frozen}) + frozen_rows(frozen)
        if unsure and not findings:
            return undecided(name, doubt_about(unsure[0]), parameters=rows)
        if unlike is not None and not unlike.stated and not findings:
            return undecided(name, words_for_unlike(case, unlike), parameters=rows)
        apart = [words_for_unlike(case, unlike)] if unlike is not None else []
        return Verdict(
            name, "wrong" if findings else "right",
            "a parameter is never updated" if findings else "every update follows the gradient",
            loss=joined_losses(losses), factor=common_factor(case, fit),
            parameters=rows, findings=findings, notes=[*notes_on(drawn), *words_for_weights(case), *apart],
        )  # fmt: skip
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
    return blame(name, run, case, deadline)


def judge_targets(
    run: Run, case: Case, right: bool, deadline: Deadline
) -> tuple[bool, MissingTarget | None]:
    """Whether targets are a program's own predictions; and a target that updates should depend on."""
    if right:
        return uses_own_targets(run, case, deadline)
    if is_compared_with_data(case) or any(is_explained(case, fit) for fit in case.fits.values()):
        return False, None
    return False, find_missing_target(run, case.program, deadline)


def is_compared_with_data(case: Case) -> bool:
    """Whether every update comes from differences of predictions and data: then no target is missing.

    A velocity's first value is subtracted from as well; it is 0.
    """
    numbers = {number for update in case.anatomy.updates for number in update.mixes}
    mixes = [case.anatomy.mixes[number] for number in numbers]
    return all(
        mix.by_difference or (mix.step.operation == "subtract" and np.any(case.values[mix.target]))
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
    fit = next((fit for fit in case.fits.values() if without_error(case, fit, run)), None)
    if fit is not None:
        return never_reached(name, case, fit, run)
    verdict = blame(name, run, case, deadline)
    if verdict.verdict == "wrong" and all(finding.proved for finding in verdict.findings):
        return verdict
    return undecided(
        name, "something that its predictions are made with is changed without any error"
    )


def never_reached(name: str, case: Case, fit: Fit, run: Run) -> Verdict:
    """Wrong: statements add 0 to parameters in every pass; undecided, where the program speaks of freezing some."""
    frozen = without_error(case, fit, run)
    rows = parameter_rows(case, fit, {one.position for one in frozen}) + frozen_rows(frozen)
    if any(FREEZING.search(source.text) for source in run.sources):
        return undecided(
            name, "some of its parameters stay as they are, perhaps on purpose", parameters=rows
        )
    return Verdict(
        name, "wrong", "a parameter is never updated", loss=joined_losses([fit.loss]),
        factor=common_factor(case, fit), parameters=rows,
        findings=frozen_findings(case, fit, frozen, run),
    )  # fmt: skip


def sooner(deadline: Deadline) -> Deadline:
    """When a search must have ended that comes before another."""
    return deadline.share(TARGET_SHARE)


def without_target(name: str, missing: MissingTarget) -> Verdict:
    """Wrong: the corrected program shows that a target is all that the error lacks."""
    case, losses = missing.case, missing.losses
    rows = parameter_rows(case, case.fits[losses[0]])
    for row in rows:
        row.verdict, row.cosine, row.ratio = "wrong", None, None
    return Verdict(
        name, "wrong", "no update depends on the targets", loss=joined_losses(losses),
        parameters=rows, findings=[missing.finding],
    )  # fmt: skip


def blame(name: str, run: Run, case: Case, deadline: Deadline) -> Verdict:
    """Wrong, with the mistake put right and proved; or localised; or undecided."""
    repair = repair_case(case, deadline)
    fit = repair.before
    assert fit is not None
    proved = repair.proved and is_believable(
        case, repair, lambda: is_compared_elsewhere(repair, run.sources)
    )
    if not (proved or is_clearly_wrong(case, fit)) or not is_seen_as_recorded(case, fit):
        return undecided(name, UNEXPLAINED)
    findings = findings_of(case, repair, run.sources)
    if not findings:
        return undecided(
            name, "some parameters do not follow their gradients, and why could not be found"
        )
    count = len(fit.bad)
    return Verdict(
        name, "wrong", f"{count} of {count + len(fit.good)} parameters do not follow their gradients",
        loss=joined_losses([fit.loss]), factor=common_factor(case, fit),
        parameters=parameter_rows(case, fit), findings=findings,
        agreement=repair.fit.apart if proved and repair.fit is not None else None,
        notes=words_for_weights(case),
    )  # fmt: skip


def words_for_weights(case: Case) -> list[str]:
    """What a loss has in front of its terms, where a program gives them weights."""
    positions = {weight.position for mix in case.anatomy.mixes for weight in mix.weights}
    names = sorted({case.program.name(position) or "" for position in positions} - {""})
    if not positions:
        return []
    by = f" by {' and '.join(names)}" if names else ""
    return [f"the loss's terms are weighted{by}"]


def words_for_unlike(case: Case, unlike: Unlike) -> str:
    """Whose optimizer differs, from whose, and whether the program says so."""
    some, others = (
        listed(sorted({case.anatomy.chains[n].name(case.program) or "parameter" for n in numbers}))
        for numbers in (unlike.chains, unlike.usual)
    )
    said = "by numbers of its own" if unlike.stated else "and no number of its own says so"
    return f"to the same gradients {some} would move otherwise than {others}, {said}"


def is_applied(case: Case) -> bool:
    """Whether any prediction was made with an updated parameter."""
    anatomy = case.anatomy
    return any(anatomy.reached.get(p) for chain in anatomy.chains for p in chain.versions[1:])


def why_nothing_is_trained(case: Case, run: Run) -> str:
    if run.interrupted:
        return "no parameter was updated by an error in the time that it was watched"
    if not case.program.steps:
        return "it computes nothing with numbers while it runs"
    if not case.anatomy.chains:
        return "no parameter is updated by an error while it runs"
    return "no prediction meets a target on the way to an update"


def parameter_rows(case: Case, fit: Fit, without: Collection[int] = ()) -> list[ParameterVerdict]:
    """One row a parameter; numbers that one line updates are one parameter."""
    rows: dict[tuple[str, str, int], ParameterVerdict] = {}
    for number, chain in enumerate(case.anatomy.chains):
        if number not in fit.good | fit.bad | fit.silent or chain.root in without:
            continue
        name = chain.name(case.program) or "parameter"
        shape = case.program.recorded[chain.root].shape
        alone = number if shape else -1
        ruling = "wrong" if number in fit.bad else "right"
        row = ParameterVerdict(name, ruling, fit.cosine.get(number), fit.ratio.get(number), shape)  # type: ignore[arg-type]
        rows.setdefault((name, ruling, alone), row)
    return list(rows.values())
