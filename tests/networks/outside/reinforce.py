"""Policy gradient with a small network: the step climbs the expected reward."""
import numpy as np

rng = np.random.default_rng(13)
W, V = rng.normal(0, 0.5, (2, 5)), rng.normal(0, 0.5, (5, 3))
for episode in range(80):
    state = rng.normal(size=2)
    h = np.tanh(state @ W)
    e = np.exp(h @ V)
    p = e / e.sum()
    action = rng.choice(3, p=p)
    reward = 1.0 if action == (state[0] > 0) + (state[1] > 0) else -0.2
    d = -p
    d[action] += 1
    d *= reward
    back = V @ d * (1 - h**2)
    V += 0.1 * np.outer(h, d)
    W += 0.1 * np.outer(state, back)

#? step: d = -p
#? parameters: W V
#? loss = -reward * np.log(softmax(np.tanh(state @ W) @ V)[action])
