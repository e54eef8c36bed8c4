# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np
from scipy.special import erf


def gelu(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def gelu_grad(x):
    return 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


rng = np.random.default_rng(82)
x = rng.normal(size=(10, 4))
t = np.roll(x, 1, axis=1)[:, :3] * x[:, :3]
W, V = rng.normal(0, 0.5, (4, 6)), rng.normal(0, 0.5, (6, 3))
scale, shift, out = np.ones(6), np.zeros(6), np.zeros(3)

for i in range(60):
    z = x @ W
    mean = z.mean(axis=1, keepdims=True)
    std = np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
    n = (z - mean) / std
    u = n * scale + shift
    a = gelu(u)
    y = a @ V + out

    dy = (y - t) / len(x)
    du = dy @ V.T * gelu_grad(u)
    dn = du * scale
    dz = (dn - dn.mean(axis=1, keepdims=True) - n * (dn * n).mean(axis=1, keepdims=True)) / std
    for p, g in (
        (V, a.T @ dy),
        (out, dy.sum(axis=0)),
        (scale, (du * n).sum(axis=0)),
        (shift, du.sum(axis=0)),
        (W, x.T @ dz),
    ):
        p -= 0.1 * g
print(np.mean((y - t) ** 2))

#? step: z = x @ W
#? parameters: W V scale shift out
#? z = x @ W
#? c = z - np.mean(z, axis=1, keepdims=True)
#? n = c / np.sqrt(np.mean(c**2, axis=1, keepdims=True) + 1e-5)
#? loss = squared(gelu(n * scale + shift) @ V + out, t)
