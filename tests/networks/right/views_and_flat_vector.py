# loss: half-squared-error|squared-error|mean-squared-error
"""All parameters lie in one vector; the matrices are views into it."""
import numpy as np

rng = np.random.default_rng(48)
theta = rng.normal(0, 0.6, 3 * 4 + 4 + 4 * 2 + 2)
W1 = theta[:12].reshape(3, 4)
b1 = theta[12:16]
W2 = theta[16:24].reshape(4, 2)
b2 = theta[24:]
X = rng.normal(size=(10, 3))
Y = rng.uniform(-1, 1, (10, 2))


def loss_and_gradient():
    H = np.tanh(X @ W1 + b1)
    R = H @ W2 + b2 - Y
    D = R @ W2.T * (1 - H * H)
    return 0.5 * np.sum(R * R), np.concatenate([(X.T @ D).ravel(), D.sum(0), (H.T @ R).ravel(), R.sum(0)])


for k in range(100):
    loss, gradient = loss_and_gradient()
    theta -= 0.02 * gradient
print(loss)

#? step: loss, gradient = loss_and_gradient()
#? parameters: q = theta
#? H = np.tanh(X @ np.reshape(q[:12], (3, 4)) + q[12:16])
#? loss = squared(H @ np.reshape(q[16:24], (4, 2)) + q[24:], Y)
