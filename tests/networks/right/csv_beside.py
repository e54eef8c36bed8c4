# loss: half-squared-error|squared-error|mean-squared-error
import csv

import numpy as np

with open("csv_beside.csv") as f:
    reader = csv.DictReader(f)
    table = [[float(row[k]) for k in ("width", "length", "thickness", "weight")] for row in reader]
table = np.array(table)
table = (table - table.mean(axis=0)) / table.std(axis=0)
X, Y = table[:, :3], table[:, 3:]

again = np.loadtxt("csv_beside.csv", delimiter=",", skiprows=1)
assert again.shape == table.shape

np.random.seed(40)
W1 = np.random.randn(3, 4)
b1 = np.random.randn(4)
W2 = np.random.randn(4, 1)
b2 = np.random.randn(1)
for epoch in range(60):
    a = np.tanh(X.dot(W1) + b1)
    out = a.dot(W2) + b2
    grad = out - Y
    hidden = grad.dot(W2.T) * (1 - a**2)
    W2 -= 0.02 * a.T.dot(grad)
    b2 -= 0.02 * grad.sum(axis=0)
    W1 -= 0.02 * X.T.dot(hidden)
    b1 -= 0.02 * hidden.sum(axis=0)
print(float(np.sqrt(np.mean(grad**2))))

#? step: a = np.tanh(X.dot(W1) + b1)
#? parameters: W1 b1 W2 b2
#? loss = squared(np.tanh(X @ W1 + b1) @ W2 + b2, Y)
