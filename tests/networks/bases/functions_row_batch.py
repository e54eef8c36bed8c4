# loss: half-squared-error|squared-error|mean-squared-error
"""A two-layer network in functions, its parameters in a dict, its batch in rows."""
import numpy as np


def init_params(n_in, n_hidden, n_out, rng):
    return {
        "W1": rng.standard_normal((n_in, n_hidden)),
        "b1": rng.standard_normal((1, n_hidden)),
        "W2": rng.standard_normal((n_hidden, n_out)),
        "b2": rng.standard_normal((1, n_out)),
    }


def logistic(z):
    return 1.0 / (1.0 + np.exp(-z))


def logistic_derivative(z):
    return logistic(z) * (1.0 - logistic(z))


def forward(params, X):
    Z1 = np.dot(X, params["W1"]) + params["b1"]
    A1 = logistic(Z1)
    Z2 = np.dot(A1, params["W2"]) + params["b2"]
    A2 = logistic(Z2)
    return {"X": X, "Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def compute_loss(A2, Y):
    return np.sum((A2 - Y) ** 2) / (2 * len(Y))


def backward(params, cache, Y):
    n = Y.shape[0]
    dA2 = (cache["A2"] - Y) / n
    #~ target-unused: dA2 = cache["A2"] / n
    dZ2 = dA2 * logistic_derivative(cache["Z2"])
    #~ derivative-at-activation: dZ2 = dA2 * logistic_derivative(cache["A2"])
    dA1 = np.dot(dZ2, params["W2"].T)
    #~ raw-error-backpropagated: dA1 = np.dot(dA2, params["W2"].T)
    #~ wrong-transpose: dA1 = np.dot(dZ2, params["W2"])
    #~ updated-weights @ +1,0: params["W2"] -= 0.8 * np.dot(cache["A1"].T, dZ2)
    #~ | dA1 = np.dot(dZ2, params["W2"].T)
    dZ1 = dA1 * logistic_derivative(cache["Z1"])
    #~ derivative-at-activation/2: dZ1 = dA1 * logistic_derivative(cache["A1"])
    #~ missing-derivative: dZ1 = dA1
    #~ wrong-operator: dZ1 = dA1 + logistic_derivative(cache["Z1"])
    #~ derivative-at-activation/3: dZ1 = dA1 * logistic_derivative(cache["Z2"])
    return {
        "W2": np.dot(cache["A1"].T, dZ2),
        #~ wrong-layer-input: "W2": np.dot(cache["Z1"].T, dZ2),
        #~ wrong-transpose/2: "W2": np.dot(dZ2.T, cache["A1"]),
        "b2": np.sum(dZ2, axis=0, keepdims=True),
        #~ bias-not-summed: "b2": dZ2,
        #~ bias-summed-over-all: "b2": np.sum(dZ2, keepdims=True),
        #~ wrong-index: "b2": np.sum(dZ2, axis=0, keepdims=True)[:, :1],
        "W1": np.dot(cache["X"].T, dZ1),
        #~ parameter-mis-scaled: "W1": np.dot(cache["X"].T, dZ1) / n,
        "b1": np.sum(dZ1, axis=0, keepdims=True),
        #~ wrong-variable/2: "b1": np.sum(dZ2, axis=0, keepdims=True),
        #~ parameter-mis-scaled/2: "b1": np.mean(dZ1, axis=0, keepdims=True),
    }


def update(params, grads, learning_rate):
    for name in grads:
        #~ parameter-never-updated @ 0,`"b2": rng`,`"b2": np`: for name in ("W1", "b1", "W2"):
        #~ updated-weights also: for name in ("W1", "b1", "b2"):
        params[name] = params[name] - learning_rate * grads[name]
        #~ sign-error: params[name] = params[name] + learning_rate * grads[name]
        #~ update-missing: parameter = params[name] - learning_rate * grads[name]
        #~ learning-rate-twice @ +1,0: step = learning_rate * grads[name]
        #~ | params[name] = params[name] - (learning_rate * step if name == "W1" else step)
    return params


def train(X, Y, epochs=80, learning_rate=0.8):
    rng = np.random.default_rng(2)
    params = init_params(X.shape[1], 3, Y.shape[1], rng)
    for epoch in range(epochs):
        cache = forward(params, X)
        grads = backward(params, cache, Y)
        params = update(params, grads, learning_rate)
        if epoch % 20 == 0:
            print(f"{epoch}: {compute_loss(cache['A2'], Y):.5f}")
    return params


data = np.random.default_rng(7)
X = data.uniform(-1, 1, (10, 2))
Y = np.column_stack([X[:, 0] * X[:, 1] > 0, X[:, 0] > 0, X[:, 1] > 0.2]).astype(float)
train(X, Y)

#? step: cache = forward(params, X)
#? parameters: params
#? loss = squared(sigmoid(sigmoid(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]), Y)
