"""A training step in any arithmetic: the forward pass as a graph, and the update by its formulas.

This is a second derivation beside the reference engine. It shares with it the network's numbers and
nothing else: the formulas come from `rules`, the gradients from the sweep in `gradients`. Losses are
taken on the outputs, never fused with the last activation, so that every link of the chain is there.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arithmetic import FLOAT64, Arithmetic, Numbers
from chainrule.errors import InputError
from chainrule.expression import Number, evaluate
from chainrule.formula_text import read_formula
from chainrule.graph import Graph
from chainrule.losses import Loss
from chainrule.network import Network
from chainrule.optimizers import SYMBOLS, Optimizer, State
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


def work_update(
    optimizer: Optimizer, w: Numbers, g: Numbers, state: State, m: Arithmetic = FLOAT64
) -> dict[str, Any]:
    """One parameter's update by the optimizer's formulas: every value that they assign, by name.

        w <- w - eta g        for plain gradient descent

    Shapes: w, g and the arrays of `state` alike; `state` in float64, w and g in `m`'s numbers. "w" is
    the updated parameter, "k" the number of this update.

    >>> from chainrule.optimizers import Momentum
    >>> work_update(Momentum(0.1), np.array([1.0]), np.array([2.0]), (np.array([1.0]),))
    {'w': array([0.71]), 'g': array([2.]), 'v': array([2.9])}
    """
    values: dict[str, Any] = {"w": w, "g": g, **remembered(optimizer, state, m)}
    constants = settings(optimizer, m)
    for name, formula in optimizer.formulas:
        parts = {key: Number(value) for key, value in {**values, **constants}.items()}
        values[name] = evaluate(read_formula(formula, parts), m)
    return values


def remembered(optimizer: Optimizer, state: State, m: Arithmetic) -> dict[str, Any]:
    """What an optimizer remembers, by name; the count k as it is in this update, a plain number."""
    return {
        name: int(array) + 1 if name == "k" else m.array(array)
        for name, array in zip(optimizer.remembers, state, strict=True)
    }


def settings(optimizer: Optimizer, m: Arithmetic) -> Mapping[str, Any]:
    """The optimizer's numbers by the letters of its formulas."""
    return {
        letter: m.array(getattr(optimizer, field))
        for letter, field in SYMBOLS.items()
        if hasattr(optimizer, field)
    }
