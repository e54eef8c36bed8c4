# loss: half-squared-error|squared-error|mean-squared-error
# Polynomial features, normalised, a step on a random sample each time.
import numpy as np

R = np.random.RandomState(31)
t_all = np.linspace(0, 2, 40)
features = np.vander(t_all - 1, 4)
values = np.sin(3 * t_all) + 0.05 * R.randn(40)
coefficients = np.zeros(4)
for n in range(400):
    k = R.randint(40)
    residual = coefficients.dot(features[k]) - values[k]
    coefficients = coefficients - 0.1 * residual * features[k]
print(coefficients, np.ptp(features @ coefficients - values))

#? step: residual = coefficients.dot(
#? parameters: coefficients
#? loss = squared(coefficients @ features[k], values[k])
