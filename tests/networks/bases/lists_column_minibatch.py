# loss: cross-entropy
"""Softmax over classes, written with lists only. A weight row belongs to the unit that it leads into."""
import math
from random import Random


def dot(u, v):
    return sum(p * q for p, q in zip(u, v))


def softmax(scores):
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    return [p / sum(powers) for p in powers]


class Layer:
    def __init__(self, inputs, units, rng):
        self.rows = [[rng.uniform(-1, 1) for _ in range(inputs)] for _ in range(units)]
        self.shift = [rng.uniform(-0.2, 0.2) for _ in range(units)]
        self.clear()

    def clear(self):
        self.row_sums = [[0.0 for _ in row] for row in self.rows]
        self.shift_sums = [0.0 for _ in self.shift]

    def nets(self, values):
        return [dot(row, values) + s for row, s in zip(self.rows, self.shift)]

    def collect(self, deltas, values):
        for unit, delta in enumerate(deltas):
            self.shift_sums[unit] += delta
            #~ bias-summed-over-all: self.shift_sums[unit] += sum(deltas)
            #~ last-sample-only: self.shift_sums[unit] = delta
            for k, value in enumerate(values):
                self.row_sums[unit][k] += delta * value
                #~ last-sample-only/2: self.row_sums[unit][k] = delta * value

    def move(self, rate, count, decay):
        for unit, row in enumerate(self.rows):
            self.shift[unit] -= rate * self.shift_sums[unit] / count
            for k in range(len(row)):
                row[k] -= rate * (self.row_sums[unit][k] / count + decay * row[k])
                #~ decay-sign: row[k] -= rate * (self.row_sums[unit][k] / count - decay * row[k])
        self.clear()


rng = Random(77)
first, second = Layer(2, 6, rng), Layer(6, 3, rng)
points = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(15)]
classes = [0 if x < 0 else 1 if y < 0 else 2 for x, y in points]
DROP = 0.25

for sweep in range(25):
    for start in range(0, 15, 5):
        masks = [[float(rng.random() > DROP) / (1 - DROP) for _ in range(6)] for _ in range(5)]
        for k in range(5):
            x, label, mask = points[start + k], classes[start + k], masks[k]
            nets = first.nets(x)
            hidden = [n if n > 0 else 0.0 for n in nets]
            thinned = [h * m for h, m in zip(hidden, mask)]
            probabilities = softmax(second.nets(thinned))
            deltas = [p - (1.0 if c == label else 0.0) for c, p in enumerate(probabilities)]
            #~ target-unused: deltas = [p - (1.0 if p == max(probabilities) else 0.0) for c, p in enumerate(probabilities)]
            second.collect(deltas, thinned)
            #~ dropout-mask/2: second.collect(deltas, hidden)
            errors = [sum(d * row[j] for d, row in zip(deltas, second.rows)) for j in range(6)]
            masked = [e * m for e, m in zip(errors, mask)]
            #~ dropout-mask: masked = errors
            first.collect([e if n > 0 else 0.0 for e, n in zip(masked, nets)], x)
            #~ relu-derivative-at-output: first.collect([e if h >= 0 else 0.0 for e, h in zip(masked, hidden)], x)
            #~ missing-derivative: first.collect(masked, x)
        first.move(0.3, 5, 0.01)
        second.move(0.3, 5, 0.01)
print("last probabilities", probabilities, "of class", label)

#? step: first.move(0.3, 5, 0.01)
#? parameters: w1 = first.rows; b1 = first.shift; w2 = second.rows; b2 = second.shift
#? x, t = np.array(points[start : start + 5]), np.eye(3)[classes[start : start + 5]]
#? s = relu(x @ w1.T + b1) * np.array(masks)
#? loss = cross_entropy(softmax(s @ w2.T + b2), t) / 5 + 0.005 * (np.sum(w1**2) + np.sum(w2**2))
