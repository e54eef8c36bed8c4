"""Whether a program compares by a difference elsewhere what an error adds up."""

import ast
from collections.abc import Sequence

from chainrule.checking.finding.blame import places_to_blame
from chainrule.checking.finding.syntax import read_texts
from chainrule.checking.repairing.repair import Repair
from chainrule.recording.source import Source


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
