import numpy as np

np.random.seed(21)
X = np.random.randn(20, 2)
y = (X[:, 0] * X[:, 1] > 0).astype(float)
theta = np.random.randn(2 * 4 + 4 + 4 + 1) * 0.5


def loss(theta):
    h = np.tanh(X @ theta[:8].reshape(2, 4) + theta[8:12])
    p = 1 / (1 + np.exp(-(h @ theta[12:16] + theta[16])))
    return np.mean((p - y) ** 2)


for generation in range(40):
    noise = np.random.randn(16, len(theta))
    rewards = np.array([-loss(theta + 0.1 * n) for n in noise])
    advantage = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
    theta = theta + 0.05 / (16 * 0.1) * noise.T @ advantage
print(loss(theta))
