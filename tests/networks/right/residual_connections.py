# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Block:
    """x + f(x w + b) v: the gradient comes back on both ways."""

    def __init__(self, width, inner, rng):
        self.w = rng.normal(0, 0.5, (width, inner))
        self.b = np.zeros(inner)
        self.v = rng.normal(0, 0.5, (inner, width))

    def forward(self, x):
        self.x = x
        self.z = x @ self.w + self.b
        self.a = np.maximum(self.z, 0)
        return x + self.a @ self.v

    def backward(self, g):
        self.gv = self.a.T @ g
        gz = (g @ self.v.T) * (self.z > 0)
        self.gw, self.gb = self.x.T @ gz, gz.sum(axis=0)
        return g + gz @ self.w.T

    def step(self, rate):
        for name in ("w", "b", "v"):
            setattr(self, name, getattr(self, name) - rate * getattr(self, "g" + name))


rng = np.random.default_rng(80)
blocks = [Block(3, 5, rng) for _ in range(3)]
x = rng.normal(size=(14, 3))
t = x[:, ::-1] * np.abs(x)
for i in range(60):
    y = x
    for block in blocks:
        y = block.forward(y)
    g = (y - t) / len(x)
    for block in blocks[::-1]:
        g = block.backward(g)
    for block in blocks:
        block.step(0.02)
print(np.mean((y - t) ** 2))

#? step: y = x
#? parameters: w = [k.w for k in blocks]; b = [k.b for k in blocks]; v = [k.v for k in blocks]
#? y = x
#? for i in range(3):
#?     y = y + relu(y @ w[i] + b[i]) @ v[i]
#? loss = squared(y, t)
