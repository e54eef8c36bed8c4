# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class RNN:
    """Predicts the next value of a series from those before it."""

    def __init__(self, hidden, seed=3):
        rng = np.random.RandomState(seed)
        self.U = rng.uniform(-0.6, 0.6, (1, hidden))
        self.W = rng.uniform(-0.6, 0.6, (hidden, hidden))
        self.V = rng.uniform(-0.6, 0.6, (hidden, 1))
        self.b = rng.uniform(-0.1, 0.1, hidden)
        self.c = rng.uniform(-0.1, 0.1, 1)

    def forward(self, series):
        self.inputs = series
        self.states = []
        state = np.zeros(self.W.shape[0])
        predictions = []
        for value in series:
            state = np.tanh(value * self.U[0] + state @ self.W + self.b)
            self.states.append(state)
            predictions.append(state @ self.V + self.c)
        return np.array(predictions)

    def backward(self, errors):
        self.gU, self.gW, self.gV = [np.zeros_like(p) for p in (self.U, self.W, self.V)]
        self.gb, self.gc = np.zeros_like(self.b), np.zeros_like(self.c)
        back = np.zeros(len(self.b))
        for t in range(len(errors) - 1, -1, -1):
            self.gV += np.outer(self.states[t], errors[t])
            #~ wrong-index: self.gV += np.outer(self.states[t - 1], errors[t])
            self.gc += errors[t]
            back = back + errors[t] @ self.V.T
            #~ no-flow-through-time: back = errors[t] @ self.V.T
            back = back * (1 - self.states[t] ** 2)
            #~ missing-derivative delete @ -1,0:
            self.gU[0] += self.inputs[t] * back
            self.gb += back
            #~ bias-summed-over-all: self.gb += np.sum(back)
            if t > 0:
                self.gW += np.outer(self.states[t - 1], back)
                #~ wrong-index/2: self.gW += np.outer(self.states[t], back)
            back = self.W @ back
            #~ wrong-transpose: back = self.W.T @ back

    def step(self, lr):
        for name in ("U", "W", "V", "b", "c"):
            parameter = getattr(self, name)
            parameter -= lr * getattr(self, "g" + name)
            #~ sign-error: parameter += lr * getattr(self, "g" + name)
            #~ update-missing: parameter = parameter - lr * getattr(self, "g" + name)

    def fit(self, series, epochs, lr):
        for epoch in range(epochs):
            errors = self.forward(series[:-1]) - series[1:, None]
            #~ target-unused: errors = self.forward(series[:-1])
            self.backward(errors / len(errors))
            self.step(lr)
        return np.mean(errors**2)


wave = np.sin(np.arange(12) * 0.7)
print(RNN(4).fit(wave, 40, 0.2))

#? step: errors = self.forward
#? parameters: U = self.U; W = self.W; V = self.V; b = self.b; c = self.c
#? h, loss = np.zeros(4), 0
#? for x, y in zip(series[:-1], series[1:]):
#?     h = np.tanh(x * U[0] + h @ W + b)
#?     loss = loss + squared(h @ V + c, y)
