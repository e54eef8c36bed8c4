import numpy as np

np.random.seed(4)
values = np.full(7, 0.5)
values[[0, 6]] = 0.0
for walk in range(100):
    state = 3
    while state not in (0, 6):
        following = state + np.random.choice([-1, 1])
        reward = 1.0 if following == 6 else 0.0
        values[state] += 0.1 * (reward + values[following] - values[state])
        state = following
print(values)
