# loss: cross-entropy
import numpy as np

np.random.seed(17)
n, d, h, k = 30, 4, 6, 3
X = np.random.randn(n, d)
labels = np.argmax(X @ np.random.randn(d, k), axis=1)
T = np.eye(k)[labels]

W1 = np.random.randn(d, h) * 0.5
b1 = np.zeros(h) + 0.1 * np.random.randn(h)
W2 = np.random.randn(h, k) * 0.5
b2 = 0.1 * np.random.randn(k)

step_size = 0.2
keep = 0.75
l2 = 0.01
batch = 10

for epoch in range(20):
    order = np.random.permutation(n)
    for start in range(0, n, batch):
        rows = order[start : start + batch]
        xb, tb = X[rows], T[rows]

        z1 = xb @ W1 + b1
        a1 = np.maximum(0, z1)
        mask = (np.random.rand(*a1.shape) < keep) / keep
        d1 = a1 * mask
        z2 = d1 @ W2 + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)

        dz2 = (p - tb) / len(xb)
        #~ target-unused: dz2 = (p - p.mean(axis=0)) / len(xb)
        dW2 = d1.T @ dz2 + l2 * W2
        #~ decay-sign: dW2 = d1.T @ dz2 - l2 * W2
        #~ dropout-mask/3: dW2 = a1.T @ dz2 + l2 * W2
        db2 = dz2.sum(axis=0)
        #~ bias-not-summed: db2 = dz2
        #~ last-sample-only: db2 = dz2[-1]
        #~ bias-summed-over-all: db2 = dz2.sum()
        dd1 = dz2 @ W2.T
        da1 = dd1 * mask
        #~ dropout-mask: da1 = dd1
        #~ dropout-mask/2: da1 = dd1 * (mask > 0)
        dz1 = da1 * (z1 > 0)
        #~ relu-derivative-at-output: dz1 = da1 * (a1 >= 0)
        #~ missing-derivative: dz1 = da1
        dW1 = xb.T @ dz1 + l2 * W1
        #~ last-sample-only/2: dW1 = np.outer(xb[-1], dz1.sum(axis=0)) + l2 * W1
        #~ decay-sign/2: dW1 = xb.T @ dz1 - l2 * W1
        db1 = dz1.sum(axis=0)
        #~ bias-summed-over-all/2: db1 = dz1.sum()

        W1 = W1 - step_size * dW1
        b1 = b1 - step_size * db1
        W2 = W2 - step_size * dW2
        b2 = b2 - step_size * db2

hidden = np.maximum(0, X @ W1 + b1)
print("accuracy", np.mean(np.argmax(hidden @ W2 + b2, axis=1) == labels))

#? step: dz2 = (p - 
#? parameters: W1 b1 W2 b2
#? loss = cross_entropy(softmax((relu(xb @ W1 + b1) * mask) @ W2 + b2), tb) / len(xb) + l2 * (np.sum(W1**2) + np.sum(W2**2)) / 2
