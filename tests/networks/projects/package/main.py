# loss: cross-entropy
import numpy as np

from nn.layers import Linear, ReLU
from nn.losses import softmax_cross_entropy
from nn.optim import SGD

np.random.seed(5)
X = np.random.randn(30, 4)
labels = np.argmax(X[:, :3], axis=1)
model = [Linear(4, 8), ReLU(), Linear(8, 3)]
optimizer = SGD([layer for layer in model if isinstance(layer, Linear)], lr=0.3)


def main():
    for epoch in range(40):
        out = X
        for layer in model:
            out = layer.forward(out)
        loss, grad = softmax_cross_entropy(out, labels)
        for layer in reversed(model):
            grad = layer.backward(grad)
        optimizer.step()
        if epoch % 10 == 0:
            print(f"epoch {epoch}: {loss:.4f}")


if __name__ == "__main__":
    main()

#? step: out = X
#? parameters: w = model[0].W; b = model[0].b; v = model[2].W; c = model[2].b
#? loss = cross_entropy(softmax(relu(X @ w + b) @ v + c), one_hot(labels, 3)) / 30
