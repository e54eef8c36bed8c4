# loss: binary-cross-entropy
import numpy as np


def train(shape, data, epochs, rate, seed):
    rng = np.random.default_rng(seed)
    net = [[rng.normal(0, 0.8, (n + 1, m))] for n, m in zip(shape, shape[1:])]
    for _ in range(epochs):
        for x, t in data:
            signals = [np.append(x, 1.0)]
            for depth, (w,) in enumerate(net):
                a = 1 / (1 + np.exp(-signals[-1] @ w))
                signals.append(a if depth == len(net) - 1 else np.append(a, 1.0))
            delta = signals[-1] - t
            for depth in range(len(net) - 1, -1, -1):
                w = net[depth][0]
                change = np.multiply.outer(signals[depth], delta)
                if depth:
                    inner = signals[depth][:-1]
                    delta = w[:-1] @ delta * inner * (1 - inner)
                net[depth][0] = w - rate * change
    return net


rng = np.random.default_rng(3)
data = [(x, np.array([x[0] > 0, x[1] > x[2], x.sum() > 0], float)) for x in rng.normal(size=(15, 3))]
net = train([3, 5, 4, 3], data, 12, 0.3, 8)
print([w.shape for (w,) in net])

#? step: signals = [np.append(x, 1.0)]
#? parameters: w = [layer[0] for layer in net]
#? a = sigmoid(x @ w[0][:3] + w[0][3])
#? a = sigmoid(a @ w[1][:5] + w[1][5])
#? loss = bce(sigmoid(a @ w[2][:4] + w[2][4]), t)
