"""One way to train something, tried with data in the forms that programs expect: called, recorded and judged."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.anatomy.masked_writes import with_whole_arrays
from chainrule.checking.anatomy.program import build_program
from chainrule.checking.driving.arguments import (
    FOR_CLASSES,
    INPUTS,
    OUTPUTS,
    PASSES,
    Guess,
    Layout,
    kind_of,
    layouts,
)
from chainrule.checking.driving.claims import read_claims
from chainrule.checking.driving.discarded import Discarded, find_discarded
from chainrule.checking.driving.engines import EnginePlan, Numbers
from chainrule.checking.driving.fresh_classes import classes_as_they_were
from chainrule.checking.driving.kept_arrays import Path, places
from chainrule.checking.driving.kept_claims import (
    Entries,
    entries_alike,
    names_of,
    places_of_results,
    stored_values,
    without_gradients,
)
from chainrule.checking.driving.known_parts import known_values
from chainrule.checking.driving.layer_operations import LayerPlan
from chainrule.checking.driving.operation_claims import read_operation
from chainrule.checking.driving.operation_pairs import Family, OperationPlan
from chainrule.checking.driving.plans import ObjectPlan, Plan, plan_takes_steps
from chainrule.checking.driving.slopes import CLASSES, SAMPLES, SlopePlan
from chainrule.checking.fitting.case import Case, fit_anatomy, open_case, right_losses
from chainrule.checking.fitting.enough import watch_until_enough
from chainrule.checking.fitting.epsilons import without_epsilons
from chainrule.checking.fitting.fitting import RATE
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run, record_more
from chainrule.recording.functions import is_own_module, parameters_of
from chainrule.recording.recorder import Recorder
from chainrule.recording.recording import NUMBERS

ATTEMPT_SECONDS = 3.0
MOST_ARRAYS = 200
TURNS = 3  # passes that a call makes, if it trains by itself

# A loss may be meant as twice or half of it, and as the sum or the mean over samples or classes.
LOSS_SCALES = tuple(
    2.0**twice * samples**many * CLASSES**wide
    for samples in (SAMPLES, SAMPLES - 1)
    for twice in (0, -1, 1)
    for many in (0, -1, 1)
    for wide in (0, -1, 1)
)

# What is judged by itself, with errors that are made for it.
Alone: TypeAlias = OperationPlan | LayerPlan | SlopePlan | EnginePlan


@final
@dataclass
class Driven:
    """A recording of a driven program, judged; `words` say what was called, `operation` is one by itself."""

    case: Case
    run: Run
    words: str
    right: bool
    discarded: Discarded | None = None
    operation: str = ""
    engine: bool = False  # an operation of an engine
    part: bool = False  # layers, without what stands between them elsewhere
    given: str = ""  # what a layer by itself calls what it is given
    remark: str = ""
    # With an activation that it does not have by itself, with which another loss may be meant.
    option: bool = False
    in_parts: bool = False  # its passes are put together from methods: what a caller does between them is not known
    chosen: frozenset[str] = frozenset()  # the sizes that were ours to choose
    lacking: Sequence[str] = ()  # parameters of which no gradient is given
    moves: bool = False  # its way back takes the steps
    stepper: str = ""  # what was seen to go down the gradients that a layer keeps

    @property
    def is_of_one_number(self) -> bool:
        """Whether a number alone is updated, though data are arrays: to one number a loss fits by chance."""
        anatomy, program = self.case.anatomy, self.case.program
        turns = [update.turn for update in anatomy.updates]
        sizes = {np.size(self.case.values[update.before]) for update in anatomy.updates}
        used = {number for update in anatomy.updates for number in update.mixes}
        behind = program.ancestors(anatomy.mixes[number].prediction for number in used)
        wide = any(np.ndim(program.given.get(position, 0)) > 1 for position in behind)
        return sizes == {1} and len(set(turns)) == len(turns) and wide

    @property
    def score(self) -> tuple[int, int]:
        return max((len(fit.good) for fit in self.case.fits.values()), default=0), len(
            self.case.anatomy.chains
        )


@final
@dataclass
class Attempt:
    """What an action leaves for judging: parameters before training, and what was returned or kept."""

    guess: Guess
    parameters: list[int] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    called: dict[int, str] = field(default_factory=dict)
    places: dict[Path, int] = field(default_factory=dict)  # of parameters
    alike: list[tuple[Entries, ...]] = field(default_factory=list)
    moved: set[int] = field(
        default_factory=set
    )  # of the parameters those that are others afterwards


def try_layouts(run: Run, plan: Plan, deadline: Deadline) -> tuple[Driven | None, bool]:
    """The first form of data with which all updates are right, else that which explains most; and if any is taken."""
    best: Driven | None = None
    taken: Layout | None = None
    names = cache(partial(known_values, run))
    for layout in layouts_for(run, plan):
        if deadline.over:
            break
        if layout.single and best is not None and not (is_of_one_sample(best) or best.lacking):
            break
        if taken is not None and is_less(layout, taken):
            continue
        guess = Guess(layout, names=names)
        found = try_plan(run, plan, guess, deadline)
        if guess.accepted:
            taken = taken or layout
        if found is None:
            continue
        found.chosen = frozenset(guess.chosen)
        found.moves, found.stepper = guess.moves, guess.stepper
        if guess.lacking:
            found.remark = f"nothing was given for {', '.join(sorted(guess.lacking))}"
        if found.right and not found.lacking:
            return found, True
        if best is None or rank(found) > rank(best):
            best = found
    return best, taken is not None


def layouts_for(run: Run, plan: Plan) -> Iterator[Layout]:
    """The program's own data, where it has some; then random data of the sizes that the plan has."""
    if isinstance(plan, Alone):
        for family in plan.families:
            yield Layout(family.words, family, None, INPUTS, OUTPUTS)
        return
    own = own_data(run)
    if own is not None:
        yield own
    sizes = [(INPUTS, OUTPUTS), (INPUTS, 1)]
    maker = plan.owner if isinstance(plan, ObjectPlan) else getattr(plan, "first", None)
    if maker is not None and not takes_sizes(maker):
        sizes = fixed_sizes(maker) or sizes
    for n_inputs, n_outputs in sizes:
        yield from layouts(n_inputs, n_outputs)


def own_data(run: Run) -> Layout | None:
    found: dict[str, Any] = {}
    for name, value in run.namespace.items():
        kind = kind_of(name, ("inputs", "targets"))
        if (
            kind
            and kind not in found
            and isinstance(value, np.ndarray)
            and value.dtype.kind in "fiub"
        ):
            found[kind] = value
    if len(found) < 2 or np.ndim(found["inputs"]) != 2 or not 2 <= found["inputs"].size <= 20000:
        return None
    x, y = found["inputs"].copy(), found["targets"].copy()
    return Layout("its own data", x, y, x.shape[1], y.shape[1] if y.ndim == 2 else 1, own=True)


def takes_sizes(maker: Callable[..., Any]) -> bool:
    kinds = {kind_of(name, FOR_CLASSES) for name in parameters_of(maker)}
    return bool(kinds & {"sizes", "n_inputs", "n_outputs"})


def fixed_sizes(maker: Callable[..., Any]) -> list[tuple[int, int]]:
    """Numbers of inputs and outputs that a class or function fixes, from its arrays: of x w, and of w x."""
    try:
        layout = next(layouts(INPUTS, 1))
        arrays = arrays_in(maker(**Guess(layout).arguments(maker, FOR_CLASSES)))
    except Exception:  # whatever a constructor raises, its sizes are not to be had
        return []
    state = [array for array in arrays if array.ndim == 2]
    if not state:  # one neuron
        return [(array.size, 1) for array in arrays if array.ndim == 1 and array.size > 1][:1]
    state = [array for array in state if min(array.shape) > 0 and max(array.shape) < 2000]
    if not state:
        return []
    wide = [array for array in state if min(array.shape) > 1] or state
    first, last = wide[0], (wide[-1] if wide[-1] is not wide[0] else state[-1])
    return list(dict.fromkeys([(first.shape[0], last.shape[1]), (first.shape[1], last.shape[0])]))


def is_less(layout: Layout, taken: Layout) -> bool:
    """Whether data for a part show less than what it takes: fewer samples or signs, or arrays of other dimensions."""
    if isinstance(taken.inputs, Numbers):
        return True
    return (
        isinstance(layout.inputs, Family)
        and isinstance(taken.inputs, Family)
        and (
            layout.inputs.samples < taken.inputs.samples
            or len(layout.inputs.data[0]) != len(taken.inputs.data[0])
        )
    )


def try_plan(run: Run, plan: Plan, guess: Guess, deadline: Deadline) -> Driven | None:
    """Call the plan a few times, judge what was recorded."""
    layout = guess.layout
    data = layout.words if layout.own else f"random data, {layout.words}"
    words = plan.words if isinstance(plan, Alone) else f"{plan.words} was called with {data}"
    attempt = Attempt(guess)
    more = record(run, plan, attempt, 1, deadline)
    case = case_of(more)
    if case is None:
        return None
    if isinstance(plan, Alone) or not case.anatomy.updates:
        anatomy = (
            read_operation(
                more,
                attempt.parameters,
                attempt.stored,
                attempt.guess,
                plan.loss,
                whole=isinstance(plan, LayerPlan),
            )
            if isinstance(plan, Alone)
            else read_claims(
                more,
                deadline.within(5),
                attempt.parameters,
                attempt.stored,
                attempt.called,
                attempt.alike,
            )
        )
        if anatomy is None or not anatomy.updates:
            return None
        if not isinstance(plan, Alone):
            roots = {chain.root for chain in anatomy.chains}
            if attempt.moved & roots:
                return None  # what it keeps may be right, and its steps were not understood
            if plan_takes_steps(plan) or moves_later(run, plan, attempt, roots, deadline):
                return passes_judged(run, plan, guess, words, deadline)
        found = judged(fit_anatomy(anatomy), more, words)
        if found is not None and not found.right:
            found = judged_otherwise(found, words, isinstance(plan, SlopePlan)) or found
        if found is not None and not isinstance(plan, Alone):
            found.lacking = without_gradients(anatomy, attempt.places)
        scales = LOSS_SCALES if isinstance(plan, SlopePlan) and plan.is_loss else (1.0,)
        is_part = isinstance(plan, Alone)
        if found is not None and is_part and is_scaled(found, scales):
            return None
        if found is not None and isinstance(plan, SlopePlan) and found.right:
            rate = scale_of(found)
            if abs(rate - 1) > RATE:
                found.remark = f"{plan.words} gives {rate:.3g} times the slope of what is computed"
        return found
    if len({update.turn for update in case.anatomy.updates}) < TURNS:  # it makes one step a call
        return passes_judged(run, plan, guess, words, deadline)
    found = taken(case, more, words, guess)
    return (
        judged(case, more, words) if found is None else found
    )  # of several outputs each may be one of its turns


def taken(case: Case, run: Run, words: str, guess: Guess) -> Driven | None:
    """The updates of several passes, judged: such as no prediction is made with are thrown away."""
    versions = [p for chain in case.anatomy.chains for p in chain.versions[1:]]
    found = judged(case, run, words)
    if found is None or any(case.anatomy.reached.get(p) for p in versions):
        return found
    discarded = None if guess.is_lost else find_discarded(run)
    return None if discarded is None else replace(found, right=False, discarded=discarded)


def passes_judged(
    run: Run, plan: Plan, guess: Guess, words: str, deadline: Deadline
) -> Driven | None:
    """Several calls of a plan, judged by their updates."""
    again = Attempt(Guess(guess.layout, names=guess.names))
    more = record(run, plan, again, PASSES, deadline)
    case = case_of(more)
    return (
        taken(case, more, words, again.guess) if case is not None and case.anatomy.updates else None
    )


def moves_later(
    run: Run, plan: Plan, attempt: Attempt, roots: Collection[int], deadline: Deadline
) -> bool:
    """Whether what a first call leaves as it is, a second one changes: by steps that come before their gradients."""
    again = Attempt(Guess(attempt.guess.layout, names=attempt.guess.names))
    record(run, plan, again, 2, deadline)
    if len(again.parameters) != len(attempt.parameters):
        return False
    places = zip(attempt.parameters, again.parameters, strict=True)
    return any(first in roots and second in again.moved for first, second in places)


def case_of(run: Run) -> Case | None:
    """What was recorded, if the program went through with it."""
    if run.failure is not None or not run.recording.graph.steps:
        return None
    program = build_program(run.recording, run.sites)
    parting = program.first_disagreement(program.recorded)
    return open_case(program, run.finished) if parting is None else None


def judged(case: Case, run: Run, words: str) -> Driven | None:
    if case.unknown_function is not None or not is_plain(case):
        return None
    return Driven(case, run, words, bool(right_losses(case)))


def judged_otherwise(driven: Driven, words: str, of_slopes: bool) -> Driven | None:
    """The same, if it is right where masks choose anew; of slopes, without the small numbers that keep a logarithm finite."""
    program = driven.case.program
    whole = with_whole_arrays(program)
    views = [whole if whole is not program else None]
    views += [without_epsilons(driven.case)] if of_slopes else []
    for view in views:
        if view is None:
            continue
        found = judged(fit_anatomy(replace(driven.case.anatomy, program=view)), driven.run, words)
        if found is not None and found.right:
            return found
    return None


def is_scaled(driven: Driven, scales: Sequence[float]) -> bool:
    """Whether all that comes back is the gradients times a number that nobody means."""
    fits = [driven.case.fits[loss] for loss in right_losses(driven.case)]
    return bool(fits) and not any(
        fit.form == "gradient-descent"
        and not fit.rates
        and any(all(abs(rate / scale - 1) < RATE for rate in fit.rate.values()) for scale in scales)
        for fit in fits
    )


def scale_of(driven: Driven) -> float:
    fit = driven.case.fits[right_losses(driven.case)[0]]
    return next(iter(fit.rate.values()), 1.0)


def is_plain(case: Case) -> bool:
    """Whether predictions have their targets' sizes: others met by accident."""
    for mix in case.anatomy.mixes:
        prediction, output = (np.size(case.values[p]) for p in (mix.prediction, mix.output))
        target = (
            prediction if mix.by_difference or mix.of_class else np.size(case.values[mix.target])
        )
        if output != prediction or (target != prediction and not mix.of_class):
            return False
    return True


def rank(driven: Driven) -> tuple[bool, tuple[int, int]]:
    """What explains most, among the forms whose updates have their parameters' shapes if there are such."""
    return not is_of_one_sample(driven), driven.score


def is_of_one_sample(driven: Driven) -> bool:
    """Whether an update changed a parameter's shape: many samples were too many for it."""
    case = driven.case
    return any(
        np.shape(case.values[update.before]) != np.shape(case.values[update.after])
        for update in case.anatomy.updates
    )


def record(run: Run, plan: Plan, attempt: Attempt, passes: int, deadline: Deadline) -> Run:
    recorder = run.recorder
    assert recorder is not None

    def action() -> None:
        attempt.guess.recorder, begun = recorder, recorder.recording
        step, state = plan.start(attempt.guess)
        numbers = numbers_in(state)
        attempt.parameters = [position_of(recorder, number) for number in numbers]
        before = [np.array(number) for number in numbers]
        own_data = (id(attempt.guess.layout.inputs), id(attempt.guess.layout.targets))
        attempt.places = {
            path: position_of(recorder, array)
            for path, array in places(state).items()
            if id(array) not in own_data
        }
        results: dict[str, Any] = {}
        layout = attempt.guess.layout
        for number in range(passes):
            if number and not is_given_data(plan):
                attempt.guess.layout = layout.of_pass(number)
            results = step()
        here = {id(number) for number in numbers_in(state)}
        attempt.moved = {
            position
            for position, number, value in zip(attempt.parameters, numbers, before, strict=True)
            if id(number) not in here or not np.array_equal(number, value, equal_nan=True)
        }
        if passes == 1 and recorder.recording is begun:
            attempt.stored = stored_values(run, {**flat_state(state), **results})
            kept = stored_values(run, flat_state(state, inside=True))
            attempt.called = names_of(kept, attempt.parameters)
            claims = {
                path: recorder.memory.known(array)
                for path, array in (places(state) | places_of_results(results)).items()
            }
            known = {path: position for path, position in claims.items() if position is not None}
            attempt.alike = entries_alike(attempt.places, known)

    end = deadline.within(ATTEMPT_SECONDS)
    with classes_as_they_were(run):
        return record_more(run, action, watch_until_enough(end), end)


def is_given_data(plan: Plan) -> bool:
    """Whether something is made with data already: other data would not be those that it goes back by."""
    maker = plan.owner if isinstance(plan, ObjectPlan) else getattr(plan, "first", None)
    if isinstance(plan, Alone) or maker is None:
        return isinstance(plan, Alone)
    asked = [kind_of(name, FOR_CLASSES) for name in parameters_of(maker)]
    return bool({"inputs", "targets"} & set(asked))


def position_of(recorder: Recorder, value: Any) -> int:
    known = recorder.memory.known(value)
    return recorder.position(value) if known is None else known


def numbers_in(thing: Any) -> list[Any]:
    return [value for value in walk(thing) if isinstance(value, NUMBERS)]


def arrays_in(thing: Any) -> list[Any]:
    return [value for value in walk(thing) if isinstance(value, np.ndarray)]


def walk(thing: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """Floating-point numbers and arrays in an object, its lists, tables and parts."""
    seen = set() if seen is None else seen
    if id(thing) in seen or len(seen) > MOST_ARRAYS * 10:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        if thing.dtype.kind == "f" and thing.size:
            yield thing
    elif isinstance(thing, float):
        yield thing
    elif isinstance(thing, list | tuple):
        for part in thing[:MOST_ARRAYS]:
            yield from walk(part, seen)
    elif isinstance(thing, Mapping):
        for part in thing.values():
            yield from walk(part, seen)
    elif (
        type(thing).__module__ not in ("builtins", "numpy")
        and hasattr(thing, "__dict__")
        and (not callable(thing) or is_own_module(type(thing).__module__))
    ):
        for part in vars(thing).values():
            yield from walk(part, seen)


def flat_state(thing: Any, inside: bool = False) -> dict[str, Any]:
    """An object's own attributes, tables in it opened; if asked for, also what is `inside` of a table."""
    found: dict[str, Any] = {}
    of = thing if inside and isinstance(thing, Mapping) else getattr(thing, "__dict__", {})
    for name, value in of.items():
        if isinstance(value, Mapping):
            found |= {str(key): part for key, part in value.items()}
        else:
            found[name] = value
    return found
