# loss: half-squared-error|squared-error|mean-squared-error
# A worked example on paper: the biases are given and stay as they are.
import numpy as np

x = np.array([0.3, 0.8])
t = np.array([0.1, 0.7])
W = np.array([[0.12, 0.27], [0.31, -0.22], [0.45, 0.18]])
b = np.array([0.3, 0.3, 0.3])
V = np.array([[0.41, -0.35, 0.52], [0.26, 0.63, -0.17]])
c = np.array([0.5, 0.5])
eta = 0.6


def logistic(z):
    return 1 / (1 + np.exp(-z))


for k in range(60):
    h = logistic(W @ x + b)
    o = logistic(V @ h + c)
    delta_o = (o - t) * o * (1 - o)
    delta_h = V.T @ delta_o * h * (1 - h)
    V = V - eta * np.outer(delta_o, h)
    W = W - eta * np.outer(delta_h, x)
print("E =", 0.5 * np.sum((t - o) ** 2))

#? step: h = logistic(W @ x + b)
#? parameters: W V
#? loss = squared(sigmoid(V @ sigmoid(W @ x + b) + c), t)
