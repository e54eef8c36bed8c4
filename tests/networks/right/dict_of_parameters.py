# loss: binary-cross-entropy
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def initialize(dims):
    np.random.seed(3)
    params = {}
    for l in range(1, len(dims)):
        params[f"W{l}"] = np.random.randn(dims[l], dims[l - 1]) * np.sqrt(2 / dims[l - 1])
        params[f"b{l}"] = np.zeros((dims[l], 1))
    return params


def model_forward(X, params):
    kept = []
    A = X
    L = len(params) // 2
    for l in range(1, L + 1):
        before = A
        Z = params[f"W{l}"] @ before + params[f"b{l}"]
        A = sigmoid(Z) if l == L else np.maximum(0, Z)
        kept.append((before, Z))
    return A, kept


def model_backward(A, Y, kept, params):
    grads = {}
    m = Y.shape[1]
    L = len(kept)
    dA = -(np.divide(Y, A) - np.divide(1 - Y, 1 - A))
    for l in reversed(range(1, L + 1)):
        before, Z = kept[l - 1]
        if l == L:
            s = sigmoid(Z)
            dZ = dA * s * (1 - s)
        else:
            dZ = np.array(dA, copy=True)
            dZ[Z <= 0] = 0
        grads[f"W{l}"] = 1.0 / m * np.dot(dZ, before.T)
        grads[f"b{l}"] = 1.0 / m * np.sum(dZ, axis=1, keepdims=True)
        dA = np.dot(params[f"W{l}"].T, dZ)
    return grads


def update(params, grads, rate):
    for l in range(len(params) // 2):
        params["W" + str(l + 1)] -= rate * grads["W" + str(l + 1)]
        params["b" + str(l + 1)] -= rate * grads["b" + str(l + 1)]
    return params


X = np.random.RandomState(1).randn(2, 40)
Y = (X[0:1] * X[1:2] > 0).astype(float)
params = initialize([2, 5, 3, 1])
costs = []
for i in range(0, 60):
    A, kept = model_forward(X, params)
    costs.append(float(np.squeeze(-np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)))))
    grads = model_backward(A, Y, kept, params)
    params = update(params, grads, 0.3)
print(costs[0], costs[-1])

#? step: A, kept = model_forward(X, params)
#? parameters: q = params
#? a = relu(q["W2"] @ relu(q["W1"] @ X + q["b1"]) + q["b2"])
#? loss = bce(sigmoid(q["W3"] @ a + q["b3"]), Y) / 40
