# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(13)
x = rng.normal(size=(25, 3))
t = np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:]
theta = {"w": rng.normal(size=(3, 6)), "v": rng.normal(size=(6, 1))}
m = dict.fromkeys(theta, 0.0)
s = dict.fromkeys(theta, 0.0)
lr, decay = 0.01, 0.1
for n in range(1, 81):
    h = np.tanh(x @ theta["w"])
    e = (h @ theta["v"] - t) / len(x)
    grad = {"v": h.T @ e, "w": x.T @ (e @ theta["v"].T * (1 - h * h))}
    for k, g in grad.items():
        m[k] = 0.9 * m[k] + 0.1 * g
        s[k] = 0.999 * s[k] + 0.001 * g * g
        theta[k] = theta[k] * (1 - lr * decay)
        theta[k] = theta[k] - lr * (m[k] / (1 - 0.9**n)) / (np.sqrt(s[k] / (1 - 0.999**n)) + 1e-8)
print(np.sum(e**2))

#? step: h = np.tanh(x @ theta["w"])
#? parameters: w = theta["w"]; v = theta["v"]
#? update: decoupled(adam(0.01, 0.9, 0.999, 1e-8), 0.001)
#? loss = squared(np.tanh(x @ w) @ v, t) / 25
