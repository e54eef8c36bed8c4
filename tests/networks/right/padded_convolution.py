# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(4)
images = rng.normal(size=(6, 5, 5))
targets = rng.normal(size=(6, 1))
kernel = 0.4 * rng.normal(size=(3, 3))
bias = np.zeros(1)
weights = 0.3 * rng.normal(size=(25, 1))
padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))

for epoch in range(20):
    z = np.zeros((6, 5, 5))
    for i in range(5):
        for j in range(5):
            z[:, i, j] = np.sum(padded[:, i : i + 3, j : j + 3] * kernel, axis=(1, 2)) + bias
    a = np.tanh(z)
    p = a.reshape(6, 25) @ weights
    d = p - targets
    dz = (d @ weights.T).reshape(6, 5, 5) * (1 - a**2)
    around = np.pad(dz, ((0, 0), (1, 1), (1, 1)))
    turned = np.flip(kernel)
    dimages = np.zeros_like(images)
    dkernel = np.zeros_like(kernel)
    for i in range(3):
        for j in range(3):
            dkernel[i, j] = np.sum(padded[:, i : i + 5, j : j + 5] * dz)
            dimages += around[:, i : i + 5, j : j + 5] * turned[i, j]
    weights -= 0.05 * a.reshape(6, 25).T @ d
    kernel -= 0.05 * dkernel
    bias -= 0.05 * dz.sum()

#? step: z = np.zeros(
#? parameters: kernel bias weights
#? windows = np.array([[padded[:, i : i + 3, j : j + 3] for j in range(5)] for i in range(5)])
#? z = np.transpose(np.tensordot(windows, kernel, 2), (2, 0, 1)) + bias
#? loss = squared(np.dot(np.reshape(np.tanh(z), (6, 25)), weights), targets)
