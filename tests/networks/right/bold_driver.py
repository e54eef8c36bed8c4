# loss: half-squared-error|squared-error|mean-squared-error
"""The rate grows while the error falls, and halves when it rises."""
import numpy as np

np.random.seed(24)
X = np.random.uniform(-1, 1, (20, 2))
T = (X[:, :1] * X[:, 1:] > 0) * 0.8 + 0.1
w = [np.random.randn(3, 5), np.random.randn(6, 1)]
rate, before = 0.05, float("inf")


def with_one(a):
    return np.append(a, np.ones((a.shape[0], 1)), axis=1)


for epoch in range(100):
    h = 1 / (1 + np.exp(-with_one(X) @ w[0]))
    y = 1 / (1 + np.exp(-with_one(h) @ w[1]))
    error = 0.5 * np.sum((T - y) ** 2)
    d_y = (y - T) * y * (1 - y)
    d_h = (d_y @ w[1][:-1].T) * h * (1 - h)
    w[1] = w[1] - rate * with_one(h).T @ d_y
    w[0] = w[0] - rate * with_one(X).T @ d_h
    rate = rate * 1.05 if error < before else rate * 0.5
    before = error
print(rate, error)

#? step: h = 1 / (1
#? parameters: w
#? h = sigmoid(X @ w[0][:2] + w[0][2])
#? loss = squared(sigmoid(h @ w[1][:5] + w[1][5]), T)
