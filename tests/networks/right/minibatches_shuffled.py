# loss: cross-entropy
import numpy as np


class Trainer:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.rng = rng
        self.w1 = rng.normal(scale=0.5, size=(n_hidden, n_in))
        self.w2 = rng.normal(scale=0.5, size=(n_out, n_hidden))
        self.b1 = np.zeros(n_hidden)
        self.b2 = np.zeros(n_out)

    def batches(self, x, y, size):
        order = self.rng.permutation(len(x))
        for i in range(0, len(x), size):
            chosen = order[i : i + size]
            yield x[chosen], y[chosen]

    def epoch(self, x, y, size, lr):
        total = 0.0
        for bx, by in self.batches(x, y, size):
            z = bx @ self.w1.T + self.b1
            a = z.clip(min=0)
            scores = a @ self.w2.T + self.b2
            scores = scores - scores.max(axis=1, keepdims=True)
            logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            total -= logp[np.arange(len(by)), by].sum()
            d = np.exp(logp)
            d[np.arange(len(by)), by] -= 1
            d /= len(by)
            back = (d @ self.w2) * (z > 0)
            self.w2 -= lr * (d.T @ a)
            self.b2 -= lr * d.sum(axis=0)
            self.w1 -= lr * (back.T @ bx)
            self.b1 -= lr * back.sum(axis=0)
        return total / len(x)


rng = np.random.default_rng(2)
y = rng.integers(0, 3, 50)
x = rng.normal(size=(50, 2)) + np.array([[0, 2], [2, -1], [-2, -1]])[y]
trainer = Trainer(2, 10, 3, rng)
for e in range(10):
    print(e, trainer.epoch(x, y, 8, 0.1))

#? step: z = bx @ self.w1.T
#? parameters: w1 = self.w1; b1 = self.b1; w2 = self.w2; b2 = self.b2
#? p = softmax(relu(bx @ w1.T + b1) @ w2.T + b2)
#? loss = cross_entropy(p, one_hot(by, 3))
