# loss: binary-cross-entropy
import numpy as np

np.random.seed(56)
W = np.random.normal(size=(2, 5))
b = np.random.normal(size=(1, 5))
V = np.random.normal(size=(5, 1))
c = np.random.normal(size=(1, 1))
hidden = None


def guess(x):
    global hidden
    hidden = np.tanh(x @ W + b)
    return 1 / (1 + np.exp(-(hidden @ V + c)))


def learn(x, y, output):
    global W, b, V, c
    wrong = output - y
    inner = wrong @ V.T * (1 - hidden**2)
    V = V - 0.05 * hidden.T @ wrong
    c = c - 0.05 * wrong.sum(axis=0, keepdims=True)
    W = W - 0.05 * x.T @ inner
    b = b - 0.05 * inner.sum(axis=0, keepdims=True)


points = np.random.uniform(-1, 1, (20, 2))
inside = (np.linalg.norm(points, axis=1, keepdims=True) < 0.7).astype(int)
for turn in range(100):
    learn(points, inside, guess(points))
print(np.mean((guess(points) > 0.5) == inside))

#? step: learn(points, inside, guess(points))
#? parameters: W b V c
#? loss = bce(sigmoid(np.tanh(points @ W + b) @ V + c), inside)
