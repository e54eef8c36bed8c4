# loss: cross-entropy
import numpy as np

rng = np.random.default_rng(83)
f = np.float32
X = rng.standard_normal((40, 5), dtype=f)
Y = np.eye(3, dtype=f)[rng.integers(0, 3, 40)]
W1 = (rng.standard_normal((5, 8)) * 0.4).astype(f)
b1 = np.zeros(8, f)
W2 = (rng.standard_normal((8, 3)) * 0.4).astype(f)
b2 = np.zeros(3, f)
lr = f(0.3)
for epoch in range(60):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, f(0))
    Z2 = A1 @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    D2 = (P - Y) / f(len(X))
    D1 = (D2 @ W2.T) * (Z1 > 0)
    W2 -= lr * (A1.T @ D2)
    b2 -= lr * D2.sum(axis=0)
    W1 -= lr * (X.T @ D1)
    b1 -= lr * D1.sum(axis=0)
print(W1.dtype, -np.mean(np.log((P * Y).sum(axis=1))))

#? step: Z1 = X @ W1 + b1
#? parameters: W1 b1 W2 b2
#? tolerance: 1e-3
#? loss = cross_entropy(softmax(relu(X @ W1 + b1) @ W2 + b2), Y) / 40
