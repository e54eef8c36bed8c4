"""Parameters that no update touches, though the loss depends on them.

A frozen parameter starts random or zero, is added to, or multiplied with, what depends on trained
parameters, in the same place in every pass, and stays. Data, noise, masks and states are none: data meets
parameters directly (x w), noise and masks are drawn anew or belong to one sample each, and states start
at zero and are multiplied. What the source gives as a constant is frozen by intent.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS, Chain, equal_indices, spread
from chainrule.checking.anatomy.program import NoDerivativeError, Program
from chainrule.checking.anatomy.samples import MOVERS
from chainrule.checking.anatomy.updates import seeds_of, true_gradients
from chainrule.checking.finding.starting_values import (
    SUMS,
    Use,
    has_sample_axis,
    is_a_state,
    source_of,
    starting_values,
    uses_of,
)
from chainrule.checking.finding.update_places import (
    place_of_update,
    unread_update,
    where_it_is_lost,
)
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit, norm
from chainrule.recording.execution import Run
from chainrule.recording.rewriting import Site, spoken_name

BIAS = re.compile(r"^_*(b|B)\d*$|^_*(b|B)_|bias|offset|intercept|^b[a-z]{1,3}\d*$|theta")
TURNS = 3  # passes in which the gradient is looked at
STARTS = {"random", "zeros"}  # what parameters begin with
SMALLEST = 1e-6  # of the other parameters' gradients: below it there is none


@final
@dataclass
class Frozen:
    """A parameter that stays: its first value's position, and what the loss's gradient there is.

    `intended`: the source gives it as a constant. `site` is where its update belongs, where a statement
    adds 0 to it in every pass (perhaps since it holds `whole` numbers), or where it is made `anew` for each.
    """

    position: int
    name: str
    intended: bool
    shape: tuple[int, ...]
    gradient: Any = None
    site: Site | None = None
    born: Site | None = None
    start: Any = None
    adds_0: bool = False
    whole: bool = False
    anew: bool = False


def find_frozen(case: Case, fit: Fit, run: Run) -> list[Frozen]:
    """The frozen parameters of a recording whose trained ones are right."""
    program, anatomy = case.program, case.anatomy
    forward = program.ancestors(
        (anatomy.mixes[number].prediction for update in anatomy.updates for number in update.mixes),
        anatomy.stops,
    )
    pure = starting_values(program, anatomy.stops)
    uses = uses_of(program, forward, pure)
    name_at = cache(partial(given_name, run))
    data = data_of_targets(case)
    sizes = {size for chain in anatomy.chains for size in np.shape(case.values[chain.root])}
    found = []
    for position, places in uses.items():
        origin = source_of(program, position)
        if origin is None or not all(is_parameters_use(case, place) for place in places):
            continue
        if not data.isdisjoint(program.ancestors([position])):
            continue  # a mean of targets, say
        if (
            position in anatomy.stops
            or meets_error(case, position)
            or is_a_state(program, position)
        ):
            continue
        if len(np.shape(case.values[position])) > 1 and has_sample_axis(case, position, sizes):
            continue
        if origin == "zeros" and not all(place.step.operation in SUMS for place in places):
            continue
        name = program.name(position) or name_at(birthplace(program, position, run))
        if origin == "literal" and not (np.size(case.values[position]) > 1 or BIAS.search(name)):
            continue
        if looks_like_mask(case.values[position]) and origin == "random":
            continue
        gradient = gradient_of(case, fit, position, places, name)
        if gradient is None:
            continue
        if origin != "literal" and not run.finished and is_changed_later(run, name):
            continue
        single = not np.shape(case.values[position])  # updated in a loop of its own
        lost = unread_update(case, position)
        site = None if lost is None else where_it_is_lost(case, lost, name, run)
        if site is None and origin != "literal" and not single:
            site = place_of_update(case, places, name, run)
        found.append(
            Frozen(
                position, name, origin == "literal", np.shape(case.values[position]), gradient, site,
                birthplace(program, position, run), case.values[position],
            )
        )  # fmt: skip
    return found + thrown_away(case, fit, run)


def data_of_targets(case: Case) -> set[int]:
    """What is given, but for numbers of the source, and targets are made of.

    A target that parameters are part of is none of data alone: a loss of the program's own, a next value.
    """
    program, anatomy = case.program, case.anatomy
    used = {number for update in anatomy.updates for number in update.mixes}
    targets = {anatomy.mixes[number].target for number in used}
    return {
        p
        for p in program.ancestors(target for target in targets if not anatomy.masks[target])
        if p in program.given and (program.origin(p) == "random" or np.size(program.given[p]) > 1)
    }


def thrown_away(case: Case, fit: Fit, run: Run) -> list[Frozen]:
    """Parameters whose new values are computed in every pass, and read in none."""
    program, anatomy = case.program, case.anatomy
    found = []
    for chain in anatomy.chains:
        used = [position for position in chain.versions if anatomy.reached.get(position)]
        if used != [chain.root] or len(chain.versions) <= TURNS:
            continue
        turns: dict[int, set[int]] = {}
        for update in anatomy.updates:
            own = {
                n
                for n in update.mixes
                if anatomy.reached[chain.root] >> n & 1
                and anatomy.mixes[n].prediction
                > chain.versions[1]  # else its unit may be dead since
            }
            if own:
                turns.setdefault(update.turn, set()).update(own)
        gradient = slope_in_turns(case, fit, chain.root, turns) if len(turns) > 1 else None
        if gradient is not None:
            name = program.name(chain.root) or name_of(program, chain.root, run)
            found.append(
                Frozen(
                    chain.root, name, False, np.shape(case.values[chain.root]), gradient,
                    where_it_is_lost(case, chain.steps[0], name, run), None, case.values[chain.root],
                )
            )  # fmt: skip
    return found


def without_error(case: Case, fit: Fit, run: Run) -> list[Frozen]:
    """The wrong parameters of a fit, if each is one that statements add 0 to in every pass, though others follow the loss."""
    program, anatomy, values = case.program, case.anatomy, case.values
    if fit.form != "gradient-descent" or not fit.good or not fit.clear:
        return []
    gradients = true_gradients(anatomy, values, fit.loss)
    found: dict[int, Frozen] = {}
    for update, gradient in zip(anatomy.updates, gradients, strict=True):
        if update.chain not in fit.bad:
            continue
        if not np.array_equal(values[update.before], values[update.after]):
            return []
        chain = anatomy.chains[update.chain]
        seeds = seeds_of(anatomy.mixes, sorted(update.mixes), fit.loss, values)
        if update.chain in found or not norm(gradient) > 0:
            continue
        if lowers_loss(case, values, update.before, gradient, seeds):
            found[update.chain] = Frozen(
                chain.root, chain.name(program) or name_of(program, chain.root, run),
                is_held(case, chain), np.shape(values[chain.root]), gradient,
                program.site(chain.steps[0]), None, values[chain.root], adds_0=True, whole=holds_whole_numbers(program, chain),
            )  # fmt: skip
    return list(found.values()) if set(found) == fit.bad else []


def is_held(case: Case, chain: Chain) -> bool:
    """Whether the source holds a constant of its own fast: it puts a 0 where an error's share would be, d[0] = 0."""
    if case.program.origin(chain.root) != "literal":
        return False
    added = {position for step in chain.steps for position in step.inputs} - set(chain.versions)
    return not any(case.anatomy.error_masks[position] for position in added)


def holds_whole_numbers(program: Program, chain: Chain) -> bool:
    """Whether what is written into a parameter is cut to whole numbers: its array has no others."""
    written = (program.step_of.get(s.inputs[-1]) for s in chain.steps if s.operation == "scatter")
    return any(step is not None and step.operation.startswith("call:trunc") for step in written)


def is_parameters_use(case: Case, use: Use) -> bool:
    """Whether a value stands there as a parameter does: beside what depends on trained parameters and data."""
    if use.step.operation not in SUMS | PRODUCTS or len(use.step.inputs) != 2:
        return False
    anatomy, program = case.anatomy, case.program
    partner = use.partner
    while partner not in anatomy.stops:
        made = program.step_of.get(partner)
        if made is None or made.operation not in MOVERS:
            break
        partner = made.inputs[0]
    return bool(anatomy.masks[partner]) and partner not in anatomy.stops


def meets_error(case: Case, position: int) -> bool:
    """Whether something that follows from an error is added to a value, by itself or entry by entry."""
    program = case.program
    return any(
        step.operation in SUMS | {"scatter"}
        and any(case.anatomy.error_masks[other] for other in step.inputs if other != position)
        for step in program.consumers.get(position, ())
    )


def looks_like_mask(values: Any) -> bool:
    """Zeros and one other number."""
    different = np.unique(np.asarray(values))
    return bool(len(different) <= 2 and np.size(values) > 2 and np.any(different == 0))


def gradient_of(case: Case, fit: Fit, position: int, uses: Sequence[Use], name: str) -> Any:
    """The gradient in the first pass, where there is one in every pass looked at; None otherwise.

    The value must serve at least two passes, and in each the same way; and more than one sample, unless it is
    called a bias.
    """
    anatomy, program = case.anatomy, case.program
    marked = [0] * program.size
    marked[position] = 1
    reached = spread(program, marked, anatomy.stops)
    turns: dict[int, set[int]] = {}
    for update in anatomy.updates:
        numbers = {number for number in update.mixes if reached[anatomy.mixes[number].prediction]}
        if numbers:
            turns.setdefault(update.turn, set()).update(numbers)
    if len(turns) < 2 or not is_used_alike(uses) or not is_shared(case, uses, turns, name):
        return None
    return slope_in_turns(case, fit, position, turns)


def slope_in_turns(
    case: Case, fit: Fit, position: int, turns: dict[int, set[int]], idle: int = 0
) -> Any:
    """The gradient in the first pass, if it is not 0 in any, and the computation bears it out; else None.

    Some passes may be `idle`, with a gradient of 0: an input that is 0 asks nothing of its weights.
    """
    anatomy, program = case.anatomy, case.program
    marked = [0] * program.size
    marked[position] = 1
    reached = spread(program, marked, anatomy.stops)
    way = anatomy.forward | {at for at in range(program.size) if reached[at]}
    first = None
    for values in case.worlds:
        told = 0
        for turn in sorted(turns)[: TURNS + idle]:
            numbers = sorted(turns[turn])
            seeds = seeds_of(anatomy.mixes, numbers, fit.loss, values)
            try:
                gradients = program.sweep(values, seeds, anatomy.stops, way)
            except NoDerivativeError:
                return None
            gradient = gradients.get(position)
            others = [
                norm(gradients[update.before])
                for update in anatomy.updates
                if update.turn == turn and update.before in gradients and update.before != position
            ]
            if gradient is None or not norm(gradient) > SMALLEST * max(others, default=0.0):
                if not idle:
                    return None
                continue
            if not lowers_loss(case, values, position, gradient, seeds):
                return None
            told += 1
            first = gradient if first is None else first
        if idle and told < 2:
            return None
    return first


def is_used_alike(uses: Sequence[Use]) -> bool:
    """Whether entries of it that are read once are read again: noise for each sample is not."""
    known: list[Any] = []
    for use in uses:
        indices = tuple(
            move.parameters["indices"] for move in use.moves if move.operation == "gather"
        )
        if not any(equal_indices(indices, other) for other in known):
            known.append(indices)
    return len(uses) >= 2 * len(known)


def is_shared(case: Case, uses: Sequence[Use], turns: dict[int, set[int]], name: str) -> bool:
    """Whether several samples share the value: it is broadcast over them, or meets one after the other."""
    values = case.values
    for use in uses:
        own = values[use.step.inputs[use.slot]]
        if use.step.operation in ("add", "subtract", "multiply") and np.size(own) < np.size(
            values[use.step.output]
        ):
            return True
    mixes = [case.anatomy.mixes[number] for numbers in turns.values() for number in sorted(numbers)]
    targets = [np.asarray(values[mix.target]) for mix in mixes[:50]]
    differ = any(
        target.shape != targets[0].shape or not np.array_equal(target, targets[0])
        for target in targets
    )
    if differ or any(use.step.operation == "matmul" for use in uses):
        return True
    return bool(BIAS.search(name)) and all(use.step.operation in SUMS for use in uses)


def lowers_loss(
    case: Case, values: Any, position: int, gradient: Any, seeds: dict[int, Any]
) -> bool:
    """Whether a step against the gradient, taken in the computation itself, changes predictions as it says.

    The slope of the loss along g must be |g|^2.
    """
    program, anatomy = case.program, case.anatomy
    size = norm(gradient)
    scale = max(1.0, norm(values[position]))
    h = 1e-5 * scale / size
    reach = program.ancestors(seeds, anatomy.stops)
    cone = [step for step in program.steps if step.output in reach]
    ends = []
    for sign in (1, -1):
        moved = np.asarray(values[position], dtype=float) + sign * h * gradient
        ends.append(program.rerun(values, {}, cone, anatomy.stops, {position: moved}))
    slope = sum(
        float(np.sum(seed * (ends[0].get(at, values[at]) - ends[1].get(at, values[at])))) / (2 * h)
        for at, seed in seeds.items()
    )
    return bool(abs(slope - size**2) <= 1e-4 * size**2)


# --- where it stands ------------------------------------------------------------------------------


def birthplace(program: Program, position: int, run: Run) -> Site | None:
    """Where a value is made: of what a function makes for others and returns, where it is asked for."""
    made = program.step_of.get(position)
    if made is not None:
        site, call = program.site(made), program.call(made)
        while call is not None and any(
            isinstance(node, ast.Return) and is_around(node, site)
            for node in run.sources[site.file].nodes
        ):
            site, call = program.sites[call.site], call.outer
        return site
    number = program.recording.birthplaces.get(position)
    return None if number is None else program.sites[number]


def name_of(program: Program, position: int, run: Run) -> str:
    """What the program calls a value: its own name, or that of the list or table that it stands in."""
    return program.name(position) or given_name(run, birthplace(program, position, run))


def given_name(run: Run, site: Site | None) -> str:
    """What the source calls what is made there."""
    name = None
    if site is None:
        return "parameter"
    for node in run.sources[site.file].nodes:
        if isinstance(node, ast.Assign) and node.lineno <= site.line <= (
            node.end_lineno or node.lineno
        ):
            name = spoken_name(node.targets[0]) or name
        for key, value in (
            zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        ):
            if isinstance(key, ast.Constant) and is_around(value, site):
                return str(key.value)
    return name or "parameter"


def is_around(node: ast.expr | ast.stmt, site: Site) -> bool:
    start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
    return start <= (site.line, site.column) and (site.end_line, site.end_column) <= end


def is_changed_later(run: Run, name: str) -> bool:
    """Whether the source has an update of that name which had not run when the recording was cut off."""
    sites = [run.sites[number] for number in run.recorder.seen] if run.recorder else []
    reached = {(site.file, site.line) for site in sites}
    for file, source in enumerate(run.sources):
        for node in source.nodes:
            if isinstance(node, ast.AugAssign):
                changed = spoken_name(node.target)
            elif isinstance(node, ast.Assign) and name in names_in(node.value):
                if spoken_name(node.value) == name:  # b = b
                    continue
                changed = spoken_name(node.targets[0])
            else:
                continue
            if changed == name and (file, node.lineno) not in reached:
                return True
    return False


def names_in(node: ast.expr) -> set[str | None]:
    return {
        spoken_name(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)
    }
