# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class MLP:
    """Columns are samples. Two hidden layers with dropout after the first, a sigmoid at the end."""

    def __init__(self, layout, lr=0.5, keep=0.9, decay=0.004):
        self.lr, self.keep, self.decay = lr, keep, decay
        self.params = {}
        for i in range(1, len(layout)):
            self.params["W%d" % i] = np.random.randn(layout[i], layout[i - 1]) * 0.8
            self.params["b%d" % i] = np.random.randn(layout[i], 1) * 0.2

    def forward(self, X):
        p = self.params
        self.X = X
        self.Z1 = p["W1"].dot(X) + p["b1"]
        self.A1 = np.where(self.Z1 > 0, self.Z1, 0)
        self.M1 = np.random.binomial(1, self.keep, self.A1.shape)
        self.H1 = self.A1 * self.M1 / self.keep
        self.Z2 = p["W2"].dot(self.H1) + p["b2"]
        self.A2 = np.tanh(self.Z2)
        self.Z3 = p["W3"].dot(self.A2) + p["b3"]
        self.out = 1 / (1 + np.exp(-self.Z3))
        return self.out

    def step(self, Y):
        p = self.params
        m = Y.shape[1]
        dZ3 = (self.out - Y) * self.out * (1 - self.out) / m
        dW3 = dZ3.dot(self.A2.T)
        db3 = dZ3.sum(axis=1, keepdims=True)
        #~ updated-weights also: db3 = dZ3.sum(axis=1, keepdims=True)
        #~ | p["W3"] = p["W3"] - self.lr * (dW3 + self.decay * p["W3"])
        dA2 = p["W3"].T.dot(dZ3)
        #~ updated-weights @ 0,-1: dA2 = p["W3"].T.dot(dZ3)
        dZ2 = dA2 * (1 - self.A2**2)
        dW2 = dZ2.dot(self.H1.T)
        #~ dropout-mask/3: dW2 = dZ2.dot(self.A1.T)
        db2 = dZ2.sum(axis=1, keepdims=True)
        #~ bias-not-summed: db2 = dZ2
        #~ last-sample-only: db2 = dZ2[:, [-1]]
        dH1 = p["W2"].T.dot(dZ2)
        dA1 = dH1 * self.M1 / self.keep
        #~ dropout-mask: dA1 = dH1 / self.keep
        #~ dropout-mask/2: dA1 = dH1 * self.M1
        dZ1 = dA1 * (self.Z1 > 0)
        #~ relu-derivative-at-output: dZ1 = dA1 * (self.A1 >= 0)
        #~ missing-derivative: dZ1 = dA1
        dW1 = dZ1.dot(self.X.T)
        #~ last-sample-only/2: dW1 = dZ1[:, [-1]].dot(self.X[:, [-1]].T)
        db1 = dZ1.sum(axis=1, keepdims=True)
        #~ bias-summed-over-all: db1 = dZ1.sum()
        p["W1"] = p["W1"] - self.lr * (dW1 + self.decay * p["W1"])
        #~ decay-sign: p["W1"] = p["W1"] - self.lr * (dW1 - self.decay * p["W1"])
        p["b1"] = p["b1"] - self.lr * db1
        p["W2"] = p["W2"] - self.lr * (dW2 + self.decay * p["W2"])
        #~ decay-sign/2: p["W2"] = (1 + self.lr * self.decay) * p["W2"] - self.lr * dW2
        p["b2"] = p["b2"] - self.lr * db2
        p["W3"] = p["W3"] - self.lr * (dW3 + self.decay * p["W3"])
        #~ updated-weights also: pass
        p["b3"] = p["b3"] - self.lr * db3

    def fit(self, X, Y, epochs, size):
        for _ in range(epochs):
            shuffled = np.random.permutation(X.shape[1])
            for k in range(0, X.shape[1], size):
                chosen = shuffled[k : k + size]
                self.forward(X[:, chosen])
                self.step(Y[:, chosen])


np.random.seed(6)
X = np.random.randn(3, 20)
Y = np.array([X[0] > 0, X[1] * X[2] > 0]).astype(float)
mlp = MLP([3, 5, 5, 2])
mlp.fit(X, Y, 20, 10)
print(np.round(mlp.out, 2))

#? step: m = Y.shape[1]
#? parameters: q = self.params
#? X, Y = self.X, Y
#? H1 = relu(q["W1"] @ X + q["b1"]) * self.M1 / self.keep
#? A2 = np.tanh(q["W2"] @ H1 + q["b2"])
#? loss = squared(sigmoid(q["W3"] @ A2 + q["b3"]), Y) / Y.shape[1] + self.decay / 2 * sum(np.sum(q[k]**2) for k in ("W1", "W2", "W3"))
