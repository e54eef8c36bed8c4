# loss: cross-entropy
import numpy as np

np.random.seed(33)
N, S, F, C = 6, 6, 2, 3
images = np.random.rand(N, S, S) - 0.5
labels = np.random.randint(0, C, N)
kernels = np.random.randn(F, 3, 3) * 0.5
dense = np.random.randn(F * 4, C) * 0.5
bias = np.zeros(C)


def windows(image):
    return np.array([[image[i : i + 3, j : j + 3] for j in range(S - 2)] for i in range(S - 2)])


for epoch in range(6):
    g_kernels, g_dense, g_bias = np.zeros_like(kernels), np.zeros_like(dense), np.zeros_like(bias)
    for image, label in zip(images, labels):
        patches = windows(image)
        maps = np.tensordot(patches, kernels, axes=([2, 3], [1, 2]))
        blocks = maps.reshape(2, 2, 2, 2, F)
        pooled = blocks.max(axis=(1, 3))
        flat = pooled.reshape(-1)
        scores = flat @ dense + bias
        p = np.exp(scores) / np.exp(scores).sum()
        p[label] -= 1
        g_dense += np.outer(flat, p)
        g_bias += p
        d_pooled = (dense @ p).reshape(pooled.shape)
        chosen = blocks == pooled[:, None, :, None, :]
        d_maps = (chosen * d_pooled[:, None, :, None, :]).reshape(maps.shape)
        g_kernels += np.tensordot(d_maps, patches, axes=([0, 1], [0, 1]))
    kernels -= 0.1 * g_kernels / N
    dense -= 0.1 * g_dense / N
    bias -= 0.1 * g_bias / N

#? step: g_kernels, g_dense, g_bias =
#? parameters: kernels dense bias
#? loss = 0
#? for image, label in zip(images, labels):
#?     maps = [sum(k[u, v] * image[u : u + 4, v : v + 4] for u in range(3) for v in range(3)) for k in kernels]
#?     flat = np.array([np.max(m[i : i + 2, j : j + 2]) for i in (0, 2) for j in (0, 2) for m in maps])
#?     loss = loss + cross_entropy(softmax(flat @ dense + bias), one_hot(label, C))
