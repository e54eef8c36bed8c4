# loss: cross-entropy
import operator
from functools import reduce

import numpy as np


def forward(net, x):
    return reduce(lambda a, wb: np.tanh(wb[0] @ a + wb[1]), net[:-1], x)


def softmax(s):
    e = np.exp(s - max(s))
    return e / sum(e)


def sample_gradient(net, x, k):
    (w, b), (v, c) = net
    h = forward(net, x)
    p = softmax(v @ h + c)
    d = p - np.eye(len(p))[k]
    r = v.T @ d * (1 - h**2)
    return [(np.outer(r, x), r), (np.outer(d, h), d)]


def mean(gradients):
    count = len(gradients)
    return [
        tuple(reduce(operator.add, parts) / count for parts in zip(*layer))
        for layer in zip(*gradients)
    ]


rng = np.random.default_rng(18)
net = [(rng.normal(size=(5, 2)), np.zeros(5)), (rng.normal(size=(3, 5)), np.zeros(3))]
data = [(rng.normal(size=2) + [[2, 0], [-1, 2], [-1, -2]][k], k) for k in [0, 1, 2] * 5]
for step in range(40):
    gradient = mean([sample_gradient(net, x, k) for x, k in data])
    net = [tuple(p - 0.5 * g for p, g in zip(pair, grads)) for pair, grads in zip(net, gradient)]
print([int(softmax(net[1][0] @ forward(net, x) + net[1][1]).argmax()) == k for x, k in data])

#? step: gradient = mean(
#? parameters: w = net[0][0]; b = net[0][1]; v = net[1][0]; c = net[1][1]
#? x, t = np.array([d[0] for d in data]), np.eye(3)[[d[1] for d in data]]
#? loss = cross_entropy(softmax(np.tanh(x @ w.T + b) @ v.T + c), t)
