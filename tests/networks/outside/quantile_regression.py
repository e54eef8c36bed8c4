import random

random.seed(5)
points = [(x / 10, 2 * x / 10 + random.gauss(0, 0.3)) for x in range(20)]
a, b, quantile = 0.0, 0.0, 0.8
for epoch in range(60):
    for x, y in points:
        gap = y - (a * x + b)
        slope = -quantile if gap > 0 else 1 - quantile
        a -= 0.02 * slope * x
        b -= 0.02 * slope
print(a, b)

#? step: gap = y - (a * x + b)
#? parameters: a b
#? gap = y - (a * x + b)
#? loss = np.where(gap > 0, quantile * gap, (quantile - 1) * gap)
