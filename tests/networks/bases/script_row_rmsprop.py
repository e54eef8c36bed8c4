# loss: cross-entropy
import numpy as np

np.random.seed(8)
N, D, H, C = 40, 3, 7, 4
X = np.random.randn(N, D)
y = np.random.randint(0, C, N)
model = {}
model["W1"] = np.random.randn(D, H) / np.sqrt(D)
model["W2"] = np.random.randn(H, C) / np.sqrt(H)
squares = {k: np.zeros_like(v) for k, v in model.items()}
decay_rate, learning_rate = 0.9, 5e-3

for it in range(100):
    h = np.dot(X, model["W1"])
    h[h < 0] = 0
    scores = np.dot(h, model["W2"])
    p = np.exp(scores)
    p /= np.sum(p, axis=1, keepdims=True)
    loss = -np.mean(np.log(p[range(N), y]))
    dscores = p
    dscores[range(N), y] -= 1
    #~ target-unused: dscores[range(N), p.argmax(axis=1)] -= 1
    dscores /= N
    grad = {"W2": np.dot(h.T, dscores)}
    #~ wrong-variable: grad = {"W2": np.dot(h.T, scores)}
    dh = np.dot(dscores, model["W2"].T)
    dh[h <= 0] = 0
    #~ relu-derivative-at-output: dh[h < 0] = 0
    grad["W1"] = np.dot(X.T, dh)
    #~ wrong-index: grad["W1"] = np.dot(X[::-1].T, dh)
    for k, v in model.items():
        g = grad[k]
        squares[k] = decay_rate * squares[k] + (1 - decay_rate) * g**2
        model[k] -= learning_rate * g / (np.sqrt(squares[k]) + 1e-5)
        #~ sign-error: model[k] += learning_rate * g / (np.sqrt(squares[k]) + 1e-5)
print(loss)

#? step: h = np.dot(X, model["W1"])
#? parameters: w1 = model["W1"]; w2 = model["W2"]
#? update: rmsprop(5e-3, 0.9, 1e-5)
#? loss = cross_entropy(softmax(relu(X @ w1) @ w2), one_hot(y, C)) / N
