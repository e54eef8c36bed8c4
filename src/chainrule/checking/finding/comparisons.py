"""Whether a program compares by a difference elsewhere what an error adds up: as the source says, or as it was recorded."""

import ast
from collections.abc import Sequence

from chainrule.checking.finding.blame import places_to_blame
from chainrule.checking.finding.syntax import read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.repairing.repair import Repair
from chainrule.recording.source import Source

PARTS = {"gather", "reshape", "transpose"}


def is_compared_elsewhere(repair: Repair, sources: Sequence[Source]) -> bool:
    """Whether each sum that a repair makes a difference is one elsewhere in the source: in a score, say."""
    texts = read_texts(sources)
    differences = {
        frozenset((ast.unparse(node.left), ast.unparse(node.right)))
        for text in texts
        for node in ast.walk(text.tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
    }
    sums = [
        blame.node
        for edit, scene in zip(repair.edits, repair.scenes, strict=True)
        for blame in places_to_blame(scene, edit, texts)
    ]
    return bool(sums) and all(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and frozenset((ast.unparse(node.left), ast.unparse(node.right))) in differences
        for node in sums
    )


def is_taken_off_elsewhere(case: Case) -> bool:
    """Whether what errors add to predictions is taken off others of the same output: errors with t of T, scores with T."""
    anatomy, program = case.anatomy, case.program

    def meeting(prediction: int, target: int) -> tuple[int, int] | None:
        maker = program.step_of.get(program.source_through(prediction, PARTS, anatomy.stops))
        whole = program.source_through(target, PARTS, anatomy.stops)
        made_at = -1 if maker is None else program.recording.sites[maker.number]
        return None if made_at < 0 or anatomy.masks[whole] else (made_at, whole)

    differences = {
        found
        for step in program.steps
        if step.operation == "subtract"
        for pair in (step.inputs, step.inputs[::-1])
        if (found := meeting(*pair)) is not None
    }
    used = {number for update in anatomy.updates for number in update.mixes}
    added = [
        mix
        for mix in (anatomy.mixes[n] for n in used)
        if mix.step.operation == "add" and not mix.negated
    ]
    return len(added) == len(used) > 0 and all(
        meeting(mix.prediction, mix.target) in differences for mix in added
    )
