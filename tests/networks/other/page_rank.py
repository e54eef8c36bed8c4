import numpy as np

links = {0: [1, 2], 1: [2], 2: [0], 3: [0, 2], 4: [1, 3]}
n = 5
M = np.zeros((n, n))
for source, targets in links.items():
    for target in targets:
        M[target, source] = 1 / len(targets)
rank = np.full(n, 1 / n)
for i in range(40):
    before = rank
    rank = 0.15 / n + 0.85 * M @ rank
    if np.abs(rank - before).sum() < 1e-10:
        break
print(i, rank)
