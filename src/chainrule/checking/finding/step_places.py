"""Places in the source that belong to recorded steps and values."""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import final

from chainrule.checking.anatomy.program import Instruction, Program, calls_of
from chainrule.checking.finding.syntax import FUNCTIONS, Text, list_of_appended
from chainrule.checking.repairing.scene import Scene
from chainrule.recording.rewriting import Site, spoken_name


@final
@dataclass(frozen=True)
class Blame:
    """A place to change: the file's number, the node at fault, and for an operand its node and a step there.

    Of an operand it may be an entry that is wrong: what belongs in that one's place is not the operand's.
    """

    file: int
    node: ast.AST
    operand: ast.AST | None = None
    step: Instruction | None = None
    is_entry: bool = False

    @property
    def line(self) -> int:
        shown = self.operand if self.operand is not None else self.node
        return int(getattr(shown, "lineno", 1))


def blame_of(site: Site, texts: Sequence[Text]) -> Blame:
    text = texts[site.file]
    node = text.find(site)
    if node is None:
        node = ast.Pass(
            lineno=site.line,
            col_offset=site.column,
            end_lineno=site.end_line,
            end_col_offset=site.end_column,
        )
    return Blame(site.file, node)


def renamed_value(program: Program, position: int, texts: Sequence[Text]) -> Blame | None:
    """The one statement that hands a value on as it is, where it was made: gradient = error."""
    maker, name = program.step_of.get(position), program.name(position)
    if maker is None or name is None:
        return None
    site = program.site(maker)
    text = texts[site.file]
    made = text.find(site)
    scope = text.tree if made is None else text.around(made, FUNCTIONS) or text.tree
    found = [
        node
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign)
        and node.lineno > site.line
        and spoken_name(node.value) == name
    ]
    return Blame(site.file, found[0], found[0].value) if len(found) == 1 else None


def thrown_away(program: Program, step: Instruction, texts: Sequence[Text]) -> Blame | None:
    """The statement that makes a value and keeps nothing of it: a call on a line of its own."""
    call, site = program.call(step), program.site(step)
    while True:
        text = texts[site.file]
        node = text.find(site)
        if node is not None and isinstance(text.parents.get(node), ast.Expr):
            return Blame(site.file, node)
        if call is None:
            return None
        site, call = program.sites[call.site], call.outer


def loops_around(program: Program, step: Instruction, texts: Sequence[Text]) -> Iterator[Blame]:
    """What the loops around a step go over, the innermost first, those around its calls included."""
    call, site = program.call(step), program.site(step)
    while True:
        text = texts[site.file]
        node = text.find(site)
        while node is not None and not isinstance(node, FUNCTIONS):
            if isinstance(node, ast.For):
                yield Blame(site.file, node.iter, node.iter)
            node = text.parents.get(node)
        if call is None:
            return
        site, call = program.sites[call.site], call.outer


def handed_on(text: Text, name: str, used: Collection[str | None], line: int) -> ast.AST | None:
    """From a line on, where a value goes on as it is by a name that it is read by: dz = dh; sums.append(s); d = sums[j]."""
    if name in used:
        return None
    appended: ast.AST | None = None
    lists: set[str] = set()
    for node in sorted(statements_from(text, line), key=lambda node: node.lineno):
        into = list_of_appended(node, name)
        if into is not None:
            appended = appended or node
            lists.add(into)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = spoken_name(node.targets[0]), spoken_name(node.value)
            if target in used and (
                value == name != target or (value in lists and value not in used)
            ):
                return node
    return appended


def statements_from(text: Text, line: int) -> Iterator[ast.Assign | ast.Call]:
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Assign | ast.Call) and node.lineno >= line:
            yield node


def call_to_blame(scene: Scene, step: Instruction, mended: Collection[int] = ()) -> int | None:
    """The site of the call that is wrong, where a line of a helper, called otherwise, makes what is right.

    Right are predictions, and right updates; not those that are right because steps there were `mended` before.
    """
    program, anatomy = scene.program, scene.case.anatomy
    site, fit = program.recording.sites[step.number], scene.fit
    right = {update.after for update in anatomy.updates if update.chain in fit.good}
    used = program.ancestors(right, anatomy.stops - right) | scene.forward
    own = calls_of(program.call(step))
    shared = -1
    for other in program.steps:
        if program.recording.sites[other.number] != site or other.output not in used:
            continue
        calls = calls_of(program.call(other))
        if other.number in mended or calls == own:
            continue
        pairs = zip(own, calls, strict=False)
        shared = max(shared, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return own[shared] if 0 <= shared < len(own) else None
