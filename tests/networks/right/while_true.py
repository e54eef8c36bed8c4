# loss: half-squared-error|squared-error|mean-squared-error
import math

# Scalars only: two inputs, two hidden units, one output.
w11, w12, w21, w22 = 0.3, -0.4, 0.7, 0.2
v1, v2 = 0.6, -0.5
b1, b2, b3 = 0.1, -0.2, 0.3
table = [(0.0, 0.0, 0.1), (0.0, 1.0, 0.8), (1.0, 0.0, 0.7), (1.0, 1.0, 0.2)]
passes = 0

while True:
    error = 0
    for x1, x2, t in table:
        h1 = 1 / (1 + math.exp(-(x1 * w11 + x2 * w21 + b1)))
        h2 = 1 / (1 + math.exp(-(x1 * w12 + x2 * w22 + b2)))
        y = 1 / (1 + math.exp(-(h1 * v1 + h2 * v2 + b3)))
        error += (y - t) ** 2
        dy = (y - t) * y * (1 - y)
        dh1 = dy * v1 * h1 * (1 - h1)
        dh2 = dy * v2 * h2 * (1 - h2)
        v1 -= 2.0 * dy * h1
        v2 -= 2.0 * dy * h2
        b3 -= 2.0 * dy
        w11 -= 2.0 * dh1 * x1
        w12 -= 2.0 * dh2 * x1
        w21 -= 2.0 * dh1 * x2
        w22 -= 2.0 * dh2 * x2
        b1 -= 2.0 * dh1
        b2 -= 2.0 * dh2
    passes += 1
    if error < 0.02 or passes == 400:
        break
print("after", passes, "passes:", error)

#? step: h1 = 1 / (1
#? parameters: w11 w12 w21 w22 v1 v2 b1 b2 b3
#? h1, h2 = sigmoid(x1 * w11 + x2 * w21 + b1), sigmoid(x1 * w12 + x2 * w22 + b2)
#? loss = squared(sigmoid(h1 * v1 + h2 * v2 + b3), t)
