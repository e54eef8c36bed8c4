# loss: binary-cross-entropy
from sklearn.datasets import make_moons
import numpy as np

X, y = make_moons(n_samples=60, noise=0.1, random_state=3)
X, y = X.T, y.reshape(1, -1)
np.random.seed(2)
W = [np.random.randn(8, 2) * 0.5, np.random.randn(1, 8) * 0.5]
B = [np.zeros((8, 1)), np.zeros((1, 1))]
m = X.shape[1]

def sigmoid(Z): return 1/(1+np.exp(-Z))

for i in range(120):
    Z = W[0] @ X + B[0]
    A = np.maximum(0.01*Z, Z)
    yhat = sigmoid(W[1] @ A + B[1])
    dZ2 = yhat - y
    dZ1 = (W[1].T @ dZ2) * np.where(Z > 0, 1, 0.01)
    W[1] = W[1] - 0.5 * (dZ2 @ A.T) / m
    B[1] = B[1] - 0.5 * dZ2.sum(axis=1, keepdims=True) / m
    W[0] = W[0] - 0.5 * (dZ1 @ X.T) / m
    B[0] = B[0] - 0.5 * dZ1.sum(axis=1, keepdims=True) / m
    if i % 40 == 0: print(i, np.mean((yhat > 0.5) == y))

#? step: Z = W[0] @ X + B[0]
#? parameters: W B
#? loss = bce(sigmoid(W[1] @ leaky_relu(W[0] @ X + B[0], 0.01) + B[1]), y)
