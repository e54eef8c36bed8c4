"""Backpropagation, to be read: the four steps of training, one layer's forward and backward side by side.

    forward     x  ->  z1 -> a1  ->  z2 -> a2  ->  L
    backward    each arrow again, from the right: dL/d(what it came from), given dL/d(what it became)
    update      w <- w - learning_rate dL/dw

Every value goes by its name on paper, and so does its gradient: `forward["z1"]` is z1,
`gradients["z1"]` is dL/dz1.

Shapes, of N samples in a layer of I inputs and O units: x (N, I), w (O, I), b (O,), z and a (N, O).
A single sample drops the N. A gradient has the shape of what it is the gradient of.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arrays import Array, as_floats
from chainrule.errors import InputError, ShapeError
from chainrule.losses import Loss, named_loss
from chainrule.network import Dense, Network
from chainrule.optimizers import GradientDescent, Optimizer, State

Values = dict[str, Array]


# --- one layer ------------------------------------------------------------------------------------


def layer_forward(layer: Dense, x: Array) -> tuple[Array, Array]:
    z = layer.pre_activation(x)  #              z_o = sum_i w_oi x_i + b_o
    a = layer.activation(z)  #                  a_o = f(z_o)
    return z, a


def layer_backward(layer: Dense, x: Array, dL_dz: Array) -> tuple[Array, Array, Array]:
    # A weight w_oi meets the loss through z_o of every sample, and dz_o/dw_oi = x_i:
    dL_dw = np.atleast_2d(dL_dz).T @ np.atleast_2d(x)
    # A bias b_o likewise, with dz_o/db_o = 1 (or -1), so the samples are summed:
    dL_db = layer.sign * np.atleast_2d(dL_dz).sum(axis=0)
    if layer.share_bias:  # one number behind all units: their gradients add up
        dL_db = np.full_like(layer.biases, dL_db.sum())
    # An input x_i feeds every unit of its own sample, with dz_o/dx_i = w_oi:
    dL_dx = dL_dz @ layer.weights
    return dL_dw, dL_db, dL_dx


# --- the four steps -------------------------------------------------------------------------------


def forward_propagation(network: Network, x: ArrayLike) -> Values:
    """Run the network forward and keep every value on the way.

        zl = wl a(l-1) + bl        al = fl(zl)        a0 = x

    Shapes: x (N, I) or (I,); "x", "z1", "a1", "z2" ... each (N, units) or (units,).
    Raises: ShapeError when x does not fit the first layer; InputError for NaN and infinity.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), algorithm 6.3.

    >>> from chainrule import Dense, Network
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> forward_propagation(network, [1.0, 2.0])
    {'x': array([1., 2.]), 'z1': array([0.1]), 'a1': array([0.52497919])}
    """
    a = network.as_inputs(x).copy()  # what is done to x later must not reach the backward pass
    forward = {"x": a}
    for number, layer in enumerate(network.layers, start=1):
        z, a = layer_forward(layer, a)
        forward[f"z{number}"], forward[f"a{number}"] = z, a
    return forward


def calculate_loss(
    network: Network,
    forward: Mapping[str, Array],
    targets: ArrayLike | None,
    loss: str | Loss = "half-squared-error",
    reduction: str = "mean",
) -> float:
    """The loss of a forward pass, reduced over its samples.

        L = 1/N sum_n L(a_n, t_n)        (reduction "sum": without 1/N)

    Shapes: targets as the outputs, (N, O) or (O,); None only for the loss "output".
    Raises: ShapeError when targets do not fit the outputs; DomainError when an output lies where the
    loss is not defined; InputError for names that do not exist.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.1.

    >>> from chainrule import Dense, Network
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> forward = forward_propagation(network, [1.0, 2.0])
    >>> print(round(calculate_loss(network, forward, [1.0]), 8))
    0.11282239
    """
    loss = named_loss(loss) if isinstance(loss, str) else loss
    z, a, t = output_and_targets(network, forward, targets, loss)
    fused = loss.fused_with(network.layers[-1].activation)
    losses = loss(a, t) if fused is None else fused.value(z, t)
    return float(np.sum(losses) * reduction_factor(reduction, a))


def backward_propagation(
    network: Network,
    forward: Mapping[str, Array],
    targets: ArrayLike | None,
    loss: str | Loss = "half-squared-error",
    reduction: str = "mean",
) -> Values:
    """The gradient of the loss with respect to every value of a forward pass and every parameter.

        dL/dzl = fl'(zl) dL/dal        dL/dwl = dL/dzl a(l-1)^T        dL/dbl = dL/dzl
        dL/da(l-1) = wl^T dL/dzl

    A threshold (bias_sign "-") has -dL/dzl; a shared bias, the sum over its units.
    Shapes: each gradient as its value: "w1" (O, I), "b1" (O,), "z1" and "a1" (N, O), "x" (N, I). Those
    of parameters are summed over the samples. Raises: as calculate_loss.
    Source: Rumelhart, Hinton and Williams, Nature 323 (1986); Goodfellow, Bengio and Courville, Deep
    Learning (2016), algorithm 6.4.

    >>> from chainrule import Dense, Network
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> gradients = backward_propagation(network, forward_propagation(network, [1.0, 2.0]), [1.0])
    >>> gradients["w1"], gradients["b1"]
    (array([[-0.11845881, -0.23691762]]), array([-0.11845881]))
    """
    loss = named_loss(loss) if isinstance(loss, str) else loss
    z, a, t = output_and_targets(network, forward, targets, loss)
    factor = reduction_factor(reduction, a)
    fused = loss.fused_with(network.layers[-1].activation)
    gradients = {}
    dL_da = factor * loss.differentiate(a, t)
    for number, layer in reversed(list(enumerate(network.layers, start=1))):
        gradients[f"a{number}"] = dL_da
        if number == len(network) and fused is not None:
            # Sigmoid before binary cross-entropy, or softmax before cross-entropy: f' cancels in the
            # product f'(z) dL/da, and a - t remains (for softmax, of targets that sum to 1). For these
            # two pairs only: losses.py says why, and where it stops.
            dL_dz = factor * fused.derivative(z, t)
        else:
            dL_dz = layer.activation.backward(forward[f"z{number}"], dL_da)
        x = forward[f"a{number - 1}"] if number > 1 else forward["x"]
        dL_dw, dL_db, dL_da = layer_backward(layer, x, dL_dz)
        gradients |= {f"z{number}": dL_dz, f"w{number}": dL_dw, f"b{number}": dL_db}
    gradients["x"] = dL_da
    return gradients


def update_weights(
    network: Network, gradients: Mapping[str, Array], learning_rate: float
) -> Network:
    """One step of plain gradient descent: a new network, the old one is unchanged.

        w <- w - learning_rate dL/dw        b <- b - learning_rate dL/db

    Shapes: gradients as the parameters of the same name. Frozen biases stay.
    Raises: InputError unless learning_rate > 0.
    Source: Rumelhart, Hinton and Williams, Nature 323 (1986), equation 8.

    >>> from chainrule import Dense, Network
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> gradients = backward_propagation(network, forward_propagation(network, [1.0, 2.0]), [1.0])
    >>> update_weights(network, gradients, learning_rate=0.1).parameters
    {'w1': array([[ 0.41184588, -0.17630824]]), 'b1': array([0.11184588])}
    """
    network, _ = apply_optimizer(network, gradients, GradientDescent(learning_rate), {})
    return network


def apply_optimizer(
    network: Network,
    gradients: Mapping[str, Array],
    optimizer: Optimizer,
    states: Mapping[str, State],
) -> tuple[Network, dict[str, State]]:
    """One step of any optimizer: a new network, and what the optimizer remembers of each parameter.

        w, state <- update(w, dL/dw, state)        for every trained parameter

    Shapes: gradients as the parameters of the same name. `states` is {} before the first step.
    Raises: KeyError when a gradient is missing.
    Source: the optimizer's own, in `chainrule.optimizers`.

    >>> from chainrule import Dense, Momentum, Network
    >>> network, gradients = Network(Dense([[1.0]], [0.0])), {"w1": np.ones((1, 1)), "b1": np.ones(1)}
    >>> network, states = apply_optimizer(network, gradients, Momentum(0.1), {})
    >>> network, states = apply_optimizer(network, gradients, Momentum(0.1), states)
    >>> network.parameters["w1"], states["w1"]
    (array([[0.71]]), (array([[1.9]]),))
    """
    parameters, updated, new_states = network.parameters, {}, {}
    for name in network.trained_parameters:
        state = states.get(name, optimizer.initial_state(parameters[name]))
        updated[name], new_states[name] = optimizer.update(parameters[name], gradients[name], state)
    return network.with_parameters(updated), new_states


# --- what the steps share -------------------------------------------------------------------------


def output_and_targets(
    network: Network, forward: Mapping[str, Array], targets: ArrayLike | None, loss: Loss
) -> tuple[Array, Array, Array]:
    z, a = forward[f"z{len(network)}"], forward[f"a{len(network)}"]
    if a.size == 0:
        raise InputError("there are no samples")
    require_targets(targets, loss)
    if targets is None:
        return z, a, np.zeros_like(a)
    t = as_floats(targets, "targets", a.dtype)
    if t.shape != a.shape:
        raise ShapeError(f"targets must have the shape of the outputs, {a.shape}, got {t.shape}")
    loss.require_domain(a, t)
    return z, a, t


def require_targets(targets: ArrayLike | None, loss: Loss) -> None:
    if targets is None and loss.name != "output":
        raise InputError(f"loss {loss.name!r} needs targets")


def reduction_factor(reduction: str, a: Array) -> float:
    """1/N for the mean over N samples, 1 for the sum."""
    if reduction not in ("mean", "sum"):
        raise InputError(f'reduction must be "mean" or "sum", got {reduction!r}')
    return 1.0 / len(a) if reduction == "mean" and a.ndim == 2 else 1.0
