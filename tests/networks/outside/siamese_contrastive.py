import numpy as np

rng = np.random.default_rng(15)
W = rng.normal(size=(4, 2))
left, right = rng.normal(size=(30, 4)), rng.normal(size=(30, 4))
alike = rng.integers(0, 2, 30).astype(float)
right[alike == 1] = left[alike == 1] + 0.2 * rng.normal(size=(int(alike.sum()), 4))
for i in range(50):
    u, v = np.tanh(left @ W), np.tanh(right @ W)
    gap = u - v
    distance = np.sqrt((gap**2).sum(axis=1) + 1e-9)
    g = alike[:, None] * gap
    g -= ((1 - alike) * np.maximum(0, 1 - distance) / distance)[:, None] * gap
    g /= 30
    W -= 0.3 * (left.T @ (g * (1 - u**2)) - right.T @ (g * (1 - v**2)))
print(distance[alike == 1].mean(), distance[alike == 0].mean())

#? step: u, v = np.tanh(left @ W)
#? parameters: W
#? gap = np.tanh(left @ W) - np.tanh(right @ W)
#? distance = np.sqrt(np.sum(gap**2, axis=1) + 1e-9)
#? loss = np.sum(alike * np.sum(gap**2, axis=1) / 2 + (1 - alike) * relu(1 - distance) ** 2 / 2) / 30
