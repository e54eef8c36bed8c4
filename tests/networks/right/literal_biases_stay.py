# loss: half-squared-error|squared-error|mean-squared-error
import math
import random

random.seed(2)


def f(v):
    return 1 / (1 + math.exp(-v))


bias_hidden = 0.35
bias_output = 0.6
a = [[random.random() for _ in range(2)] for _ in range(3)]
b = [[random.random() for _ in range(3)] for _ in range(2)]
question, answer = [0.15, 0.7], [0.2, 0.85]

for i in range(100):
    h = [f(sum(w * q for w, q in zip(row, question)) + bias_hidden) for row in a]
    y = [f(sum(w * v for w, v in zip(row, h)) + bias_output) for row in b]
    dy = [-(t - o) * o * (1 - o) for t, o in zip(answer, y)]
    dh = [sum(dy[k] * b[k][j] for k in range(2)) * h[j] * (1 - h[j]) for j in range(3)]
    for k in range(2):
        for j in range(3):
            b[k][j] -= 0.5 * dy[k] * h[j]
    for j in range(3):
        for n in range(2):
            a[j][n] -= 0.5 * dh[j] * question[n]
    if i % 25 == 0:
        print(i, sum(0.5 * (t - o) ** 2 for t, o in zip(answer, y)))

#? step: h = [f(sum(
#? parameters: a b
#? loss = squared(sigmoid(b @ sigmoid(a @ np.array(question) + 0.35) + 0.6), np.array(answer))
