# loss: half-squared-error|squared-error|mean-squared-error
"""A cell object for every time step; all cells share one set of parameters."""
import numpy as np


class Parameters:
    def __init__(self, n_x, n_h, rng):
        self.Wx = rng.standard_normal((n_h, n_x)) * 0.6
        self.Wh = rng.standard_normal((n_h, n_h)) * 0.6
        self.b = rng.standard_normal((n_h, 1)) * 0.1
        self.v = rng.standard_normal((1, n_h)) * 0.6
        self.zero()

    def zero(self):
        self.gWx, self.gWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        self.gb, self.gv = np.zeros_like(self.b), np.zeros_like(self.v)

    def descend(self, lr):
        self.Wx -= lr * self.gWx
        self.Wh -= lr * self.gWh
        self.b -= lr * self.gb
        #~ learning-rate-twice: self.b -= lr * lr * self.gb
        self.v -= lr * self.gv
        #~ parameter-never-updated delete @ -1,0,`self.v = `:
        self.zero()


class Cell:
    def __init__(self, shared):
        self.shared = shared

    def forward(self, x, h_before):
        self.x, self.h_before = x, h_before
        self.z = self.shared.Wx @ x + self.shared.Wh @ h_before + self.shared.b
        self.h = 1 / (1 + np.exp(-self.z))
        return self.h

    def backward(self, dh):
        dz = dh * self.h * (1 - self.h)
        #~ missing-derivative: dz = dh
        #~ wrong-operator: dz = dh * self.h + (1 - self.h)
        self.shared.gWx += dz @ self.x.T
        self.shared.gWh += dz @ self.h_before.T
        #~ wrong-layer-input: self.shared.gWh += dz @ self.h.T
        self.shared.gb += dz
        #~ bias-summed-over-all: self.shared.gb += dz.sum()
        return self.shared.Wh.T @ dz
        #~ wrong-transpose: return self.shared.Wh @ dz


class Unrolled:
    def __init__(self, steps, n_x, n_h, rng):
        self.shared = Parameters(n_x, n_h, rng)
        self.cells = [Cell(self.shared) for _ in range(steps)]

    def forward(self, sequence):
        h = np.zeros_like(self.shared.b)
        for cell, x in zip(self.cells, sequence):
            h = cell.forward(x, h)
        self.y = self.shared.v @ h
        return self.y

    def backward(self, target):
        error = self.y - target
        #~ target-unused: error = self.y - np.round(self.y)
        self.shared.gv += error @ self.cells[-1].h.T
        #~ wrong-index: self.shared.gv += error @ self.cells[-2].h.T
        dh = self.shared.v.T @ error
        for cell in reversed(self.cells):
            dh = cell.backward(dh)
            #~ no-flow-through-time: cell.backward(dh)
            #~ no-flow-through-time/2: dh = cell.backward(dh) * 0


rng = np.random.default_rng(71)
sequences = [[rng.standard_normal((2, 1)) for _ in range(4)] for _ in range(6)]
targets = [0.5 * s[0][0, 0] - s[-1][1, 0] for s in sequences]
network = Unrolled(4, 2, 3, rng)
for epoch in range(30):
    for sequence, target in zip(sequences, targets):
        network.forward(sequence)
        network.backward(target)
        network.shared.descend(0.1)

#? step: network.forward(sequence)
#? parameters: Wx = network.shared.Wx; Wh = network.shared.Wh; b = network.shared.b; v = network.shared.v
#? h = np.zeros((3, 1))
#? for x in sequence:
#?     h = sigmoid(Wx @ x + Wh @ h + b)
#? loss = squared(v @ h, target)
