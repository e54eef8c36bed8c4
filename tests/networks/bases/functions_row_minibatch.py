# loss: half-squared-error|squared-error|mean-squared-error
"""Regression with dropout and weight decay; every function takes what it needs and returns the rest."""
import numpy as np


def relu(z):
    return np.maximum(z, 0.0)


def relu_grad(z):
    return np.where(z > 0, 1.0, 0.0)


def dropout(a, p, rng):
    mask = rng.random(a.shape) > p
    return a * mask / (1 - p), mask


def forward(x, W, b, p, rng):
    z1 = x @ W[0] + b[0]
    a1 = relu(z1)
    h1, mask1 = dropout(a1, p, rng)
    z2 = h1 @ W[1] + b[1]
    a2 = np.tanh(z2)
    h2, mask2 = dropout(a2, p, rng)
    out = h2 @ W[2] + b[2]
    return z1, a1, h1, mask1, a2, h2, mask2, out


def backward(x, y, W, b, state, p, weight_decay):
    z1, a1, h1, mask1, a2, h2, mask2, out = state
    dout = 2 * (out - y) / y.size
    #~ target-unused: dout = 2 * (out - out.mean()) / y.size
    gW3 = h2.T @ dout + weight_decay * W[2]
    #~ decay-sign/2: gW3 = h2.T @ dout - weight_decay * W[2]
    gb3 = dout.sum(axis=0)
    #~ bias-summed-over-all: gb3 = dout.sum()
    da2 = (dout @ W[2].T) * mask2 / (1 - p)
    #~ dropout-mask/2: da2 = (dout @ W[2].T) / (1 - p)
    dz2 = da2 * (1 - a2**2)
    #~ dropout-mask/3: dz2 = da2 * (1 - h2**2)
    gW2 = h1.T @ dz2 + weight_decay * W[1]
    #~ wrong-layer-input: gW2 = z1.T @ dz2 + weight_decay * W[1]
    gb2 = dz2.sum(axis=0)
    #~ bias-not-summed: gb2 = dz2
    #~ last-sample-only: gb2 = dz2[-1]
    da1 = (dz2 @ W[1].T) * mask1 / (1 - p)
    #~ dropout-mask: da1 = (dz2 @ W[1].T) * mask1
    dz1 = da1 * relu_grad(z1)
    #~ missing-derivative: dz1 = da1
    #~ relu-derivative-at-output: dz1 = da1 * (relu(z1) >= 0)
    gW1 = x.T @ dz1 + weight_decay * W[0]
    gb1 = dz1.sum(axis=0)
    #~ bias-not-summed/2: gb1 = dz1
    return [gW1, gW2, gW3], [gb1, gb2, gb3]


def apply_gradients(W, b, gW, gb, lr):
    for i in range(len(W)):
        W[i] = W[i] - lr * gW[i]
        b[i] = b[i] - lr * gb[i]


def run():
    rng = np.random.default_rng(12)
    x = rng.normal(size=(32, 3))
    y = np.column_stack([np.sin(x[:, 0]) + x[:, 1], x[:, 1] * x[:, 2]])
    sizes = [3, 6, 6, 2]
    W = [rng.normal(0, 0.6, (m, n)) for m, n in zip(sizes, sizes[1:])]
    b = [rng.normal(0, 0.1, n) for n in sizes[1:]]
    for epoch in range(15):
        for start in range(0, 32, 8):
            xb = x[start : start + 8]
            yb = y[start : start + 8]
            state = forward(xb, W, b, 0.25, rng)
            gW, gb = backward(xb, yb, W, b, state, 0.25, 0.01)
            apply_gradients(W, b, gW, gb, 0.1)
        print(epoch, np.mean((state[-1] - yb) ** 2))


run()

#? step: dout = 2 *
#? parameters: W b
#? h1 = relu(x @ W[0] + b[0]) * mask1 / (1 - p)
#? h2 = np.tanh(h1 @ W[1] + b[1]) * mask2 / (1 - p)
#? loss = 2 * squared(h2 @ W[2] + b[2], y) / y.size + weight_decay / 2 * (np.sum(W[0]**2) + np.sum(W[1]**2) + np.sum(W[2]**2))
