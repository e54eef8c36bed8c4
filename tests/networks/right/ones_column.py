# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.RandomState(7)
raw = rng.rand(12, 2)
desired = np.column_stack((raw.max(axis=1), raw.min(axis=1)))
data = np.hstack((np.ones((raw.shape[0], 1)), raw))

theta1 = rng.uniform(-1, 1, (3, 4))
theta2 = rng.uniform(-1, 1, (5, 2))
rate = 0.2

def g(z):
    return 1 / (1 + np.exp(-z))

def g_prime(z):
    return g(z) * (1 - g(z))

for i in range(150):
    z2 = data.dot(theta1)
    a2 = np.hstack((np.ones((data.shape[0], 1)), g(z2)))
    z3 = a2.dot(theta2)
    a3 = g(z3)
    delta3 = (a3 - desired) * g_prime(z3)
    delta2 = delta3.dot(theta2[1:].T) * g_prime(z2)
    theta2 = theta2 - rate * a2.T.dot(delta3)
    theta1 = theta1 - rate * data.T.dot(delta2)

print("mean error", abs(a3 - desired).mean())

#? step: z2 = data.dot(theta1)
#? parameters: theta1 theta2
#? a2 = np.concatenate([np.ones((12, 1)), sigmoid(data @ theta1)], axis=1)
#? loss = squared(sigmoid(a2 @ theta2), desired)
