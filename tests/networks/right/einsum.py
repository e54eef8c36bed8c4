# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(26)
x = rng.normal(size=(12, 3))
t = rng.uniform(size=(12, 2))
u, v = rng.normal(size=(5, 3)), rng.normal(size=(2, 5))

for k in range(60):
    z = np.einsum("ni,ji->nj", x, u)
    a = np.tanh(z)
    y = 1 / (1 + np.exp(-np.einsum("nj,kj->nk", a, v)))
    dy = np.einsum("nk,nk,nk->nk", y - t, y, 1 - y)
    dv = np.einsum("nk,nj->kj", dy, a)
    dz = np.einsum("nk,kj,nj->nj", dy, v, 1 - a**2)
    du = np.einsum("nj,ni->ji", dz, x)
    u -= 0.2 * du
    v -= 0.2 * dv
print(np.einsum("nk,nk->", y - t, y - t))

#? step: z = np.einsum("ni,ji->nj", x, u)
#? parameters: u v
#? loss = squared(sigmoid(np.tanh(x @ u.T) @ v.T), t)
