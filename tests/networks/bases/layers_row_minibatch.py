# loss: cross-entropy
import numpy as np


class Linear:
    def __init__(self, n_in, n_out, rng, decay):
        self.W = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))
        self.b = rng.normal(0, 0.1, n_out)
        self.decay = decay

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, grad):
        self.dW = np.dot(self.x.T, grad) + self.decay * self.W
        #~ decay-sign: self.dW = np.dot(self.x.T, grad) - self.decay * self.W
        #~ last-sample-only/2: self.dW = np.outer(self.x[-1], grad.sum(axis=0)) + self.decay * self.W
        self.db = np.sum(grad, axis=0)
        #~ bias-not-summed: self.db = grad
        #~ bias-summed-over-all: self.db = np.sum(grad)
        #~ last-sample-only: self.db = grad[-1]
        return np.dot(grad, self.W.T)

    def step(self, lr):
        self.W = self.W - lr * self.dW
        self.b = self.b - lr * self.db


class ReLU:
    def forward(self, x):
        self.x = x
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, grad):
        return grad * (self.x > 0)
        #~ relu-derivative-at-output: return grad * (self.y >= 0)
        #~ missing-derivative: return grad

    def step(self, lr):
        pass


class Dropout:
    def __init__(self, rate, rng):
        self.rate = rate
        self.rng = rng

    def forward(self, x):
        self.mask = self.rng.uniform(size=x.shape) > self.rate
        return x * self.mask / (1 - self.rate)

    def backward(self, grad):
        return grad * self.mask / (1 - self.rate)
        #~ dropout-mask: return grad * self.mask
        #~ dropout-mask/2: return grad

    def step(self, lr):
        pass


class SoftmaxCrossEntropy:
    def forward(self, scores, targets):
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        self.t = targets
        return -np.mean(np.sum(targets * np.log(self.p), axis=1))

    def backward(self):
        return (self.p - self.t) / len(self.t)
        #~ target-unused: return (self.p - self.p**2) / len(self.t)


rng = np.random.default_rng(10)
net = [Linear(3, 7, rng, 0.02), ReLU(), Dropout(0.3, rng), Linear(7, 3, rng, 0.02)]
criterion = SoftmaxCrossEntropy()
X = rng.normal(size=(36, 3))
T = np.eye(3)[np.abs(X).argmax(axis=1)]

for epoch in range(20):
    for begin in range(0, 36, 12):
        out = X[begin : begin + 12]
        for layer in net:
            out = layer.forward(out)
        loss = criterion.forward(out, T[begin : begin + 12])
        grad = criterion.backward()
        for layer in reversed(net):
            grad = layer.backward(grad)
        for layer in net:
            layer.step(0.2)
    if epoch % 5 == 4:
        print(f"{epoch + 1:3d}  {loss:.4f}")

#? step: grad = criterion.backward()
#? parameters: w1 = net[0].W; b1 = net[0].b; w2 = net[3].W; b2 = net[3].b
#? x, t = X[begin : begin + 12], T[begin : begin + 12]
#? loss = cross_entropy(softmax((relu(x @ w1 + b1) * net[2].mask / 0.7) @ w2 + b2), t) / 12 + 0.01 * (np.sum(w1**2) + np.sum(w2**2))
