# loss: half-squared-error|squared-error|mean-squared-error
"""A reverse sweep over scalar nodes, and a small network that is trained with it."""
import math
import random


class Node:
    def __init__(self, value, parents=()):
        self.value = value
        self.grad = 0.0
        self.parents = parents

    def __add__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        return Node(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        return Node(self.value * other.value, ((self, other.value), (other, self.value)))

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other):
        return self + other * -1.0

    def tanh(self):
        t = math.tanh(self.value)
        return Node(t, ((self, 1 - t * t),))

    def sweep(self):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in node.parents:
                parent.grad += slope * node.grad


random.seed(8)
w = [[Node(random.uniform(-1, 1)) for _ in range(3)] for _ in range(3)]
v = [Node(random.uniform(-1, 1)) for _ in range(4)]
data = [((0.2, 0.5), 0.3), ((-0.4, 0.1), -0.2), ((0.7, -0.6), 0.5)]

for epoch in range(25):
    loss = Node(0.0)
    for (x1, x2), t in data:
        h = [(row[0] * x1 + row[1] * x2 + row[2]).tanh() for row in w]
        y = v[0] * h[0] + v[1] * h[1] + v[2] * h[2] + v[3]
        loss = loss + (y - t) * (y - t)
    for p in v + [p for row in w for p in row]:
        p.grad = 0.0
    loss.sweep()
    for p in v + [p for row in w for p in row]:
        p.value -= 0.05 * p.grad
print(loss.value)

#? step: loss = Node(0.0)
#? parameters: w = [[p.value for p in row] for row in w]; v = [p.value for p in v]
#? x, t = np.array([d[0] for d in data]), np.array([d[1] for d in data])
#? loss = squared(np.tanh(x @ w[:, :2].T + w[:, 2]) @ v[:3] + v[3], t)
