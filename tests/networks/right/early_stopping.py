# loss: half-squared-error|squared-error|mean-squared-error
import copy

import numpy as np

np.random.seed(25)


class Net:
    def __init__(self):
        self.p = {
            "w": np.random.randn(2, 6),
            "b": np.zeros((1, 6)),
            "v": np.random.randn(6, 1) * 0.5,
            "c": np.zeros((1, 1)),
        }

    def predict(self, X):
        self.hidden = np.tanh(X @ self.p["w"] + self.p["b"])
        return self.hidden @ self.p["v"] + self.p["c"]

    def gradient(self, X, Y):
        miss = (self.predict(X) - Y) / len(X)
        back = miss @ self.p["v"].T * (1 - self.hidden**2)
        return {
            "w": X.T @ back,
            "b": back.sum(0, keepdims=True),
            "v": self.hidden.T @ miss,
            "c": miss.sum(0, keepdims=True),
        }


X = np.random.uniform(-1, 1, (40, 2))
Y = np.sin(3 * X[:, :1]) * X[:, 1:] + 0.1 * np.random.randn(40, 1)
train, valid = slice(0, 30), slice(30, 40)
net, best, best_error, patience = Net(), None, np.inf, 0
for epoch in range(300):
    grads = net.gradient(X[train], Y[train])
    for name in net.p:
        net.p[name] -= 0.2 * grads[name]
    error = np.mean((net.predict(X[valid]) - Y[valid]) ** 2)
    if error < best_error:
        best, best_error, patience = copy.deepcopy(net.p), error, 0
    else:
        patience += 1
        if patience > 20:
            print("stopped at", epoch)
            break
net.p = best
print("validation error", best_error)

#? step: grads = net.gradient(
#? parameters: p = net.p
#? loss = squared(np.tanh(X[:30] @ p["w"] + p["b"]) @ p["v"] + p["c"], Y[:30])
