# loss: cross-entropy|binary-cross-entropy
"""The weights' running average is kept for the end and never touches the training."""
import numpy as np

rng = np.random.default_rng(47)
X = rng.normal(size=(40, 2))
y = (X[:, 0] * X[:, 1] > 0).astype(int)
p = {"W": rng.normal(size=(2, 8)), "b": np.zeros(8), "V": rng.normal(size=(8, 2)) * 0.3, "c": np.zeros(2)}
average = {k: v.copy() for k, v in p.items()}


def output(p, X):
    h = np.tanh(X @ p["W"] + p["b"])
    s = h @ p["V"] + p["c"]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return h, e / e.sum(axis=1, keepdims=True)


for step in range(100):
    h, q = output(p, X)
    q[np.arange(40), y] -= 1
    q /= 40
    d = q @ p["V"].T * (1 - h * h)
    for name, g in (("W", X.T @ d), ("b", d.sum(0)), ("V", h.T @ q), ("c", q.sum(0))):
        p[name] -= 0.5 * g
        average[name] = 0.95 * average[name] + 0.05 * p[name]
print((output(average, X)[1].argmax(axis=1) == y).mean())

#? step: h, q = output(p, X)
#? parameters: r = p
#? s = softmax(np.tanh(X @ r["W"] + r["b"]) @ r["V"] + r["c"])
#? loss = cross_entropy(s, one_hot(y, 2))
