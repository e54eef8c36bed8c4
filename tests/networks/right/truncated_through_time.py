# loss: half-squared-error|squared-error|mean-squared-error
"""Windows of three steps; the state is carried on, its gradient is not: each window is a sample."""
import numpy as np

rng = np.random.default_rng(94)
series = np.sin(np.arange(61) * 0.5) * 0.8
w, u, v, b = rng.normal(size=4), rng.normal(size=(4, 4)) * 0.4, rng.normal(size=4) * 0.5, np.zeros(4)
h = np.zeros(4)
for start in range(0, 60, 3):
    states = [h]
    for k in range(3):
        states.append(np.tanh(w * series[start + k] + u @ states[-1] + b))
    errors = [states[k + 1] @ v - series[start + k + 1] for k in range(3)]
    gw, gu, gv, gb = np.zeros(4), np.zeros((4, 4)), np.zeros(4), np.zeros(4)
    flow = np.zeros(4)
    for k in (2, 1, 0):
        gv += errors[k] * states[k + 1]
        d = (errors[k] * v + flow) * (1 - states[k + 1] ** 2)
        gw += d * series[start + k]
        gu += np.outer(d, states[k])
        gb += d
        flow = u.T @ d
    w, u, v, b = w - 0.05 * gw, u - 0.05 * gu, v - 0.05 * gv, b - 0.05 * gb
    h = states[-1]
print(errors)

#? step: states = [h]
#? parameters: w u v b
#? s, loss = h, 0
#? for k in range(3):
#?     s = np.tanh(w * series[start + k] + u @ s + b)
#?     loss = loss + squared(s @ v, series[start + k + 1])
