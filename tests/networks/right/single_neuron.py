# loss: binary-cross-entropy
import random
from math import exp, log

random.seed(9)
points = [(random.gauss(0, 1), random.gauss(0, 1)) for _ in range(20)]
labels = [1 if 2 * x - y + 0.3 > 0 else 0 for x, y in points]
w0 = w1 = w2 = 0.0
for epoch in range(25):
    cost = 0.0
    for (x, y), label in zip(points, labels):
        p = 1 / (1 + exp(-(w0 + w1 * x + w2 * y)))
        cost -= log(p) if label else log(1 - p)
        w0 = w0 - 0.3 * (p - label)
        w1 = w1 - 0.3 * (p - label) * x
        w2 = w2 - 0.3 * (p - label) * y
print(w0, w1, w2, cost)

#? step: p = 1 / (1
#? parameters: w0 w1 w2
#? loss = bce(sigmoid(w0 + w1 * x + w2 * y), label)
