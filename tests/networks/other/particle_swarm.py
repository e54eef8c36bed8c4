import numpy as np

rng = np.random.default_rng(70)


def height(p):
    return np.sum(p**2 - 3 * np.cos(2 * np.pi * p), axis=-1)


p, v = rng.uniform(-4, 4, (15, 2)), np.zeros((15, 2))
best = p.copy()
leader = best[height(best).argmin()]
for i in range(50):
    v = 0.7 * v + 1.4 * rng.random((15, 2)) * (best - p) + 1.4 * rng.random((15, 2)) * (leader - p)
    p = p + v
    better = height(p) < height(best)
    best[better] = p[better]
    leader = best[height(best).argmin()]
print(leader, height(leader))
