import random

random.seed(3)
stream = [random.gauss(random.choice([-2, 0, 3]), 0.3) for _ in range(150)]
means, counts = [-1.0, 0.1, 1.0], [0, 0, 0]
for value in stream:
    nearest = min(range(3), key=lambda k: abs(value - means[k]))
    counts[nearest] += 1
    means[nearest] += (value - means[nearest]) / counts[nearest]
print(means)
