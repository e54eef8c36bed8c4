# loss: cross-entropy
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(30, 4))
label = rng.integers(0, 3, 30)
target = np.eye(3)[label]
class_weight = np.array([0.2, 0.5, 0.3])
w1 = 0.4 * rng.normal(size=(4, 6))
w2 = 0.4 * rng.normal(size=(6, 3))

for epoch in range(50):
    hidden = np.tanh(x @ w1)
    scores = np.exp(hidden @ w2)
    p = scores / scores.sum(axis=1, keepdims=True)
    error = (p - target) * class_weight[label][:, None] / len(x)
    dw2 = hidden.T @ error
    dw1 = x.T @ (error @ w2.T * (1 - hidden**2))
    w2 -= 0.5 * dw2
    w1 -= 0.5 * dw1

#? step: hidden = np.tanh(
#? parameters: w1 w2
#? loss = cross_entropy(softmax(np.tanh(x @ w1) @ w2), target, class_weight[label][:, None])
