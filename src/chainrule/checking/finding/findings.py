"""What is wrong, in words: for each edit of a repair the line, what it computes, and how it should read."""

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction
from chainrule.checking.finding.blame import places_to_blame
from chainrule.checking.finding.localising import first_wrong_step
from chainrule.checking.finding.mistake_words import (
    AGAIN_AND_AGAIN,
    LAST_ALONE,
    LOSS_ITSELF,
    NO_SLOPE,
    NO_SLOPE_BESIDE,
    OF_ACTIVATION,
    OF_EACH_SAMPLE,
    ONE_TOO_MANY,
    ONE_WAY_TOO_FEW,
    PRODUCT_FIRST,
    TERM_TOO_MANY,
    WORDS,
)
from chainrule.checking.finding.step_places import Blame
from chainrule.checking.finding.syntax import (
    FUNCTIONS,
    Text,
    columns_of,
    is_assigned,
    names_around,
    operand_of,
    read_texts,
)
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit
from chainrule.checking.repairing.edits import Edit
from chainrule.checking.repairing.grouping_edits import GROUPED, with_parentheses
from chainrule.checking.repairing.refitting import steps_of
from chainrule.checking.repairing.repair import Repair
from chainrule.checking.repairing.scene import Scene
from chainrule.checking.verdict import Finding
from chainrule.recording.source import Source

OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
MOST_SHOWN = 40  # updates among which one is chosen to be shown
TOKENS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def findings_of(case: Case, repair: Repair, sources: Sequence[Source]) -> list[Finding]:
    """The mistakes of a repair; without one the first value that goes wrong, where others go right."""
    texts = read_texts(sources)
    found: list[Finding] = []
    mended: set[int] = set()
    for edit, scene in zip(repair.edits, repair.scenes, strict=True):
        for blame in places_to_blame(scene, edit, texts, mended):
            one = finding(scene, edit, blame, texts, repair)
            same = [
                k for k, other in enumerate(found)
                if (one.file, one.line, one.mistake) == (other.file, other.line, other.mistake)
            ]  # fmt: skip
            if not same:
                found.append(one)
            elif edit.how == "remove":  # what an edit before it puts right there is taken away
                found[same[0]] = one
        mended |= {step.number for step in edit.steps}
    if not found and repair.before is not None and is_clear(repair.before):
        step = first_wrong_step(case, repair)
        if step is not None:
            scene, instruction = step
            edit = Edit("unknown", [instruction], lambda steps: None, instruction)
            for blame in places_to_blame(scene, edit, texts)[:1]:
                found.append(finding(scene, edit, blame, texts, repair))
    return found


def is_clear(fit: Fit) -> bool:
    """Whether some parameters follow their gradients exactly and others clearly do not."""
    return bool(fit.good) and bool(fit.bad) and fit.clear


def finding(
    scene: Scene, edit: Edit, blame: Blame, texts: Sequence[Text], repair: Repair
) -> Finding:
    text = texts[blame.file]
    shown = blame.operand if blame.operand is not None else blame.node
    line = blame.line
    lines = text.source.shown
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    cell, cell_line = text.source.cell_of(line)
    was, should = operand_words(scene, edit, blame, text)
    if edit.how.startswith("constant "):
        should = edit.how.removeprefix("constant ")
    mistake = name_in_source(scene, edit, blame)
    found, expected = WORDS[mistake]
    if mistake == "derivative-at-activation" and edit.how == "remove":
        found, expected = ONE_TOO_MANY
    elif mistake == "derivative-at-activation" and edit.instead in scene.activations:
        found, expected = OF_ACTIVATION
    if mistake == "wrong-variable" and edit.how == "remove":
        found, expected = TERM_TOO_MANY
    if mistake == "missing-derivative" and edit.how == "missing path":
        found, expected = ONE_WAY_TOO_FEW
    if edit.how == "once":
        found, expected = AGAIN_AND_AGAIN
    if edit.how == "loss":
        found, expected = LOSS_ITSELF
    if edit.how == "forgotten":
        found, expected = LAST_ALONE
    if edit.how == "each sample":
        found, expected = OF_EACH_SAMPLE
    if edit.how in GROUPED:
        found, expected = PRODUCT_FIRST
    if mistake in ("wrong-operator", "wrong-variable") and edit.how == "slope":
        found, expected = NO_SLOPE if edit.slot is None else NO_SLOPE_BESIDE
    words = {
        "was": was or "another value",
        "code": code_words(text, blame.node),
        "should_be": f", {should}" if should else "",
        "other": should or "another value",
    }
    fit = scene.fit
    return Finding(
        file=str(text.source.path),
        line=line,
        mistake=mistake,
        found=found.format(**words),
        expected=expected.format(**words),
        fix=corrected_line(scene, edit, blame, text, should),
        proved=repair.proved,
        cell=cell,
        cell_line=cell_line,
        columns=columns_of(source, shown, line),
        source=source,
        parameters=sorted(
            {scene.case.anatomy.chains[n].name(scene.program) or "parameter" for n in fit.bad}
        ),
        numbers=one_entry(scene, repair, blame.step),
    )


def name_in_source(scene: Scene, edit: Edit, blame: Blame) -> str:
    """The mistake's name: of a state at another time, self.h for self.h_before has no index to be wrong."""
    operand = blame.operand
    if isinstance(operand, ast.Attribute) and operand.attr == "T":
        operand = operand.value
    plain = isinstance(operand, ast.Name | ast.Attribute) and not any(
        isinstance(node, ast.Subscript) for node in ast.walk(operand)
    )
    if edit.mistake != "wrong-index" or edit.slot is None or not plain or edit.how == "index":
        return edit.mistake
    if scene.comes_from_weights(edit.step.inputs[edit.slot]):
        return "wrong-variable"
    return "wrong-layer-input" if scene.is_gradient_product(edit.step, edit.slot) else edit.mistake


def code_words(text: Text, node: ast.AST) -> str:
    value: ast.AST = node
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) and node.value is not None:
        value = node.value
    if isinstance(value, ast.Pass):
        return "this expression"
    words = " ".join(text.segment(value).split())
    return words if len(words) <= 70 else "this expression"


def operand_words(
    scene: Scene, edit: Edit, blame: Blame, text: Text
) -> tuple[str | None, str | None]:
    """The operand that stands there and the one that belongs there, as the source calls them."""
    was = None
    if blame.operand is not None:
        was = " ".join(text.segment(blame.operand).split())
    elif edit.slot is not None and edit.slot < len(edit.step.inputs):
        was = scene.program.name(edit.step.inputs[edit.slot])
    should = None
    if (
        edit.instead is not None
        and not blame.is_entry
        and edit.how
        not in (
            "factor",
            "slope",
            "remove",
            "through time",
            "truncated",
        )
    ):
        name = scene.program.name(instead_of(edit, blame))
        if name is not None:
            should = next((ast.unparse(one) for one in names_around(text, blame.node, name)), None)
            if should == was:
                should = None
    return was, should


def instead_of(edit: Edit, blame: Blame) -> int:
    """What belongs in the operand's place where this edit is seen: each call has a value of its own."""
    assert edit.instead is not None
    if blame.step is None or edit.slot is None or blame.step is edit.step:
        return edit.instead
    changed = (edit.make([blame.step]) or {}).get(blame.step.number)
    return edit.instead if changed is None else changed.inputs[edit.slot]


def corrected_line(
    scene: Scene, edit: Edit, blame: Blame, text: Text, should: str | None
) -> str | None:
    """The line as it should read, where that can be written."""
    node = blame.node
    line = blame.line
    if getattr(node, "end_lineno", line) != getattr(node, "lineno", line) or not 0 < line <= len(
        text.source.shown
    ):
        return None
    source = text.source.shown[line - 1]
    if (
        blame.operand is not None
        and should is not None
        and edit.slot is not None
        and edit.how != "shift"
    ):
        if isinstance(blame.operand, ast.Subscript) or (edit.how == "now" and "[" in should):
            return None  # which entry of it belongs there is not known as text
        same: Sequence[ast.AST] = [blame.operand]
        whole = edit.call is not None and not isinstance(node, ast.Call)
        if whole and isinstance(blame.operand, ast.expr):
            # Whatever is made of it in that function: self.z * (1 - self.z).
            same = occurrences(text, blame.operand)
        for one in reversed(same):
            source = replaced(source, one, should)
        return source
    if edit.how in OPERATORS:
        if edit.mistake == "sign-error" and isinstance(
            getattr(node, "op", None), ast.Mult | ast.Div
        ):
            return replaced(source, node, f"-({text.segment(node)})")  # handed to what takes it off
        return with_operator(source, node, OPERATORS[edit.how])
    if edit.how == "forgotten":
        return added_up(source, text, node)
    if edit.how == "repeated":
        return added_at(source, text, node)
    if edit.how in GROUPED:
        mended = with_parentheses(text.segment(node), node, GROUPED.index(edit.how))
        return replaced(source, node, mended) if mended is not None else None
    if edit.how == "exchange" and isinstance(node, ast.BinOp):
        swapped = ast.BinOp(node.right, node.op, node.left)
        return replaced(source, node, ast.unparse(swapped))
    if edit.how == "remove" and isinstance(node, ast.BinOp):
        kept = kept_operand(scene, edit, node)
        return replaced(source, node, text.segment(kept)) if kept is not None else None
    if edit.how in ("remove", "**1") and (inner := within_function(edit, node)) is not None:
        return replaced(source, node, f"({ast.unparse(inner)})")
    if edit.how == "remove" and isinstance(node, ast.UnaryOp):
        kept_text = text.segment(node.operand)
        bare = isinstance(node.operand, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
        return replaced(source, node, kept_text if bare else f"({kept_text})")
    if edit.how in ("left", "right") and blame.operand is not None:
        return replaced(source, blame.operand, turned(blame.operand))
    if edit.how == "swap":
        first, second = operand_of(node, 0), operand_of(node, 1)
        if first is not None and second is not None and first.lineno == second.lineno == line:  # type: ignore[attr-defined]
            changed = replaced(source, second, text.segment(first))
            return replaced(changed, first, text.segment(second))
    return None


def occurrences(text: Text, operand: ast.expr) -> list[ast.expr]:
    """An operand wherever it stands in its line, in order."""
    words = ast.unparse(operand)
    found = [
        node
        for node in ast.walk(text.statement(operand) or operand)
        if isinstance(node, ast.expr)
        and isinstance(node, type(operand))
        and ast.unparse(node) == words
        and node.lineno == operand.lineno
    ]
    return sorted(found, key=lambda node: node.col_offset)


def within_function(edit: Edit, node: ast.AST) -> ast.expr | None:
    """x of abs(x), and of x ** 2; of a call in which two values meet neither is all that there is."""
    alone = len(edit.step.inputs) == 1
    if alone and isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        return node.args[0]
    return node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) else None


def kept_operand(scene: Scene, edit: Edit, node: ast.AST) -> ast.AST | None:
    """The operand that stays, or that of an operand."""
    for slot, position in enumerate(edit.step.inputs):
        operand, maker = operand_of(node, slot), scene.program.step_of.get(position)
        if position == edit.instead:
            return operand
        if maker is not None and edit.instead in maker.inputs:
            return operand_of(operand, maker.inputs.index(edit.instead))
    return None


def turned(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return ast.unparse(node.value)
    text = ast.unparse(node)
    return (
        f"{text}.T"
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
        else f"({text}).T"
    )


def replaced(source: str, node: ast.AST, text: str) -> str:
    coded = source.encode()
    start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
    return (coded[:start] + text.encode() + coded[end:]).decode()


def added_up(source: str, text: Text, node: ast.AST) -> str | None:
    """The line with += for =, where the name has a value before."""
    statement = text.statement(node)
    function = text.around(node, FUNCTIONS) or text.tree
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return None
    name = statement.targets[0]
    if len(statement.targets) > 1 or not is_assigned(function, name.id, before=name.lineno):
        return None
    coded = source.encode()
    end = name.end_col_offset
    return (coded[:end] + coded[end:].replace(b"=", b"+=", 1)).decode()


def added_at(source: str, text: Text, node: ast.AST) -> str | None:
    """np.subtract.at(w, i, d) for w[i] -= d, where NumPy has a name."""
    statement = text.statement(node)
    name = next(
        (
            alias.asname or alias.name
            for one in ast.walk(text.tree)
            if isinstance(one, ast.Import)
            for alias in one.names
            if alias.name == "numpy"
        ),
        None,
    )
    if (
        name is None
        or not isinstance(statement, ast.AugAssign)
        or not isinstance(statement.target, ast.Subscript)
        or not isinstance(statement.op, ast.Add | ast.Sub)
    ):
        return None
    function = "add" if isinstance(statement.op, ast.Add) else "subtract"
    owner, index, value = (
        text.segment(part)
        for part in (statement.target.value, statement.target.slice, statement.value)
    )
    index = f"({index})" if isinstance(statement.target.slice, ast.Tuple) else index
    return replaced(source, statement, f"{name}.{function}.at({owner}, {index}, {value})")


def with_operator(source: str, node: ast.AST, operator: str) -> str | None:
    """The line with another operator between the two operands of a node."""
    coded = source.encode()
    if isinstance(node, ast.BinOp):
        start, end = node.left.end_col_offset, node.right.col_offset
    elif isinstance(node, ast.AugAssign):
        start, end = node.target.end_col_offset, node.value.col_offset
    else:
        return None
    token = TOKENS.get(type(node.op))
    between = coded[start:end].decode()
    if token is None or token not in between:
        return None
    return (coded[:start] + between.replace(token, operator, 1).encode() + coded[end:]).decode()


def one_entry(
    scene: Scene, repair: Repair, step: Instruction | None
) -> tuple[str, float, float] | None:
    """One entry of the gradient that a wrong step spoils, as the code has it, and as it is.

    Of several gradients that of the parameter which the fewest values come between: what lies behind is
    spoiled by the mistakes of other lines as well.
    """
    anatomy, fit = scene.case.anatomy, scene.fit
    values, gradients = scene.worlds[0]
    # Where nothing is right before the repair, it is the repair that tells the rate.
    mended = repair.fit.rate if repair.proved and repair.fit is not None else {}
    best: tuple[int, tuple[str, float, float]] | None = None
    for number, update in enumerate(anatomy.updates):
        rate = fit.rate.get(update.turn) or mended.get(update.turn)
        if update.chain not in fit.bad or not rate or (best is not None and number > MOST_SHOWN):
            continue
        behind = scene.behind([update])
        if step is not None and step.output not in behind:
            continue
        (u,) = steps_of(scene, [number], values, {})
        g = np.asarray(gradients[number], dtype=float)
        if u.shape != g.shape or not np.all(np.isfinite(u)):
            continue
        made = -u / abs(rate)
        if np.allclose(made, g, rtol=1e-9, atol=0.0):
            continue  # |e| is e, in every other pass
        entry: Any = np.unravel_index(int(np.argmax(np.abs(made - g))), g.shape) if g.shape else ()
        name = anatomy.chains[update.chain].name(scene.program) or "parameter"
        index = f"[{','.join(str(int(k)) for k in entry)}]" if g.shape else ""
        shown = f"the gradient of {name}{index}", float(made[entry]), float(g[entry])
        if best is None or len(behind) < best[0]:
            best = len(behind), shown
    return best[1] if best is not None else None
