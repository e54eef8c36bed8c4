# loss: half-squared-error|squared-error|mean-squared-error
import math
import random


class Connection:
    def __init__(self, source, target):
        self.source, self.target = source, target
        self.weight = random.uniform(-1, 1)


class Neuron:
    def __init__(self):
        self.incoming, self.outgoing = [], []
        self.threshold = random.uniform(-0.5, 0.5)
        self.value = 0.0

    def connect(self, target):
        wire = Connection(self, target)
        self.outgoing.append(wire)
        target.incoming.append(wire)

    def compute(self):
        total = sum(wire.weight * wire.source.value for wire in self.incoming)
        self.value = 1 / (1 + math.exp(-(total - self.threshold)))

    def judge(self, target=None):
        if target is not None:
            error = target - self.value
        else:
            error = sum(wire.weight * wire.target.signal for wire in self.outgoing)
        self.signal = error * self.value * (1 - self.value)

    def adapt(self, rate):
        for wire in self.incoming:
            wire.weight += rate * self.signal * wire.source.value
        self.threshold -= rate * self.signal


random.seed(12)
inputs = [Neuron() for _ in range(2)]
hidden = [Neuron() for _ in range(3)]
outputs = [Neuron() for _ in range(2)]
for layer, following in ((inputs, hidden), (hidden, outputs)):
    for a in layer:
        for b in following:
            a.connect(b)

patterns = {(0.1, 0.9): (0.2, 0.8), (0.8, 0.3): (0.9, 0.4), (0.5, 0.6): (0.6, 0.1)}
for epoch in range(40):
    for pattern, wanted in patterns.items():
        inputs[0].value, inputs[1].value = pattern
        for neuron in hidden + outputs:
            neuron.compute()
        for neuron, target in zip(outputs, wanted):
            neuron.judge(target)
        for neuron in hidden:
            neuron.judge()
        for neuron in hidden + outputs:
            neuron.adapt(0.7)
print([n.value for n in outputs], wanted)

#? step: inputs[0].value, inputs[1].value = pattern
#? parameters: w1 = [[c.weight for c in n.incoming] for n in hidden]; t1 = [n.threshold for n in hidden]; w2 = [[c.weight for c in n.incoming] for n in outputs]; t2 = [n.threshold for n in outputs]
#? loss = squared(sigmoid(w2 @ sigmoid(w1 @ np.array(pattern) - t1) - t2), np.array(wanted))
