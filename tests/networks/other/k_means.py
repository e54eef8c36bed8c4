import numpy as np

rng = np.random.default_rng(5)
points = np.concatenate([rng.normal(m, 0.4, (20, 2)) for m in ((0, 0), (3, 1), (1, 3))])
centres = points[rng.choice(60, 3, replace=False)].copy()
for i in range(15):
    distances = ((points[:, None] - centres[None]) ** 2).sum(axis=2)
    labels = distances.argmin(axis=1)
    for k in range(3):
        if np.any(labels == k):
            centres[k] = points[labels == k].mean(axis=0)
print(centres, distances.min(axis=1).sum())
