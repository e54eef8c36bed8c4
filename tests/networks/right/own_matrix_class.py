# loss: half-squared-error|squared-error|mean-squared-error
"""A small matrix class of its own, with operators, and a network that uses nothing else."""
import math
import random


class Matrix:
    def __init__(self, rows):
        self.rows = [list(row) for row in rows]

    @classmethod
    def random(cls, n, m):
        return cls([[random.gauss(0, 0.7) for _ in range(m)] for _ in range(n)])

    def __add__(self, other):
        return Matrix([[a + b for a, b in zip(p, q)] for p, q in zip(self.rows, other.rows)])

    def __sub__(self, other):
        return Matrix([[a - b for a, b in zip(p, q)] for p, q in zip(self.rows, other.rows)])

    def __mul__(self, other):
        if isinstance(other, Matrix):
            return Matrix([[a * b for a, b in zip(p, q)] for p, q in zip(self.rows, other.rows)])
        return Matrix([[a * other for a in row] for row in self.rows])

    def __matmul__(self, other):
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, c)) for c in columns] for row in self.rows])

    @property
    def T(self):
        return Matrix(zip(*self.rows))

    def map(self, f):
        return Matrix([[f(a) for a in row] for row in self.rows])


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


random.seed(16)
W, b, V, c = Matrix.random(3, 2), Matrix.random(3, 1), Matrix.random(2, 3), Matrix.random(2, 1)
samples = [([0.2, 0.7], [0.9, 0.1]), ([0.6, -0.3], [0.3, 0.8]), ([-0.5, 0.4], [0.5, 0.6])]
for epoch in range(30):
    for x, t in samples:
        X, T = Matrix([x]).T, Matrix([t]).T
        H = (W @ X + b).map(sigmoid)
        Y = (V @ H + c).map(sigmoid)
        D = (Y - T) * Y.map(lambda y: y * (1 - y))
        E = (V.T @ D) * H.map(lambda h: h * (1 - h))
        V, c = V - D @ H.T * 0.8, c - D * 0.8
        W, b = W - E @ X.T * 0.8, b - E * 0.8
print(Y.rows)

#? step: X, T = Matrix([x]).T
#? parameters: w = W.rows; p = b.rows; v = V.rows; q = c.rows
#? h = sigmoid(w @ np.array(x) + p[:, 0])
#? loss = squared(sigmoid(v @ h + q[:, 0]), np.array(t))
