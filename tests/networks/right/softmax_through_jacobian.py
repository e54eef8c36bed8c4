# loss: cross-entropy
"""The long way: the loss's derivative by the probabilities, times the softmax's whole Jacobian."""
import numpy as np

rng = np.random.default_rng(20)
W = rng.normal(size=(3, 4))
b = rng.normal(size=3)
data = [(rng.normal(size=4), k % 3) for k in range(9)]


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


for epoch in range(20):
    loss = 0
    for x, k in data:
        p = softmax(W @ x + b)
        loss += -np.log(p[k])
        dL_dp = np.zeros(3)
        dL_dp[k] = -1 / p[k]
        dp_dz = np.diag(p) - np.outer(p, p)
        dL_dz = dp_dz.T @ dL_dp
        W -= 0.2 * np.outer(dL_dz, x)
        b -= 0.2 * dL_dz
    print(loss / len(data))

#? step: p = softmax(W @ x + b)
#? parameters: W b
#? loss = cross_entropy(softmax(W @ x + b), one_hot(k, 3))
