# loss: half-squared-error|squared-error|mean-squared-error
"""One bias for a whole layer: its gradient is the sum over the layer's units, rightly."""
import math

x, t = [0.4, 0.9], [0.3, 0.6]
w = [[0.15, 0.27], [-0.31, 0.44]]
v = [[0.52, -0.18], [0.36, 0.61]]
b = [0.35, 0.55]
rate = 0.5


def s(z):
    return 1.0 / (1.0 + math.exp(-z))


for turn in range(60):
    h = [s(w[j][0] * x[0] + w[j][1] * x[1] + b[0]) for j in range(2)]
    y = [s(v[k][0] * h[0] + v[k][1] * h[1] + b[1]) for k in range(2)]
    dy = [(y[k] - t[k]) * y[k] * (1 - y[k]) for k in range(2)]
    dh = [(dy[0] * v[0][j] + dy[1] * v[1][j]) * h[j] * (1 - h[j]) for j in range(2)]
    for k in range(2):
        for j in range(2):
            v[k][j] -= rate * dy[k] * h[j]
            w[k][j] -= rate * dh[k] * x[j]
    b[1] -= rate * sum(dy)
    b[0] -= rate * sum(dh)
print(y)

#? step: h = [s(w[j][0]
#? parameters: w v b
#? loss = squared(sigmoid(v @ sigmoid(w @ np.array(x) + b[0]) + b[1]), np.array(t))
