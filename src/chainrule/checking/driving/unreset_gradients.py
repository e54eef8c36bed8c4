"""Gradients that an engine adds up from pass to pass: the text with what sets them back to 0 before each way back.

loss.backward()                  for p in model.parameters(): p.grad = 0
for p in model.parameters():     loss.backward()
p.data -= rate * p.grad      ...
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from chainrule.checking.driving.arguments import plain_name
from chainrule.checking.driving.resets import NOT_RESET, SETS_BACK
from chainrule.checking.finding.mistake_words import WORDS
from chainrule.checking.finding.syntax import FUNCTIONS, Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Amendment, Change, changed_sources, finding_of
from chainrule.recording.execution import Run

MOST_NAMES = 5  # of what may have a method that sets gradients back


def find_resets(run: Run, case: Case) -> Iterator[Amendment]:
    """The program with its gradients set back before the way back, in each way that its text has names for."""
    texts = read_texts(run.sources)
    back, update = way_back(case, texts), statement_of_update(case, texts)
    if back is None:
        return
    text, call = back
    if not isinstance(text.parents.get(call), ast.Expr):
        return
    function = text.around(call, FUNCTIONS)
    if update and update[0] is text and text.around(update[1], FUNCTIONS) is function:
        for one in of_loop(text, update[1]):
            yield from reset_before(text, call, one)
    for name in islice(names_with_methods(texts, text, call), MOST_NAMES):
        yield from reset_before(text, call, name)


def way_back(case: Case, texts: list[Text]) -> tuple[Text, ast.Call] | None:
    """The call from which the engine goes back, outside of the engine: the last one before the last update."""
    program, sites = case.program, case.program.sites
    behind = program.ancestors([case.anatomy.updates[-1].after])
    for step in reversed(program.steps):
        call = program.call(step)
        if step.output not in behind or not program.site(step).of_operators:
            continue
        while call is not None and sites[call.site].of_operators:
            call = call.outer
        text = None if call is None else texts[sites[call.site].file]
        node = None if text is None or call is None else text.find(sites[call.site])
        return (text, node) if text is not None and isinstance(node, ast.Call) else None
    return None


def statement_of_update(case: Case, texts: list[Text]) -> tuple[Text, ast.stmt] | None:
    update = case.anatomy.updates[-1]
    site = case.program.site(case.anatomy.chains[update.chain].steps[-1])
    node = texts[site.file].find(site)
    statement = None if node is None else texts[site.file].statement(node)
    return None if statement is None else (texts[site.file], statement)


def of_loop(text: Text, statement: ast.stmt) -> Iterator[str]:
    """What sets back that by which a loop updates: for p in parameters: p.grad = 0."""
    loop = text.parents.get(statement)
    if not isinstance(loop, ast.For):
        return
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement
    moved = target.target if isinstance(target, ast.AugAssign) else target
    if not isinstance(moved, ast.Attribute):
        return
    owner, head = (
        ast.unparse(moved.value),
        f"for {ast.unparse(loop.target)} in {text.segment(loop.iter)}",
    )
    value = getattr(statement, "value", statement)
    kept = {
        ast.unparse(node)
        for node in ast.walk(value)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == owner
        and node.attr != moved.attr
    }
    for one in sorted(kept):
        yield f"{head}: {one} = 0"
        yield f"{head}: {one} = 0 * {one}"  # an array stays one


def names_with_methods(texts: list[Text], text: Text, call: ast.Call) -> Iterator[str]:
    """Calls of methods that set gradients back, of what is called beside the way back, the nearest first."""
    function = text.around(call, FUNCTIONS)
    methods = {
        node.name: None
        for file in texts
        for owner in ast.walk(file.tree)
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef) and SETS_BACK.fullmatch(plain_name(node.name))
    }
    calls = [
        node
        for node in ast.walk(function or text.tree)
        if isinstance(node, ast.Call) and text.around(node, FUNCTIONS) is function
    ]
    nearest = sorted(calls, key=lambda node: abs(node.lineno - call.lineno))
    owners = [
        node.func.value if isinstance(node.func, ast.Attribute) else node.func for node in nearest
    ]
    names = dict.fromkeys(ast.unparse(one) for one in owners if not isinstance(one, ast.Call))
    yield from (
        f"{name}.{method}()" for name in names if not hasattr(builtins, name) for method in methods
    )


def reset_before(text: Text, call: ast.Call, reset: str) -> Iterator[Amendment]:
    """The text with a statement before that of a call."""
    line = text.source.text.split("\n")[call.lineno - 1]
    indent = line[: len(line) - len(line.lstrip())]
    change = Change(call, f"{reset}\n{indent}{text.segment(call)}")
    changed = changed_sources([(text, change)])
    if changed is not None:
        found, expected = WORDS[NOT_RESET]
        finding = finding_of(text, change, NOT_RESET, found, expected)
        yield Amendment(changed, replace(finding, expected=f"{expected}: before it, {reset}"))
