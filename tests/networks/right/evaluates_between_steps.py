# loss: half-squared-error|squared-error|mean-squared-error
"""Between steps the network is asked about other data, many times, with the same functions."""
import numpy as np


class Net:
    def __init__(self, rng):
        self.layers = [[rng.normal(size=(n, m)) * 0.8, np.zeros(m)] for n, m in ((2, 6), (6, 6), (6, 1))]

    def predict(self, x):
        self.values = [x]
        for w, b in self.layers:
            self.values.append(np.tanh(self.values[-1] @ w + b))
        return self.values[-1]

    def learn(self, x, t, rate):
        delta = (self.predict(x) - t) * (1 - self.values[-1] ** 2)
        for k in (2, 1, 0):
            w, b = self.layers[k]
            down = delta @ w.T * (1 - self.values[k] ** 2)
            self.layers[k] = [w - rate * self.values[k].T @ delta, b - rate * delta.sum(axis=0)]
            delta = down


rng = np.random.default_rng(93)
X = rng.uniform(-1, 1, (20, 2))
T = np.sign(X[:, :1] * X[:, 1:]) * 0.8
grid = np.array([[a, b] for a in np.linspace(-1, 1, 5) for b in np.linspace(-1, 1, 5)])
net = Net(rng)
for epoch in range(30):
    before = np.mean((net.predict(X) - T) ** 2)
    surface = net.predict(grid).reshape(5, 5)
    for part in (slice(0, 10), slice(10, 20)):
        net.learn(X[part], T[part], 0.02)
        after = np.mean((net.predict(X) - T) ** 2)
    if epoch % 10 == 0:
        print(epoch, before, after, surface.min())

#? step: net.learn(X[part], T[part], 0.02)
#? parameters: p = [q for layer in net.layers for q in layer]
#? h = np.tanh(np.tanh(X[part] @ p[0] + p[1]) @ p[2] + p[3])
#? loss = squared(np.tanh(h @ p[4] + p[5]), T[part])
