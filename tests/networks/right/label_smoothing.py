# loss: cross-entropy
import numpy as np

rng = np.random.default_rng(86)
x = rng.normal(size=(36, 3))
classes = (x @ rng.normal(size=(3, 4))).argmax(axis=1)
soft = np.eye(4)[classes] * 0.9 + 0.1 / 4
w1, b1 = rng.normal(0, 0.6, (3, 7)), np.zeros((1, 7))
w2, b2 = rng.normal(0, 0.6, (7, 4)), np.zeros((1, 4))
for epoch in range(60):
    h = np.tanh(x @ w1 + b1)
    logits = h @ w2 + b2
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))
    g = (p - soft) / len(x)
    gh = (g @ w2.T) * (1 - h * h)
    for parameter, gradient in (
        (w2, h.T @ g), (b2, g.sum(0, keepdims=True)), (w1, x.T @ gh), (b1, gh.sum(0, keepdims=True))
    ):
        parameter -= 0.5 * gradient
print("hits", (p.argmax(axis=1) == classes).sum())

#? step: h = np.tanh(x @ w1 + b1)
#? parameters: w1 b1 w2 b2
#? loss = cross_entropy(softmax(np.tanh(x @ w1 + b1) @ w2 + b2), soft)
