# loss: half-squared-error|squared-error|mean-squared-error
import random

import numpy as np


class Network(object):
    """Any number of sigmoid layers; weights and biases in lists, samples as column vectors."""

    def __init__(self, sizes):
        self.sizes = sizes
        self.num_layers = len(sizes)
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, k) for k, n in zip(sizes[:-1], sizes[1:])]

    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = squash(w @ a + b)
        return a

    def train(self, data, epochs, batch_size, eta):
        for _ in range(epochs):
            random.shuffle(data)
            for start in range(0, len(data), batch_size):
                self.train_batch(data[start : start + batch_size], eta)

    def train_batch(self, batch, eta):
        total_w = [np.zeros(w.shape) for w in self.weights]
        total_b = [np.zeros(b.shape) for b in self.biases]
        for x, y in batch:
            grad_w, grad_b = self.backprop(x, y)
            total_w = [t + g for t, g in zip(total_w, grad_w)]
            #~ last-sample-only: total_w = grad_w
            #~ learning-rate-twice: total_w = [t + eta * g for t, g in zip(total_w, grad_w)]
            total_b = [t + g for t, g in zip(total_b, grad_b)]
            #~ last-sample-only/2: total_b = [g for t, g in zip(total_b, grad_b)]
            #~ bias-summed-over-all: total_b = [t + g.sum() for t, g in zip(total_b, grad_b)]
        self.weights = [w - eta / len(batch) * g for w, g in zip(self.weights, total_w)]
        #~ sign-error: self.weights = [w + eta / len(batch) * g for w, g in zip(self.weights, total_w)]
        #~ parameter-mis-scaled: self.weights = [w - eta * g for w, g in zip(self.weights, total_w)]
        #~ update-missing @ 0,+1: weights = [w - eta / len(batch) * g for w, g in zip(self.weights, total_w)]
        self.biases = [b - eta / len(batch) * g for b, g in zip(self.biases, total_b)]
        #~ parameter-never-updated @ 0,-1,`self.biases = `: self.biases = [b for b, g in zip(self.biases, total_b)]
        #~ update-missing also: biases = [b - eta / len(batch) * g for b, g in zip(self.biases, total_b)]

    def backprop(self, x, y):
        grad_w = [None] * len(self.weights)
        grad_b = [None] * len(self.biases)
        activations, zs = [x], []
        for w, b in zip(self.weights, self.biases):
            zs.append(w @ activations[-1] + b)
            activations.append(squash(zs[-1]))
        error = activations[-1] - y
        #~ target-unused: error = activations[-1]
        delta = error * squash_prime(zs[-1])
        #~ derivative-at-activation: delta = error * squash_prime(activations[-1])
        grad_w[-1] = delta @ activations[-2].T
        #~ wrong-layer-input: grad_w[-1] = delta @ zs[-2].T
        #~ wrong-layer-input/3: grad_w[-1] = delta @ activations[-3].T
        grad_b[-1] = delta
        for back in range(2, self.num_layers):
            error = self.weights[-back + 1].T @ delta
            #~ wrong-transpose: error = self.weights[-back + 1] @ delta
            #~ raw-error-backpropagated: error = self.weights[-back + 1].T @ error
            #~ wrong-index: error = self.weights[-back].T @ delta
            delta = error * squash_prime(zs[-back])
            #~ derivative-at-activation/2: delta = error * squash_prime(activations[-back])
            #~ missing-derivative: delta = error
            #~ derivative-at-activation/3: delta = error * squash_prime(zs[-back + 1])
            #~ wrong-operator: delta = error + squash_prime(zs[-back])
            grad_w[-back] = delta @ activations[-back - 1].T
            #~ wrong-layer-input/2: grad_w[-back] = delta @ activations[-back].T
            #~ wrong-variable: grad_w[-back] = delta @ delta.T
            grad_b[-back] = delta
            #~ missing-derivative/2: grad_b[-back] = error
        return grad_w, grad_b


def squash(z):
    return 1.0 / (1.0 + np.exp(-z))


def squash_prime(z):
    return squash(z) * (1 - squash(z))


np.random.seed(21)
random.seed(21)
data = [(np.random.randn(3, 1), np.random.rand(3, 1)) for _ in range(9)]
net = Network([3, 3, 3, 3])
net.train(data, epochs=30, batch_size=3, eta=1.5)

#? step: total_w = [np.zeros(w.shape) for w in self.weights]
#? parameters: weights = self.weights; biases = self.biases
#? loss = 0
#? for x, y in batch:
#?     for w, b in zip(weights, biases):
#?         x = sigmoid(np.dot(w, x) + b)
#?     loss = loss + squared(x, y)
