import numpy as np

rng = np.random.default_rng(0)
states, actions = 6, 2
Q = np.zeros((states, actions))
alpha, gamma, epsilon = 0.3, 0.9, 0.2


def act(state, action):
    following = max(0, state - 1) if action == 0 else min(states - 1, state + 1)
    return following, 1.0 if following == states - 1 else -0.01


for episode in range(60):
    s = 0
    for step in range(30):
        a = rng.integers(actions) if rng.random() < epsilon else int(Q[s].argmax())
        s2, reward = act(s, a)
        Q[s, a] = Q[s, a] + alpha * (reward + gamma * Q[s2].max() - Q[s, a])
        s = s2
        if s == states - 1:
            break
print(Q.round(2))
