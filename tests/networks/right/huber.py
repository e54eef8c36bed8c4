# loss: huber
import numpy as np

np.random.seed(35)
x = np.random.uniform(-2, 2, (30, 1))
t = x**2 + np.where(np.random.rand(30, 1) < 0.1, 6.0, 0.0)
w, b = np.random.randn(1, 8), np.random.randn(8)
v, c = np.random.randn(8, 1) * 0.4, np.zeros(1)
delta = 1.0
for k in range(100):
    h = np.tanh(x @ w + b)
    e = h @ v + c - t
    de = np.where(np.abs(e) <= delta, e, delta * np.sign(e)) / len(x)
    dz = de @ v.T * (1 - h**2)
    v -= 0.1 * h.T @ de
    c -= 0.1 * de.sum(axis=0)
    w -= 0.1 * x.T @ dz
    b -= 0.1 * dz.sum(axis=0)
print("median deviation", np.median(np.abs(e)))

#? step: h = np.tanh(x @ w + b)
#? parameters: w b v c
#? loss = huber(np.tanh(x @ w + b) @ v + c, t) / 30
