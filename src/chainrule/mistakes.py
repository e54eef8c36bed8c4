"""Classic mistakes in hand-written backpropagation, each with one name and one definition.

Published figures that come from a mistake are reproduced by making it on purpose. A mistake here is a
step that goes wrong in one place: it calls the reference engine, and hands it one wrong thing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, final

from chainrule.arrays import Array
from chainrule.engine.reference import apply_optimizer, backward_propagation
from chainrule.errors import InputError, unknown
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.optimizers import Optimizer, State


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


@final
@dataclass(frozen=True)
class Mistake:
    """A mistake by name: the gradients that it gives, and where it departs from the chain rule.

    `places` are the layers that it can be made in; with none, a network cannot have it.
    """

    name: str
    gradients: Gradient
    places: Callable[[Network, Loss], list[int]]
    explain: Callable[[Network, Loss], str]


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
            layers_with_derivative,
            explain_derivative_at_activation,
        ),
        Mistake("updated-weights", updated_weights, layers_behind, explain_updated_weights),
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
