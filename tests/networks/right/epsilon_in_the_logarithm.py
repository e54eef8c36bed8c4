# loss: binary-cross-entropy
import numpy as np

EPS = 1e-8
np.random.seed(57)


class Net:
    def __init__(self):
        self.W1, self.b1 = np.random.randn(4, 2), np.zeros((4, 1))
        self.W2, self.b2 = np.random.randn(1, 4), np.zeros((1, 1))

    def forward(self, X):
        self.Z1 = self.W1 @ X + self.b1
        self.A1 = np.tanh(self.Z1)
        self.Z2 = self.W2 @ self.A1 + self.b2
        self.A2 = 1 / (1 + np.exp(-np.clip(self.Z2, -500, 500)))
        return self.A2

    def loss(self, Y):
        return -np.mean(Y * np.log(self.A2 + EPS) + (1 - Y) * np.log(1 - self.A2 + EPS))

    def backward(self, X, Y):
        m = X.shape[1]
        dA2 = -(Y / (self.A2 + EPS)) + (1 - Y) / (1 - self.A2 + EPS)
        dZ2 = dA2 * self.A2 * (1 - self.A2)
        dW2 = dZ2 @ self.A1.T / m
        db2 = dZ2.sum(axis=1, keepdims=True) / m
        dZ1 = self.W2.T @ dZ2 * (1 - self.A1**2)
        return dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m, dW2, db2


X = np.random.randn(2, 30)
Y = (X[:1] - X[1:] > 0.3).astype(float)
net = Net()
for i in range(60):
    net.forward(X)
    dW1, db1, dW2, db2 = net.backward(X, Y)
    net.W1 -= 0.5 * dW1
    net.b1 -= 0.5 * db1
    net.W2 -= 0.5 * dW2
    net.b2 -= 0.5 * db2
print(net.loss(Y))

#? step: net.forward(X)
#? parameters: w = net.W1; b = net.b1; v = net.W2; c = net.b2
#? a = sigmoid(v @ np.tanh(w @ X + b) + c)
#? loss = bce(a, Y)
