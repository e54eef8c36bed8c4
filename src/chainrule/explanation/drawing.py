"""The network as it is drawn: columns of neurons, each with its own curve."""

from typing import Any

import numpy as np

from chainrule.arithmetic import FLOAT64
from chainrule.digits import show_number
from chainrule.document import Drawing, Neuron
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.work import symbol_named
from chainrule.expression import Matrix, Number, Symbol
from chainrule.network import Dense
from chainrule.rules import RULES

# Larger networks are not drawn neuron by neuron.
MOST_NEURONS, MOST_EDGES = 8, 48
CURVE_POINTS = 41


def draw_network(writer: LineWriter) -> Drawing | None:
    """The drawing of a small network with a single sample; None for others."""
    task = writer.work.task
    network = task.network
    sizes = [network.inputs, *(layer.units for layer in network.layers)]
    edges = [layer.weights.size for layer in network.layers]
    if task.batch or max(sizes) > MOST_NEURONS or max(edges) > MOST_EDGES or len(sizes) > 6:
        return None
    columns = [
        tuple(
            Neuron(Symbol("x", None, (i + 1,)), writer.number(Symbol("x", None, (i + 1,))))
            for i in range(network.inputs)
        )
    ]
    weights = []
    for number, layer in enumerate(network.layers, start=1):
        columns.append(
            tuple(neuron(writer, layer, number, unit) for unit in range(1, layer.units + 1))
        )
        weights.append(plain_matrix(writer, writer.ledger[symbol_named(f"w{number}")]))
    targets = writer.ledger.get(Symbol("t"))
    names = {layer.activation.name for layer in network.layers} - {"identity", "softmax"}
    curves = (
        " Each neuron shows its activation: the dot sits at its sum z, and the short line is the slope "
        "there, the number the backward pass needs."
    )
    return Drawing(
        tuple(columns),
        tuple(weights),
        () if targets is None else tuple(writer.shown(value) for value in np.ravel(targets)),
        writer.number(Symbol("loss")),
        "Line width is the size of the weight; a dashed line is a negative weight."
        + (curves if names else ""),
    )


def neuron(writer: LineWriter, layer: Dense, number: int, unit: int) -> Neuron:
    z = writer.number(Symbol("z", number, (unit,)))
    curve, slope = curve_of(layer, float(z.value))
    bias = Symbol("b", number, (min(unit, len(layer.biases)),))
    return Neuron(
        Symbol("a", number, (unit,)),
        writer.number(Symbol("a", number, (unit,))),
        z,
        writer.number(bias),
        curve,
        slope,
    )


def curve_of(layer: Dense, z: float) -> tuple[tuple[tuple[float, float], ...], float]:
    """Points of the activation between -5 and 5, the one at z last, and the slope at z."""
    activation = layer.activation
    if activation.derivative is None:  # softmax: no curve of one unit alone
        return (), 0.0
    name = "identity" if activation.name not in RULES else activation.name
    points = np.append(np.linspace(-5.0, 5.0, CURVE_POINTS), z)
    values = points if name == "identity" else RULES[name](FLOAT64, points, **activation.parameters)
    slope = float(activation.derivative(np.array(z), **activation.parameters))
    return tuple(zip(points.tolist(), np.asarray(values).tolist(), strict=True)), slope


def plain_matrix(writer: LineWriter, values: Any) -> Matrix:
    return Matrix(
        tuple(tuple(Number(v, str(show_number(v, writer.decimals))) for v in row) for row in values)
    )
