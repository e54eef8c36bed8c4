import numpy as np

np.random.seed(3)
x = np.random.uniform(-2, 2, (25, 1))
t = np.sin(x) + np.random.standard_t(2, (25, 1)) * 0.1
w, b = np.random.randn(1, 6), np.random.randn(6)
v, c = np.random.randn(6, 1), np.zeros(1)
for i in range(100):
    h = np.tanh(x @ w + b)
    y = h @ v + c
    g = np.sign(y - t) / len(x)
    d = g @ v.T * (1 - h**2)
    v -= 0.05 * h.T @ g
    c -= 0.05 * g.sum(axis=0)
    w -= 0.05 * x.T @ d
    b -= 0.05 * d.sum(axis=0)
print(np.abs(y - t).mean())

#? step: h = np.tanh(x @ w + b)
#? parameters: w b v c
#? loss = np.sum(np.abs(np.tanh(x @ w + b) @ v + c - t)) / 25
