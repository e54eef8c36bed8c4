"""Driving a program that only defines its network: making one, and training it on random data.

The class is constructed and its methods are called by what their parameters' names say. Data is tried in
the forms that programs expect, until every update follows its gradient. Where none does, the form that the
program accepts and that explains most is what is judged; one that it computes something else with is none.
"""

import inspect
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from chainrule.checking.arguments import (
    FOR_CLASSES,
    FOR_METHODS,
    INPUTS,
    OUTPUTS,
    PASSES,
    Guess,
    Layout,
    NoArgumentError,
    kind_of,
    layouts,
)
from chainrule.checking.checking import Case, fit_anatomy, open_case, right_losses
from chainrule.checking.claims import read_claims, stored_values
from chainrule.checking.discarded import LARGEST, Discarded, find_discarded, find_repeated
from chainrule.checking.enough import watch_until_enough
from chainrule.checking.program import build_program
from chainrule.recording.execution import Run, record_more
from chainrule.recording.recorder import NUMBERS, Recorder

TRAIN = re.compile(
    r"(fit|train|learn|sgd|optimi[sz]e|gradient_?descent|partial_fit|update_mini_batch|run_?epoch|training)"
    r"(_.*|ing|network|model|epoch|batch|step|once|on_batch|one.*)?"
)
BACKWARD = re.compile(
    r".*back_?_?prop.*|back(ward)?s?(_.*)?|.*(cost|loss).*(prime|deriv.*|grad.*)|(compute_|calc.*_|get_)?grad(ient)?s?(_.*)?"
    r"|bp|bprop|backward_?pass.*|backpass"
)
FORWARD = re.compile(
    r"feed_?_?forward.*|forward.*|fprop|fp|predict|think|query|compute_?outputs?|activate|run|propagate|forward_?prop.*|hypothesis"
)
UPDATE = re.compile(r"(update|apply|adjust|descend|step|optimizer_step|change)(_?.*)?")
ATTEMPT_SECONDS = 3.0
MOST_ARRAYS = 200


@final
@dataclass(frozen=True)
class Plan:
    """Methods that are called in turn, once a pass."""

    methods: tuple[str, ...]


@final
@dataclass
class Driven:
    """A recording of a driven program, judged; `words` say what was called."""

    case: Case
    run: Run
    words: str
    right: bool
    discarded: Discarded | None = None

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


def judge_untrained(run: Run, seconds: float) -> Driven | None:
    """What can be judged of a program that trains nothing: gradients that it computed, or what it defines."""
    deadline = time.monotonic() + seconds
    discarded = find_discarded(run)
    if discarded is not None:
        return Driven(discarded.case, run, "", right=False, discarded=discarded)
    computed = judge_computed(run, min(deadline, time.monotonic() + seconds / 2))
    if computed is not None and computed.right:
        computed.discarded = find_repeated(run, computed.case)
        return computed
    return drive(run, deadline - time.monotonic()) or computed


def judge_computed(run: Run, deadline: float) -> Driven | None:
    """Gradients that a program computed and did not apply."""
    size = len(run.recording.graph.values)
    if not run.recording.graph.steps or run.recorder is None or size > LARGEST:
        return None
    names = {name: value for name, value in run.namespace.items() if not name.startswith("__")}
    anatomy = read_claims(run, deadline, stored=stored_values(run, names))
    if anatomy is None or not anatomy.updates:
        return None
    words = "the gradients that it computes are taken for its updates"
    return judged(fit_anatomy(anatomy), run, words)


def drive(run: Run, seconds: float) -> Driven | None:
    """Train what a program defines, in some form that it accepts; None where nothing can be judged."""
    deadline = time.monotonic() + seconds
    best: Driven | None = None
    for owner in classes_of(run):
        for plan in plans_of(owner):
            for layout in layouts_for(run, owner):
                if time.monotonic() > deadline:
                    return best
                if layout.single and best is not None and not is_of_one_sample(best):
                    break
                found = try_plan(run, owner, plan, layout, deadline)
                if found is None:
                    continue
                if found.right:
                    return found
                if best is None or found.score > best.score:
                    best = found
    return best


def classes_of(run: Run) -> list[type]:
    """Classes of the program's own files, those first that train."""
    found = [
        value
        for value in run.namespace.values()
        if isinstance(value, type)
        and value.__module__ in ("__main__", *helper_names(run))
        and not issubclass(value, BaseException)
    ]
    found = [value for value in found if plans_of(value)]
    return sorted(dict.fromkeys(found), key=lambda value: not any(TRAIN.fullmatch(m.lower()) for m in methods_of(value)))


def helper_names(run: Run) -> set[str]:
    return {source.path.stem for source in run.sources[1:]}


def methods_of(owner: type) -> list[str]:
    names = []
    for base in owner.__mro__[:-1]:
        names += [
            name
            for name, value in vars(base).items()
            if inspect.isfunction(value) and not (name.startswith("__") and name.endswith("__"))
        ]
    return list(dict.fromkeys(names))


def plans_of(owner: type) -> list[Plan]:
    """Ways to train an object, the most complete first."""
    names = methods_of(owner)
    spoken = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_") for name in names}
    train = [name for name in names if TRAIN.fullmatch(spoken[name])]
    backward = [name for name in names if BACKWARD.fullmatch(spoken[name])]
    forward = [name for name in names if FORWARD.fullmatch(spoken[name]) and name not in backward]
    update = [name for name in names if UPDATE.fullmatch(spoken[name]) and name not in train]
    order = {"fit": 0, "train": 0, "sgd": 1}
    train.sort(key=lambda name: order.get(spoken[name], 2))
    plans = [Plan((name,)) for name in train]
    for back in backward:
        for start in (*((f,) for f in forward[:2]), ()):
            for end in (*((u,) for u in update[:2]), ()):
                plans.append(Plan((*start, back, *end)))
    plans += [Plan((name,)) for name in update]
    return plans


def layouts_for(run: Run, owner: type) -> Iterator[Layout]:
    """The program's own data, where it has some; then random data of the sizes that the class has."""
    own = own_data(run)
    if own is not None:
        yield own
    sizes = [(INPUTS, OUTPUTS), (INPUTS, 1)]
    if not takes_sizes(owner):
        sizes = fixed_sizes(owner) or sizes
    for n_inputs, n_outputs in sizes:
        yield from layouts(n_inputs, n_outputs)


def own_data(run: Run) -> Layout | None:
    found: dict[str, Any] = {}
    for name, value in run.namespace.items():
        kind = kind_of(name, ("inputs", "targets"))
        if kind and kind not in found and isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            found[kind] = value
    if len(found) < 2 or np.ndim(found["inputs"]) != 2 or not 2 <= found["inputs"].size <= 20000:
        return None
    x, y = found["inputs"].copy(), found["targets"].copy()
    return Layout("its own data", x, y, x.shape[1], y.shape[1] if y.ndim == 2 else 1)


def takes_sizes(owner: type) -> bool:
    kinds = {kind_of(name, FOR_CLASSES) for name in inspect.signature(owner).parameters}
    return bool(kinds & {"sizes", "n_inputs", "n_outputs"})


def fixed_sizes(owner: type) -> list[tuple[int, int]]:
    """Numbers of inputs and outputs of a class that fixes them, from its arrays: of x w, and of w x."""
    try:
        layout = next(layouts(INPUTS, 1))
        state = [v for v in arrays_in(owner(**Guess(layout).arguments(owner, FOR_CLASSES))) if v.ndim == 2]
    except Exception:  # noqa: BLE001 - whatever a constructor raises, its sizes are not to be had
        return []
    state = [array for array in state if min(array.shape) > 0 and max(array.shape) < 2000]
    if not state:
        return []
    wide = [array for array in state if min(array.shape) > 1] or state
    first, last = wide[0], (wide[-1] if wide[-1] is not wide[0] else state[-1])
    return list(dict.fromkeys([(first.shape[0], last.shape[1]), (first.shape[1], last.shape[0])]))


def try_plan(run: Run, owner: type, plan: Plan, layout: Layout, deadline: float) -> Driven | None:
    """Make an object, call the plan a few times, judge what was recorded."""
    words = f"{owner.__name__}(...).{', .'.join(f'{m}(...)' for m in plan.methods)} on random data ({layout.words})"
    for passes in (PASSES, 1):
        attempt = Attempt(Guess(layout))
        more = record(run, owner, plan, attempt, passes, deadline)
        if more.failure is not None or not more.recording.graph.steps:
            return None
        program = build_program(more.recording, more.sites)
        if not program.agrees(program.recorded):
            return None
        if passes > 1:
            case = open_case(program, more.finished)
            if case.anatomy.updates:
                return judged(case, more, words)
            continue
        anatomy = read_claims(more, min(deadline, time.monotonic() + 5), attempt.parameters, attempt.stored)
        if anatomy is not None and anatomy.updates:
            return judged(fit_anatomy(anatomy), more, words)
    return None


def judged(case: Case, run: Run, words: str) -> Driven | None:
    if case.unknown_function is not None or not is_plain(case):
        return None
    return Driven(case, run, words, bool(right_losses(case)))


def is_plain(case: Case) -> bool:
    """Whether predictions have their targets' sizes: others met by accident."""
    for mix in case.anatomy.mixes:
        prediction, output = (np.size(case.values[p]) for p in (mix.prediction, mix.output))
        target = prediction if mix.by_difference or mix.of_class else np.size(case.values[mix.target])
        if output != prediction or (target != prediction and not mix.of_class):
            return False
    return True


def is_of_one_sample(driven: Driven) -> bool:
    """Whether an update changed a parameter's shape: many samples were too many for it."""
    case = driven.case
    return any(
        np.shape(case.values[update.before]) != np.shape(case.values[update.after])
        for update in case.anatomy.updates
    )


def record(run: Run, owner: type, plan: Plan, attempt: Attempt, passes: int, deadline: float) -> Run:
    recorder = run.recorder
    assert recorder is not None

    def action() -> None:
        guess = attempt.guess
        thing = owner(**guess.arguments(owner, FOR_CLASSES))
        attempt.parameters = [position_of(recorder, array) for array in numbers_in(thing)]
        for _ in range(passes):
            results: dict[str, Any] = {}
            for name in plan.methods:
                method = getattr(thing, name)
                result = method(**guess.arguments(method, FOR_METHODS))
                results |= named_results(name, result)
                if FORWARD.fullmatch(name.lower()):
                    guess.known["predictions"] = result[0] if isinstance(result, tuple) else result
                guess.known |= {k: v for k, v in results.items() if k != "self"}
            if passes == 1:
                attempt.stored = stored_values(run, {**flat_state(thing), **results})

    seconds = max(0.1, min(ATTEMPT_SECONDS, deadline - time.monotonic()))
    return record_more(run, action, watch_until_enough(seconds), seconds)


def named_results(name: str, result: Any) -> dict[str, Any]:
    """What a call returned, by names: those of a table, else the method's with a number."""
    if isinstance(result, Mapping):
        return {str(key): value for key, value in result.items()}
    if isinstance(result, list | tuple):
        return {f"{name} {number}": value for number, value in enumerate(result)}
    return {} if result is None else {name: result}


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
    elif type(thing).__module__ not in ("builtins", "numpy") and hasattr(thing, "__dict__") and not callable(thing):
        for part in vars(thing).values():
            yield from walk(part, seen)


def flat_state(thing: Any) -> dict[str, Any]:
    """An object's own attributes, tables in it opened."""
    found: dict[str, Any] = {}
    for name, value in getattr(thing, "__dict__", {}).items():
        if isinstance(value, Mapping):
            found |= {str(key): part for key, part in value.items()}
        else:
            found[name] = value
    return found
