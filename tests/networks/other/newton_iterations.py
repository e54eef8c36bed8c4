import numpy as np

# Logistic regression by Newton's method: no step along a gradient.
np.random.seed(3)
X = np.c_[np.ones(40), np.random.randn(40, 2)]
y = (X @ [0.3, 1.0, -1.5] + np.random.randn(40) > 0).astype(float)
w = np.zeros(3)
for i in range(8):
    p = 1 / (1 + np.exp(-X @ w))
    hessian = (X * (p * (1 - p))[:, None]).T @ X + 1e-6 * np.eye(3)
    w = w - np.linalg.solve(hessian, X.T @ (p - y))
    print(i, w)
