"""Gradients that a program computes and does not apply: judged as if they were its updates.

    dW2 = a1.T @ d2; print(dW2)        is judged as  W2' = W2 - dW2
    delta_w = rate * error * x         is judged as  w' = w + delta_w

A claim is a value that follows from an error and has a parameter's shape. Which parameter it is the gradient
of, its numbers tell where they are right, and its name where they are not.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.losses import SEEDS
from chainrule.checking.anatomy.parameters import PRODUCTS, Chain, bits, spread
from chainrule.checking.anatomy.predictions import KINDS, Mix, find_mixes
from chainrule.checking.anatomy.program import NoDerivativeError, Program, build_program
from chainrule.checking.anatomy.updates import Anatomy, Update, join_mixes, reach, seeds_of
from chainrule.checking.driving.arguments import Guess
from chainrule.checking.driving.factors import bare_shape, ratio, round_factor, stands_for
from chainrule.checking.driving.gradient_names import is_gradient_name
from chainrule.checking.driving.kept_claims import (
    Entries,
    are_counted_otherwise,
    is_of_another_number,
    meant_by_place,
)
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run
from chainrule.recording.recording import Operation

MOST_LOOKED_AT = 1500  # values from the start, where gradients are looked for
MOST_HYPOTHESES = 12
MOST_STARTS = 60  # given values; with more it is data that is worked on


@final
@dataclass
class Pair:
    """A parameter and the value that is taken for its gradient, times `factor` where it agrees."""

    parameter: int
    claim: int
    factor: float | None
    name: str = ""


@final
@dataclass
class Reading:
    """One way to read a recording: which values are parameters, where they meet targets, which loss."""

    parameters: list[int]
    kinds: Collection[str]
    mixes: list[Mix]
    loss: str
    pairs: list[Pair] = field(default_factory=list)
    unexplained: list[int] = field(default_factory=list)

    @property
    def agreeing(self) -> int:
        return sum(pair.factor is not None for pair in self.pairs)

    def is_plain(self, program: Program) -> bool:
        """Whether there is nothing left to explain: several arrays agree, and nothing disagrees."""
        arrays = sum(np.size(program.recorded[pair.parameter]) > 1 for pair in self.pairs)
        return arrays > 1 and self.agreeing == len(self.pairs) and not self.unexplained

    @property
    def score(self) -> tuple[int, int, int, int]:
        named = len(self.pairs) - self.agreeing
        return self.agreeing, -len(self.unexplained), named, -KINDS.index(frozenset(self.kinds))


def read_claims(
    run: Run,
    deadline: Deadline,
    parameters: Sequence[int] | None = None,
    stored: Mapping[str, int] | None = None,
    called: Mapping[int, str] | None = None,
    alike: Sequence[tuple[Entries, ...]] = (),
) -> Anatomy | None:
    """The anatomy of a recording whose gradients were no updates, with updates made from them.

    `parameters` are positions, where they are known, and `called` the names under which they are kept; `stored`
    are positions by the names under which the program returned or kept them, and what stands in parameters' places
    is `alike`. None where no gradient agrees with any loss, or where all do but one is left that is nobody's.
    """
    program = build_program(run.recording, run.sites)
    stored = dict(stored or {})
    best: Reading | None = None
    guesses = [(list(parameters), None)] if parameters is not None else guess_parameters(program)
    for guess, target in guesses:
        if best is not None and best.is_plain(program):
            break
        for reading in readings(program, guess, target, stored, called or {}, alike):
            if deadline.over:
                return None
            if best is None or reading.score > best.score:
                best = reading
    if best is None or not best.pairs:
        return None
    if {pair.claim for pair in best.pairs} <= {mix.output for mix in best.mixes}:
        return None  # an error is what a bias' gradient would be: nothing was computed from it
    if best.unexplained and best.agreeing == len(best.pairs):
        return None
    return apply_pairs(run, program, best)


def mixes_made(guess: Guess, program: Program) -> list[Mix]:
    """The errors that were made to drive an operation, whatever it compares itself."""
    return [
        Mix(step.inputs[0], step.inputs[1], step.output, step)
        for step in program.steps
        if step.operation == "subtract"
        and program.recording.sites[step.number] in guess.error_sites
    ]


def guess_parameters(program: Program) -> Iterator[tuple[list[int], int]]:
    """All that a weighted sum is made of, but one given value, which may be the target; and that."""
    starts = starts_of(program, program.given)
    weighed: set[int] = set()
    for step in program.steps:
        if step.operation in PRODUCTS and len(step.inputs) == 2:
            weighed.update(step.inputs)
    if len(starts) > MOST_STARTS:
        return
    origins = set(starts) & program.ancestors(weighed)
    for target in starts[:MOST_HYPOTHESES]:
        yield (
            [position for position in starts if position in origins and position != target],
            target,
        )


def starts_of(program: Program, given: Iterable[int]) -> list[int]:
    """Given values as the program calls them: W for W = 0.1 * randn, or for a list of constants."""
    starts = set()
    for position in given:
        current = position
        while program.name(current) is None and len(program.consumers.get(current, ())) == 1:
            step = program.consumers[current][0]
            if (
                any(
                    other != current
                    and (other not in program.given or np.size(program.given[other]) > 1)
                    for other in step.inputs
                )
                and step.operation != "stack"
            ):
                break
            current = step.output
        if program.name(current) is not None:
            starts.add(current)
        elif np.size(program.given[position]) > 1:
            starts.add(position)
    return sorted(starts)


def readings(
    program: Program,
    parameters: list[int],
    target: int | None,
    stored: Mapping[str, int],
    called: Mapping[int, str],
    alike: Sequence[tuple[Entries, ...]],
) -> Iterator[Reading]:
    """All readings with these parameters, in which the target, where it is given, is one."""
    if not parameters:
        return
    masks = masks_of(program, parameters)
    for kinds in KINDS:
        mixes = find_mixes(program, masks, (), kinds)
        if not mixes or not (
            target is None or any(is_target(program, mix, target) for mix in mixes)
        ):
            continue
        for loss in SEEDS:
            reading = Reading(parameters, kinds, mixes, loss)
            try:
                pair_up(program, masks, reading, stored, called, alike)
            except NoDerivativeError:
                return
            yield reading


def is_target(program: Program, mix: Mix, target: int) -> bool:
    return mix.of_class or mix.by_difference or target in program.ancestors([mix.target])


def masks_of(program: Program, parameters: Sequence[int], stops: Collection[int] = ()) -> list[int]:
    marked = [0] * program.size
    for number, position in enumerate(parameters):
        marked[position] |= 1 << number
    return spread(program, marked, stops)


def pair_up(
    program: Program,
    masks: Sequence[int],
    reading: Reading,
    stored: Mapping[str, int],
    called: Mapping[int, str],
    alike: Sequence[tuple[Entries, ...]],
) -> None:
    """Claims beside parameters: by their numbers first, then by their names and places."""
    values, mixes = program.recorded, reading.mixes
    errors = [0] * program.size
    for number, mix in enumerate(mixes):
        errors[mix.output] |= 1 << number
    errors = spread(program, errors, ())
    forward = {p for p in program.ancestors(mix.prediction for mix in mixes) if masks[p]}
    # Data have gradients, too: what a layer sends back to those before it is none of its weights'.
    shapes_of = {np.shape(values[p]) for p in reading.parameters}
    into = (p for made in forward & program.step_of.keys() for p in program.step_of[made].inputs)
    fed = forward.union(p for p in into if np.shape(values[p]) in shapes_of)
    memo: dict[tuple[int, bool], dict[int, Any]] = {}

    def true_gradients(mask: int, of_data: bool = False) -> dict[int, Any]:
        if (mask, of_data) not in memo:
            seeds = seeds_of(mixes, tuple(bits(mask)), reading.loss, values)
            memo[mask, of_data] = program.sweep(values, seeds, (), fed if of_data else forward)
        return memo[mask, of_data]

    tainted = [
        position
        for position in range(min(program.size, MOST_LOOKED_AT))
        if errors[position] and np.size(values[position])
    ]
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for position in tainted:
        by_shape.setdefault(bare_shape(values[position]), []).append(position)
    found: dict[int, list[Pair]] = {}
    for parameter in reading.parameters:
        for position in by_shape.get(bare_shape(values[parameter]), ()):
            if not stands_for(values[position], values[parameter]):
                continue
            true = true_gradients(errors[position]).get(parameter)
            shaped = np.reshape(values[position], np.shape(values[parameter]))
            if true is not None and (factor := ratio(shaped, true)) is not None:
                found.setdefault(parameter, []).append(Pair(parameter, position, factor))
    names = {p: program.recording.last_names.get(p) or program.name(p) or "" for p in tainted}
    kept = set(stored.values())
    spoken: dict[str, list[int]] = {}
    for position, name in names.items():
        if name:
            spoken.setdefault(name, []).append(position)
    said_of: dict[int, dict[int, str]] = {}
    kept_as: dict[int, list[str]] = {}
    for name, position in stored.items():
        kept_as.setdefault(position, []).append(name)
    own_names = {p: called.get(p) or name_of(program, p) for p in reading.parameters}
    by_numbers = {(p, pair.claim) for p, pairs in found.items() for pair in pairs}
    numbered = {p: name for p, name in own_names.items() if p in forward}
    shifted = are_counted_otherwise(by_numbers, kept_as, numbered)
    for parameter in reading.parameters:
        own = "" if shifted else own_names[parameter]
        said = {
            p: name
            for name, p in stored.items()
            if is_gradient_name(name, own) and (errors[p] or is_blind(program, masks, p, parameter))
        }
        # What is kept is what is meant, and first under the gradient's name; not what it was made from.
        for meant in (kept, said):
            pairs = [pair for pair in found.get(parameter, ()) if pair.claim in meant]
            if pairs:
                found[parameter] = pairs
        is_kept = any(pair.claim in kept for pair in found.get(parameter, ()))
        for name, positions in spoken.items():
            if is_gradient_name(name, own) and not is_kept:
                said |= {p: name for p in positions if p not in said}
        said_of[parameter] = said
    for parameter, claim, name in meant_by_place(alike, by_numbers):
        if errors[claim] and np.shape(values[claim]) == np.shape(values[parameter]):
            found.pop(parameter, None)
            said_of[parameter] = {claim: name}
    chosen = agreeing(program, found, names, kept)
    common = next(iter(chosen.values()), None)
    for parameter, said in said_of.items():
        agrees = {pair.claim for pair in found.get(parameter, ()) if is_same(pair, common)}
        if said and not agrees & set(said):
            fits = [p for p in said if stands_for(values[p], values[parameter])]
            taken = {pair.claim for owner, pair in chosen.items() if owner != parameter}
            claim = next(iter(fits or [p for p in said if p not in taken] or said))
            chosen[parameter] = Pair(parameter, claim, None, said[claim])
    pair_entries(program, reading.parameters, chosen, stored)
    for parameter in reading.parameters:
        scaled = [pair for pair in found.get(parameter, ()) if pair.claim in kept]
        if parameter not in chosen and scaled and np.size(values[parameter]) > 1:
            chosen[parameter] = replace(scaled[-1], factor=None)
    claimed = {pair.claim for pair in chosen.values()}
    unmatched = [p for p in reading.parameters if p not in chosen and np.size(values[p]) > 1]
    shapes = {np.shape(values[p]) for p in unmatched}
    strange = [
        p
        for p in tainted
        if p not in claimed
        and np.size(values[p]) > 1
        and (p in kept or (not program.consumers.get(p) and np.shape(values[p]) in shapes))
        and not is_explained(program, p, true_gradients(errors[p], True), mixes, forward)
    ]
    for parameter in unmatched:
        bit = 1 << reading.parameters.index(parameter)
        mine = [
            p
            for p in strange
            if np.shape(values[p]) == np.shape(values[parameter]) and masks[p] & bit
        ]
        rivals = [
            q
            for q in unmatched
            if mine and q != parameter and q not in chosen and np.shape(values[q]) == np.shape(values[parameter])
            and masks[mine[0]] >> reading.parameters.index(q) & 1
        ]  # fmt: skip
        if len(mine) == 1 and not rivals:
            chosen[parameter] = Pair(parameter, mine[0], None)
            strange.remove(mine[0])
    reading.pairs = list(chosen.values())
    sizes = {np.size(values[p]) for p in unmatched if p not in chosen}
    reading.unexplained = [p for p in strange if np.size(values[p]) in sizes or p in kept]
    others = [] if shifted else list(own_names.values())
    for parameter, pair in chosen.items():
        if is_of_another_number(kept_as.get(pair.claim, ()), own_names[parameter], others):
            reading.unexplained.append(pair.claim)


def is_blind(program: Program, masks: Sequence[int], position: int, parameter: int) -> bool:
    """Whether a value that is kept as a parameter's gradient was computed without any error."""
    value = program.recorded[position]
    return (
        position in program.step_of
        and bool(masks[position])
        and np.shape(value) == np.shape(program.recorded[parameter])
        and bool(np.any(value))
    )


def pair_entries(
    program: Program,
    parameters: Collection[int],
    chosen: dict[int, Pair],
    stored: Mapping[str, int],
) -> None:
    """Entries of a list of gradients beside those of the list of parameters that others of it belong to.

    nabla_b[1] is the gradient of biases[1]: so nabla_b[0] is meant as that of biases[0], whatever it is.
    """
    lists: dict[str, dict[int, int]] = {}
    for name, position in stored.items():
        head, _, place = name.rpartition(" ")
        if head and place.isdigit():
            lists.setdefault(head, {})[int(place)] = position
    claimed = {pair.claim for pair in chosen.values()}
    for of in lists.values():
        if not set(of.values()) <= set(parameters):
            continue
        for head, claims in lists.items():
            alike = [k for k in of if of[k] in chosen and chosen[of[k]].claim == claims.get(k)]
            for k in of if alike and claims.keys() == of.keys() else ():
                free = claims[k] in program.step_of and claims[k] not in claimed
                same = np.shape(program.recorded[of[k]]) == np.shape(program.recorded[claims[k]])
                kept = of[k] in chosen and chosen[of[k]].claim in stored.values()
                if free and same and not kept:
                    chosen[of[k]] = Pair(of[k], claims[k], None, f"{head} {k}")


def name_of(program: Program, position: int) -> str:
    return program.recording.last_names.get(position) or program.name(position) or ""


def is_same(pair: Pair, common: Pair | None) -> bool:
    """Whether a pair has the factor of those that most agree on, if there are any."""
    return common is None or round_factor(pair.factor) == round_factor(common.factor)


def agreeing(
    program: Program,
    found: Mapping[int, Sequence[Pair]],
    names: Mapping[int, str],
    kept: Collection[int],
) -> dict[int, Pair]:
    """One pair for each parameter, of one factor: that which most parameters share, numbers counting less."""
    weights: dict[float, float] = {}
    for parameter, pairs in found.items():
        own = name_of(program, parameter)
        for factor in {round_factor(pair.factor) for pair in pairs}:
            weight = 1.0 if np.size(program.recorded[parameter]) > 1 else 0.01
            for pair in pairs:
                if round_factor(pair.factor) == factor and is_gradient_name(
                    names.get(pair.claim, ""), own
                ):
                    weight += 0.1
                    break
            weights[factor] = weights.get(factor, 0.0) + weight
    chosen: dict[int, Pair] = {}
    if not weights:
        return chosen
    best = max(weights, key=lambda factor: weights[factor])
    if weights[best] < 0.1:
        return chosen
    for parameter, pairs in found.items():
        same = [pair for pair in pairs if round_factor(pair.factor) == best]
        if same:
            chosen[parameter] = max(same, key=lambda pair: (pair.claim in kept, pair.claim))
    return chosen


def is_explained(
    program: Program,
    position: int,
    true: Mapping[int, Any],
    mixes: Sequence[Mix],
    forward: Collection[int],
) -> bool:
    """Whether a value is the loss's gradient with respect to anything, or made from the error alone."""
    value = program.recorded[position]
    for gradient in true.values():
        if ratio(value, gradient) is not None or ratio(np.transpose(value), gradient) is not None:
            return True
    ends = {mix.output for mix in mixes} | {mix.prediction for mix in mixes}
    return not program.ancestors([position], ends) - ends & set(forward)


def apply_pairs(
    run: Run, program: Program, reading: Reading, guess: Guess | None = None
) -> Anatomy:
    """The recording with an update made from each pair, taken apart; of an operation by what was made for it."""
    recorder, values = run.recorder, program.recorded
    assert recorder is not None
    recorder.next_watch = 1 << 60
    factors = [pair.factor for pair in reading.pairs if pair.factor is not None]
    climbs = bool(factors) and factors[0] < 0
    name, function = ("add", np.add) if climbs else ("subtract", np.subtract)
    made = []
    for pair in reading.pairs:
        step = program.step_of[pair.claim]
        site = run.recording.sites[step.number]
        if program.name(pair.claim) != pair.name:  # db1 = d2: what is wrong is that
            site = run.recording.namings.get((pair.name, pair.claim), site)
        if guess is not None:
            site = guess.shown.get(pair.name, site)
        recorder.current_site = site
        recorder.call_stack = run.recording.calls[step.number]
        try:
            value = function(values[pair.parameter], values[pair.claim])
        except ValueError:  # a gradient of a wrong shape
            continue
        made.append((pair, recorder.add(Operation(name, [pair.parameter, pair.claim]), value)))
    program = build_program(run.recording, run.sites)
    chains = [
        Chain(pair.parameter, [pair.parameter, after], [program.step_of[after]])
        for pair, after in made
    ]
    versions = {position for chain in chains for position in chain.versions}
    others = [p for p in reading.parameters if p not in versions]
    masks = masks_of(
        program, [chain.root for chain in chains] + others, {after for _, after in made}
    )
    for number, (_, after) in enumerate(made):
        masks[after] = 1 << number
    mixes = (
        find_mixes(program, masks, versions, reading.kinds)
        if guess is None
        else [mix for mix in mixes_made(guess, program) if mix.output not in versions]
    )
    errors = [0] * program.size
    for number, mix in enumerate(mixes):
        errors[mix.output] |= 1 << number
    errors = spread(program, errors, versions)
    reached = reach(program, mixes, versions, chains)
    updates = []
    for number, chain in enumerate(chains):
        claim = chain.steps[0].inputs[1]
        all_due = reached.get(chain.root, 0)
        used = errors[claim] & all_due
        # Every error that is made for an operation is due; so is each where a claim uses none.
        own = tuple(bits(used if used and guess is None else all_due))
        if own:
            updates.append(Update(number, 0, chain.root, chain.versions[1], own, own[0]))
    join_mixes(updates, mixes, reached)
    anatomy = Anatomy(program, chains, masks, mixes, updates, versions, errors, claimed=True)
    anatomy.reached = reached
    made_of = program.ancestors(mixes[n].prediction for update in updates for n in update.mixes)
    anatomy.forward = {p for p in made_of if masks[p] or p in versions}
    return anatomy
