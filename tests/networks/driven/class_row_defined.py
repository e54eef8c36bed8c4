# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class NeuralNetwork:
    """Two layers of sigmoid units; call `train` once for each batch."""

    def __init__(self, n_inputs, n_hidden, n_outputs, learning_rate=0.1):
        self.w1 = np.random.randn(n_inputs, n_hidden)
        self.b1 = np.random.randn(n_hidden)
        self.w2 = np.random.randn(n_hidden, n_outputs)
        self.b2 = np.random.randn(n_outputs)
        self.learning_rate = learning_rate

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def sigmoid_derivative(self, z):
        return self.sigmoid(z) * (1 - self.sigmoid(z))

    def forward(self, X):
        self.z1 = X @ self.w1 + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = self.a1 @ self.w2 + self.b2
        self.a2 = self.sigmoid(self.z2)
        return self.a2

    def train(self, X, y):
        output = self.forward(X)
        delta2 = (output - y) * self.sigmoid_derivative(self.z2)
        #~ derivative-at-activation: delta2 = (output - y) * self.sigmoid_derivative(self.a2)
        #~ updated-weights also: delta2 = (output - y) * self.sigmoid_derivative(self.z2)
        #~ | self.w2 -= self.learning_rate * self.a1.T @ delta2
        delta1 = delta2 @ self.w2.T * self.sigmoid_derivative(self.z1)
        #~ updated-weights @ 0,-1: delta1 = delta2 @ self.w2.T * self.sigmoid_derivative(self.z1)
        #~ missing-derivative: delta1 = delta2 @ self.w2.T
        self.w2 -= self.learning_rate * self.a1.T @ delta2
        #~ updated-weights also: pass
        self.b2 -= self.learning_rate * delta2.sum(axis=0)
        self.w1 -= self.learning_rate * X.T @ delta1
        #~ sign-error: self.w1 += self.learning_rate * X.T @ delta1
        self.b1 -= self.learning_rate * delta1.sum(axis=0)
        #~ bias-summed-over-all: self.b1 -= self.learning_rate * delta1.sum()
        #~ parameter-never-updated delete @ -1,0,`self.b1 = `:

#> rng = np.random.RandomState(5)
#> np.random.seed(6)
#> net, data, goals = NeuralNetwork(3, 4, 2), rng.randn(8, 3), rng.rand(8, 2)
#> for _ in range(8):
#>     net.train(data, goals)
#? step: output = self.forward(X)
#? parameters: w1 = self.w1; b1 = self.b1; w2 = self.w2; b2 = self.b2
#? loss = squared(sigmoid(sigmoid(X @ w1 + b1) @ w2 + b2), y)
