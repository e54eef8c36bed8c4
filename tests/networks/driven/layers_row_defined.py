# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.normal(0, 0.5, (n_in, n_out))
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad, lr):
        dx = grad @ self.W.T
        #~ updated-weights @ 0,+1: self.W = self.W - lr * self.x.T @ grad
        #~ | dx = grad @ self.W.T
        self.W = self.W - lr * self.x.T @ grad
        #~ updated-weights also: pass
        self.b = self.b - lr * grad.sum(axis=0, keepdims=True)
        #~ parameter-mis-scaled: self.b = self.b - lr * grad.mean(axis=0, keepdims=True)
        return dx


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        #~ relu-derivative-at-output @ 0,+1,`return grad * self.mask`: self.mask = np.maximum(x, 0) >= 0
        return x * (x > 0)

    def backward(self, grad, lr):
        return grad * self.mask
        #~ missing-derivative: return grad


class Model:
    def __init__(self, layers):
        self.layers = layers

    def fit_batch(self, x, y, lr=0.01):
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        grad = (out - y) / len(x)
        #~ target-unused: grad = (out - out.mean()) / len(x)
        for layer in self.layers[::-1]:
            grad = layer.backward(grad, lr)
        return np.mean((out - y) ** 2)

#> np.random.seed(3)
#> model = Model([Dense(3, 5), ReLU(), Dense(5, 2)])
#> x, y = np.random.randn(6, 3), np.random.randn(6, 2)
#> for _ in range(8):
#>     model.fit_batch(x, y, 0.1)
#? step: out = x
#? parameters: a = self.layers[0].W; b = self.layers[0].b; c = self.layers[2].W; d = self.layers[2].b
#? loss = squared(relu(x @ a + b) @ c + d, y)
