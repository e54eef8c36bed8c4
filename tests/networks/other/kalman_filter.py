import numpy as np

rng = np.random.default_rng(60)
truth = np.cumsum(rng.normal(0, 0.2, 60)) + 3
seen = truth + rng.normal(0, 1.0, 60)
estimate, variance = 0.0, 10.0
errors = []
for z in seen:
    variance += 0.04
    gain = variance / (variance + 1.0)
    estimate = estimate + gain * (z - estimate)
    variance = (1 - gain) * variance
    errors.append(z - estimate)
print(estimate, variance, np.std(errors))
