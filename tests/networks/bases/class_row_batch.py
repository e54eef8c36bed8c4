# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class NeuralNetwork:
    """Three layers, tanh inside and a sigmoid at the end, trained on whole batches."""

    def __init__(self, sizes, learning_rate, seed):
        rng = np.random.default_rng(seed)
        n0, n1, n2, n3 = sizes
        self.W1 = rng.normal(0, 0.7, (n0, n1))
        self.b1 = rng.normal(0, 0.2, n1)
        self.W2 = rng.normal(0, 0.7, (n1, n2))
        self.b2 = rng.normal(0, 0.2, n2)
        self.W3 = rng.normal(0, 0.7, (n2, n3))
        self.b3 = rng.normal(0, 0.2, n3)
        self.lr = learning_rate

    @staticmethod
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    @staticmethod
    def sigmoid_derivative(z):
        return NeuralNetwork.sigmoid(z) * (1 - NeuralNetwork.sigmoid(z))

    @staticmethod
    def tanh_derivative(z):
        return 1 - np.tanh(z) ** 2

    def forward(self, X):
        self.X = X
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.tanh(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = np.tanh(self.z2)
        self.z3 = self.a2 @ self.W3 + self.b3
        self.a3 = self.sigmoid(self.z3)
        return self.a3

    def backward(self, y):
        m = len(y)
        diff = self.a3 - y
        #~ target-unused: diff = self.a3 - self.a3.mean(axis=0)
        delta3 = diff * self.sigmoid_derivative(self.z3)
        #~ derivative-at-activation: delta3 = diff * self.sigmoid_derivative(self.a3)
        #~ updated-weights also: delta3 = diff * self.sigmoid_derivative(self.z3)
        #~ | self.W3 -= self.lr * self.a2.T @ delta3 / m
        delta2 = delta3 @ self.W3.T * self.tanh_derivative(self.z2)
        #~ derivative-at-activation/2: delta2 = delta3 @ self.W3.T * self.tanh_derivative(self.a2)
        #~ raw-error-backpropagated: delta2 = diff @ self.W3.T * self.tanh_derivative(self.z2)
        #~ updated-weights @ 0,-1: delta2 = delta3 @ self.W3.T * self.tanh_derivative(self.z2)
        delta1 = delta2 @ self.W2.T * self.tanh_derivative(self.z1)
        #~ missing-derivative: delta1 = delta2 @ self.W2.T
        #~ wrong-transpose: delta1 = delta2 @ self.W2 * self.tanh_derivative(self.z1)
        #~ wrong-operator: delta1 = delta2 @ self.W2.T - self.tanh_derivative(self.z1)
        #~ derivative-at-activation/3: delta1 = delta2 @ self.W2.T * self.tanh_derivative(self.z2)
        self.dW3 = self.a2.T @ delta3 / m
        #~ wrong-layer-input: self.dW3 = self.a1.T @ delta3 / m
        self.db3 = delta3.sum(axis=0) / m
        #~ bias-summed-over-all: self.db3 = delta3.sum() / m
        #~ bias-not-summed: self.db3 = delta3 / m
        self.dW2 = self.a1.T @ delta2 / m
        #~ wrong-layer-input/2: self.dW2 = self.z1.T @ delta2 / m
        #~ wrong-transpose/2: self.dW2 = delta2.T @ self.a1 / m
        #~ learning-rate-twice: self.dW2 = self.lr * self.a1.T @ delta2 / m
        self.db2 = delta2.sum(axis=0) / m
        #~ wrong-index: self.db2 = delta2.sum(axis=0)[0] / m
        self.dW1 = self.X.T @ delta1 / m
        #~ parameter-mis-scaled: self.dW1 = self.X.T @ delta1
        self.db1 = delta1.sum(axis=0) / m
        #~ wrong-variable/2: self.db1 = delta2.sum(axis=0) / m

    def step(self):
        self.W1 = self.W1 - self.lr * self.dW1
        #~ sign-error: self.W1 = self.W1 + self.lr * self.dW1
        #~ update-missing @ 0,+1,+2,+3,+4,+5: W1 = self.W1 - self.lr * self.dW1
        self.b1 = self.b1 - self.lr * self.db1
        #~ update-missing also: b1 = self.b1 - self.lr * self.db1
        self.W2 = self.W2 - self.lr * self.dW2
        #~ update-missing also: W2 = self.W2 - self.lr * self.dW2
        self.b2 = self.b2 - self.lr * self.db2
        #~ parameter-never-updated delete @ -1,0,`self.b2 = rng`,`self.db2 =`:
        #~ update-missing also: b2 = self.b2 - self.lr * self.db2
        self.W3 = self.W3 - self.lr * self.dW3
        #~ updated-weights also: pass
        #~ update-missing also: W3 = self.W3 - self.lr * self.dW3
        self.b3 = self.b3 - self.lr * self.db3
        #~ update-missing also: b3 = self.b3 - self.lr * self.db3

    def fit(self, X, y, epochs):
        history = []
        for _ in range(epochs):
            output = self.forward(X)
            self.backward(y)
            self.step()
            history.append(np.mean((output - y) ** 2))
        return history


rng = np.random.default_rng(1)
X = rng.normal(size=(12, 3))
y = (X @ rng.normal(size=(3, 2)) > 0).astype(float)
network = NeuralNetwork((3, 4, 4, 2), learning_rate=0.5, seed=4)
print(network.fit(X, y, 60)[-1])

#? step: output = self.forward(X)
#? parameters: W1 = self.W1; b1 = self.b1; W2 = self.W2; b2 = self.b2; W3 = self.W3; b3 = self.b3
#? loss = squared(sigmoid(np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3), y)
