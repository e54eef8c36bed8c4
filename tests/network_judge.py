"""The judge of the test networks, which knows nothing of `check`.

It runs a program line by line, reads the parameters each time that a step begins, and holds their
changes against `autograd` of a forward pass and a loss that are written a second time, at the
program's end:

    #? step: z1 = x @ w1 + b1                  how the line begins at which a step begins
    #? parameters: w1 b1; w2 = net.w2          names, or expressions with names for them
    #? update: adam(0.01, 0.9, 0.999, 1e-8)    left out: descent, by any one positive factor a step
    #? tolerance: 1e-3                         left out: 1e-6
    #? gradients: dw1 dw2                      for a program that computes them once: in this order
    #? a = sigmoid(x @ w1 + b1)                Python, in the program's names, that assigns the loss
    #? loss = squared(a @ w2, t)

A program that only defines a network is driven by lines `#> ...` after its own.
"""

import contextlib
import io
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad
from autograd.misc import flatten
from autograd.scipy.special import erf, logsumexp
from numpy.typing import NDArray

PROGRAM = "<program>"
STEPS = 9

# Frames that share a line with the function around them.
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>")

Flat = NDArray[np.float64]
Update = Callable[[list[Flat]], list[Flat]]
Loss = Callable[..., Any]
Watch = Callable[[FrameType, object], None]

# --- what a judgement may say ---------------------------------------------------------------------


def softmax(z: Any, axis: int = -1) -> Any:
    return anp.exp(z - logsumexp(z, axis=axis, keepdims=True))


FORWARD = {
    "np": anp,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "relu": lambda z: anp.where(z > 0, z, 0 * z),
    "leaky_relu": lambda z, slope: anp.where(z > 0, z, slope * z),
    "elu": lambda z, alpha: anp.where(z > 0, z, alpha * (anp.exp(z) - 1)),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "gelu": lambda z: z * (1 + erf(z / 2**0.5)) / 2,
    "softmax": softmax,
    "one_hot": lambda k, classes: anp.eye(classes)[k],
}

# The losses by the names that they have in a judgement, with those that `check` gives them.
LOSSES: dict[str, Loss] = {
    "squared": lambda a, t, weight=1: anp.sum(weight * (a - t) ** 2) / 2,
    "bce": lambda a, t, weight=1: -anp.sum(weight * (t * anp.log(a) + (1 - t) * anp.log(1 - a))),
    "cross_entropy": lambda a, t, weight=1: -anp.sum(weight * t * anp.log(a)),
    "huber": lambda a, t, weight=1: anp.sum(
        weight * anp.where(anp.abs(a - t) <= 1, (a - t) ** 2 / 2, anp.abs(a - t) - 0.5)
    ),
}
FAMILY = {
    "squared": {"half-squared-error", "squared-error", "mean-squared-error"},
    "bce": {"binary-cross-entropy"},
    "cross_entropy": {"cross-entropy"},
    "huber": {"huber"},  # where errors stay below 1 it is half the squared error
}


def each(change: Callable[[Flat], Flat]) -> Update:
    """An update that depends on the step's own gradient alone."""
    return lambda gradients: [change(g) for g in gradients]


def momentum(rate: float, decay: float) -> Update:
    def changes(gradients: list[Flat]) -> list[Flat]:
        velocity = np.zeros_like(gradients[0])
        result = []
        for g in gradients:
            velocity = decay * velocity - rate * g
            result.append(velocity)
        return result

    return changes


def nesterov(rate: float, decay: float) -> Update:
    """As frameworks have it: the step looks ahead along the new velocity."""

    def changes(gradients: list[Flat]) -> list[Flat]:
        velocity = np.zeros_like(gradients[0])
        result = []
        for g in gradients:
            velocity = decay * velocity - rate * g
            result.append(decay * velocity - rate * g)
        return result

    return changes


def rmsprop(rate: float, decay: float, epsilon: float) -> Update:
    def changes(gradients: list[Flat]) -> list[Flat]:
        square = np.zeros_like(gradients[0])
        result = []
        for g in gradients:
            square = decay * square + (1 - decay) * g**2
            result.append(-rate * g / (np.sqrt(square) + epsilon))
        return result

    return changes


def adagrad(rate: float, epsilon: float) -> Update:
    return lambda gradients: [
        -rate * g / (np.sqrt(np.sum(np.square(gradients[: k + 1]), axis=0)) + epsilon)
        for k, g in enumerate(gradients)
    ]


def adam(rate: float, beta1: float, beta2: float, epsilon: float) -> Update:
    def changes(gradients: list[Flat]) -> list[Flat]:
        m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
        result = []
        for k, g in enumerate(gradients, 1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            result.append(-rate * m / (1 - beta1**k) / (np.sqrt(v / (1 - beta2**k)) + epsilon))
        return result

    return changes


@dataclass(frozen=True)
class Decoupled:
    """Weight decay beside the update, not in the gradient: it needs the parameters too."""

    update: Update
    decay: float


UPDATES = {
    "np": np,
    "each": each,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
    "adam": adam,
    "decoupled": Decoupled,
}


@dataclass(frozen=True)
class Judgement:
    """How a program is to be judged, as its last lines say."""

    step: str
    parameters: dict[str, str]
    forward: CodeType
    gradients: tuple[str, ...] = ()
    update: Update | Decoupled | None = None
    own_rates: bool = False
    tolerance: float = 1e-6
    losses: dict[str, Loss] = field(default_factory=lambda: LOSSES)


def read_judgement(source: str, loss: str = "") -> Judgement:
    """What a program's last lines say; with a loss, its gradient in place of every loss's there."""
    said = [line[3:] for line in source.splitlines() if line.startswith("#? ")]
    keys = {}
    for key in ("step", "parameters", "gradients", "update", "tolerance"):
        for line in said:
            if line.startswith(key + ": "):
                keys[key] = line.removeprefix(key + ": ")
    body = [line for line in said if line.split(": ")[0] not in keys]
    parameters = {}
    for part in keys["parameters"].split(";"):
        name, equals, expression = part.partition(" = ")
        if equals:
            parameters[name.strip()] = expression.strip()
        else:
            parameters |= {name: name for name in part.split()}
    update = keys.get("update", "")
    return Judgement(
        step=keys.get("step", ""),
        gradients=tuple(keys.get("gradients", "").split()),
        parameters=parameters,
        forward=compile("\n".join(body), "<the loss, written again>", "exec"),
        update=eval(update, UPDATES) if update not in ("", "own rates") else None,
        own_rates=update == "own rates",
        tolerance=float(keys.get("tolerance", 1e-6)),
        losses={name: LOSSES[loss or name] for name in LOSSES},
    )


# --- what a program does --------------------------------------------------------------------------


@dataclass
class Observation:
    """Parameters and true gradients at the beginning of each step, and their losses."""

    parameters: list[dict[str, Flat]] = field(default_factory=list)
    gradients: list[dict[str, Flat]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class Enough(BaseException):
    """Raised in the program once it has made enough steps."""


def as_arrays(value: Any) -> Any:
    """A copy: an array, or where shapes differ a list of arrays."""
    if isinstance(value, dict):
        return {key: as_arrays(part) for key, part in value.items()}
    try:
        return np.array(value, dtype=np.float64)
    except ValueError:
        return [as_arrays(part) for part in value]


def look(
    judgement: Judgement, names: dict[str, Any]
) -> tuple[dict[str, Flat], dict[str, Flat], float]:
    """Parameters, the true gradient, and the loss, by what a program's names stand for."""
    parameters = {name: as_arrays(eval(text, names)) for name, text in judgement.parameters.items()}

    def loss(values: dict[str, Any]) -> Any:
        scope = {**names, **FORWARD, **judgement.losses, **values}
        exec(judgement.forward, scope)
        return scope["loss"]

    value, gradients = value_and_grad(loss)(parameters)
    return (
        {name: flatten(parameter)[0] for name, parameter in parameters.items()},
        {name: flatten(gradient)[0] for name, gradient in gradients.items()},
        float(value),
    )


def observe(
    judgement: Judgement, source: str, folder: Path, watch: Watch | None = None
) -> Observation:
    """Run a program up to its first steps, as `__main__` in a folder, perhaps under somebody's eyes."""
    observation = Observation()
    program = driven(source)
    steps = {
        number
        for number, line in enumerate(program.splitlines(), 1)
        if line.strip().startswith(judgement.step)
    }
    assert steps, f"no line begins with {judgement.step}"

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != PROGRAM:
            return None
        inside = frame.f_code.co_name in COMPREHENSIONS
        if event == "line" and frame.f_lineno in steps and not inside:
            parameters, gradients, value = look(judgement, {**frame.f_globals, **frame.f_locals})
            observation.parameters.append(parameters)
            observation.gradients.append(gradients)
            observation.losses.append(value)
            if len(observation.losses) > STEPS:
                raise Enough
        if watch is not None:
            watch(frame, argument)
        return trace

    with as_main(folder) as module, contextlib.suppress(Enough):
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            exec(compile(program, PROGRAM, "exec"), module.__dict__)
        finally:
            sys.settrace(before)
    return observation


def driven(source: str) -> str:
    """A program, with what drives it where it doesn't run by itself."""
    return "\n".join(
        line.removeprefix("#> ") if line.startswith("#> ") else line for line in source.split("\n")
    )


@contextlib.contextmanager
def as_main(folder: Path) -> Iterator[types.ModuleType]:
    """A module `__main__` in a folder, beside its data files and helpers, whose output goes nowhere."""
    module = types.ModuleType("__main__")
    main, path, modules = sys.modules["__main__"], list(sys.path), set(sys.modules)
    state = np.random.get_state()  # noqa: NPY002 - programs seed the global one
    sys.modules["__main__"] = module
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
            yield module
    finally:
        sys.modules["__main__"] = main
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]
        np.random.set_state(state)  # noqa: NPY002


# --- the verdict ----------------------------------------------------------------------------------


def disagreement(
    source: str, folder: Path, loss: str = "", *, one_rate: bool = False, finite: bool = False
) -> float:
    """How far the changes of the parameters are from those that the true gradient asks for, relative.

    Of a program that computes gradients once, how far they are from the true ones. With the name of a
    loss, as if the program descended that one; with one rate, at every step by that. `finite`: what comes
    before numbers overflow is what counts.
    """
    judgement = read_judgement(source, loss)
    if judgement.gradients:
        return disagreement_once(judgement, source, folder)
    seen = observe(judgement, source, folder)
    count = len(seen.losses) - 1
    assert count >= 5, f"only {count} steps"
    changes = []
    for before, after in zip(seen.parameters, seen.parameters[1:], strict=False):
        if any(before[name].shape != after[name].shape for name in before):
            return np.inf
        changes.append({name: after[name] - before[name] for name in before})
    moves = sum(any(np.any(change) for change in step.values()) for step in changes)
    if not moves:
        return np.inf
    assert moves >= 5, f"only {moves} steps change anything"
    expected = expected_changes(judgement, changes, seen.gradients[:count], one_rate)
    if isinstance(judgement.update, Decoupled):
        for change, before in zip(expected, seen.parameters, strict=False):
            for name in change:
                change[name] = change[name] - judgement.update.decay * before[name]
    steps = list(zip(changes, expected, seen.parameters, strict=False))
    if finite:
        steps = [
            step for step in steps if all(np.isfinite(v).all() for d in step for v in d.values())
        ]
        assert len(steps) > 1, "too few finite steps"
    return max(relative(*step) for step in steps)


def disagreement_once(judgement: Judgement, source: str, folder: Path) -> float:
    with as_main(folder) as module:
        exec(compile(driven(source), PROGRAM, "exec"), module.__dict__)
        parameters, gradients, _ = look(judgement, module.__dict__)
        found = {
            name: -flatten(as_arrays(module.__dict__[stored]))[0]
            for name, stored in zip(parameters, judgement.gradients, strict=True)
        }
    if any(found[name].shape != parameters[name].shape for name in found):
        return np.inf
    return relative(found, expected_changes(judgement, [found], [gradients])[0], parameters)


def relative(
    changes: dict[str, Flat], expected: dict[str, Flat], parameters: dict[str, Flat]
) -> float:
    """The worst difference in any parameter, beyond rounding, relative to what is expected of it."""
    worst = 0.0
    largest = max(float(np.abs(e).max()) for e in expected.values())
    for name, found in changes.items():
        wanted = expected[name]
        if not (np.all(np.isfinite(found)) and np.all(np.isfinite(wanted))):
            return np.inf  # max() passes NaN over
        rounding = 1e-14 * float(np.abs(parameters[name]).max() + 1)
        scale = max(float(np.abs(wanted).max()), 1e-6 * largest)
        off = float(np.abs(found - wanted).max())
        worst = max(worst, max(0.0, off - rounding) / scale if scale else float(off > rounding))
    return worst


def expected_changes(
    judgement: Judgement,
    changes: list[dict[str, Flat]],
    gradients: list[dict[str, Flat]],
    one_rate: bool = False,
) -> list[dict[str, Flat]]:
    names = list(gradients[0])
    if judgement.update is not None:
        update = judgement.update
        update = update.update if isinstance(update, Decoupled) else update
        by_name = {name: update([g[name] for g in gradients]) for name in names}
        return [{name: by_name[name][k] for name in names} for k in range(len(gradients))]
    if judgement.own_rates:
        rates = {
            name: descent_rate([c[name] for c in changes], [g[name] for g in gradients]) or 1.0
            for name in names
        }
        return [{name: -rates[name] * g[name] for name in names} for g in gradients]
    if one_rate:
        rate = descent_rate(
            [c for change in changes for c in change.values()],
            [g for gradient in gradients for g in gradient.values()],
        )
        return [{name: -rate * g for name, g in gradient.items()} for gradient in gradients]
    result = []
    for change, gradient in zip(changes, gradients, strict=True):
        rate = descent_rate(list(change.values()), list(gradient.values()))
        result.append({name: -rate * g for name, g in gradient.items()})
    return result


def descent_rate(changes: list[Flat], gradients: list[Flat]) -> float:
    """The rate that explains changes best; a rate of 0 or less explains none."""
    # Of a run that diverges the squares of finite numbers are infinite.
    size = max((float(np.abs(g).max()) for g in gradients if g.size), default=0.0)
    if size > 1e100 and np.isfinite(size):
        return descent_rate([c / size for c in changes], [g / size for g in gradients])
    down = -sum(float(c @ g) for c, g in zip(changes, gradients, strict=True))
    square = sum(float(g @ g) for g in gradients)
    return max(0.0, down / square) if square else 0.0


def losses_that_fit(source: str, folder: Path) -> set[str]:
    """The losses, by the names that `check` gives them, that a right program may be said to descend.

    Those that need another rate at every step don't count where one rate will do: with one output and
    one sample at a time, the gradients of all losses are proportional.
    """
    for one_rate in (True, False):
        fitting: set[str] = set()
        for loss, names in FAMILY.items():
            with np.errstate(all="ignore"):
                off = disagreement(source, folder, loss, one_rate=one_rate)
            if off < read_judgement(source).tolerance and not (fitting and loss == "huber"):
                fitting |= names
        if fitting:
            return fitting
    return set()


def is_right(source: str, folder: Path) -> bool:
    return disagreement(source, folder) < read_judgement(source).tolerance
