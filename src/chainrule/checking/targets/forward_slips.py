"""A quotient of the forward pass in which another token stands: e * e.sum() for e / e.sum(), or e / e.mean().

The way back is then that of another network, and no repair of it is one token. So the text of what predictions are
made by is changed, and the program is run again: the mistake is proved where every update then follows the gradient
of a loss. Exponentials times their own sum are meant by nobody; other operators of a forward pass may be, and a
changed one often makes a network that some loss explains.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from chainrule.checking.anatomy.program import calls_of
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case, right_losses
from chainrule.checking.repairing.own_steps import is_other_step
from chainrule.checking.targets.corrected_text import (
    Change,
    Correction,
    correction_of,
    run_changed,
)
from chainrule.checking.targets.rare_slips import Slip
from chainrule.checking.targets.slips import hears_less, is_all_judged, names_of_updated
from chainrule.checking.targets.token_slips import with_token
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_CHANGES = 40
SHARE = 0.9  # of the time that is left, for all of them
SECONDS = 2.0  # for the place of a parameter that nothing reads
REDUCTIONS = {"mean": "sum", "sum": "mean"}


def find_forward_slip(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where a value meets its own sum in the forward pass, and the way back is of their quotient."""
    if run.is_later or right_losses(case) or not case.fits:
        return None
    if any(fit.good and is_other_step(case, fit) for fit in case.fits.values()):
        return None
    end, nodes = deadline.share(SHARE), nodes_of_predictions(case, run)
    found = ((text, slip) for text, several in nodes for slip in own_sums(text, several))
    for text, (change, name, was, should) in islice(found, MOST_CHANGES):
        corrected = run_changed(run, [(text, change)], end)
        if (
            corrected is not None
            and learns_as_much(case, *corrected)
            and is_all_judged(case, corrected[0])
            and not hears_less(case, corrected[0])
        ):
            return correction_of(*corrected, text, change, name, (was, should))
    return None


def find_unread_parameter(
    run: Run, case: Case, parameter: str, deadline: Deadline
) -> Correction | None:
    """The mistake where another value stands in a prediction than a parameter that errors update and nothing reads.

    With the parameter there it follows the loss that the others follow. Then its update was meant for no other purpose.
    What is read in one place alone is meant to be read there.
    """
    end = deadline.within(SECONDS)
    for text, nodes in nodes_of_predictions(case, run):
        read = Counter(
            ast.unparse(node)
            for node in ast.walk(text.tree)
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
        )
        written = {ast.unparse(node) for node in ast.walk(text.tree) if is_updated(text, node)}
        for name in sorted(one for one in written if one.rpartition(".")[2] == parameter):
            summands = [node for node in nodes if is_summand(text, node)]
            for node in (one for one in summands if read[ast.unparse(one)] > 1):
                if ast.unparse(node) == name:
                    continue
                change = Change(node, name)
                corrected = run_changed(run, [(text, change)], end)
                if (
                    corrected is not None
                    and parameter in names_of_updated(corrected[0])
                    and learns_as_much(case, *corrected)
                    and is_all_judged(case, corrected[0])
                ):
                    words = f"with {text.segment(node)}, where {name} belongs", f"it with {name}"
                    return correction_of(*corrected, text, change, "wrong-variable", words)
    return None


def is_updated(text: Text, node: ast.AST) -> bool:
    """Whether a name or attribute is what a statement changes: b in b -= d and in b = b - d."""
    around = text.parents.get(node)
    targets = (
        around.targets
        if isinstance(around, ast.Assign)
        else [around.target]
        if isinstance(around, ast.AugAssign)
        else []
    )
    return isinstance(node, ast.Name | ast.Attribute) and node in targets


def is_summand(text: Text, node: ast.expr) -> bool:
    """Whether a name is added to something, as a bias is."""
    around = text.parents.get(node)
    return (
        isinstance(node, ast.Name | ast.Attribute)
        and isinstance(around, ast.BinOp)
        and isinstance(around.op, ast.Add)
    )


def learns_as_much(before: Case, case: Case, losses: Sequence[str]) -> bool:
    """Whether as many parameters as before follow their gradients, none of which is 0: z / z would have none to follow."""
    updated = {update.chain for update in before.anatomy.updates}
    return all(
        len(case.fits[loss].good) >= len(updated) and not case.fits[loss].silent
        for loss in losses
        if loss in case.fits
    )


def nodes_of_predictions(case: Case, run: Run) -> list[tuple[Text, list[ast.expr]]]:
    """In each file the expressions in lines that parameters go through on their way to predictions, the last first."""
    program, anatomy = case.program, case.anatomy
    used = {anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes}
    lines: set[tuple[int, int]] = set()
    for position in program.ancestors(used, anatomy.stops) - anatomy.stops:
        step = program.step_of.get(position)
        if step is not None and anatomy.masks[position]:
            site = program.recording.sites[step.number]
            for number in (site, *calls_of(program.call(step))):
                if number >= 0:
                    lines.add((program.sites[number].file, program.sites[number].line))
    found = []
    for file, text in enumerate(read_texts(run.sources)):
        own = {line for at, line in lines if at == file}
        nodes = [
            node
            for node in ast.walk(text.tree)
            if isinstance(node, ast.expr) and node.lineno in own
        ]
        nodes.sort(key=lambda node: (-node.lineno, node.col_offset))
        found.append((text, nodes))
    return found


def own_sums(text: Text, nodes: Sequence[ast.expr]) -> Iterator[Slip]:
    """A quotient by an own sum in the place of a product with it, or of a quotient by an own mean."""
    for node in nodes:
        reduction = own_reduction(node) if isinstance(node, ast.BinOp) else None
        if reduction is None or not isinstance(node, ast.BinOp):
            continue
        if isinstance(node.op, ast.Div):
            if reduction.attr == "mean":
                yield with_reduction(text, reduction)
        elif reduction.attr == "sum":
            made = with_token(text, node, "/")
            if made is not None:
                yield Change(node, made), "wrong-operator", text.segment(node), made


def own_reduction(node: ast.BinOp) -> ast.Attribute | None:
    """What makes the sum or mean of a value that meets it: e * e.sum(), np.exp(z) / np.mean(np.exp(z))."""
    call = node.right
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    reduced = call.args[0] if call.args else call.func.value
    return call.func if ast.unparse(reduced) == ast.unparse(node.left) else None


def with_reduction(text: Text, reduction: ast.Attribute) -> Slip:
    made = f"{text.segment(reduction.value)}.{REDUCTIONS[reduction.attr]}"
    return Change(reduction, made), "wrong-operator", text.segment(reduction), made
