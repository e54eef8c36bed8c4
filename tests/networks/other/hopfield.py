import numpy as np

rng = np.random.default_rng(14)
memories = rng.choice([-1, 1], (3, 24))
W = np.zeros((24, 24))
for m in memories:
    W += np.outer(m, m) / 24
np.fill_diagonal(W, 0)
state = memories[0] * np.where(rng.random(24) < 0.15, -1, 1)
for sweep in range(5):
    for i in rng.permutation(24):
        state[i] = 1 if W[i] @ state >= 0 else -1
    print(sweep, (state == memories[0]).mean(), -0.5 * state @ W @ state)
