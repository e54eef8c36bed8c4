# loss: half-squared-error|squared-error|mean-squared-error
"""Layers that know their neighbours; every layer keeps its delta, and steps when all have theirs."""
import math

import numpy as np


def softsign(z):
    return z / (1 + np.abs(z))


def softsign_slope(z):
    return 1 / (1 + np.abs(z)) ** 2


class Layer:
    def __init__(self, previous, units):
        self.previous = previous
        self.w = np.random.uniform(-1, 1, (units, previous.units))
        self.b = np.random.uniform(-1, 1, units)
        self.units = units

    def activate(self):
        self.z = self.w.dot(self.previous.a) + self.b
        self.a = softsign(self.z)

    def apply(self, rate):
        self.w -= rate * np.outer(self.delta, self.previous.a)
        #~ wrong-layer-input: self.w -= rate * np.outer(self.delta, self.a)
        #~ wrong-transpose/2: self.w -= rate * np.outer(self.previous.a, self.delta)
        #~ sign-error: self.w += rate * np.outer(self.delta, self.previous.a)
        #~ wrong-index: self.w -= rate * np.outer(self.delta, self.previous.a[0])
        #~ learning-rate-twice: self.w -= rate * rate * np.outer(self.delta, self.previous.a)
        #~ update-missing @ 0,+1: change = rate * np.outer(self.delta, self.previous.a)
        self.b -= rate * self.delta
        #~ bias-summed-over-all: self.b -= rate * self.delta.sum()
        #~ parameter-mis-scaled: self.b -= rate * self.delta / 2
        #~ wrong-variable: self.b -= rate * self.z
        #~ parameter-never-updated delete @ -1,0,`self.b = `:
        #~ update-missing also: change = rate * self.delta


class Input:
    def __init__(self, units):
        self.units = units


class Hidden(Layer):
    def learn(self, following):
        self.error = following.w.T.dot(following.delta)
        #~ raw-error-backpropagated: self.error = following.w.T.dot(following.error)
        #~ wrong-transpose: self.error = following.w.dot(following.delta)
        #~ wrong-variable/2: self.error = following.w.T.dot(self.a)
        #~ updated-weights @ 0,`last.apply`,`second.apply`,`second.learn`,`first.learn`: self.error = following.w.T.dot(following.delta)
        self.delta = self.error * softsign_slope(self.z)
        #~ derivative-at-activation: self.delta = self.error * softsign_slope(self.a)
        #~ missing-derivative: self.delta = self.error
        #~ wrong-operator: self.delta = self.error - softsign_slope(self.z)
        #~ derivative-at-activation/3: self.delta = self.error * softsign_slope(following.z)


class Output(Layer):
    def learn(self, target):
        self.error = self.a - target
        #~ target-unused: self.error = self.a - self.previous.a
        self.delta = self.error * softsign_slope(self.z)
        #~ derivative-at-activation/2: self.delta = self.error * softsign_slope(self.a)


np.random.seed(9)
source = Input(3)
first = Hidden(source, 3)
second = Hidden(first, 3)
last = Output(second, 3)
questions = np.random.randn(4, 3)
answers = np.random.uniform(-0.6, 0.6, (4, 3))

for round_number in range(50):
    for question, answer in zip(questions, answers):
        source.a = question
        for layer in (first, second, last):
            layer.activate()
        last.learn(answer)
        #~ updated-weights also: last.learn(answer)
        #~ | last.apply(0.3)
        second.learn(last)
        #~ updated-weights also: second.learn(last)
        #~ | second.apply(0.3)
        first.learn(second)
        for layer in (first, second, last):
            #~ updated-weights also: for layer in [first]:
            layer.apply(0.3)
print(math.sqrt(np.mean(last.error**2)))

#? step: source.a = question
#? parameters: w1 = first.w; b1 = first.b; w2 = second.w; b2 = second.b; w3 = last.w; b3 = last.b
#? soft = lambda z: z / (1 + np.abs(z))
#? loss = squared(soft(w3 @ soft(w2 @ soft(w1 @ question + b1) + b2) + b3), answer)
