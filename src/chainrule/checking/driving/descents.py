"""Optimizers beside layers that are judged by themselves: whether what they do goes down the gradients that layers keep.

    layer.forward(x); layer.backward(error); optimizer.step([layer])     each entry against its gradient, and all of them

What an optimizer makes of gradients is not asked for, but that it applies them, each to its own parameter.
"""

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from chainrule.checking.driving.arguments import (
    FOR_CLASSES,
    FOR_METHODS,
    Guess,
    Layout,
    NoArgumentError,
)
from chainrule.checking.driving.kept_arrays import Path, array_at
from chainrule.checking.driving.layer_operations import LayerPlan, layer_plans
from chainrule.recording.execution import Run
from chainrule.recording.functions import parameters_of

ROUNDS = 3  # with a memory of the gradients before
NO_DATA = Layout("", None, None, 0, 0)


def steps_that_descend(run: Run, steps: Sequence[str]) -> list[str]:
    """Of methods, Optimizer.step, those of a class which, called in turn, take each layer down its gradients."""
    recorder = run.recorder
    assert recorder is not None
    recorder.off = True
    by_class: dict[str, list[str]] = {}
    for step in steps:
        owner, _, method = step.rpartition(".")
        by_class.setdefault(owner, []).append(method)
    found = []
    for owner, methods in by_class.items():
        kind = run.namespace.get(owner)
        if not isinstance(kind, type):
            continue
        layers = [layer for plan in layer_plans(run) if (layer := gone_back(plan)) is not None]
        # Those of a layer itself are ways of their own each.
        is_layer = any(plan.owner is kind for plan, *_ in layers)
        ways = [[method] for method in methods] if is_layer else [methods]
        layers = [layer for layer in layers if layer[0].owner is kind or not is_layer]
        for way in ways:
            if layers and all(descends(kind, way, *layer[1:]) for layer in layers):
                found += [f"{owner}.{method}" for method in way]
    return found


def gone_back(
    plan: LayerPlan,
) -> tuple[LayerPlan, Any, dict[str, Path], dict[str, Any]] | None:
    """A layer after one way back, where its parameters are, and their gradients; None for one without them."""
    for family in plan.families:
        try:
            made, inputs = plan.accepted(family)
            thing, names = plan.warmed(made, inputs.copy())
            output = plan.go_forward(thing, inputs)
            error = np.random.default_rng(3).normal(size=np.shape(output))
            found = plan.go_back(thing, inputs, output, error, names)
        except Exception:  # whatever others make it raise
            continue
        gradients = {name: found[f"d{name}"].copy() for name in names if f"d{name}" in found}
        return (plan, thing, names, gradients) if gradients else None
    return None


def descends(
    kind: type,
    methods: Sequence[str],
    layer: Any,
    names: Mapping[str, Path],
    gradients: Mapping[str, Any],
) -> bool:
    """Whether methods, called in one of the forms that they may have, move every entry against its gradient."""
    for number in range(len(forms(layer))):
        thing = copy.deepcopy(layer)
        arrays = {name: array_at(thing, names[name]).copy() for name in gradients}
        try:
            take = steps_of(kind, methods, thing, forms(thing)[number])
            for _ in range(ROUNDS):
                take()
                moved = {name: array_at(thing, names[name]).copy() for name in gradients}
                if not all(
                    np.array_equal(np.sign(arrays[name] - moved[name]), np.sign(gradients[name]))
                    for name in gradients
                ):
                    return False
                arrays = moved
        except Exception:  # whatever another form makes it raise
            continue
        return True
    return False


def forms(layer: Any) -> list[Any]:
    """What an optimizer may be given for a layer: itself, several, a network of it, or what it calls its parameters."""
    found = [layer, [layer], SimpleNamespace(layers=[layer])]
    for name in ("parameters", "params", "get_params", "get_parameters"):
        kept = getattr(layer, name, None)
        if kept is not None:
            found.append(kept() if callable(kept) else kept)
    return found


def steps_of(kind: type, methods: Sequence[str], layer: Any, form: Any) -> Callable[[], None]:
    """One step, by all methods in the order in which they are written. Raises: NoArgumentError."""
    guess = Guess(NO_DATA)
    own = isinstance(layer, kind)
    thing = layer if own else kind(**given(guess, kind, form, FOR_CLASSES))
    order = {name: number for number, name in enumerate(vars(kind))}
    ways = sorted((*methods, *companions(kind, methods)), key=lambda name: order.get(name, 0))

    def take() -> None:
        for name in dict.fromkeys(ways):
            method = getattr(thing, name)
            method(**given(guess, method, None if own else form, FOR_METHODS))

    return take


def companions(kind: type, methods: Sequence[str]) -> Iterator[str]:
    """What is called before and after: pre_update_params beside update_params."""
    for name in methods:
        yield from (f"{word}_{name}" for word in ("pre", "post") if hasattr(kind, f"{word}_{name}"))


def given(guess: Guess, function: Any, form: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Arguments by their names, and the form for the one that has no other. Raises: NoArgumentError."""
    found: dict[str, Any] = {}
    for name, parameter in parameters_of(function).items():
        value = guess.value(parameter, tuple(k for k in kinds if k not in ("inputs", "targets", "sizes", "input_shape")), function)  # fmt: skip
        required = parameter.default is inspect.Parameter.empty
        if value is not inspect.Parameter.empty:
            found[name] = value
        elif required and form is not None and form not in found.values():
            found[name] = form
        elif required:
            raise NoArgumentError(name)
    return found
