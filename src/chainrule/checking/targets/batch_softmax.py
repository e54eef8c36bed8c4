"""A softmax that is normalized over a whole batch, or over its samples: e / e.sum(), or e / e.sum(axis=0) of rows.

Its outputs are no probabilities of one sample, and p - t is no gradient of what is computed. The text is put right,
and the program is run again: the mistake is proved where every update then follows the gradient of a loss.
"""

import ast
from collections.abc import Iterator

import numpy as np

from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change, Correction, correction_of, run_changed
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

WORDS = (
    "a sum of exponentials over several samples, of which each has its own probabilities",
    "one for each sample, over its outputs",
)
MOST_SITES = 3
SHARE = 0.5  # of the time that is left, for all of them


def find_batch_softmax(run: Run, case: Case, deadline: Deadline) -> Correction | None:
    """The mistake where a sum of exponentials that predictions are divided by is one of several samples."""
    texts, end = read_texts(run.sources), deadline.share(SHARE)
    for site in dict.fromkeys(sites_of_sums(case)):
        text = texts[run.sites[site].file]
        node = text.find(run.sites[site])
        for change in changes_of(text, node) if isinstance(node, ast.Call) else ():
            corrected = run_changed(run, [(text, change)], end)
            if corrected is not None:
                return correction_of(*corrected, text, change, "wrong-operator", WORDS)
    return None


def sites_of_sums(case: Case) -> list[int]:
    """Where the exponentials of several samples are added up, to divide predictions by it."""
    program, anatomy = case.program, case.anatomy
    used = {anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes}
    behind = program.ancestors(used, anatomy.stops)
    found = []
    for step in program.steps:
        made = program.step_of.get(step.inputs[0]) if step.inputs else None
        if (
            step.operation == "sum"
            and step.output in behind
            and made is not None
            and made.operation == "exp"
            and len([n for n in np.shape(case.values[made.output]) if n > 1]) == 2
        ):
            found.append(program.recording.sites[step.number])
    return list(dict.fromkeys(found))[:MOST_SITES]


def changes_of(text: Text, call: ast.Call) -> Iterator[Change]:
    """The sum along another axis: of outputs that stand in rows, or in columns."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    is_method = owner is not None and len(call.args) == 0
    summed = owner if is_method else (call.args[0] if len(call.args) == 1 else None)
    given = {word.arg: ast.unparse(word.value) for word in call.keywords}
    if summed is None or not given.keys() <= {"axis", "keepdims"}:
        return
    name = f"{text.segment(summed)}.sum(" if is_method else f"{text.segment(call.func)}("
    for axis in ("1", "0"):
        if given.get("axis") not in (axis, "-1" if axis == "1" else axis):
            first = "" if is_method else f"{text.segment(summed)}, "
            yield Change(call, f"{name}{first}axis={axis}, keepdims=True)")
