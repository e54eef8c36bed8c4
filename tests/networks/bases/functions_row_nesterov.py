# loss: cross-entropy
import numpy as np


class NesterovSGD:
    def __init__(self, lr=0.05, momentum=0.8):
        self.lr, self.momentum = lr, momentum
        self.velocity = {}

    def update(self, params, grads):
        for key in params:
            v = self.velocity.get(key, np.zeros_like(params[key]))
            v = self.momentum * v - self.lr * grads[key]
            self.velocity[key] = v
            params[key] = params[key] + self.momentum * v - self.lr * grads[key]
            #~ sign-error: params[key] = params[key] - self.momentum * v + self.lr * grads[key]


def softmax(s):
    s = np.exp(s - s.max(axis=1, keepdims=True))
    return s / s.sum(axis=1, keepdims=True)


rng = np.random.default_rng(88)
x = rng.normal(size=(30, 4))
t = np.eye(3)[rng.integers(0, 3, 30)]
params = {
    "W1": 0.5 * rng.normal(size=(4, 6)),
    "b1": np.zeros(6),
    "W2": 0.5 * rng.normal(size=(6, 3)),
    "b2": np.zeros(3),
}
optimizer = NesterovSGD()
for i in range(60):
    z = x @ params["W1"] + params["b1"]
    h = np.maximum(z, 0)
    p = softmax(h @ params["W2"] + params["b2"])
    grads = {}
    d = (p - t) / len(x)
    #~ target-unused: d = (p - p.max(axis=1, keepdims=True)) / len(x)
    grads["W2"], grads["b2"] = h.T @ d, d.sum(axis=0)
    #~ wrong-layer-input: grads["W2"], grads["b2"] = z.T @ d, d.sum(axis=0)
    d = np.where(z > 0, d @ params["W2"].T, 0)
    #~ relu-derivative-at-output: d = np.where(h >= 0, d @ params["W2"].T, 0)
    grads["W1"], grads["b1"] = x.T @ d, d.sum(axis=0)
    #~ bias-summed-over-all/2: grads["W1"], grads["b1"] = x.T @ d, np.full(6, d.sum())
    optimizer.update(params, grads)
print("cross entropy", -np.log(p[t == 1]).mean())

#? step: z = x @ params["W1"] + params["b1"]
#? parameters: q = params
#? update: nesterov(0.05, 0.8)
#? loss = cross_entropy(softmax(relu(x @ q["W1"] + q["b1"]) @ q["W2"] + q["b2"]), t) / 30
