"""One name or sign in another's place, where no repair of the recorded steps shows it: bh for dh, t - 1 for t + 1.

What should stand there may be in no recording, as nothing reads it, or another order of the loop may be meant. So
the text of lines that only wrong updates come from is put right, and the program is run again. That every update
then follows the gradient is no proof by itself, as some other learning may be meant: but it is one where some
parameters follow that loss already, where the program computes it itself, or where no loss asks for what it does.
And what is read in one place alone, such as a feedback matrix, is meant to be read there.
"""

import ast
from collections.abc import Collection, Iterator
from itertools import chain, islice
from typing import TypeAlias

import numpy as np

from chainrule.checking.anatomy.program import Instruction, calls_of
from chainrule.checking.finding.findings import with_operator
from chainrule.checking.finding.syntax import FUNCTIONS, Text, parts_of, read_texts
from chainrule.checking.fitting.case import (
    Case,
    right_losses,
    serves_two_targets,
    takes_input_for_target,
)
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.fitting.left_out_errors import loss_of_more_errors
from chainrule.checking.fitting.own_losses import stated_losses
from chainrule.checking.repairing.any_loss import follows_no_loss, has_layers
from chainrule.checking.repairing.named_rates import goes_by_plan
from chainrule.checking.repairing.other_errors import update_with
from chainrule.checking.repairing.own_steps import is_other_step
from chainrule.checking.targets.blind_updates import (
    is_changed_alone,
    with_blind_updates,
)
from chainrule.checking.targets.corrected_text import Change, Correction, correction_of, run_changed
from chainrule.checking.targets.feedback import feedback_of
from chainrule.checking.targets.foreign_updates import goes_astray
from chainrule.checking.targets.index_slips import (
    bounds,
    long_strides,
    other_ends,
    other_indices,
    strides,
)
from chainrule.checking.targets.rare_slips import (
    Slip,
    all_columns,
    bare_penalties,
    overwritten_sums,
    repeated_names,
    self_differences,
    stored_in_vain,
)
from chainrule.checking.targets.token_slips import (
    EVERY,
    NAMED,
    is_of_text,
    names_just_made,
    other_names,
    other_operators,
    puts_data_for_prediction,
    unread_names,
)
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_CHANGES = 100
TOKEN_SECONDS = 2.0  # at most, for any operator, and for names that nothing else reads
SHARE = 0.7  # of the time that is left, for all of them
FEWEST_PARAMETERS = 3
NOWHERE = -1  # the site of a step that was put together afterwards
ENOUGH_ENTRIES = 2  # that follow a loss by one rate: it is no chance
SIGNS: dict[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+"}
PLAIN = (*NAMED, ast.Subscript)

Line: TypeAlias = tuple[int, int]  # of a file


def find_slip(
    run: Run,
    case: Case,
    deadline: Deadline,
    blind: bool = False,
    known: bool = False,
    whole: bool = False,
) -> Correction | None:
    """The mistake where one name or sign is another than it should be; `blind`: only where no error reaches some updates.

    `known`: that the program is wrong was shown otherwise, and only the place is looked for. `whole`: loops go
    round as often as they should, and conditions are what they should be: how far back in time they go is a choice.
    """
    unreached = with_blind_updates(case, run.finished, bool(right_losses(case)))
    judged = unreached or case
    if right_losses(judged) or not judged.fits or (blind and unreached is None):
        return None
    if blind and not any(follows_in_part(judged, loss) for loss in judged.fits):
        return None  # what is missing may be a target
    if feedback_of(judged) is not None:
        return None
    if not known and any(goes_its_own_way(case, fit) for fit in case.fits.values() if fit.good):
        return None
    end = deadline.share(SHARE)
    for tokens in (False, True):  # any other token may be wrong: they are too many for all the time
        found = islice(slips_of(run, judged, unreached is not None, whole, tokens), MOST_CHANGES)
        last = end.within(TOKEN_SECONDS) if tokens else end
        for text, several in found:
            if tokens and any(puts_data_for_prediction(judged, change) for change, *_ in several):
                continue
            corrected = run_changed(run, [(text, change) for change, *_ in several], last)
            if corrected is None or not is_all_judged(judged, corrected[0]):
                continue
            if predicts_with_errors(judged, corrected[0]) or hears_less(judged, corrected[0]):
                continue
            if known or is_mistaken(judged, *corrected):
                findings = [
                    correction_of(*corrected, text, change, name, (was, should)).findings[0]
                    for change, name, was, should in several
                ]
                return Correction(*corrected, findings)
    return None


def find_rare_slip(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where an error takes its class off every sample's, or a name is handed on twice: so few programs have one that it is tried soon."""
    for text in read_texts(run.sources):
        nodes = [node for node in ast.walk(text.tree) if isinstance(node, ast.expr)]
        for change, name, was, should in chain(
            all_columns(text, nodes), repeated_names(text), stored_in_vain(text), long_strides(text)
        ):
            corrected = run_changed(run, [(text, change)], deadline)
            if (
                corrected is not None
                and is_all_judged(case, corrected[0])
                and goes_astray(corrected[0]) is None
                and is_mistaken(case, *corrected)
            ):
                return correction_of(*corrected, text, change, name, (was, should))
    return None


def find_self_difference(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where an error is a value less itself, and one is left of which the program takes the difference elsewhere."""
    end = deadline.share(SHARE)
    found = ((text, slip) for text in read_texts(run.sources) for slip in self_differences(text))
    for text, (change, name, was, should) in islice(found, MOST_CHANGES):
        corrected = run_changed(run, [(text, change)], end)
        if corrected is not None and is_all_judged(case, corrected[0]):
            return correction_of(*corrected, text, change, name, (was, should))
    return None


def find_unread_gradient(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where a parameter's update has another value in the place of its gradient, which is computed and read nowhere.

    The others follow a loss. With its gradient that parameter does, too, and is one more.
    """
    end = deadline.share(SHARE)
    known = {update.chain for update in case.anatomy.updates}
    found = (
        (text, slip)
        for text in read_texts(run.sources)
        for slip in unread_names(text, within_updates(text))
    )
    for text, (change, name, was, should) in islice(found, MOST_CHANGES):
        corrected = run_changed(run, [(text, change)], end)
        if corrected is None or not is_all_judged(case, corrected[0]):
            continue
        judged = {update.chain for update in corrected[0].anatomy.updates}
        if len(judged) > len(known) and is_mistaken(case, *corrected):
            return correction_of(*corrected, text, change, name, (was, should))
    return None


def within_updates(text: Text) -> list[ast.expr]:
    """The names in what changes a value by a sum or a difference."""
    found: list[ast.expr] = []
    for node in ast.walk(text.tree):
        if isinstance(node, ast.AugAssign):
            sums = isinstance(node.op, ast.Add | ast.Sub)
        else:
            sums = isinstance(node, ast.Assign) and any(
                ast.unparse(target) == ast.unparse(part)
                for target in node.targets
                for part in ast.walk(node.value)
                if isinstance(part, PLAIN)
            )
        if sums and isinstance(node, ast.Assign | ast.AugAssign):
            found += [part for part in ast.walk(node.value) if isinstance(part, ast.Name)]
    return found


def find_error_without_prediction(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where no prediction stands in an error that all updates come from: b2 - t, x - t or t - t for a2 - t.

    With the prediction parameters of several layers follow a loss, which no other learning does.
    """
    end = deadline.share(SHARE)
    for text in read_texts(run.sources):
        compared = [
            part
            for node in ast.walk(text.tree)
            if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Sub)
            for part in compared_in(node)
            if isinstance(part, NAMED)
        ]
        found = chain(
            self_differences(text),
            other_names(text, compared),
            unread_names(text, compared, twice=False),
            names_just_made(text, compared),
        )
        for change, name, was, should in islice(found, MOST_CHANGES):
            corrected = run_changed(run, [(text, change)], end)
            if corrected is None or not has_layers(corrected[0]):
                continue
            chains = {update.chain for update in corrected[0].anatomy.updates}
            if len(chains) >= FEWEST_PARAMETERS and is_all_judged(case, corrected[0]):
                return correction_of(*corrected, text, change, name, (was, should))
    return None


def compared_in(node: ast.BinOp | ast.AugAssign) -> list[ast.expr]:
    """What a difference is taken of; of p[y] -= 1 that is p."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    return [node.target.value] if isinstance(node.target, ast.Subscript) else []


def is_all_judged(before: Case, case: Case) -> bool:
    """Whether what was updated still is, and by errors of one target each, which is no input."""
    return (
        not serves_two_targets(case)
        and not takes_input_for_target(case)
        and names_of_updated(before) <= names_of_updated(case)
        and not is_changed_alone(case, idly=False)
        and with_blind_updates(case, True, True) is None
    )


def predicts_with_errors(before: Case, case: Case) -> bool:
    """Whether what was taken for an error goes into predictions: z - mean, once it is z + mean."""
    if len(before.program.sites.sites) != len(case.program.sites.sites):
        return False
    used = {n for update in before.anatomy.updates for n in update.mixes}
    errors = {program_site(before, before.anatomy.mixes[n].step) for n in used} - {NOWHERE}
    predictions = (
        case.anatomy.mixes[n].prediction for update in case.anatomy.updates for n in update.mixes
    )
    behind = case.program.ancestors(predictions, case.anatomy.stops)
    return any(
        program_site(case, step) in errors for step in case.program.steps if step.output in behind
    )


def hears_less(before: Case, case: Case) -> bool:
    """Whether fewer errors than before go into an update: what is wrong may only be left out."""
    most, now = (max(len(update.mixes) for update in one.anatomy.updates) for one in (before, case))
    return now < most or loss_of_more_errors(case) is not None


def names_of_updated(case: Case) -> set[str]:
    chains = {update.chain for update in case.anatomy.updates}
    return {case.anatomy.chains[number].name(case.program) or "" for number in chains}


def is_mistaken(case: Case, corrected: Case, losses: Collection[str]) -> bool:
    """Whether a program whose updates follow these losses once it is corrected can mean nothing else.

    An optimizer's numbers may be others, and the steps are still those of one.
    """
    if any(corrected.fits[loss].form == "adaptive" for loss in losses if loss in corrected.fits):
        return False
    return (
        any(follows_in_part(case, loss) for loss in losses if loss in case.fits)
        or not stated_losses(corrected).isdisjoint(losses)
        or follows_no_loss(case, lambda k, update, errors: update_with(case, update, errors))
    )


def follows_in_part(case: Case, loss: str) -> bool:
    """Whether entries of some parameters follow a loss at the recorded numbers and at others."""
    fit = case.fits[loss]
    entries = sum(np.size(case.values[case.anatomy.chains[n].root]) for n in fit.good)
    return fit.form != "adaptive" and len(case.worlds) > 1 and entries >= ENOUGH_ENTRIES


# --- where it may stand ---------------------------------------------------------------------------


def goes_its_own_way(case: Case, fit: Fit) -> bool:
    """Whether all that is wrong is how far some go down right gradients, as somebody may want."""
    planned = bool(fit.bad) and all(goes_by_plan(case, fit, number) for number in fit.bad)
    return planned or is_other_step(case, fit)


def suspected_lines(case: Case) -> list[Line]:
    """The lines of what wrong updates are made of, and right ones and predictions are not, in order."""
    program, anatomy = case.program, case.anatomy
    fit = max(case.fits.values(), key=lambda fit: len(fit.good))

    def behind(chains: Collection[int]) -> set[int]:
        afters = {update.after for update in anatomy.updates if update.chain in chains}
        return program.ancestors(afters, anatomy.stops - afters)

    predicting = program.ancestors(
        (anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes),
        anatomy.stops,
    )
    wrong = {update.after for update in anatomy.updates if update.chain in fit.bad}
    others = (behind(fit.good) | predicting) - wrong
    own = behind(fit.bad) - others
    lines: set[Line] = set()
    calls: set[int] = set()
    known: set[int] = set()
    for step in program.steps:
        if step.output in own:
            lines |= line_of(case, step)
            calls |= set(calls_of(program.call(step)))
        elif step.output in others:
            known |= set(calls_of(program.call(step)))
    known -= {call for p in wrong & own for call in calls_of(program.call(program.step_of[p]))}
    lines |= {(program.sites[c].file, program.sites[c].line) for c in calls - known}
    return sorted(lines)


def line_of(case: Case, step: Instruction) -> set[Line]:
    if program_site(case, step) < 0:
        return set()
    site = case.program.site(step)
    return {(site.file, site.line)}


def program_site(case: Case, step: Instruction) -> int:
    return case.program.recording.sites[step.number]


def slips_of(
    run: Run, case: Case, blind: bool, whole: bool, tokens: bool
) -> Iterator[tuple[Text, list[Slip]]]:
    """What may be put right in the lines that updates come from, or any one token there that is not tried before."""
    lines = suspected_lines(case)
    for file, text in enumerate(read_texts(run.sources)):
        nodes = suspected_parts(text, [line for at, line in lines if at == file], whole)
        if not tokens:
            yield from ((text, several) for several in slips(text, case, file, nodes, blind, whole))
            continue
        known = {place_of(one) for one in single_slips(text, case, file, nodes, blind, whole)}
        for slip in chain(
            unread_names(text, nodes),
            other_operators(text, nodes, EVERY),
        ):
            if place_of(slip) not in known:
                yield text, [slip]


def place_of(slip: Slip) -> tuple[int, int, str]:
    return slip[0].node.lineno, slip[0].node.col_offset, slip[0].text


def suspected_parts(text: Text, lines: Collection[int], whole: bool) -> list[ast.expr]:
    """The expressions in some lines, in the heads of the loops around, and where functions hand values back."""
    found = (node for node in ast.walk(text.tree) if isinstance(node, ast.expr))
    nodes = [node for node in found if node.lineno in lines]
    heads = dict.fromkeys(loop for node in nodes for loop in loops_around(text, node))
    parts = (part for head in heads for part in ast.walk(head) if isinstance(part, ast.expr))
    nodes = list(dict.fromkeys((*nodes, *parts)))
    nodes += handed_back(text, nodes)
    kept = set(deciding_parts(text)) if whole else set[ast.AST]()
    return [node for node in nodes if node not in kept]


def slips(
    text: Text, case: Case, file: int, nodes: Collection[ast.expr], blind: bool, whole: bool
) -> Iterator[list[Slip]]:
    """What may be put right at once: rare slips, then one of a loop's order, an index, a sign, or a name.

    Names first where no error reaches some updates.
    """
    bare = list(bare_penalties(text, nodes, names_of_updated(case)))
    if len(bare) > 1:
        yield bare
    rare = chain(bare, overwritten_sums(text, nodes))
    alone = single_slips(text, case, file, nodes, blind, whole)
    yield from ([slip] for slip in chain(rare, alone))


def deciding_parts(text: Text) -> Iterator[ast.AST]:
    """What conditions and the heads of loops are made of: they decide how far back in time errors go."""
    for node in ast.walk(text.tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield from ast.walk(node.test)
        elif isinstance(node, ast.For | ast.comprehension):
            yield from ast.walk(node.iter)


def single_slips(
    text: Text, case: Case, file: int, nodes: Collection[ast.expr], blind: bool, whole: bool
) -> Iterator[Slip]:
    if blind:
        yield from differences(text, nodes)
        yield from other_names(text, nodes)
    heads = dict.fromkeys(loop for node in nodes for loop in loops_around(text, node) if not whole)
    for head in heads:
        yield from strides(head)
    for head in heads:
        if not goes_round_updates(text, case, file, head):
            yield from bounds(text, head)
    summed = {
        (site.line, site.column, site.end_column)
        for step in case.program.steps
        if any(case.anatomy.error_masks[p] for p in step.inputs) and program_site(case, step) >= 0
        if (site := case.program.site(step)).file == file
    }
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Subscript):
            yield from strides(node.slice)
            yield from other_ends(node.slice)
            yield from other_indices(text, node)
        if isinstance(node, ast.BinOp) and type(node.op) in SIGNS and not is_of_text(node):
            inside = text.around(node, (ast.Subscript,))
            index = isinstance(inside, ast.Subscript) and node in ast.walk(inside.slice)
            if index or (node.lineno, node.col_offset, node.end_col_offset) not in summed:
                yield from with_other_sign(text, node, "wrong-index" if index else "wrong-operator")
    if not blind:
        yield from other_names(text, nodes)


def goes_round_updates(text: Text, case: Case, file: int, head: ast.expr) -> bool:
    """Whether a loop goes from step to step, and is none within one."""
    loop = text.statement(head)
    program = case.program
    steps = {update.after for update in case.anatomy.updates}
    sites = {s for p in steps for s in calls_of(program.call(program.step_of[p]))}
    sites |= {program.recording.sites[program.step_of[p].number] for p in steps}
    lines = {program.sites[s].line for s in sites if s >= 0 and program.sites[s].file == file}
    return loop is not None and any(
        loop.lineno < line <= (loop.end_lineno or loop.lineno) for line in lines
    )


def differences(text: Text, nodes: Collection[ast.expr]) -> Iterator[Slip]:
    """Differences of two names where their sum is taken, as of an output and its target."""
    for node in nodes:
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Add)
            and all(isinstance(part, PLAIN) for part in (node.left, node.right))
        ):
            yield from with_other_sign(text, node, "wrong-operator")


def handed_back(text: Text, nodes: Collection[ast.expr]) -> list[ast.expr]:
    """The names that functions return of which some nodes have what they gave: no step stands where they are returned."""
    read = {ast.unparse(node) for node in nodes if isinstance(node, NAMED)}
    called = {
        node.value.func.id if isinstance(node.value.func, ast.Name) else node.value.func.attr
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, NAMED)
        and any(ast.unparse(part) in read for one in node.targets for part in parts_of(one))
    }
    return [
        part
        for function in ast.walk(text.tree)
        if isinstance(function, ast.FunctionDef) and function.name in called
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
        for part in parts_of(node.value)
        if isinstance(part, NAMED) and part not in nodes
    ]


def loops_around(text: Text, node: ast.AST) -> Iterator[ast.expr]:
    """What the loops around a node, within its function, go through."""
    here: ast.AST | None = node
    while here is not None and not isinstance(here, FUNCTIONS):
        if isinstance(here, ast.For):
            yield here.iter
        elif isinstance(here, ast.ListComp | ast.GeneratorExp):
            yield from (one.iter for one in here.generators)
        here = text.parents.get(here)


def with_other_sign(text: Text, node: ast.BinOp, mistake: str) -> Iterator[Slip]:
    line = text.source.text.split("\n")[node.lineno - 1]
    changed = with_operator(line, node, SIGNS[type(node.op)])
    if node.lineno != node.end_lineno or changed is None or node.end_col_offset is None:
        return
    after = len(line.encode()) - node.end_col_offset
    coded = changed.encode()
    mended = coded[node.col_offset : len(coded) - after].decode()
    yield Change(node, mended), mistake, text.segment(node), mended
