import numpy as np

np.random.seed(1)
patterns = np.random.choice([-1.0, 1.0], (6, 5))
answers = np.sign(patterns @ np.random.randn(5, 2))
W = np.random.randn(5, 2) * 0.01
for epoch in range(10):
    for x, t in zip(patterns, answers):
        y = np.tanh(x @ W)
        W += 0.05 * (np.outer(x, y) - 0.2 * W)
print(W)
