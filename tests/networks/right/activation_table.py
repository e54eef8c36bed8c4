# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

FUNCTIONS = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "relu": (lambda z: z * (z > 0), lambda z, a: (z > 0) * 1.0),
    "swish": (
        lambda z: z / (1 + np.exp(-z)),
        lambda z, a: a + (1 - a) / (1 + np.exp(-z)),
    ),
    "linear": (lambda z: z, lambda z, a: np.ones_like(z)),
}


class FeedForward:
    def __init__(self, spec, seed):
        r = np.random.default_rng(seed)
        self.layers = []
        for (n, _), (m, name) in zip(spec, spec[1:]):
            self.layers.append({"W": r.normal(0, 0.6, (m, n)), "b": np.zeros((m, 1)), "kind": name})

    def run(self, a):
        trace = [(None, a)]
        for layer in self.layers:
            z = layer["W"] @ a + layer["b"]
            a = FUNCTIONS[layer["kind"]][0](z)
            trace.append((z, a))
        return trace

    def train(self, X, Y, rate):
        trace = self.run(X)
        g = trace[-1][1] - Y
        for k in range(len(self.layers) - 1, -1, -1):
            layer, (z, a) = self.layers[k], trace[k + 1]
            g = g * FUNCTIONS[layer["kind"]][1](z, a)
            step_W, step_b = g @ trace[k][1].T, g.sum(axis=1, keepdims=True)
            g = layer["W"].T @ g
            layer["W"] -= rate * step_W
            layer["b"] -= rate * step_b


r = np.random.default_rng(1)
X = r.normal(size=(3, 12))
Y = np.vstack([X[0] * X[1], np.maximum(X[1], X[2])])
net = FeedForward([(3, None), (5, "sigmoid"), (4, "tanh"), (4, "relu"), (4, "swish"), (2, "linear")], 6)
for i in range(80):
    net.train(X, Y, 0.02)
print(np.mean((net.run(X)[-1][1] - Y) ** 2))

#? step: trace = self.run(X)
#? parameters: W = [l["W"] for l in self.layers]; b = [l["b"] for l in self.layers]
#? a = sigmoid(W[0] @ X + b[0])
#? a = relu(W[2] @ np.tanh(W[1] @ a + b[1]) + b[2])
#? z = W[3] @ a + b[3]
#? loss = squared(W[4] @ (z * sigmoid(z)) + b[4], Y)
