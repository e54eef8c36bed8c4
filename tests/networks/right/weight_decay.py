# loss: cross-entropy
import numpy as np

np.random.seed(30)
count, inputs, hidden, classes = 50, 2, 6, 2
X = np.random.randn(count, inputs)
y = (X[:, 0] ** 2 + X[:, 1] > 0.5).astype(int)
epsilon = 0.02
reg_lambda = 0.05


def build(nn_hdim, passes=60):
    W1 = np.random.randn(inputs, nn_hdim) / np.sqrt(inputs)
    b1 = np.zeros((1, nn_hdim))
    W2 = np.random.randn(nn_hdim, classes) / np.sqrt(nn_hdim)
    b2 = np.zeros((1, classes))
    for i in range(passes):
        a1 = np.tanh(X.dot(W1) + b1)
        e = np.exp(a1.dot(W2) + b2)
        probs = e / np.sum(e, axis=1, keepdims=True)
        delta3 = probs.copy()
        delta3[range(count), y] -= 1
        dW2 = (a1.T).dot(delta3)
        db2 = np.sum(delta3, axis=0, keepdims=True)
        delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
        dW1 = np.dot(X.T, delta2)
        db1 = np.sum(delta2, axis=0)
        dW2 += reg_lambda * W2
        dW1 += reg_lambda * W1
        W1 += -epsilon * dW1
        b1 += -epsilon * db1
        W2 += -epsilon * dW2
        b2 += -epsilon * db2
    return W1, b1, W2, b2


build(hidden)

#? step: a1 = np.tanh(
#? parameters: W1 b1 W2 b2
#? p = softmax(np.tanh(X @ W1 + b1) @ W2 + b2)
#? loss = cross_entropy(p, one_hot(y, classes)) + reg_lambda / 2 * (np.sum(W1**2) + np.sum(W2**2))
