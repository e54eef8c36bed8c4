import numpy as np

rng = np.random.default_rng(9)
colours = rng.random((60, 3))
grid = rng.random((5, 5, 3))
rows, columns = np.indices((5, 5))
for t in range(150):
    x = colours[t % 60]
    distance = ((grid - x) ** 2).sum(axis=2)
    r, c = np.unravel_index(distance.argmin(), distance.shape)
    radius, rate = 2.0 * np.exp(-t / 100), 0.5 * np.exp(-t / 150)
    near = np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / (2 * radius**2))
    grid += rate * near[:, :, None] * (x - grid)
print(grid.mean(axis=(0, 1)))
