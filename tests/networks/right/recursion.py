# loss: half-squared-error|squared-error|mean-squared-error
"""Each layer calls the next and waits for its gradient."""
import numpy as np

r = np.random.RandomState(18)
layers = [{"w": r.randn(m, n) * 0.8, "b": r.randn(n) * 0.2} for m, n in ((2, 4), (4, 3), (3, 1))]


def descend(depth, x, t, rate):
    if depth == len(layers):
        return x - t, float(((x - t) ** 2).sum())
    layer = layers[depth]
    y = np.tanh(x.dot(layer["w"]) + layer["b"])
    grad, loss = descend(depth + 1, y, t, rate)
    grad = grad * (1 - y * y)
    below = grad.dot(layer["w"].T)
    layer["w"] -= rate * np.outer(x, grad)
    layer["b"] -= rate * grad
    return below, loss


X = r.uniform(-1, 1, (8, 2))
T = 0.8 * np.sign(X.prod(axis=1, keepdims=True))
for epoch in range(40):
    total = 0
    for x, t in zip(X, T):
        total += descend(0, x, t, 0.1)[1]
print(total)

#? step: total += descend(0
#? parameters: q = [v for l in layers for v in (l["w"], l["b"])]
#? a = np.tanh(np.tanh(x @ q[0] + q[1]) @ q[2] + q[3])
#? loss = squared(np.tanh(a @ q[4] + q[5]), t)
