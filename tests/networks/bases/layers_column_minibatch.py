# loss: half-squared-error|squared-error|mean-squared-error
"""Each layer updates itself on its way back; samples are columns."""
import numpy as np

np.random.seed(31)
PENALTY = 0.01


class FullyConnected:
    def __init__(self, inputs, outputs):
        self.W = np.random.standard_normal((outputs, inputs)) / np.sqrt(inputs)
        self.b = np.random.standard_normal((outputs, 1)) * 0.1

    def forward(self, X):
        self.X = X
        return self.W @ X + self.b

    def backward(self, dY, lr):
        dX = self.W.T @ dY
        dW = dY @ self.X.T
        #~ last-sample-only/2: dW = dY @ np.tile(self.X[:, -1:], self.X.shape[1]).T
        db = dY.sum(axis=1, keepdims=True)
        #~ bias-not-summed: db = dY
        #~ bias-summed-over-all: db = dY.sum()
        #~ last-sample-only: db = dY[:, -1:]
        self.W = self.W - lr * (dW + PENALTY * self.W)
        #~ decay-sign: self.W = self.W - lr * (dW - PENALTY * self.W)
        #~ decay-sign/2: self.W = self.W - lr * dW + PENALTY * self.W
        self.b = self.b - lr * db
        return dX


class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, Z):
        self.Z = Z
        return np.where(Z > 0, Z, self.slope * Z)

    def backward(self, dA, lr):
        return dA * np.where(self.Z > 0, 1.0, self.slope)
        #~ missing-derivative: return dA


class ReLU:
    def forward(self, Z):
        self.A = Z * (Z > 0)
        self.Z = Z
        return self.A

    def backward(self, dA, lr):
        dZ = dA.copy()
        dZ[self.Z <= 0] = 0
        #~ relu-derivative-at-output: dZ[self.A < 0] = 0
        return dZ


class Drop:
    def __init__(self, keep):
        self.keep = keep

    def forward(self, A):
        self.mask = np.random.random_sample(A.shape) < self.keep
        return np.multiply(A, self.mask) / self.keep

    def backward(self, dA, lr):
        return np.multiply(dA, self.mask) / self.keep
        #~ dropout-mask: return dA / self.keep
        #~ dropout-mask/2: return np.multiply(dA, self.mask)


class Sequential:
    def __init__(self, *stack):
        self.stack = stack

    def train(self, X, Y, lr):
        A = X
        for part in self.stack:
            A = part.forward(A)
        grad = 2 * (A - Y) / Y.shape[1]
        for part in self.stack[::-1]:
            grad = part.backward(grad, lr)
        return np.mean((A - Y) ** 2)


X = np.random.randn(2, 16)
Y = np.vstack([X[0] * X[1], X[0] - X[1], X[0] ** 2])
model = Sequential(
    FullyConnected(2, 6), LeakyReLU(), Drop(0.8), FullyConnected(6, 5), ReLU(), FullyConnected(5, 3)
)
errors = []
for epoch in range(20):
    for i in range(0, 16, 8):
        errors.append(model.train(X[:, i : i + 8], Y[:, i : i + 8], 0.05))
print(errors[0], errors[-1])

#? step: grad = 2 * (A - Y) / Y.shape[1]
#? parameters: w1 = self.stack[0].W; b1 = self.stack[0].b; w2 = self.stack[3].W; b2 = self.stack[3].b; w3 = self.stack[5].W; b3 = self.stack[5].b
#? h1 = leaky_relu(w1 @ X + b1, 0.1) * self.stack[2].mask / 0.8
#? loss = 2 * squared(w3 @ relu(w2 @ h1 + b2) + b3, Y) / 8 + PENALTY / 2 * (np.sum(w1**2) + np.sum(w2**2) + np.sum(w3**2))
