# loss: binary-cross-entropy
import numpy as np

rng = np.random.default_rng(37)
tokens = [0, 1, 2, 3, 1, 4, 0, 2, 4, 3]
U = rng.normal(0, 0.5, (5, 3))
C = rng.normal(0, 0.5, (5, 3))

for sweep in range(6):
    for place in range(1, len(tokens) - 1):
        centre = tokens[place]
        for around in (tokens[place - 1], tokens[place + 1]):
            negatives = rng.choice([t for t in range(5) if t != around], 2, replace=False)
            rows = np.array([around, *negatives])
            labels = np.array([1.0, 0.0, 0.0])
            u = U[centre].copy()
            p = 1 / (1 + np.exp(-(C[rows] @ u)))
            error = p - labels
            grad_u = error @ C[rows]
            C[rows] -= 0.2 * np.outer(error, u)
            U[centre] -= 0.2 * grad_u
print(U @ C.T)

#? step: labels = np.array([1.0, 0.0, 0.0])
#? parameters: U C
#? loss = bce(sigmoid(C[rows] @ U[centre]), np.array([1.0, 0.0, 0.0]))
