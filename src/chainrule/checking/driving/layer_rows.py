"""Layers in a row: by themselves, or in a network that takes or is given them."""

import ast
import itertools
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, final

from chainrule.checking.driving.arguments import (
    FOR_CLASSES,
    FOR_METHODS,
    HIDDEN,
    Guess,
    NoArgumentError,
    kind_of,
    plain_name,
)
from chainrule.checking.driving.kept_arrays import places
from chainrule.checking.driving.layer_operations import BACK, way
from chainrule.checking.driving.layer_operations import FORWARD as GOES_FORWARD
from chainrule.checking.driving.results import first_array
from chainrule.checking.finding.syntax import definition_of
from chainrule.recording.functions import parameters_of

ROW = re.compile(r"layers?(_list)?|list_of_layers|modules|blocks|seq(uence|uential)?")
ADD = re.compile(r"add(_?(layer|module))?|append")
ADD_SIZES = re.compile(r"(add|append|push|insert|new)_?(\w*layer|dense|fc|linear)\w*")
NO_WEIGHTS = re.compile(r".*(conv|pool|drop|flat|norm|activation|input).*")
SET_UP = re.compile(r"set_?up|build\w*|finali[sz]e|init(iali[sz]e)?(_\w+)?")
SETS = re.compile(r"(set|use|compile|configure)(_?(the_)?(loss|cost|optimi[sz]er)\w*)?")


@final
@dataclass(frozen=True)
class LayersPlan:
    """Layers with forward and backward, in a row; the error of the last is handed back through them."""

    dense: type
    activation: type | None
    group = "layers"

    @property
    def words(self) -> str:
        names = [self.dense.__name__, *([self.activation.__name__] if self.activation else [])]
        return f"a row of {' and '.join(names)}"

    def make(self, guess: Guess) -> list[Any]:
        layout = guess.layout
        parts: list[Any] = []
        for n_in, n_out in ((layout.n_inputs, HIDDEN), (HIDDEN, layout.n_outputs)):
            if parts and self.activation is not None:
                parts.append(self.activation(**guess.arguments(self.activation, FOR_CLASSES)))
            sized = Guess(guess.layout.resized(n_in, n_out), names=guess.names)
            parts.append(self.dense(**sized.arguments(self.dense, FOR_CLASSES)))
        return parts

    def start(self, guess: Guess) -> tuple[Callable[[], dict[str, Any]], Any]:
        row = self.make(guess)

        def step() -> dict[str, Any]:
            out = guess.layout.inputs
            for layer in row:
                out = getattr(layer, str(way(type(layer), GOES_FORWARD)))(out)
            guess.known["predictions"] = out
            backs = [getattr(layer, str(way(type(layer), BACK))) for layer in row]
            flowing = guess.error(backs[-1])
            for backward in reversed(backs):
                guess.known["errors"] = flowing
                result = backward(**guess.arguments(backward, FOR_METHODS))
                flowing = first_array(result)
            guess.known.pop("errors")
            return {}

        return step, row


def rows_asked(owner: type) -> list[str]:
    """The parameters of a class that may be meant to have layers in a row."""
    return [name for name in parameters_of(owner) if ROW.fullmatch(plain_name(name))]


def adds_layers(owner: type, name: str) -> bool:
    """Whether a method puts what it is given with what an object keeps: by its name, or by its text."""
    if ADD.fullmatch(plain_name(name)):
        return True
    function = definition_of(getattr(owner, name))
    given = [one.arg for one in function.args.args[1:]] if function is not None else []
    if function is None or len(given) != 1 or kind_of(given[0], ("inputs", "targets", "errors")):
        return False
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and isinstance(node.func.value, ast.Attribute)
        and [getattr(one, "id", None) for one in node.args] == given
        for node in ast.walk(function)
    )


def set_up(thing: Any, guess: Guess, names: Sequence[str]) -> None:
    """Layers are added to a network that was given none, and what sets its loss or optimizer is called."""
    for name in names:
        if adds_layers(type(thing), name) and not places(thing):
            for layer in guess.known["layers"]:
                getattr(thing, name)(layer)
    for name in names:
        if SETS.fullmatch(plain_name(name)):
            method = getattr(thing, name)
            with suppress(NoArgumentError):
                method(**guess.arguments(method, FOR_METHODS))


def add_by_sizes(thing: Any, guess: Guess, names: Sequence[str]) -> None:
    """A network that makes its layers when it is told their sizes is told them."""
    spoken = {name: plain_name(name) for name in names}
    makers = [
        name for name in names
        if ADD_SIZES.fullmatch(spoken[name]) and not NO_WEIGHTS.fullmatch(spoken[name])
    ]  # fmt: skip
    if not makers or places(thing):
        return
    method = getattr(thing, makers[0])
    kinds = {name: kind_of(name, FOR_CLASSES) for name in parameters_of(method)}
    units = [name for name, kind in kinds.items() if kind == "n_hidden"]
    for n_in, n_out in itertools.pairwise(guess.sizes):
        known = dict.fromkeys(units, n_out) if "n_outputs" not in kinds.values() else {}
        sized = Guess(guess.layout.resized(n_in, n_out), known, names=guess.names)
        method(**sized.arguments(method, FOR_CLASSES))
    for name in names:
        if SET_UP.fullmatch(spoken[name]):
            with suppress(NoArgumentError):
                ready = getattr(thing, name)
                ready(**guess.arguments(ready, FOR_CLASSES))
