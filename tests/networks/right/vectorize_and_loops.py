# loss: half-squared-error|squared-error|mean-squared-error
import math

import numpy as np


@np.vectorize
def act(v):
    return 1.0 / (1.0 + math.exp(-v))


derive = np.vectorize(lambda a: a * (1.0 - a))

np.random.seed(62)
x = np.random.rand(5, 3)
t = np.random.rand(5, 2)
w1 = np.random.rand(3, 4) - 0.5
w2 = np.random.rand(4, 2) - 0.5

for epoch in range(40):
    for n in range(5):
        h = act(x[n].dot(w1))
        y = act(h.dot(w2))
        dy = (t[n] - y) * derive(y)
        dh = np.zeros(4)
        for j in range(4):
            for k in range(2):
                dh[j] += dy[k] * w2[j, k]
            dh[j] *= derive(h[j])
        for j in range(4):
            for k in range(2):
                w2[j, k] += 0.5 * dy[k] * h[j]
        for i in range(3):
            for j in range(4):
                w1[i, j] += 0.5 * dh[j] * x[n, i]
print(((t[n] - y) ** 2).sum())

#? step: h = act(
#? parameters: w1 w2
#? loss = squared(sigmoid(sigmoid(x[n] @ w1) @ w2), t[n])
