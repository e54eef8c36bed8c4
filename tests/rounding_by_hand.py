"""One training step as people compute it by hand: decimals, rounded half up after each formula."""

from decimal import ROUND_HALF_UP, Decimal

from chainrule.problem import Problem

Row = list[Decimal]


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def step_by_hand(problem: Problem, forward: int, backward: int) -> dict[str, Decimal]:
    """Values, errors (-dL/dz) and updated parameters of a sigmoid network with half squared error."""
    assert problem.training is not None
    assert problem.data.targets is not None
    assert problem.loss.name == "half-squared-error"
    rate = Decimal(repr(problem.training.optimizer.learning_rate))
    activations = [[Decimal(repr(float(v))) for v in problem.data.inputs[0]]]
    target = [Decimal(repr(float(v))) for v in problem.data.targets[0]]
    weights, biases = [], []
    values: dict[str, Decimal] = {}
    for depth, layer in enumerate(problem.network.layers, 1):
        assert layer.activation.name == "sigmoid"
        w = [[Decimal(repr(float(v))) for v in row] for row in layer.weights]
        b = [Decimal(repr(float(v))) for v in layer.biases]
        weights.append(w)
        biases.append(b)
        x = activations[-1]
        z = [
            rounded(sum((p * q for p, q in zip(row, x, strict=True)), start=c), forward)
            for row, c in zip(w, b, strict=True)
        ]
        a = [rounded(1 / (1 + (-v).exp()), forward) for v in z]
        activations.append(a)
        values |= {f"a{depth}[{unit}]": v for unit, v in enumerate(a, 1)}
    back = [t - a for t, a in zip(target, activations[-1], strict=True)]
    for depth in range(len(weights), 0, -1):
        a, x = activations[depth], activations[depth - 1]
        error = [rounded(v * (1 - v) * e, backward) for v, e in zip(a, back, strict=True)]
        for unit, e in enumerate(error):
            name = f"{depth}[{unit + 1}"
            values[f"-dL/dz{name}]"] = e
            values[f"b{name}]"] = rounded(biases[depth - 1][unit] + rate * e, backward)
            for i, v in enumerate(x):
                updated = weights[depth - 1][unit][i] + rate * e * v
                values[f"w{name},{i + 1}]"] = rounded(updated, backward)
        back = [
            sum((w[i] * e for w, e in zip(weights[depth - 1], error, strict=True)), start=Decimal())
            for i in range(len(x))
        ]
    return values
