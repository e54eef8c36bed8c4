# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Swish:
    def forward(self, z):
        self.z, self.s = z, 1 / (1 + np.exp(-z))
        return z * self.s

    def backward(self, g):
        return g * (self.s + self.z * self.s * (1 - self.s))


class Linear:
    def __init__(self, n, m, generator):
        self.theta = generator.normal(0, 0.6, (n + 1, m))

    def forward(self, x):
        self.x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
        return self.x @ self.theta

    def backward(self, g):
        self.grad = self.x.T @ g
        return g @ self.theta[:-1].T


generator = np.random.default_rng(97)
parts = [Linear(1, 8, generator), Swish(), Linear(8, 1, generator)]
x = generator.uniform(-3, 3, (40, 1))
y = x * np.sin(x)
for epoch in range(12):
    generator.shuffle(order := np.arange(40))
    for chosen in np.split(order, 5):
        signal = x[chosen]
        for part in parts:
            signal = part.forward(signal)
        g = (signal - y[chosen]) / len(chosen)
        for part in reversed(parts):
            g = part.backward(g)
        for part in parts[::2]:
            part.theta -= 0.02 * part.grad

#? step: signal = x[chosen]
#? parameters: a = parts[0].theta; b = parts[2].theta
#? z = x[chosen] @ a[:1] + a[1]
#? loss = squared((z * sigmoid(z)) @ b[:-1] + b[-1], y[chosen])
