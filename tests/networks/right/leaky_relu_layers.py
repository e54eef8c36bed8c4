# loss: binary-cross-entropy
import numpy as np


class Module:
    def params(self):
        return []


class Linear(Module):
    def __init__(self, i, o):
        self.W = np.random.uniform(-1, 1, (o, i)) * np.sqrt(3 / i)
        self.b = np.zeros((o, 1))

    def __call__(self, X):
        self.X = X
        return self.W @ X + self.b

    def grad(self, G):
        self.dW = G @ self.X.T
        self.db = G.sum(axis=1, keepdims=True)
        return self.W.T @ G

    def params(self):
        return [(self.W, self.dW), (self.b, self.db)]


class Leaky(Module):
    def __call__(self, X):
        self.scale = np.where(X > 0, 1.0, 0.2)
        return X * self.scale

    def grad(self, G):
        return G * self.scale


class SigmoidBCE:
    def __call__(self, Z, Y):
        self.P, self.Y = 1 / (1 + np.exp(-Z)), Y
        return -np.mean(Y * np.log(self.P) + (1 - Y) * np.log(1 - self.P))

    def grad(self):
        return (self.P - self.Y) / self.Y.size


np.random.seed(64)
chain = [Linear(2, 6), Leaky(), Linear(6, 4), Leaky(), Linear(4, 1)]
criterion = SigmoidBCE()
X = np.random.randn(2, 30)
Y = (X[:1] > np.sin(2 * X[1:])) * 1.0
for epoch in range(100):
    Z = X
    for module in chain:
        Z = module(Z)
    loss = criterion(Z, Y)
    G = criterion.grad()
    for module in chain[::-1]:
        G = module.grad(G)
    for module in chain:
        for p, dp in module.params():
            p -= 0.3 * dp
print(loss)

#? step: Z = X
#? parameters: w1 = chain[0].W; b1 = chain[0].b; w2 = chain[2].W; b2 = chain[2].b; w3 = chain[4].W; b3 = chain[4].b
#? h = leaky_relu(w2 @ leaky_relu(w1 @ X + b1, 0.2) + b2, 0.2)
#? loss = bce(sigmoid(w3 @ h + b3), Y)
