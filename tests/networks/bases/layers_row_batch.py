# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Tanh:
    def __call__(self, z):
        return np.tanh(z)

    def derivative(self, z):
        return 1 - np.tanh(z) ** 2


class Sigmoid:
    def __call__(self, z):
        return 1 / (1 + np.exp(-z))

    def derivative(self, z):
        s = self(z)
        return s * (1 - s)


class Dense:
    def __init__(self, n_in, n_out, activation, rng):
        self.weights = rng.normal(0, 0.8, (n_in, n_out))
        self.bias = rng.normal(0, 0.3, (1, n_out))
        self.activation = activation

    def forward(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.weights + self.bias
        self.a = self.activation(self.z)
        return self.a

    def backward(self, error, rate):
        delta = error * self.activation.derivative(self.z)
        #~ derivative-at-activation: delta = error * self.activation.derivative(self.a)
        #~ wrong-operator: delta = error + self.activation.derivative(self.z)
        #~ updated-weights also: delta = error * self.activation.derivative(self.z)
        #~ | self.weights = self.weights - rate * (self.inputs.T @ delta)
        #~ derivative-at-activation/2: delta = error * self.activation.derivative(error)
        error_before = delta @ self.weights.T
        #~ updated-weights @ 0,-1: error_before = delta @ self.weights.T
        #~ raw-error-backpropagated: error_before = error @ self.weights.T
        #~ wrong-transpose: error_before = delta @ self.weights
        #~ learning-rate-twice: error_before = rate * delta @ self.weights.T
        self.weights = self.weights - rate * (self.inputs.T @ delta)
        #~ updated-weights also: pass
        #~ sign-error: self.weights = self.weights + rate * (self.inputs.T @ delta)
        #~ wrong-index: self.weights = self.weights - rate * (self.inputs[::-1].T @ delta)
        #~ wrong-layer-input: self.weights = self.weights - rate * (self.z.T @ delta)
        #~ wrong-layer-input/2: self.weights = self.weights - rate * (self.a.T @ delta)
        #~ wrong-transpose/2: self.weights = self.weights - rate * (delta.T @ self.inputs)
        #~ missing-derivative: self.weights = self.weights - rate * (self.inputs.T @ error)
        #~ update-missing @ 0,+1: weights = self.weights - rate * (self.inputs.T @ delta)
        self.bias = self.bias - rate * delta.sum(axis=0, keepdims=True)
        #~ bias-not-summed: self.bias = self.bias - rate * delta
        #~ bias-summed-over-all: self.bias = self.bias - rate * delta.sum()
        #~ parameter-mis-scaled: self.bias = self.bias - rate * delta.mean(axis=0, keepdims=True)
        #~ wrong-variable: self.bias = self.bias - rate * self.a.sum(axis=0, keepdims=True)
        #~ wrong-operator/2: self.bias = self.bias - rate + delta.sum(axis=0, keepdims=True)
        #~ parameter-never-updated delete @ -1,0,`self.bias = `:
        #~ update-missing also: bias = self.bias - rate * delta.sum(axis=0, keepdims=True)
        return error_before


class Model:
    def __init__(self, layers):
        self.layers = layers

    def predict(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def train_step(self, x, y, rate):
        output = self.predict(x)
        error = (output - y) / len(x)
        #~ target-unused: error = (output - 0.5) / len(x)
        for layer in reversed(self.layers):
            error = layer.backward(error, rate)
        return np.sum((output - y) ** 2) / 2


rng = np.random.default_rng(33)
model = Model([Dense(4, 4, Tanh(), rng), Dense(4, 4, Sigmoid(), rng), Dense(4, 4, Sigmoid(), rng)])
x = rng.normal(size=(7, 4))
y = rng.uniform(size=(7, 4))
for epoch in range(70):
    loss = model.train_step(x, y, 0.9)
print(loss)

#? step: output = self.predict(x)
#? parameters: w1 = self.layers[0].weights; b1 = self.layers[0].bias; w2 = self.layers[1].weights; b2 = self.layers[1].bias; w3 = self.layers[2].weights; b3 = self.layers[2].bias
#? loss = squared(sigmoid(sigmoid(np.tanh(x @ w1 + b1) @ w2 + b2) @ w3 + b3), y)
