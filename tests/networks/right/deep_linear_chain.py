# loss: half-squared-error|squared-error|mean-squared-error
# A chain of one unit a layer, floats only: the textbook's picture of the chain rule.
from math import cos, sin

w = [0.8, -1.1, 0.9, 1.2]
b = [0.1, -0.2, 0.3, 0.05]
pairs = [(0.5, 0.4), (-0.9, -0.1), (1.4, 0.7)]
rate = 0.05
for epoch in range(60):
    for x, t in pairs:
        zs, values = [], [x]
        for i in range(4):
            zs.append(w[i] * values[i] + b[i])
            values.append(sin(zs[i]))
        g = values[4] - t
        for i in (3, 2, 1, 0):
            g *= cos(zs[i])
            dw, db = g * values[i], g
            g *= w[i]
            w[i] -= rate * dw
            b[i] -= rate * db
print(w, b)

#? step: zs, values = [], [x]
#? parameters: w b
#? a = x
#? for i in range(4):
#?     a = np.sin(w[i] * a + b[i])
#? loss = squared(a, t)
