# loss: half-squared-error|squared-error|mean-squared-error
"""The gradient is that of the mean; the figure printed is the largest deviation."""
import numpy as np


def act(v):
    return np.log1p(np.exp(v))


def slope(v):
    return 1.0 / (1.0 + np.exp(-v))


rng = np.random.default_rng(15)
x = np.linspace(-2, 2, 25).reshape(-1, 1)
y = np.abs(x) + 0.05 * rng.normal(size=x.shape)
p = [rng.normal(size=(1, 6)), rng.normal(size=6), rng.normal(size=(6, 1)), rng.normal(size=1)]

for turn in range(200):
    pre = x @ p[0] + p[1]
    hid = act(pre)
    fit = hid @ p[2] + p[3]
    gap = (fit - y) / x.size
    g3 = gap.sum(0)
    g2 = hid.T @ gap
    inner = gap @ p[2].T * slope(pre)
    g1 = inner.sum(0)
    g0 = x.T @ inner
    p = [old - 0.1 * g for old, g in zip(p, [g0, g1, g2, g3])]
    if turn % 50 == 0:
        print("largest deviation", np.abs(fit - y).max())

#? step: pre = x @ p[0] + p[1]
#? parameters: p
#? loss = squared(softplus(x @ p[0] + p[1]) @ p[2] + p[3], y)
