"""Where in the source an edit belongs: the line that somebody has to change, and how it then reads.

An operand that a helper was handed is its caller's; a value that goes on under a new name is that
assignment's; weights that were changed too early are the early update's.
"""

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace

from chainrule.checking.anatomy.program import Instruction, Program, calls_of
from chainrule.checking.finding.handed_in import (
    argument_of,
    bound_elsewhere,
    call_inside,
    follow_out,
    is_made_in,
    looped,
    parameter_name,
    receiver,
    serves_beside,
    serves_others,
)
from chainrule.checking.finding.step_places import (
    Blame,
    blame_of,
    call_to_blame,
    handed_on,
    loops_around,
    renamed_value,
    thrown_away,
)
from chainrule.checking.finding.syntax import (
    FUNCTIONS,
    Text,
    argument_names,
    is_assigned,
    is_handed_back,
    is_name_of,
    is_small,
    operand_of,
    taken_from,
)
from chainrule.checking.repairing.edits import Edit, early_slots
from chainrule.checking.repairing.operand_names import same_array
from chainrule.checking.repairing.scene import Place, Scene
from chainrule.recording.rewriting import Site, spoken_name


def places_to_blame(
    scene: Scene, edit: Edit, texts: Sequence[Text], mended: Collection[int] = ()
) -> list[Blame]:
    """The places of one edit, the first instance's first; `mended` are the steps of edits before it."""
    program = scene.program
    if edit.early is not None:
        return early_updates(scene, edit, texts)
    if edit.test is not None:
        return [blame_of(program.sites[edit.test], texts)]
    if edit.slot is None:
        return [blame_result(scene, edit, texts, mended)]
    if edit.how == "scaled":
        handed_on = renamed_value(program, edit.step.inputs[edit.slot], texts)
        if handed_on is not None:
            return [replace(handed_on, step=edit.step)]
    found: dict[tuple[int, int], Blame] = {}
    seen: set[Place | tuple[int, ...]] = set()
    # Errors that go back together do so at all places from the first one on.
    for step in edit.steps[:1] if edit.how == "each sample" else edit.steps:
        place = scene.place_of(step)
        key = place if edit.call is None else place[2]
        if key not in seen:
            seen.add(key)
            asked = called_wrongly(scene, step, edit, texts, mended)
            blame = asked or blame_operand(program, step, edit, texts)
            if asked is None and edit.call is None and blame.line == program.site(step).line:
                blame = call_of_forward_helper(scene, step, texts) or blame
            if asked is None and edit.instead is not None and edit.slot is not None:
                was, should = map(program.name, (step.inputs[edit.slot], edit.instead))
                blame = bound_elsewhere(texts, blame, was, should)
            blame = replace(blame, step=step)
            found.setdefault((blame.file, blame.line), blame)
    return list(found.values())


def early_updates(scene: Scene, edit: Edit, texts: Sequence[Text]) -> list[Blame]:
    """All statements that update too early what the steps of an edit use: a layer each, perhaps."""
    program = scene.program
    found: dict[tuple[int, int], Blame] = {}
    seen = set()
    for step in edit.steps:
        for _, _, early in early_slots(scene, step):
            maker = program.step_of[early]
            key = program.recording.sites[maker.number], scene.place_of(step)
            if key not in seen:
                seen.add(key)
                blame = early_update(program, maker, step, texts)
                found.setdefault((blame.file, blame.line), blame)
    return list(found.values())


def early_update(
    program: Program, maker: Instruction, used: Instruction, texts: Sequence[Text]
) -> Blame:
    """The statement that updates too early: of a helper that does nothing else, hands back what it makes, or serves others, the call."""
    here, call, level = blame_of(program.site(maker), texts), program.call(maker), 0
    around_use = set(calls_of(program.call(used)))
    while call is not None and call.site not in around_use:
        function = texts[here.file].around(here.node, FUNCTIONS)
        if function is None or not (
            is_small(function)
            or is_handed_back(function, here.node)
            or serves_others(program, maker, level)
        ):
            break
        here, call, level = blame_of(program.sites[call.site], texts), call.outer, level + 1
    return here


def called_wrongly(
    scene: Scene, step: Instruction, edit: Edit, texts: Sequence[Text], mended: Collection[int]
) -> Blame | None:
    """The call of a helper that is right elsewhere, and here is handed what it uses for two things at once."""
    if edit.call is not None or not serves_beside(scene.program, step, edit):
        return None
    call = call_to_blame(scene, step, mended)
    if call is None:
        return None
    return blame_of(scene.program.sites[call], texts)


def call_of_forward_helper(scene: Scene, step: Instruction, texts: Sequence[Text]) -> Blame | None:
    """The call of a helper that predictions are made by as well, such as a product: its line is right as it stands."""
    program, sites = scene.program, scene.program.recording.sites
    site = sites[step.number]
    if not any(
        sites[program.step_of[p].number] == site for p in scene.forward & program.step_of.keys()
    ):
        return None
    call = call_to_blame(scene, step)
    return None if call is None else blame_of(program.sites[call], texts)


def is_kept(text: Text, site: Site, slot: int | None) -> bool:
    """Whether an operand is what an object keeps, self.z: no call hands that in."""
    node = text.find(site)
    operand = None if node is None else operand_of(node, slot)
    while isinstance(operand, ast.Attribute) and isinstance(operand.value, ast.Attribute):
        operand = operand.value  # self.z.T
    if not isinstance(operand, ast.Attribute) or not isinstance(operand.value, ast.Name):
        return False
    method = text.around(operand, FUNCTIONS)
    return method is not None and argument_names(method)[:1] == [operand.value.id]


def blame_operand(program: Program, step: Instruction, edit: Edit, texts: Sequence[Text]) -> Blame:
    """The operand of a step, or of the call that handed it in."""
    site, call = program.site(step), program.call(step)
    if edit.call is not None and not is_kept(texts[site.file], site, edit.slot):
        while call is not None and call.site != edit.call:
            call = call.outer
        if call is not None:
            inside = call_inside(program.call(step), edit.call)
            inner = texts[site.file].find(site) if inside is None else None
            node = texts[program.sites[edit.call].file].find(program.sites[edit.call])
            name = parameter_name(texts[site.file], inner, edit.slot) if inner is not None else None
            if node is not None:
                argument = argument_of(node, name, texts, site, inner)
                return follow_out(program, program.sites[edit.call], call, node, argument, texts)
            return blame_of(program.sites[edit.call], texts)
    text = texts[site.file]
    node = text.find(site)
    if node is None:
        return blame_of(site, texts)
    operand = operand_of(node, edit.slot)
    if step.operation == "stack" and isinstance(operand, ast.List) and len(operand.elts) == 1:
        return only_entry(text, site, node, operand)
    call = program.call(step)
    if edit.how.startswith("constant ") and isinstance(operand, ast.Name):
        return given_number(text, site, operand) or Blame(site.file, node, operand)
    if edit.instead is not None and is_made_in(program, edit.instead, program.call(edit.step)):
        return looped(text, Blame(site.file, node, operand))
    if serves_beside(program, step, edit):
        return looped(text, Blame(site.file, node, operand))
    if edit.how in ("net", "shift"):
        asked = receiver(program, call, text, node, operand, texts)
        if asked is not None:
            return asked
    return follow_out(program, site, call, node, operand, texts, inner=True, steps=edit.steps)


def only_entry(text: Text, site: Site, node: ast.AST, operand: ast.List) -> Blame:
    """x of np.array([x]); where that is an entry that a line before chose, what was chosen there."""
    (entry,) = operand.elts
    given = [
        one
        for one in ast.walk(text.around(node, FUNCTIONS) or text.tree)
        if isinstance(one, ast.Assign)
        and one.lineno < site.line
        and isinstance(entry, ast.Name)
        and any(spoken_name(target) == entry.id for target in one.targets)
    ]
    last = max(given, key=lambda one: one.lineno, default=None)
    if last is None or not isinstance(last.value, ast.Subscript | ast.Attribute):
        return Blame(site.file, node, entry)
    return Blame(site.file, last, last.value)


SEEN = (
    "factor",
    "negate",
    "through time",
    "truncated",
    "unused",
)  # edits of a value as others see it


def blame_result(scene: Scene, edit: Edit, texts: Sequence[Text], mended: Collection[int]) -> Blame:
    """The line that makes a value, or lets it go on as another without the change that belongs there."""
    program = scene.program
    site = program.site(edit.step)
    here = blame_of(site, texts)
    call = call_to_blame(scene, edit.step, mended)
    if call is not None:
        if edit.how in ("factor", "slope", "remove", "unscaled") or edit.mistake == "unknown":
            return blame_of(program.sites[call], texts)
        handed = handed_in(scene, here, edit.step, texts) if edit.mistake == "sign-error" else None
        if handed is not None:
            return handed
    asked = asked_slope(program, edit, here, texts)
    if asked is not None:
        return asked
    other_sum = edit.step.operation in ("sum", "mean") and edit.mistake != "last-sample-only"
    if (other_sum and edit.how.startswith("sum")) or not edit.how.startswith(
        (*SEEN, "sum", "scale")
    ):
        return here
    text = texts[site.file]
    if edit.how == "unused":
        return thrown_away(program, edit.step, texts) or here
    if edit.how == "truncated":
        loops = list(loops_around(program, edit.step, texts))
        single = [loop for loop in loops if len(getattr(loop.node, "elts", ())) == 1]
        return (single or loops or [here])[0]
    if edit.how == "through time":
        outside = handed_in(scene, here, edit.step, texts)
        set_elsewhere = carried(text, here, scene)
        if outside is not None or set_elsewhere is not None:
            return outside or set_elsewhere or here
    whole = edit.mistake == "dropout-mask" and edit.instead in scene.masked
    if (edit.mistake == "missing-derivative" or whole) and edit.instead is not None:
        returned = bare_return(program, edit.instead, texts)
        if returned is not None:
            return returned
    name = program.name(edit.step.output)
    if edit.mistake == "bias-not-summed":
        renamed = renamed_operand(scene, text, here, edit.step)
        if renamed is not None:
            return renamed
    if edit.mistake == "last-sample-only" and edit.how.startswith("sum"):
        return passed_on(program, edit.steps[0], edit.step.output, texts, in_loop=True) or here
    if len({scene.place_of(step) for step in edit.steps}) > 1:
        readers = program.consumers.get(edit.step.output, ())
        own = (step for step in readers if step.number in scene.suspect_numbers)
        found = (passed_on(program, step, edit.step.output, texts, in_loop=False) for step in own)
        return next((blame for blame in found if blame is not None), here)
    if name is None:
        return here
    used = {
        spoken_name(operand)
        for step in edit.steps
        for reader in program.consumers.get(step.output, ())
        if reader.number in scene.suspect_numbers
        and scene.place_of(reader) != scene.place_of(step)  # a running sum goes on
        and program.site(reader).file == site.file
        for slot, position in enumerate(reader.inputs)
        if position == step.output
        and (operand := operand_of(text.find(program.site(reader)), slot)) is not None
    }
    node = handed_on(text, name, used, site.line)
    return here if node is None else Blame(site.file, node)


def given_number(text: Text, site: Site, operand: ast.Name) -> Blame | None:
    """Where a name is given a number by the source last: total = 1."""
    found = [
        node
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and node.lineno <= site.line
        and any(spoken_name(target) == operand.id for target in node.targets)
    ]
    last = max(found, key=lambda node: node.lineno, default=None)
    return None if last is None else Blame(site.file, last, last.value)


def asked_slope(program: Program, edit: Edit, here: Blame, texts: Sequence[Text]) -> Blame | None:
    """The call that asks a helper of one argument for a derivative at that: there f(z) stands for z."""
    call, function = program.call(edit.step), texts[here.file].around(here.node, FUNCTIONS)
    if edit.mistake != "derivative-at-activation" or edit.how != "slope" or call is None:
        return None
    site = program.sites[call.site]
    node = texts[site.file].find(site)
    if not isinstance(node, ast.Call) or len(node.args) != 1 or function is None:
        return None
    return Blame(site.file, node, node.args[0]) if is_small(function) else None


def passed_on(
    program: Program, reader: Instruction, position: int, texts: Sequence[Text], in_loop: bool
) -> Blame | None:
    """Where what a step reads was passed on as it was, under the name that it is read by: dz = dh."""
    site = program.site(reader)
    node, call = texts[site.file].find(site), program.call(reader)
    for slot, read in enumerate(reader.inputs):
        operand = operand_of(node, slot)
        if read != position or node is None or operand is None:
            continue
        here = follow_out(program, site, call, node, operand, texts, inner=True)
        text, name = texts[here.file], spoken_name(here.operand or operand)
        names = {name, *(spoken_name(source) for source in taken_from(text, here.node, name))}
        for one in ast.walk(text.tree):
            if (
                isinstance(one, ast.Assign)
                and any(spoken_name(target) in names for target in one.targets)
                and is_passed_on(one, program.name(position))
                and (not in_loop or text.around(one, (ast.For, ast.While)) is not None)
            ):
                return Blame(here.file, one)
    return None


def is_passed_on(one: ast.Assign, name: str | None) -> bool:
    """Whether what an assignment gives another name is a name, or an entry of what has a name, perhaps this new one."""
    value = getattr(one.value, "elt", one.value)
    new = isinstance(value, ast.Subscript) and name in map(spoken_name, one.targets)
    return is_name_of(value, name) or (new and name is not None)


def handed_in(scene: Scene, here: Blame, step: Instruction, texts: Sequence[Text]) -> Blame | None:
    """The call that hands an error to the function of one time step: which error, is the caller's."""
    program, text = scene.program, texts[here.file]
    node: ast.AST | None = here.node
    for _ in range(8):
        slot = next((k for k, p in enumerate(step.inputs) if scene.is_tainted(p)), None)
        operand = operand_of(node, slot)
        if slot is None or operand is None:
            return None
        if isinstance(operand, ast.Name):
            found = follow_out(
                program,
                program.site(step),
                program.call(step),
                here.node,
                operand,
                texts,
                inner=True,
            )
            return None if found.node is here.node else found
        maker = program.step_of.get(step.inputs[slot])
        node = operand
        if maker is None or text.find(program.site(maker)) is not operand:
            return None
        step = maker
    return None


def renamed_operand(scene: Scene, text: Text, here: Blame, step: Instruction) -> Blame | None:
    """The assignment that calls an error a bias's gradient as it stands: db = dz."""
    tainted = [p for p in (step.output, *step.inputs) if scene.is_tainted(p)]
    names = {scene.program.name(p) for one in tainted for p in (one, same_array(scene, one))}
    names -= {None}
    statement = text.statement(here.node)
    consumers = scene.program.consumers.get(step.output, ())
    if isinstance(statement, ast.Assign) and not any(s.output in scene.chain_of for s in consumers):
        return None  # it computes the gradient itself
    found = []
    for node in ast.walk(text.tree):
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.value, ast.Name | ast.Attribute)
            and spoken_name(node.value) in names
            and spoken_name(node.targets[0]) != spoken_name(node.value)
        ):
            found.append(node)
    used = {
        spoken_name(operand_of(here.node, slot) or ast.Pass()) for slot in range(len(step.inputs))
    }
    if isinstance(here.node, ast.BinOp | ast.AugAssign):
        used |= {spoken_name(n) for n in ast.walk(here.node)}
    best = [node for node in found if spoken_name(node.targets[0]) in used] or found
    if not best:
        own = text.around(here.node, FUNCTIONS)
        listed = [
            node
            for parent in ast.walk(text.tree)
            if isinstance(parent, ast.Dict)
            for node in parent.values
            if isinstance(node, ast.Name | ast.Attribute) and spoken_name(node) in names
        ]
        if listed:
            named = [
                node
                for node in ast.walk(text.tree)
                if isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Name | ast.Attribute)
                and any(spoken_name(target) == spoken_name(listed[0]) for target in node.targets)
            ]
            return Blame(here.file, named[0]) if named else Blame(here.file, listed[0], listed[0])
        best = [
            node
            for node in ast.walk(text.tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Name | ast.Attribute)
            and any(spoken_name(target) in used for target in node.targets)
            and spoken_name(node.value) not in used
            and (
                text.around(node, FUNCTIONS) is own
                or text.around(node, (ast.ClassDef,)) is not None
            )
        ]
    return Blame(here.file, best[0]) if best else None


def carried(text: Text, here: Blame, scene: Scene) -> Blame | None:
    """What a state's error is added to: where that is set for the next step, if it carries no error."""
    node = here.node
    while isinstance(text.parents.get(node), ast.BinOp):
        node = text.parents[node]
    read = {spoken_name(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)}
    read -= {chain.name(scene.program) for chain in scene.case.anatomy.chains}
    loop = text.around(node, (ast.For, ast.While))
    while loop is not None:
        for one in ast.walk(loop):
            if (
                isinstance(one, ast.Assign)
                and one.lineno > here.line
                and any(spoken_name(t) in read for t in one.targets)
            ):
                return Blame(here.file, one)
        loop = text.around(loop, (ast.For, ast.While))
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return None
    loop = text.around(node, (ast.For, ast.While))
    for operand in (node.left, node.right):
        name = spoken_name(operand)
        if loop is None or name is None:
            continue
        for one in ast.walk(loop):
            if (
                isinstance(one, ast.Assign)
                and any(spoken_name(t) == name for t in one.targets)
                and one.lineno != here.line
            ):
                return Blame(here.file, one)
    return None


def bare_return(program: Program, activation: int, texts: Sequence[Text]) -> Blame | None:
    """In the class that computes an activation, the method that hands an error on as it came."""
    maker = program.step_of.get(activation)
    if maker is None:
        return None
    call = program.call(maker)
    sites = [program.site(maker)]
    while call is not None:
        sites.append(program.sites[call.site])
        call = call.outer
    for site in sites:
        text = texts[site.file]
        node = text.find(site)
        owner = text.around(node, (ast.ClassDef,)) if node is not None else None
        own = text.around(node, FUNCTIONS) if node is not None else None
        if owner is None or own is None:
            continue
        for method in owner.body:  # type: ignore[attr-defined]
            if isinstance(method, ast.FunctionDef) and method is not own:
                static = any(spoken_name(name) == "staticmethod" for name in method.decorator_list)
                handed = argument_names(method)[0 if static else 1 :]
                for one in ast.walk(method):
                    if (
                        isinstance(one, ast.Return)
                        and isinstance(one.value, ast.Name)
                        and one.value.id in handed
                        and not is_assigned(method, one.value.id)
                    ):
                        return Blame(site.file, one)
        return None
    return None
