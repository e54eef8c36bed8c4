# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

np.random.seed(77)
x = np.random.randn(4, 10)
t = np.random.randn(2, 10) * 3
w = np.random.randn(6, 4)
v = np.random.randn(2, 6)
for k in range(50):
    h = np.tanh(w @ x)
    e = v @ h - t
    gv = e @ h.T
    gw = ((v.T @ e) * (1 - h**2)) @ x.T
    #~ missing-derivative: gw = (v.T @ e) @ x.T
    #~ wrong-operator: gw = ((v.T @ e) + (1 - h**2)) @ x.T
    #~ derivative-at-activation: gw = ((v.T @ e) * (1 - np.tanh(h) ** 2)) @ x.T
    for g in (gw, gv):
        np.clip(g, -5, 5, out=g)
    w -= 0.01 * gw
    v -= 0.01 * gv
    #~ sign-error: v += 0.01 * gv
    #~ wrong-operator/2: v -= 0.01 + gv
print(0.5 * (e**2).sum())

#? step: h = np.tanh(w @ x)
#? parameters: w v
#? update: each(lambda g: -0.01 * np.clip(g, -5, 5))
#? loss = squared(v @ np.tanh(w @ x), t)
