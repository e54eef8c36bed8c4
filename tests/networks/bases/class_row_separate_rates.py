# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

WEIGHT_RATE = 0.1
BIAS_RATE = 0.02


class Regressor:
    def __init__(self, sizes):
        r = np.random.RandomState(13)
        self.weights = [r.randn(m, n) * 0.7 for m, n in zip(sizes, sizes[1:])]
        self.biases = [r.randn(n) * 0.1 for n in sizes[1:]]

    def step(self, x, t):
        values = [x]
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            z = values[-1] @ w + b
            values.append(z if i == len(self.weights) - 1 else np.tanh(z))
        error = values[-1] - t
        delta = error / len(x)
        for i in range(len(self.weights) - 1, -1, -1):
            below = delta @ self.weights[i].T * (1 - values[i] ** 2)
            #~ missing-derivative @ 0,`delta = below`: below = delta @ self.weights[i].T
            self.weights[i] -= WEIGHT_RATE * values[i].T @ delta
            #~ wrong-index/2: self.weights[i] -= WEIGHT_RATE * values[i][::-1].T @ delta
            self.biases[i] -= BIAS_RATE * delta.sum(axis=0)
            #~ bias-summed-over-all: self.biases[i] -= BIAS_RATE * delta.sum()
            #~ parameter-never-updated delete @ -1,0,`self.biases = `:
            delta = below
        return np.abs(error).max()


r = np.random.RandomState(14)
x = r.randn(20, 2)
t = np.stack([x[:, 0] * x[:, 1], x[:, 0] - x[:, 1]], axis=1)
net = Regressor([2, 5, 4, 2])
worst = [net.step(x, t) for _ in range(80)]
print(worst[0], worst[-1])

#? step: values = [x]
#? parameters: w = self.weights; b0 = self.biases[0]; b1 = self.biases[1]; b2 = self.biases[2]
#? update: own rates
#? h = np.tanh(np.tanh(x @ w[0] + b0) @ w[1] + b1)
#? loss = squared(h @ w[2] + b2, t) / len(x)
