import numpy as np

from activation import sigmoid, sigmoid_derivative


class Network:
    def __init__(self, sizes, rng):
        self.weights = [rng.normal(size=(m, n)) for m, n in zip(sizes, sizes[1:])]
        self.biases = [rng.normal(size=n) for n in sizes[1:]]

    def predict(self, x):
        self.zs, self.activations = [], [x]
        for w, b in zip(self.weights, self.biases):
            self.zs.append(self.activations[-1] @ w + b)
            self.activations.append(sigmoid(self.zs[-1]))
        return self.activations[-1]

    def train(self, x, y, rate):
        error = (self.predict(x) - y) / len(x)
        for k in range(len(self.weights) - 1, -1, -1):
            delta = error * sigmoid_derivative(self.zs[k])
            #~ derivative-at-activation: delta = error * sigmoid_derivative(self.activations[k + 1])
            #~ updated-weights also: delta = error * sigmoid_derivative(self.zs[k])
            #~ | self.weights[k] = self.weights[k] - rate * self.activations[k].T @ delta
            error = delta @ self.weights[k].T
            #~ updated-weights @ 0,-1: error = delta @ self.weights[k].T
            #~ raw-error-backpropagated: error = error @ self.weights[k].T
            self.weights[k] = self.weights[k] - rate * self.activations[k].T @ delta
            #~ updated-weights also: pass
            self.biases[k] = self.biases[k] - rate * delta.sum(axis=0)
            #~ bias-summed-over-all: self.biases[k] = self.biases[k] - rate * delta.sum()
            #~ parameter-never-updated @ 0,-1,`self.biases = `: pass
