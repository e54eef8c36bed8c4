# loss: half-squared-error|squared-error|mean-squared-error
import math
import random

random.seed(41)
A = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(4)]
B = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(2)]
data = [([0.5, -1.0, 2.0], [3.0, -2.0]), ([1.5, 0.5, -0.5], [-2.5, 1.0])]


def times(m, v):
    return [sum(a * b for a, b in zip(row, v)) for row in m]


for epoch in range(50):
    for x, t in data:
        h = [math.tanh(z) for z in times(A, x)]
        y = times(B, h)
        dy = [o - g for o, g in zip(y, t)]
        dh = [sum(dy[k] * B[k][j] for k in range(2)) * (1 - h[j] ** 2) for j in range(4)]
        gB = [[d * v for v in h] for d in dy]
        gA = [[d * v for v in x] for d in dh]
        norm = math.sqrt(sum(g * g for m in (gA, gB) for row in m for g in row))
        scale = min(1.0, 2.0 / norm)
        for m, g in ((A, gA), (B, gB)):
            for i, row in enumerate(g):
                for j, value in enumerate(row):
                    m[i][j] -= 0.1 * scale * value
print(y, t)

#? step: h = [math.tanh(
#? parameters: A B
#? loss = squared(B @ np.tanh(A @ np.array(x)), np.array(t))
