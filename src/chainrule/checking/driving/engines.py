"""Engines that differentiate: objects that remember how they were made, each operation by itself.

    a = Value(0.7); b = Value(-0.4); (a * b).backward(); a.grad

Every operation that such a class defines is put into a small expression in which another error than 1 comes back to
it, and one of its operands is used twice. What the operands keep must be the gradient of the whole.
"""

import inspect
import operator
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from chainrule.checking.driving.arguments import Guess, plain_name
from chainrule.checking.driving.uncovered import ways_back
from chainrule.recording.execution import Run
from chainrule.recording.functions import parameters_of

BACK = re.compile(r"back_?(ward|prop\w*)?s?(_?(full|all|pass|graph))?")
KEPT = ("data", "value", "val", "_data", "array", "item", "v")
GRADIENTS = ("grad", "gradient", "_grad", "derivative", "g")
BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "__add__": operator.add, "__sub__": operator.sub, "__mul__": operator.mul, "__truediv__": operator.truediv,
    "__matmul__": operator.matmul, "matmul": lambda a, c: a.matmul(c), "dot": lambda a, c: a.dot(c),
    "add": lambda a, c: a.add(c), "mul": lambda a, c: a.mul(c), "sub": lambda a, c: a.sub(c),
}  # fmt: skip
UNARY: Mapping[str, Callable[[Any], Any]] = {
    "__neg__": operator.neg, "__pow__": lambda a: a**3, "__radd__": lambda a: 2.0 + a, "__rsub__": lambda a: 2.0 - a,
    "__rmul__": lambda a: 2.0 * a, "__rtruediv__": lambda a: 2.0 / a,
}  # fmt: skip
CALLED = re.compile(
    r"(leaky_?|p)?relu\d?|tanh|sigmoid|exp|log|sin|cos|sqrt|square|abs|var|std|max|min|softplus|gelu|elu|silu|swish|sum|mean|softmax|transpose|t|flatten"
)
AXES = {
    "axis": 1,
    "dim": 1,
    "keepdims": True,
    "dim0": 0,
    "dim1": 1,
    "ax1": 0,
    "ax2": 1,
    "axis1": 0,
    "axis2": 1,
}
TWICE = "what is used twice"
FEWEST = 2  # operations that make an engine


@final
@dataclass(frozen=True)
class Numbers:
    """What the operands are: numbers, or matrices, of one size or such that they can be multiplied."""

    words: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    samples: int = 2
    positive: bool = False

    def draw(self) -> list[Any]:
        """Two operands of an operation, then two more of the first one's shape."""
        rng = np.random.default_rng(7)
        first, second = self.shapes
        drawn = [rng.uniform(0.3, 1.4, size=shape) for shape in (first, second, first, first)]
        signs = [1, 1, 1, 1] if self.positive else [1, -1, 1, -1]
        values = [sign * value for sign, value in zip(signs, drawn, strict=True)]
        return [float(value) if np.ndim(value) == 0 else value for value in values]


@final
@dataclass(frozen=True)
class EnginePlan:
    """A class whose objects go back to what they were made of, and one operation between them."""

    owner: type
    operation: str
    back: str
    of_output: bool = False
    bare: bool = False  # without sums: those are wrong themselves
    once: bool = False  # with nothing that is used twice: the way back takes that wrongly
    group = "operations"
    families = (
        Numbers("matrices", ((2, 3), (2, 3))),
        Numbers("matrices to be multiplied", ((2, 3), (3, 2))),
        Numbers("positive matrices", ((2, 3), (2, 3)), positive=True),
        Numbers("numbers", ((), ())),
        Numbers("positive numbers", ((), ()), positive=True),
    )
    loss = "half-squared-error"

    @property
    def name(self) -> str:
        return f"{self.owner.__name__}.{self.operation}"

    words = name

    def start(self, guess: Guess) -> tuple[Callable[[], dict[str, Any]], Any]:
        """Raises: ValueError where the operation does not take what it is given."""
        recorder = guess.recorder
        recorder.off = True
        leaves = self.accepted(guess.layout.inputs)
        guess.accepted = True
        recorder.off = False
        operands = {name: number_of(leaf) for name, leaf in zip("acxy", leaves, strict=True)}
        for name, value in operands.items():
            position = recorder.position(value)
            recorder.recording.last_names[position] = recorder.recording.names[position] = name

        def step() -> dict[str, Any]:
            whole = self.expression(leaves)
            output = number_of(whole)
            if np.ndim(output):
                output = recorder.record_call(np.sum, "sum", (output,), {}, np.sum(output))
            self.go_back(whole)
            made_by = getattr(self.owner, self.operation, None) or getattr(self.owner, self.back)
            error = guess.error(getattr(made_by, "fget", made_by), output, 0.3)
            return {
                f"d{name}": recorder.record_call(
                    operator.mul, "multiply", (found, error), {}, found * error
                )
                for name, leaf in zip("acxy", leaves, strict=True)
                if is_number(found := gradient_of(leaf)) and np.any(found)
            }

        return step, operands

    def accepted(self, numbers: Numbers) -> list[Any]:
        """Raises: ValueError."""
        try:
            leaves = [self.owner(value) for value in numbers.draw()]
            whole = self.expression(leaves)
            self.go_back(whole)
            found = [gradient_of(leaf) for leaf in leaves]
            is_cut = self.cuts_off(self.owner(numbers.draw()[0]))
        except Exception as error:  # whatever another kind of operands makes it raise
            raise ValueError("it takes other operands") from error
        if not np.all(np.isfinite(number_of(whole))) or not any(map(np.any, found)):
            raise ValueError("nothing comes back")
        if is_cut:
            raise ValueError("its results may be meant as constants")
        return [self.owner(value) for value in numbers.draw()]

    def cuts_off(self, one: Any) -> bool:
        """Whether a function of one operand remembers nothing of it, and gives nothing back; or gives it on as it is, and not its gradient.

        So of a constant, and of a gradient that is turned round on purpose.
        """
        if self.operation in BINARY or self.operation == TWICE or self.takes_another():
            return False
        made = (UNARY.get(self.operation) or self.called)(one)
        if self.gives_on(number_of(one)):
            self.go_back(self.total(made))
            return not np.array_equal(gradient_of(one), np.ones_like(number_of(one)))
        kept = [part for value in vars(made).values() for part in parts_of(value)]
        if any(part is one for part in kept):
            return False
        self.go_back(self.total(made))
        return not np.any(gradient_of(one))

    def gives_on(self, value: Any) -> bool:
        """Whether a function of one operand computes that operand, of either sign."""
        function = UNARY.get(self.operation) or self.called
        try:
            return all(
                np.array_equal(number_of(function(self.owner(one))), one) for one in (value, -value)
            )
        except Exception:  # a logarithm takes no negative number
            return False

    def expression(self, leaves: list[Any]) -> Any:
        """One in which the operation's result is weighed, and an operand is used beside it."""
        a, c, x, y = leaves
        if self.operation == TWICE:
            made = a * x
            return self.total(made * made + made * y + a)
        if self.operation in BINARY or self.takes_another():
            made = BINARY.get(self.operation, self.called)(a, c)
            if np.shape(number_of(made)) != np.shape(number_of(x)):
                return self.total(made * made)
            summed = hasattr(self.owner, "__add__") and not self.bare
            return self.total(made * x + a) if summed else self.total(made * x)
        function = UNARY.get(self.operation) or self.called
        if self.once:
            first, second = function(a), function(y)
            fits = np.shape(number_of(first)) == np.shape(number_of(x))
            return self.total(first * (x if fits else second))
        inner = a * y  # what goes back to a result must go on from there
        alike = np.shape(number_of(inner)) == np.shape(number_of(y))
        first, second = function(a), function(inner if alike else y)
        if np.shape(number_of(first)) != np.shape(number_of(x)):
            return self.total(first * first if self.bare else first * first + second * first)
        if self.bare:
            return self.total(first * first * x)
        if np.shape(number_of(first)) != np.shape(number_of(a)):
            return self.total(first * first * x + second * x)
        return self.total(first * first * x + second * x) + self.total(a)

    def takes_another(self) -> bool:
        method = getattr(self.owner, self.operation)
        asked = [] if isinstance(method, property) else asked_of(method)[1:]
        return len(asked) == 1 and asked[0] not in AXES and self.operation not in UNARY

    def called(self, one: Any, *others: Any) -> Any:
        """The result of a method, along the axes that it wants to be told. Raises: KeyError for anything else."""
        method = getattr(one, self.operation)
        if isinstance(getattr(self.owner, self.operation), property):
            return method
        return method(*(others or (AXES[name] for name in asked_of(method))))

    def total(self, made: Any) -> Any:
        return made.sum() if np.ndim(number_of(made)) and hasattr(self.owner, "sum") else made

    def go_back(self, whole: Any) -> None:
        method = getattr(whole, self.back)
        method(*(np.ones_like(number_of(whole)) for _ in asked_of(method)))


def asked_of(method: Callable[..., Any]) -> list[str]:
    """The names of what a method must be given."""
    return [
        parameter.name
        for parameter in parameters_of(method).values()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]


def parts_of(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def is_number(value: Any) -> bool:
    return isinstance(value, float | np.floating | np.ndarray)


def number_of(thing: Any) -> Any:
    """Raises: ValueError where an object keeps no number."""
    for name in KEPT:
        value = getattr(thing, name, None)
        if is_number(value):
            return value
    raise ValueError("it keeps no number")


def gradient_of(thing: Any) -> Any:
    for name in GRADIENTS:
        value = getattr(thing, name, None)
        if isinstance(value, int):
            return float(value)
        if value is not None:
            return value if is_number(value) else number_of(value)
    raise ValueError("it keeps no gradient")


def classes_of(run: Run) -> list[type]:
    """The classes of the program's file, and of its helpers' those that say what + and * are."""
    helpers = {source.path.stem for source in run.sources[1:] if source.operator_lines}
    found = [value for value in run.namespace.values() if isinstance(value, type)]
    for module in [
        module for name, module in sys.modules.items() if name.split(".")[-1] in helpers
    ]:
        found += [value for value in vars(module).values() if isinstance(value, type)]
    return [
        one
        for one in dict.fromkeys(found)
        if one.__module__ == "__main__" or one.__module__.split(".")[-1] in helpers
    ]


def engine_plans(run: Run, of_helpers: bool = False) -> Iterator[EnginePlan]:
    """Each operation of the program's own classes whose objects keep a number and its gradient.

    By their names, and all that hold what goes back from them. `of_helpers`: also of the files beside it.
    """
    hold = {way.name for way in ways_back(run)}
    for owner in classes_of(run):
        if owner.__module__ != "__main__" and not of_helpers:
            continue
        methods = {name: getattr(owner, name, None) for name in dir(owner)}
        back = [
            name
            for name in vars(owner)
            if BACK.fullmatch(plain_name(name)) and not name.startswith("_")
        ]
        own = [
            name
            for name, method in methods.items()
            if (inspect.isfunction(method) or isinstance(method, property))
            and (
                name in BINARY
                or name in UNARY
                or CALLED.fullmatch(plain_name(name))
                or (f"{owner.__name__}.{name}" in hold and not BACK.fullmatch(plain_name(name)))
            )
        ]
        if not back or len(own) < FEWEST or "__mul__" not in own:
            continue
        for name in own:
            yield EnginePlan(owner, name, back[0])
        yield EnginePlan(owner, TWICE, back[0])
