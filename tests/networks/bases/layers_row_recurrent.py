# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Recurrent:
    def __init__(self, features, units, rng):
        self.Wx = rng.normal(0, 0.5, (features, units))
        self.Wh = rng.normal(0, 0.5, (units, units))
        self.b = rng.normal(0, 0.1, units)

    def forward(self, x):
        """(samples, steps, features) to (samples, steps, units)."""
        self.x = x
        samples, steps, _ = x.shape
        self.h = np.zeros((samples, steps + 1, self.Wh.shape[0]))
        for t in range(steps):
            self.h[:, t] = np.tanh(x[:, t] @ self.Wx + self.h[:, t - 1] @ self.Wh + self.b)
        return self.h[:, :-1]

    def backward(self, grad):
        self.dWx, self.dWh, self.db = 0, 0, 0
        flow = 0
        for t in range(grad.shape[1] - 1, -1, -1):
            local = (grad[:, t] + flow) * (1 - self.h[:, t] ** 2)
            #~ no-flow-through-time: local = grad[:, t] * (1 - self.h[:, t] ** 2)
            #~ missing-derivative: local = grad[:, t] + flow
            #~ derivative-at-activation: local = (grad[:, t] + flow) * (1 - self.h[:, t - 1] ** 2)
            self.dWx = self.dWx + self.x[:, t].T @ local
            self.dWh = self.dWh + self.h[:, t - 1].T @ local
            #~ wrong-index/2: self.dWh = self.dWh + self.h[:, t].T @ local
            self.db = self.db + local.sum(axis=0)
            #~ bias-not-summed: self.db = self.db + local
            #~ bias-summed-over-all: self.db = self.db + local.sum()
            flow = local @ self.Wh.T
            #~ wrong-transpose: flow = local @ self.Wh

    def update(self, lr):
        self.Wx = self.Wx - lr * self.dWx
        self.Wh = self.Wh - lr * self.dWh
        self.b = self.b - lr * self.db
        #~ sign-error: self.b = self.b + lr * self.db


class TimeDense:
    def __init__(self, units, outputs, rng):
        self.W = rng.normal(0, 0.5, (units, outputs))
        self.b = rng.normal(0, 0.1, outputs)

    def forward(self, h):
        self.h = h
        return h @ self.W + self.b

    def backward(self, grad):
        self.dW = np.einsum("ntu,nto->uo", self.h, grad)
        self.db = grad.sum(axis=(0, 1))
        #~ bias-summed-over-all/2: self.db = grad.sum()
        return grad @ self.W.T

    def update(self, lr):
        self.W = self.W - lr * self.dW
        self.b = self.b - lr * self.db


rng = np.random.default_rng(8)
data = rng.normal(size=(6, 5, 2))
goal = np.stack([data[..., 0] * np.roll(data[..., 1], 1, axis=1), data.sum(axis=2)], axis=2)
cell, head = Recurrent(2, 4, rng), TimeDense(4, 2, rng)

for epoch in range(40):
    predicted = head.forward(cell.forward(data))
    difference = predicted - goal
    #~ target-unused: difference = predicted - predicted.mean(axis=0)
    cell.backward(head.backward(difference / difference.size))
    for layer in (cell, head):
        layer.update(0.5)
print(np.mean(difference**2))

#? step: predicted = head.forward(cell.forward(data))
#? parameters: Wx = cell.Wx; Wh = cell.Wh; b = cell.b; W = head.W; c = head.b
#? h, loss = np.zeros((6, 4)), 0
#? for k in range(5):
#?     h = np.tanh(data[:, k] @ Wx + h @ Wh + b)
#?     loss = loss + squared(h @ W + c, goal[:, k])
