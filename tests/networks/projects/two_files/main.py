# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

from network import Network

rng = np.random.default_rng(21)
X = rng.normal(size=(20, 3))
Y = np.column_stack([X[:, 0] > X[:, 1], X[:, 2] > 0]).astype(float)
net = Network([3, 4, 2], rng)
for epoch in range(40):
    net.train(X, Y, 0.5)
print(np.abs(net.predict(X) - Y).mean())

#? step: net.train(X, Y, 0.5)
#? parameters: w = net.weights; b = net.biases
#? loss = squared(sigmoid(sigmoid(X @ w[0] + b[0]) @ w[1] + b[1]), Y)
