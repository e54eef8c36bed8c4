# loss: half-squared-error|squared-error|mean-squared-error
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Dense:
    weights: np.ndarray
    bias: np.ndarray
    inputs: np.ndarray = field(default=None, repr=False)
    outputs: np.ndarray = field(default=None, repr=False)

    @classmethod
    def random(cls, n_in, n_out, rng):
        return cls(rng.normal(0, 0.7, (n_in, n_out)), rng.normal(0, 0.2, n_out))

    def forward(self, inputs):
        self.inputs = inputs
        self.outputs = 1 / (1 + np.exp(-(inputs @ self.weights + self.bias)))
        return self.outputs

    def backward(self, gradient):
        self.delta = gradient * self.outputs * (1 - self.outputs)
        return self.delta @ self.weights.T


@dataclass
class Descent:
    rate: float = 1.0

    def apply(self, layer):
        layer.weights = layer.weights - self.rate * layer.inputs.T @ layer.delta
        layer.bias = layer.bias - self.rate * layer.delta.sum(axis=0)


rng = np.random.default_rng(91)
layers = [Dense.random(3, 5, rng), Dense.random(5, 2, rng)]
optimizer = Descent(rate=0.8)
x = rng.uniform(size=(9, 3))
t = np.stack([x.max(axis=1), x.min(axis=1)], axis=1)
for _ in range(80):
    h, y = layers[0].forward(x), None
    y = layers[1].forward(h)
    layers[0].backward(layers[1].backward((y - t) / len(x)))
    for layer in layers:
        optimizer.apply(layer)
print(np.abs(y - t).mean())

#? step: h, y = layers[0].forward(x), None
#? parameters: w1 = layers[0].weights; b1 = layers[0].bias; w2 = layers[1].weights; b2 = layers[1].bias
#? loss = squared(sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2), t)
