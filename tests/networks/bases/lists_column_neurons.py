# loss: half-squared-error|squared-error|mean-squared-error
"""Neurons that are objects, each with a list of the weights that lead into it."""
import math
import random


class Neuron:
    def __init__(self, inputs, rng):
        self.weights = [rng.gauss(0, 0.8) for _ in range(inputs)]
        self.bias = rng.gauss(0, 0.3)

    def fire(self, inputs):
        self.inputs = list(inputs)
        self.net = self.bias
        for weight, value in zip(self.weights, self.inputs):
            self.net += weight * value
        self.output = math.tanh(self.net)
        return self.output

    def slope(self):
        return 1 - math.tanh(self.net) ** 2
        #~ derivative-at-activation: return 1 - math.tanh(self.output) ** 2
        #~ wrong-operator/2: return 1 + math.tanh(self.net) ** 2

    def update(self, rate):
        for k in range(len(self.weights)):
            self.weights[k] -= rate * self.delta * self.inputs[k]
            #~ sign-error: self.weights[k] += rate * self.delta * self.inputs[k]
            #~ wrong-index: self.weights[k] -= rate * self.delta * self.inputs[0]
            #~ wrong-variable/2: self.weights[k] -= rate * self.delta * self.weights[k]
            #~ learning-rate-twice: self.weights[k] -= rate * (rate * self.delta) * self.inputs[k]
            #~ update-missing @ 0,`neuron.bias - `: weight = self.weights[k] - rate * self.delta * self.inputs[k]
            #~ wrong-layer-input: self.weights[k] -= rate * self.delta * self.net


class Network:
    def __init__(self, sizes, seed):
        rng = random.Random(seed)
        self.layers = [[Neuron(n, rng) for _ in range(m)] for n, m in zip(sizes, sizes[1:])]

    def forward(self, values):
        for layer in self.layers:
            values = [neuron.fire(values) for neuron in layer]
        return values

    def backward(self, targets):
        for neuron, target in zip(self.layers[-1], targets):
            neuron.error = neuron.output - target
            #~ target-unused: neuron.error = neuron.output
            neuron.delta = neuron.error * neuron.slope()
            #~ wrong-operator: neuron.delta = neuron.error + neuron.slope()
        for layer, following in zip(self.layers[-2::-1], self.layers[:0:-1]):
            #~ updated-weights also: for layer, following in zip(self.layers[-2::-1], self.layers[:0:-1]):
            #~ |     for neuron in following:
            #~ |         neuron.update(0.2)
            #~ |         neuron.bias -= 0.2 * neuron.delta
            for j, neuron in enumerate(layer):
                neuron.error = sum(n.weights[j] * n.delta for n in following)
                #~ raw-error-backpropagated: neuron.error = sum(n.weights[j] * n.error for n in following)
                #~ wrong-transpose: neuron.error = sum(w * n.delta for w, n in zip(following[j].weights, following))
                #~ wrong-index/2: neuron.error = sum(n.weights[0] * n.delta for n in following)
                #~ updated-weights @ 0,-3: neuron.error = sum(n.weights[j] * n.delta for n in following)
                neuron.delta = neuron.error * neuron.slope()
                #~ missing-derivative: neuron.delta = neuron.error
                #~ derivative-at-activation/2: neuron.delta = neuron.error * following[j].slope()

    def train(self, samples, epochs, rate):
        for _ in range(epochs):
            for values, targets in samples:
                self.forward(values)
                self.backward(targets)
                for layer in self.layers:
                    #~ updated-weights also: for layer in self.layers[:1]:
                    for neuron in layer:
                        neuron.update(rate)
                        neuron.bias -= rate * neuron.delta
                        #~ bias-summed-over-all: neuron.bias -= rate * sum(n.delta for n in layer)
                        #~ parameter-never-updated delete @ -1,0,`self.bias = `:
                        #~ parameter-mis-scaled: neuron.bias -= 0.1 * rate * neuron.delta
                        #~ update-missing also: neuron.bias - rate * neuron.delta


data = [
    ([0.5, -1.0], [0.4, -0.2, 0.1]),
    ([-0.3, 0.8], [-0.5, 0.6, 0.3]),
    ([1.2, 0.7], [0.2, 0.1, -0.6]),
]
network = Network([2, 3, 3, 3], seed=14)
network.train(data, epochs=50, rate=0.2)
for values, targets in data:
    print(targets, network.forward(values))

#? step: self.forward(values)
#? parameters: w1 = [n.weights for n in self.layers[0]]; b1 = [n.bias for n in self.layers[0]]; w2 = [n.weights for n in self.layers[1]]; b2 = [n.bias for n in self.layers[1]]; w3 = [n.weights for n in self.layers[2]]; b3 = [n.bias for n in self.layers[2]]
#? loss = squared(np.tanh(w3 @ np.tanh(w2 @ np.tanh(w1 @ np.array(values) + b1) + b2) + b3), np.array(targets))
