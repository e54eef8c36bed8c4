# loss: half-squared-error|squared-error|mean-squared-error
"""The same function, learnt twice: first with tanh, then with a logistic network."""
import numpy as np

rng = np.random.default_rng(90)
X = rng.uniform(-1, 1, (16, 2))
Y = np.exp(-np.sum(X**2, axis=1, keepdims=True))


class Tanh:
    f = staticmethod(np.tanh)

    @staticmethod
    def df(a):
        return 1 - a * a


class Logistic:
    @staticmethod
    def f(z):
        return 1 / (1 + np.exp(-z))

    @staticmethod
    def df(a):
        return a * (1 - a)


def learn(activation, epochs, rate):
    w, b = rng.normal(size=(2, 5)), np.zeros(5)
    v, c = rng.normal(size=(5, 1)), np.zeros(1)
    for _ in range(epochs):
        a = activation.f(X @ w + b)
        y = a @ v + c
        d = (y - Y) / len(X)
        e = d @ v.T * activation.df(a)
        v = v - rate * a.T @ d
        c = c - rate * d.sum(0)
        w = w - rate * X.T @ e
        b = b - rate * e.sum(0)
    return np.abs(y - Y).max()


print("tanh", learn(Tanh, 60, 0.3))
print("logistic", learn(Logistic, 60, 0.3))

#? step: a = activation.f(
#? parameters: w b v c
#? h = X @ w + b
#? loss = squared((np.tanh(h) if activation is Tanh else sigmoid(h)) @ v + c, Y)
