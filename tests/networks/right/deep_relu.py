# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(1234)
sizes = [4, 8, 8, 6, 6, 2]
Ws = [rng.normal(0, np.sqrt(2 / m), (m, n)) for m, n in zip(sizes, sizes[1:])]
bs = [rng.normal(0, 0.1, n) for n in sizes[1:]]
X = rng.normal(size=(16, 4))
Y = np.stack([np.maximum(X[:, 0], X[:, 1]), X[:, 2] * X[:, 3]], axis=1)
lr = 0.02


def relu(z):
    return np.maximum(0.0, z)


def forward(x):
    activations, pre = [x], []
    for i, (W, b) in enumerate(zip(Ws, bs)):
        pre.append(activations[-1] @ W + b)
        activations.append(pre[-1] if i == len(Ws) - 1 else relu(pre[-1]))
    return activations, pre


for step in range(100):
    activations, pre = forward(X)
    delta = (activations[-1] - Y) / len(X)
    gradients = []
    for i in reversed(range(len(Ws))):
        gradients.append((activations[i].T @ delta, delta.sum(0)))
        if i:
            delta = (delta @ Ws[i].T) * (pre[i - 1] > 0)
    for i, (gW, gb) in enumerate(reversed(gradients)):
        Ws[i] -= lr * gW
        bs[i] -= lr * gb
    if step % 20 == 0:
        print(step, np.mean((activations[-1] - Y) ** 2))

#? step: activations, pre = forward(X)
#? parameters: Ws bs
#? a = X
#? for i in range(4):
#?     a = relu(a @ Ws[i] + bs[i])
#? loss = squared(a @ Ws[4] + bs[4], Y) / 16
