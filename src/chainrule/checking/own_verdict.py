"""The verdict by losses that a program computes itself, where no loss of the family explains its updates."""

from chainrule.checking.anatomy.losses import OWN
from chainrule.checking.anatomy.program import Program
from chainrule.checking.case_doubts import listed
from chainrule.checking.case_verdict import SERVING, parameter_rows, sooner
from chainrule.checking.finding.findings import findings_of
from chainrule.checking.finding.frozen import find_frozen
from chainrule.checking.finding.left_random import find_left_random
from chainrule.checking.fitting.case import Case, adds_targets
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.fitting.own_readings import (
    OwnReading,
    Parts,
    blamed_fit,
    follows_own_loss,
    read_by_own_losses,
)
from chainrule.checking.repairing.certainty import cannot_meet, is_seen_as_recorded
from chainrule.checking.repairing.own_loss_repairs import (
    cases_of,
    repair_by_own_losses,
    unexplained,
)
from chainrule.checking.targets.own_slips import find_own_slip
from chainrule.checking.verdict import Verdict
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run


def decide_by_evident_loss(
    name: str, case: Case, parts: Parts, run: Run, deadline: Deadline
) -> Verdict | None:
    """Right, where updates follow an own loss, plainly or no known one: then no mistake need be looked for.

    What an optimizer makes of another loss's gradients may look like a mistake beside a loss of the family.
    """
    if adds_targets(case) or cannot_meet(case):
        return None
    evident = follows_own_loss(parts) or not stated_losses(case)
    return decide_by_own_losses(name, parts, run, deadline) if evident else None


def decide_by_own_losses(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Right, where all that learns follows losses that the program computes; else nothing is said."""
    reading = read_by_own_losses(parts, sooner(deadline))
    return None if reading is None else decide_reading(name, reading, run)


def decide_reading(
    name: str, reading: OwnReading, run: Run, which: str | None = None
) -> Verdict | None:
    """Right, but for values that serve a layer and are never updated; `which` losses, if not those of their lines."""
    rows = []
    for case in reading.cases:
        fit = case.fits[OWN]
        # What the losses compare with is never updated either, and serves no layer.
        idle = [
            one for one in find_frozen(case, fit, run) if serves_layer(case.program, one.position)
        ]
        drawn = [one for one in find_left_random(case, fit, run) if one.meant is not False]
        if len(reading.cases) == 1 and (idle or drawn):
            return None
        rows += parameter_rows(case, fit, run=run if run.sites.have_operators else None)
    lines = listed([str(line) for line in sorted(set(reading.lines))])
    losses, compute = (
        ("loss", "computes") if len(set(reading.lines)) == 1 else ("losses", "compute")
    )
    which = which or f"{losses} that line {lines} {compute}"
    return Verdict(
        name, "right", f"every update follows the gradient of the {which}", parameters=rows
    )


def blame_by_own_losses(
    name: str, case: Case, parts: Parts, run: Run, deadline: Deadline, followed: bool = False
) -> Verdict | None:
    """Wrong, where one mistake keeps updates from a loss that the program computes, and no other loss may be meant.

    Or only where that is `followed` by some parameters. The case of the family's losses tells what errors are made of.
    """
    own = repair_by_own_losses(parts, deadline, case, followed)
    if own is None or not is_seen_as_recorded(own.case, own.case.fits[OWN]):
        return None
    findings = findings_of(own.case, own.repair, run.sources)
    fit, mended = own.repair.before, own.repair.fit
    if not findings or fit is None or mended is None:
        return None
    count = len(fit.bad)
    return Verdict(
        name, "wrong",
        f"{count} of {count + len(fit.good)} parameters do not follow the gradient of the loss that "
        f"line {listed([str(line) for line in own.lines])} computes",
        parameters=parameter_rows(own.case, fit), findings=findings, agreement=mended.apart,
    )  # fmt: skip


def blame_early_by_own_losses(
    name: str, case: Case, parts: Parts, run: Run, deadline: Deadline
) -> Verdict | None:
    """The same where most parameters show that it is the loss: beside another one all may look wrong."""
    fits = [own.fits[OWN] for _, own in cases_of(parts, deadline)]
    if not any(fit.bad and len(fit.good) >= len(fit.bad) for fit in fits):
        return None
    return blame_by_own_losses(name, case, parts, run, sooner(deadline)) or blame_slip(
        name, parts, run, deadline
    )


def blame_slip(name: str, parts: Parts, run: Run, deadline: Deadline) -> Verdict | None:
    """Wrong, where all updates follow a loss that the program computes once one token of its text is another."""
    found = find_own_slip(run, parts, deadline)
    if found is None:
        return None
    case, lines, finding = found
    fit = blamed_fit(case)
    count = len(fit.bad)
    return Verdict(
        name, "wrong",
        f"{count} of {count + len(fit.good)} parameters do not follow the gradient of the loss that "
        f"line {listed([str(line) for line in lines])} computes",
        parameters=parameter_rows(case, fit), findings=[finding],
    )  # fmt: skip


def doubt_by_own_losses(parts: Parts, deadline: Deadline) -> str | None:
    """What is known of updates that do not follow a loss which the program computes."""
    found = unexplained(parts, deadline)
    if found is None:
        return None
    case, line = found

    def names(numbers: set[int]) -> list[str]:
        return sorted({case.anatomy.chains[n].name(case.program) or "a parameter" for n in numbers})

    fit = case.fits[OWN]
    others = f", as those of {listed(names(fit.good))} do" if fit.good else ""
    return f"updates of {listed(names(fit.bad))} do not follow the loss that line {line} computes{others}, and why was not found"


def serves_layer(program: Program, position: int) -> bool:
    return any(step.operation in SERVING for step in program.consumers.get(position, ()))
