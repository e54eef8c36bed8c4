# loss: binary-cross-entropy
import itertools
import random

import numpy as np


def stream(seed):
    rng = random.Random(seed)
    while True:
        x = np.array([rng.uniform(-1, 1), rng.uniform(-1, 1)])
        yield x, float(x[0] > x[1])


def training(samples, w, b, v, c, rate):
    for x, t in samples:
        h = np.tanh(w @ x + b)
        p = 1 / (1 + np.exp(-(v @ h + c)))
        d = p - t
        dh = d * v * (1 - h * h)
        v -= rate * d * h
        c -= rate * d
        w -= rate * np.outer(dh, x)
        b -= rate * dh
        yield -np.log(p if t else 1 - p)


np.random.seed(0)
w, b = np.random.randn(4, 2), np.random.randn(4)
v, c = np.random.randn(4), np.zeros(1)
losses = training(itertools.islice(stream(7), 120), w, b, v, c, 0.2)
print(sum(float(l[0]) for l in losses) / 120)

#? step: h = np.tanh(w @ x + b)
#? parameters: w b v c
#? loss = bce(sigmoid(v @ np.tanh(w @ x + b) + c), t)
