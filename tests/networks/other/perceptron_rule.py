import numpy as np

rng = np.random.default_rng(3)
X = np.vstack([rng.normal(1.2, 1, (15, 2)), rng.normal(-1.2, 1, (15, 2))])
y = np.array([1] * 15 + [0] * 15)
weights = np.zeros(3)
rate = 0.1

for epoch in range(20):
    mistakes = 0
    for x, target in zip(X, y):
        activation = weights[0] + x @ weights[1:]
        prediction = 1 if activation >= 0 else 0
        error = target - prediction
        weights[0] += rate * error
        weights[1:] += rate * error * x
        mistakes += error != 0
    print(epoch, mistakes)
