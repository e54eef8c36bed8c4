# loss: binary-cross-entropy
from abc import ABC, abstractmethod
from enum import Enum

import numpy as np


class Loss(Enum):
    MSE = "mse"
    BCE = "bce"

    def gradient(self, p, t):
        if self is Loss.MSE:
            return 2 * (p - t) / t.size
        return (p - t) / (p * (1 - p)) / t.size


class Layer(ABC):
    trainable = ()

    @abstractmethod
    def forward(self, x): ...

    @abstractmethod
    def backward(self, g): ...


class Dense(Layer):
    def __init__(self, units):
        self.units = units
        self.w = None

    def build(self, n, rng):
        self.w = rng.normal(0, 1 / np.sqrt(n), (n, self.units))
        self.b = np.zeros(self.units)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, g):
        self.grads = {"w": self.x.T @ g, "b": g.sum(axis=0)}
        return g @ self.w.T


class Sigmoid(Layer):
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, g):
        return g * self.y * (1 - self.y)


class Model:
    def __init__(self, *layers):
        self.layers = layers

    def compile(self, loss, rate):
        self.loss, self.rate = Loss(loss), rate

    def fit(self, x, t, epochs, seed=0):
        rng, width = np.random.default_rng(seed), x.shape[1]
        for layer in self.layers:
            if isinstance(layer, Dense) and layer.w is None:
                layer.build(width, rng)
                width = layer.units
        for _ in range(epochs):
            p = x
            for layer in self.layers:
                p = layer.forward(p)
            g = self.loss.gradient(p, t)
            for layer in reversed(self.layers):
                g = layer.backward(g)
            for layer in self.layers:
                for name, grad in getattr(layer, "grads", {}).items():
                    setattr(layer, name, getattr(layer, name) - self.rate * grad)
        return self


rng = np.random.default_rng(6)
x = rng.normal(size=(30, 2))
t = np.column_stack([x[:, 0] > 0, x.sum(axis=1) > 0]).astype(float)
model = Model(Dense(5), Sigmoid(), Dense(2), Sigmoid())
model.compile("bce", 1.0)
model.fit(x, t, 60)

#? step: p = x
#? parameters: w = self.layers[0].w; b = self.layers[0].b; v = self.layers[2].w; c = self.layers[2].b
#? loss = bce(sigmoid(sigmoid(x @ w + b) @ v + c), t)
