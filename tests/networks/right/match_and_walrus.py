# loss: half-squared-error|squared-error|mean-squared-error
"""Newer Python: match, walrus, decorators, keyword-only arguments, chained assignment."""
from __future__ import annotations

import functools
import time

import numpy as np


def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            wrapper.seconds += time.perf_counter() - started

    wrapper.seconds = 0.0
    return wrapper


def activate(z, *, kind: str):
    match kind:
        case "tanh":
            return (a := np.tanh(z)), 1 - a**2
        case "sigmoid" | "logistic":
            a = 1 / (1 + np.exp(-z))
            return a, a * (1 - a)
        case _:
            return z, np.ones_like(z)


@timed
def step(layers, x, t, *, rate=0.1):
    kept, a = [], x
    for w, b, kind in layers:
        before = a
        a, slope = activate(before @ w + b, kind=kind)
        kept.append((before, slope))
    g = error = (a - t) / len(x)
    for (w, b, _), (before, slope) in zip(reversed(layers), reversed(kept)):
        g = g * slope
        g, dw, db = g @ w.T, before.T @ g, g.sum(axis=0)
        w -= rate * dw
        b -= rate * db
    del kept
    return float(np.sum(error**2))


rng = np.random.default_rng(seed=1)
first_bias = second_bias = None
first_bias, second_bias = np.zeros(4), np.zeros(2)
layers = [
    (rng.normal(size=(3, 4)), first_bias, "tanh"),
    (rng.normal(size=(4, 2)), second_bias, "sigmoid"),
]
x, t = rng.normal(size=(9, 3)), rng.uniform(size=(9, 2))
history = []
while (n := len(history)) < 40:
    history.append(step(layers, x, t, rate=0.4))
print(f"{n + 1} steps, {history[-1]=:.4f}, {step.seconds > 0}")

#? step: kept, a = [], x
#? parameters: w = layers[0][0]; b = layers[0][1]; v = layers[1][0]; c = layers[1][1]
#? loss = squared(sigmoid(np.tanh(x @ w + b) @ v + c), t)
