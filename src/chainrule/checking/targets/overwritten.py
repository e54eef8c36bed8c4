"""Parameters that are overwritten by what should be added to them: w =- rate * dw, w = rate * dw.

The statement is put right in the text. The mistake is proved where every update of the program, those among
them, then follows the gradient of a loss.
"""

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Spot
from chainrule.checking.finding.frozen import STARTS as DRAWN
from chainrule.checking.finding.starting_values import SUMS, source_of
from chainrule.checking.finding.syntax import Text, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change, Correction, finding_of, run_changed
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

STARTS = re.compile(
    r"rand|normal|uniform|zeros|gauss"
)  # what a parameter's first value is made with
MEETING = SUMS | PRODUCTS
MOST_TRIED = 4
MANY = 6  # versions of a parameter, or errors
TRY_SHARE = 0.4  # of the time that is left, for a run

Changes: TypeAlias = list[tuple[Text, Change]]


def find_overwritten(run: Run, deadline: Deadline, signed: bool) -> Correction | None:
    """The mistake where other statements would make it right; `signed`: with =- or =+, else others."""
    texts = read_texts(run.sources)
    for number, changes in enumerate(signed_changes(texts) if signed else plain_changes(texts)):
        if number >= MOST_TRIED or deadline.over:
            break
        found = prove(run, changes, deadline)
        if found is not None:
            return found
    return None


def predicts_by_errors(case: Case) -> bool:
    """Whether predictions are made with earlier errors, and by no parameter: with w = rate * dw, as in each pass but the first.

    Or whether only what comes first was judged, as such predictions are none: one error of many that a line makes, or
    the first of all updates.
    """
    anatomy, updates, sites = case.anatomy, case.anatomy.updates, case.program.recording.sites
    mixes = [anatomy.mixes[n] for n in {n for update in updates for n in update.mixes}]
    predicting = case.program.ancestors((mix.prediction for mix in mixes), anatomy.stops)
    if any(mix.output in predicting for mix in anatomy.mixes) or replaced_start(case) is not None:
        return True
    if len(mixes) == 1:
        line = sites[mixes[0].step.number]
        return sum(sites[step.number] == line for step in case.program.steps) >= MANY
    last = max((update.after for update in updates), default=0)
    later = (
        sum(version > last for version in case.anatomy.chains[number].versions)
        for number in {update.chain for update in updates}
    )
    return bool(updates) and min(later) >= MANY


def replaced_start(case: Case) -> int | None:
    """What was drawn, or is 0, and is read where the first predictions are made; from then on a parameter stands there.

    Of b = v that is b's first value, where v is a velocity: it is what goes on. Or values whose making was not followed
    stand there, as after w = eval("w - g").
    """
    program, anatomy = case.program, case.anatomy
    predictions = (anatomy.mixes[n].prediction for update in anatomy.updates for n in update.mixes)
    read: dict[tuple[Spot, int], list[int]] = {}
    for position in sorted(program.ancestors(predictions, anatomy.stops)):
        step = program.step_of.get(position)
        if step is not None and step.operation in MEETING and position not in anatomy.stops:
            for slot, operand in enumerate(step.inputs):
                read.setdefault((program.spot(step), slot), []).append(operand)
    for operands in read.values():
        first = operands[0]
        later = [p for p in operands if p != first]
        if (
            len(later) >= MANY
            and (
                anatomy.stops.issuperset(later)
                or all(program.origins[p] <= {"data"} for p in later)
            )
            and first not in operands[-len(later) :]
            and first not in anatomy.stops
            and source_of(program, first) in DRAWN
        ):
            return first
    return None


def signed_changes(texts: Sequence[Text]) -> Iterator[Changes]:
    """All statements with =- and =+, together."""
    found = [
        (text, as_update(text, node, sign))
        for text in texts
        for node in assignments(text)
        if (sign := sign_of(text, node)) is not None
    ]
    if found:
        yield found


def plain_changes(texts: Sequence[Text]) -> Iterator[Changes]:
    """One by one what replaces a drawn value or zeros, and is made without it, as a step down and a step up."""
    words = {word for text in texts for word in drawn_words(text)}
    for text in texts:
        yield from multiplied(text, words)
        drawn = {
            ast.unparse(target)
            for node in ast.walk(text.tree)
            if isinstance(node, ast.Assign)
            for target, value in pairs_of(node)
            if STARTS.search(ast.unparse(value))
        }
        for node in assignments(text):
            target, value = ast.unparse(node.targets[0]), node.value
            listed = not words.isdisjoint(words_of(node.targets[0])) and is_step(value)
            if (
                (target in drawn or listed)
                and (isinstance(value, ast.BinOp | ast.UnaryOp) or ast.unparse(value) in drawn)
                and sign_of(text, node) is None
                and not STARTS.search(ast.unparse(value))
                and target not in {ast.unparse(part) for part in ast.walk(value)}
            ):
                for operator in ("-=", "+="):
                    yield [(text, Change(node, f"{target} {operator} {text.segment(value)}"))]


def multiplied(text: Text, words: Collection[str]) -> Iterator[Changes]:
    """A step where a parameter is multiplied by what should be taken off it: b = b * rate * db, p["b"] * rate * db among these."""
    for node in assignments(text):
        product = node.value
        while isinstance(product, ast.BinOp) and isinstance(product.left, ast.BinOp):
            product = product.left
        if not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.Mult | ast.Div):
            continue
        own = words_of(node.targets[0]) & words_of(product.left) & set(words)
        column = product.left.end_col_offset
        if own and column is not None:
            value = text.segment(node.value).encode()
            at = column - node.value.col_offset
            sign = b"*" if isinstance(product.op, ast.Mult) else b"/"
            for operator in (b"-", b"+"):
                made = value[:at] + value[at:].replace(sign, operator, 1)
                yield [(text, Change(node.value, made.decode()))]


def drawn_words(text: Text) -> Iterator[str]:
    """The names, attributes and keys by which drawn values and zeros are kept, lists of them among these."""
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Assign):
            for target, value in pairs_of(node):
                if not isinstance(value, ast.Dict) and STARTS.search(ast.unparse(value)):
                    yield from words_of(target)
        for key, value in (
            zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        ):
            if isinstance(key, ast.Constant) and STARTS.search(ast.unparse(value)):
                yield str(key.value)


def words_of(target: ast.expr) -> set[str]:
    """The last name of a value, or of what it is an entry of, and the keys that it is looked up by."""
    found: set[str] = set()
    while isinstance(target, ast.Subscript):
        key = target.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
        target = target.value
    if isinstance(target, ast.Attribute):
        found.add(target.attr)
    elif isinstance(target, ast.Name) and not found:  # layer["w"] is no layer
        found.add(target.id)
    return found


def is_step(value: ast.expr) -> bool:
    """Whether a value is a product that begins with a name or a number, as that of a rate and a gradient does."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult):
        return False
    first: ast.expr = value
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult):
        first = first.left
    if isinstance(first, ast.UnaryOp):
        first = first.operand
    return isinstance(first, ast.Name | ast.Attribute | ast.Constant)


def assignments(text: Text) -> Iterator[ast.Assign]:
    for node in ast.walk(text.tree):
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and node.lineno == node.end_lineno
            and isinstance(node.targets[0], ast.Name | ast.Attribute | ast.Subscript)
        ):
            yield node


def sign_of(text: Text, node: ast.Assign) -> ast.UnaryOp | None:
    """The sign that is written together with the equals sign: w =- rate * dw."""
    first: ast.AST = node.value
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Mult | ast.Div | ast.MatMult):
        first = first.left
    if not isinstance(first, ast.UnaryOp) or not isinstance(first.op, ast.USub | ast.UAdd):
        return None
    before = text.source.text.split("\n")[node.lineno - 1].encode()[: first.col_offset]
    return first if before.endswith((b" =", b")=", b"]=")) else None


def as_update(text: Text, node: ast.Assign, sign: ast.UnaryOp) -> Change:
    """w -= d for w =- d."""
    operator = "-=" if isinstance(sign.op, ast.USub) else "+="
    step = text.segment(node).encode()[sign.col_offset + 1 - node.col_offset :].decode()
    return Change(node, f"{text.segment(node.targets[0])} {operator} {step.lstrip()}")


def pairs_of(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """Targets and their values: of a, b = c, d each by itself."""
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def prove(run: Run, changes: Changes, deadline: Deadline) -> Correction | None:
    """The changed program, run: all its updates must follow one loss, and changed lines be among them."""
    corrected = run_changed(run, changes, deadline.share(TRY_SHARE))
    if corrected is None:
        return None
    case, losses = corrected
    names: dict[tuple[Path, int], list[str]] = {}
    for chain in sorted(case.anatomy.chains, key=lambda chain: chain.versions[0]):
        site = case.program.site(chain.steps[0])
        place = (run.sources[site.file].path, site.line)
        names.setdefault(place, []).append(chain.name(case.program) or "parameter")
    findings = []
    for text, change in changes:
        place = place_of(text, change)
        if place in names:
            named = names[place]
            beside = [
                other.node.col_offset for at, other in changes if place_of(at, other) == place
            ]
            alone = len(beside) != len(named)  # else one parameter a statement, in their order
            name = named[-1 if alone else sorted(beside).index(change.node.col_offset)]
            finding = finding_of(
                text, change, "wrong-operator",
                f"{name} anew from its gradient alone: what it was before is lost",
                f"{name} from what it was, one step further",
            )  # fmt: skip
            finding.parameters = [name]
            findings.append(finding)
    return Correction(case, losses, findings) if findings else None


def place_of(text: Text, change: Change) -> tuple[Path, int]:
    return text.source.path, change.node.lineno
