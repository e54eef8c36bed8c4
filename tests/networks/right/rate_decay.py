# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(9)
X = rng.uniform(-1, 1, size=(3, 20))
Y = np.cos(2 * X.sum(axis=0, keepdims=True))
W1, b1 = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
W2, b2 = rng.normal(size=(1, 6)), rng.normal(size=(1, 1))
initial_rate, decay = 0.2, 0.05

for epoch in range(100):
    rate = initial_rate / (1 + decay * epoch)
    A1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
    A2 = W2 @ A1 + b2
    dA2 = 2 * (A2 - Y) / Y.size
    dW2, db2 = dA2 @ A1.T, dA2.sum(axis=1, keepdims=True)
    dZ1 = W2.T @ dA2 * A1 * (1 - A1)
    dW1, db1 = dZ1 @ X.T, dZ1.sum(axis=1, keepdims=True)
    W1, b1, W2, b2 = W1 - rate * dW1, b1 - rate * db1, W2 - rate * dW2, b2 - rate * db2
    if epoch % 20 == 0:
        print(f"rate {rate:.3f}  mse {np.mean((A2 - Y) ** 2):.4f}")

#? step: A1 = 1 / (1 + np.exp(
#? parameters: W1 b1 W2 b2
#? loss = squared(W2 @ sigmoid(W1 @ X + b1) + b2, Y)
