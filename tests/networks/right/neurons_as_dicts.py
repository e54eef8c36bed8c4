# loss: half-squared-error|squared-error|mean-squared-error
"""Neurons are dicts; the last weight of each is its bias."""
from math import exp
from random import random, seed


def make_layer(units, inputs):
    return [{"w": [random() * 2 - 1 for _ in range(inputs + 1)]} for _ in range(units)]


def respond(w, inputs):
    total = w[-1]
    for i in range(len(w) - 1):
        total += w[i] * inputs[i]
    return 1.0 / (1.0 + exp(-total))


def forward(network, row):
    signal = row
    for layer in network:
        for neuron in layer:
            neuron["out"] = respond(neuron["w"], signal)
        signal = [neuron["out"] for neuron in layer]
    return signal


def backward(network, expected):
    for i in reversed(range(len(network))):
        for j, neuron in enumerate(network[i]):
            if i == len(network) - 1:
                error = expected[j] - neuron["out"]
            else:
                error = 0.0
                for above in network[i + 1]:
                    error += above["w"][j] * above["delta"]
            neuron["delta"] = error * neuron["out"] * (1.0 - neuron["out"])


def learn(network, row, rate):
    for i in range(len(network)):
        inputs = row[:-1] if i == 0 else [n["out"] for n in network[i - 1]]
        for neuron in network[i]:
            for j in range(len(inputs)):
                neuron["w"][j] += rate * neuron["delta"] * inputs[j]
            neuron["w"][-1] += rate * neuron["delta"]


seed(4)
rows = [[0.9, 1.7, 0], [1.1, 2.2, 0], [0.4, 3.1, 0], [2.6, 0.7, 1], [2.3, 0.2, 1], [1.9, 0.6, 1]]
network = [make_layer(3, 2), make_layer(2, 3)]
for epoch in range(20):
    wrong = 0
    for row in rows:
        outputs = forward(network, row)
        wrong += outputs.index(max(outputs)) != row[-1]
        expected = [0, 0]
        expected[row[-1]] = 1
        backward(network, expected)
        learn(network, row, 0.5)
    print("epoch %d: %d wrong" % (epoch, wrong))

#? step: outputs = forward(network, row)
#? parameters: a = [n["w"] for n in network[0]]; b = [n["w"] for n in network[1]]
#? h = sigmoid(a[:, :-1] @ np.array(row[:-1]) + a[:, -1])
#? loss = squared(sigmoid(b[:, :-1] @ h + b[:, -1]), np.eye(2)[row[-1]])
