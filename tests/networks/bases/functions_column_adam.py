# loss: binary-cross-entropy
import numpy as np


def forward(X, P):
    A = [X]
    for i in range(1, 4):
        Z = P["W%d" % i].dot(A[-1]) + P["b%d" % i]
        A.append(1 / (1 + np.exp(-Z)) if i == 3 else np.tanh(Z))
    return A


def gradients(A, Y, P):
    G = {}
    dZ = A[3] - Y
    for i in (3, 2, 1):
        G["W%d" % i] = dZ.dot(A[i - 1].T) / Y.shape[1]
        G["b%d" % i] = dZ.mean(axis=1, keepdims=True)
        if i > 1:
            dZ = P["W%d" % i].T.dot(dZ) * (1 - A[i - 1] ** 2)
            #~ missing-derivative: dZ = P["W%d" % i].T.dot(dZ)
            #~ derivative-at-activation: dZ = P["W%d" % i].T.dot(dZ) * (1 - np.tanh(A[i - 1]) ** 2)
            #~ wrong-operator: dZ = P["W%d" % i].T.dot(dZ) - (1 - A[i - 1] ** 2)
    return G


def adam_step(P, G, M, V, t, alpha=0.02, b1=0.9, b2=0.99, e=1e-7):
    for k in P:
        M[k] = b1 * M[k] + (1 - b1) * G[k]
        V[k] = b2 * V[k] + (1 - b2) * np.square(G[k])
        P[k] = P[k] - alpha * (M[k] / (1 - b1**t)) / (np.sqrt(V[k] / (1 - b2**t)) + e)
        #~ sign-error: P[k] = P[k] + alpha * (M[k] / (1 - b1**t)) / (np.sqrt(V[k] / (1 - b2**t)) + e)


R = np.random.RandomState(10)
sizes = [2, 6, 4, 1]
P = {}
for i in range(1, 4):
    P["W%d" % i] = R.randn(sizes[i], sizes[i - 1]) * 0.7
    P["b%d" % i] = np.zeros((sizes[i], 1))
M = {k: np.zeros(v.shape) for k, v in P.items()}
V = {k: np.zeros(v.shape) for k, v in P.items()}
X = R.randn(2, 50)
Y = (np.sum(X**2, axis=0, keepdims=True) < 1.2).astype(int)
for t in range(1, 81):
    A = forward(X, P)
    adam_step(P, gradients(A, Y, P), M, V, t)
print("right:", np.mean((A[3] > 0.5) == Y))

#? step: A = forward(X, P)
#? parameters: P
#? update: adam(0.02, 0.9, 0.99, 1e-7)
#? h = np.tanh(P["W2"] @ np.tanh(P["W1"] @ X + P["b1"]) + P["b2"])
#? loss = bce(sigmoid(P["W3"] @ h + P["b3"]), Y) / 50
