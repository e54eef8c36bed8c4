"""The network as data: layers of weights, biases and an activation.

Column convention, as in the notebook and in PyTorch: w has shape (units, inputs), so that one sample
gives z = w x + b; a batch is (samples, features), and Z = X w^T + b.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule.activations import Activation, named_activation
from chainrule.arrays import Array, as_floats
from chainrule.errors import InputError, ShapeError, unknown
from chainrule.initialisation import draw_weights


@final
class Dense:
    """One layer: every unit sees every input.

        z = w x + b        a = f(z)        (bias_sign "-": z = w x - b, a threshold)

    Shapes: `weights` (O, I); `biases` (O,), zeros when left out. With `share_bias` the layer has one
    bias: `biases` is one number, kept as (1,), or O equal ones.
    dtype: that of `weights`, float32 or float64.
    `train_biases=False` freezes the biases: they have a gradient, but no update changes them.
    Raises: ShapeError when shapes do not fit; InputError for numbers that are not finite and for
    names that do not exist.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), equations 6.36 and 6.40.

    >>> layer = Dense(weights=[[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]], biases=[0.1, 0.2, 0.3])
    >>> layer.inputs, layer.units, layer.activation.name
    (2, 3, 'identity')
    >>> layer.pre_activation(np.array([0.9, 0.8]))
    array([0.52, 0.96, 1.4 ])
    """

    def __init__(
        self,
        weights: ArrayLike,
        biases: ArrayLike | None = None,
        activation: str | Activation = "identity",
        *,
        train_biases: bool = True,
        share_bias: bool = False,
        bias_sign: Literal["+", "-"] = "+",
    ) -> None:
        self.weights = as_floats(weights, "weights").copy()
        if self.weights.ndim != 2 or 0 in self.weights.shape:
            raise ShapeError(
                f"weights must have shape (units, inputs), both 1 or more, got {self.weights.shape}"
            )
        if bias_sign not in ("+", "-"):
            raise InputError(f'bias_sign must be "+" or "-", got {bias_sign!r}')
        if biases is None:
            biases = np.zeros(1 if share_bias else self.units)
        self.biases = as_floats(biases, "biases", self.weights.dtype).copy()
        if share_bias and self.biases.ndim == 0:
            self.biases = self.biases.reshape(1)
        if self.biases.shape != (self.units,) and not (share_bias and self.biases.shape == (1,)):
            raise ShapeError(
                f"biases must have shape ({self.units},), one for each row of weights "
                f"{self.weights.shape}, got {self.biases.shape}"
            )
        if share_bias and (self.biases != self.biases[0]).any():
            raise InputError(
                f"share_bias needs one number or equal ones as biases, got {self.biases}"
            )
        if isinstance(activation, str):
            activation = named_activation(activation)
        if not isinstance(activation, Activation):
            raise InputError(
                "activation must be a name or an Activation(name, value, derivative), "
                f"got {activation!r}"
            )
        self.activation = activation
        self.train_biases = train_biases
        self.share_bias = share_bias
        self.bias_sign = bias_sign

    def __repr__(self) -> str:
        return (
            f"Dense(inputs={self.inputs}, units={self.units}, activation={self.activation.name!r})"
        )

    @property
    def inputs(self) -> int:
        return self.weights.shape[1]

    @property
    def units(self) -> int:
        return self.weights.shape[0]

    @property
    def sign(self) -> float:
        """dz/db: 1, or -1 where the bias is a threshold."""
        return 1.0 if self.bias_sign == "+" else -1.0

    def pre_activation(self, x: Array) -> Array:
        """z = w x + b, for one sample (I,) or a batch (N, I)."""
        return x @ self.weights.T + self.sign * self.biases


@final
class Network:
    """A multilayer perceptron: dense layers, one after another.

        a0 = x        al = fl(wl a(l-1) + bl)        for l = 1 ... L

    Calling it with x gives the outputs aL.
    Shapes: x (N, I) or (I,); aL (N, O) or (O,). dtype: that of the layers, which must be one.
    Raises: ShapeError when a layer's inputs are not the units of the layer before; InputError
    without layers or with layers of different dtypes.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), algorithm 6.3.

    >>> network = Network(
    ...     Dense(weights=[[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]], biases=[0.1, 0.2, 0.3], activation="sigmoid"),
    ...     Dense(weights=[[0.4, 0.5, 0.6]], biases=[0.4], activation="sigmoid"),
    ... )
    >>> network([0.9, 0.8])
    array([0.81663752])
    >>> list(network.parameters)
    ['w1', 'b1', 'w2', 'b2']
    """

    def __init__(self, *layers: Dense) -> None:
        if not layers:
            raise InputError("a network needs at least one layer")
        for number, (before, layer) in enumerate(itertools.pairwise(layers), start=2):
            if layer.inputs != before.units:
                raise ShapeError(
                    f"layer {number} takes {layer.inputs} inputs (weights {layer.weights.shape}), "
                    f"but layer {number - 1} has {before.units} units "
                    f"(weights {before.weights.shape})"
                )
            if layer.weights.dtype != before.weights.dtype:
                raise InputError(
                    f"layer {number} is {layer.weights.dtype}, but layer {number - 1} is "
                    f"{before.weights.dtype}: use one dtype"
                )
        self.layers = layers

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        activations: Sequence[str | Activation],
        *,
        initial: str | Mapping[str, float] = "glorot-uniform",
        seed: int | np.random.Generator,
        dtype: DTypeLike = np.float64,
    ) -> "Network":
        """A network with random weights and zero biases.

            w ~ U(-r, r),  r = sqrt(6 / (inputs + units))        for the default, "glorot-uniform"

        Shapes: `sizes` are the inputs, then each layer's units; `activations` one a layer.
        Raises: InputError when they do not fit each other. Source: chainrule.initialisation.

        >>> Network.random([2, 3, 1], ["tanh", "identity"], seed=0).parameters["w2"].shape
        (1, 3)
        """
        if len(sizes) != len(activations) + 1:
            raise InputError(
                f"{len(sizes)} sizes make {len(sizes) - 1} layers, got {len(activations)} activations"
            )
        if min(sizes) < 1:
            raise InputError(f"sizes must be 1 or more, got {list(sizes)}")
        rng = np.random.default_rng(seed)
        layers = (
            Dense(draw_weights(initial, units, inputs, rng), activation=activation)
            for inputs, units, activation in zip(sizes, sizes[1:], activations, strict=False)
        )
        return cls(*layers).astype(dtype)

    def __repr__(self) -> str:
        return f"Network({', '.join(map(repr, self.layers))})"

    def __call__(self, x: ArrayLike) -> Array:
        a = self.as_inputs(x)
        for layer in self.layers:
            a = layer.activation(layer.pre_activation(a))
        return a

    def __len__(self) -> int:
        return len(self.layers)

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.layers[0].weights.dtype

    @property
    def inputs(self) -> int:
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        return self.layers[-1].units

    @property
    def parameters(self) -> dict[str, Array]:
        """All parameters by name: w1, b1, w2, b2 ..."""
        return {
            name: array
            for number, layer in enumerate(self.layers, start=1)
            for name, array in ((f"w{number}", layer.weights), (f"b{number}", layer.biases))
        }

    @property
    def trained_parameters(self) -> list[str]:
        """The names of those that an update changes: all but frozen biases."""
        return [
            name
            for number, layer in enumerate(self.layers, start=1)
            for name in ([f"w{number}", f"b{number}"] if layer.train_biases else [f"w{number}"])
        ]

    def with_parameters(self, parameters: Mapping[str, ArrayLike]) -> "Network":
        """The same network with some parameters replaced, by name; the shapes stay.

        Numbers may be anything, infinity included: a run that diverges passes through here.
        """
        current = self.parameters
        replaced = dict(current)
        for name, values in parameters.items():
            if name not in current:
                raise InputError(unknown("parameter", name, current))
            array = np.asarray(values)
            if array.dtype.kind not in "iuf":
                raise InputError(f"{name} must be real numbers, got {array.dtype} entries")
            with np.errstate(over="ignore"):
                replaced[name] = array.astype(self.dtype)
            if replaced[name].shape != current[name].shape:
                raise ShapeError(
                    f"{name} has shape {current[name].shape}, got {replaced[name].shape}"
                )
        return self.with_arrays(list(replaced.values()))

    def with_arrays(self, arrays: Sequence[Array]) -> "Network":
        """The same network with these arrays, w1, b1, w2, b2 ..., as its own: they must have its shapes and dtype.

        For engines, which train thousands of networks: nothing is checked or copied here.
        """
        network = duplicate(self)
        network.layers = tuple(map(duplicate, self.layers))
        for number, layer in enumerate(network.layers):
            layer.weights, layer.biases = arrays[2 * number], arrays[2 * number + 1]
        return network

    def astype(self, dtype: DTypeLike) -> "Network":
        """The same network in float32 or float64. Raises: InputError for a number too large for it."""
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise InputError(f"a network is float32 or float64, not {np.dtype(dtype)}")
        network = duplicate(self)
        network.layers = tuple(map(duplicate, self.layers))
        for number, layer in enumerate(network.layers, start=1):
            layer.weights = as_floats(layer.weights, f"w{number}", dtype)
            layer.biases = as_floats(layer.biases, f"b{number}", dtype)
        return network

    def as_inputs(self, x: ArrayLike) -> Array:
        """x as this network takes it: finite, of its dtype, its last axis the inputs."""
        a = as_floats(x, "inputs", self.dtype)
        if a.ndim not in (1, 2) or a.shape[-1] != self.inputs:
            raise ShapeError(
                f"inputs must have shape (samples, {self.inputs}) or ({self.inputs},), got {a.shape}"
            )
        return a


Part = TypeVar("Part", Network, Dense)


def duplicate(part: Part) -> Part:
    """A copy that shares its arrays; several times as fast as copy.copy."""
    twin = object.__new__(type(part))
    twin.__dict__.update(part.__dict__)
    return twin
