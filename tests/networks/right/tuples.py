# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


def init(seed):
    r = np.random.default_rng(seed)
    return (r.normal(size=(2, 3)), r.normal(size=3)), (r.normal(size=(3, 2)), r.normal(size=2))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def layer(x, wb):
    w, b = wb
    return sigmoid(x @ w + b)


def layer_gradient(x, a, wb, da):
    dz = da * a * (1 - a)
    return (x.T @ dz, dz.sum(axis=0)), dz @ wb[0].T


def minus(wb, gradient, rate):
    return wb[0] - rate * gradient[0], wb[1] - rate * gradient[1]


one, two = init(3)
x = np.array([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5], [0.9, 0.7]])
t = np.array([[0.2, 0.7], [0.6, 0.1], [0.9, 0.4], [0.3, 0.3]])
for k in range(150):
    h = layer(x, one)
    y = layer(h, two)
    g2, dh = layer_gradient(h, y, two, y - t)
    g1, _ = layer_gradient(x, h, one, dh)
    one, two = minus(one, g1, 0.5), minus(two, g2, 0.5)
print(y.round(3))

#? step: h = layer(x, one)
#? parameters: w1 = one[0]; b1 = one[1]; w2 = two[0]; b2 = two[1]
#? loss = squared(sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2), t)
