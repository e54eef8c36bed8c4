"""First layers that stay as they were drawn: bugs where the program means to train them, else by design.

Nothing trained lies below such a layer, so that it may be meant for random features, as in an extreme
learning machine. It is meant to be trained where the program says so: it sends the error back to that layer,
it trains other terms of the very sums that the layer makes, or a loop over the layer never runs. Where an
update of it is merely not reached, or where others of its kind are trained, nobody can tell.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS, bits
from chainrule.checking.anatomy.program import Instruction, NoDerivativeError, Program
from chainrule.checking.anatomy.samples import MOVERS
from chainrule.checking.anatomy.updates import seeds_of
from chainrule.checking.finding.frozen import (
    Frozen,
    birthplace,
    looks_like_mask,
    name_of,
    slope_in_turns,
)
from chainrule.checking.finding.starting_values import SUMS, has_sample_axis, moved_from
from chainrule.checking.finding.update_places import call_for_one
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import EXACT, Fit, norm
from chainrule.recording.execution import Run
from chainrule.recording.rewriting import Site, spoken_name
from chainrule.recording.unreached import is_update

MOST_LOOKED_AT = 12  # numbers of one name
ADDING = SUMS | MOVERS | {"stack", "sum"}
IDLE = 5  # passes in which its inputs may all be 0
LONG = 40  # sums that are followed


@final
@dataclass
class LeftRandom:
    """A layer that stays random. `meant`: the program means to train it; None where nobody can tell.

    `line` is that of an update which is not reached; without one several layers of its kind are trained.
    """

    frozen: Frozen
    meant: bool | None
    line: int | None = None


@final
@dataclass
class Layer:
    """A drawn value, the products of the forward pass that it is a factor of, and the mixes of each turn."""

    position: int
    products: list[Instruction]
    turns: dict[int, set[int]]


def find_left_random(case: Case, fit: Fit, run: Run) -> list[LeftRandom]:
    """What stays random although predictions are made with it in every pass and the loss depends on it."""
    program = case.program
    found: list[LeftRandom] = []
    looked_at: dict[str, int] = defaultdict(int)
    for layer in drawn_layers(case):
        name = name_of(program, layer.position, run)
        looked_at[name] += 1
        if looked_at[name] > MOST_LOOKED_AT or looks_like_mask(case.values[layer.position]):
            continue
        kin = trained_kin(case, layer.position, name, run)
        if has_sample_axis(case, layer.position) and not kin:
            continue
        gradient = slope_in_turns(case, fit, layer.position, layer.turns, IDLE)
        if gradient is None:
            continue
        shape = np.shape(case.values[layer.position])
        born = birthplace(program, layer.position, run)
        one = Frozen(
            layer.position, name, True, shape, gradient, None, born, case.values[layer.position]
        )
        loop = idle_loop(run, name)
        meant = adds_to_trained(case, layer, kin) or is_reached_by_error(case, fit, layer)
        if meant or loop is not None:
            site = loop or update_of(case, name, run)
            found.append(LeftRandom(replace(one, intended=False, site=site), True))
        else:
            line = unreached_update(run, name)
            others = len(kin) > 1
            found.append(LeftRandom(one, None if others or line is not None else False, line))
    return found


def drawn_layers(case: Case) -> Iterator[Layer]:
    """Values drawn once that multiply, in every turn in the same way, what depends on nothing trained."""
    program, anatomy = case.program, case.anatomy
    used = {number for update in anatomy.updates for number in update.mixes}
    forward = program.ancestors((anatomy.mixes[n].prediction for n in used), anatomy.stops)
    places: dict[int, list[tuple[Instruction, str]]] = {}
    drawn: dict[int, bool] = {}
    for step in program.steps:
        if (
            step.operation not in PRODUCTS
            or step.output not in forward
            or anatomy.masks[step.output]
            or len(step.inputs) != 2
        ):
            continue
        for position in step.inputs:
            base, indices = without_moves(program, position)
            if base not in drawn:
                drawn[base] = base not in anatomy.stops and is_drawn(program, base)
            if drawn[base]:
                places.setdefault(base, []).append((step, indices))
    if not places:
        return
    leads = leads_to(case)
    turn_of = {mix: update.turn for update in anatomy.updates for mix in update.mixes}
    wanted = {update.turn for update in anatomy.updates}
    for base, uses in places.items():
        turns: dict[int, set[int]] = defaultdict(set)
        ways: dict[int, set[str]] = defaultdict(set)
        made: dict[int, set[int]] = defaultdict(set)
        for step, indices in uses:
            for mix in bits(leads[step.output]):
                if mix in turn_of:
                    turns[turn_of[mix]].add(mix)
                    ways[turn_of[mix]].add(indices)
                    made[turn_of[mix]].add(step.output)
        alike = all(way == ways[min(ways)] for way in ways.values()) if ways else False
        # The errors of several outputs may be turns of their own, of one pass.
        again = len({frozenset(outputs) for outputs in made.values()}) > 1
        if alike and again and set(turns) == wanted and len(wanted) > 1:
            yield Layer(base, [step for step, _ in uses], dict(turns))


def without_moves(program: Program, position: int) -> tuple[int, str]:
    """What a value was before it was moved about, and the entries that were taken of it."""
    indices = []
    made = program.step_of.get(position)
    while made is not None and (source := moved_from(program, made)) is not None:
        if made.operation == "gather":
            indices.append(repr(made.parameters["indices"]))
        position = source
        made = program.step_of.get(position)
    return position, " ".join(indices)


def is_drawn(program: Program, position: int) -> bool:
    """Whether a value is one drawing of random numbers, scaled perhaps."""
    behind = program.ancestors([position])
    given = [p for p in behind if p in program.given]
    drawings = [p for p in given if program.origin(p) == "random"]
    return len(drawings) == 1 and all(
        np.size(program.given[p]) == 1 or p in drawings for p in given
    )


def leads_to(case: Case) -> list[int]:
    """For each position the mixes, as bits, whose predictions are made with it."""
    anatomy, program = case.anatomy, case.program
    leads = [0] * program.size
    for number, mix in enumerate(anatomy.mixes):
        leads[mix.prediction] |= 1 << number
    for step in reversed(program.steps):
        mask = leads[step.output]
        if mask and step.output not in anatomy.stops:
            for position in step.inputs:
                leads[position] |= mask
    return leads


def trained_kin(case: Case, position: int, name: str, run: Run) -> set[int]:
    """The chains of trained parameters that the same expression made, under the same name."""
    program = case.program
    born = birthplace(program, position, run)
    return {
        number
        for number, chain in enumerate(case.anatomy.chains)
        if birthplace(program, chain.root, run) == born
        and name_of(program, chain.root, run) == name
    }


# --- what a program means -------------------------------------------------------------------------


def adds_to_trained(case: Case, layer: Layer, kin: Collection[int]) -> bool:
    """Whether other weights of the same sum are trained, or its bias alone.

    Not so weights of another origin: they correct a layer that is meant to stay.
    """
    factors, terms = trained_terms(case, layer.products[0].output)
    return bool(factors & set(kin)) or bool(terms and not factors)


def trained_terms(case: Case, here: int) -> tuple[set[int], set[int]]:
    """Chains of the sum that a value goes into: those that are factors there, those that are terms."""
    program, anatomy = case.program, case.anatomy
    factors: set[int] = set()
    terms: set[int] = set()
    for _ in range(LONG):
        following = [s for s in program.consumers.get(here, ()) if s.operation in ADDING]
        step = next((s for s in following if not anatomy.error_masks[s.output]), None)
        if step is None or (step.operation == "stack" and not is_summed(program, step)):
            break
        waiting = [(p, False) for p in step.inputs if p != here]
        while waiting:
            position, multiplied = waiting.pop()
            made = program.step_of.get(position)
            if position in anatomy.stops:
                (factors if multiplied else terms).update(bits(anatomy.masks[position]))
            elif made is None or not anatomy.masks[position]:
                continue
            elif made.operation in MOVERS or (made.operation in SUMS and not multiplied):
                waiting += [(p, multiplied) for p in made.inputs]
            elif made.operation in PRODUCTS and not multiplied:
                waiting += [(p, True) for p in made.inputs]
        here = step.output
    return factors, terms


def is_summed(program: Program, step: Instruction) -> bool:
    return any(use.operation == "sum" for use in program.consumers.get(step.output, ()))


def is_reached_by_error(case: Case, fit: Fit, layer: Layer) -> bool:
    """Whether the program computes this layer's gradient, or the error that only this layer needs, for nothing.

    Not the error of what is trained as well, nor of what the layer hands on: a trained layer computes that
    of its inputs in any case.
    """
    program, anatomy, values = case.program, case.anatomy, case.worlds[-1]
    turn = min(layer.turns)
    numbers = [n for u in anatomy.updates if u.turn == turn for n in u.mixes]
    marked = [False] * program.size
    marked[layer.position] = True
    made = []
    for step in program.steps:
        if step.output not in anatomy.stops and any(marked[p] for p in step.inputs):
            marked[step.output] = True
            if not anatomy.masks[step.output] and not anatomy.error_masks[step.output]:
                made.append(step.output)
    seeds = seeds_of(anatomy.mixes, sorted(set(numbers)), fit.loss, values)
    way = anatomy.forward | {position for position in range(program.size) if marked[position]}
    try:
        gradients = program.sweep(values, seeds, anatomy.stops, way)
    except NoDerivativeError:
        return False
    gradients = {p: g for p, g in gradients.items() if norm(g) > 0}
    handed_on = [
        g for p, g in gradients.items()
        if anatomy.masks[p] or any(anatomy.masks[s.output] for s in program.consumers.get(p, ()))
    ]  # fmt: skip
    wanted = [
        gradients[p] for p in (layer.position, *made)
        if p in gradients and not any(is_multiple(gradients[p], g) for g in handed_on)
    ]  # fmt: skip
    own = sum(1 << number for number in set(numbers))
    end = max(u.after for u in anatomy.updates if u.turn == turn)
    used = program.ancestors(
        (u.after for u in anatomy.updates), anatomy.stops - {u.after for u in anatomy.updates}
    )
    for step in program.steps:
        if step.output > end:
            break
        if step.output in used:
            continue
        if anatomy.error_masks[step.output] & own and step.output not in anatomy.stops:
            value = np.asarray(values[step.output], dtype=float)
            if np.size(value) > 2 and any(is_multiple(value, gradient) for gradient in wanted):
                return True
    return False


def is_multiple(value: Any, gradient: Any) -> bool:
    if value.size != np.size(gradient) or not np.all(np.isfinite(value)):
        return False
    for turned in (gradient, np.transpose(gradient)):
        a, g = value.reshape(-1), np.reshape(turned, -1)
        factor = float(np.sum(a * g)) / norm(g) ** 2
        if factor and norm(a - factor * g) <= EXACT * norm(a):
            return True
    return False


def idle_loop(run: Run, name: str | None = None) -> Site | None:
    """A loop that is reached, never goes round, and does something with that name, or updates anything."""
    seen = [run.sites[number] for number in run.recorder.seen] if run.recorder else []
    for file, source in enumerate(run.sources):
        lines = {site.line for site in seen if site.file == file}
        for node in source.nodes:
            if not isinstance(node, ast.For) or not (
                has_update(node) if name is None else name in names_of_all(node.body)
            ):
                continue
            head = next((s for s in seen if s.file == file and lies_in(s, node.iter)), None)
            body = range(node.body[0].lineno, (node.body[-1].end_lineno or 0) + 1)
            if head is not None and head.line not in body and not lines & set(body):
                return head
    return None


def has_update(node: ast.AST) -> bool:
    """Whether each round updates something; what stands under a condition may be left out by every one."""
    return any(
        (isinstance(part, ast.Assign | ast.AugAssign) and is_update(part)) or has_update(part)
        for part in ast.iter_child_nodes(node)
        if not isinstance(part, ast.If | ast.While | ast.Try)
    )


def lies_in(site: Site, node: ast.expr) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
    return start <= (site.line, site.column) and (site.end_line, site.end_column) <= end


def names_of_all(nodes: Sequence[ast.stmt]) -> set[str | None]:
    return {
        spoken_name(part)
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)
    }


def unreached_update(run: Run, name: str) -> int | None:
    """The line of an update of that name which the program has not reached, though it trains others."""
    reached = reached_lines(run)
    for file, source in enumerate(run.sources):
        for node in source.nodes:
            if isinstance(node, ast.Assign | ast.AugAssign) and is_update(node):
                target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
                if spoken_name(target) == name and (file, node.lineno) not in reached:
                    return node.lineno
    return None


def reached_lines(run: Run) -> Collection[tuple[int, int]]:
    sites = [run.sites[number] for number in run.recorder.seen] if run.recorder else []
    return {(site.file, site.line) for site in sites}


def update_of(case: Case, name: str, run: Run) -> Site | None:
    """Where others of that name are updated."""
    program = case.program
    for chain in case.anatomy.chains:
        if chain.name(program) == name and chain.steps:
            return call_for_one(case, chain.steps[-1], run) or program.site(chain.steps[0])
    return None


def doubt_about(one: LeftRandom) -> str:
    words = f"{one.frozen.name} starts random and is never updated"
    if one.line is not None:
        return f"{words}: line {one.line} would, and is not reached"
    return f"one of the layers called {words}, though others are"


def notes_on(found: Sequence[LeftRandom]) -> list[str]:
    """What is said of layers that stay random by design."""
    names = sorted({one.frozen.name for one in found if one.meant is False})
    if not names:
        return []
    return [f"{', '.join(names)} stays as it was drawn: its products are random features"]
