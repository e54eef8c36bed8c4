# loss: cross-entropy
import numpy as np


def softmax(z):
    z = z - np.max(z, axis=-1, keepdims=True)
    numerator = np.exp(z)
    return numerator / np.sum(numerator, axis=-1, keepdims=True)


class MLP:
    def __init__(self, d, h, c):
        g = np.random.default_rng(44)
        self.w1, self.w2 = g.normal(0, 0.5, (d, h)), g.normal(0, 0.5, (h, c))
        self.b1, self.b2 = np.zeros((1, h)), np.zeros((1, c))

    def __call__(self, x):
        self.h = np.tanh(x @ self.w1 + self.b1)
        return softmax(self.h @ self.w2 + self.b2)

    def backward(self, x, probabilities, onehot):
        delta = (probabilities - onehot) / x.shape[0]
        self.gw2 = self.h.T @ delta
        self.gb2 = delta.sum(axis=0, keepdims=True)
        delta = (delta @ self.w2.T) * (1 - np.square(self.h))
        self.gw1 = x.T @ delta
        self.gb1 = delta.sum(axis=0, keepdims=True)

    def descend(self, lr):
        self.w1 -= lr * self.gw1
        self.b1 -= lr * self.gb1
        self.w2 -= lr * self.gw2
        self.b2 -= lr * self.gb2


g = np.random.default_rng(45)
x = g.normal(size=(60, 2))
label = (np.hypot(x[:, 0], x[:, 1]) > 1).astype(int) + (x[:, 0] > 1)
onehot = np.zeros((60, 3))
onehot[np.arange(60), label] = 1
mlp = MLP(2, 8, 3)
for epoch in range(100):
    probabilities = mlp(x)
    mlp.backward(x, probabilities, onehot)
    mlp.descend(0.5)
    if epoch % 25 == 0:
        print("accuracy", (probabilities.argmax(1) == label).mean())

#? step: probabilities = mlp(x)
#? parameters: w1 = mlp.w1; b1 = mlp.b1; w2 = mlp.w2; b2 = mlp.b2
#? loss = cross_entropy(softmax(np.tanh(x @ w1 + b1) @ w2 + b2), onehot)
