"""Layers by themselves: an object's way forward, and the one that brings the error of its output back.

    layer.forward(x); layer.backward(dvalues)      leave layer.output, layer.dinputs, layer.dweights

Like operations by themselves, but what goes forward is kept on the object, and so may be what comes back. Its
parameters are the arrays that a second way forward leaves as they are.
"""

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.checking.driving.arguments import FOR_CLASSES, Guess, kind_of, plain_name
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
from chainrule.checking.driving.operation_pairs import (
    FAMILIES,
    OUTPUTS,
    Family,
    kind_of_operand,
)
from chainrule.recording.execution import Run
from chainrule.recording.functions import is_own_module
from chainrule.recording.recording import Operation

FORWARD = re.compile(r"(feed_?|f)?(forward|prop|propagate|call)(_?(pass|prop\w*))?")
BACK = re.compile(r"(backwards?|back_?prop\w*|bprop|bwd|back)(_?(pass|prop\w*))?|compute_grad\w*")
TARGET = re.compile(r"(y|t|targets?|labels?|truth|ground_?truth)(_?(true|train|i|batch|labels?))?")
OUTPUT = re.compile(r"(out|output|outputs|y|a|z|act|activations?|value|res|result)(_data|_value)?")
INPUT_GRADIENT = re.compile(
    r"d_?(inputs?|x|prev|a_?prev|in|values?_?in)|\w*grad\w*_?(wrt_?)?(inputs?|x)|inputs?_?grad\w*"
)
FLAG = re.compile(r"(is_?)?train(ing|able)?(_mode|_phase)?|save_?cache|cache|keep|store|mode")
LAYERS = re.compile(r"\w*(layers|modules|blocks)|args", re.IGNORECASE)
GENERATOR = re.compile(r"rng|generator|random_?(state|generator)|np_?rng|key")
SLOPING = re.compile(r"act\w*|f|fn|func|function|\w*activation\w*")
ACTIVATION = re.compile(r"(hidden_?)?(act|activation)(_?(fn|func|function|name|type|class))?")
SLOPED = re.compile(r"\w*(prime|deriv\w*|_grad\w*|_back\w*)|d_?(f|act\w*|func\w*)|grad\w*")
SHARE = re.compile(r"p|q|prob\w*|keep\w*|drop\w*|\w*rate|\w*prob(ability)?")
PENALTY = re.compile(r"\w*(reg|regulari[sz]er|regulari[sz]ation|lambda|l1|l2|decay|penalty)\w*")
DROPPED = 0.4
MOST_ACTIVATIONS = 4
MOST_TRIED = 100  # forms of arguments
SIZES: Mapping[str, re.Pattern[str]] = {
    "kernel": re.compile(r"(kernel|filter|field|pool|pooling|window)(_?(size|shape|dim|height|width|h|w))?|[kf]|k_?size|pool"),
    "stride": re.compile(r"strides?|s"),
    "padding": re.compile(r"pad(ding)?|p"),
    "n_outputs": re.compile(r"(n|num|number)?_?(of_)?(outputs?|filters?|kernels?|out_?channels?|f|c_?out)|out_?(f|c|ch)|filters|depth|(dim|n|size)_?2"),
    "n_inputs": re.compile(r"(n|num)?_?in_?(f|c|ch|channels?|put_?channels?)|inputs?|dim|size|n|d|num_?features|n_?dims?|(num_?)?channels|normali[sz]ed_?shape|(dim|n|size)_?1"),
    "input_shape": re.compile(r"(image|img|inputs?|in|x)_?(shape|dims?)|shape(_in)?"),
    "name": re.compile(r"(layer_?)?(name|id|tag)"),
}  # fmt: skip


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
        thing, names = self.warmed(made, inputs)
        recorder.off = False
        arrays = {self.given: inputs}
        arrays |= {name: array_at(thing, path) for name, path in names.items()}
        for name, array in arrays.items():
            recorder.recording.last_names[recorder.position(array)] = name
            recorder.recording.names[recorder.position(array)] = name

        def step() -> dict[str, Any]:
            output = self.go_forward(thing, inputs)
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
            found = self.go_back(thing, inputs, output, error, names)
            for name, (start, before) in starts.items():
                after = array_at(thing, names[name])
                end = recorder.position(after)
                if end != start:  # it takes the step itself, at a rate of 1
                    taken = Operation("subtract", [start, end])
                    found[f"d{name}"] = recorder.record(taken, before - after)
            return found

        return step, arrays

    @property
    def given(self) -> str:
        """What it calls what it is given."""
        return plain_name(self.parameters_of(self.forward)[0].name)

    def parameters_of(self, method: str) -> list[inspect.Parameter]:
        return list(inspect.signature(getattr(self.owner, method)).parameters.values())[1:]

    def accepted(self, family: Family) -> tuple[dict[str, Any], Any]:
        """Arguments of the constructor, and inputs, with which both ways run, and something comes back.

        Raises: ValueError where there are none.
        """
        for made in itertools.islice(self.candidates(family), MOST_TRIED):
            inputs = np.random.default_rng(2).normal(size=family.data[0])
            state = np.random.get_state()  # noqa: NPY002  # a layer may draw a mask
            try:
                thing, names = self.warmed(made, inputs)
                output = self.go_forward(thing, inputs)
                if not np.all(np.isfinite(output)) or self.is_hollow(inputs, output):
                    continue
                error = np.random.default_rng(3).normal(size=np.shape(output))
                old = {name: array_at(thing, path).copy() for name, path in names.items()}
                found = self.go_back(thing, inputs, output, error, names)
                moved = any(np.any(array_at(thing, names[n]) != old[n]) for n in names)
                if moved and not self.has_rate():
                    continue
            except Exception:  # whatever other arguments make it raise
                continue
            finally:
                np.random.set_state(state)  # noqa: NPY002
            if moved or (found and any(np.any(part) for part in found.values())):
                return made, inputs
        raise ValueError("no arguments are accepted")

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
        return any(LAYERS.fullmatch(name) for name in inspect.signature(self.owner).parameters)

    def has_rate(self) -> bool:
        """Whether the size of the steps that it takes is left to its caller."""
        parameters = [*inspect.signature(self.owner).parameters, *(p.name for p in self.parameters_of(self.backward))]  # fmt: skip
        return any(kind_of(name, ("rate",)) for name in parameters)

    def warmed(self, made: Mapping[str, Any], inputs: Any) -> tuple[Any, dict[str, Path]]:
        """A layer that has gone forward once, and the places of its parameters, by name."""
        given = {key: copied(value) for key, value in made.items()}
        kinds = inspect.signature(self.owner).parameters
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
        self, thing: Any, inputs: Any, output: Any, error: Any, names: Mapping[str, Path]
    ) -> dict[str, Any]:
        """What came back or was kept, each named as the gradient of what its place says."""
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
            name = gradient_name_at(path, names)
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
        if TARGET.fullmatch(plain_name(flowing.name)):
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


def choices_for(name: str, family: Family, drops: bool = False) -> Sequence[Any]:
    """What a constructor's parameter may be: a size by its name, or an array. Raises: ValueError."""
    plain = plain_name(name)
    if GENERATOR.fullmatch(plain):
        return [np.random.default_rng(0)]
    if SLOPED.fullmatch(plain):
        return [np.cos]
    if SLOPING.fullmatch(plain):
        return [np.sin]
    if drops and (SHARE.fullmatch(plain) or kind_of(name, ("rate", "small"))):
        return [DROPPED]
    if PENALTY.fullmatch(plain):
        return [0.0, (0.0, 0.0), None]
    images = len(family.data[0]) == 4
    channels_last = images and family.data[0][1] == family.data[0][2]
    n_in = family.data[0][0] if family.words.endswith("columns") else family.data[0][-1]
    if images and not channels_last:
        n_in = family.data[0][1]
    whole = [family.data[0][1:], family.data[0][1:3]] if images else []
    by_kind: Mapping[str, Sequence[Any]] = {
        "n_inputs": [n_in, *whole], "inputs": [n_in], "n_hidden": [OUTPUTS], "n_outputs": [OUTPUTS],
        "input_shape": [family.data[0][1:], family.data[0], (n_in, 1), n_in], "rate": [1.0, DROPPED], "small": [0.0], "scale": [0.1],
        "seed": [0], "on": [True], "off": [False], "kernel": [3, (3, 3), 2, (2, 2)], "stride": [1, (1, 1), 2, (2, 2)],
        "padding": [0, 1, "same", "valid", (0, 0)], "name": ["layer"], "sizes": [(n_in, OUTPUTS), n_in],
        "weights": family.weights, "bias": family.bias, "gain": family.scale,
    }  # fmt: skip
    operand = kind_of_operand(name)
    kind = next((kind for kind, pattern in SIZES.items() if pattern.fullmatch(plain)), None)
    if operand in ("weights", "bias") and kind is None:
        kind = operand
    elif operand == "scale" and plain in ("gamma", "beta"):
        kind = "gain"
    kind = kind or kind_of(name, FOR_CLASSES)
    if kind is None or kind not in by_kind:
        raise ValueError(f"{name} is not known")
    return [
        np.random.default_rng(4).normal(size=choice)
        if kind in ("weights", "bias", "gain")
        else choice
        for choice in by_kind[kind]
    ]


def settings_of(parameters: Sequence[inspect.Parameter]) -> dict[str, Any]:
    """Flags that a way has beside its data. Raises: ValueError for what is none."""
    found: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        name = plain_name(parameter.name)
        if FLAG.fullmatch(name):
            found[parameter.name] = True
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{name} is not known")
    return found


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
    for owner in list(run.namespace.values()):
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
        is_loss = any(TARGET.fullmatch(plain_name(one.name)) for one in given)
        if plan.parameters_of(forward) and plan.parameters_of(backward) and not is_loss:
            yield plan


def activations_for(run: Run, owner: type) -> tuple[Any, ...]:
    """What a layer may be told to have for its activation: names that the program knows, objects, and a function."""
    names = inspect.signature(owner).parameters
    asked = [name for name in names if ACTIVATION.fullmatch(plain_name(name))]
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
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(owner, method))))
    except (OSError, TypeError, SyntaxError):
        return True
    function = tree.body[0]
    body = function.body if isinstance(function, ast.FunctionDef) else []
    return all(
        isinstance(node, ast.Pass | ast.Raise)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Return) and gives_nothing(node.value))
        for node in body
    )


def gives_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value in (None, ...))
