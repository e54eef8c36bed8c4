import random

random.seed(2)
Q = {(s, a): 0.0 for s in range(5) for a in (-1, 1)}


def choose(s):
    if random.random() < 0.1:
        return random.choice((-1, 1))
    return max((-1, 1), key=lambda a: Q[s, a])


for episode in range(50):
    s, a = 2, choose(2)
    for _ in range(40):
        s2 = min(4, max(0, s + a))
        r = 1.0 if s2 == 4 else -1.0 if s2 == 0 else 0.0
        a2 = choose(s2)
        Q[s, a] += 0.2 * (r + 0.95 * Q[s2, a2] * (s2 not in (0, 4)) - Q[s, a])
        s, a = s2, a2
        if s in (0, 4):
            break
print(Q)
