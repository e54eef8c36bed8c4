"""The corrected line of an index that is wrong: which entry belongs there the recording tells, but not what the source calls it."""

import ast
from itertools import islice

from chainrule.checking.finding.syntax import read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import run_changed, with_text
from chainrule.checking.targets.index_slips import other_indices
from chainrule.checking.targets.slips import is_all_judged
from chainrule.checking.verdict import Finding
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

MOST_TRIED = 10


def write_index(finding: Finding, run: Run, case: Case, deadline: Deadline) -> None:
    """Gives a wrong index that has none its corrected line, if the program with another index there is right."""
    if finding.mistake != "wrong-index" or finding.fix is not None:
        return
    found = (
        (text, change)
        for text in read_texts(run.sources)
        if str(text.source.path) == finding.file
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Subscript) and node.lineno == finding.line
        for change, *_ in other_indices(text, node)
    )
    for text, change in islice(found, MOST_TRIED):
        corrected = run_changed(run, [(text, change)], deadline)
        if corrected is not None and is_all_judged(case, corrected[0]):
            finding.fix = with_text(text.source.text.split("\n")[change.node.lineno - 1], change)
            return
