"""A network in a class, which learns a sine. It does learn it, and has a mistake: `chainrule check` says where."""

import numpy as np


class SineNetwork:
    """One input, a hidden layer of tanh, one linear output."""

    def __init__(self, units, rng):
        self.w1 = rng.normal(scale=0.5, size=(1, units))
        self.b1 = np.zeros(units)
        self.w2 = rng.normal(scale=0.5, size=(units, 1))
        self.b2 = np.zeros(1)

    def predict(self, x):
        """The outputs, (samples, 1), for inputs (samples, 1)."""
        self.hidden = np.tanh(x @ self.w1 + self.b1)
        return self.hidden @ self.w2 + self.b2

    def learn(self, x, t, rate):
        """One step of gradient descent; the loss before it."""
        error = (self.predict(x) - t) / len(x)
        self.w2 -= rate * self.hidden.T @ error
        self.b2 -= rate * error.sum(axis=0)
        hidden_error = error @ self.w2.T * (1 - self.hidden**2)
        self.w1 -= rate * x.T @ hidden_error
        self.b1 -= rate * hidden_error.sum(axis=0)
        return 0.5 * len(x) * np.sum(error**2)


if __name__ == "__main__":
    network = SineNetwork(8, np.random.default_rng(1))
    x = np.linspace(-3, 3, 40)[:, None]
    for epoch in range(3001):
        loss = network.learn(x, np.sin(x), rate=0.2)
        if epoch % 1000 == 0:
            print(f"Epoch: {epoch}, Loss: {loss:.6f}")
