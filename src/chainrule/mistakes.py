"""Classic mistakes in hand-written backpropagation, each with one name and one definition.

Published figures that come from a mistake are reproduced by making it on purpose. A mistake is a step
that goes wrong in one place, and it is written down twice, as right steps are: `gradients` calls the
reference engine and hands it one wrong thing, `hand` does so to the sweep over a graph. `swap` says the
same in symbols.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, final

from chainrule.arithmetic import Arithmetic, Numbers
from chainrule.arrays import Array
from chainrule.engine.reference import apply_optimizer, backward_propagation
from chainrule.errors import InputError, unknown
from chainrule.expression import Expression, Function, Symbol
from chainrule.formula_text import Part, read_formula
from chainrule.gradients import Handed
from chainrule.graph import Graph, Step
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.optimizers import Optimizer, State
from chainrule.rules import RULES
from chainrule.worked_step import work_update


class Gradient(Protocol):
    """Gradients of a forward pass that are wrong in the mistake's one way."""

    def __call__(
        self,
        network: Network,
        forward: Mapping[str, Array],
        targets: Array | None,
        loss: Loss,
        reduction: str,
        optimizer: Optimizer,
        states: Mapping[str, State],
    ) -> dict[str, Array]: ...


class Hand(Protocol):
    """What the mistake hands to each step of a sweep in place of the right numbers."""

    def __call__(
        self,
        network: Network,
        graph: Graph,
        loss: Loss,
        optimizer: Optimizer | None,
        states: Mapping[str, State],
        m: Arithmetic,
    ) -> Handed: ...


# What stands for a symbol in the mistaken formula of one step.
Swap = Callable[[Network, Graph, Loss, Step, Symbol], Expression]


@final
@dataclass(frozen=True)
class Mistake:
    """A mistake by name: the gradients that it gives, and where it departs from the chain rule.

    `places` are the layers that it can be made in; with none, a network cannot have it. One of the
    update's order, `of_update`, cannot be made where nothing is updated.
    """

    name: str
    gradients: Gradient
    hand: Hand
    swap: Swap
    places: Callable[[Network, Loss], list[int]]
    explain: Callable[[Network, Loss], str]
    of_update: bool = False


# --- derivative-at-activation ---------------------------------------------------------------------


def derivative_at_activation(
    network: Network,
    forward: Mapping[str, Array],
    targets: Array | None,
    loss: Loss,
    reduction: str,
    optimizer: Optimizer,
    states: Mapping[str, State],
) -> dict[str, Array]:
    """f'(a) in place of f'(z): the backward pass is handed the activations as pre-activations."""
    swapped = {
        f"z{number}": forward[f"a{number}"] for number in layers_with_derivative(network, loss)
    }
    return backward_propagation(network, {**forward, **swapped}, targets, loss, reduction)


def hand_activations(
    network: Network,
    graph: Graph,
    loss: Loss,
    optimizer: Optimizer | None,
    states: Mapping[str, State],
    m: Arithmetic,
) -> Handed:
    places = layers_with_derivative(network, loss)

    def handed(number: int, gradients: Mapping[int, Numbers]) -> Mapping[int, Numbers]:
        step = graph.steps[number]
        if layer_of(graph, step, "a") not in places:
            return {}
        a = graph.values[step.output].numbers
        return {step.inputs[0]: a, step.output: RULES[step.operation](m, a, **step.parameters)}

    return handed


def swap_activations(
    network: Network, graph: Graph, loss: Loss, step: Step, symbol: Symbol
) -> Expression:
    if symbol.gradient or layer_of(graph, step, "a") not in layers_with_derivative(network, loss):
        return symbol
    if symbol.letter == "z":
        return replace(symbol, letter="a")
    if step.operation == "sigmoid":
        return Function("sigmoid", symbol)
    *sample, unit = symbol.index
    row = [
        replace(symbol, index=(*sample, k + 1))
        for k in range(graph.values[step.output].numbers.shape[-1])
    ]
    part: Part = row if step.operation == "softmax" else symbol
    parts: dict[str, Part] = {**step.parameters, "0": part}
    return read_formula(RULES[step.operation].symbols, parts, unit - 1)


def layer_of(graph: Graph, step: Step, letter: str) -> int | None:
    """The layer whose a, or z, a step computes."""
    name = graph.values[step.output].name or ""
    return int(name[1:]) if name.startswith(letter) and name[1:].isdigit() else None


def explain_derivative_at_activation(network: Network, loss: Loss) -> str:
    places = layers_with_derivative(network, loss)
    steps = " and ".join(f"dL/dz{number}" for number in reversed(places))
    wrong = " and ".join(
        f"{network.layers[n - 1].activation.name}'(a{n})" for n in reversed(places)
    )
    right = " and ".join(
        f"{network.layers[n - 1].activation.name}'(z{n})" for n in reversed(places)
    )
    verb = "use" if len(places) > 1 else "uses"
    return f"{steps} {verb} {wrong} where the chain rule has {right}"


def layers_with_derivative(network: Network, loss: Loss) -> list[int]:
    """All layers but the last of a fused pair, whose step evaluates no f'."""
    fused = loss.fused_with(network.layers[-1].activation) is not None
    return list(range(1, len(network) + 1 - fused))


# --- updated-weights ------------------------------------------------------------------------------


def updated_weights(
    network: Network,
    forward: Mapping[str, Array],
    targets: Array | None,
    loss: Loss,
    reduction: str,
    optimizer: Optimizer,
    states: Mapping[str, State],
) -> dict[str, Array]:
    """Each layer is updated before the error goes back through it, so through the new weights."""
    gradients: dict[str, Array] = {}
    partly_updated = network
    for number in range(len(network), 0, -1):
        mistaken = backward_propagation(partly_updated, forward, targets, loss, reduction)
        gradients |= {name: mistaken[name] for name in layer_gradients(number)}
        if number == 1:
            gradients["x"] = mistaken["x"]
        updated, _ = apply_optimizer(network, {**mistaken, **gradients}, optimizer, states)
        partly_updated = partly_updated.with_parameters(
            {f"w{number}": updated.parameters[f"w{number}"]}
        )
    return gradients


def hand_updated_weights(
    network: Network,
    graph: Graph,
    loss: Loss,
    optimizer: Optimizer | None,
    states: Mapping[str, State],
    m: Arithmetic,
) -> Handed:
    def handed(number: int, gradients: Mapping[int, Numbers]) -> Mapping[int, Numbers]:
        step = graph.steps[number]
        layer = layer_of(graph, step, "z")
        if layer is None or layer == 1 or optimizer is None:
            return {}
        y, *inputs = (graph.values[p].numbers for p in (step.output, *step.inputs))
        backward = RULES["affine"].backward
        assert backward is not None
        _, dL_dw, _ = backward(m, gradients[step.output], y, *inputs, **step.parameters)
        assert dL_dw is not None
        w, name = inputs[1], f"w{layer}"
        state = states.get(name, optimizer.initial_state(network.parameters[name]))
        return {step.inputs[1]: work_update(optimizer, w, dL_dw, state, m)["w"]}

    return handed


def swap_weights(
    network: Network, graph: Graph, loss: Loss, step: Step, symbol: Symbol
) -> Expression:
    if symbol.gradient or symbol.letter != "w" or symbol.layer == 1:
        return symbol
    return replace(symbol, mark="new")


def layer_gradients(number: int) -> list[str]:
    return [f"{symbol}{number}" for symbol in "azwb"]


def layers_behind(network: Network, loss: Loss) -> list[int]:
    """All layers whose error comes back through another layer's weights."""
    return list(range(1, len(network)))


def explain_updated_weights(network: Network, loss: Loss) -> str:
    back = [f"dL/da{number}" for number in range(len(network) - 1, 0, -1)]
    weights = [f"w{number}" for number in range(len(network), 1, -1)]
    verb = "send" if len(back) > 1 else "sends"
    return (
        f"{' and '.join(back)} {verb} the error back through {' and '.join(weights)} after this step's "
        "update, where the chain rule has the weights of the forward pass"
    )


MISTAKES: Mapping[str, Mistake] = {
    mistake.name: mistake
    for mistake in (
        Mistake(
            "derivative-at-activation",
            derivative_at_activation,
            hand_activations,
            swap_activations,
            layers_with_derivative,
            explain_derivative_at_activation,
        ),
        Mistake(
            "updated-weights",
            updated_weights,
            hand_updated_weights,
            swap_weights,
            layers_behind,
            explain_updated_weights,
            of_update=True,
        ),
    )
}


def named_mistake(name: str) -> Mistake:
    """The mistake of that name. Raises: InputError for one that does not exist.

    >>> named_mistake("updated-weights").name
    'updated-weights'
    """
    if name not in MISTAKES:
        raise InputError(unknown("mistake", name, MISTAKES))
    return MISTAKES[name]
