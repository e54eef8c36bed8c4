"""From an operand to the call that handed it in: which argument it was, and when it is not the caller's."""

import ast
from collections.abc import Iterator, Sequence

from chainrule.checking.anatomy.program import Instruction, Program, calls_of
from chainrule.checking.finding.step_places import Blame, blame_of
from chainrule.checking.finding.syntax import (
    FUNCTIONS,
    Text,
    argument_by_name,
    argument_names,
    is_assigned,
    is_small,
    operand_of,
)
from chainrule.checking.repairing.edits import Edit
from chainrule.recording.recording import Call
from chainrule.recording.rewriting import Site, spoken_name


def serves_beside(program: Program, step: Instruction, edit: Edit) -> bool:
    """Whether a function's call also uses an operand where it belongs: then it was handed in rightly."""
    call, concerned = program.call(step), {one.number for one in edit.steps}
    return call is not None and any(
        other.number not in concerned and program.call(other) is call
        for other in program.consumers.get(step.inputs[edit.slot or 0], ())
    )


def is_used_beside(program: Program, text: Text, here: Blame, steps: Sequence[Instruction]) -> bool:
    """Whether a name is used in a statement more often than some steps reach it: then its other uses there are right."""
    around = text.statement(here.node)
    if around is None or not isinstance(here.operand, ast.Name):
        return False
    name = here.operand.id
    names = (node for node in ast.walk(around) if isinstance(node, ast.Name))
    uses = sum(node.id == name and isinstance(node.ctx, ast.Load) for node in names)
    sites = {
        site
        for step in steps
        for site in (program.recording.sites[step.number], *calls_of(program.call(step)))
        if program.sites[site].file == here.file
        and around.lineno <= program.sites[site].line <= (around.end_lineno or around.lineno)
    }
    return uses > max(len(sites), 1)


def receiver(
    program: Program,
    call: Call | None,
    text: Text,
    node: ast.AST,
    operand: ast.AST | None,
    texts: Sequence[Text],
) -> Blame | None:
    """The object that is asked for something of its own, where another should be: layers[j].slope()."""
    function = text.around(node, FUNCTIONS)
    if call is None or function is None or not is_small(function):
        return None
    owner = operand.value if isinstance(operand, ast.Attribute) else None
    if not isinstance(owner, ast.Name) or argument_names(function) != [owner.id]:
        return None
    site = program.sites[call.site]
    caller = texts[site.file].find(site)
    if not isinstance(caller, ast.Call) or not isinstance(caller.func, ast.Attribute):
        return None
    return Blame(site.file, caller, caller.func.value)


def serves_others(program: Program, step: Instruction, level: int) -> bool:
    """Whether the line by which a call came to a step is reached by another call too: its function is general.

    The level counts the calls outwards, 0 being that of the function in which the step itself stands.
    """
    own = (program.recording.sites[step.number], *calls_of(program.call(step)))
    if level + 1 >= len(own):
        return False
    for other in program.steps:
        calls = (program.recording.sites[other.number], *calls_of(program.call(other)))
        if own[level] in calls[:-1] and calls[calls.index(own[level]) + 1] != own[level + 1]:
            return True
    return False


def serves_right_ones(program: Program, steps: Sequence[Instruction]) -> bool:
    """Whether the line of some steps is reached by other calls, too, of which no step is concerned."""
    sites = program.recording.sites
    lines = {(sites[step.number], step.operation) for step in steps}
    concerned = {calls_of(program.call(step)) for step in steps}
    return any(
        (sites[other.number], other.operation) in lines
        and calls_of(program.call(other)) not in concerned
        for other in program.steps
    )


def is_made_in(program: Program, position: int, call: Call | None) -> bool:
    """Whether a value was made in the very call of a function: its caller cannot hand it in."""
    maker = program.step_of.get(position)
    here = None if maker is None else program.call(maker)
    while here is not None and here is not call:
        here = here.outer
    return call is not None and here is call


def call_inside(call: Call | None, target: int) -> Call | None:
    """The call just inside another, where there is one."""
    before: Call | None = None
    while call is not None and call.site != target:
        before, call = call, call.outer
    return before


def follow_out(
    program: Program,
    site: Site,
    call: Call | None,
    node: ast.AST,
    operand: ast.AST | None,
    texts: Sequence[Text],
    inner: bool = False,
    steps: Sequence[Instruction] = (),
) -> Blame:
    """From an operand that is a function's argument to the call that hands it in, as far as that goes."""
    here = looped(texts[site.file], Blame(site.file, node, operand))
    whole = whole_of(program, texts[site.file], here, steps[0]) if inner and steps else None
    here = whole or here
    outer = call if inner else (call.outer if call is not None else None)
    # A helper of any size is right where it serves other calls.
    general = inner and bool(steps) and serves_right_ones(program, steps)
    for _ in range(8):
        text = texts[here.file]
        if not isinstance(here.operand, ast.Name) or outer is None:
            return here
        function = text.around(here.node, FUNCTIONS)
        if function is None or not (here is whole or is_small(function) or general):
            return here
        general = False
        if steps and is_used_beside(program, text, here, steps):
            return here
        own = is_assigned(function, here.operand.id, before=here.operand.lineno)
        if here.operand.id not in argument_names(function) or own:
            return here
        call_site = program.sites[outer.site]
        call_node = texts[call_site.file].find(call_site)
        if call_node is None:
            return blame_of(call_site, texts)
        argument = argument_by_name(call_node, here.operand.id, function)
        here = Blame(call_site.file, call_node, argument, is_entry=here.is_entry)
        outer = outer.outer
    return here


def whole_of(program: Program, text: Text, here: Blame, step: Instruction) -> Blame | None:
    """The argument that an operand is an entry of, where other calls hand the same line others: b of b.rows[k][j]."""
    function, part = text.around(here.node, FUNCTIONS), here.operand
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    if function is None or part is here.operand or not isinstance(part, ast.Name):
        return None
    names = argument_names(function)
    if part.id not in names or (part.id == names[0] == "self") or is_assigned(function, part.id):
        return None
    general = serves_others(program, step, 0)
    return Blame(here.file, here.node, part, is_entry=True) if general else None


def looped(text: Text, here: Blame) -> Blame:
    """An operand that a loop takes out of a list written there belongs to the loop's line."""
    if not isinstance(here.operand, ast.Name):
        return here
    loop = innermost = text.around(here.node, (ast.For,))
    while isinstance(loop, ast.For):
        target, source = loop.target, loop.iter
        named = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        if here.operand.id in named:
            if isinstance(source, ast.Tuple | ast.List):
                return Blame(here.file, source, source)
            if (
                loop is innermost
                and isinstance(source, ast.Call)
                and isinstance(source.func, ast.Name)
                and source.func.id == "enumerate"
                and isinstance(source.args[0], ast.Name)
                and named[-1] == here.operand.id
            ):
                return Blame(here.file, here.node, source.args[0])
            return here
        loop = text.around(loop, (ast.For,))
    return here


def argument_of(
    call: ast.AST, name: str | None, texts: Sequence[Text], site: Site, inner: ast.AST | None
) -> ast.AST | None:
    if not isinstance(call, ast.Call):
        return None
    if name is not None and inner is not None:
        function = texts[site.file].around(inner, FUNCTIONS)
        if function is not None and name in argument_names(function):
            return argument_by_name(call, name, function)
    return call.args[0] if len(call.args) == 1 else None


def parameter_name(text: Text, node: ast.AST | None, slot: int | None) -> str | None:
    operand = operand_of(node, slot) if node is not None else None
    return operand.id if isinstance(operand, ast.Name) else None


def bound_elsewhere(
    texts: Sequence[Text], here: Blame, was: str | None, should: str | None
) -> Blame:
    """From an operand by its name to what gives that name another value: {"dW2": db2}, or cache = (a, a) for (a, b).

    Only where the value that belongs there has the operand's name itself: then its reader means what it says.
    """
    name = spoken_name(here.operand) if isinstance(here.operand, ast.expr) else None
    if name is None or was is None or name != should or was == name:
        return here
    found = [
        Blame(file, part, part)
        for file, text in enumerate(texts)
        for part in bindings(text, texts, name)
        if isinstance(part, ast.Name | ast.Attribute) and spoken_name(part) == was
    ]
    return found[0] if len(found) == 1 else here


def bindings(text: Text, texts: Sequence[Text], name: str) -> Iterator[ast.expr]:
    """What a file's tables have under a key, and its tuples at the place at which tuples of that length are taken apart."""
    places = {
        (len(node.elts), place)
        for one in texts
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store)
        for place, part in enumerate(node.elts)
        if spoken_name(part) == name
    }
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name:
                    yield value
        elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
            yield from (part for k, part in enumerate(node.elts) if (len(node.elts), k) in places)
