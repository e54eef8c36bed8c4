# loss: binary-cross-entropy
import numpy as np


def initialize_parameters(n_x, n_h, n_y):
    W1 = np.random.randn(n_h, n_x) * 0.5
    b1 = np.zeros((n_h, 1))
    W2 = np.random.randn(n_y, n_h) * 0.5
    b2 = np.zeros((n_y, 1))
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def forward_propagation(X, parameters):
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def compute_cost(A2, Y):
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))


def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    #~ wrong-layer-input: dW2 = np.dot(dZ2, cache["Z1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(parameters["W2"].T, dZ2) * (1 - np.power(cache["A1"], 2))
    #~ missing-derivative: dZ1 = np.dot(parameters["W2"].T, dZ2)
    #~ derivative-at-activation: dZ1 = np.dot(parameters["W2"].T, dZ2) * (1 - np.power(cache["Z1"], 2))
    dW1 = np.dot(dZ1, X.T) / m
    #~ parameter-mis-scaled: dW1 = np.dot(dZ1, X.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    #~ bias-summed-over-all: db1 = np.sum(dZ1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def update_parameters(parameters, grads, learning_rate=1.2):
    return {name: parameters[name] - learning_rate * grads["d" + name] for name in parameters}
    #~ sign-error: return {name: parameters[name] + learning_rate * grads["d" + name] for name in parameters}

#> np.random.seed(2)
#> X = np.random.randn(2, 12)
#> Y = (X[:1] * X[1:] > 0) * 1.0
#> parameters = initialize_parameters(2, 4, 1)
#> for _ in range(8):
#>     A2, cache = forward_propagation(X, parameters)
#>     parameters = update_parameters(parameters, backward_propagation(parameters, cache, X, Y))
#? step: A2, cache = forward_propagation(X, parameters)
#? parameters: q = parameters
#? loss = bce(sigmoid(q["W2"] @ np.tanh(q["W1"] @ X + q["b1"]) + q["b2"]), Y)
