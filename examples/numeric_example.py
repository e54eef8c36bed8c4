"""The network of "Numeric example of backpropagation using NumPy", written out, with its mistake.

It prints the published losses. `chainrule check` says which two lines are wrong, and why.
"""

import numpy as np


def sigmoid(z):
    """1 / (1 + exp(-z)), each entry."""
    return 1 / (1 + np.exp(-z))


def sigmoid_derivative(z):
    """The slope of sigmoid at z, the pre-activation."""
    return sigmoid(z) * (1 - sigmoid(z))


x, t = np.array([0.9, 0.8]), np.array([1.0])
w1 = np.array([[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]])
b1 = np.array([0.1, 0.2, 0.3])
w2 = np.array([[0.4, 0.5, 0.6]])
b2 = np.array([0.4])
learning_rate = 0.1

for epoch in range(1000):
    z1 = np.dot(w1, x) + b1
    a1 = sigmoid(z1)
    z2 = np.dot(w2, a1) + b2
    a2 = sigmoid(z2)
    loss = 0.5 * (a2 - t) ** 2
    if epoch % 100 == 0:
        print(f"Epoch: {epoch}, Loss: {loss}")

    delta2 = (a2 - t) * sigmoid_derivative(a2)
    delta1 = np.dot(w2.T, delta2) * sigmoid_derivative(a1)

    w2 -= learning_rate * np.outer(delta2, a1)
    b2 -= learning_rate * delta2
    w1 -= learning_rate * np.outer(delta1, x)
    b1 -= learning_rate * delta1

print(f"Final Output: {a2}")
