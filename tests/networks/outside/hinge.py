"""A linear classifier with hinge loss and a penalty, by subgradient steps."""
import numpy as np

rng = np.random.default_rng(1)
X = np.vstack([rng.normal(1, 1, (15, 2)), rng.normal(-1, 1, (15, 2))])
y = np.array([1.0] * 15 + [-1.0] * 15)
w, b = rng.normal(size=2), 0.0
for epoch in range(60):
    margin = y * (X @ w + b)
    active = margin < 1
    gw = -(y[active, None] * X[active]).sum(axis=0) / len(y) + 0.01 * w
    gb = -y[active].sum() / len(y)
    w = w - 0.1 * gw
    b = b - 0.1 * gb
print(w, b, np.maximum(0, 1 - margin).mean())

#? step: margin = y * (X @ w + b)
#? parameters: w b
#? loss = np.mean(relu(1 - y * (X @ w + b))) + 0.005 * np.sum(w**2)
