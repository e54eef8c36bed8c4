"""Ways to train what a program defines: by an object's methods, by functions in turn, by layers in a row.

A plan starts with making parameters, and then does one pass at a time. What calls return is known to later
calls by the names that the program has for it.
"""

import ast
import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.driving.arguments import (
    FOR_CLASSES,
    FOR_FUNCTIONS,
    FOR_METHODS,
    HIDDEN,
    SAMPLES,
    Guess,
    is_listed,
    kind_of,
    plain_name,
)
from chainrule.checking.driving.engines import EnginePlan, engine_plans
from chainrule.checking.driving.joining_layers import joining_plans
from chainrule.checking.driving.kept_arrays import places
from chainrule.checking.driving.known_names import ACTIVATIONS, USUAL, known_names
from chainrule.checking.driving.layer_operations import BACK, LayerPlan, layer_plans, way
from chainrule.checking.driving.layer_operations import FORWARD as GOES_FORWARD
from chainrule.checking.driving.layer_rows import (
    LayersPlan,
    add_by_sizes,
    adds_layers,
    rows_asked,
    set_up,
)
from chainrule.checking.driving.operation_pairs import (
    OperationPlan,
    operation_plans,
    parts_returned,
)
from chainrule.checking.driving.resets import change_apart, ways_to_set_back
from chainrule.checking.driving.results import (
    BACKWARD,
    first_array,
    named_results,
    run_through,
)
from chainrule.checking.driving.slopes import (
    SlopePlan,
    is_replaced,
    own_parameters,
    slope_plans,
)
from chainrule.checking.finding.syntax import definition_of
from chainrule.recording.execution import Run
from chainrule.recording.functions import is_own_module, parameters_of

TRAIN = re.compile(
    r"(fit|train|learn|sgd|optimi[sz]e|gradient_?descent|partial_fit|update_mini_batch|run_?epoch|training)"
    r"(_.*|ing|network|model|epoch|batch|step|once|on_batch|one.*)?"
)
FORWARD = re.compile(
    r"feed_?_?forward.*|forward.*|fprop|fp|predict|think|query|compute_?outputs?|activate|run|propagate|forward_?prop.*|hypothesis|(\w+_)?model_forward(_.*)?"
)
LOSS = re.compile(r"(compute_|calc\w*_)?(loss|cost)(_?(function|fn|and_grad\w*))?")
ACTIVATION = re.compile(r"(hidden_?)?act(ivation)?s?(_?(fn|func|function|name|type|list)s?)?")
UPDATE = re.compile(r"(update|apply|adjust|descend|step|optimizer_step|change)(_?.*)?")
START = re.compile(
    r"(init|create|make|build|random|generate|get)(iali[sz]e)?(_.*)?(param|weight|network|model|init).*|init(iali[sz]e)?(_.*)?"
)

Step: TypeAlias = Callable[[], dict[str, Any]]


@final
@dataclass(frozen=True)
class ObjectPlan:
    """An object of a class, whose methods are called in turn, once a pass; perhaps made of layers."""

    owner: type
    methods: tuple[str, ...]
    layers: LayersPlan | None = None
    alone: bool = False  # what looks like a layer, and may be a whole network
    returned: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)  # names that its constructor is given
    depth: int = 1  # hidden layers, where they are ours to choose
    batch: int = SAMPLES  # samples, likewise

    @property
    def group(self) -> str:
        return self.owner.__name__

    @property
    def in_parts(self) -> bool:
        return not any(TRAIN.fullmatch(plain_name(n)) or n == "__call__" for n in self.methods)

    @property
    def set_back(self) -> Sequence[str]:
        """What a caller would call before each pass, where no method makes whole ones."""
        return ways_to_set_back(self.owner, methods_of(self.owner)) if self.in_parts else ()

    @property
    def words(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        made = f"{self.owner.__name__}({given})" if given else self.owner.__name__
        return ", ".join(f"{made}.{method}" for method in self.methods) + of_size(self)

    def start(self, guess: Guess) -> tuple[Step, Any]:
        guess.depth, guess.batch = self.depth, self.batch
        if self.layers is not None:
            row = self.layers.make(guess)
            guess.known |= dict.fromkeys(rows_asked(self.owner), row) | {"layers": row}
        guess.known |= {
            name: [value] * (self.depth + 1)  # one a layer
            if ACTIVATIONS.fullmatch(plain_name(name)) and is_listed(self.owner, name)
            else value
            for name, value in self.options.items()
        }
        thing = self.owner(**guess.arguments(self.owner, FOR_CLASSES))
        if self.layers is not None:
            set_up(thing, guess, methods_of(self.owner))
        else:
            add_by_sizes(thing, guess, methods_of(self.owner))
        for name in self.options:
            guess.known.pop(name)
        for name in (*rows_asked(self.owner), "layers"):
            guess.known.pop(name, None)
        if not places(thing):  # its parameters are made when it is asked to
            for name in methods_of(self.owner):
                if START.fullmatch(plain_name(name)):
                    made = getattr(thing, name)
                    made(**guess.arguments(made, FOR_CLASSES))

        def step() -> dict[str, Any]:
            results: dict[str, Any] = {}
            handed: dict[str, Any] = {}  # gradients, to what updates alone: else they are errors
            for name in (*self.set_back, *self.methods):
                method = getattr(thing, name)
                goes_back = BACKWARD.fullmatch(plain_name(name)) is not None
                known, new = guess.known, {} if goes_back else handed
                guess.known = {**new, **known}
                result = run_through(method(**guess.arguments(method, FOR_METHODS)))
                guess.known = known
                if result is not None and not goes_back and is_step(name):
                    guess.is_lost = True  # it may be what a caller goes on with
                handed |= {"grads": result} if goes_back and result is not None else {}
                results |= named_results(name, result, self.returned.get(name, ()))
                if FORWARD.fullmatch(plain_name(name)):
                    guess.known["predictions"] = first_array(result)
                guess.known |= results
            return results

        return step, thing


@final
@dataclass(frozen=True)
class FunctionsPlan:
    """Functions that are called in turn, once a pass; `first` makes the parameters."""

    functions: tuple[Callable[..., Any], ...]
    returned: Mapping[str, tuple[str | None, ...]]
    first: Callable[..., Any] | None = None
    depth: int = 1
    batch: int = SAMPLES
    group = "functions"

    @property
    def words(self) -> str:
        functions = (self.first, *self.functions) if self.first is not None else self.functions
        return ", ".join(function.__name__ for function in functions) + of_size(self)

    def start(self, guess: Guess) -> tuple[Step, Any]:
        guess.depth, guess.batch = self.depth, self.batch
        if self.first is not None:
            self.take(guess, self.first, "parameters", guess.arguments(self.first, FOR_CLASSES))
        else:
            guess.arguments(
                self.functions[0], FOR_FUNCTIONS
            )  # makes weights where they are asked for

        def step() -> dict[str, Any]:
            results: dict[str, Any] = {}
            for function in self.functions:
                arguments = guess.arguments(function, FOR_FUNCTIONS)
                results |= self.take(guess, function, role_of(function.__name__), arguments)
            return results

        return step, dict(guess.made if self.first is None else guess.known)

    def take(
        self, guess: Guess, function: Callable[..., Any], role: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Call a function, and remember what it returns under the program's names, and by its role."""
        result = run_through(function(**arguments))
        found = named_results(function.__name__, result, self.returned.get(function.__name__, ()))
        parts = result if isinstance(result, tuple) else (result,)
        guess.known |= found
        if role == "forward":
            guess.known["predictions"] = first_array(result)
            tables = [part for part in parts if not isinstance(part, np.ndarray | float)]
            guess.known["cache"] = tables[0] if tables else result
        elif role == "updated" and isinstance(result, Mapping):
            guess.known["parameters"] = result
        elif role in ("updated", "training") and result is not None:
            self.hand_on(guess, arguments, parts)
        elif role in ("parameters", "grads") and result is not None:
            guess.known[role] = result
        return found

    def hand_on(self, guess: Guess, arguments: Mapping[str, Any], parts: Sequence[Any]) -> None:
        """What an update returns in the order in which it was given it is what the next pass begins with."""
        names = list(arguments)[: len(parts)]
        if len(names) == len(parts) > 0 and all(isinstance(part, np.ndarray) and part.shape == np.shape(arguments[name]) for name, part in zip(names, parts, strict=True)):  # fmt: skip
            guess.known |= dict(zip(names, parts, strict=True))
        else:
            guess.is_lost = True


Plan: TypeAlias = (
    ObjectPlan | FunctionsPlan | LayersPlan | LayerPlan | OperationPlan | SlopePlan | EnginePlan
)


def plan_takes_steps(plan: Plan) -> bool:
    """Whether something that is called is there to change parameters: then gradients that nobody applies are not all."""
    roles = {role_of(function.__name__) for function in getattr(plan, "functions", ())}
    return bool(roles & {"updated", "training"}) or any(map(is_step, getattr(plan, "methods", ())))


def makes_batches(plan: Plan) -> bool:
    """Whether something that is called goes through all data by itself."""
    if isinstance(plan, FunctionsPlan):
        return any(role_of(function.__name__) == "training" for function in plan.functions)
    return isinstance(plan, ObjectPlan) and not plan.in_parts


def is_step(method: str) -> bool:
    return any(words.fullmatch(plain_name(method)) for words in (TRAIN, UPDATE))


def of_size(plan: ObjectPlan | FunctionsPlan) -> str:
    batches = f" in batches of {plan.batch}" if plan.batch < SAMPLES else ""
    return (f" with {plan.depth} hidden layers" if plan.depth > 1 else "") + batches


def plans_of(run: Run) -> Iterator[Plan]:
    """All ways to train what a program defines, the most complete first."""
    classes = classes_of(run)
    layers = layers_of(classes)
    parts = {layers.dense, layers.activation} if layers is not None else set()
    for owner in classes:
        for methods in methods_in_turn(owner) if owner not in parts else ():
            of_layers = rows_asked(owner) or [
                name for name in methods_of(owner) if adds_layers(owner, name)
            ]
            returned = {name: names_returned(run, name) for name in methods}
            plan = ObjectPlan(owner, methods, layers if of_layers else None, returned=returned)
            plan = replace(plan, options=first_options(run, owner))
            yield plan
            if plan.layers is not None:  # they may be meant as sizes
                yield replace(plan, layers=None)
    yield from layer_plans(run)
    # A row of what other files define says nothing of this one.
    if layers is not None and "__main__" in {part.__module__ for part in parts if part}:
        yield layers
        for methods in methods_in_turn(layers.dense):
            yield ObjectPlan(layers.dense, methods, alone=True)
    yield from function_plans(run)
    yield from operation_plans(run)
    yield from joining_plans(run)
    yield from slope_plans(run)
    yield from engine_plans(run)


def layers_of(classes: Sequence[type]) -> LayersPlan | None:
    """A dense layer and an activation among the classes, if they are such: forward(x), backward(gradient ...)."""
    found: dict[bool, type] = {}
    for owner in classes:
        forward, backward = way(owner, GOES_FORWARD), way(owner, BACK)
        if forward is None or backward is None or is_replaced(owner, (forward, backward)):
            continue
        taken = own_parameters(owner, backward)
        if len(own_parameters(owner, forward)) != 1 or not taken or trains_itself(owner):
            continue
        if kind_of(taken[0], ("errors",)) and len(taken) <= 2:
            found.setdefault(len(parameters_of(owner)) >= 2, owner)
    return LayersPlan(found[True], found.get(False)) if True in found else None


def classes_of(run: Run) -> list[type]:
    """Classes of the program's own files, those first that train."""
    found = [
        value
        for value in run.namespace.values()
        if isinstance(value, type)
        and is_own_module(value.__module__)
        and not issubclass(value, BaseException)
    ]
    found = [value for value in found if methods_in_turn(value)]
    return sorted(
        dict.fromkeys(found),
        key=lambda value: not trains_itself(value),
    )


def trains_itself(owner: type) -> bool:
    return any(TRAIN.fullmatch(name.lower()) for name in methods_of(owner))


def first_options(run: Run, owner: type) -> dict[str, str]:
    """Names that a constructor must be given: for each the first that the program knows."""
    found = {}
    for name, parameter in parameters_of(owner).items():
        if parameter.default is inspect.Parameter.empty and not kind_of(name, FOR_CLASSES):
            known = known_names(run, name)
            if known:
                found[name] = known[0]
    return found


def other_activations(run: Run, plan: ObjectPlan) -> Iterator[ObjectPlan]:
    """The same with each other activation that it may be told to have, by as many names as it asks for it."""
    parameters = parameters_of(plan.owner)
    known = {name: known_names(run, name) for name in parameters}
    for name, parameter in parameters.items():
        used = plan.options.get(name, parameter.default)
        if not ACTIVATION.fullmatch(plain_name(name)) or not isinstance(used, str):
            continue
        if known[name] == [used]:  # any other name is what else the program has
            defined = " ".join([*methods_of(plan.owner), *run.namespace]).lower()
            known[name] = [usual for usual in USUAL if usual in defined]
        for value in known[name]:
            if value != used:
                alike = {other: value for other, values in known.items() if value in values}
                yield replace(plan, options={**plan.options, **alike, name: value})


def methods_of(owner: type) -> list[str]:
    names = []
    for base in owner.__mro__[:-1]:
        names += [
            name
            for name, value in vars(base).items()
            if inspect.isfunction(value) and not (name.startswith("__") and name.endswith("__"))
        ]
    return list(dict.fromkeys(names))


def methods_in_turn(owner: type) -> list[tuple[str, ...]]:
    """Ways to train an object, the most complete first."""
    names = methods_of(owner)
    spoken = {name: plain_name(name) for name in names}
    train = [name for name in names if TRAIN.fullmatch(spoken[name])]
    backward = [name for name in names if BACKWARD.fullmatch(spoken[name])]
    forward = [name for name in names if FORWARD.fullmatch(spoken[name]) and name not in backward]
    update = [name for name in names if UPDATE.fullmatch(spoken[name]) and name not in train]
    order = {"fit": 0, "train": 0, "sgd": 1}
    train.sort(key=lambda name: order.get(spoken[name], 2))
    if not train and "__call__" in vars(owner) and takes_data(vars(owner)["__call__"]):
        train = ["__call__"]
    plans: list[tuple[str, ...]] = [(name,) for name in train]
    ends: list[tuple[str, ...]] = [(name,) for name in update[:2]]
    if backward and change_apart(owner, update):
        ends = [tuple(update)]
    for back in backward:
        for start in (*((f,) for f in forward[:2]), ()):
            for end in (*ends, ()):
                plans.append((*start, back, *end))
    plans += [(name,) for name in update]
    plans += [(name,) for name in names if LOSS.fullmatch(spoken[name]) and gives_more(owner, name)]
    return plans


def takes_data(method: Callable[..., Any]) -> bool:
    """Whether something is called with inputs and targets, as what trains is."""
    asked = {kind_of(name, FOR_METHODS) for name in parameters_of(method)}
    return {"inputs", "targets"} <= asked


def gives_more(owner: type, method: str) -> bool:
    """Whether a method returns something with a loss."""
    function = definition_of(getattr(owner, method))
    return function is not None and any(
        isinstance(node, ast.Return)
        and isinstance(node.value, ast.Tuple)
        and len(node.value.elts) > 1
        for node in ast.walk(function)
    )


# --- functions ------------------------------------------------------------------------------------


def function_plans(run: Run) -> Iterator[FunctionsPlan]:
    """Training functions alone; then those for the steps of one pass, in turn."""
    own: list[Callable[..., Any]] = [
        value
        for value in run.namespace.values()
        if inspect.isfunction(value) and is_own_module(value.__module__)
    ]
    returned = {function.__name__: names_returned(run, function.__name__) for function in own}
    by_role: dict[str, list[Callable[..., Any]]] = {}
    for function in dict.fromkeys(own):
        by_role.setdefault(role_of(function.__name__), []).append(function)
    for role in ("forward", "grads", "updated"):
        by_role[role] = whole_ones_first(by_role.get(role, []))
    starts: list[Callable[..., Any] | None] = [*by_role.get("parameters", [])[:2], None]
    if (drawn := maker_of_parameters(own)) is not None:
        starts.insert(-1, drawn)
    for function in by_role.get("training", []):
        yield FunctionsPlan((function,), returned)
        for start in starts[:-1]:
            yield FunctionsPlan((function,), returned, start)
    for backward in by_role.get("grads", [])[:3]:
        for start in starts:
            for forward in (*((f,) for f in by_role.get("forward", [])[:2]), ()):
                for update in (*((f,) for f in by_role.get("updated", [])[:2]), ()):
                    yield FunctionsPlan((*forward, backward, *update), returned, start)


def whole_ones_first(functions: Sequence[Callable[..., Any]]) -> list[Callable[..., Any]]:
    """Those that others of them call are their parts: the way forward of a layer, beside that of the network."""
    called = {name for function in functions for name in function.__code__.co_names}
    return sorted(functions, key=lambda function: function.__name__ in called)


def maker_of_parameters(functions: Sequence[Callable[..., Any]]) -> Callable[..., Any] | None:
    """What makes a table W1, b1, W2 ... that functions read, of any depth: of columns, as its one notation has it."""
    text = "".join(map(inspect.getsource, functions))
    read = re.findall(r"\bparam\w*\[[\"']([Wb])(\d)[\"']\]", text)
    depth = max((int(number) for _, number in read), default=0)
    if set(read) != {(key, str(k)) for key in "Wb" for k in range(1, depth + 1)} or not depth:
        return None

    def parameters(n_inputs: int, n_outputs: int) -> dict[str, Any]:
        rng = np.random.default_rng(6)
        sizes = [n_inputs, *(HIDDEN + k for k in range(depth - 1)), n_outputs]
        table: dict[str, Any] = {}
        for k, (n_in, n_out) in enumerate(itertools.pairwise(sizes), 1):
            table[f"W{k}"] = rng.normal(size=(n_out, n_in))
            table[f"b{k}"] = rng.normal(size=(n_out, 1))
        return table

    return parameters


def role_of(name: str) -> str:
    spoken = plain_name(name)
    if START.fullmatch(spoken):
        return "parameters"
    if BACKWARD.fullmatch(spoken):
        return "grads"
    if UPDATE.fullmatch(spoken):
        return "updated"
    if TRAIN.fullmatch(spoken) or re.fullmatch(
        r".*model|neural_net(work)?|.*regression|nn|mlp|.*gradient_descent.*", spoken
    ):
        return "training"
    return "forward" if FORWARD.fullmatch(spoken) else "other"


def names_returned(run: Run, name: str) -> tuple[str | None, ...]:
    """What a function calls the values that it returns."""
    return tuple(p.id if isinstance(p, ast.Name) else None for _, p in parts_returned(run, name))
