"""An error that is added to what it must be multiplied by: w -= rate + gradient, error + slope.

Such an update may lead to where numbers overflow, or hide within an optimizer, so that no repair of the recorded
steps shows it. So the text is put right, and the program is run again. The sum would be a penalty if the product
were not the true gradient as well: the mistake is proved where every update then follows the gradient of a loss.
"""

import ast

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.finding.findings import with_operator
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change, Correction, finding_of, run_changed
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_CHANGES = 6
SHARE = 0.5  # of the time that is left, for all of them


def find_added_error(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where an error is added to a factor."""
    texts, sites = read_texts(run.sources), case.program.recording.sites
    found = list(dict.fromkeys(sites[step.number] for step in sums_with_errors(case)))
    end = deadline.share(SHARE)
    for site in found[:MOST_CHANGES]:
        text = texts[run.sites[site].file]
        node = text.find(run.sites[site])
        change = as_product(text, node) if isinstance(node, ast.BinOp) else None
        corrected = run_changed(run, [(text, change)], end) if change is not None else None
        if change is not None and corrected is not None:
            words = "an error plus what it should be multiplied by", "their product"
            finding = finding_of(text, change, "wrong-operator", *words)
            finding.parameters = sorted(names_behind(case, site))
            return Correction(*corrected, [finding])
    return None


def sums_with_errors(case: Case) -> list[Instruction]:
    """Steps that add to an error, on the way to an update; first those that add neither errors nor parameters."""
    anatomy = case.anatomy
    behind = case.program.ancestors(update.after for update in anatomy.updates)

    def added_besides(step: Instruction) -> int:
        errors = sum(bool(anatomy.error_masks[p]) for p in step.inputs)
        return abs(errors - 1) + sum(p in anatomy.stops for p in (*step.inputs, step.output))

    # What adds up errors of several passes is a memory of an optimizer.
    program = case.program
    remembering = {
        program.spot(step)
        for step in program.steps
        if step.operation == "add" and all(anatomy.error_masks[p] for p in step.inputs)
    }
    found = [
        step
        for step in case.program.steps
        if step.operation == "add"
        and program.spot(step) not in remembering
        and step.output in behind
        and not is_divisor(case, step)  # sqrt(v) + epsilon
        and any(anatomy.error_masks[p] for p in (*step.inputs, step.output))
    ]
    return sorted(found, key=added_besides)


def is_divisor(case: Case, step: Instruction) -> bool:
    uses = case.program.consumers.get(step.output, ())
    return any(use.operation == "divide" and use.inputs[1] == step.output for use in uses)


def as_product(text: Text, node: ast.BinOp) -> Change | None:
    """The sum with * for +, where it is one in the text."""
    if not isinstance(node.op, ast.Add) or node.lineno != node.end_lineno:
        return None
    line = text.source.text.split("\n")[node.lineno - 1]
    changed = with_operator(line, node, "*")
    if changed is None or node.end_col_offset is None:
        return None
    after = len(line.encode()) - node.end_col_offset
    coded = changed.encode()
    return Change(node, coded[node.col_offset : len(coded) - after].decode())


def names_behind(case: Case, site: int) -> set[str]:
    """The parameters that what a place computes goes into, within a pass."""
    program, anatomy = case.program, case.anatomy
    here = {step.output for step in program.steps if program.recording.sites[step.number] == site}
    return {
        anatomy.chains[update.chain].name(program) or "parameter"
        for update in anatomy.updates
        if here & program.ancestors([update.after], anatomy.stops - {update.after})
    }
