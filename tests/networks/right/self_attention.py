# loss: half-squared-error|squared-error|mean-squared-error
"""One head of self-attention and a linear output, sequence by sequence."""
import numpy as np

rng = np.random.default_rng(92)
d, n = 3, 4
Q, K, U = (rng.normal(0, 0.6, (d, d)) for _ in range(3))
O = rng.normal(0, 0.6, (d, 1))
sequences = rng.normal(size=(5, n, d))
answers = np.sort(sequences[:, :, :1], axis=1)

for epoch in range(12):
    for x, t in zip(sequences, answers):
        q, k, u = x @ Q, x @ K, x @ U
        scores = q @ k.T / np.sqrt(d)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        a = e / e.sum(axis=1, keepdims=True)
        mixed = a @ u
        y = mixed @ O

        dy = y - t
        dO = mixed.T @ dy
        dmixed = dy @ O.T
        da = dmixed @ u.T
        du = a.T @ dmixed
        dscores = a * (da - (da * a).sum(axis=1, keepdims=True)) / np.sqrt(d)
        dq, dk = dscores @ k, dscores.T @ q
        for p, g in ((Q, x.T @ dq), (K, x.T @ dk), (U, x.T @ du), (O, dO)):
            p -= 0.05 * g
print(float((dy**2).mean()))

#? step: q, k, u = x @ Q, x @ K, x @ U
#? parameters: Q K U O
#? loss = squared(softmax((x @ Q) @ (x @ K).T / np.sqrt(3)) @ (x @ U) @ O, t)
