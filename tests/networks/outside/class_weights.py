import numpy as np

rng = np.random.default_rng(10)
X = rng.normal(size=(40, 3))
y = rng.choice(3, 40, p=[0.7, 0.2, 0.1])
importance = np.array([0.5, 1.5, 3.0])
W1, W2 = rng.normal(size=(3, 6)) * 0.5, rng.normal(size=(6, 3)) * 0.5
for i in range(60):
    H = np.tanh(X @ W1)
    E = np.exp(H @ W2)
    P = E / E.sum(axis=1, keepdims=True)
    D = P.copy()
    D[np.arange(40), y] -= 1
    D *= importance[y][:, None] / 40
    B = D @ W2.T * (1 - H**2)
    W2 -= 0.5 * H.T @ D
    W1 -= 0.5 * X.T @ B
print((P.argmax(axis=1) == y).mean())

#? step: H = np.tanh(X @ W1)
#? parameters: W1 W2
#? p = softmax(np.tanh(X @ W1) @ W2)
#? loss = -np.sum(importance[y][:, None] * one_hot(y, 3) * np.log(p)) / 40
