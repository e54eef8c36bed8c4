# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

ALPHA = 0.8
np.random.seed(52)


def elu(z):
    return np.where(z >= 0, z, ALPHA * np.expm1(z))


def d_elu(z):
    return np.where(z >= 0, 1.0, ALPHA * np.exp(z))


samples = np.random.uniform(-2, 2, (18, 2))
goals = np.column_stack([samples.prod(axis=1), samples.sum(axis=1) ** 2 / 4])
K1, k1 = np.random.randn(2, 7), np.random.randn(7) * 0.1
K2, k2 = np.random.randn(7, 2), np.random.randn(2) * 0.1
for n in range(120):
    z = samples @ K1 + k1
    h = elu(z)
    e = h @ K2 + k2 - goals
    dz = (e @ K2.T) * d_elu(z)
    K2 -= 0.005 * (h.T @ e)
    k2 -= 0.005 * e.sum(axis=0)
    K1 -= 0.005 * (samples.T @ dz)
    k1 -= 0.005 * dz.sum(axis=0)
print((e**2).mean())

#? step: z = samples @ K1 + k1
#? parameters: K1 k1 K2 k2
#? loss = squared(elu(samples @ K1 + k1, 0.8) @ K2 + k2, goals)
