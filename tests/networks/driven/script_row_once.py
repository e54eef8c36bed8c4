# loss: half-squared-error|squared-error|mean-squared-error
# One pass forward and back with every number printed; nothing is trained.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


x = np.array([[0.7, -0.4, 0.2]])
y = np.array([[0.3, 0.9]])
W1 = np.array([[0.1, 0.4], [-0.3, 0.2], [0.5, -0.6]])
b1 = np.array([[0.2, -0.1]])
W2 = np.array([[0.7, -0.2], [0.3, 0.8]])
b2 = np.array([[0.05, 0.15]])

z1 = x @ W1 + b1
a1 = sigmoid(z1)
z2 = a1 @ W2 + b2
a2 = sigmoid(z2)
loss = 0.5 * np.sum((a2 - y) ** 2)

d2 = (a2 - y) * sigmoid_prime(z2)
#~ derivative-at-activation: d2 = (a2 - y) * sigmoid_prime(a2)
dW2 = a1.T @ d2
#~ wrong-transpose: dW2 = d2.T @ a1
db2 = d2
d1 = d2 @ W2.T * sigmoid_prime(z1)
#~ wrong-transpose/2: d1 = d2 @ W2 * sigmoid_prime(z1)
#~ missing-derivative: d1 = d2 @ W2.T
#~ raw-error-backpropagated: d1 = (a2 - y) @ W2.T * sigmoid_prime(z1)
dW1 = x.T @ d1
db1 = d1
#~ wrong-variable: db1 = d2
for name, value in (("loss", loss), ("dW2", dW2), ("db2", db2), ("dW1", dW1), ("db1", db1)):
    print(name, value)

#? parameters: W1 b1 W2 b2
#? gradients: dW1 db1 dW2 db2
#? loss = squared(sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2), y)
