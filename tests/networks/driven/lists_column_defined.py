# loss: half-squared-error|squared-error|mean-squared-error
from math import exp
from random import gauss


class Net:
    """Lists all the way down: self.w[layer][unit][input], the last of a unit's being its bias."""

    def __init__(self, sizes):
        self.w = [[[gauss(0, 1) for _ in range(n + 1)] for _ in range(m)] for n, m in zip(sizes, sizes[1:])]

    def forward(self, x):
        self.a = [list(x)]
        for layer in self.w:
            before = self.a[-1] + [1.0]
            self.a.append([1 / (1 + exp(-sum(w * v for w, v in zip(unit, before)))) for unit in layer])
        return self.a[-1]

    def learn(self, x, t, rate=0.5):
        y = self.forward(x)
        deltas = [[(o - g) * o * (1 - o) for o, g in zip(y, t)]]
        for k in range(len(self.w) - 1, 0, -1):
            back = [sum(d * unit[j] for d, unit in zip(deltas[0], self.w[k])) for j in range(len(self.a[k]))]
            deltas.insert(0, [e * v * (1 - v) for e, v in zip(back, self.a[k])])
            #~ missing-derivative: deltas.insert(0, back)
            #~ wrong-operator: deltas.insert(0, [e * v + (1 - v) for e, v in zip(back, self.a[k])])
        for k, layer in enumerate(self.w):
            for unit, d in zip(layer, deltas[k]):
                for j, v in enumerate(self.a[k] + [1.0]):
                    unit[j] -= rate * d * v
                    #~ sign-error: unit[j] += rate * d * v

#> import random
#> random.seed(1)
#> net = Net([2, 3, 2])
#> for n in range(12):
#>     net.learn([[0.2, 0.9], [0.8, -0.4], [0.5, 0.1]][n % 3], [[0.1, 0.7], [0.9, 0.2], [0.4, 0.6]][n % 3])
#? step: y = self.forward(x)
#? parameters: a = self.w[0]; b = self.w[1]
#? h = sigmoid(a[:, :-1] @ np.array(x) + a[:, -1])
#? loss = squared(sigmoid(b[:, :-1] @ h + b[:, -1]), np.array(t))
