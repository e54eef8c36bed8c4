# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

i1, i2 = 0.6, -0.3
t1, t2 = 0.25, 0.75
lr = 0.5
w1, w2, w3, w4 = 0.11, 0.24, -0.32, 0.43
w5, w6, w7, w8 = 0.52, -0.61, 0.34, 0.27
b1, b2, b3, b4 = 0.21, -0.15, 0.33, 0.08

def sig(x):
    return 1.0 / (1.0 + np.exp(-x))

for epoch in range(100):
    h1 = sig(w1 * i1 + w2 * i2 + b1)
    h2 = sig(w3 * i1 + w4 * i2 + b2)
    o1 = sig(w5 * h1 + w6 * h2 + b3)
    o2 = sig(w7 * h1 + w8 * h2 + b4)
    E_total = 0.5 * (t1 - o1) ** 2 + 0.5 * (t2 - o2) ** 2

    d_o1 = (o1 - t1) * o1 * (1 - o1)
    d_o2 = (o2 - t2) * o2 * (1 - o2)
    d_h1 = (d_o1 * w5 + d_o2 * w7) * h1 * (1 - h1)
    d_h2 = (d_o1 * w6 + d_o2 * w8) * h2 * (1 - h2)

    w5 = w5 - lr * d_o1 * h1
    w6 = w6 - lr * d_o1 * h2
    w7 = w7 - lr * d_o2 * h1
    w8 = w8 - lr * d_o2 * h2
    w1 = w1 - lr * d_h1 * i1
    w2 = w2 - lr * d_h1 * i2
    w3 = w3 - lr * d_h2 * i1
    w4 = w4 - lr * d_h2 * i2
    b1, b2 = b1 - lr * d_h1, b2 - lr * d_h2
    b3, b4 = b3 - lr * d_o1, b4 - lr * d_o2
    if epoch % 25 == 0:
        print(epoch, E_total)

#? step: h1 = sig(
#? parameters: w1 w2 w3 w4 w5 w6 w7 w8 b1 b2 b3 b4
#? h1, h2 = sigmoid(w1 * i1 + w2 * i2 + b1), sigmoid(w3 * i1 + w4 * i2 + b2)
#? loss = squared(sigmoid(w5 * h1 + w6 * h2 + b3), t1) + squared(sigmoid(w7 * h1 + w8 * h2 + b4), t2)
