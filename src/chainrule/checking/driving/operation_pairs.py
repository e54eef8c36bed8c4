"""Operations by themselves: a function forward, and the one that brings its error back.

    out, cache = affine_forward(x, w, b);  dx, dw, db = affine_backward(dout, cache)

Every array that goes forward is taken for a parameter. An error is made where the output meets random numbers,
and what comes back must be the gradient of half its square. Which shapes an operation takes is found by
trying: all sizes differ, so few fit.
"""

import ast
import inspect
import itertools
import linecache
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.checking.driving.arguments import Guess, plain_name
from chainrule.checking.driving.gradient_names import is_gradient_name
from chainrule.checking.finding.syntax import definition_of
from chainrule.recording.execution import Run
from chainrule.recording.functions import is_own_module, parameters_of

Shape = tuple[int, ...]
SAMPLES, INPUTS, OUTPUTS, STEPS = 7, 4, 3, 5
GATES = 4  # of a cell whose weights are one array
MOST_TRIED = 400  # combinations of shapes

OUTPUT = re.compile(r"out(put)?|y|a")
BACK = re.compile(r"backwards?|backprop|bwd|back", re.IGNORECASE)
KINDS = {
    "error": re.compile(r"d|d_?(l_?)?(out|y|z|a|h|s|next.*|prev.*|values?|[a-z]\d?|[a-z]_?next|loss.*)|(\w+_)?grad.*|deriv\w*_?(out|output|y)s?|delta.*|error.*|upstream.*|(\w+_)?diff"),
    "table": re.compile(r".*param(eter)?s?|hp.*|config|options"),
    "cache": re.compile(r"cache.*|mem.*|ctx|saved.*"),
    "mode": re.compile(r"mode|activation.*|train(ing)?|is_train.*"),
    "weights": re.compile(r"w\w*|weights?.*|theta\w*|kernels?|filters?|u|v"),
    "scale": re.compile(r"gamma|beta|scale|shift"),
    "bias": re.compile(r"b\w{0,3}|bias.*|b_?\w"),
    "state": re.compile(r"(h|a|c|s)(_?prev|_?0|_?last)|prev_?(h|a|c|s)|hidden|state|h|c"),
    "data": re.compile(r"x\w?|a|z|s|inputs?.*|a_?prev.*|images?|scores?|logits?|data|x_?batch|output|values?|u|v|in_?data"),
}  # fmt: skip
SETTINGS: Mapping[str, Any] = {
    "stride": 1, "pad": 1, "padding": 1, "mode": "train", "p": 0.6, "keep_prob": 0.6, "seed": 1, "eps": 1e-5,
    "momentum": 0.9, "f": 2, "pool_height": 2, "pool_width": 2, "pool_size": 2, "g": 2, "groups": 2, "epsilon": 1e-5,
    "dropout_param": {"mode": "train", "p": 0.6, "seed": 1}, "kernel_size": 2, "alpha": 0.1,
}  # fmt: skip


@final
@dataclass(frozen=True)
class Family:
    """The shapes that operands of each kind may have together, for so many samples."""

    words: str
    samples: int
    data: Sequence[Shape]
    weights: Sequence[Shape]
    bias: Sequence[Shape]
    scale: Sequence[Shape]
    state: Sequence[Shape]
    of_indices: bool = False  # data are whole numbers below INPUTS


FAMILIES = (
    Family(
        "samples in rows", SAMPLES, [(SAMPLES, INPUTS)],
        [(INPUTS, OUTPUTS), (OUTPUTS, OUTPUTS), (OUTPUTS, INPUTS), (INPUTS, GATES * OUTPUTS), (OUTPUTS, GATES * OUTPUTS)],
        [(OUTPUTS,), (1, OUTPUTS), (GATES * OUTPUTS,)], [(INPUTS,), (1, INPUTS)], [(SAMPLES, OUTPUTS)],
    ),
    Family(
        "samples in columns", SAMPLES, [(INPUTS, SAMPLES)], [(OUTPUTS, INPUTS), (OUTPUTS, OUTPUTS), (OUTPUTS, OUTPUTS + INPUTS)],
        [(OUTPUTS, 1)], [(INPUTS, 1)], [(OUTPUTS, SAMPLES)],
    ),
    Family(
        "images, channels first", 2, [(2, 2, 4, 4)], [(3, 2, 3, 3)], [(3,), (3, 1), (1, 3, 1, 1)], [(2,), (1, 2, 1, 1)], [],
    ),
    Family(
        "images, channels last", 2, [(2, 4, 4, 2)], [(3, 3, 2, 3)], [(1, 1, 1, 3), (3,)], [(2,), (1, 1, 1, 2)], [],
    ),
    Family(
        "sequences, samples first", SAMPLES, [(SAMPLES, STEPS, INPUTS)],
        [(INPUTS, OUTPUTS), (OUTPUTS, OUTPUTS), (INPUTS, GATES * OUTPUTS), (OUTPUTS, GATES * OUTPUTS)],
        [(OUTPUTS,), (GATES * OUTPUTS,)], [(INPUTS,)], [(SAMPLES, OUTPUTS)],
    ),
    Family(
        "sequences, time steps last", SAMPLES, [(INPUTS, SAMPLES, STEPS)],
        [(OUTPUTS, INPUTS), (OUTPUTS, OUTPUTS), (OUTPUTS, OUTPUTS + INPUTS)],
        [(OUTPUTS, 1)], [(INPUTS, 1)], [(OUTPUTS, SAMPLES)],
    ),
    Family(
        "indices in sequences", SAMPLES, [(SAMPLES, STEPS)], [(INPUTS, OUTPUTS)], [(OUTPUTS,)], [(OUTPUTS,)], [], of_indices=True,
    ),
    Family("one image, channels first", 1, [(2, 4, 4)], [(3, 2, 3, 3)], [(3,), (3, 1), (3, 2, 2)], [(2,)], []),
    Family("one image, channels last", 1, [(4, 4, 2)], [(3, 3, 2, 3)], [(3,), (1, 1, 3)], [(2,)], []),
    Family("one image", 1, [(6, 6)], [(3, 3, 3)], [(3,)], [], []),
    Family("one row", 1, [(1, INPUTS)], [(INPUTS, OUTPUTS), (OUTPUTS, OUTPUTS)], [(1, OUTPUTS), (OUTPUTS,)], [(1, INPUTS)], [(1, OUTPUTS)]),
    Family("one column", 1, [(INPUTS, 1)], [(OUTPUTS, INPUTS), (OUTPUTS, OUTPUTS)], [(OUTPUTS, 1)], [(INPUTS, 1)], [(OUTPUTS, 1)]),
    Family(
        "one vector", 1, [(INPUTS,)], [(OUTPUTS, INPUTS), (INPUTS, OUTPUTS), (OUTPUTS, OUTPUTS)],
        [(OUTPUTS,)], [(INPUTS,)], [(OUTPUTS,)],
    ),
)  # fmt: skip


@final
@dataclass(frozen=True)
class OperationPlan:
    """A function and the one that goes back; `returned` is what the latter returns, as it is written.

    Without a cache the way back of an activation may be handed what came out (`of_output`), whatever the
    name by which it calls it: x * (1 - x).
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    returned: tuple[tuple[int, ast.expr], ...]
    given: tuple[tuple[int, ast.expr], ...] = ()  # what goes forward, as it is written
    of_output: bool = False
    owner: str = ""  # the class whose methods they are, if any: all that it is given is data
    group = "operations"
    families = FAMILIES
    loss = "half-squared-error"  # of the errors that are made here

    @property
    def name(self) -> str:
        return self.owner or self.forward.__name__

    @property
    def words(self) -> str:
        return f"{self.owner}.{self.backward.__name__}" if self.owner else self.backward.__name__

    def start(self, guess: Guess) -> tuple[Callable[[], dict[str, Any]], Any]:
        """Raises: ValueError where no shapes of the layout's family are accepted."""
        recorder = guess.recorder
        recorder.off = True
        arguments = self.accepted(guess.layout.inputs)
        guess.accepted = True
        recorder.off = False
        names = arrays_of(arguments)
        for name, array in names.items():
            recorder.recording.last_names[recorder.position(array)] = name
            recorder.recording.names[recorder.position(array)] = name

        def step() -> dict[str, Any]:
            result = self.call(
                arguments, lambda output, target: guess.error(self.backward, output, target)
            )
            if isinstance(result, Mapping):
                return {str(key): value for key, value in result.items()}
            parts = result if isinstance(result, tuple | list) else (result,)
            found = {}
            for number, part in enumerate(parts):
                called = f"what is returned at place {number + 1}"
                if len(self.returned) == len(parts):
                    file, node = self.returned[number]
                    called = node.id if isinstance(node, ast.Name) else called
                    if self.owner:  # what a layer returns, its caller takes by place
                        called = f"d{list(arguments)[number]}"
                    guess.shown[called] = recorder.table.add(node, file, "Return")
                found[called] = part
            return found

        return step, names

    def call(self, arguments: Mapping[str, Any], error: Callable[[Any, Any], Any]) -> Any:
        """What comes back of the errors that the outputs make with random targets."""
        result = self.forward(**arguments)
        parts = list(result) if isinstance(result, tuple) else [result]
        cache = parts.pop() if len(parts) > 1 else None
        outputs = [
            part for part in parts if isinstance(part, np.ndarray) and part.dtype.kind == "f"
        ]
        rng = np.random.default_rng(3)
        unused = self.named(parts, outputs)
        spoken = {plain_name(name): value for name, value in arguments.items()}
        found: dict[str, Any] = {}
        for name, parameter in parameters_of(self.backward).items():
            plain = plain_name(name)
            if plain in spoken:
                handed_out = self.of_output and cache is None and kind_of_operand(name) == "data"
                found[name] = outputs[0] if handed_out else spoken[plain]
            elif kind_of_operand(name) == "error":
                own = next(
                    (k for k, (called, _) in enumerate(unused) if is_gradient_name(name, called)), 0
                )
                output = unused.pop(own)[1]
                found[name] = error(output, rng.normal(size=np.shape(output)))
            elif cache is not None:
                found[name], cache = cache, None
            elif OUTPUT.fullmatch(plain):
                found[name] = outputs[0]
            elif parameter.default is inspect.Parameter.empty:
                raise ValueError(f"{name} is not known")
        return self.backward(**found)

    def named(self, parts: Sequence[Any], outputs: Sequence[Any]) -> list[tuple[str, Any]]:
        """What goes forward, each with its variable's name: dnext_h is the error of next_h, whatever comes first."""
        spoken = [node.id if isinstance(node, ast.Name) else "" for _, node in self.given]
        named = list(zip(spoken, parts, strict=False))
        if len(spoken) <= len(parts):  # the last is the cache
            return [("", output) for output in outputs]
        return [(name, part) for name, part in named if any(part is one for one in outputs)]

    def accepted(self, family: Family) -> dict[str, Any]:
        """Arguments of the first shapes with which both functions run, and every gradient has an operand's.

        Raises: ValueError where there are none.
        """
        for arguments in itertools.islice(self.candidates(family), MOST_TRIED):
            state = np.random.get_state()  # noqa: NPY002  # an operation may draw a mask
            try:
                result = self.call(copied(arguments), np.subtract)
                wide = widened_alone(arguments)
                if wide:  # by broadcasting one entry may fit where it stands for many
                    self.call(wide, np.subtract)
            except Exception:  # whatever other shapes make it raise
                continue
            finally:
                np.random.set_state(state)  # noqa: NPY002
            values = list(result.values()) if isinstance(result, Mapping) else result
            values = values if isinstance(values, list | tuple) else [values]
            shapes = {np.shape(array) for array in arrays_of(arguments).values()}
            fitting = all(np.shape(part) in shapes for part in values if np.size(part) > 1)
            # Loops that never run accept anything.
            if values and fitting and all(np.any(part) for part in values):
                return arguments
        raise ValueError("no shapes are accepted")

    def candidates(self, family: Family) -> Iterator[dict[str, Any]]:
        """Arguments of all shapes that their names allow. Raises: ValueError for a name that is not known."""
        choices: dict[tuple[str, str], Sequence[Any]] = {}
        tables: dict[str, dict[str, Any]] = {}
        parameters = parameters_of(self.forward)
        has_data = "data" in map(kind_of_operand, parameters)
        for name, parameter in parameters.items():
            kind = kind_of_operand(name)
            kind = "data" if kind == "state" and not has_data else kind
            if self.owner and kind != "weights":
                kind = "data"
            has_default = parameter.default is not inspect.Parameter.empty
            if kind == "table" and not has_default:
                keys = self.keys_read(name)
                tables[name] = settings_for(keys)
                choices |= {
                    (name, key): getattr(family, str(kind_of_operand(key)))
                    for key in keys
                    if kind_of_operand(key) in ("weights", "bias", "scale")
                    and key not in tables[name]
                }
            elif kind in ("data", "weights", "bias", "scale", "state"):
                choices[name, ""] = getattr(family, kind)
            elif kind == "mode" and not has_default:
                choices[name, ""] = ["relu", "sigmoid"] if "act" in name else [True]
            elif not has_default and plain_name(name) in SETTINGS:
                choices[name, ""] = [SETTINGS[plain_name(name)]]
            elif not has_default:
                raise ValueError(f"{name} is not known")
        for combination in alike_first(list(choices), choices):
            rng = np.random.default_rng(2)
            arguments: dict[str, Any] = {name: dict(table) for name, table in tables.items()}
            for (name, key), choice in zip(choices, combination, strict=True):
                value = rng.normal(size=choice) if isinstance(choice, tuple) else choice
                if family.of_indices and kind_of_operand(name) == "data":
                    value = rng.integers(INPUTS, size=choice)
                if key:
                    arguments[name][key] = value
                else:
                    arguments[name] = value
            yield arguments

    def keys_read(self, name: str) -> list[str]:
        """What the functions read from a table; or others of their program, to which it may be handed on."""
        own = inspect.getsource(self.forward) + inspect.getsource(self.backward)
        called = [
            value
            for value in inspect.unwrap(self.forward).__globals__.values()
            if inspect.isfunction(value) and is_own_module(value.__module__)
        ]
        ways: list[Callable[..., Any]] = [self.forward, self.backward, *called]
        files = dict.fromkeys(inspect.unwrap(way).__code__.co_filename for way in ways)
        whole = "".join(line for file in files for line in linecache.getlines(file))
        for text in (own, whole):
            found = re.findall(rf"{name}(?:\.get\(|\[)\s*[\"'](\w+)[\"']", text)
            if found:
                break
        return list(dict.fromkeys(found))


def widened(shape: Shape) -> Shape:
    """A shape without a dimension of 2: a part of it is more than one entry."""
    return tuple(3 if size == 2 else size for size in shape)


def widened_alone(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a larger array, where one is all that an operation is given."""
    given = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    shapes = [widened(value.shape) for value in given.values()]
    if len(arguments) != 1 or len(given) != 1 or shapes == [v.shape for v in given.values()]:
        return {}
    rng = np.random.default_rng(2)
    return {name: rng.normal(size=shape) for name, shape in zip(given, shapes, strict=True)}


def alike_first(
    keys: Sequence[tuple[str, str]], choices: Mapping[tuple[str, str], Sequence[Any]]
) -> Iterator[tuple[Any, ...]]:
    """All combinations of choices, those first in which what is chosen from the same shapes is the same, but the last."""
    same = [choices[key] for key in keys]
    pools: list[Sequence[Any]] = []
    for own in same:
        if own not in pools:
            pools.append(own)
    for picked in itertools.product(*pools):
        for last in same[-1] if same else ():
            yield (*(picked[pools.index(own)] for own in same[:-1]), last)
    yield from itertools.product(*same)


def settings_for(keys: Sequence[str]) -> dict[str, Any]:
    """What a table of settings has; a pool moves by its own size."""
    table = {key: SETTINGS[key] for key in keys if key in SETTINGS}
    pools = "f" in table or any("pool" in key for key in table)
    return table | ({"stride": 2} if pools and "stride" in table else {})


def operation_plans(run: Run) -> Iterator[OperationPlan]:
    """Pairs of a program's own functions that are named alike: relu_forward or relu, and relu_backward."""
    own: dict[str, Callable[..., Any]] = {
        name: value
        for name, value in run.namespace.items()
        if inspect.isfunction(value) and is_own_module(value.__module__)
    }
    for name, backward in own.items():
        # What other files define says nothing of this one.
        if not BACK.search(name) or backward.__module__ != "__main__":
            continue
        parameters = list(parameters_of(backward))
        if not parameters or not any(kind_of_operand(one) == "error" for one in parameters):
            continue
        if is_stub(parts_returned(run, name), backward):
            continue
        for word in ("forward", "fwd", "fw", ""):
            forward = own.get(BACK.sub(word, name).strip("_"))
            if forward is not None and forward is not backward:
                given = parts_returned(run, forward.__name__)
                yield OperationPlan(forward, backward, parts_returned(run, name), given)
                break


def is_stub(returned: Sequence[tuple[int, ast.expr]], function: Callable[..., Any]) -> bool:
    """Whether all that a function returns is None still: it is yet to be written."""
    definition = definition_of(function)
    stored: dict[str, list[ast.expr]] = {}
    for node in ast.walk(definition) if definition is not None else ():
        if isinstance(node, ast.Assign):
            for target in node.targets:
                targets = target.elts if isinstance(target, ast.Tuple) else [target]
                values = (
                    node.value.elts
                    if isinstance(node.value, ast.Tuple)
                    else [node.value] * len(targets)
                )
                for one, value in zip(targets, values, strict=False):
                    if isinstance(one, ast.Name):
                        stored.setdefault(one.id, []).append(value)
    names = [part.id for _, part in returned if isinstance(part, ast.Name)]
    return len(names) == len(returned) > 0 and all(
        name in stored
        and all(isinstance(value, ast.Constant) and value.value is None for value in stored[name])
        for name in names
    )


def parts_returned(run: Run, name: str, owner: str = "") -> tuple[tuple[int, ast.expr], ...]:
    """What a function returns, or a method of a class, as it is written: each with the number of its file."""
    for file, source in enumerate(run.sources):
        nodes: Sequence[ast.AST] = source.nodes
        if owner:
            classes = (n for n in nodes if isinstance(n, ast.ClassDef) and n.name == owner)
            nodes = [method for one in classes for method in one.body]
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                for part in ast.walk(node):
                    if isinstance(part, ast.Return) and part.value is not None:
                        value = part.value
                        parts = value.elts if isinstance(value, ast.Tuple) else [value]
                        return tuple((file, one) for one in parts)
    return ()


def kind_of_operand(name: str) -> str | None:
    plain = plain_name(name)
    return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(plain)), None)


def arrays_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays among arguments, those in tables by their keys."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        found |= arrays_of(value) if isinstance(value, dict) else {name: value}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def copied(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.copy() if isinstance(value, np.ndarray | dict) else value
        for name, value in arguments.items()
    }
