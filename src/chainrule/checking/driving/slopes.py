"""Losses and activations that come with their own derivative: functions, or methods of one class.

    loss, gradient = svm_loss(W, X, y, reg)        mse(t, y); mse_prime(t, y)        sigmoid(x); sigmoid_prime(x)

What the program computes itself is what its derivatives are held against. Right is certain then; what is not right
may be meant as the derivative of something else, and is left open.
"""

import functools
import inspect
import itertools
import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from chainrule.checking.driving.arguments import Guess, kind_of, plain_name
from chainrule.checking.driving.kept_arrays import places
from chainrule.checking.driving.layer_operations import INPUT_GRADIENT, OUTPUT, is_empty
from chainrule.checking.driving.operation_pairs import kind_of_operand, parts_returned
from chainrule.recording.execution import Run
from chainrule.recording.functions import parameters_of

LOSS = re.compile(r"\w*(loss|cost|objective|criterion|entropy|hinge|svm|mse)\w*")
MARK = re.compile(
    r"^(d|deriv(ative|ate)?|grad(ient)?)_?(of_)?(?=\w)|_?(prime|deriv\w*|derv\w*|grad(ient)?|backward|der|dx|diff|d)$"
)
VALUE = re.compile(
    r"forward|call|(compute_|calc\w*_|get_)?(loss|cost|value)|compute|calculate|fn|f|function|apply"
)
SLOPE = re.compile(
    r"backwards?|(compute_|calc\w*_|get_|loss_)?(gradient|grad|derivative|deriv|prime)|df"
)
TARGET = re.compile(
    r"(y|t|y_?targ|targets?|labels?|actual|expected|ground_?truth|truth)(_?(true|train|i|batch|labels?|real|actual))?"
)
PREDICTED = re.compile(
    r"(y_?)?(hat|pred\w*|output\w*|out|probs?|a|p|o|scores?|logits?|x|inputs?|z|d_?values|activations?|estimate\w*|yh|y_p|al)"
)
WEIGHTS = re.compile(
    r"(nn_|initial_|all_)?(w|weights?|thetas?|params?|parameters|theta_vec\w*)|coef\w*|theta_\w+"
)
GRADIENT = re.compile(r"\w*(grad|deriv)\w*")
DATA = re.compile(r"x|data|x_?(train|batch)|features?")
FLAG = re.compile(
    r"(is_?|return_?|calc_?)?(d|deriv\w*|prime|grad(ient)?|backward|diff\w*|der|slope)"
)
MASK = re.compile(r"mask\w*")
SETTING = re.compile(r"reg\w*|lambda\w*|lambd|lmbda|alpha|l2\w*|delta|margin|eps\w*|c")
MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
SIZES = ("n_inputs", "n_hidden", "n_outputs")
SAMPLES, INPUTS, HIDDEN, CLASSES = 7, 4, 5, 3


@final
@dataclass(frozen=True)
class Sample:
    """One form of data: `given` is what is predicted, or what makes predictions, each by its kind."""

    words: str
    given: Mapping[str, Any]
    target: Any
    # Of a network whose weights are one vector.
    sizes: Mapping[str, int] = field(default_factory=dict)
    samples: int = SAMPLES

    @property
    def in_columns(self) -> bool:
        return "in columns" in self.words


def samples() -> Iterator[Sample]:
    """Scores before probabilities, and classes in all forms."""
    rng = np.random.default_rng(5)
    classes = np.array([0, 1, 2, 1, 0, 2, 2])
    one_hot, halves = np.eye(CLASSES)[classes], (classes > 0).astype(float)
    x, w = rng.normal(size=(SAMPLES, INPUTS)), rng.normal(size=(INPUTS, CLASSES))
    scores = 2 * rng.normal(size=(SAMPLES, CLASSES))
    scores[::2] += 3 * one_hot[::2]  # some are told with a margin
    powers = np.exp(scores / 4)  # none so near to 0 or 1 that it is cut off there
    likely = powers / powers.sum(axis=1, keepdims=True)
    for words, predicted in (("scores", scores), ("probabilities", likely)):
        given = {"predicted": predicted, "x": x, "w": w}
        yield Sample(f"{words} in rows", given, one_hot)
        yield Sample(f"{words} in rows, classes by number", given, classes)
        columns = {"predicted": predicted.T.copy(), "x": x.T.copy(), "w": w.T.copy()}
        yield Sample(f"{words} in columns", columns, one_hot.T.copy())
        yield Sample(f"{words} in columns, classes by number", columns, classes)
        sequences = {"predicted": predicted[:6].reshape(2, 3, CLASSES)}
        yield Sample(
            f"{words} of sequences, classes by number", sequences, classes[:6].reshape(2, 3)
        )
        one = {"predicted": predicted[:, :1].copy(), "x": x, "w": w[:, :1].copy()}
        flat = {"predicted": predicted[:, 0].copy(), "x": x, "w": w[:, 0].copy()}
        for name, values in (("", halves), (", of both signs", 2 * halves - 1)):
            yield Sample(f"{words} of one class{name}", one, values[:, None].copy())
            yield Sample(f"{words} of one class, flat{name}", flat, values)
    sizes = {"n_inputs": INPUTS, "n_hidden": HIDDEN, "n_outputs": CLASSES}
    unrolled = rng.normal(size=(INPUTS + 1) * HIDDEN + (HIDDEN + 1) * CLASSES)
    for words, target in (("one-hot", one_hot), ("", classes), ("from 1", classes + 1)):
        network = {"x": x, "w": unrolled}
        yield Sample(f"scores of a network, classes {words}", network, target, sizes=sizes)
        if words != "one-hot":
            column = target[:, None].copy()
            yield Sample(f"scores of a network, a column {words}", network, column, sizes=sizes)


@final
@dataclass(frozen=True)
class SlopePlan:
    """A value and its slope: `methods` of `owner`, or functions; the latter is None where one call gives both."""

    value: Callable[..., Any] | str
    slope: Callable[..., Any] | str | None
    owner: type | None = None
    of_output: bool = False
    through: str = ""  # softmax or sigmoid, if the slope is by what such a function is given
    group = "operations"
    families = tuple(samples())
    loss = "half-squared-error"

    @property
    def name(self) -> str:
        named = self.owner or self.value
        return named if isinstance(named, str) else named.__name__

    @property
    def words(self) -> str:
        last = self.slope or self.value
        return f"{self.name}.{last}" if isinstance(last, str) else last.__name__

    @property
    def is_loss(self) -> bool:
        """Whether it is a whole loss, of predictions and targets, or of weights."""
        value = self.value if self.owner is None else getattr(self.owner, str(self.value))
        assert callable(value)
        given = [p for p in parameters_of(value) if p != "self"]
        return len(given) > 1 and any(TARGET.fullmatch(plain_name(name)) for name in given)

    def start(self, guess: Guess) -> tuple[Callable[[], dict[str, Any]], Any]:
        """Raises: ValueError where the arguments are not known, or give no numbers."""
        recorder = guess.recorder
        recorder.off = True
        arguments = self.accepted(guess.layout.inputs)
        guess.accepted = True
        recorder.off = False
        value, slope = self.callables()
        operands = operands_of(value, arguments)
        if self.through:
            operands = {name: scores_of(array, self.through) for name, array in operands.items()}
        for name, array in operands.items():
            recorder.recording.last_names[recorder.position(array)] = name
            recorder.recording.names[recorder.position(array)] = name

        def step() -> dict[str, Any]:
            if self.through:
                along = 0 if guess.layout.inputs.in_columns else -1
                arguments.update({
                    called: squashed(recorder, operands[plain_name(called)], self.through, along)
                    for called in arguments
                    if plain_name(called) in operands
                })  # fmt: skip
            result = value(**arguments)
            output, claims = split(result) if slope is None else (result, {})
            if slope is not None:
                claims = self.slopes(slope, arguments, output)
            claims = fitting(claims, operands)
            if any(output is operand for operand in operands.values()):
                output = recorder.record_call(
                    np.multiply, "multiply", (output, 1.0), {}, output * 1.0
                )
            if np.ndim(output) and any(np.shape(c) != np.shape(output) for c in claims.values()):
                output = recorder.record_call(np.mean, "mean", (output,), {}, np.mean(output))
            target = np.random.default_rng(3).normal(size=np.shape(output))
            error = guess.error(
                slope or value, output, target if np.ndim(output) else float(target)
            )
            return {
                f"d{name}": recorder.record_call(
                    operator.mul, "multiply", (claim, error), {}, claim * error
                )
                for name, claim in claims.items()
            }

        return step, operands

    def callables(self) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
        if self.owner is None:
            assert callable(self.value)
            assert self.slope is None or callable(self.slope)
            return self.value, self.slope
        try:
            thing = self.owner()
        except Exception:  # whatever a constructor raises, functions of one number may need none
            thing = object.__new__(self.owner)
        return getattr(thing, str(self.value)), getattr(thing, str(self.slope))

    def slopes(
        self, slope: Callable[..., Any], arguments: Mapping[str, Any], output: Any
    ) -> dict[str, Any]:
        """What the derivative gives, or keeps on its object."""
        if len(arguments) == 1:  # an activation
            alone = list(parameters_of(slope).values())[:1]
            given = {
                p.name: output if self.of_output else next(iter(arguments.values()))
                for p in alone
                if p.default is not None or self.owner is None  # else it has kept what it was given
            }
            if given and self.of_output and self.owner is not None:  # by what is kept go errors
                slope = self.callables()[1] or slope
        else:
            kept = kept_output(slope, arguments) if self.of_output else None
            given = matched(slope, arguments, kept)
        result = slope(**given)
        if result is None:
            kept = places(getattr(slope, "__self__", None))
            result = next(
                v for path, v in kept.items() if INPUT_GRADIENT.fullmatch(plain_name(str(path[-1])))
            )
        if (
            isinstance(result, int | float) and len(arguments) == 1
        ):  # the slope is the same everywhere
            result = np.full(np.shape(next(iter(arguments.values()))), float(result))
        return {"": result}

    def accepted(self, sample: Sample) -> dict[str, Any]:
        """Raises: ValueError."""
        value, slope = self.callables()
        are_scores = sample.words.startswith("scores")
        if takes_logarithms(value) == are_scores or (self.through and are_scores):
            raise ValueError("it takes scores, or probabilities")
        arguments = arguments_from(value, sample)
        result = value(**arguments)
        output, claims = split(result) if slope is None else (result, {})
        if slope is not None:
            claims = self.slopes(slope, arguments, output)
        claims = fitting(claims, operands_of(value, arguments))
        if not isinstance(output, float | np.ndarray) or not np.all(np.isfinite(output)):
            raise ValueError("no value comes out")
        if not claims or not all(np.all(np.isfinite(claim)) for claim in claims.values()):
            raise ValueError("no slope comes out")
        return arguments


def arguments_from(function: Callable[..., Any], sample: Sample) -> dict[str, Any]:
    """Raises: ValueError for a parameter that is not known."""
    parameters = parameters_of(function)
    plain = {name: plain_name(name) for name in parameters}
    weighted = any(WEIGHTS.fullmatch(one) for one in plain.values())
    parameters = {name: p for name, p in parameters.items() if p.kind not in MANY}
    asked = [name for name, p in parameters.items() if p.default is inspect.Parameter.empty]
    alone = len(asked) == 1
    targeted = len(asked) == 2 and sum(bool(TARGET.fullmatch(plain[one])) for one in asked) == 1
    sized = {name: kind_of(name, tuple(SIZES)) for name in asked if weighted}
    if bool(sample.sizes) != any(sized.values()):
        raise ValueError("it is a network of sizes that it is told, or none")
    found: dict[str, Any] = {}
    for name, parameter in parameters.items():
        spoken = plain[name]
        kind = sized.get(name)
        if kind is not None:
            found[name] = sample.sizes[kind]
        elif alone and parameter.default is inspect.Parameter.empty:
            found[name] = sample.given["predicted"].copy()
        elif parameter.default is not inspect.Parameter.empty and not SETTING.fullmatch(spoken):
            continue
        elif weighted and WEIGHTS.fullmatch(spoken):
            found[name] = sample.given["w"].copy()
        elif weighted and DATA.fullmatch(spoken):
            found[name] = sample.given["x"].copy()
        elif TARGET.fullmatch(spoken):
            found[name] = sample.target.copy()
        elif MASK.fullmatch(spoken):
            shape = np.shape(sample.target)[: np.ndim(sample.given["predicted"]) - 1]
            found[name] = np.arange(math.prod(shape)).reshape(shape) % 3 > 0
        elif PREDICTED.fullmatch(spoken) or (targeted and name in asked):
            found[name] = sample.given["predicted"].copy()
        elif parameter.default is inspect.Parameter.empty and SETTING.fullmatch(spoken):
            found[name] = 0.1
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{name} is not known")
    return found


def takes_logarithms(function: Callable[..., Any]) -> bool:
    """Whether a value is made of logarithms of what it is given, which are probabilities then."""
    owner = type(getattr(function, "__self__", None))
    methods: list[Any] = [one for one in vars(owner).values() if inspect.isfunction(one)]
    try:
        text = "".join(inspect.getsource(one) for one in [*methods, function])
    except (OSError, TypeError):
        return False
    text = re.sub(r"#.*", "", text)
    return "log(" in text and not re.search(r"(exp|softmax|sigmoid)\w*\(", text, re.IGNORECASE)


def operands_of(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a value is differentiated by: all that is given but targets, and data where there are weights."""
    names = {name: plain_name(name) for name in arguments}
    weighted = any(WEIGHTS.fullmatch(one) for one in names.values())
    pair = len(arguments) == 2 and sum(bool(TARGET.fullmatch(one)) for one in names.values()) == 1
    return {
        plain: arguments[name]
        for name, plain in names.items()
        if isinstance(arguments[name], np.ndarray)
        and (
            len(arguments) == 1
            or (pair and not weighted)
            or (WEIGHTS if weighted else PREDICTED).fullmatch(plain)
        )
        and (len(arguments) == 1 or not TARGET.fullmatch(plain))
    }


def kept_output(slope: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """What an object has kept as its output, of its predictions' shape: some losses go back from that."""
    shapes = {np.shape(v) for n, v in arguments.items() if not TARGET.fullmatch(plain_name(n))}
    kept = places(getattr(slope, "__self__", None))
    return next(
        (
            v
            for path, v in kept.items()
            if OUTPUT.fullmatch(plain_name(str(path[-1]))) and v.shape in shapes
        ),
        None,
    )


def matched(
    slope: Callable[..., Any], arguments: Mapping[str, Any], output: Any = None
) -> dict[str, Any]:
    """Arguments of a derivative by the names, else by the kinds, of those of its value. Raises: ValueError."""
    kinds = {bool(TARGET.fullmatch(plain_name(name))): value for name, value in arguments.items()}
    found: dict[str, Any] = {}
    parameters = parameters_of(slope)
    targeted = (
        len(parameters) == 2 and sum(bool(TARGET.fullmatch(plain_name(p))) for p in parameters) == 1
    )
    for name, parameter in parameters.items():
        if output is not None and not TARGET.fullmatch(plain_name(name)):
            found[name] = output
        elif name in arguments:
            found[name] = arguments[name]
        elif TARGET.fullmatch(plain_name(name)) and True in kinds:
            found[name] = kinds[True]
        elif (targeted or PREDICTED.fullmatch(plain_name(name))) and False in kinds:
            found[name] = kinds[False]
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{name} is not known")
    return found


def split(result: Any) -> tuple[Any, dict[str, Any]]:
    """A loss, and the gradients that come with it. Raises: ValueError."""
    if not isinstance(result, tuple) or len(result) < 2 or np.ndim(result[0]):
        raise ValueError("no loss comes with its gradients")
    parts: dict[str, Any] = {}
    for number, part in enumerate(result[1:]):
        if isinstance(part, Mapping):
            parts |= {str(key): value for key, value in part.items()}
        else:
            parts[str(number)] = part
    return result[0], parts


def fitting(claims: Mapping[str, Any], operands: Mapping[str, Any]) -> dict[str, Any]:
    """Gradients by the operands whose shapes they have, one each."""
    found: dict[str, Any] = {}
    for claim in claims.values():
        for name, operand in operands.items():
            if name not in found and isinstance(claim, np.ndarray) and claim.shape == operand.shape:
                found[name] = claim if claim.dtype.kind == "f" else claim.astype(float)
                break
    return found


def slope_plans(run: Run) -> Iterator[SlopePlan]:
    """Values and slopes that are named alike, and losses that give both; of functions, then of classes."""
    own = {
        name: value
        for name, value in run.namespace.items()
        if inspect.isfunction(value) and value.__module__ == "__main__"
    }
    for name, function in own.items():
        if takes_error(function):
            continue
        if (asked_for := flagged(function)) is not None:
            yield SlopePlan(function, asked_for)
            continue
        bare = MARK.sub("", name.lower()).strip("_")
        pair = next(
            (f for key, f in own.items() if key.lower() == bare and f is not function), None
        ) or loss_of(function, own)
        if pair is not None:
            yield SlopePlan(pair, function)
        elif LOSS.fullmatch(name.lower()) and len(parts_returned(run, name)) > 1:
            yield SlopePlan(function, None)
    for owner in list(run.namespace.values()):
        if not isinstance(owner, type) or owner.__module__ != "__main__" or is_replaced(owner):
            continue
        methods = {
            plain_name(n): n for n in dir(owner) if inspect.isroutine(getattr(owner, n, None))
        }
        values = [name for spoken, name in methods.items() if VALUE.fullmatch(spoken)]
        slopes = [name for spoken, name in methods.items() if SLOPE.fullmatch(spoken)]
        for value, slope in itertools.product(values[:2], slopes[:1]):
            if inspect.isfunction(getattr(owner, value)) and is_pair(owner, value, slope):
                yield SlopePlan(value, slope, owner)
        for spoken, name in methods.items():
            bare = methods.get(MARK.sub("", spoken).strip("_"), name)
            if bare != name and not SLOPE.fullmatch(spoken) and is_pair(owner, bare, name):
                yield SlopePlan(bare, name, owner)


def scores_of(probabilities: Any, through: str) -> Any:
    """What a function makes probabilities of."""
    scores = np.log(probabilities)
    return scores if through == "softmax" else scores - np.log(1 - probabilities)


def squashed(recorder: Any, scores: Any, through: str, along: int) -> Any:
    """Probabilities, in recorded steps."""

    def take(function: Any, name: str, *given: Any, **named: Any) -> Any:
        return recorder.record_call(function, name, given, named, function(*given, **named))

    if through == "softmax":
        powers = take(np.exp, "exp", scores)
        return take(
            np.divide, "divide", powers, take(np.sum, "sum", powers, axis=along, keepdims=True)
        )
    powers = take(np.exp, "exp", take(np.negative, "negative", scores))
    return take(np.divide, "divide", 1.0, take(np.add, "add", powers, 1.0))


def loss_of(
    function: Callable[..., Any], own: Mapping[str, Callable[..., Any]]
) -> Callable[..., Any] | None:
    """The loss whose gradient a function is by its name: one that takes the same."""
    taken = list(parameters_of(function))
    if not GRADIENT.fullmatch(function.__name__.lower()) or len(taken) < 3:
        return None
    alike = [
        f for name, f in own.items()
        if LOSS.fullmatch(name.lower()) and f is not function and not GRADIENT.fullmatch(name.lower())
        and list(parameters_of(f)) == taken
    ]  # fmt: skip
    return alike[0] if len(alike) == 1 else None


def flagged(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The derivative that a function gives where it is asked for it: sigmoid(x, deriv=True)."""
    for name, parameter in parameters_of(function).items():
        if FLAG.fullmatch(plain_name(name)) and parameter.default is False:

            @functools.wraps(function)
            def slope(*given: Any, flag: str = name, **named: Any) -> Any:
                return function(*given, **named, **{flag: True})

            return slope
    return None


def is_replaced(owner: type, methods: Collection[str] = ()) -> bool:
    """Whether a class is there to be inherited from: all its heirs have these methods, or all, of their own."""
    asked = set(methods) or {n for n, m in vars(owner).items() if inspect.isfunction(m)} - {
        "__init__"
    }
    heirs: list[type] = type.__subclasses__(owner)
    return bool(heirs) and all(asked <= vars(heir).keys() for heir in heirs)


def is_pair(owner: type, value: str, slope: str) -> bool:
    """Whether methods are a loss of predictions and targets with its gradient, or an activation's two."""
    taken = [own_parameters(owner, name) for name in (value, slope)]
    if any(is_empty(owner, name) for name in (value, slope)):
        return False
    if len(taken[0]) == 1:
        return len(taken[1]) <= 1 and not any(kind_of_operand(one) == "error" for one in taken[1])
    return len(taken[0]) == 2 and any(TARGET.fullmatch(plain_name(one)) for one in taken[0])


def own_parameters(owner: type, method: str) -> list[str]:
    """The names of what a method must be given."""
    parameters = list(parameters_of(getattr(owner, method)).values())
    if not isinstance(inspect.getattr_static(owner, method), staticmethod | classmethod):
        parameters = parameters[1:]
    return [
        one.name
        for one in parameters
        if one.default is inspect.Parameter.empty and one.kind not in MANY
    ]


def takes_error(function: Callable[..., Any]) -> bool:
    return any(kind_of_operand(name) == "error" for name in parameters_of(function))
