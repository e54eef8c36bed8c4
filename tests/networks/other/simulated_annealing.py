import math
import random

random.seed(6)


def energy(p):
    return (p[0] - 1) ** 2 + 3 * (p[1] + 2) ** 2 + math.sin(5 * p[0])


point, temperature = [4.0, 3.0], 2.0
for step in range(300):
    moved = [c + random.gauss(0, 0.4) for c in point]
    change = energy(moved) - energy(point)
    if change < 0 or random.random() < math.exp(-change / temperature):
        point = moved
    temperature *= 0.98
print(point, energy(point))
