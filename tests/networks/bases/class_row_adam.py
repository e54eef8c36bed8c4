# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Adam:
    def __init__(self, params, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = params
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g**2
            m_hat = self.m[i] / (1 - self.beta1**self.t)
            v_hat = self.v[i] / (1 - self.beta2**self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
            #~ sign-error: p += self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


rng = np.random.default_rng(3)
x = rng.uniform(-3, 3, (40, 1))
y = np.column_stack([np.sin(x), np.cos(x)])
W1, b1 = rng.normal(size=(1, 8)), rng.normal(size=8)
W2, b2 = rng.normal(size=(8, 2)) * 0.5, np.zeros(2)
optimizer = Adam([W1, b1, W2, b2])

for epoch in range(100):
    h = np.tanh(x @ W1 + b1)
    pred = h @ W2 + b2
    grad = 2 * (pred - y) / len(x)
    #~ target-unused: grad = 2 * pred / len(x)
    gW2 = h.T @ grad
    #~ wrong-variable: gW2 = h.T @ pred
    gb2 = grad.sum(axis=0)
    #~ bias-summed-over-all: gb2 = grad.sum()
    gh = grad @ W2.T * (1 - h * h)
    #~ missing-derivative: gh = grad @ W2.T
    #~ wrong-operator: gh = grad @ W2.T + (1 - h * h)
    #~ derivative-at-activation: gh = grad @ W2.T * (1 - np.tanh(h) ** 2)
    optimizer.step([x.T @ gh, gh.sum(axis=0), gW2, gb2])
    #~ sign-error/2: optimizer.step([-(x.T @ gh), gh.sum(axis=0), gW2, gb2])
print(np.mean((pred - y) ** 2))

#? step: h = np.tanh(x @ W1 + b1)
#? parameters: W1 b1 W2 b2
#? update: adam(0.01, 0.9, 0.999, 1e-8)
#? loss = 2 * squared(np.tanh(x @ W1 + b1) @ W2 + b2, y) / 40
