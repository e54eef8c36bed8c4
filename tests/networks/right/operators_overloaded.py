# loss: binary-cross-entropy
import numpy as np


class Weights:
    """An array that knows how to be stepped: w -= (rate, gradient)."""

    def __init__(self, array):
        self.array = array

    def __isub__(self, step):
        rate, gradient = step
        self.array = self.array - rate * gradient
        return self

    def __matmul__(self, x):
        return self.array @ x

    @property
    def T(self):
        return self.array.T


rng = np.random.default_rng(39)
first, second = Weights(rng.normal(size=(5, 3))), Weights(rng.normal(size=(2, 5)))
x = np.vstack([rng.normal(size=(2, 20)), np.ones((1, 20))])
t = np.vstack([x[0] > 0, x[0] > x[1]]).astype(float)
for _ in range(60):
    h = np.tanh(first @ x)
    y = 1 / (1 + np.exp(-(second @ h)))
    d2 = (y - t) / 20
    d1 = second.T @ d2 * (1 - h**2)
    second -= 0.5, d2 @ h.T
    first -= 0.5, d1 @ x.T
print(((y > 0.5) == t).mean())

#? step: h = np.tanh(first @ x)
#? parameters: a = first.array; b = second.array
#? loss = bce(sigmoid(b @ np.tanh(a @ x)), t)
