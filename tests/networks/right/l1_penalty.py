# loss: binary-cross-entropy
import numpy as np

rng = np.random.default_rng(101)
X = rng.normal(size=(40, 6))
y = (X[:, 0] - 2 * X[:, 3] + 0.3 * rng.normal(size=40) > 0).astype(float)
w = rng.normal(size=6) * 0.5
b = 0.0
sparsity, lr = 0.02, 0.3

for epoch in range(80):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    grad_w = X.T @ (p - y) / len(y) + sparsity * np.sign(w)
    grad_b = np.mean(p - y)
    w = w - lr * grad_w
    b = b - lr * grad_b
print("weights", np.round(w, 2))

#? step: p = 1 / (1 + np.exp(
#? parameters: w b
#? loss = bce(sigmoid(X @ w + b), y) / 40 + sparsity * np.sum(np.abs(w))
