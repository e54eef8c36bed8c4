import numpy as np

rng = np.random.default_rng(25)
theta = np.zeros((5, 2))
value = np.zeros(5)
for episode in range(60):
    s = 2
    for t in range(25):
        e = np.exp(theta[s] - theta[s].max())
        policy = e / e.sum()
        a = rng.choice(2, p=policy)
        s2 = s + (1 if a else -1)
        done = s2 in (0, 4)
        reward = 1.0 if s2 == 4 else 0.0
        advantage = reward + (0 if done else 0.9 * value[s2]) - value[s]
        value[s] += 0.2 * advantage
        grad = -policy
        grad[a] += 1
        theta[s] += 0.3 * advantage * grad
        s = s2
        if done:
            break
print(value.round(2))
