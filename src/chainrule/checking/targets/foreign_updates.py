"""A parameter that goes on from another one's value, or as another one: w1 = w0 - rate * gradient, b1 -= rate * d2.

Its own value then goes nowhere, and what stands in its place moves as the other does, or twice: neither looks
like a parameter. What a statement assigns, and does not read, is put in the place of what it reads instead; and
of two statements that change one value, one is given what nothing changes. The mistake is proved where every
update of the program then follows the gradient of a loss.
"""

import ast
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from chainrule.checking.anatomy.program import Spot, calls_of
from chainrule.checking.finding.syntax import Text, parts_of, read_texts
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.corrected_text import Change, Correction, finding_of, run_changed
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run

PLAIN = (ast.Name, ast.Attribute, ast.Subscript)
Occurrences: TypeAlias = dict[str, list[ast.expr]]  # by their names
MOST_CHANGES = 8
FEWEST = 2  # passes, the last of which may be cut off
MOST_NAMES = 3  # that may be meant in the place of one
SHARE = 0.3  # of the time that is left, for all of them


def find_foreign_update(run: Run, deadline: Deadline) -> Correction | None:
    """The mistake where a parameter goes on from another value than its own."""
    end = deadline.share(SHARE)
    texts = enumerate(read_texts(run.sources))
    found = (
        (file, text, change)
        for file, text in texts
        for change in changes(text)
        if change.node.lineno not in text.source.operator_lines  # an engine updates nothing
    )
    for file, text, change in islice(found, MOST_CHANGES):
        was, own = text.segment(change.node), change.text
        words = f"an update with {was}, where {own} belongs", f"it with {own}"
        found_here = update_of_own(run, text, file, change, own, words, end)
        if found_here is not None:
            return found_here
    return None


def update_of_own(
    run: Run, text: Text, file: int, change: Change, own: str, words: tuple[str, str], end: Deadline
) -> Correction | None:
    """The mistake in an update that a change makes that of a parameter itself, if the program then learns rightly by it."""
    corrected = run_changed(run, [(text, change)], end)
    if corrected is None or not serves_updates(corrected[0], text, file, change):
        return None
    finding = finding_of(text, change, "wrong-variable", *words)
    finding.parameters = [own]
    return Correction(*corrected, [finding])


def goes_astray(case: Case) -> int | None:
    """The number of a parameter whose updates nothing uses, as in every pass an error makes it of another value.

    b1 = b1 - rate * d1, and then b1 = b3 - rate * d2: each update of b1 by itself follows its gradient.
    """
    anatomy, program = case.anatomy, case.program
    places: dict[Spot, int] = {}
    for number in sorted({update.chain for update in anatomy.updates}):
        chain = anatomy.chains[number]
        maker = program.step_of.get(chain.root)
        used = [bool(anatomy.reached.get(version)) for version in chain.versions]
        if maker is None or not used[0] or any(used[1:]):
            continue
        if any(anatomy.error_masks[p] for p in maker.inputs if p not in anatomy.stops):
            place = program.spot(chain.steps[0])
            places[place] = places.get(place, 0) + 1
            if places[place] >= FEWEST:
                return number
    return None


def serves_updates(case: Case, text: Text, file: int, change: Change) -> bool:
    """Whether what a statement of the corrected program computes, by itself or by what it calls, goes into an update."""
    statement, program = text.statement(change.node), case.program
    assert statement is not None
    longer = len(change.text.encode()) - len(text.segment(change.node).encode())
    first = statement.lineno, statement.col_offset
    last = statement.end_lineno or statement.lineno, (statement.end_col_offset or 0) + longer
    behind = program.ancestors(update.after for update in case.anatomy.updates)
    for step in program.steps:
        if step.output in behind:
            call, sites = program.call(step), [program.site(step)]
            sites += [program.sites[site] for site in calls_of(call)]
            if any(
                site.file == file and first <= (site.line, site.column) <= last for site in sites
            ):
                return True
    return False


def changes(text: Text) -> Iterator[Change]:
    """What may be put right in the text, the likelier first."""
    stored, loaded = occurrences(text, ast.Store), occurrences(text, ast.Load)
    yield from other_starts(text, stored, loaded)
    yield from other_targets(text, stored, loaded)
    yield from other_ends(text, stored, loaded)


def other_starts(text: Text, stored: Occurrences, loaded: Occurrences) -> Iterator[Change]:
    """What statements assign and do not read, in the place of what they read and do not assign."""
    for statement in ast.walk(text.tree):
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        inside = set(ast.walk(statement))
        targets = parts_of(statement.targets[0])
        names = [ast.unparse(target) for target in targets]
        handed = isinstance(statement.value, ast.Call)
        starts = starts_of(statement.value, len(targets))
        for target, name, operands in zip(targets, names, starts, strict=False):
            read = [ast.unparse(operand) for operand in operands]
            if not isinstance(target, PLAIN) or name in read:
                continue
            if handed and set(names).isdisjoint(read):
                continue  # of f(a, b) it is a sign that the statement goes on from another of its targets
            if all(
                any(node not in inside for node in found.get(name_of(target), ()))
                for found in (stored, loaded)
            ):
                yield from (
                    Change(operand, name)
                    for operand, spoken in zip(operands, read, strict=True)
                    if isinstance(operand, PLAIN) and not (handed and spoken in names)
                )


def other_targets(text: Text, stored: Occurrences, loaded: Occurrences) -> Iterator[Change]:
    """What statements begin with and no other changes, in the place of what they assign: b1 = b3 - rate * gradient."""
    for statement in ast.walk(text.tree):
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        targets = parts_of(statement.targets[0])
        starts = starts_of(statement.value, len(targets))
        if isinstance(statement.value, ast.Call):
            continue
        names = {ast.unparse(target) for target in targets}
        again = [name for name in names if len(stored.get(name, ())) > 1]
        for target, operands in zip(targets, starts, strict=False):
            for operand in operands:
                meant = ast.unparse(operand)
                if (
                    isinstance(target, ast.Name)
                    and isinstance(operand, ast.Name)
                    and again
                    and len(loaded.get(meant, ())) > 1
                    and meant != target.id
                ):
                    yield Change(target, meant)


def other_ends(text: Text, stored: Occurrences, loaded: Occurrences) -> Iterator[Change]:
    """Of statements of one block that change one value, another one that is read and that none changes."""
    changed = [
        node
        for node in ast.walk(text.tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub)
    ]
    known = {name_of(node.target) for node in changed}
    first = {name: min(node.lineno for node in found) for name, found in stored.items()}
    free = {name for name in loaded.keys() - known if name in first}
    for node in reversed(changed):
        block = [
            other
            for other in changed
            if text.parents[other] is text.parents[node]
            and name_of(other.target) == name_of(node.target)
        ]
        if len(block) < 2:
            continue
        lines = node.lineno, first.get(name_of(node.target), node.lineno)
        # What a step is multiplied by, as a rate, is not what it moves.
        within = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
        near = sorted(
            free - within, key=lambda name: (min(abs(first[name] - at) for at in lines), name)
        )
        named = base_of(node.target)
        for name in near[:MOST_NAMES]:
            if isinstance(named, ast.Attribute):
                yield Change(named, f"{ast.unparse(named.value)}.{name}")
            elif isinstance(named, ast.Name):
                yield Change(named, name)


def base_of(node: ast.AST) -> ast.AST:
    """What an entry is one of."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def name_of(node: ast.AST) -> str:
    """The name of a value, or of what it is an entry of, without its owner's."""
    base = base_of(node)
    return base.attr if isinstance(base, ast.Attribute) else ast.unparse(base)


def occurrences(text: Text, context: type[ast.expr_context]) -> Occurrences:
    """Where names, attributes and entries are written or read, by their names."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(text.tree):
        if isinstance(node, PLAIN) and isinstance(node.ctx, context):
            found.setdefault(name_of(node), []).append(node)
    return found


def starts_of(value: ast.expr, count: int) -> Iterator[list[ast.expr]]:
    """For each target what its value may begin with: the left side of a sum, or any argument of a call."""
    if isinstance(value, ast.Call) and count > 1:
        yield from [value.args] * count
        return
    for part in parts_of(value):
        sums = isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub)
        yield [part.left] if isinstance(part, ast.BinOp) and sums else []
