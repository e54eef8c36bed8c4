# loss: cross-entropy
"""Weights start near 0, where many mistakes cannot be seen."""
import numpy as np

np.random.seed(78)
X = np.random.randn(5, 24)
labels = np.random.randint(0, 3, 24)
T = (labels == np.arange(3).reshape(3, 1)).astype(float)
W1, W2 = np.random.randn(5, 5) * 0.01, np.random.randn(3, 5) * 0.01
b1, b2 = np.zeros((5, 1)), np.zeros((3, 1))
for i in range(60):
    A1 = 1 / (1 + np.exp(-(np.dot(W1, X) + b1)))
    scores = np.dot(W2, A1) + b2
    P = np.exp(scores) / np.sum(np.exp(scores), axis=0)
    dZ2 = P - T
    dZ1 = np.dot(W2.T, dZ2) * A1 * (1 - A1)
    W2 = W2 - 0.1 * np.dot(dZ2, A1.T) / 24
    b2 = b2 - 0.1 * np.mean(dZ2, axis=1, keepdims=True)
    W1 = W1 - 0.1 * np.dot(dZ1, X.T) / 24
    b1 = b1 - 0.1 * np.mean(dZ1, axis=1, keepdims=True)
print(-np.mean(np.log(P[labels, np.arange(24)])))

#? step: A1 = 1 / (1
#? parameters: W1 b1 W2 b2
#? loss = cross_entropy(softmax(W2 @ sigmoid(W1 @ X + b1) + b2, axis=0), T)
