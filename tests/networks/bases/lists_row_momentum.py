# loss: half-squared-error|squared-error|mean-squared-error
"""Lists only; each weight remembers its last change."""
import math
import random

random.seed(0)

def table(i, j, fill=None):
    return [[random.uniform(-0.5, 0.5) if fill is None else fill for _ in range(j)] for _ in range(i)]

class Perceptron:
    def __init__(self, ni, nh, no):
        self.ni, self.nh, self.no = ni + 1, nh, no
        self.x, self.h, self.y = [1.0] * self.ni, [1.0] * nh, [1.0] * no
        self.w_in, self.w_out = table(self.ni, nh), table(nh, no)
        self.last_in, self.last_out = table(self.ni, nh, 0.0), table(nh, no, 0.0)

    def propagate(self, inputs):
        for i in range(self.ni - 1):
            self.x[i] = inputs[i]
        for j in range(self.nh):
            self.h[j] = math.tanh(sum(self.x[i] * self.w_in[i][j] for i in range(self.ni)))
        for k in range(self.no):
            self.y[k] = math.tanh(sum(self.h[j] * self.w_out[j][k] for j in range(self.nh)))
        return self.y[:]

    def correct(self, targets, rate, inertia):
        out_deltas = [(targets[k] - self.y[k]) * (1 - self.y[k] ** 2) for k in range(self.no)]
        #~ sign-error: out_deltas = [(self.y[k] - targets[k]) * (1 - self.y[k] ** 2) for k in range(self.no)]
        hidden_deltas = [0.0] * self.nh
        for j in range(self.nh):
            error = sum(out_deltas[k] * self.w_out[j][k] for k in range(self.no))
            hidden_deltas[j] = (1 - self.h[j] ** 2) * error
            #~ missing-derivative: hidden_deltas[j] = error
            #~ derivative-at-activation: hidden_deltas[j] = (1 - math.tanh(self.h[j]) ** 2) * error
        for j in range(self.nh):
            for k in range(self.no):
                change = rate * out_deltas[k] * self.h[j] + inertia * self.last_out[j][k]
                #~ wrong-layer-input: change = rate * out_deltas[k] * self.x[j] + inertia * self.last_out[j][k]
                self.w_out[j][k] += change
                self.last_out[j][k] = change
        for i in range(self.ni):
            for j in range(self.nh):
                change = rate * hidden_deltas[j] * self.x[i] + inertia * self.last_in[i][j]
                #~ wrong-index: change = rate * hidden_deltas[j] * self.x[j] + inertia * self.last_in[i][j]
                self.w_in[i][j] += change
                self.last_in[i][j] = change
        return sum(0.5 * (t - a) ** 2 for t, a in zip(targets, self.y))

net = Perceptron(2, 3, 1)
for i in range(60):
    error = 0.0
    for p, t in (([0, 0], [0]), ([0, 1], [1]), ([1, 0], [1]), ([1, 1], [0])):
        net.propagate(p)
        error += net.correct(t, 0.3, 0.4)
    if i % 20 == 0:
        print("error %-.5f" % error)

#? step: net.propagate(p)
#? parameters: a = net.w_in; b = net.w_out
#? update: momentum(0.3, 0.4)
#? loss = squared(np.tanh(np.tanh(np.array([*p, 1.0]) @ a) @ b), np.array(t))
