"""An error that a function is given and does not read: a derivative goes back without it.

    def sigmoid_backward(dA, Z):            s * (1 - s) for dA * s * (1 - s)

What is updated with it depends on no target. The program is run with that error in its place: the mistake is proved where
every update then follows the gradient of a loss.
"""

import ast
from collections.abc import Iterator
from itertools import islice

from chainrule.checking.finding.syntax import Text, argument_names, read_texts
from chainrule.checking.targets.corrected_text import Change, Correction, correction_of, run_changed
from chainrule.checking.targets.missing_target import is_steady
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

WORDS = "a derivative without the error that it is given", "its product with the error"
MOST_TRIED = 4
TRY_SHARE = 0.4  # of the time that is left, for a run


def find_unread_error(run: Run, deadline: Deadline) -> Correction | None:
    """The function whose result lacks an error that it is given, with the line that makes the result."""
    changes = ((text, change) for text in read_texts(run.sources) for change in changes_of(text))
    for text, change in islice(changes, MOST_TRIED):
        corrected = run_changed(run, [(text, change)], deadline.share(TRY_SHARE))
        if corrected is None or not is_steady(corrected[0], corrected[1][0]):
            continue
        return correction_of(*corrected, text, change, "target-unused", WORDS)
    return None


def changes_of(text: Text) -> Iterator[Change]:
    """Results of functions, each times an argument that its function does not read."""
    for function in ast.walk(text.tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        unread = set(argument_names(function)) - {node.id for node in names} - {"self", "cls"}
        result = result_of(function) if len(unread) == 1 else None
        if result is not None:
            yield Change(result, f"{unread.pop()} * ({text.segment(result)})")


def result_of(function: ast.FunctionDef) -> ast.expr | None:
    """The one expression that a function hands back, where it is computed there."""
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    value = returns[0].value if len(returns) == 1 else None
    if isinstance(value, ast.Name):
        made = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and any(isinstance(one, ast.Name) and one.id == value.id for one in node.targets)
        ]
        value = made[0] if len(made) == 1 else None
    return value if isinstance(value, ast.BinOp | ast.Call | ast.Compare) else None
