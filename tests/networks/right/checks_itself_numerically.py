# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Net:
    def __init__(self, seed):
        r = np.random.RandomState(seed)
        self.W1, self.b1 = r.randn(4, 2), r.randn(4, 1)
        self.W2, self.b2 = r.randn(2, 4), r.randn(2, 1)

    def parameters(self):
        return [self.W1, self.b1, self.W2, self.b2]

    def loss(self, X, Y):
        self.A1 = np.tanh(self.W1 @ X + self.b1)
        self.A2 = 1 / (1 + np.exp(-(self.W2 @ self.A1 + self.b2)))
        return 0.5 * np.sum((self.A2 - Y) ** 2)

    def gradients(self, X, Y):
        self.loss(X, Y)
        d2 = (self.A2 - Y) * self.A2 * (1 - self.A2)
        d1 = self.W2.T @ d2 * (1 - self.A1**2)
        return [d1 @ X.T, d1.sum(1, keepdims=True), d2 @ self.A1.T, d2.sum(1, keepdims=True)]

    def largest_difference(self, X, Y, h=1e-5):
        worst = 0.0
        for p, g in zip(self.parameters(), self.gradients(X, Y)):
            for index in np.ndindex(p.shape):
                kept = p[index]
                p[index] = kept + h
                above = self.loss(X, Y)
                p[index] = kept - h
                below = self.loss(X, Y)
                p[index] = kept
                worst = max(worst, abs((above - below) / (2 * h) - g[index]))
        return worst


r = np.random.RandomState(28)
X, Y = r.randn(2, 6), r.rand(2, 6)
net = Net(27)
print("before training:", net.largest_difference(X, Y))
for k in range(40):
    grads = net.gradients(X, Y)
    for p, g in zip(net.parameters(), grads):
        p -= 0.3 * g
print("after training:", net.largest_difference(X, Y))

#? step: grads = net.gradients(X, Y)
#? parameters: q = net.parameters()
#? loss = squared(sigmoid(q[2] @ np.tanh(q[0] @ X + q[1]) + q[3]), Y)
