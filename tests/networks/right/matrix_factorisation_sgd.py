# loss: half-squared-error|squared-error|mean-squared-error
import random

random.seed(51)
ratings = {(0, 0): 5, (0, 1): 3, (0, 3): 1, (1, 0): 4, (1, 3): 1, (2, 1): 1, (2, 3): 5, (3, 2): 4}
users = [[random.uniform(0, 1) for _ in range(2)] for _ in range(4)]
items = [[random.uniform(0, 1) for _ in range(2)] for _ in range(4)]
rate = 0.05
for sweep in range(40):
    total = 0.0
    for (u, i), r in ratings.items():
        guess = sum(a * b for a, b in zip(users[u], items[i]))
        e = guess - r
        total += e * e
        for k in range(2):
            a, b = users[u][k], items[i][k]
            users[u][k] = a - rate * e * b
            items[i][k] = b - rate * e * a
print(total)

#? step: guess = sum(
#? parameters: users items
#? loss = squared(np.dot(users[u], items[i]), r)
