"""Targets that a program makes from its own predictions: p.argmax(), p.round(), or drawn with probabilities p.

Such an error has a target, and all updates may follow it; yet nothing but the network says what is right.
By value such a target is its prediction, rounded, or nothing at all; that it is made from it the program's
text tells.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.predictions import Mix
from chainrule.checking.finding.syntax import FUNCTIONS, Text, operand_of
from chainrule.checking.fitting.case import Case
from chainrule.checking.targets.error_places import ErrorPlace
from chainrule.checking.targets.error_places import instances as all_instances
from chainrule.checking.targets.target_names import Surroundings
from chainrule.recording.rewriting import Sites

DRAWING = re.compile(r"rand|choice|multinomial|binomial|bernoulli|uniform|sample")
DEPTH = 4  # assignments that are followed back


def rounded_targets(case: Case) -> ErrorPlace | None:
    """A place of errors whose targets are all their predictions, rounded; None where there is no such place."""
    for site, mixes in mixes_by_site(case).items():
        pairs = [pair_of(case, mix) for mix in mixes]
        if mixes[0].step.operation in ("subtract", "scatter") and are_rounded(pairs):
            return place_of(case, site, mixes)
    return None


def drawn_targets(case: Case, sites: Sites, texts: Sequence[Text]) -> Iterator[ErrorPlace]:
    """The places of errors whose targets come, by the text, from a drawing of random numbers."""
    for site, mixes in mixes_by_site(case).items():
        if mixes[0].step.operation not in ("subtract", "scatter"):
            continue
        place, text = place_of(case, site, mixes), texts[sites[site].file]
        node = text.find(sites[site])
        target = target_of(node, place) if node is not None else None
        if node is not None and target is not None and is_drawn(text, node, target):
            yield place


def mixes_by_site(case: Case) -> dict[int, list[Mix]]:
    anatomy = case.anatomy
    places: dict[int, list[Mix]] = {}
    for number in sorted({number for update in anatomy.updates for number in update.mixes}):
        mix = anatomy.mixes[number]
        places.setdefault(case.program.recording.sites[mix.step.number], []).append(mix)
    return places


def place_of(case: Case, site: int, mixes: Sequence[Mix]) -> ErrorPlace:
    step = mixes[0].step
    classes = step.operation == "scatter"
    slot = 0 if classes else step.inputs.index(mixes[0].prediction)
    place = ErrorPlace(site, (step,), slot, "classes" if classes else "another")
    return ErrorPlace(site, all_instances(case.program, place), slot, place.kind)


def is_drawn(text: Text, node: ast.AST, expression: ast.AST) -> bool:
    """Whether a value comes, within its function, from a call that draws random numbers."""
    scope = text.around(node, FUNCTIONS) or text.tree
    return any(draws(one) for one in expressions_behind(text, scope, expression))


def is_drawn_from_prediction(
    text: Text, node: ast.AST, expression: ast.AST, surroundings: Surroundings
) -> bool:
    """Whether a drawing meets a prediction on the way to a value: in one expression, or by a name for it."""
    scope = text.around(node, FUNCTIONS) or text.tree
    for one in expressions_behind(text, scope, expression):
        names = set(names_in(one))
        dependent = {name for name in names if surroundings.depends(name)}
        drawn = draws(one) or any(
            draws(source) for name in names - dependent for source in assigned(text, scope, name)
        )
        if dependent and drawn:
            return True
    return False


def draws(expression: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Call) and DRAWING.search(ast.unparse(part.func))
        for part in ast.walk(expression)
    )


def pair_of(case: Case, mix: Mix) -> tuple[Any, Any]:
    return np.asarray(case.values[mix.prediction], dtype=float), mix.target_in(case.values)


def are_rounded(pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Whether each target is what one gets by rounding its prediction, or by taking the largest."""
    if all(np.size(p) == 1 for p, _ in pairs):
        if all(np.all(t == np.round(p)) for p, t in pairs):
            return True
        pairs = list(joined_by_sum(pairs))
    ways: list[Callable[[Any], Any]] = [np.round, np.sign]
    ways += [largest_along(axis) for axis in range(3)]
    return bool(pairs) and any(all(np.allclose(way(p), t) for p, t in pairs) for way in ways)


def joined_by_sum(pairs: Sequence[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Single probabilities that add up to 1 one after another, as one value."""
    group: list[tuple[float, float]] = []
    for p, t in pairs:
        group.append((float(np.reshape(p, -1)[0]), float(np.reshape(t, -1)[0])))
        if abs(sum(probability for probability, _ in group) - 1) < 1e-9 and len(group) > 1:
            yield np.array([a for a, _ in group]), np.array([b for _, b in group])
            group = []


def largest_along(axis: int) -> Callable[[Any], Any]:
    """1 where a value is the largest along an axis, else 0; of equals the first is."""

    def one_hot(p: Any) -> Any:
        if np.ndim(p) <= axis:
            return np.full(np.shape(p), np.nan)
        places = np.expand_dims(np.argmax(p, axis=axis), axis)
        marked = np.zeros(np.shape(p))
        np.put_along_axis(marked, places, 1.0, axis)
        return marked

    return one_hot


def is_made_from_prediction(
    text: Text, node: ast.AST, expression: ast.AST, surroundings: Surroundings
) -> bool:
    """Whether the text of a value leads back to something in sight that depends on parameters."""
    scope = text.around(node, FUNCTIONS) or text.tree
    return any(surroundings.depends(name) for name in names_behind(text, scope, expression))


def target_of(node: ast.AST, place: ErrorPlace) -> ast.AST | None:
    """The expression of the target at a place of errors."""
    if place.kind == "classes":
        written = node.target if isinstance(node, ast.AugAssign) else None
        return written.slice if isinstance(written, ast.Subscript) else None
    return operand_of(node, 1 - place.slot)


def names_behind(text: Text, scope: ast.AST, expression: ast.AST) -> set[str]:
    """The names in an expression, and those in what they were assigned within a function, tests included."""
    return {name for one in expressions_behind(text, scope, expression) for name in names_in(one)}


def expressions_behind(text: Text, scope: ast.AST, expression: ast.AST) -> Iterator[ast.AST]:
    """An expression, and what its names were assigned within a function."""
    known: set[str] = set()
    waiting = [(expression, 0)]
    while waiting:
        here, depth = waiting.pop()
        yield here
        for name in set(names_in(here)) - known if depth < DEPTH else ():
            known.add(name)
            waiting += [(source, depth + 1) for source in assigned(text, scope, name)]


def names_in(node: ast.AST) -> Iterator[str]:
    """Names and attributes whose values matter: of len(p) and p.shape nothing but the size does."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "len":
            return
        for part in (*node.args, *node.keywords):
            yield from names_in(part)
        return
    if isinstance(node, ast.Attribute) and node.attr in ("shape", "size", "ndim", "dtype"):
        return
    if isinstance(node, ast.Name | ast.Attribute):
        yield ast.unparse(node)
    for child in ast.iter_child_nodes(node):
        yield from names_in(child)


def assigned(text: Text, scope: ast.AST, name: str) -> Iterator[ast.AST]:
    """What a name, or an entry of it, was given in a function, and the tests that this depends on."""
    for one in ast.walk(scope):
        entries = [
            target for target in (one.targets if isinstance(one, ast.Assign) else ())
            if isinstance(target, ast.Subscript) and ast.unparse(target.value) == name
        ]  # fmt: skip
        yield from (target.slice for target in entries)
        if isinstance(one, ast.Assign) and (
            entries or any(ast.unparse(t) == name for t in one.targets)
        ):
            yield one.value
            test = text.around(one, (ast.If,))
            if isinstance(test, ast.If):
                yield test.test
