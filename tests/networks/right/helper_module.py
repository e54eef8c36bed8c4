# loss: cross-entropy
import numpy as np

from helpers.layers import Affine, Tanh
from helpers.losses import softmax_cross_entropy

rng = np.random.default_rng(73)
X = rng.normal(size=(24, 3))
labels = np.argmax(X**2, axis=1)
layers = [Affine(3, 6, rng), Tanh(), Affine(6, 3, rng)]


def main(epochs):
    for epoch in range(epochs):
        out = X
        for layer in layers:
            out = layer.forward(out)
        loss, grad = softmax_cross_entropy(out, labels)
        for layer in reversed(layers):
            grad = layer.backward(grad)
        for layer in layers:
            layer.update(0.4)
        if epoch % 20 == 0:
            print(epoch, loss)


if __name__ == "__main__":
    main(60)

#? step: out = X
#? parameters: w1 = layers[0].w; b1 = layers[0].b; w2 = layers[2].w; b2 = layers[2].b
#? loss = cross_entropy(softmax(np.tanh(X @ w1 + b1) @ w2 + b2), np.eye(3)[labels]) / 24
