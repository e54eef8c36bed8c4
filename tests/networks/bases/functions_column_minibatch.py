# loss: cross-entropy
import numpy as np


def initialize(n_x, n_h, n_y):
    np.random.seed(4)
    parameters = {}
    parameters["W1"] = np.random.randn(n_h, n_x) * np.sqrt(2.0 / n_x)
    parameters["b1"] = np.random.randn(n_h, 1) * 0.1
    parameters["W2"] = np.random.randn(n_y, n_h) * np.sqrt(2.0 / n_h)
    parameters["b2"] = np.random.randn(n_y, 1) * 0.1
    return parameters


def softmax(Z):
    shifted = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return shifted / np.sum(shifted, axis=0, keepdims=True)


def forward_propagation(X, parameters, keep_prob):
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.maximum(Z1, 0)
    D1 = np.random.rand(A1.shape[0], A1.shape[1]) < keep_prob
    H1 = A1 * D1 / keep_prob
    Z2 = np.dot(parameters["W2"], H1) + parameters["b2"]
    A2 = softmax(Z2)
    return A2, (Z1, A1, D1, H1)


def backward_propagation(X, Y, parameters, A2, cache, keep_prob, lambd):
    Z1, A1, D1, H1 = cache
    m = X.shape[1]
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, H1.T) / m + lambd / m * parameters["W2"]
    #~ decay-sign/2: dW2 = np.dot(dZ2, H1.T) / m - lambd / m * parameters["W2"]
    #~ last-sample-only/2: dW2 = np.dot(dZ2.sum(axis=1, keepdims=True), H1[:, -1:].T) / m + lambd / m * parameters["W2"]
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    #~ last-sample-only: db2 = dZ2[:, m - 1 : m]
    #~ bias-summed-over-all: db2 = np.sum(dZ2, axis=None, keepdims=True) / m
    dH1 = np.dot(parameters["W2"].T, dZ2)
    dA1 = dH1 * D1 / keep_prob
    #~ dropout-mask: dA1 = dH1 * D1
    #~ dropout-mask/2: dA1 = dH1
    dZ1 = np.where(Z1 > 0, dA1, 0)
    #~ relu-derivative-at-output: dZ1 = np.where(A1 >= 0, dA1, 0)
    #~ missing-derivative: dZ1 = dA1
    dW1 = np.dot(dZ1, X.T) / m + lambd / m * parameters["W1"]
    #~ decay-sign: dW1 = np.dot(dZ1, X.T) / m - lambd / m * parameters["W1"]
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    #~ bias-not-summed: db1 = dZ1 / m
    #~ parameter-mis-scaled: db1 = np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2


def model(X, Y, learning_rate=0.2, num_iterations=40, keep_prob=0.8, lambd=0.2, batch=9):
    parameters = initialize(X.shape[0], 5, Y.shape[0])
    for i in range(num_iterations):
        columns = np.random.permutation(X.shape[1])[:batch]
        Xb, Yb = X[:, columns], Y[:, columns]
        A2, cache = forward_propagation(Xb, parameters, keep_prob)
        dW1, db1, dW2, db2 = backward_propagation(Xb, Yb, parameters, A2, cache, keep_prob, lambd)
        parameters["W1"] = parameters["W1"] - learning_rate * dW1
        parameters["b1"] = parameters["b1"] - learning_rate * db1
        parameters["W2"] = parameters["W2"] - learning_rate * dW2
        parameters["b2"] = parameters["b2"] - learning_rate * db2
        if i % 10 == 0:
            print("Cost after iteration %i: %f" % (i, -np.sum(Yb * np.log(A2)) / batch))
    return parameters


rs = np.random.RandomState(0)
X = rs.randn(2, 27)
classes = (X[0] > 0).astype(int) + (X[1] > 0.5).astype(int)
Y = np.zeros((3, 27))
Y[classes, np.arange(27)] = 1
model(X, Y)

#? step: m = X.shape[1]
#? parameters: w1 = parameters["W1"]; b1 = parameters["b1"]; w2 = parameters["W2"]; b2 = parameters["b2"]
#? m = X.shape[1]
#? loss = (cross_entropy(softmax(w2 @ (relu(w1 @ X + b1) * D1 / keep_prob) + b2, axis=0), Y) + lambd / 2 * (np.sum(w1**2) + np.sum(w2**2))) / m
