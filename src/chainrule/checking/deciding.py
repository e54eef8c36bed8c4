"""From a program to its verdict: run it, take it apart, try losses, find and prove the mistake."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chainrule.checking.anatomy.program import Program, build_program, calls_of
from chainrule.checking.anatomy.taking_apart import take_apart
from chainrule.checking.case_doubts import WITHOUT_ERROR, listed
from chainrule.checking.case_verdict import (
    MAYBE_TRUNCATED,
    NO_DATA,
    OTHER_LOSS,
    UNEXPLAINED,
    corrected_verdict,
    decide_case,
    sooner,
    without_target,
    words_for_unused,
)
from chainrule.checking.driving.discarded import find_discarded
from chainrule.checking.engine_verdict import (
    blame_engine_alone,
    decide_engine,
    is_contradicted,
    is_of_another_loss,
    is_refuted,
)
from chainrule.checking.fitting.case import (
    Case,
    open_case,
    right_losses,
)
from chainrule.checking.fitting.components import cut_off, joined_verdict, models_of
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.fitting.own_losses import fit_own_loss, stated_losses
from chainrule.checking.fitting.own_readings import Parts, find_ends, parts_of
from chainrule.checking.fitting.penalties import loss_with_more
from chainrule.checking.own_verdict import (
    blame_by_own_losses,
    blame_early_by_own_losses,
    blame_slip,
    decide_by_evident_loss,
    decide_by_own_losses,
    doubt_by_own_losses,
)
from chainrule.checking.repairing.named_rates import find_rate_of_nothing
from chainrule.checking.targets.added_errors import find_added_error
from chainrule.checking.targets.batch_softmax import find_batch_softmax
from chainrule.checking.targets.blind_updates import with_blind_updates
from chainrule.checking.targets.corrected_text import Correction
from chainrule.checking.targets.cross_entropies import find_wrong_cross_entropy
from chainrule.checking.targets.foreign_updates import find_foreign_update, goes_astray
from chainrule.checking.targets.forward_slips import find_forward_slip, find_unread_parameter
from chainrule.checking.targets.lost_updates import find_lost_update, lost_steps
from chainrule.checking.targets.missing_target import find_missing_target
from chainrule.checking.targets.overwritten import find_overwritten, predicts_by_errors
from chainrule.checking.targets.slips import (
    find_error_without_prediction,
    find_rare_slip,
    find_slip,
    find_unread_gradient,
)
from chainrule.checking.targets.unread_errors import find_unread_error
from chainrule.checking.targets.unused_parameters import find_unused
from chainrule.checking.targets.written_indices import write_index
from chainrule.checking.untrained_verdict import (
    changes_again,
    decide_discarded,
    decide_untrained,
    is_applied,
)
from chainrule.checking.verdict import Verdict, undecided
from chainrule.checking.views import (
    decide_first_passes,
    decide_without_epsilons,
    open_beginning,
)
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, run_recorded
from chainrule.recording.loops import ROUNDS, Place
from chainrule.recording.source import UnreadableError

RECORDING_SHARE = 0.4  # of the time that there is, for running the program
ONE_ERROR = "of several outputs that are compared at one place some parameters are moved by the error of one alone"
# What a later part shows no more than that it leaves to an earlier one.
UNCERTAIN_LATER = {"parameter-never-updated", "update-missing"}
# What a count of rounds on one side and a number of samples on the other look like, if a loop is left early.
OF_LENGTHS = {"parameter-mis-scaled", "learning-rate-twice"}
PLACE_SECONDS = 10.0  # at most, for the place of a mistake that is known to be one
REPAIR_SHARE = 0.75  # when looking for a mistake must have ended
SEARCH_SHARE = 0.75  # of what is left, for a repair of what was recorded: then the text is changed
SLIPPED = "some updates do not follow their gradients"
MOST_LOOPS = 2
SHORTENED_SHARE = 0.4  # of the time that there is, for a program with a loop that is left early: else it may be whole
OF_ENGINE = "updates that its own operators make do not follow the loss, and why was not found"
LONG, BEGINNING = 30_000, 10_000  # values
EARLY_SHARE = 0.25  # of the time that is left
EARLY_BLAME = (
    0.4  # of it, for a mistake beside a loss of the program's own that some parameters follow
)


def check_program(path: Path, seconds: float = 60.0) -> Verdict:
    """The verdict on a script or notebook. It is run here, in this process: call it in a child."""
    recording = Deadline.after(RECORDING_SHARE * seconds)
    deadline = Deadline.after(REPAIR_SHARE * seconds)
    long_loops: list[Place] = []
    try:
        run = run_recorded(path, watch_until_enough(recording, long_loops), recording)
        if long_loops:
            share = 1.0 if run.sites.have_operators else SHORTENED_SHARE
            verdict = decide_shortened(path, long_loops, deadline.share(share))
            if verdict is not None:
                return verdict
            recording = deadline.share(RECORDING_SHARE / REPAIR_SHARE)
            run = run_recorded(path, watch_until_enough(recording), recording)
    except UnreadableError as error:
        return undecided(path.name, str(error))
    verdict = decide_later(decide(path.name, run, deadline), run, deadline)
    if verdict.verdict == "right" and run.unreached is not None and not verdict.driven:
        file = run.sources[run.unreached.file].path.name
        where = f"line {run.unreached.line}" + (f" of {file}" if run.unreached.file else "")
        verdict.reason += (
            f"; nothing is known of what {where} updates, which it did not come to in its time"
        )
    return verdict


def decide_shortened(path: Path, loops: list[Place], deadline: Deadline) -> Verdict | None:
    """The verdict on a program whose passes are long by a loop, if that is left early and this settles it.

    An error that sums over fewer samples is one of fewer samples, if all that the pass makes of them is cut
    alike. What is right then is right; what is wrong may be so by the cut, unless a mistake is proved.
    """
    run = run_recorded(path, watch_until_enough(deadline, loops), deadline, shortened=tuple(loops))
    if run.failure is not None:
        return None
    if run.shortened != tuple(loops):  # passes are long still, by another loop
        return decide_shortened(path, loops, deadline) if len(loops) <= MOST_LOOPS else None
    program = build_program(run.recording, run.sites)
    parts = parts_of(program, run.finished) if run.sites.have_operators else None
    if learns_within(run, loops, program, parts):
        return None  # it was none of a pass, and what it learns is to be seen to the end
    verdict = decide_later(decide(path.name, run, deadline, parts), run, deadline)
    proved = all(one.proved and one.mistake not in OF_LENGTHS for one in verdict.findings)
    if verdict.verdict == "undecided" or not proved:
        return None
    lines = listed(
        [f"{line} of {run.sources[file].path.name}" if file else str(line) for file, line in loops]
    )
    verdict.notes.append(
        f"the loop of line {lines} was left after {ROUNDS} rounds, as it takes long"
    )
    return verdict


def learns_within(run: Run, loops: Sequence[Place], program: Program, parts: Parts | None) -> bool:
    """Whether parameters are updated within some loops, or by what is called there; an engine's `parts` tell which they are."""
    if parts is None:
        anatomy = take_apart(program, run.finished)
        learnt = [anatomy.chains[number] for number in {one.chain for one in anatomy.updates}]
    else:
        learnt = [parts.chains[number] for number in parts.learning]
    lines = {loop: range(loop[1], loop[1] + 1) for loop in loops}  # as a map in one
    for file, source in enumerate(run.sources):
        for node in source.nodes:
            if isinstance(node, ast.For | ast.ListComp | ast.GeneratorExp):
                head = node.iter if isinstance(node, ast.For) else node.generators[0].iter
                if (file, head.lineno) in lines:
                    lines[file, head.lineno] = range(
                        node.lineno, (node.end_lineno or node.lineno) + 1
                    )
    sites = {
        run.sites[number]
        for chain in learnt
        for step in chain.steps
        for number in (program.spot(step)[0], *calls_of(program.call(step)))
    }
    return any(
        site.file == loop[0] and site.line in lines[loop] for site in sites for loop in loops
    )


def decide(name: str, run: Run, deadline: Deadline, parts: Parts | None = None) -> Verdict:
    """The verdict on what was recorded, at the deadline at the latest; an engine's `parts` may be known."""
    program = parts.program if parts else build_program(run.recording, run.sites)
    parting = program.first_disagreement(program.recorded)
    if parting is not None:  # of a run that diverges the beginning can be followed
        program, parts = program.until(parting), None
    if not run.sites.have_operators:
        return decide_recorded(name, run, program, parting, deadline)
    parts = parts or parts_of(program, run.finished)
    engine = decide_engine(name, parts, run, deadline) if parting is None else None
    engine = engine or blame_engine_alone(name, parts, run, deadline)
    verdict = engine or decide_recorded(name, run, program, parting, deadline)
    if verdict is engine:
        return verdict
    if verdict.verdict == "right" and parting is None and is_contradicted(verdict, parts, run):
        return undecided(name, OF_ENGINE)
    unproved = not all(
        one.proved and not is_refuted(one, run, program, verdict.driven) for one in verdict.findings
    )
    trained = verdict.findings and not verdict.driven
    if unproved or (trained and is_of_another_loss(verdict, parts)):
        # On the way back what looks like a prediction and a target may be any two values.
        return undecided(name, OF_ENGINE, parameters=verdict.parameters)
    return verdict


def decide_recorded(
    name: str, run: Run, program: Program, parting: int | None, deadline: Deadline
) -> Verdict:
    """The verdict by what is compared in the recording; from `parting` on it is another one than the program's."""
    overwritten = decide_overwritten(name, run, sooner(deadline), signed=True)
    if overwritten is not None:
        return overwritten
    missing = find_target_early(run, program, deadline) if parting is None else None
    if missing is not None:
        return without_target(name, missing)
    case = open_beginning(program) or open_case(program, run.finished and parting is None, deadline)
    if parting is not None and not case.anatomy.updates:
        return undecided(
            name,
            "its computation could not be followed exactly: played again, it gave other numbers",
        )
    if (
        not right_losses(case)
        or goes_astray(case) is not None
        or lost_steps(case)
        or predicts_by_errors(case)
    ):
        mended = decide_by_text(name, case, run, deadline)
        if mended is not None:
            return mended
    if not case.anatomy.updates:
        return decide_without_updates(name, case, program, run, deadline)
    exact = decide_without_epsilons(name, case, run, deadline)
    if exact is not None:
        return exact
    parts = None if right_losses(case) else parts_of(case.program, run.finished)
    held = find_rate_of_nothing(case) if parts else None
    if held is not None:
        return undecided(name, f"{held}, by which it multiplies a gradient, is 0")
    own = decide_by_evident_loss(name, case, parts, run, deadline) if parts else None
    if own is None and parts and explains_few(case):
        own = blame_early_by_own_losses(name, case, parts, run, deadline.share(EARLY_BLAME))
    if own is not None:
        return own
    # To look for it in the recording takes all the time that there is.
    slip = find_slip(run, case, sooner(deadline), blind=True)
    if slip is not None:
        return corrected_verdict(name, slip, SLIPPED)
    discarded = None if is_applied(case) else find_discarded(run)
    if discarded is not None:
        return decide_discarded(name, discarded, run)
    verdicts = []
    models = models_of(case)
    for model in models:
        verdict = decide_case(name, model, run, deadline.share(SEARCH_SHARE))
        if any(finding.mistake == "target-unused" for finding in verdict.findings):
            return verdict  # that was judged by running the whole program
        if verdict not in verdicts:  # what no error reaches was judged with the whole program
            verdicts.append(verdict)
    verdict = joined_verdict(verdicts)
    if verdict.verdict == "wrong" and parts and leaves_out(parts, case, run):
        # Of a loss that all follow only a part was seen: a mistake beside that is none.
        verdict = undecided(name, UNEXPLAINED, parameters=verdict.parameters)
        verdicts = [verdict]
    if verdict.verdict == "right":
        return doubt_about(case, models, verdict) or verdict
    if verdict.reason == WITHOUT_ERROR and right_losses(case):
        unread = find_unread_gradient(run, case, deadline)
        return verdict if unread is None else corrected_verdict(name, unread, SLIPPED)
    idle = find_unused(case) if verdict.verdict == "undecided" and right_losses(case) else None
    if idle is not None and verdict.reason == words_for_unused(idle):
        unread = find_unread_parameter(run, case, idle, deadline)
        return verdict if unread is None else corrected_verdict(name, unread, SLIPPED)
    proved = verdict.verdict == "wrong" and all(finding.proved for finding in verdict.findings)
    if proved and len(verdict.findings) == 1:
        write_index(verdict.findings[0], run, case, deadline.within(PLACE_SECONDS))
    if models[0] is not case and right_losses(case) and not proved:
        return undecided(name, ONE_ERROR, parameters=verdict.parameters)
    if verdict.verdict == "wrong" and all(one.mistake == "unknown" for one in verdict.findings):
        slip = find_slip(run, case, deadline.within(PLACE_SECONDS), known=True)
        return verdict if slip is None else corrected_verdict(name, slip, SLIPPED)
    reasons = {one.reason for one in verdicts}
    searched = reasons <= {UNEXPLAINED, MAYBE_TRUNCATED}
    unexplained = bool(reasons & {UNEXPLAINED, NO_DATA, OTHER_LOSS})
    other_loss = verdict.verdict == "undecided" and unexplained
    if other_loss:
        parts = parts or parts_of(case.program, run.finished)
        own = decide_by_own_losses(name, parts, run, deadline)
    if own is None and searched and not explains_few(case):
        slip = find_slip(run, case, sooner(deadline), whole=MAYBE_TRUNCATED in reasons)
        if slip is not None:
            return corrected_verdict(name, slip, SLIPPED)
    if own is None and parts and other_loss:
        followed = OTHER_LOSS in reasons
        own = blame_by_own_losses(name, case, parts, run, sooner(deadline), followed)
    if own is None and reasons == {UNEXPLAINED} and parts:
        own = blame_slip(name, parts, run, sooner(deadline))
    if own is None and searched and explains_few(case):
        slip = find_slip(run, case, deadline, whole=MAYBE_TRUNCATED in reasons)
        if slip is not None:
            return corrected_verdict(name, slip, SLIPPED)
    if own is not None or reasons != {UNEXPLAINED} or len(models) > 1:
        return own or verdict
    added = find_added_error(run, case, deadline)
    if added is not None:
        return corrected_verdict(name, added, "an update is made of a sum where a product belongs")
    softmax = find_batch_softmax(run, case, deadline)
    if softmax is not None:
        return corrected_verdict(name, softmax, "its probabilities are normalized over a batch")
    return (
        decide_first_passes(name, case, run, deadline)
        or decide_overwritten(name, run, deadline)
        or verdict
    )


def decide_without_updates(
    name: str, case: Case, program: Program, run: Run, deadline: Deadline
) -> Verdict:
    """The verdict where no prediction meets a target on the way to an update: by losses of its own, or by driving it."""
    parts = parts_of(case.program, run.finished)
    own = decide_by_own_losses(name, parts, run, deadline)
    if own is not None:
        return own
    missing = find_missing_target(run, program, sooner(deadline)) or find_unread_error(
        run, sooner(deadline)
    )
    if missing is not None:
        return without_target(name, missing)
    again = changes_again(case.program)
    slip = find_error_without_prediction(run, case, sooner(deadline)) if again else None
    if slip is not None:
        return corrected_verdict(name, slip, "an error is made of no prediction")
    own = blame_by_own_losses(name, case, parts, run, sooner(deadline)) or blame_slip(
        name, parts, run, sooner(deadline)
    )
    if own is not None:
        return own
    verdict = decide_untrained(name, case, run, deadline)
    doubt = doubt_by_own_losses(parts, deadline) if verdict.verdict == "undecided" else None
    verdict.reason, verdict.advice = (doubt, "") if doubt else (verdict.reason, verdict.advice)
    return decide_overwritten(name, run, deadline) or verdict


def explains_few(case: Case) -> bool:
    """Whether no loss of the family explains half of the parameters: then it may be none that is meant."""
    most = max((len(fit.good) for fit in case.fits.values()), default=0)
    return 2 * most < len({update.chain for update in case.anatomy.updates})


def leaves_out(parts: Parts, case: Case, run: Run) -> bool:
    """Whether a parameter learns that is not judged beside a loss of the family, and the program computes another one."""
    judged = {case.anatomy.chains[update.chain].root for update in case.anatomy.updates}
    judged |= {p for c in case.anatomy.chains if c.root in judged for p in c.versions}
    alone = any(judged.isdisjoint(parts.chains[number].versions) for number in parts.learning)
    return (
        alone
        and with_blind_updates(case, run.finished, False) is None
        and bool(find_ends(parts)[0])
        and not stated_losses(case)
    )


def decide_by_text(name: str, case: Case, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where a statement of a kind that few programs have is what is wrong, as running it corrected shows."""
    if not case.program.steps:  # nothing that it does has to do with numbers
        return None
    foreign = find_lost_update(run, case, deadline) or find_foreign_update(run, deadline)
    if foreign is not None:
        return corrected_verdict(
            name, foreign, "an update stands where that of another value belongs"
        )
    rare = find_rare_slip(run, case, deadline.share(EARLY_SHARE))
    if rare is not None:
        return corrected_verdict(name, rare, SLIPPED)
    mended = decide_overwritten(name, run, deadline.share(EARLY_SHARE))
    if mended is None:
        summed = find_forward_slip(run, case, deadline.share(EARLY_SHARE))
        mended = None if summed is None else corrected_verdict(name, summed, SLIPPED)
    if mended is None:
        crossed = find_wrong_cross_entropy(run, deadline.share(EARLY_SHARE))
        words = "an error is none that a cross-entropy has"
        mended = None if crossed is None else corrected_verdict(name, crossed, words)
    # A loss of its own may ask for the statement as it is.
    if mended is None or (case.anatomy.updates and fit_own_loss(case) is not None):
        return None
    return mended


def doubt_about(case: Case, models: Sequence[Case], verdict: Verdict) -> Verdict | None:
    """Undecided, where what is right by itself lacks part of a loss."""
    lacking = cut_off(models)
    if lacking is not None:
        return undecided(
            verdict.file,
            f"{lacking} makes predictions of several losses, and one of them moves it by none of its errors",
            parameters=verdict.parameters,
        )
    more = loss_with_more(case) if len(models) == 1 else None
    if more is not None:
        return undecided(
            verdict.file,
            f"some parameters follow the loss that line {case.program.site(more).line} computes, and others "
            "only a part of it",
            parameters=verdict.parameters,
        )
    return None


def decide_overwritten(
    name: str, run: Run, deadline: Deadline, signed: bool = False
) -> Verdict | None:
    """Wrong, where statements that overwrite parameters are what is wrong, as running it with updates shows."""
    found = find_overwritten(run, deadline, signed)
    words = "parameters are overwritten by what should be added to them"
    return corrected_verdict(name, found, words) if found is not None else None


def decide_later(verdict: Verdict, run: Run, deadline: Deadline) -> Verdict:
    """The verdict with what the program trains later on, by other statements or other branches: right if all is.

    What comes later is recorded from the middle of its first pass. So it is wrong only with a proof.
    """
    if verdict.reason == NO_DATA and run.later:
        first = replace(run.later[0], later=run.later[1:])
        return decide_instead(verdict, first, deadline)
    if verdict.verdict != "right" or verdict.driven or not run.later:
        return verdict
    seen = training_sites(run)
    for part in run.later:
        sites = training_sites(part)
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
                f"what it trains first is right; of what it trains when it comes to line {line}: {later.reason}",
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


def training_sites(run: Run) -> set[int]:
    """Where a recording computes what goes into updates of parameters."""
    program = build_program(run.recording, run.sites)
    anatomy = take_apart(program, run.finished)
    behind = program.ancestors(update.after for update in anatomy.updates)
    sites = (run.recording.sites[step.number] for step in program.steps if step.output in behind)
    return {site for site in sites if site >= 0}


def find_target_early(run: Run, program: Program, deadline: Deadline) -> Correction | None:
    """Of a long recording without an update at its beginning, as of lists, the target that its errors lack."""
    if program.size < LONG or take_apart(program.until(BEGINNING), finished=False).updates:
        return None
    return find_missing_target(run, program.until(BEGINNING), sooner(deadline))
