"""One forward pass of a network as a graph: the same names as on paper, one step an operation.

This is a second derivation beside the reference engine. It shares with it the network's numbers and
nothing else: the formulas come from `rules`, the gradients from the sweep in `gradients`. Losses are
taken on the outputs, never fused with the last activation, so that every link of the chain is there.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arithmetic import FLOAT64, Arithmetic
from chainrule.errors import InputError
from chainrule.graph import Graph
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.rules import RULES


def work_forward_pass(
    network: Network,
    x: ArrayLike,
    targets: ArrayLike | None,
    loss: Loss,
    reduction: str = "mean",
    m: Arithmetic = FLOAT64,
) -> Graph:
    """The graph of a forward pass, up to its reduced loss "loss".

        x, w1, b1 -> z1 -> a1, w2, b2 -> z2 -> a2 ... aL, t -> losses -> loss

    Shapes: as in the engine; with a batch "losses" (N,) are the samples' own. In `m`'s numbers.
    Raises: InputError for an activation or a loss that has no rule, such as one of your own.

    >>> from chainrule import Dense, Network, named_loss
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> graph = work_forward_pass(network, [1.0, 2.0], [1.0], named_loss("half-squared-error"))
    >>> [(name, value.numbers.round(4).tolist()) for name, value in graph.named()][3:]
    [('z1', [0.1]), ('a1', [0.525]), ('t', [1.0]), ('loss', 0.1128)]
    """
    graph = Graph()

    def apply(operation: str, inputs: list[int], name: str | None, **parameters: Any) -> int:
        if operation not in RULES:
            raise InputError(f"there is no rule for {operation!r}, so its steps cannot be worked")
        numbers = [graph.values[position].numbers for position in inputs]
        result = RULES[operation](m, *numbers, **parameters)
        return graph.add_step(operation, inputs, result, name, **parameters)

    a = graph.add_value(m.array(network.as_inputs(x)), "x")
    for number, layer in enumerate(network.layers, start=1):
        w = graph.add_value(m.array(layer.weights), f"w{number}")
        b = graph.add_value(m.array(layer.biases), f"b{number}")
        if layer.share_bias:
            b = apply("share", [b], None)
        z = apply("affine", [a, w, b], f"z{number}", sign=1 if layer.bias_sign == "+" else -1)
        activation = layer.activation
        if activation.name == "identity":
            a = apply("reshape", [z], f"a{number}", shape=list(np.shape(graph.values[z].numbers)))
        else:
            a = apply(activation.name, [z], f"a{number}", **activation.parameters)
    batch = np.ndim(graph.values[a].numbers) == 2
    if loss.name == "output":
        losses = apply("sum", [a], "losses" if batch else "loss", axis=-1)
    else:
        if targets is None:
            raise InputError(f"loss {loss.name!r} needs targets")
        t = graph.add_value(m.array(targets), "t")
        losses = apply(loss.name, [a, t], "losses" if batch else "loss", **loss.parameters)
    if batch:
        apply("mean" if reduction == "mean" else "sum", [losses], "loss")
    return graph
