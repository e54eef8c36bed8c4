"""Layers by themselves: an object's way forward, and the one that brings the error of its output back.

    layer.forward(x); layer.backward(dvalues)      leave layer.output, layer.dinputs, layer.dweights

Like operations by themselves, but what goes forward is kept on the object, and so may be what comes back. Its
parameters are the arrays that a second way forward leaves as they are.
"""

import ast
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from chainrule.checking.driving.arguments import Guess, kind_of, plain_name
from chainrule.checking.driving.kept_arrays import (
    Path,
    array_at,
    gradient_name_at,
    is_gradient_place,
    name_at,
    places,
    spelled,
)
from chainrule.checking.driving.known_names import known_names
from chainrule.checking.driving.layer_arguments import choices_for, settings_of
from chainrule.checking.driving.operation_pairs import (
    FAMILIES,
    OUTPUTS,
    Family,
    kind_of_operand,
    widened,
)
from chainrule.checking.finding.syntax import definition_of
from chainrule.recording.execution import Run
from chainrule.recording.functions import is_own_module, parameters_of
from chainrule.recording.recording import Operation

FORWARD = re.compile(r"(feed_?|f)?(forward|prop|propagate|call)(_?(pass|prop\w*))?")
BACK = re.compile(r"(backwards?|back_?prop\w*|bprop|bwd|back)(_?(pass|prop\w*))?|compute_grad\w*")
STEP = re.compile(
    r"(update|step|optimi[sz]e|apply|descend|gradient_?(step|descent))(_?(weights?|params?|parameters?|grad\w*|step))*"
)
TARGET = re.compile(
    r"(y|t|targets?|labels?|truth|ground_?truth)(_?(true|train|i|batch|labels?|one_?hot|encoded))?"
)
PREDICTION = re.compile(r"y_?(hat|pred\w*)|pred(ict\w*|s)?")
OUTPUT = re.compile(r"(out|output|outputs|y|a|z|act|activations?|value|res|result)(_data|_value)?")
INPUT_GRADIENT = re.compile(
    r"(d|deriv\w*)_?(inputs?|x|prev|a_?prev|in|values?_?in)|\w*grad\w*_?(wrt_?)?(inputs?|x)|inputs?_?grad\w*"
)
LAYERS = re.compile(r"\w*(layers|modules|blocks)|args", re.IGNORECASE)
ACTIVATION = re.compile(r"(hidden_?)?(act|activation)(_?(fn|func|function|name|type|class))?")
MOST_ACTIVATIONS = 4
NOTHING: Mapping[Path, str] = {}
MOST_TRIED = 100  # forms of arguments


@final
@dataclass
class Told:
    """What a step tells: by place whose gradients a layer keeps, and an object whose step goes down these alone.

    `descends`: with whatever else is in it, each goes down its gradient.
    """

    owners: dict[Path, str] = field(default_factory=dict)
    stepped: Any = None
    descends: bool = False


@final
@dataclass(frozen=True)
class LayerPlan:
    """A class with a way forward and a way back, by its methods' names."""

    owner: type
    forward: str
    backward: str
    parts: "tuple[LayerPlan, ...]" = ()  # the file's other layers, for one that is made of layers
    activations: tuple[Any, ...] = ()  # names and objects that it may be told to have, if it asks
    group = "operations"
    families = FAMILIES
    loss = "half-squared-error"  # of the errors that are made here

    @property
    def name(self) -> str:
        return self.owner.__name__

    @property
    def words(self) -> str:
        return f"{self.name}.{self.backward}"

    def start(self, guess: Guess) -> tuple[Callable[[], dict[str, Any]], Any]:
        """Raises: ValueError where no arguments of the layout's family are accepted."""
        recorder = guess.recorder
        recorder.off = True
        made, inputs = self.accepted(guess.layout.inputs)
        guess.accepted = True
        given = inputs.copy()
        thing, names = self.warmed(made, given)
        writes = not np.array_equal(given, inputs)  # into what it is given
        told = self.told_by_steps(made, inputs)
        guess.stepper = f"{self.name}.{self.stepper}" if told.descends else ""
        recorder.off = False
        arrays = {self.given: inputs}
        arrays |= {name: array_at(thing, path) for name, path in names.items()}
        for name, array in arrays.items():
            recorder.recording.last_names[recorder.position(array)] = name
            recorder.recording.names[recorder.position(array)] = name

        def step() -> dict[str, Any]:
            given = inputs
            if writes:
                given = recorder.record_call(
                    np.multiply, "multiply", (inputs, 1.0), {}, inputs * 1.0
                )
            output = self.go_forward(thing, given)
            if holds_same(output, inputs):  # it hands on what comes in, perhaps in another shape
                output = recorder.record_call(
                    np.multiply, "multiply", (output, 1.0), {}, output * 1.0
                )
            target = np.random.default_rng(3).normal(size=np.shape(output))
            starts = {
                name: (recorder.position(array), array.copy())
                for name, array in arrays.items()
                if name in names
            }
            error = guess.error(getattr(thing, self.backward), output, target)
            found = self.go_back(thing, given, output, error, names, told.owners)
            if told.stepped is not None:
                getattr(told.stepped, self.stepper or "")(1.0)  # of another object, to have it seen
                told.stepped = None
            lacking = [name for name in names if f"d{name}" not in found]
            if lacking and self.stepper is not None:  # gradients are made when a step is taken
                getattr(thing, self.stepper)(1.0)
                starts = {name: starts[name] for name in lacking}
            for name, (start, before) in starts.items():
                after = array_at(thing, names[name])
                end = recorder.position(after)
                if end != start:  # it takes the step itself, at a rate of 1
                    guess.moves = True
                    taken = Operation("subtract", [start, end])
                    found[f"d{name}"] = recorder.record(taken, before - after)
            return found

        return step, arrays

    @property
    def stepper(self) -> str | None:
        """The method by which it takes its steps, where that asks for a rate alone."""
        name = way(self.owner, STEP)
        asked = [] if name is None else self.parameters_of(name)
        required = [p.name for p in asked if p.default is inspect.Parameter.empty]
        return name if len(required) == 1 and kind_of(required[0], ("rate",)) else None

    def told_by_steps(self, made: Mapping[str, Any], inputs: Any) -> "Told":
        """What a step that it takes tells of what it keeps. Raises: ValueError where a step climbs."""
        told = Told()
        if self.stepper is None:
            return told
        thing, names = self.warmed(made, inputs.copy())
        given = inputs.copy()
        output = self.go_forward(thing, given)
        error = np.random.default_rng(3).normal(size=np.shape(output))
        found = self.go_back(thing, given, output, error, names)
        before = {name: array_at(thing, path).copy() for name, path in names.items()}
        try:
            getattr(thing, self.stepper)(1.0)
        except Exception:  # whatever a step of another shape makes it raise
            return told
        steps = {name: before[name] - array_at(thing, path) for name, path in names.items()}
        steps = {name: step for name, step in steps.items() if np.any(step)}
        kept = {p: array for p, array in places(thing).items() if p not in names.values()}
        for name, step in steps.items():
            same = [path for path, array in kept.items() if is_same(step, array)]
            if f"d{name}" not in found and same:
                told.owners[same[0]] = name
                found[f"d{name}"] = kept[same[0]]
            if is_same(-step, found.get(f"d{name}")):
                raise ValueError("its step climbs")
        gradients = {name: found[f"d{name}"] for name in names if f"d{name}" in found}
        told.descends = bool(gradients) and all(
            name in steps and np.sum(steps[name] * gradient) > 0
            for name, gradient in gradients.items()
        )
        if steps and all(is_same(step, found.get(f"d{name}")) for name, step in steps.items()):
            told.stepped = thing
        return told

    @property
    def given(self) -> str:
        """What it calls what it is given."""
        return plain_name(self.parameters_of(self.forward)[0].name)

    def parameters_of(self, method: str) -> list[inspect.Parameter]:
        return list(parameters_of(getattr(self.owner, method)).values())[1:]

    def accepted(self, family: Family) -> tuple[dict[str, Any], Any]:
        """Arguments of the constructor, and inputs, with which both ways run, and something comes back.

        Raises: ValueError where there are none.
        """
        for made in itertools.islice(self.candidates(family), MOST_TRIED):
            original = np.random.default_rng(2).normal(size=family.data[0])
            inputs = original.copy()
            state = np.random.get_state()  # noqa: NPY002  # a layer may draw a mask
            try:
                told = self.goes_both_ways(made, inputs)
                wide = widened(original.shape)
                # What goes back by a part of the error alone may fit where that is one entry, by broadcasting.
                if told and not made and wide != original.shape:
                    self.goes_both_ways(made, np.random.default_rng(2).normal(size=wide))
            except Exception:  # whatever other arguments make it raise
                continue
            finally:
                np.random.set_state(state)  # noqa: NPY002
            if told:
                return made, original
        raise ValueError("no arguments are accepted")

    def goes_both_ways(self, made: Mapping[str, Any], inputs: Any) -> bool:
        """Whether something comes back, or a step is taken. Raises: whatever a layer may."""
        thing, names = self.warmed(made, inputs)
        output = self.go_forward(thing, inputs)
        if not np.all(np.isfinite(output)) or self.is_hollow(inputs, output):
            return False
        error = np.random.default_rng(3).normal(size=np.shape(output))
        old = {name: array_at(thing, path).copy() for name, path in names.items()}
        found = self.go_back(thing, inputs, output, error, names)
        moved = any(np.any(array_at(thing, names[n]) != old[n]) for n in names)
        if moved:
            return self.has_rate()
        return any(np.any(part) for part in found.values())

    def is_hollow(self, inputs: Any, output: Any) -> bool:
        """Whether what goes forward through parts comes out as it went in: there were none."""
        ways = (getattr(self.owner, way) for way in (self.forward, self.backward))
        text = "".join(map(inspect.getsource, ways))
        return output is inputs and bool(re.search(r"\bfor\b|reduce", text))

    def row(self, family: Family) -> list[Any]:
        """Layers of the file that take the family's data, one of each kind. Raises: ValueError."""
        found: dict[bool, Any] = {}
        for part in self.parts:
            if part.takes_layers() or (True in found and False in found):
                continue
            try:
                made, inputs = part.accepted(family)
            except ValueError:
                continue
            weighted = bool(part.warmed(made, inputs)[1])
            found.setdefault(weighted, part.owner(**{k: copied(v) for k, v in made.items()}))
        if not found:
            raise ValueError("there are no layers for it")
        return [found[kind] for kind in (True, False) if kind in found]

    def takes_layers(self) -> bool:
        return any(LAYERS.fullmatch(name) for name in parameters_of(self.owner))

    def has_rate(self) -> bool:
        """Whether the size of the steps that it takes is left to its caller."""
        parameters = [*parameters_of(self.owner), *(p.name for p in self.parameters_of(self.backward))]  # fmt: skip
        return any(kind_of(name, ("rate",)) for name in parameters)

    def warmed(self, made: Mapping[str, Any], inputs: Any) -> tuple[Any, dict[str, Path]]:
        """A layer that has gone forward once, and the places of its parameters, by name."""
        given = {key: copied(value) for key, value in made.items()}
        kinds = parameters_of(self.owner)
        many = [name for name in given if kinds[name].kind is inspect.Parameter.VAR_POSITIONAL]
        thing = self.owner(*(given.pop(many[0]) if many else ()), **given)
        self.go_forward(thing, inputs)
        first = places(thing)
        values = {path: array.copy() for path, array in first.items()}
        self.go_forward(thing, inputs)
        names: dict[str, Path] = {}
        seen = {id(inputs)}
        for path, array in sorted(places(thing).items(), key=lambda place: len(place[0])):
            same = path in first and array is first[path] and np.array_equal(values[path], array)
            if same and id(array) not in seen and not is_gradient_place(path):
                names[spelled(path) if name_at(path) in names else name_at(path)] = path
                seen.add(id(array))
        return thing, names

    def go_forward(self, thing: Any, inputs: Any) -> Any:
        """What comes out. Raises: ValueError for a parameter that is not known."""
        _, *others = self.parameters_of(self.forward)
        result = getattr(thing, self.forward)(inputs, **settings_of(others))
        if isinstance(result, tuple) and result:
            result = result[0]
        if result is None:
            kept = [
                value for key, value in vars(thing).items()
                if OUTPUT.fullmatch(plain_name(key)) and isinstance(value, np.ndarray)
            ]  # fmt: skip
            result = kept[0] if kept else None
        if not isinstance(result, np.ndarray) or result.dtype.kind != "f":
            raise ValueError("nothing comes out")
        return result

    def go_back(
        self,
        thing: Any,
        inputs: Any,
        output: Any,
        error: Any,
        names: Mapping[str, Path],
        owners: Mapping[Path, str] = NOTHING,
    ) -> dict[str, Any]:
        """What came back or was kept, each named as the gradient of what its place says, or of its owner."""
        before: dict[Path, tuple[Any, Any]] = {
            path: (array, array.copy()) for path, array in places(thing).items()
        }
        given = self.arguments_back(inputs, output, error)
        result = getattr(thing, self.backward)(**given)
        spoken = self.given
        found: dict[str, Any] = {}
        for path, array in sorted(places(thing).items(), key=lambda place: len(place[0])):
            old = before.get(path)
            is_kept = old is not None and array is old[0] and np.array_equal(old[1], array)
            if is_kept or path in names.values():
                continue
            name = gradient_name_at(path, names) or owners.get(path)
            if name is not None:
                found.setdefault(f"d{name}", array)
            elif (
                INPUT_GRADIENT.fullmatch(plain_name(str(path[-1]))) and array.shape == inputs.shape
            ):
                found.setdefault(f"d{spoken}", array)
        parts = result if isinstance(result, tuple | list) else (result,)
        for number, part in enumerate(parts):
            if (
                isinstance(part, np.ndarray)
                and part.dtype.kind == "f"
                and not any(part is one for one in found.values())
            ):
                first = number == 0 and part.shape == inputs.shape
                found[f"d{spoken}" if first else f"what is returned at place {number + 1}"] = part
        return found

    def arguments_back(self, inputs: Any, output: Any, error: Any) -> dict[str, Any]:
        """Raises: ValueError for a parameter that is not known."""
        parameters = self.parameters_of(self.backward)
        asked = [p for p in parameters if p.default is inspect.Parameter.empty]
        errors = [p for p in parameters if kind_of_operand(p.name) == "error"]
        handed = self.given
        others = [p for p in asked if plain_name(p.name) != handed]
        flowing = (errors or others or asked or parameters)[0]
        spoken = plain_name(flowing.name)
        if TARGET.fullmatch(spoken) or PREDICTION.fullmatch(spoken):
            raise ValueError("its error is made from targets")
        found = {flowing.name: error}
        rest = []
        for parameter in parameters:
            name = plain_name(parameter.name)
            if parameter is flowing:
                continue
            if parameter.default is not inspect.Parameter.empty and not kind_of(name, ("rate",)):
                continue
            if kind_of(name, ("rate",)):
                found[parameter.name] = 1.0
            elif name == handed:
                found[parameter.name] = inputs
            elif OUTPUT.fullmatch(name):
                found[parameter.name] = output
            else:
                rest.append(parameter)
        return found | settings_of(rest)

    def candidates(self, family: Family) -> Iterator[dict[str, Any]]:
        """Arguments for the constructor that their names allow. Raises: ValueError for one that is not known."""
        signature = inspect.signature(self.owner)
        choices: dict[str, Sequence[Any]] = {}
        for name, parameter in signature.parameters.items():
            if LAYERS.fullmatch(name) and self.parts:
                choices[name] = [self.row(family)]
                continue
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            has_default = parameter.default is not inspect.Parameter.empty
            if has_default and not kind_of(name, ("rate",)):
                continue
            if ACTIVATION.fullmatch(plain_name(name)) and self.activations:
                choices[name] = self.activations
                continue
            drops = "drop" in self.owner.__name__.lower()
            try:
                choices[name] = choices_for(name, family, drops)
            except ValueError:
                if parameter.annotation not in (int, "int"):
                    raise
                choices[name] = [OUTPUTS, *choices_for("n_inputs", family)]
        for combination in itertools.product(*choices.values()):
            yield dict(zip(choices, combination, strict=True))


def is_same(one: Any, other: Any) -> bool:
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-12, atol=1e-14)


def holds_same(output: Any, inputs: Any) -> bool:
    return np.size(output) == np.size(inputs) and np.array_equal(
        np.sort(output, axis=None), np.sort(inputs, axis=None)
    )


def copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def layer_plans(run: Run) -> Iterator[LayerPlan]:
    """The program's own classes with a way forward and a way back that say something; those made of others last."""
    plans = list(plain_layer_plans(run))
    yield from (plan for plan in plans if not plan.takes_layers())
    alone = tuple(plan for plan in plans if not plan.takes_layers())
    yield from (replace(plan, parts=alone) for plan in plans if plan.takes_layers())


def plain_layer_plans(run: Run) -> Iterator[LayerPlan]:
    owners = list(run.namespace.values())
    for owner in owners:
        if not isinstance(owner, type) or owner.__module__ != "__main__":
            continue
        forward, backward = way(owner, FORWARD), way(owner, BACK)
        if (
            forward is None
            or backward is None
            or is_empty(owner, forward)
            or is_empty(owner, backward)
        ):
            continue
        plan = LayerPlan(owner, forward, backward, activations=activations_for(run, owner))
        given = [*plan.parameters_of(forward)[1:], *plan.parameters_of(backward)[:1]]
        if any(goes_on_as(owner, other, forward, backward) for other in owners):
            continue
        is_loss = any(TARGET.fullmatch(plain_name(one.name)) for one in given)
        if plan.parameters_of(forward) and plan.parameters_of(backward) and not is_loss:
            yield plan


def goes_on_as(owner: type, other: Any, forward: str, backward: str) -> bool:
    """Whether another class has the ways of this one from it: then what they need is the other's."""
    return (
        isinstance(other, type)
        and other is not owner
        and issubclass(other, owner)
        and all(getattr(other, way) is getattr(owner, way) for way in (forward, backward))
    )


def activations_for(run: Run, owner: type) -> tuple[Any, ...]:
    """What a layer may be told to have for its activation: names that the program knows, objects, and a function."""
    asked = [name for name in parameters_of(owner) if ACTIVATION.fullmatch(plain_name(name))]
    if not asked:
        return ()
    known: dict[str, Any] = {name: name for one in asked for name in known_names(run, one)}
    for value in list(run.namespace.values()):
        if isinstance(value, type) and is_own_module(value.__module__) and value is not owner:
            with suppress(Exception):  # whatever a constructor raises
                known |= {value.__name__: value()} if way(value, FORWARD) else {}
    smooth = [known[name] for name in sorted(known, key=is_smooth, reverse=True)]
    return (*smooth[:MOST_ACTIVATIONS], np.sin)


def is_smooth(name: str) -> bool:
    return bool(re.search("sigmoid|tanh", name.lower()))


def way(owner: type, pattern: re.Pattern[str]) -> str | None:
    for name in dir(owner):
        if pattern.fullmatch(plain_name(name)) and inspect.isfunction(
            inspect.getattr_static(owner, name)
        ):
            return name
    return None


def is_empty(owner: type, method: str) -> bool:
    """Whether a method is only there to be overridden."""
    function = definition_of(getattr(owner, method))
    body = function.body if function is not None else []
    return all(
        isinstance(node, ast.Pass | ast.Raise)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Return) and gives_nothing(node.value))
        for node in body
    )


def gives_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value in (None, ...))
