# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, gradient, rate):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_out, n_in)
        self.bias = np.random.randn(n_out, 1)

    def forward(self, x):
        self.x = x
        return np.dot(self.weights, x) + self.bias

    def backward(self, gradient, rate):
        weight_gradient = np.dot(gradient, self.x.T)
        gradient_before = np.dot(self.weights.T, gradient)
        self.weights -= rate * weight_gradient
        self.bias -= rate * gradient
        return gradient_before


class Activation(Layer):
    def __init__(self, function, derivative):
        self.function, self.derivative = function, derivative

    def forward(self, x):
        self.x = x
        return self.function(x)

    def backward(self, gradient, rate):
        return np.multiply(gradient, self.derivative(self.x))


class Tanh(Activation):
    def __init__(self):
        super().__init__(np.tanh, lambda x: 1 - np.tanh(x) ** 2)


def mse(t, p):
    return np.mean(np.power(t - p, 2))


def mse_gradient(t, p):
    return 2 * (p - t) / np.size(t)


np.random.seed(0)
X = np.reshape([[0, 0], [0, 1], [1, 0], [1, 1]], (4, 2, 1))
Y = np.reshape([[0, 0], [1, 0], [1, 0], [0, 1]], (4, 2, 1))
stack = [Dense(2, 3), Tanh(), Dense(3, 2), Tanh()]

for epoch in range(100):
    error = 0
    for x, y in zip(X, Y):
        signal = x
        for layer in stack:
            signal = layer.forward(signal)
        error += mse(y, signal)
        gradient = mse_gradient(y, signal)
        for layer in reversed(stack):
            gradient = layer.backward(gradient, 0.1)
print(error / len(X))

#? step: signal = x
#? parameters: w1 = stack[0].weights; b1 = stack[0].bias; w2 = stack[2].weights; b2 = stack[2].bias
#? loss = squared(np.tanh(w2 @ np.tanh(w1 @ x + b1) + b2), y)
