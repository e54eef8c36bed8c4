# loss: binary-cross-entropy
import numpy as np

SHAPES = [(4, 2), (4, 1), (1, 4), (1, 1)]


def unpack(vector):
    parts, start = [], 0
    for shape in SHAPES:
        size = shape[0] * shape[1]
        parts.append(vector[start : start + size].reshape(shape))
        start += size
    return parts


def pack(parts):
    return np.hstack([part.ravel() for part in parts])


def cost_gradient(vector, X, Y):
    W1, b1, W2, b2 = unpack(vector)
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    cost = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    D2 = (A2 - Y) / Y.size
    D1 = W2.T @ D2 * (1 - A1**2)
    return cost, pack([D1 @ X.T, D1.sum(1, keepdims=True), D2 @ A1.T, D2.sum(1, keepdims=True)])


rng = np.random.default_rng(49)
X = rng.normal(size=(2, 25))
Y = (X[0] < X[1]).astype(float)[None]
vector = rng.normal(size=sum(a * b for a, b in SHAPES)) * 0.5
for i in range(60):
    cost, gradient = cost_gradient(vector, X, Y)
    vector = vector - 0.5 * gradient
    if i % 20 == 0:
        print(i, cost)

#? step: cost, gradient = cost_gradient(vector, X, Y)
#? parameters: q = vector
#? a = np.tanh(np.reshape(q[:8], (4, 2)) @ X + np.reshape(q[8:12], (4, 1)))
#? loss = bce(sigmoid(np.reshape(q[12:16], (1, 4)) @ a + q[16]), Y)
