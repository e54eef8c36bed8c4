# loss: half-squared-error|squared-error|mean-squared-error
"""Centres, widths and weights are all trained."""
import numpy as np

rng = np.random.default_rng(72)
x = rng.uniform(-2, 2, (30, 2))
t = np.exp(-np.sum((x - 0.5) ** 2, axis=1)) - np.exp(-np.sum((x + 0.7) ** 2, axis=1))
centre = rng.uniform(-1, 1, (4, 2))
width = np.full(4, 1.0) + 0.2 * rng.random(4)
weight = rng.normal(0, 0.5, 4)
for i in range(80):
    away = x[:, None, :] - centre[None]
    square = (away**2).sum(axis=2)
    phi = np.exp(-square * width)
    e = (phi @ weight - t) / len(x)
    d_phi = e[:, None] * weight * phi
    g_weight = phi.T @ e
    g_width = -(d_phi * square).sum(axis=0)
    g_centre = 2 * np.einsum("nk,nkd->kd", d_phi * width, away)
    weight, width, centre = weight - 0.5 * g_weight, width - 0.5 * g_width, centre - 0.5 * g_centre
print(np.abs(e).max() * len(x))

#? step: away = x[:, None, :] - centre[None]
#? parameters: centre width weight
#? phi = np.exp(-np.sum((x[:, None, :] - centre[None]) ** 2, axis=2) * width)
#? loss = squared(phi @ weight, t)
