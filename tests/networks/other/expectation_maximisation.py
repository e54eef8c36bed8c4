import numpy as np

rng = np.random.default_rng(50)
x = np.concatenate([rng.normal(-2, 0.6, 40), rng.normal(1.5, 1.0, 60)])
weight, mean, spread = np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.ones(2)
for i in range(25):
    density = np.exp(-((x[:, None] - mean) ** 2) / (2 * spread**2)) / (spread * np.sqrt(2 * np.pi))
    share = weight * density
    share /= share.sum(axis=1, keepdims=True)
    size = share.sum(axis=0)
    weight, mean = size / len(x), (share * x[:, None]).sum(axis=0) / size
    spread = np.sqrt((share * (x[:, None] - mean) ** 2).sum(axis=0) / size)
print(weight, mean, spread)
