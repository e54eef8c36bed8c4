import numpy as np

rng = np.random.default_rng(9)
X = rng.normal(size=(50, 2))
y = (X[:, 0] > 1.0).astype(float)
w, b = rng.normal(size=2), 0.0
gamma = 2.0
for i in range(60):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    q = np.where(y == 1, p, 1 - p)
    dq = gamma * (1 - q) ** (gamma - 1) * np.log(q) - (1 - q) ** gamma / q
    dz = dq * np.where(y == 1, 1, -1) * p * (1 - p) / len(y)
    w -= 1.0 * X.T @ dz
    b -= 1.0 * dz.sum()
print(w, b)

#? step: p = 1 / (1
#? parameters: w b
#? p = sigmoid(X @ w + b)
#? q = np.where(y == 1, p, 1 - p)
#? loss = -np.sum((1 - q) ** 2 * np.log(q)) / 50
